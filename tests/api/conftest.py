# SPDX-License-Identifier: MIT
"""Fixtures of the api tests: worlds, numbers, and a limit for every test."""

import faulthandler
import itertools
import signal

import pytest

from support.process import SANDBOX, SERVICE, SLOW
from support.world import NUMBERS, World

TEST_LIMIT_S = 60


def pytest_sessionstart(session):
    missing = [str(path) for path in (SERVICE, SANDBOX) if not path.exists()]
    if missing and not session.config.option.collectonly:
        pytest.exit(f"build first: {', '.join(missing)} is missing", returncode=3)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """No test may take longer than a minute, its set-up and tear-down included."""

    def too_long(signum, frame):
        signal.alarm(20 * SLOW)  # the tear-down has a limit as well
        faulthandler.dump_traceback()
        raise TimeoutError(f"{item.name} took longer than {TEST_LIMIT_S * SLOW} s")

    former = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(TEST_LIMIT_S * SLOW)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


@pytest.fixture
def make_world(tmp_path):
    """Makes a world with options of the test's own; it is closed after the test."""
    worlds = []

    def make(sandbox=None, **settings):
        folder = tmp_path / f"world{len(worlds)}"
        folder.mkdir()
        worlds.append(World(folder, sandbox, **settings))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def world(make_world):
    """A fresh world for one test."""
    return make_world()


@pytest.fixture(scope="module")
def _module_world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("world"), {"max_trunks": 2000})
    yield world
    world.close()


@pytest.fixture
def shared(_module_world):
    """The world of the whole module, for tests that use numbers of their own."""
    _module_world.sandbox.forget_calls()
    yield _module_world
    _module_world.sandbox.heal()


@pytest.fixture(scope="session")
def _numbers():
    return itertools.cycle(f"+1415555{n:04d}" for n in range(100, 100 + NUMBERS))


@pytest.fixture
def number(_numbers):
    """An owned number; it comes round again only after all others."""
    return next(_numbers)


@pytest.fixture
def numbers(_numbers):
    """As many different ones as asked for."""
    return lambda count: list(itertools.islice(_numbers, count))
