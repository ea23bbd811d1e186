# SPDX-License-Identifier: MIT
"""test_tests_readme.py - the tests that tests/README.md names are there; each folder and each fault has a row."""
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
README = (TESTS / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([ABC])(\d+) \| (.+?) \| (.*) \|$", re.M)
NAMED = re.compile(r"`((?:\w+/)?test_\w+\.(?:py|c))::(\w+)`")


def path_of(name):
    return TESTS / (name if "/" in name else f"api/{name}")


@pytest.fixture(scope="module")
def collected():
    """In a process of its own: the folders have a conftest each."""
    found = set()
    for folder in ("api", "contract"):
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", folder],
            cwd=TESTS, capture_output=True, text=True, timeout=120, check=False,
        )
        assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
        for line in run.stdout.splitlines():
            file, separator, name = line.partition("::")
            if separator:
                found.add((Path(file).name, name.split("[")[0]))
    return found


def registered(path):
    """The tests of a C program: functions of cmocka's form that its list names too."""
    text = path.read_text(encoding="utf-8")
    defined = set(re.findall(r"^static void (\w+)\(void \*\*\w+\)", text, re.M))
    return {name for name in defined if len(re.findall(rf"\b{name}\b", text)) > 1}


def test_every_folder_has_a_row():
    folders = {path.name for path in TESTS.iterdir() if path.is_dir() and path.name[0] not in "._"}
    assert len(folders) > 5 and folders == set(re.findall(r"^\| `(\w+)/` \|", README, re.M))


def test_every_named_test_is_there(collected):
    named = set(NAMED.findall(README))
    assert len(named) > 150
    missing = []
    for file, name in named:
        if file.endswith(".c"):
            there = path_of(file).exists() and name in registered(path_of(file))
        else:
            there = path_of(file).exists() and (path_of(file).name, name) in collected
        if not there:
            missing.append(f"{file}::{name}")
    assert not missing, sorted(missing)


def test_every_fault_has_one_row_with_a_test_or_a_reason():
    rows = ROW.findall(README)
    counts = {letter: [int(n) for l, n, _, _ in rows if l == letter] for letter in "ABC"}
    assert counts == {"A": [*range(1, 51)], "B": [*range(1, 55)], "C": [*range(1, 65)]}
    for letter, number, fault, tests in rows:
        assert NAMED.search(tests) or "left: " in tests, f"{letter}{number} {fault}"


def test_every_limit_on_clients_has_a_row_with_a_test_or_a_reason():
    header = (TESTS.parent / "include/api/limits.h").read_text(encoding="utf-8")
    limits = re.findall(r"^#define LIMIT_(\w+)", header, re.M)
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", README, re.M))
    assert len(limits) > 20 and list(rows) == limits
    for name, tests in rows.items():
        assert NAMED.search(tests) or tests.startswith("left: "), name
