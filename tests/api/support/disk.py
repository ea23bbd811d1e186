# SPDX-License-Identifier: MIT
"""Disks that fill up, fail or hang under a running service."""

import contextlib
import functools
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile

from support.preload import Preloaded
from support.process import SANITIZER_OPTIONS

# A process that ends at once does not wait for its threads, and need not.
ENDS_AT_ONCE = {"TSAN_OPTIONS": SANITIZER_OPTIONS["TSAN_OPTIONS"] + ":report_thread_leaks=0"}


class BadDisk(Preloaded):
    """Faults of a service's disk: see tests/support/bad_disk.c."""

    def __init__(self, folder):
        super().__init__(folder, "bad_disk")

    def settings(self):
        return {**super().settings(), **ENDS_AT_ONCE}


class SmallDisk:
    """A file system of its own that can be filled to the last byte."""

    def __init__(self, folder, megabytes):
        self.folder = folder
        self.filler = folder / "filler"
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", folder]
        done = subprocess.run(mount, capture_output=True, check=False)
        if done.returncode:
            raise OSError(done.stderr.decode())

    def set(self, fault):
        assert fault == "full"
        with open(self.filler, "wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))

    def clear(self, fault):
        assert fault == "full"
        self.filler.unlink(missing_ok=True)

    def read_only(self, yes):
        mode = "ro" if yes else "rw"
        subprocess.run(["mount", "-o", f"remount,{mode}", self.folder], check=True)

    def close(self):
        subprocess.run(["umount", "-l", self.folder], check=True)


@functools.lru_cache(maxsize=1)
def can_mount():
    """Root may; in a container without privileges root may not."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            SmallDisk(pathlib.Path(folder) / "disk", 1).close()
        except OSError:
            return False
    return True


@contextlib.contextmanager
def write_lock(path):
    """Somebody else writes, or at least does not stop to."""
    database = sqlite3.connect(path, isolation_level=None, timeout=10)
    try:
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")
    finally:
        database.close()
