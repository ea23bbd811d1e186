# SPDX-License-Identifier: MIT
"""An answer that never comes tells nothing: at every call of create, rollback and delete it is
found out what happened, and each thing is made once and removed once."""

import pytest

from support.facts import ALL_KINDS, CREATE_CALLS
from support.journeys import (
    LAST_CALL,
    REFUSAL,
    REMOVAL_CALLS,
    ROLLBACK_CALLS,
    assert_made_once,
)
from support.world import assert_exactly, assert_nothing_left, kinds_of

CALL_TIMEOUT_MS = 250

# How an answer gets lost, and how often in a row.
LOST = {
    "once, with its effect": {"drop": "after"},
    "twice, without effect": {"drop": "before", "times": 2},
}
EVERY_WAY = pytest.mark.parametrize("lost", LOST)
# Nothing is heard until the call's time is over.
SILENCE = {"delay_after_ms": 4 * CALL_TIMEOUT_MS}


def _assert_made(world, answer):
    assert answer.status_code == 201, answer.text
    assert_exactly(world, ALL_KINDS)
    assert_made_once(world)


def _assert_removed(world, answer):
    assert answer.status_code == 200, answer.text
    receipt = answer.json()["resources"]
    assert (kinds_of(receipt["removed"]), receipt["remaining"]) == (sorted(ALL_KINDS), [])
    assert_nothing_left(world)


@EVERY_WAY
@pytest.mark.parametrize("call", CREATE_CALLS)
def test_a_create_makes_each_thing_once(world, number, call, lost):
    world.sandbox.fail(call, **LOST[lost])
    answer = world.api.create(number)

    assert world.sandbox.hits() == LOST[lost].get("times", 1), "the fault was met"
    _assert_made(world, answer)


@EVERY_WAY
@pytest.mark.parametrize("call", REMOVAL_CALLS)
def test_a_delete_removes_each_thing(world, number, call, lost):
    world.api.created(number)
    world.sandbox.fail(call, **LOST[lost])
    answer = world.api.delete(number)

    assert world.sandbox.hits() == LOST[lost].get("times", 1), "the fault was met"
    _assert_removed(world, answer)


@EVERY_WAY
@pytest.mark.parametrize("call", ROLLBACK_CALLS)
def test_a_rollback_takes_each_thing_back(world, number, call, lost):
    world.sandbox.fail(LAST_CALL, **REFUSAL)
    world.sandbox.fail(call, nth=2 if call in CREATE_CALLS else 1, **LOST[lost])
    answer = world.api.create(number)

    assert world.sandbox.hits() >= 2, "both faults were met"
    assert (answer.status_code, answer.json()["code"]) == (502, "provider-refused")
    assert answer.json()["rolled_back"] is True
    assert_nothing_left(world)


@pytest.mark.parametrize("call", ["create_trunk", "import_number"])
def test_silence_after_the_effect_is_a_lost_answer_too(make_world, number, call):
    world = make_world(TRUNKLINE_CALL_TIMEOUT_MS=CALL_TIMEOUT_MS)
    world.sandbox.fail(call, **SILENCE)

    _assert_made(world, world.api.create(number))


@pytest.mark.parametrize("call", ["delete_trunk", "delete_number"])
def test_so_is_silence_after_a_removal(make_world, number, call):
    world = make_world(TRUNKLINE_CALL_TIMEOUT_MS=CALL_TIMEOUT_MS)
    world.api.created(number)
    world.sandbox.fail(call, **SILENCE)

    _assert_removed(world, world.api.delete(number))


# A call of the same time: while it is refused, the other's effect is not known yet.
BESIDE = {
    "create_trunk": "create_credential_list",
    "create_credential_list": "create_trunk",
    "create_credential": "import_number",
    "create_trunk_credential_list": "import_number",
    "create_origination_url": "import_number",
    "import_number": "create_origination_url",
}


@pytest.mark.parametrize("call", BESIDE)
def test_an_effect_that_nobody_heard_of_is_taken_back_too(world, number, call):
    world.sandbox.fail(call, drop="after")
    world.sandbox.fail(BESIDE[call], **REFUSAL)
    answer = world.api.create(number)

    assert (answer.status_code, answer.json()["rolled_back"]) == (502, True)
    assert_nothing_left(world)


def test_every_call_of_a_create_may_lose_its_first_answer(world, number):
    """Also each look for what became of another call."""
    looks = ["list_trunks", "list_credential_lists", "list_credentials",
             "list_trunk_credential_lists", "list_origination_urls", "fetch_incoming_number"]
    for call in CREATE_CALLS + looks:
        world.sandbox.fail(call, drop="after")
    answer = world.api.create(number)

    assert world.sandbox.hits() >= len(CREATE_CALLS)
    _assert_made(world, answer)


def test_every_call_of_a_delete_may_lose_its_first_answer(world, number):
    world.api.created(number)
    for call in REMOVAL_CALLS:
        world.sandbox.fail(call, drop="after")
    answer = world.api.delete(number)

    assert world.sandbox.hits() == len(REMOVAL_CALLS)
    _assert_removed(world, answer)


def test_the_lists_above_are_all_calls_there_are(world, number):
    world.api.created(number)
    assert sorted(world.sandbox.operations()) == sorted(CREATE_CALLS)
    world.sandbox.forget_calls()
    world.api.deleted(number)
    assert sorted(world.sandbox.operations()) == sorted(REMOVAL_CALLS)
    world.sandbox.forget_calls()
    world.sandbox.fail(LAST_CALL, **REFUSAL)
    world.api.create(number)
    assert sorted(world.sandbox.operations()) == sorted(CREATE_CALLS + ROLLBACK_CALLS)
