# SPDX-License-Identifier: MIT
"""Changing a number: Retell and the record change together, or neither does."""

import pytest

from support import facts
from support.facts import AGENT, OTHER_AGENT
from support.sandbox import refused

KEPT_AT_RETELL = (
    "name",
    "inbound_agents",
    "outbound_agents",
    "inbound_webhook_url",
    "fallback_number",
    "allowed_inbound_country_list",
    "allowed_outbound_country_list",
)


@pytest.fixture
def desk(world, number):
    """A world with one number that has a label, a webhook and metadata."""
    world.number = world.api.created(
        number,
        label="Desk",
        inbound_webhook_url="https://example.com/hook",
        metadata={"team": "north", "floor": "2"},
    )
    world.sandbox.forget_calls()
    return world


def _at_retell(world):
    number = world.sandbox.retell_number(world.number["phone_number"])
    return {field: number.get(field) for field in KEPT_AT_RETELL}


def _patched(world, **changes):
    answer = world.api.patch(world.number["id"], **changes)
    assert answer.status_code == 200, answer.text
    assert answer.json() == world.api.get(world.number["id"]).json()
    return answer.json()


def test_a_label_is_changed_here_and_at_retell(desk):
    assert _patched(desk, label="New")["label"] == "New"

    assert _at_retell(desk)["name"] == "New"


def test_the_answer_is_the_new_version_with_a_new_etag(desk):
    before = desk.api.get(desk.number["id"])
    after = desk.api.patch(desk.number["id"], label="New")

    assert after.json()["version"] == before.json()["version"] + 1
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.json()["updated_at"] >= before.json()["updated_at"]
    assert after.json()["created_at"] == before.json()["created_at"]


def test_agents_are_replaced_after_a_check_at_retell(desk):
    body = _patched(desk, inbound_agents=[{"agent_id": OTHER_AGENT, "weight": 1}])

    assert body["inbound_agent_id"] == OTHER_AGENT
    assert body["outbound_agent_id"] == AGENT, "the other direction stays"
    assert desk.sandbox.operations()[-1] == "update_number"
    assert any(OTHER_AGENT in call["path"] for call in desk.sandbox.calls("get_agent"))
    (agent,) = _at_retell(desk)["inbound_agents"]
    assert agent["agent_id"] == OTHER_AGENT


def test_the_short_form_changes_both_directions(desk):
    body = _patched(desk, agent_id=OTHER_AGENT)

    assert body["inbound_agent_id"] == body["outbound_agent_id"] == OTHER_AGENT


def test_null_unassigns_an_agent(desk):
    body = _patched(desk, inbound_agents=None)

    assert body["inbound_agent_id"] is None
    assert not _at_retell(desk)["inbound_agents"]
    assert body["outbound_agent_id"] == AGENT


def test_webhook_and_fallback_are_set_and_removed(desk, numbers):
    (number,) = numbers(1)
    _patched(desk, inbound_webhook_url="https://example.com/new", fallback_number=number)
    assert _at_retell(desk)["inbound_webhook_url"] == "https://example.com/new"
    assert _at_retell(desk)["fallback_number"] == number

    body = _patched(desk, inbound_webhook_url=None, fallback_number=None)
    assert (body["inbound_webhook_url"], body["fallback_number"]) == (None, None)
    assert _at_retell(desk)["inbound_webhook_url"] is None
    assert _at_retell(desk)["fallback_number"] is None


def test_countries_are_changed(desk):
    body = _patched(desk, allowed_inbound_country_list=["DE"])

    assert body["allowed_inbound_country_list"] == ["DE"]
    assert _at_retell(desk)["allowed_inbound_country_list"] == ["DE"]


def test_metadata_is_merged_member_by_member_and_never_leaves(desk):
    body = _patched(desk, metadata={"team": "south", "floor": None, "room": "7"})

    assert body["metadata"] == {"team": "south", "room": "7"}
    assert desk.sandbox.calls() == [], "Retell has no metadata"


def test_an_empty_patch_changes_nothing(desk):
    _patched(desk)

    _unchanged_but_for_the_attempt(desk)
    assert desk.sandbox.calls() == []


def test_a_patch_with_what_is_there_already_changes_nothing(desk):
    body = _patched(desk, label="Desk", agent_id=AGENT)

    assert body["label"] == "Desk"
    assert body["inbound_agents"] == desk.number["inbound_agents"]


def test_plain_json_is_taken_as_a_merge_patch(desk):
    path = f"{facts.NUMBERS}/{desk.number['id']}"
    answer = desk.api.request("PATCH", path, json={"label": "New"})

    assert (answer.status_code, answer.json()["label"]) == (200, "New")


def test_an_unknown_agent_is_refused_and_nothing_changes(desk):
    before = _at_retell(desk)
    answer = desk.api.patch(desk.number["id"], agent_id="agent_unknown", label="New")

    assert (answer.status_code, answer.json()["code"]) == (422, "agent-not-found")
    assert desk.api.get(desk.number["id"]).json() == desk.number
    assert _at_retell(desk) == before
    assert desk.sandbox.writes() == []


def test_a_refused_update_changes_nothing(desk):
    before = _at_retell(desk)
    desk.sandbox.fail("update_number", **refused(400))
    answer = desk.api.patch(desk.number["id"], label="New", agent_id=OTHER_AGENT)

    assert (answer.status_code, answer.json()["code"]) == (502, "provider-refused")
    assert answer.json()["rolled_back"] is True
    assert _at_retell(desk) == before
    _unchanged_but_for_the_attempt(desk)


def test_an_update_that_half_happened_is_rolled_back_at_retell(desk):
    """The first PATCH takes effect without an answer, the second is refused."""
    before = _at_retell(desk)
    desk.sandbox.fail("update_number", status=500, effect=True)
    desk.sandbox.fail("update_number", status=400, nth=2)
    answer = desk.api.patch(desk.number["id"], label="New", agent_id=OTHER_AGENT)

    assert answer.status_code == 502
    assert answer.json()["rolled_back"] is True
    assert len(desk.sandbox.calls("update_number")) == 3
    assert _at_retell(desk) == before
    _unchanged_but_for_the_attempt(desk)


@pytest.mark.parametrize("change", [{"label": "Desk"}, {"metadata": {"floor": "3"}}])
def test_after_an_update_that_got_stuck_the_next_settles_what_retell_has(desk, change):
    """Whatever it changes, and though for the record it may change nothing."""
    before = _at_retell(desk)
    desk.sandbox.fail("update_number", status=500, effect=True)
    desk.sandbox.fail("update_number", status=400, nth=2)
    desk.sandbox.fail("update_number", status=401, nth=3)
    answer = desk.api.patch(desk.number["id"], label="New")
    assert (answer.status_code, answer.json()["rolled_back"]) == (502, False)
    assert _at_retell(desk)["name"] == "New"

    with desk.sandbox.failing("update_number", status=400, times=0):
        assert desk.api.patch(desk.number["id"], **change).status_code == 502, "as it was"
    _patched(desk, **change)
    assert _at_retell(desk) == before
    desk.sandbox.forget_calls()
    _patched(desk, **change)
    assert desk.sandbox.calls("update_number") == [], "it is settled"


def test_an_update_whose_answer_is_lost_is_repeated(desk):
    desk.sandbox.fail("update_number", drop="after")
    body = _patched(desk, label="New")

    assert body["label"] == _at_retell(desk)["name"] == "New"


def test_a_retell_outage_ends_the_update_and_the_number_stays_as_it_was(make_world, number):
    world = make_world(TRUNKLINE_OPERATION_DEADLINE_S=1, TRUNKLINE_UNDO_DEADLINE_S=20)
    world.number = world.api.created(number, label="Desk")
    before = _at_retell(world)
    world.sandbox.fail("update_number", status=500, times=3)
    answer = world.api.patch(number, label="New")

    assert answer.status_code in (200, 503, 504)
    expected = {**before, "name": "New"} if answer.status_code == 200 else before
    assert _at_retell(world) == expected
    assert world.api.get(number).json()["label"] == expected["name"]


@pytest.mark.parametrize(
    "change, pointer",
    [
        ({"phone_number": "+14155550101"}, "/phone_number"),
        ({"provider": "sip_trunk"}, "/provider"),
        ({"supports_inbound": False}, "/supports_inbound"),
        ({"take_over": True}, "/take_over"),
        ({"twilio_auth_token": "x" * 32}, "/twilio_auth_token"),
        ({"outbound_trunk": {"transport": "tls"}}, "/outbound_trunk"),
        ({"status": "deleting"}, "/status"),
        ({"label": 7}, "/label"),
        ({"metadata": {"a": 1}}, "/metadata/a"),
        ({"inbound_webhook_url": "nonsense"}, "/inbound_webhook_url"),
    ],
)
def test_what_cannot_be_changed_or_is_wrong_is_pointed_at(shared, number, change, pointer):
    created = shared.api.created(number)
    answer = shared.api.patch(number, **change)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert [f["pointer"] for f in answer.json()["errors"]] == [pointer]
    assert shared.api.get(number).json() == created
    shared.api.deleted(number)


# If-Match


def test_if_match_lets_the_present_version_through_and_no_other(desk):
    ref = desk.number["id"]
    etag = desk.api.get(ref).headers["ETag"]
    first = desk.api.patch(ref, {"If-Match": etag}, label="One")
    late = desk.api.patch(ref, {"If-Match": etag}, label="Two")

    assert first.status_code == 200
    assert (late.status_code, late.json()["code"]) == (412, "precondition-failed")
    assert desk.api.get(ref).json()["label"] == "One"


@pytest.mark.parametrize(
    "form, status",
    [("*", 200), ('"99", {}', 200), ('"99"', 412), ("W/{}", 412), ("99", 400), ('"', 400)],
)
def test_if_match_knows_stars_lists_and_weak_tags(desk, form, status):
    etag = desk.api.get(desk.number["id"]).headers["ETag"]
    answer = desk.api.patch(desk.number["id"], {"If-Match": form.format(etag)}, label="New")

    assert answer.status_code == status


def test_an_unknown_number_is_404_whatever_the_etag(shared, number):
    assert shared.api.patch(number, {"If-Match": '"1"'}, label="x").status_code == 404


def test_changes_survive_a_restart(desk):
    changed = _patched(desk, label="New", agent_id=OTHER_AGENT, metadata={"room": "7"})
    desk.restart()

    assert desk.api.get(desk.number["id"]).json() == changed


def _unchanged_but_for_the_attempt(world):
    now = world.api.get(world.number["id"]).json()
    about_the_attempt = ("operation_id", "version", "updated_at")
    assert {k: v for k, v in now.items() if k not in about_the_attempt} == {
        k: v for k, v in world.number.items() if k not in about_the_attempt
    }
