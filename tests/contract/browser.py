# SPDX-License-Identifier: MIT
"""browser.py - one page in headless Chromium, and everything it did.

Chromium speaks its DevTools protocol over two pipes (file descriptors 3 and 4):
JSON, each message ended by a NUL. So nothing but Python is needed here.
"""
import json
import os
import select
import shutil
import subprocess
import time

BINARY = shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1200,1600",
    # Nothing outside this machine can be reached, whoever tries.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
]


class Page:
    """Loads url. requests: the URLs it asked for; said: its console, its errors
    and what its policy refused."""

    def __init__(self, url, folder, limit_s=60):
        self.requests, self.said, self.statuses = [], [], {}
        self._ends_at = time.monotonic() + limit_s
        self._count, self._rest = 0, b""
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "-",
             BINARY, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self._session = None
        try:
            target = self._ask("Target.createTarget", url="about:blank")
            self._session = self._ask("Target.attachToTarget", flatten=True,
                                      targetId=target["targetId"])["sessionId"]
            for domain in ("Page", "Network", "Log", "Runtime"):
                self._ask(f"{domain}.enable")
            self._ask("Page.navigate", url=url)
        except BaseException:
            self.close()
            raise

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def evaluate(self, script):
        answer = self._ask("Runtime.evaluate", expression=script,
                           returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, script):
        """The first true value of a script."""
        while True:
            value = self.evaluate(script)
            if value:
                return value
            time.sleep(0.05)

    def _ask(self, method, **params):
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == self._count:
                assert "result" in message, message
                return message["result"]
            self._note(message)

    def _next(self):
        while b"\0" not in self._rest:
            left = self._ends_at - time.monotonic()
            assert left > 0 and select.select([self._from], [], [], left)[0], \
                f"the browser took too long; it said {self.said}"
            data = os.read(self._from, 1 << 16)
            assert data, "the browser ended"
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, message):
        params = message.get("params", {})
        method = message.get("method")
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Network.responseReceived":
            self.statuses[params["response"]["url"]] = \
                params["response"]["status"]
        elif method == "Log.entryAdded":
            self.said.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.said.append(str([a.get("value") for a in params["args"]]))
        elif method == "Runtime.exceptionThrown":
            self.said.append(json.dumps(params["exceptionDetails"])[:500])
