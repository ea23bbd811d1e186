# SPDX-License-Identifier: MIT
"""A create that fails is taken back whole: for every call it makes, in turn."""

import pytest

from support import facts
from support.facts import ALL_KINDS, CREATE_CALLS, CREATE_WRITES, RETELL_CALLS
from support.sandbox import refused
from support.world import assert_exactly, assert_nothing_left

REFUSALS = {"400": refused(400, 20001), "403": refused(403, 20003)}


def refuse(world, call, refusal):
    """Retell has no error codes: its refusal is a status and a message."""
    rule = {k: v for k, v in refusal.items() if k != "code" or call not in RETELL_CALLS}
    world.sandbox.fail(call, **rule)


def assert_rolled_back(answer):
    problem = answer.json()
    assert answer.status_code >= 400
    assert problem["rolled_back"] is True
    assert problem["resources"]["remaining"] == []
    return problem


@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("call", CREATE_CALLS)
def test_with_one_call_refused_nothing_is_left_and_the_number_is_free(world, number, call, status):
    refuse(world, call, REFUSALS[status])
    assert_rolled_back(world.api.create(number))
    assert_nothing_left(world)

    world.sandbox.heal()
    world.api.created(number)
    assert_exactly(world, ALL_KINDS)


@pytest.mark.parametrize("call", CREATE_WRITES)
def test_the_problem_names_the_call_that_was_refused(world, number, call):
    refuse(world, call, REFUSALS["400"])
    problem = world.api.create(number).json()

    assert problem["code"] == "provider-refused"
    assert problem["provider"] == ("retell" if call in RETELL_CALLS else "twilio")
    assert problem["provider_status"] == 400
    assert call in RETELL_CALLS or problem["provider_code"] == 20001
    operation = world.api.operation(problem["operation_id"]).json()
    assert operation["state"] == "failed"
    assert problem["step"] in {step["name"] for step in operation["steps"]}


def test_the_receipt_of_a_failed_create_lists_what_was_made_and_removed(world, number):
    refuse(world, "create_trunk_phone_number", REFUSALS["400"])
    receipt = assert_rolled_back(world.api.create(number))["resources"]

    once = sorted((r["kind"], r["id"]) for r in world.sandbox.ledger() if _was_ours(r))
    assert len(once) == len(ALL_KINDS) - 1
    assert sorted((r["kind"], r["id"]) for r in receipt["created"]) == once
    assert sorted((r["kind"], r["id"]) for r in receipt["removed"]) == once


def test_several_calls_of_a_wave_may_be_refused_at_once(world, number):
    for call in facts.WAVES[2]:
        refuse(world, call, REFUSALS["400"])
    assert_rolled_back(world.api.create(number))

    assert_nothing_left(world)


def test_a_rollback_waits_for_calls_still_under_way(world, number):
    refuse(world, "create_credential_list", REFUSALS["400"])
    world.sandbox.fail("create_trunk", delay_before_ms=400)
    assert_rolled_back(world.api.create(number))

    assert len(world.sandbox.calls("create_trunk")) == 1
    assert_nothing_left(world)


@pytest.mark.parametrize("undo", ["delete_trunk", "delete_credential_list", "delete_number"])
def test_a_rollback_goes_on_when_an_undo_stumbles(world, number, undo):
    refuse(world, "create_trunk_phone_number", REFUSALS["400"])
    world.sandbox.fail(undo, status=500, times=2)
    assert_rolled_back(world.api.create(number))

    assert_nothing_left(world)


def test_a_provider_that_stays_away_ends_the_create_at_its_deadline(make_world, number):
    world = make_world(TRUNKLINE_OPERATION_DEADLINE_S=2)
    world.sandbox.fail("create_origination_url", status=500, times=0)
    answer = world.api.create(number)

    assert answer.status_code in (503, 504)
    assert answer.json()["code"] in ("provider-unavailable", "deadline-exceeded")
    assert_rolled_back(answer)
    assert_nothing_left(world)


@pytest.mark.parametrize("call", ["get_agent", "get_number", "import_number"])
def test_a_number_without_twilio_is_rolled_back_just_the_same(world, number, call):
    refuse(world, call, REFUSALS["400"])
    answer = world.api.create(
        number, provider="sip_trunk", outbound_trunk={"address": "sip.example.com"}
    )
    assert_rolled_back(answer)

    assert_nothing_left(world)


@pytest.mark.parametrize("call", ["create_connection_policy", "create_connection_policy_target"])
def test_optional_steps_are_rolled_back_too(world, number, call):
    refuse(world, call, REFUSALS["400"])
    policy = {"target": "sip:sip.retellai.com"}
    assert_rolled_back(world.api.create(number, connection_policy=policy))

    assert_nothing_left(world)


def test_a_refused_fallback_number_takes_the_import_back(world, numbers):
    number, fallback = numbers(2)
    refuse(world, "update_number", REFUSALS["400"])
    assert_rolled_back(world.api.create(number, fallback_number=fallback))

    assert_nothing_left(world)


def _was_ours(resource):
    return not resource["foreign"] and resource["kind"] != "incoming_phone_number"
