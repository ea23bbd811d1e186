# SPDX-License-Identifier: MIT
"""npm.py - node with the packages that tests/contract/package.json names."""
import os
import shutil
import subprocess

from document import ROOT
from support.process import SLOW

FOLDER = ROOT / "build/contract"  # where `make contract` installs them


def take_scripts():
    """Puts our scripts beside the packages, where node looks for them."""
    assert (FOLDER / ".stamp").exists(), "first: make build/contract/.stamp"
    for script in (ROOT / "tests/contract").iterdir():
        if script.suffix in (".mjs", ".ts") or script.name == "tsconfig.json":
            shutil.copy(script, FOLDER)


def run(*command, timeout=60):
    """What a command printed; fails with it unless the exit code is 0."""
    done = subprocess.run(
        [str(part) for part in command], cwd=FOLDER, timeout=timeout * SLOW,
        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(FOLDER)})
    if done.returncode:
        raise AssertionError(f"{command[0]} failed\n{done.stdout[-6000:]}")
    return done.stdout
