# SPDX-License-Identifier: MIT
"""kill -9 at every call of create, rollback and delete: before its effect or after it, once or
twice. After the next start nothing is orphaned, nothing was made twice, every answer is true."""

import random

import pytest

from support.crashes import WHEN, crash, hold
from support.facts import (
    ALL_KINDS,
    CREATE_CALLS,
    ON_FOREIGN_TRUNK,
    OPERATIONS,
    OTHER_AGENT,
    WITH_VOICE_APPLICATION,
    WITH_VOICE_URL,
)
from support.journeys import (
    ASYNC,
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
CANCEL_IN_MS = 300  # time enough to cancel it

# Numbers with a past, and the call of a delete that puts them back. (Attaching leaves a voice URL
# as it is, so taking the number off the trunk is all.)
PUT_BACK = {
    ON_FOREIGN_TRUNK: "update_incoming_number",
    WITH_VOICE_APPLICATION: "update_incoming_number",
    WITH_VOICE_URL: "delete_trunk_phone_number",
}
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


@SIDES
@pytest.mark.parametrize("call", ["get_number", "delete_number", "delete_trunk"])
def test_a_cancelled_create_killed_at_any_call_is_taken_back(world, number, call, when):
    hold(world, call, when, nth=2 if call in CREATE_CALLS else 1)
    world.sandbox.fail(LAST_CALL, delay_before_ms=CANCEL_IN_MS)
    operation = world.api.create(number, {**ASYNC, **key("create")}).json()
    eventually(lambda: world.sandbox.calls(LAST_CALL), "all but the last stands")
    assert world.api.request("POST", f"{OPERATIONS}/{operation['id']}/cancel").status_code == 202
    crash(world, when)
    world.start()

    ended = world.api.ended(operation["id"])
    assert (ended["state"], ended["error"]["code"]) == ("failed", "cancelled")
    assert world.api.create(number, key("create")).json()["code"] == "cancelled"
    assert_nothing_left(world)


@SIDES
@pytest.mark.parametrize("call", ["get_agent", "update_number"])
def test_a_patch_killed_at_any_call_is_finished(world, number, call, when):
    etag = world.api.create(number).headers["ETag"]
    hold(world, call, when)
    headers = {**ASYNC, **key("patch"), "If-Match": etag}
    operation = world.api.patch(number, headers, label="Front desk", agent_id=OTHER_AGENT).json()
    crash(world, when)
    world.start()

    assert world.api.ended(operation["id"])["state"] == "succeeded"
    record = world.api.get(number).json()
    assert (record["label"], record["inbound_agent_id"]) == ("Front desk", OTHER_AGENT)
    at_retell = world.sandbox.retell_number(number)
    assert at_retell["nickname"] == "Front desk"
    assert [a["agent_id"] for a in at_retell["inbound_agents"]] == [OTHER_AGENT]
    assert_exactly(world, ALL_KINDS)
    assert_made_once(world)


@SIDES
@pytest.mark.parametrize("number", PUT_BACK)
def test_a_delete_killed_while_it_puts_the_routing_back_does_so(world, number, when):
    former = world.sandbox.routing(number)
    world.api.created(number, take_over=True)
    world.sandbox.forget_calls()
    hold(world, PUT_BACK[number], when)
    operation = world.api.delete(number, ASYNC).json()
    crash(world, when)
    world.start()

    assert world.api.ended(operation["id"])["state"] == "succeeded"
    assert world.sandbox.routing(number) == former
    assert_nothing_left(world)


@SIDES
@pytest.mark.parametrize("call", ["get_agent", "get_number", "import_number"])
def test_a_create_on_the_callers_trunk_killed_at_any_call_is_finished(world, number, call, when):
    hold(world, call, when)
    body = {"provider": "sip_trunk", "outbound_trunk": {"address": "sbc.example.com"}}
    operation = world.api.create(number, ASYNC, **body).json()
    crash(world, when)
    world.start()

    assert world.api.ended(operation["id"])["state"] == "succeeded"
    assert_exactly(world, ["retell_number"])
    assert ever_made(world) == ["retell_number"]
    world.api.deleted(number)
    assert_nothing_left(world)


@pytest.mark.parametrize("seed", range(2))
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
    if len(world.sandbox.calls()) >= seen:
        return True
    return not world.api.operations(state="running").json()["items"]


def _operations(world):
    return world.api.operations(limit=200).json()["items"]


def _count(world, kind):
    return len([o for o in _operations(world) if o["kind"] == kind])
