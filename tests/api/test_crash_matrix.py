# SPDX-License-Identifier: MIT
"""kill -9 at every call of create, rollback and delete: before its effect or after it, once or
twice. After the next start nothing is orphaned, nothing was made twice, every answer is true."""

import random

import pytest

from support.crashes import WHEN, crash, hold
from support.totals import (
    ALL_KINDS,
    ASYNC,
    CREATE_CALLS,
    LAST_CALL,
    REFUSAL,
    REMOVAL_CALLS,
    ROLLBACK_CALLS,
    assert_made_once,
    ever_made,
    key,
)
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left, kinds_of

CRASHES = pytest.mark.parametrize("crashes", [1, 2])
SIDES = pytest.mark.parametrize("when", WHEN)


@CRASHES
@SIDES
@pytest.mark.parametrize("call", CREATE_CALLS)
def test_a_create_killed_at_any_call_is_finished(world, number, call, when, crashes):
    hold(world, call, when)
    operation = world.api.create(number, {**ASYNC, **key("create")}).json()
    crash(world, when, crashes)
    world.start()

    ended = world.api.ended(operation["id"])
    assert (ended["state"], ended["error"]) == ("succeeded", None)
    answer = world.api.create(number, key("create"))
    assert answer.status_code == 201, "the answer that the first client never got"
    assert answer.json() == world.api.get(number).json()
    assert kinds_of(answer.json()["resources"]) == sorted(ALL_KINDS)
    assert_exactly(world, ALL_KINDS)
    assert_made_once(world)


@CRASHES
@SIDES
@pytest.mark.parametrize("call", REMOVAL_CALLS)
def test_a_delete_killed_at_any_call_is_finished(world, number, call, when, crashes):
    former = world.sandbox.routing(number)
    world.api.created(number)
    world.sandbox.forget_calls()
    hold(world, call, when)
    operation = world.api.delete(number, {**ASYNC, **key("delete")}).json()
    crash(world, when, crashes)
    world.start()

    ended = world.api.ended(operation["id"])
    assert (ended["state"], ended["error"]) == ("succeeded", None)
    receipt = world.api.delete(number, key("delete")).json()["resources"]
    assert kinds_of(receipt["removed"]) == sorted(ALL_KINDS)
    assert receipt["remaining"] == []
    assert world.sandbox.routing(number) == former
    assert_nothing_left(world)
    assert_made_once(world)


@CRASHES
@SIDES
@pytest.mark.parametrize("call", ROLLBACK_CALLS)
def test_a_rollback_killed_at_any_call_is_finished(world, number, call, when, crashes):
    world.sandbox.fail(LAST_CALL, **REFUSAL)
    # A create looks at Retell too, first: the rollback's look is the second.
    hold(world, call, when, nth=2 if call in CREATE_CALLS else 1)
    operation = world.api.create(number, {**ASYNC, **key("create")}).json()
    crash(world, when, crashes)
    world.start()

    ended = world.api.ended(operation["id"])
    assert (ended["state"], ended["error"]["code"]) == ("failed", "provider-refused")
    answer = world.api.create(number, key("create"))
    assert (answer.status_code, answer.json()["rolled_back"]) == (502, True)
    assert answer.json()["resources"]["remaining"] == []
    assert_nothing_left(world)
    assert world.api.create(number).status_code == 201, "the number is free again"


@pytest.mark.parametrize("seed", range(3))
def test_kills_at_any_moment_under_load_lose_nothing(make_world, numbers, seed):
    """The catch-all: creates and deletes for ever anew, killed whenever it pleases chance."""
    chance = random.Random(seed)
    world = make_world({"latency_ms": 3})
    wanted = numbers(12)
    for _ in range(8):
        for number in wanted:
            _create_or_delete(world, number)
        world.sandbox.forget_calls()
        seen = chance.randrange(60)
        eventually(lambda: _calm(world, seen), f"{seen} calls were seen")
        world.crash()
        world.start()

    world.api.all_ended()
    assert {n["status"] for n in world.api.numbers()} <= {"active"}
    assert {o["state"] for o in _operations(world)} == {"succeeded"}
    assert ever_made(world) == sorted(ALL_KINDS * _count(world, "create"))


def _create_or_delete(world, number):
    """Whichever is possible now; a number that is being worked on is left alone."""
    answer = world.api.create(number, ASYNC)
    if answer.status_code == 409 and answer.json()["code"] == "number-already-exists":
        answer = world.api.delete(number, ASYNC)
    assert answer.status_code in (202, 409), answer.text


def _calm(world, seen):
    """So many calls were seen, or there are none to come."""
    return len(world.sandbox.calls()) >= seen or not world.api.operations(state="running").json()["items"]


def _operations(world):
    return world.api.operations(limit=200).json()["items"]


def _count(world, kind):
    return len([o for o in _operations(world) if o["kind"] == kind])
