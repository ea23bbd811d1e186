# SPDX-License-Identifier: MIT
"""Operations: what was asked, how far each step has come, how it ended."""

import pytest

from support.facts import OPERATIONS
from support.sandbox import refused
from support.waiting import eventually

STEPS = {
    "number_lookup",
    "agent_check",
    "retell_absent",
    "twilio_trunk",
    "twilio_credential_list",
    "twilio_credential",
    "twilio_trunk_credential_list",
    "twilio_origination_url",
    "retell_number",
    "twilio_number_attachment",
}
ASYNC = {"Prefer": "respond-async"}


def test_an_ended_create_tells_every_step_with_id_attempts_and_times(world, number):
    created = world.api.created(number)
    operation = world.api.operation(created["operation_id"]).json()

    assert operation["state"] == "succeeded"
    assert (operation["kind"], operation["number_id"]) == ("create", created["id"])
    steps = {step["name"]: step for step in operation["steps"]}
    assert set(steps) == STEPS
    assert {step["state"] for step in steps.values()} == {"present"}
    assert steps["twilio_trunk"]["id"] == created["trunk"]["sid"]
    for step in steps.values():
        assert step["attempts"] == 1
        assert step["started_at"] <= step["updated_at"]
    assert operation["created_at"] <= operation["ended_at"]


def test_progress_counts_the_steps_done(world, number):
    operation = world.api.operation(world.api.created(number)["operation_id"]).json()

    assert operation["progress"] == {"done": len(STEPS), "total": len(STEPS)}


def test_a_running_operation_shows_how_far_it_is(world, number):
    world.sandbox.fail("create_origination_url", delay_before_ms=700)
    accepted = world.api.create(number, ASYNC).json()
    eventually(lambda: world.sandbox.calls("create_origination_url"), "wave three")
    running = world.api.operation(accepted["id"]).json()

    states = {step["name"]: step["state"] for step in running["steps"]}
    assert running["state"] == "running"
    assert states["twilio_trunk"] == "present"
    assert states["twilio_origination_url"] == "intended"
    assert 0 < running["progress"]["done"] < running["progress"]["total"]
    assert world.api.ended(accepted["id"])["state"] == "succeeded"


def test_a_rolled_back_create_shows_what_was_undone_and_why(world, number):
    world.sandbox.fail("import_number", **refused(400))
    problem = world.api.create(number).json()
    operation = world.api.operation(problem["operation_id"]).json()

    states = {step["name"]: step for step in operation["steps"]}
    assert operation["state"] == "failed"
    assert states["twilio_trunk"]["state"] == "gone"
    assert states["retell_number"]["state"] == "absent"
    assert states["retell_number"]["error"]
    assert operation["error"]["code"] == problem["code"]


def test_attempts_count_the_retries(world, number):
    world.sandbox.fail("create_trunk", status=429, code=20429, times=2)
    operation = world.api.operation(world.api.created(number)["operation_id"]).json()

    (trunk,) = [step for step in operation["steps"] if step["name"] == "twilio_trunk"]
    assert trunk["attempts"] == 3


def test_delete_patch_and_force_are_operations_too(make_world, number):
    world = make_world(TRUNKLINE_UNDO_DEADLINE_S=1)
    created = world.api.created(number)
    world.api.patch(number, label="New")
    world.sandbox.fail("delete_trunk", **refused(403, 20003))
    world.api.delete(number)
    world.api.force_delete(number)
    items = world.api.operations(number_id=created["id"]).json()["items"]

    told = [(o["kind"], o["state"]) for o in items]
    assert told == [
        ("force", "succeeded"),
        ("delete", "stuck"),
        ("update", "succeeded"),
        ("create", "succeeded"),
    ]
    world.unclean = True  # the trunk was abandoned


def test_the_list_is_newest_first_in_pages_and_filters(world, numbers):
    wanted = numbers(3)
    for number in wanted:
        world.api.created(number)
    world.api.deleted(wanted[0])

    def told(**filters):
        return [
            (o["kind"], o["phone_number"]) for o in world.api.operations(**filters).json()["items"]
        ]

    everything = [("delete", wanted[0])] + [("create", n) for n in wanted[::-1]]
    assert told() == everything
    assert told(phone_number=wanted[0]) == [everything[0], everything[3]]
    assert told(kind="create") == everything[1:]
    assert told(state="succeeded") == everything
    assert told(state="running") == []
    first = world.api.operations(limit=3)
    rest = world.api.operations(limit=3, cursor=first.json()["next_cursor"])
    assert len(first.json()["items"]) == 3
    assert [o["kind"] for o in rest.json()["items"]] == ["create"]
    assert rest.json()["next_cursor"] is None
    assert "next" in first.links and "next" not in rest.links


@pytest.mark.parametrize("ref", ["op_" + "0" * 26, "apn_" + "0" * 26, "nonsense"])
def test_an_unknown_operation_is_not_found(shared, ref):
    assert shared.api.operation(ref).status_code == 404


@pytest.mark.parametrize("query", ["state=asleep", "kind=dance", "limit=0", "colour=red"])
def test_bad_filters_are_refused(shared, query):
    answer = shared.api.request("GET", f"{OPERATIONS}?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")
