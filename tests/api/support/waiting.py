# SPDX-License-Identifier: MIT
"""Waiting for something to become true, never for time to pass."""

import time

from support.process import SLOW


def eventually(check, what, within=10.0, every=0.02):
    """The first true value of check(), or a failure that says what never came."""
    deadline = time.monotonic() + within * SLOW
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within * SLOW:.0f} s, but never: {what}")
        time.sleep(every)
