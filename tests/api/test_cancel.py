# SPDX-License-Identifier: MIT
"""Cancelling a create: whatever it has built is taken back, and everyone is told."""

import time

import pytest

from support.client import at_once, in_background
from support.crashes import HOLD
from support.facts import ALL_KINDS, OPERATIONS
from support.journeys import ALL_KINDS, ASYNC, assert_replayed, key
from support.keys import add_key
from support.process import SLOW
from support.sandbox import refused
from support.streams import Stream
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left, kinds_of

# One call of each wave.
WAVES = ["get_agent", "create_trunk", "import_number", "create_trunk_phone_number"]
SLOW_MS = 600


def _cancel(world, operation, headers=None):
    return world.api.request("POST", f"{OPERATIONS}/{operation}/cancel", headers)


def _start(world, number, headers=None):
    return world.api.create(number, {**ASYNC, **(headers or {})}).json()["id"]


def _running(world, number):
    """The id of the operation that works on the number."""

    def look():
        items = world.api.operations(phone_number=number).json()["items"]
        return items[0]["id"] if items else None

    return eventually(look, "the create is accepted")


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("call", WAVES)
def test_in_each_wave_it_leaves_nothing_and_the_waiting_client_is_told(world, number, call, side):
    world.sandbox.fail(call, **{f"delay_{side}_ms": SLOW_MS})
    waiting = in_background(lambda: world.api.create(number))
    operation = _running(world, number)
    eventually(lambda: world.sandbox.calls(call), f"{call} is out")
    answer = _cancel(world, operation)

    assert answer.status_code == 202
    assert (answer.json()["id"], answer.json()["state"]) == (operation, "undoing")
    assert answer.headers["Location"] == f"{OPERATIONS}/{operation}"
    told = waiting()
    assert (told.status_code, told.json()["code"]) == (409, "cancelled")
    assert told.json()["rolled_back"] is True
    assert told.json()["operation_id"] == operation
    receipt = told.json()["resources"]
    assert receipt["remaining"] == []
    assert kinds_of(receipt["created"]) == kinds_of(receipt["removed"])
    assert_nothing_left(world)
    ended = world.api.operation(operation).json()
    assert (ended["state"], ended["error"]["code"]) == ("failed", "cancelled")
    world.api.created(number)
    assert_exactly(world, ALL_KINDS)


def test_the_rollback_can_be_followed(make_world, number):
    world = make_world({"latency_ms": 60})
    world.sandbox.fail("create_trunk_phone_number", delay_before_ms=SLOW_MS)
    operation = _start(world, number)
    eventually(lambda: world.sandbox.calls("create_trunk_phone_number"), "the last wave")
    assert _cancel(world, operation).status_code == 202
    with Stream(world.api, operation) as stream:
        assert stream.rest()[-1].data["error"]["code"] == "cancelled"


def test_twice_is_once(world, number):
    world.sandbox.fail("create_trunk", delay_after_ms=SLOW_MS)
    operation = _start(world, number)
    eventually(lambda: world.sandbox.calls("create_trunk"), "create_trunk is out")
    answers = at_once([lambda: _cancel(world, operation)] * 8)

    assert {a.status_code for a in answers} == {202}
    assert world.api.ended(operation)["state"] == "failed"
    assert len(world.sandbox.calls("delete_trunk")) == 1
    late = _cancel(world, operation)
    assert (late.status_code, late.json()["code"]) == (409, "not-cancellable")
    assert_nothing_left(world)


def test_what_has_ended_stays_as_it_is(world, numbers):
    good, bad = numbers(2)
    succeeded = world.api.created(good)["operation_id"]
    world.sandbox.fail("create_trunk", **refused(400))
    failed = world.api.create(bad).json()["operation_id"]
    for operation in (succeeded, failed):
        answer = _cancel(world, operation)
        assert (answer.status_code, answer.json()["code"]) == (409, "not-cancellable")
    assert_exactly(world, ALL_KINDS)


def test_a_delete_and_an_update_cannot_be_cancelled(world, number):
    world.api.created(number)
    for call, change in (
        ("update_number", lambda: world.api.patch(number, ASYNC, fallback_number="+14155550199")),
        ("delete_trunk", lambda: world.api.delete(number, ASYNC)),
    ):
        world.sandbox.fail(call, delay_before_ms=SLOW_MS)
        operation = change().json()["id"]
        answer = _cancel(world, operation)
        assert (answer.status_code, answer.json()["code"]) == (409, "not-cancellable")
        assert world.api.ended(operation)["state"] == "succeeded"
    assert_nothing_left(world)


def test_a_crash_does_not_forget_it(world, number):
    world.sandbox.fail("create_trunk_phone_number", **HOLD["after"])
    operation = _start(world, number)
    eventually(lambda: world.sandbox.calls("create_trunk_phone_number"), "the last wave")
    assert _cancel(world, operation).status_code == 202
    world.crash()
    world.sandbox.heal()
    world.start()

    ended = world.api.ended(operation)
    assert (ended["state"], ended["error"]["code"]) == ("failed", "cancelled")
    assert_nothing_left(world)


def test_the_key_of_the_create_replays_how_it_ended(world, number):
    world.sandbox.fail("create_trunk", delay_after_ms=SLOW_MS)
    waiting = in_background(lambda: world.api.create(number, key("one")))
    operation = _running(world, number)
    eventually(lambda: world.sandbox.calls("create_trunk"), "create_trunk is out")
    assert _cancel(world, operation, key("another")).status_code == 202

    assert_replayed(waiting(), world.api.create(number, key("one")))
    assert_nothing_left(world)


def test_at_any_moment_it_is_all_or_nothing(world, numbers):
    """The answer to the cancel tells how the create ends."""
    wanted = numbers(24)
    outcomes = set()
    for i, number in enumerate(wanted):
        operation = _start(world, number)
        time.sleep(i * 0.0015 * SLOW)
        cancelled = _cancel(world, operation).status_code
        ended = world.api.ended(operation)["state"]
        outcomes.add((cancelled, ended))
    assert outcomes <= {(202, "failed"), (409, "succeeded")}
    assert (202, "failed") in outcomes


@pytest.mark.parametrize("ref", ["op_" + "0" * 26, "apn_" + "0" * 26, "nonsense"])
def test_an_unknown_operation_is_not_found(shared, ref):
    assert _cancel(shared, ref).status_code == 404


def test_the_scope_write_is_needed(world, number):
    world.stop()
    keys = {scope: add_key(world, scope) for scope in ("read", "write")}
    world.start()
    world.sandbox.fail("create_trunk", delay_after_ms=SLOW_MS)
    operation = _start(world, number)
    path = f"{OPERATIONS}/{operation}/cancel"

    assert world.api.with_key(None).request("POST", path).status_code == 401
    assert world.api.with_key(keys["read"]).request("POST", path).status_code == 403
    assert world.api.with_key(keys["write"]).request("POST", path).status_code == 202
    assert world.api.ended(operation)["state"] == "failed"


def test_it_takes_neither_a_body_nor_a_query_nor_another_method(shared):
    path = f"{OPERATIONS}/op_{'0' * 26}/cancel"

    assert shared.api.request("POST", path, json={"why": "not"}).status_code == 400
    assert shared.api.request("POST", path + "?now=true").status_code == 400
    answer = shared.api.request("GET", path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")
