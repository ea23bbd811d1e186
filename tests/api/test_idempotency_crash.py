# SPDX-License-Identifier: MIT
"""An Idempotency-Key outlives a crash: it goes on with what it began, and then tells how that
ended, to the byte and for ever."""

import pytest

from support.client import in_background
from support.crashes import crash_while_held, hold
from support.facts import ALL_KINDS, OTHER_AGENT
from support.journeys import ASYNC, LAST_CALL, REFUSAL, assert_replayed, key
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left

KEY = key("order-4711")
HELD = "create_origination_url"


def _cut_off(world, job):
    """A client whose connection breaks with the crash."""
    result = in_background(job)

    def broken():
        with pytest.raises(OSError):
            result()

    return broken


def _crash_in_mid_create(world, number):
    """The service is killed, and held again at the same call when it is started."""
    hold(world, HELD, "before")
    broken = _cut_off(world, lambda: world.api.create(number, KEY))
    crash_while_held(world, "before")
    broken()
    hold(world, "list_origination_urls", "before")
    world.start()
    eventually(lambda: world.sandbox.calls("list_origination_urls"), "the recovery has begun")


def _let_go(world):
    """Ends what is held: the provider that hangs is restarted, so to speak."""
    world.sandbox.heal()
    world.crash()
    world.start()
    world.api.all_ended()


def test_in_flight_after_the_restart_it_is_a_conflict_and_then_the_answer(world, number):
    _crash_in_mid_create(world, number)
    during = world.api.create(number, KEY)

    assert (during.status_code, during.json()["code"]) == (409, "idempotency-in-flight")
    operation = world.api.operation(during.json()["operation_id"]).json()
    assert (operation["state"], operation["phone_number"]) == ("running", number)
    _let_go(world)
    first = world.api.create(number, KEY)
    assert (first.status_code, first.json()["phone_number"]) == (201, number)
    assert_replayed(first, world.api.create(number, KEY))
    assert_exactly(world, ALL_KINDS)


def test_in_flight_after_the_restart_another_body_is_refused(world, numbers):
    number, other = numbers(2)
    _crash_in_mid_create(world, number)

    for answer in (
        world.api.create(other, KEY),
        world.api.create(number, KEY, agent_id=OTHER_AGENT),
        world.api.delete(number, KEY),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    _let_go(world)
    assert world.api.create(other, KEY).status_code == 422, "and when it has ended"
    assert_exactly(world, ALL_KINDS)


def test_who_does_not_wait_gets_the_operation_back(world, number):
    _crash_in_mid_create(world, number)
    again = world.api.create(number, {**KEY, **ASYNC})

    assert again.status_code == 202
    _let_go(world)
    assert world.api.operation(again.json()["id"]).json()["state"] == "succeeded"


def test_an_answer_given_before_the_crash_is_the_answer_after_it(world, number):
    first = world.api.create(number, KEY)
    world.crash()
    world.start()
    assert_replayed(first, world.api.create(number, KEY))
    deleted = world.api.delete(number, key("delete"))
    world.crash()
    world.start()

    assert_replayed(deleted, world.api.delete(number, key("delete")))
    assert_replayed(first, world.api.create(number, KEY))
    assert_nothing_left(world)


def test_the_answer_is_the_same_after_any_number_of_crashes(world, number):
    _crash_in_mid_create(world, number)
    _let_go(world)
    first = world.api.create(number, KEY)
    for _ in range(3):
        world.crash()
        world.start()
        assert_replayed(first, world.api.create(number, KEY))
    assert len(world.sandbox.alive("retell_number")) >= 1


def test_a_failure_that_was_interrupted_is_told_as_it_was(world, number):
    world.sandbox.fail(LAST_CALL, **REFUSAL)
    hold(world, "delete_trunk", "after")
    broken = _cut_off(world, lambda: world.api.create(number, KEY))
    crash_while_held(world, "after")
    broken()
    world.start()
    world.api.all_ended()

    told = world.api.create(number, KEY)
    assert (told.status_code, told.json()["code"]) == (502, "provider-refused")
    assert told.json()["step"] == "twilio_number_attachment"
    assert_replayed(told, world.api.create(number, KEY))
    assert_nothing_left(world)


def test_killed_before_it_was_accepted_it_begins_afresh(world, number):
    """What the service never took on leaves the key free."""
    world.crash()
    with pytest.raises(OSError):
        world.api.create(number, KEY)
    world.start()
    first = world.api.create(number, KEY)

    assert first.status_code == 201
    assert "Idempotency-Replayed" not in first.headers
    assert_exactly(world, ALL_KINDS)


def test_a_hundred_keys_find_their_own_answers_after_a_crash(make_world, numbers):
    world = make_world({"latency_ms": 5})
    wanted = numbers(30)
    accepted = {n: world.api.create(n, {**ASYNC, **key(n)}).json()["id"] for n in wanted}
    eventually(lambda: world.sandbox.calls("import_number"), "some are half way")
    world.crash()
    world.start()
    world.api.all_ended(within=30)

    for number, operation in accepted.items():
        told = world.api.create(number, key(number)).json()
        assert (told["phone_number"], told["operation_id"]) == (number, operation)
    assert_exactly(world, ALL_KINDS * len(wanted))
