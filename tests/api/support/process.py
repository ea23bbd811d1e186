# SPDX-License-Identifier: MIT
"""The binaries under test as processes: started on free ports, stopped, judged."""

import os
import pathlib
import re
import select
import signal
import subprocess
import time

REPO = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("TRUNKLINE_BUILD", REPO / "build")).resolve()
SERVICE = BUILD / "trunkline"
SANDBOX = BUILD / "trunkline-sandbox"

# Sanitizers cost a factor; every time limit of the tests is multiplied by it.
SANITIZER = next((s for s in ("address", "thread", "undefined") if BUILD.name == f"san-{s}"), "")
SLOW = {"": 1, "undefined": 2, "address": 3, "thread": 6}[SANITIZER]

SANITIZER_REPORTS = (
    b"ERROR: AddressSanitizer",
    b"ERROR: LeakSanitizer",
    b"WARNING: ThreadSanitizer",
    b"FATAL: ThreadSanitizer",
    b"runtime error:",
)

SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
    "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


def run(arguments, env=None, timeout=20):
    """A command that ends by itself; returns the finished process."""
    return subprocess.run(
        [str(a) for a in arguments],
        env={**SANITIZER_OPTIONS, **(env or {})},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout * SLOW,
        check=False,
    )


class Process:
    """A server that says on one line of standard output where it listens."""

    def __init__(self, arguments, env, log_path, announces):
        self.log_path = pathlib.Path(log_path)
        self.argv = [str(a) for a in arguments]
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen(
                self.argv,
                env={**SANITIZER_OPTIONS, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.log_path.parent,
            )
        try:
            self.announced = self._await_line(re.compile(announces), 10 * SLOW)
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self):
        return self.popen.pid

    def _await_line(self, pattern, within):
        deadline = time.monotonic() + within
        line = b""
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.popen.stdout], [], [], left)[0]:
                raise AssertionError(f"{self.argv[0]} said nothing in {within} s\n{self.tail()}")
            byte = os.read(self.popen.stdout.fileno(), 1)
            if not byte:
                code = self.popen.wait(within)
                raise AssertionError(f"{self.argv[0]} ended with {code} at start\n{self.tail()}")
            line += byte
        found = pattern.fullmatch(line.decode().rstrip("\n"))
        assert found, f"{self.argv[0]} announced {line!r}, not {pattern.pattern!r}"
        return found

    def alive(self):
        return self.popen.poll() is None

    def stop(self, within=8):
        """SIGTERM, and the exit code it leads to."""
        if not self.alive():
            return self.popen.returncode
        self.popen.send_signal(signal.SIGTERM)
        code = self.wait(within)
        self.kill()
        assert code is not None, f"{self.argv[0]} did not stop on SIGTERM\n{self.tail()}"
        return code

    def wait(self, within=8):
        """The exit code as soon as it ends, None if it does not in time."""
        pidfd = os.pidfd_open(self.pid)
        try:
            ended = select.select([pidfd], [], [], within * SLOW)[0]
        finally:
            os.close(pidfd)
        return self.popen.wait() if ended else None

    def kill(self):
        """kill -9: no chance to tidy up."""
        if self.alive():
            self.popen.kill()
        self.popen.wait(10)
        if not self.popen.stdout.closed:
            self.popen.stdout.close()

    def threads(self):
        """How many threads it has now."""
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def log(self):
        return self.log_path.read_bytes()

    def tail(self, lines=25):
        text = self.log().decode(errors="replace").splitlines()
        return "\n".join(["--- end of its log:"] + text[-lines:])

    def check_sanitizer(self):
        log = self.log()
        found = [r.decode() for r in SANITIZER_REPORTS if r in log]
        assert not found, f"{found} in {self.log_path}\n" + log.decode(errors="replace")[-6000:]
