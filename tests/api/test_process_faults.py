# SPDX-License-Identifier: MIT
"""The process is hit by what it cannot help: a signal, a disk that hangs, a wall clock that is
set."""

import os
import pathlib
import signal

import pytest

from support.client import in_background
from support.crashes import hold
from support.disk import ENDS_AT_ONCE, BadDisk
from support.facts import ALL_KINDS
from support.journeys import ASYNC, key
from support.preload import Clock, Preloaded
from support.process import SANITIZER
from support.sandbox import refused
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left

def _proc(world):
    return pathlib.Path(f"/proc/{world.service.pid}")


# Signals

FATAL = [signal.SIGABRT] if SANITIZER else [signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS]


@pytest.mark.parametrize("fatal", FATAL)
def test_a_fault_of_its_own_is_no_more_than_a_kill(make_world, number, fatal):
    """The next start goes on where it was; secrets are in no core file."""
    world = make_world(**ENDS_AT_ONCE)
    hold(world, "create_origination_url", "before")
    operation = world.api.create(number, ASYNC).json()["id"]
    eventually(lambda: world.sandbox.calls("create_origination_url"), "it is under way")
    limits = (_proc(world) / "limits").read_text()
    (core,) = [line.split() for line in limits.splitlines() if "core file size" in line]
    assert core[4:6] == ["0", "0"]
    os.kill(world.service.pid, fatal)
    assert world.service.wait() == -fatal
    world.crash()  # what is left to do is the same
    world.sandbox.heal()
    world.start()

    assert world.api.ended(operation)["state"] == "succeeded"
    assert_exactly(world, ALL_KINDS)


# A disk that does not come back


@pytest.fixture
def hanging(make_world, tmp_path):
    """A world whose disk can be made to hang: world.disk.set("hang")."""
    disk = BadDisk(tmp_path / "faults")
    world = make_world(TRUNKLINE_UNDO_DEADLINE_S=1, **disk.settings())
    world.disk = disk
    yield world
    disk.clear("hang")


def _hangs(world):
    return any(
        (task / "wchan").read_text() == "hrtimer_nanosleep"
        for task in (_proc(world) / "task").iterdir()
    )


def test_while_a_commit_hangs_reads_are_answered_and_writes_wait(hanging, numbers):
    there, wanted = numbers(2)
    kept = hanging.api.created(there)
    hanging.disk.set("hang")
    waiting = in_background(lambda: hanging.api.create(wanted))
    eventually(lambda: _hangs(hanging), "the commit hangs")

    assert hanging.api.get(there).json() == kept
    assert hanging.api.request("GET", "/healthz").status_code == 200
    assert hanging.admin.request("GET", "/metrics").status_code == 200
    asked = [c["parameters"].get("PhoneNumber") for c in hanging.sandbox.calls()]
    assert wanted not in asked, "nothing is sent before its reason is on disk"
    hanging.disk.clear("hang")
    assert waiting().status_code == 201
    assert_exactly(hanging, ALL_KINDS * 2)


def test_an_engine_that_hangs_for_long_is_not_called_alive(make_world, tmp_path, number):
    """Half a minute, by a clock that is put ahead."""
    disk, clock = BadDisk(tmp_path / "faults"), Clock(tmp_path / "clock")
    both = {"LD_PRELOAD": f"{disk.library}:{clock.library}"}
    world = make_world(**{**disk.settings(), **clock.settings(), **both})
    with disk.failing("hang"):
        waiting = in_background(lambda: world.api.create(number))
        eventually(lambda: _hangs(world), "the commit hangs")
        assert world.admin.request("GET", "/livez").status_code == 200
        clock.put_to(clock.now() + 30_000)
        eventually(lambda: world.admin.request("GET", "/livez").status_code == 503, "told")

    assert waiting().status_code == 201
    assert world.admin.request("GET", "/livez").status_code == 200


def test_killed_while_a_force_delete_is_brought_to_disk_it_is_whole_or_not_at_all(hanging, number):
    created = hanging.api.created(number)
    hanging.sandbox.fail("delete_trunk", **refused(400, 21634))
    assert hanging.api.delete(number).status_code == 502
    hanging.disk.set("hang")
    cut_off = in_background(lambda: hanging.api.force_delete(number))
    eventually(lambda: _hangs(hanging), "the commit hangs")
    hanging.crash()
    with pytest.raises(OSError):
        cut_off()
    hanging.disk.clear("hang")
    hanging.start()

    told = hanging.api.request("GET", "/v1/events?action=number.force_deleted").json()["items"]
    record = hanging.api.get(created["id"])
    if record.status_code == 404:
        (event,) = told
        assert event["number_id"] == created["id"]
        hanging.unclean = True  # abandoned as asked
    else:
        assert (record.json()["status"], told) == ("corrupted", [])
        hanging.sandbox.heal()
        hanging.api.deleted(number)


# A clock that is set


@pytest.mark.parametrize("where", ["forward", "back", "epoch", "far"])
def test_a_clock_that_is_set_harms_no_operation(make_world, tmp_path, numbers, where):
    clock = Preloaded(tmp_path / "clock", "bad_clock")
    world = make_world(**clock.settings())
    before, meanwhile, after = numbers(3)
    first = world.api.create(before, key("first"))
    world.sandbox.fail("create_origination_url", delay_before_ms=300)
    under_way = world.api.create(meanwhile, ASYNC).json()["id"]
    eventually(lambda: world.sandbox.calls("create_origination_url"), "it is under way")
    clock.set(where)

    assert world.api.ended(under_way)["state"] == "succeeded"
    assert world.api.get(before).json() == first.json()
    if where in ("forward", "back"):  # 72 hours are far away
        assert world.api.create(before, key("first")).content == first.content
    second = world.api.created(after)
    changed = world.api.patch(before, label="changed").json()
    assert changed["updated_at"] >= changed["created_at"], "a record's time does not go back"
    operation = world.api.operation(changed["operation_id"]).json()
    assert operation["ended_at"] >= operation["created_at"] >= changed["created_at"]
    listed = [n["id"] for n in world.api.numbers()]
    assert listed == sorted(listed, reverse=True) and listed[0] == second["id"], "newest first"
    world.restart()
    clock.clear(where)
    for number in (before, meanwhile, after):
        world.api.deleted(number)
    assert_nothing_left(world)
