# SPDX-License-Identifier: MIT
"""What cannot be taken back is never forgotten: the number is corrupted."""

import pytest

from support.facts import ALL_KINDS, WITH_VOICE_APPLICATION
from support.sandbox import refused
from support.world import assert_exactly, assert_nothing_left, kinds_of, ledger_ours

EMERGENCY = 21634  # Twilio: numbers on the trunk have emergency calling


@pytest.fixture
def stubborn(make_world, number):
    """A world with a number whose trunk Twilio refuses to delete, for ever."""
    world = make_world(TRUNKLINE_UNDO_DEADLINE_S=2)
    world.number = world.api.created(number)
    world.sandbox.fail("delete_trunk", **refused(400, EMERGENCY))
    return world


@pytest.fixture
def corrupted(stubborn):
    """The same after a DELETE that could not finish."""
    stubborn.answer = stubborn.api.delete(stubborn.number["id"])
    return stubborn


def _only_the_trunk(world, remaining):
    (left,) = remaining
    assert (left["kind"], left["id"]) == ("trunk", world.number["trunk"]["sid"])
    assert left["id"] in left["by_hand"] or "trunk" in left["by_hand"].lower()
    return left


def test_with_its_trunk_refused_everything_else_is_removed(corrupted):
    assert_exactly(corrupted, ["trunk"])
    assert corrupted.api.get(corrupted.number["id"]).json()["status"] == "corrupted"


def test_the_answer_names_exactly_the_trunk_and_what_to_do_by_hand(corrupted):
    problem = corrupted.answer.json()

    assert corrupted.answer.status_code == 502
    assert problem["code"] == "provider-refused"
    assert (problem["provider_status"], problem["provider_code"]) == (400, EMERGENCY)
    left = _only_the_trunk(corrupted, problem["resources"]["remaining"])
    assert left["error"]
    everything_else = sorted(set(ALL_KINDS) - {"trunk"})
    assert kinds_of(problem["resources"]["removed"]) == everything_else


def test_the_number_keeps_the_list_of_what_remains(corrupted):
    number = corrupted.api.get(corrupted.number["id"]).json()

    _only_the_trunk(corrupted, number["error"]["remaining"])
    operation = corrupted.api.operation(number["operation_id"]).json()
    assert operation["state"] == "stuck"
    assert [n["id"] for n in corrupted.api.list(status="corrupted").json()["items"]] == [
        number["id"]
    ]


def test_a_delete_once_the_fault_is_gone_finishes(corrupted):
    corrupted.sandbox.heal()
    corrupted.sandbox.forget_calls()
    receipt = corrupted.api.deleted(corrupted.number["id"])

    assert [r["kind"] for r in receipt["resources"]["removed"]] == ["trunk"]
    assert receipt["resources"]["remaining"] == []
    assert [c["operation"] for c in corrupted.sandbox.writes()] == ["delete_trunk"]
    assert_nothing_left(corrupted)


def test_a_delete_while_the_fault_lasts_leaves_it_corrupted(corrupted):
    answer = corrupted.api.delete(corrupted.number["id"])

    assert answer.status_code == 502
    _only_the_trunk(corrupted, answer.json()["resources"]["remaining"])
    assert corrupted.api.get(corrupted.number["id"]).json()["status"] == "corrupted"


def test_a_restart_keeps_it_corrupted_and_resumable(corrupted):
    corrupted.restart()

    number = corrupted.api.get(corrupted.number["id"]).json()
    _only_the_trunk(corrupted, number["error"]["remaining"])
    corrupted.sandbox.heal()
    corrupted.api.deleted(number["id"])
    assert_nothing_left(corrupted)


def test_a_corrupted_number_cannot_be_changed_or_made_again(corrupted):
    changed = corrupted.api.patch(corrupted.number["id"], label="new")
    again = corrupted.api.create(corrupted.number["phone_number"])

    assert (changed.status_code, changed.json()["code"]) == (409, "number-being-deleted")
    assert (again.status_code, again.json()["code"]) == (409, "number-already-exists")
    assert again.json()["number_id"] == corrupted.number["id"]


def test_force_drops_the_record_and_answers_what_is_abandoned(corrupted):
    corrupted.sandbox.forget_calls()
    answer = corrupted.api.force_delete(corrupted.number["id"])

    assert answer.status_code == 200
    _only_the_trunk(corrupted, answer.json()["resources"]["remaining"])
    assert corrupted.sandbox.calls() == [], "it does not ask the providers"
    assert_exactly(corrupted, ["trunk"])
    assert corrupted.api.get(corrupted.number["id"]).status_code == 404
    corrupted.unclean = True  # abandoned as asked: the trunk is the operator's now


def test_force_twice_is_not_found(corrupted):
    corrupted.api.force_delete(corrupted.number["id"])

    assert corrupted.api.force_delete(corrupted.number["id"]).status_code == 404
    corrupted.unclean = True


def test_after_force_the_number_can_be_made_anew(corrupted):
    corrupted.api.force_delete(corrupted.number["id"])
    corrupted.sandbox.heal()
    corrupted.api.created(corrupted.number["phone_number"])

    assert_exactly(corrupted, ["trunk"] + ALL_KINDS)
    corrupted.unclean = True


def test_force_on_an_active_number_is_refused(world, number):
    created = world.api.created(number)
    answer = world.api.force_delete(created["id"])

    assert (answer.status_code, answer.json()["code"]) == (409, "not-corrupted")
    assert world.api.get(created["id"]).json() == created
    assert_exactly(world, ALL_KINDS)


def test_force_on_an_unknown_number_is_not_found(world, number):
    assert world.api.force_delete(number).status_code == 404


@pytest.mark.parametrize("status", [403, 500])
@pytest.mark.parametrize(
    "undo, kind",
    [
        ("delete_number", "retell_number"),
        ("delete_trunk", "trunk"),
        ("delete_credential_list", "credential_list"),
    ],
)
def test_one_undo_that_fails_for_ever_stops_no_other(make_world, number, undo, kind, status):
    world = make_world(TRUNKLINE_UNDO_DEADLINE_S=1)
    created = world.api.created(number)
    world.sandbox.fail(undo, status=status, times=0)
    answer = world.api.delete(number)

    remaining = answer.json()["resources"]["remaining"]
    assert kind in kinds_of(remaining)
    assert all(r["by_hand"] for r in remaining)
    listed = sorted((r["kind"], r["id"]) for r in remaining)
    assert listed == sorted((r["kind"], r["id"]) for r in world.sandbox.ours())
    assert len(listed) < len(ALL_KINDS)
    assert world.api.get(created["id"]).json()["status"] == "corrupted"

    world.sandbox.heal()
    world.api.deleted(number)
    assert_nothing_left(world)


@pytest.mark.parametrize("status", [403, 500])
@pytest.mark.parametrize("number", ["+14155550100", WITH_VOICE_APPLICATION])
def test_a_number_that_cannot_be_detached_goes_with_its_trunk(make_world, number, status):
    world = make_world(TRUNKLINE_UNDO_DEADLINE_S=1)
    former = world.sandbox.routing(number)
    world.api.created(number)
    world.sandbox.fail("delete_trunk_phone_number", status=status, times=0)
    receipt = world.api.deleted(number)

    assert receipt["resources"]["remaining"] == []
    assert world.sandbox.routing(number) == former
    assert_nothing_left(world)


def test_routing_that_cannot_be_put_back_remains_to_be_done(make_world):
    world = make_world(TRUNKLINE_UNDO_DEADLINE_S=1)
    former = world.sandbox.routing(WITH_VOICE_APPLICATION)
    world.api.created(WITH_VOICE_APPLICATION)
    world.sandbox.fail("update_incoming_number", **refused(403, 20003))
    answer = world.api.delete(WITH_VOICE_APPLICATION)

    (left,) = answer.json()["resources"]["remaining"]
    assert left["kind"] == "trunk_phone_number" and "voice" in left["by_hand"]
    assert ledger_ours(world) == []
    world.sandbox.heal()
    world.api.deleted(WITH_VOICE_APPLICATION)
    assert world.sandbox.routing(WITH_VOICE_APPLICATION) == former
    assert_nothing_left(world)


def test_a_create_that_cannot_be_taken_back_leaves_a_corrupted_number(make_world, number):
    world = make_world(TRUNKLINE_UNDO_DEADLINE_S=2)
    world.sandbox.fail("create_trunk_phone_number", **refused(400, 20001))
    world.sandbox.fail("delete_trunk", **refused(400, EMERGENCY))
    problem = world.api.create(number).json()

    assert problem["rolled_back"] is False
    assert problem["provider_code"] == 20001, "the first cause is told"
    assert kinds_of(problem["resources"]["remaining"]) == ["trunk"]
    assert_exactly(world, ["trunk"])
    left = world.api.get(number).json()
    assert left["status"] == "corrupted"
    assert kinds_of(left["error"]["remaining"]) == ["trunk"]

    world.sandbox.heal()
    world.api.deleted(left["id"])
    assert_nothing_left(world)
