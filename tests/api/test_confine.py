# SPDX-License-Identifier: MIT
"""What a running service has given up, and that it does all its work without."""

import json
import pathlib
import subprocess

import pytest

from support.facts import ALL_KINDS
from support.process import REPO, SANITIZER, run
from support.tls import PROVIDERS, Tls, needs_openssl
from support.world import World, assert_exactly

CONFIG = 78  # sysexits.h
LOCKS = ["landlock", "seccomp"]


def _log(world, event):
    return [e for e in map(json.loads, world.service.log().splitlines()) if e["event"] == event]


def _held(world):
    return {e["by"]: e for e in _log(world, "confined")}


def _needs(world, lock):
    """Skips where the kernel does not have it: then the log must have told why."""
    if lock not in _held(world):
        reasons = [e["reason"] for e in _log(world, "not_confined")]
        assert reasons
        pytest.skip(f"not tested: {lock} cannot be had here: {reasons}")


def _status(world):
    """Of each thread: how it stands to seccomp and to privileges."""
    for task in pathlib.Path(f"/proc/{world.service.pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        yield {k: v.strip() for k, v in (line.split(":", 1) for line in lines)}


# What holds


def test_all_its_threads_are_under_the_filter_and_can_gain_no_privilege(world, number):
    _needs(world, "seccomp")
    world.api.created(number)
    threads = list(_status(world))

    assert len(threads) > 3
    assert {(t["Seccomp"], t["NoNewPrivs"]) for t in threads} == {("2", "1")}


def test_files_are_made_where_they_were_to_be_and_nowhere_else(world):
    """Root may write anywhere, but the service has given that up."""
    _needs(world, "landlock")
    elsewhere = world.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (world.folder / "backups").symlink_to(elsewhere)
    answer = world.api.request("POST", "/v1/backups")

    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "storage-unavailable"
    assert list(elsewhere.iterdir()) == []
    (world.folder / "backups").unlink()
    assert world.api.request("POST", "/v1/backups").status_code == 201


def test_the_log_tells_what_holds_and_since_when(world):
    _needs(world, "landlock")
    held = _held(world)["landlock"]

    assert held["abi"] >= 1
    assert held["writes"] == str(world.folder)
    events = [json.loads(line)["event"] for line in world.service.log().splitlines()]
    assert "started" not in events[: events.index("confined")]


def test_a_folder_for_backups_is_made_at_the_start_since_later_it_could_not(make_world, tmp_path):
    world = make_world(TRUNKLINE_BACKUP_DIR=tmp_path / "copies")
    answer = world.api.request("POST", "/v1/backups")

    assert answer.status_code == 201, answer.text
    assert pathlib.Path(answer.json()["file"]).parent == tmp_path / "copies"


# What is not to be had


def test_off_gives_up_nothing(make_world):
    world = make_world(TRUNKLINE_CONFINE="off")

    assert {t["Seccomp"] for t in _status(world)} == {"0"}
    assert not _held(world)
    assert _log(world, "not_confined")


def test_require_starts_with_both_or_not_at_all(world):
    missing = [lock for lock in LOCKS if lock not in _held(world)]
    world.stop()
    if missing:
        done = run(World.command, world.environment(TRUNKLINE_CONFINE="require"))
        assert done.returncode == CONFIG
        assert b"TRUNKLINE_CONFINE" in done.stderr
        return
    world.settings["TRUNKLINE_CONFINE"] = "require"
    world.start()
    assert sorted(_held(world)) == LOCKS


@pytest.fixture
def old_kernel(tmp_path):
    """Runs a command as on a machine where both are forbidden."""
    program = tmp_path / "without_locks"
    source = REPO / "tests" / "support" / "without_locks.c"
    subprocess.run(["cc", "-O1", "-o", program, source, "-lseccomp"], check=True)
    return program


def test_without_either_auto_starts_and_tells_why(make_world, old_kernel, number, monkeypatch):
    monkeypatch.setattr(World, "command", [old_kernel, *World.command])
    world = make_world()

    assert not _held(world)
    told = " ".join(e["reason"] for e in _log(world, "not_confined"))
    assert SANITIZER or ("Landlock" in told and "seccomp" in told)
    world.api.created(number)


def test_without_either_require_does_not_start(world, old_kernel):
    world.stop()
    done = run([old_kernel, *World.command], world.environment(TRUNKLINE_CONFINE="require"))

    assert done.returncode == CONFIG, done.stderr.decode()
    assert b"TRUNKLINE_CONFINE" in done.stderr
    assert b"listening" not in done.stdout


# What the service needs long after its start


@needs_openssl
def test_providers_are_called_by_name_and_over_tls(make_world, tmp_path, number):
    """The authority is read with the first call, and has been renewed by then: what stands
    there now is not the file that was there at the start."""
    world = make_world()
    world.stop()
    tls = Tls(tmp_path / "elsewhere" / "tls", world.sandbox.url)
    for name in PROVIDERS:
        world.settings[f"{name}_BASE_URL"] = tls.url
    world.settings["TRUNKLINE_CA_FILE"] = tls.folder / "ca.pem"
    world.start()
    tls.renew()
    world.api.created(number)

    assert_exactly(world, ALL_KINDS)
