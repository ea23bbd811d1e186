# SPDX-License-Identifier: MIT
"""?dry_run=true: the plan, and not a trace of it anywhere."""

import pytest

from support.world import assert_nothing_left

DRY = "?dry_run=true"


def _steps(answer):
    assert answer.status_code == 200, answer.text
    return [step["name"] for step in answer.json()["steps"]]


def test_the_plan_lists_the_steps_in_an_order_that_works(world, number):
    steps = _steps(world.api.create(number, query=DRY))

    for before, after in [
        ("number_lookup", "twilio_trunk"),
        ("twilio_trunk", "twilio_origination_url"),
        ("twilio_credential_list", "twilio_credential"),
        ("twilio_trunk", "retell_number"),
        ("retell_number", "twilio_number_attachment"),
    ]:
        assert steps.index(before) < steps.index(after)


def test_a_dry_run_changes_nothing(world, number):
    everything = world.sandbox.alive()
    world.api.create(number, query=DRY)

    assert world.sandbox.writes() == []
    assert world.sandbox.alive() == everything
    assert world.api.operations().json()["items"] == []
    assert_nothing_left(world)


def test_the_plan_is_of_what_was_asked_for(world, number):
    whole = _steps(world.api.create(number, query=DRY))
    inbound = _steps(world.api.create(number, query=DRY, supports_outbound=False))

    assert "twilio_credential" in whole and "twilio_credential" not in inbound
    assert "twilio_origination_url" in inbound


def test_the_real_create_does_what_the_plan_said(world, number):
    planned = _steps(world.api.create(number, query=DRY))
    created = world.api.created(number)
    operation = world.api.operation(created["operation_id"]).json()

    assert [step["name"] for step in operation["steps"]] == planned


def test_a_plan_for_a_bad_body_is_refused(world):
    assert world.api.create("12", query=DRY).status_code == 422


def test_a_plan_for_a_number_that_exists_is_a_conflict(world, number):
    world.api.created(number)
    answer = world.api.create(number, query=DRY)

    assert (answer.status_code, answer.json()["code"]) == (409, "number-already-exists")


@pytest.mark.parametrize("query", ["?dry_run=maybe", "?dry_run=true&dry_run=true", "?dryrun=true"])
def test_a_misspelt_dry_run_is_not_a_real_run(world, number, query):
    answer = world.api.create(number, query=query)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")
    assert_nothing_left(world)


def test_dry_run_false_is_a_real_run(world, number):
    assert world.api.create(number, query="?dry_run=false").status_code == 201


