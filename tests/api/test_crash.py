# SPDX-License-Identifier: MIT
"""kill -9 in the middle: after the next start everything is finished or taken back."""

import pytest

from support import facts
from support.client import in_background
from support.crashes import crash_while_held, hold
from support.facts import ALL_KINDS, CREATE_CALLS
from support.sandbox import refused
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left

DELETE_CALLS = [
    "delete_number",
    "delete_trunk_phone_number",
    "delete_trunk",
    "delete_credential_list",
]
ASYNC = {"Prefer": "respond-async"}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", CREATE_CALLS)
def test_a_create_killed_during_any_call_is_finished_after_the_restart(world, number, call, when):
    hold(world, call, when)
    operation = world.api.create(number, ASYNC).json()
    crash_while_held(world, when)
    world.start()

    assert world.api.ended(operation["id"])["state"] == "succeeded"
    assert_exactly(world, ALL_KINDS)
    made = [r for r in world.sandbox.ledger() if not r["foreign"]]
    assert len([r for r in made if r["kind"] == "trunk"]) == 1
    world.api.deleted(number)
    assert_nothing_left(world)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", DELETE_CALLS)
def test_a_delete_killed_during_any_call_is_finished_after_the_restart(world, number, call, when):
    world.api.created(number)
    hold(world, call, when)
    operation = world.api.delete(number, ASYNC).json()
    crash_while_held(world, when)
    world.start()

    assert world.api.ended(operation["id"])["state"] == "succeeded"
    assert_nothing_left(world)


@pytest.mark.parametrize("call", ["delete_trunk", "delete_number"])
def test_a_rollback_killed_in_mid_way_is_finished_after_the_restart(world, number, call):
    world.sandbox.fail("create_trunk_phone_number", **refused(400, 20001))
    hold(world, call, "before")
    operation = world.api.create(number, ASYNC).json()
    crash_while_held(world, "before")
    world.start()

    assert world.api.ended(operation["id"])["state"] == "failed"
    assert_nothing_left(world)
    world.api.created(number)


@pytest.mark.parametrize("number", [facts.ON_FOREIGN_TRUNK, facts.WITH_VOICE_APPLICATION])
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_former_routing_survives_a_crash_in_mid_attachment(world, number, when):
    former = world.sandbox.routing(number)
    call = "create_trunk_phone_number"
    if former["trunk_sid"]:
        call = "update_incoming_number"
    hold(world, call, when)
    operation = world.api.create(number, ASYNC, take_over=True).json()
    crash_while_held(world, when)
    world.start()

    assert world.api.ended(operation["id"])["state"] == "succeeded"
    world.api.deleted(number)
    assert world.sandbox.routing(number) == former


def test_recovery_may_be_killed_again_and_again(world, number):
    # None of these ever takes effect: one that landed later would be an orphan.
    world.sandbox.fail("create_origination_url", times=0, delay_before_ms=700, effect=False)
    world.api.create(number, ASYNC)
    for tries in range(1, 5):
        eventually(lambda: _tried(world) >= tries, "the call is under way")
        world.crash()
        world.start()
    world.sandbox.heal()

    world.api.all_ended()
    assert_exactly(world, ALL_KINDS)


def _tried(world):
    return len(world.sandbox.calls("create_origination_url"))


def test_numbers_and_secrets_survive_a_kill(world, number):
    created = world.api.created(number)
    world.crash()
    world.start()

    assert world.api.get(number).json() == created
    world.api.deleted(number)
    assert_nothing_left(world)


def test_what_was_answered_is_durable(world, numbers):
    """Each answer is followed by a kill at once."""
    for number in numbers(3):
        created = world.api.created(number)
        world.crash()
        world.start()
        assert world.api.get(created["id"]).json() == created

    assert_exactly(world, ALL_KINDS * 3)


def test_many_creates_in_flight_survive_a_kill(make_world, numbers):
    world = make_world({"latency_ms": 30})
    wanted = numbers(30)
    operations = [world.api.create(n, ASYNC).json()["id"] for n in wanted]
    eventually(lambda: world.sandbox.calls("import_number"), "some are half way")
    world.crash()
    world.start()

    assert {world.api.ended(o, within=30)["state"] for o in operations} == {"succeeded"}
    assert_exactly(world, ALL_KINDS * 30)


def test_a_client_cut_off_by_the_kill_finds_its_number_later(world, number):
    hold(world, "import_number", "before")
    cut_off = in_background(lambda: world.api.create(number))
    crash_while_held(world, "before")
    with pytest.raises(OSError):
        cut_off()
    world.start()

    world.api.all_ended()
    assert world.api.get(number).json()["status"] == "active"
