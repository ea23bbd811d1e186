# SPDX-License-Identifier: MIT
"""The programs that are measured, as processes: started, asked, counted, stopped.

Every process dies with the program that started it, however that ends
(PR_SET_PDEATHSIG), and only processes started here are ever stopped.
"""

import atexit
import ctypes
import fcntl
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

BENCH = pathlib.Path(__file__).resolve().parent
REPO = BENCH.parents[1]
BUILD = pathlib.Path(os.environ.get("TRUNKLINE_BUILD", REPO / "build")).resolve()
WORK = BUILD / "bench"

ROOT_KEY = "bench-root-key-0123456789"
MASTER_KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
ACCOUNT = "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"  # the sandbox's
NUMBERS = "/v1/agent-phone-numbers"

PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_running = []


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def _die_with_parent(signo=signal.SIGKILL):
    _libc.prctl(PDEATHSIG, signo)


def status_of(pid):
    """VmRSS and VmHWM in MB, and how many threads."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    field = dict(re.findall(r"^(\w+):\s+(\d+)", text, re.M))
    return {
        "rss_mb": int(field["VmRSS"]) / 1024,
        "peak_mb": int(field["VmHWM"]) / 1024,
        "threads": int(field["Threads"]),
    }


class Process:
    """A program with its output in a file. With `announces`, a pattern, it is
    ready when it has written such a line to its standard output."""

    def __init__(self, argv, name, env=None, announces=None, within=60):
        self.name = name
        self.log_path = WORK / "logs" / f"{name}.log"
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log_path, "wb") as log:
            self.popen = subprocess.Popen(
                [str(a) for a in argv],
                env={"PATH": os.environ["PATH"], "HOME": str(WORK), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if announces else log,
                stderr=log,
                preexec_fn=_die_with_parent,
            )
        self.pid = self.popen.pid
        _running.append(self)
        if announces:
            self.announced = self._await_line(re.compile(announces), within)

    def _await_line(self, pattern, within):
        end, line, out = time.monotonic() + within, b"", self.popen.stdout
        while not line.endswith(b"\n"):
            left = end - time.monotonic()
            byte = left > 0 and select.select([out], [], [], left)[0] and os.read(out.fileno(), 1)
            if not byte:
                self.fail("did not start")
            line += byte
        found = pattern.fullmatch(line.decode().rstrip("\n"))
        return found or self.fail(f"announced {line!r}")

    def fail(self, what):
        tail = self.log_path.read_text(errors="replace").splitlines()[-15:]
        raise RuntimeError("\n".join([f"{self.name}: {what}", *tail]))

    def await_log(self, text, within):
        """Until it has logged this."""
        end = time.monotonic() + within
        while text not in self.log_path.read_text(errors="replace"):
            if time.monotonic() > end or self.popen.poll() is not None:
                self.fail(f"did not log {text!r}")
            time.sleep(0.02)

    def stop(self, within=60):
        """SIGTERM, and SIGKILL when that leads nowhere. Returns the exit code."""
        if self in _running:
            _running.remove(self)
        if self.popen.poll() is None:
            self.popen.terminate()
        try:
            return self.popen.wait(within)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            return self.popen.wait()
        finally:
            if self.popen.stdout:
                self.popen.stdout.close()

    def cpu_s(self):
        """Seconds of CPU that its threads have used, in user and kernel mode."""
        tasks = pathlib.Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(t.read_text().split()[0]) for t in tasks) / 1e9

    def status(self):
        return status_of(self.pid)

    def forget_peak(self):
        """From here on peak_mb tells of what comes; only root may."""
        try:
            pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        except PermissionError:
            pass


def stop_all():
    """All that was started here and still runs."""
    for process in list(reversed(_running)):
        process.stop(10)


atexit.register(stop_all)


def alone():
    """Ends in order, with all it started, on a signal or when make is gone. Only
    one program that works in WORK runs at a time."""
    for signo in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signo, lambda signo, frame: sys.exit(128 + signo))
    _die_with_parent(signal.SIGTERM)
    WORK.mkdir(parents=True, exist_ok=True)
    lock = os.open(WORK / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"another one of make bench, gate or seed works in {WORK}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Client:
    """One kept-alive connection. Answers are (status, parsed body)."""

    def __init__(self, port, key=ROOT_KEY, timeout=120):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.key = key

    def ask(self, method, path, body=None, headers=None):
        headers = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        data = None if body is None else json.dumps(body)
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        self.http.request(method, path, data, headers)
        answer = self.http.getresponse()
        raw = answer.read()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(raw) if is_json else raw

    def must(self, method, path, body=None, status=(200, 201)):
        got, answer = self.ask(method, path, body)
        if got not in status:
            raise RuntimeError(f"{method} {path}: {got} {answer}")
        return answer

    def close(self):
        self.http.close()


def settings():
    """The settings that this build of the service has: {name: (default, most)},
    most only of numbers."""
    text = subprocess.run(
        [BUILD / "trunkline", "help"], capture_output=True, text=True, timeout=10, check=True
    ).stdout
    rows = re.findall(r"^ +([A-Z][A-Z_]+)(?:=(\S*))?(?: +\(\d+ to (\d+)\))?", text, re.M)
    return {name: (default, int(most) if most else None) for name, default, most in rows}


def service_env(database, upstream, port=0, **others):
    """The environment of the service, and nothing of the caller's."""
    return {
        "TRUNKLINE_LISTEN": f"127.0.0.1:{port}",
        "TRUNKLINE_ADMIN_LISTEN": "127.0.0.1:0",
        "TRUNKLINE_DATABASE_URL": f"sqlite:{database}",
        "TRUNKLINE_API_KEY": ROOT_KEY,
        "TRUNKLINE_MASTER_KEY": MASTER_KEY,
        "TRUNKLINE_ACCESS_LOG": "off",
        "TRUNKLINE_SWEEP_INTERVAL_S": "0",
        "TRUNKLINE_SHUTDOWN_GRACE_S": "5",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": "sandbox-auth-token",
        "TWILIO_API_BASE_URL": upstream,
        "TWILIO_TRUNKING_BASE_URL": upstream,
        "TWILIO_VOICE_BASE_URL": upstream,
        "RETELL_BASE_URL": upstream,
        "RETELL_API_KEY": "key_sandbox",
        **{k: str(v) for k, v in others.items()},
    }


class Service(Process):
    """The service on a database, with its providers at `upstream`."""

    def __init__(self, database, upstream, name="trunkline", wrapper=(), **others):
        super().__init__(
            [*wrapper, BUILD / "trunkline", "serve"],
            name,
            service_env(database, upstream, **others),
            r"trunkline listening on http://[^:]+:(\d+) \(admin http://[^:]+:\d+\)",
        )
        self.port = int(self.announced[1])

    def await_checked(self, within=300):
        """Until it has read the whole database for damage, as it does at start:
        that is not what is measured."""
        self.await_log('"database_sound"', within)


class Sandbox(Process):
    """Twilio and Retell as a model, on one port."""

    def __init__(self, name="sandbox", **options):
        arguments = [a for k, v in options.items() for a in ("--" + k.replace("_", "-"), v)]
        super().__init__(
            [BUILD / "trunkline-sandbox", "--port", 0, *arguments],
            name,
            announces=r"trunkline-sandbox listening on http://127\.0\.0\.1:(\d+)",
        )
        self.port = int(self.announced[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def rules(self, rules):
        """Which calls go wrong from now on; see include/sandbox/fault.h."""
        client = Client(self.port)
        client.must("PUT", "/_sandbox/faults", {"rules": rules}, (200, 204))
        client.close()


class Upstream(Process):
    """Twilio and Retell as little as they can be (upstream.c)."""

    def __init__(self, latency_ms, name="upstream"):
        argv = [WORK / "upstream", latency_ms * 1000]
        super().__init__(argv, name, announces=r"upstream listening on (\d+)")
        self.port = int(self.announced[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def take_stats(self):
        """How many calls there were since the last time, and how late answers left."""
        client = Client(self.port)
        stats = client.must("DELETE", "/_stats")
        client.close()
        return stats


class Ceiling(Process):
    """ceiling_read or ceiling_create."""

    def __init__(self, program, database, key, upstream="", name="ceiling", env=None):
        argv = [WORK / program, database, key, 2, 0, upstream]
        super().__init__(argv, name, env, announces=r"ceiling listening on (\d+)")
        self.port = int(self.announced[1])


RIVAL = BUILD / "rival"


def has_rival():
    """Is there a Node for it, and was it built?"""
    return (RIVAL / "node_modules/better-sqlite3/build/Release/better_sqlite3.node").exists()


def rival_env(database, key, upstream, port=0):
    names = ("DATABASE", "KEY", "UPSTREAM", "PORT", "NODE_ENV")
    return dict(zip(names, map(str, (database, key, upstream, port, "production"))))


class Rival(Process):
    """The same on Fastify (rival/server.js)."""

    def __init__(self, database, key, upstream="http://127.0.0.1:9", name="rival", env=None):
        env = {**rival_env(database, key, upstream), **(env or {})}
        argv = [shutil.which("node"), RIVAL / "server.js"]
        super().__init__(argv, name, env, announces=r"rival listening on (\d+)")
        self.port = int(self.announced[1])
