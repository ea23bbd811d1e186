# SPDX-License-Identifier: MIT
"""Libraries put before the system's (LD_PRELOAD): faults of one process to order, by the files of
a folder."""

import contextlib
import os
import subprocess
import time

from support.process import REPO, SANITIZER


class Preloaded:
    """The library of one source in tests/support, built into a folder of its own."""

    def __init__(self, folder, source):
        folder.mkdir()
        self.folder = folder
        self.name = source
        self.library = folder / f"{source}.so"
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-O1", "-o", self.library,
             REPO / "tests" / "support" / f"{source}.c"],
            check=True,
        )

    def settings(self):
        """What the service's environment needs on top."""
        settings = {"LD_PRELOAD": self.library, self.name.upper(): self.folder}
        if SANITIZER == "address":
            settings["ASAN_OPTIONS"] = "detect_leaks=1:verify_asan_link_order=0"
        return settings

    def set(self, fault):
        (self.folder / fault).touch()

    def clear(self, fault):
        (self.folder / fault).unlink(missing_ok=True)

    @contextlib.contextmanager
    def failing(self, fault):
        self.set(fault)
        try:
            yield
        finally:
            self.clear(fault)


class Clock(Preloaded):
    """That of a service by which nothing is dated: it can only be put ahead."""

    def __init__(self, folder):
        super().__init__(folder, "bad_clock")
        self.begun, self.ahead = time.monotonic(), 0

    def now(self):
        """In ms."""
        return (time.monotonic() - self.begun) * 1000 + self.ahead

    def put_to(self, ms):
        """At least; a file of so many bytes tells the service."""
        self.ahead += max(0, round(ms - self.now()))
        self.set("ahead")
        os.truncate(self.folder / "ahead", self.ahead)
