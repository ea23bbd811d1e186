# SPDX-License-Identifier: MIT
"""Deleting a number: nothing is left, in an order that stops calls first."""

import pytest
import requests

from support import facts
from support.client import at_once
from support.facts import ALL_KINDS
from support.world import assert_exactly, assert_nothing_left, kinds_of


def test_a_delete_leaves_nothing_and_answers_the_receipt(world, number):
    created = world.api.created(number)
    receipt = world.api.deleted(created["id"])

    assert_nothing_left(world)
    assert kinds_of(receipt["resources"]["removed"]) == sorted(ALL_KINDS)
    assert receipt["resources"]["remaining"] == []
    made = {(r["kind"], r["id"]) for r in created["resources"]}
    assert {(r["kind"], r["id"]) for r in receipt["resources"]["removed"]} == made


def test_a_number_may_be_deleted_by_its_e164_number(world, number):
    world.api.created(number)
    world.api.deleted(number)

    assert_nothing_left(world)


def test_a_deleted_number_is_gone_but_its_operations_stay_readable(world, number):
    created = world.api.created(number)
    receipt = world.api.deleted(created["id"])

    assert world.api.get(created["id"]).status_code == 404
    assert world.api.delete(created["id"]).status_code == 404
    assert world.api.operation(created["operation_id"]).json()["state"] == "succeeded"
    assert world.api.operation(receipt["operation_id"]).json()["kind"] == "delete"


def test_calls_stop_before_the_trunk_goes_and_the_list_goes_after_the_trunk(world, number):
    world.api.created(number)
    world.sandbox.forget_calls()
    world.api.deleted(number)
    calls = {c["operation"]: c for c in world.sandbox.calls() if c["method"] == "DELETE"}

    trunk = calls["delete_trunk"]
    assert calls["delete_number"]["done_ms"] <= trunk["at_ms"]
    assert calls["delete_trunk_phone_number"]["done_ms"] <= trunk["at_ms"]
    assert trunk["done_ms"] <= calls["delete_credential_list"]["at_ms"]
    assert len(calls) == 4, "what dies with another needs no call of its own"


def test_a_number_can_be_created_again_with_a_fresh_domain(world, number):
    first = world.api.created(number)
    world.api.deleted(number)
    second = world.api.created(number)

    assert second["id"] != first["id"]
    assert second["trunk"]["termination_uri"] != first["trunk"]["termination_uri"]
    assert_exactly(world, ALL_KINDS)


def test_a_number_nobody_knows_is_not_found(world, number):
    assert world.api.delete(number).status_code == 404
    assert world.api.delete("apn_" + "0" * 26).status_code == 404
    assert world.sandbox.calls() == []


def test_what_was_removed_by_hand_meanwhile_is_no_obstacle(world, number):
    created = world.api.created(number)
    _by_hand(world, "DELETE", f"/v1/Trunks/{created['trunk']['sid']}")
    receipt = world.api.deleted(number)

    assert_nothing_left(world)
    assert receipt["resources"]["remaining"] == []


def test_retells_documented_422_for_gone_counts_as_gone(world, number):
    world.api.created(number)
    gone = {"status": "error", "message": "Cannot find requested asset under given api key."}
    world.sandbox.fail("delete_number", status=422, body=gone, effect=True)
    world.api.deleted(number)

    assert_nothing_left(world)


def test_a_delete_with_a_stale_etag_deletes_nothing(world, number):
    created = world.api.create(number)
    world.api.patch(number, label="changed")
    answer = world.api.delete(number, {"If-Match": created.headers["ETag"]})

    assert (answer.status_code, answer.json()["code"]) == (412, "precondition-failed")
    assert world.api.get(number).json()["status"] == "active"
    assert_exactly(world, ALL_KINDS)


def test_a_delete_with_the_present_etag_goes_through(world, number):
    created = world.api.create(number)
    answer = world.api.delete(number, {"If-Match": created.headers["ETag"]})

    assert answer.status_code == 200
    assert_nothing_left(world)


def test_fifty_deletes_at_once_are_one_delete(world, number):
    created = world.api.created(number)
    world.sandbox.forget_calls()
    answers = at_once([lambda: world.api.delete(created["id"])] * 50)

    world.api.all_ended()
    assert {a.status_code for a in answers} <= {200, 202, 404, 409}
    assert any(a.status_code == 200 for a in answers)
    assert len(world.sandbox.calls("delete_trunk")) == 1
    assert_nothing_left(world)


@pytest.mark.parametrize("times", [1, 3])
def test_an_undo_is_tried_again_when_the_provider_stumbles(world, number, times):
    world.api.created(number)
    world.sandbox.fail("delete_trunk", status=500, times=times)
    receipt = world.api.deleted(number)

    assert receipt["resources"]["remaining"] == []
    assert_nothing_left(world)


def test_while_it_is_being_deleted_the_number_says_so_and_cannot_be_changed(world, number):
    world.api.created(number)
    world.sandbox.fail("delete_trunk", delay_before_ms=700)
    operation = world.api.delete(number, {"Prefer": "respond-async"}).json()

    assert world.api.get(number).json()["status"] == "deleting"
    answer = world.api.patch(number, label="too late")
    assert answer.status_code == 409
    assert answer.json()["code"] in ("number-being-deleted", "operation-in-progress")
    assert world.api.ended(operation["id"])["state"] == "succeeded"


def _by_hand(world, method, path):
    """What an operator does at Twilio's console."""
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (facts.ACCOUNT, facts.AUTH_TOKEN)
        answer = session.request(method, world.sandbox.url + path, timeout=10)
    assert answer.ok, answer.text
