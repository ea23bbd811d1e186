# SPDX-License-Identifier: MIT
"""An operation that ends the process whenever it is taken up again stops no other: after five
such recoveries it is given to a person."""

from support import facts
from support.crashes import HOLD, hold
from support.facts import ALL_KINDS, CREATE_CALLS, WAVES
from support.journeys import ASYNC, LAST_CALL, key
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left, kinds_of

RECOVERIES_MAX = 5
# What the poisonous operation hangs in, and all that its recovery would call.
POISON = {"account": facts.ACCOUNT}


def _hang(world):
    """Our account hangs: no call of it comes to an end. (Others' numbers are in another.)"""
    world.sandbox.fail("*", times=0, **POISON, **HOLD["before"])


def _recovered(world):
    return world.service.log().count(b'"operation_recovered"')


def _end_in_recovery(world, times):
    for _ in range(times):
        seen = _recovered(world)
        world.start()
        eventually(lambda: _recovered(world) > seen, "the operation was taken up")
        world.crash()


def _poisonous_create(world, number, call="create_credential"):
    """A create that is killed at the call, when all beside it is done, and then hangs."""
    hold(world, call, "after")
    operation = world.api.create(number, {**ASYNC, **key("poison")}).json()["id"]
    _crash_when_done(world, operation, len(WAVES[0] + WAVES[1] + WAVES[2]) - 1)
    return operation


def _crash_when_done(world, operation, steps):
    """Kills the service when so many steps are done and on disk; then our account hangs."""
    eventually(lambda: _done(world, operation) == steps, f"{steps} steps are done")
    world.crash()
    world.sandbox.heal()
    _hang(world)


def _done(world, operation):
    steps = world.api.operation(operation).json()["steps"]
    return len([s for s in steps if s["state"] == "present"])


def _take_away(world, *refs):
    """The provider is back: what was given up can be taken away after all."""
    world.sandbox.heal()
    for ref in refs:
        assert world.api.deleted(ref)["resources"]["remaining"] == []
    assert_nothing_left(world)


def test_five_recoveries_without_progress_and_it_is_stuck(world, number):
    operation = _poisonous_create(world, number)
    _end_in_recovery(world, RECOVERIES_MAX)
    world.start()

    ended = world.api.ended(operation)
    assert (ended["state"], ended["error"]["code"]) == ("stuck", "internal-error")
    record = world.api.get(number).json()
    assert record["status"] == "corrupted"
    told = world.api.create(number, key("poison"))
    assert (told.status_code, told.json()["code"]) == (500, "internal-error")
    assert told.headers["Idempotency-Replayed"] == "true"
    _take_away(world, number)


def test_its_number_lists_all_that_may_be_left(world, number):
    """Also what was under way, of which no id is known."""
    _poisonous_create(world, number)
    _end_in_recovery(world, RECOVERIES_MAX)
    world.start()
    world.api.all_ended()

    remaining = world.api.get(number).json()["error"]["remaining"]
    exists = {(r["kind"], r["id"]) for r in world.sandbox.ours()}
    listed = {(r["kind"], r["id"]) for r in remaining}
    assert {kind for kind, _ in exists} <= {kind for kind, _ in listed}
    assert {r for r in listed if r[1]} <= exists
    assert all(r["by_hand"] for r in remaining)
    _take_away(world, number)


def test_four_are_not_enough(world, number):
    operation = _poisonous_create(world, number)
    _end_in_recovery(world, RECOVERIES_MAX - 1)
    world.sandbox.heal()
    world.start()

    assert world.api.ended(operation)["state"] == "succeeded"
    assert_exactly(world, ALL_KINDS)


def test_progress_begins_the_count_anew(world, number):
    """Ended in nine recoveries, but one got a step further: that is not poison."""
    operation = _poisonous_create(world, number)
    _end_in_recovery(world, RECOVERIES_MAX - 1)
    world.sandbox.heal()
    hold(world, LAST_CALL, "after")
    world.start()
    _crash_when_done(world, operation, len(CREATE_CALLS) - 1)
    _end_in_recovery(world, RECOVERIES_MAX - 1)
    world.sandbox.heal()
    world.start()

    assert world.api.ended(operation)["state"] == "succeeded"
    assert_exactly(world, ALL_KINDS)


def test_orderly_restarts_are_no_crashes(world, number):
    """A provider may be away for longer than we are patient with our own releases."""
    operation = _poisonous_create(world, number)
    world.start()
    for _ in range(RECOVERIES_MAX + 1):
        world.settings["TRUNKLINE_SHUTDOWN_GRACE_S"] = 0
        world.restart()
    assert world.api.operation(operation).json()["state"] == "running"
    world.sandbox.heal()
    world.restart()

    assert world.api.ended(operation)["state"] == "succeeded"
    assert_exactly(world, ALL_KINDS)


def test_others_go_on_meanwhile(world, numbers):
    """What hangs keeps nobody from working: neither new ones nor those that recover with it."""
    poison, other = numbers(2)
    kept = world.api.created(other)
    operation = _poisonous_create(world, poison)
    world.start()
    answer = world.api.create(
        facts.OF_ACCOUNT_2,
        twilio_account_sid=facts.ACCOUNT_2,
        twilio_auth_token=facts.AUTH_TOKEN_2,
    )
    assert answer.status_code == 201
    assert world.api.get(other).json() == kept
    world.crash()
    _end_in_recovery(world, RECOVERIES_MAX - 1)
    world.start()

    assert world.api.ended(operation)["state"] == "stuck"
    assert {n["status"] for n in world.api.numbers()} == {"active", "corrupted"}
    _take_away(world, poison, other, facts.OF_ACCOUNT_2)


def test_a_delete_that_is_poison_leaves_a_corrupted_number(world, number):
    created = world.api.created(number)
    _hang(world)
    world.sandbox.fail("*", times=0, account="workspace_sandbox", **HOLD["before"])
    operation = world.api.delete(number, ASYNC).json()["id"]
    eventually(lambda: world.sandbox.calls("get_number"), "the delete is under way")
    world.crash()
    _end_in_recovery(world, RECOVERIES_MAX)
    world.start()

    assert world.api.ended(operation)["state"] == "stuck"
    record = world.api.get(created["id"]).json()
    assert record["status"] == "corrupted"
    assert kinds_of(record["error"]["remaining"]) == sorted(ALL_KINDS)
    _take_away(world, number)


def test_no_recovery_makes_anything_twice(world, number):
    _poisonous_create(world, number, "import_number")
    # The look at Retell hangs, too: finding the import would be a step forward.
    world.sandbox.fail("get_number", times=0, **HOLD["before"])
    _end_in_recovery(world, RECOVERIES_MAX)
    world.start()
    world.api.all_ended()

    made = [r["kind"] for r in world.sandbox.ours()]
    assert len(made) == len(set(made))
    _take_away(world, number)
