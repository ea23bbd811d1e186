# SPDX-License-Identifier: MIT
"""conftest.py - fixtures of the contract tests: a world like the api tests'."""
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "contract"), str(TESTS / "api")]

from support.world import World  # noqa: E402


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A sandbox with many numbers and a service, which calls it for nobody but the test (a sweep
    would); left clean at the end."""
    world = World(tmp_path_factory.mktemp("world"),
                  {"numbers": 1000, "max_trunks": 2000},
                  TRUNKLINE_SWEEP_INTERVAL_S=0)
    yield world
    world.close()
