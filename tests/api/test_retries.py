# SPDX-License-Identifier: MIT
"""Providers that stumble: every call in turn is slowed, dropped or garbled once, and the
create still makes each thing exactly once."""

import pytest

from support import facts
from support.facts import ALL_KINDS, CREATE_CALLS, CREATE_WRITES
from support.world import SETTLE_MS, assert_exactly, assert_nothing_left

ROUNDING_MS = 2  # two clocks that count whole milliseconds

# What happens once to one call. None of it may show in the outcome.
STUMBLES = {
    "429": {"status": 429, "code": 20429},
    "500 before": {"status": 500, "effect": False},
    "500 after": {"status": 500, "effect": True},
    "dropped before": {"drop": "before"},
    "dropped after": {"drop": "after"},
    "truncated": {"truncate": 20},
    "html": {"garble": "html"},
    "bad id": {"garble": "wrong_sid"},
}
# What needs no proof for every call, since all are read in one place.
MORE_STUMBLES = {
    "503 after": {"status": 503, "code": 20503, "effect": True},
    "reset after": {"reset": True},
    "empty": {"garble": "empty"},
    "not http": {"garble": "not_http"},
    "no id": {"garble": "missing_sid"},
    "other id": {"garble": "number_sid"},
    "redirect": {"redirect": "http://169.254.169.254/"},
}
READ_STUMBLES = ["429", "500 before", "dropped before", "truncated", "html"]


def _created_in_spite_of(world, number, call, stumble):
    world.sandbox.fail(call, **stumble)
    answer = world.api.create(number)

    assert world.sandbox.hits() == 1, "the fault was met"
    assert answer.status_code == 201, answer.text
    assert_exactly(world, ALL_KINDS)
    made = [r["kind"] for r in world.sandbox.ledger() if _was_ours(r)]
    assert sorted(made) == sorted(ALL_KINDS), "nothing was made twice, not even for a moment"


@pytest.mark.parametrize("stumble", STUMBLES)
@pytest.mark.parametrize("call", CREATE_WRITES)
def test_a_write_that_stumbles_once_is_done_exactly_once(world, number, call, stumble):
    _created_in_spite_of(world, number, call, STUMBLES[stumble])


@pytest.mark.parametrize("stumble", MORE_STUMBLES)
@pytest.mark.parametrize("call", ["create_trunk", "import_number"])
def test_other_stumbles_are_survived_alike(world, number, call, stumble):
    _created_in_spite_of(world, number, call, MORE_STUMBLES[stumble])


@pytest.mark.parametrize("stumble", READ_STUMBLES)
@pytest.mark.parametrize("call", facts.WAVES[0])
def test_a_read_that_stumbles_once_is_repeated(world, number, call, stumble):
    _created_in_spite_of(world, number, call, STUMBLES[stumble])


@pytest.mark.parametrize("call", ["delete_number", "delete_trunk_phone_number", "delete_trunk",
                                  "delete_credential_list"])
@pytest.mark.parametrize("stumble", ["429", "500 after", "dropped before", "dropped after", "html"])
def test_an_undo_that_stumbles_once_is_done(world, number, call, stumble):
    world.api.created(number)
    world.sandbox.fail(call, **STUMBLES[stumble])
    receipt = world.api.deleted(number)

    assert world.sandbox.hits() == 1
    assert receipt["resources"]["remaining"] == []
    assert_nothing_left(world)


def test_retry_after_is_honoured(world, number):
    world.sandbox.fail("create_trunk", status=429, code=20429, retry_after=1)
    world.api.created(number)
    first, second = world.sandbox.calls("create_trunk")

    assert second["at_ms"] - first["done_ms"] >= 1000 - ROUNDING_MS
    assert_exactly(world, ALL_KINDS)


@pytest.mark.parametrize("nonsense", ["-1", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_nonsensical_retry_after_is_as_good_as_none(world, number, nonsense):
    world.sandbox.fail("create_trunk", status=429, code=20429, headers={"Retry-After": nonsense})
    world.api.created(number)

    assert len(world.sandbox.calls("create_trunk")) == 2


def test_a_call_that_was_never_processed_is_repeated_without_a_look(world, number):
    world.sandbox.fail("create_trunk", status=429, code=20429)
    world.api.created(number)

    assert not world.sandbox.calls("list_trunks")


def test_an_unknown_outcome_is_looked_up_before_it_is_repeated(world, number):
    world.sandbox.fail("create_trunk", drop="before")
    world.api.created(number)
    about_trunks = [c["operation"] for c in world.sandbox.calls() if c["operation"] in
                    ("create_trunk", "list_trunks")]

    assert about_trunks == ["create_trunk", "list_trunks", "list_trunks", "create_trunk"]
    looks = world.sandbox.calls("list_trunks")
    waited = looks[1]["at_ms"] - looks[0]["done_ms"]
    assert waited >= SETTLE_MS - ROUNDING_MS, "reads lag behind writes"


def test_what_is_found_is_adopted_and_not_made_again(world, number):
    world.sandbox.fail("create_trunk", drop="after")
    created = world.api.created(number)

    assert len(world.sandbox.calls("create_trunk")) == 1
    assert created["trunk"]["sid"] == world.sandbox.alive("trunk")[-1]["id"]


def test_a_domain_name_that_somebody_else_has_is_chosen_anew(world, number):
    """As likely as two numbers with one id, but then: not ours, and left alone."""
    world.sandbox.fail("create_trunk", status=400, code=21248)
    created = world.api.created(number)

    assert len(world.sandbox.calls("create_trunk")) == 2
    assert created["trunk"]["sid"] == world.sandbox.alive("trunk")[-1]["id"]
    assert_exactly(world, ALL_KINDS)


def test_a_request_that_lands_late_is_found_by_the_second_look(make_world, number):
    world = make_world(TRUNKLINE_SETTLE_MS=600)
    world.sandbox.fail("create_trunk", drop="before", land_late_ms=300)
    world.api.created(number)

    assert len(world.sandbox.calls("create_trunk")) == 1
    assert_exactly(world, ALL_KINDS)


def test_reads_that_lag_do_not_lead_to_a_second_trunk(make_world, number):
    world = make_world({"lag_ms": 400}, TRUNKLINE_SETTLE_MS=800)
    world.sandbox.fail("create_trunk", drop="after")
    world.api.created(number)

    assert len(world.sandbox.calls("create_trunk")) == 1
    assert_exactly(world, ALL_KINDS)


@pytest.mark.parametrize("call", CREATE_CALLS)
def test_a_provider_that_never_answers_costs_one_call_timeout(make_world, number, call):
    world = make_world(TRUNKLINE_CALL_TIMEOUT_MS=300)
    world.sandbox.fail(call, delay_before_ms=1000)
    answer = world.api.create(number)

    assert answer.status_code == 201, answer.text
    world.api.all_ended()
    assert_exactly(world, ALL_KINDS)


def test_a_next_page_at_another_host_is_not_followed(world, number):
    world.sandbox.fail("create_trunk", drop="before")
    world.sandbox.fail("list_trunks", garble="next_elsewhere")
    world.api.created(number)

    assert_exactly(world, ALL_KINDS)


@pytest.mark.parametrize("garble", ["huge", "endless", "deep", "dup_keys", "nul", "long_sid"])
def test_a_monstrous_answer_is_survived(make_world, number, garble):
    world = make_world(TRUNKLINE_CALL_TIMEOUT_MS=1500)
    world.sandbox.fail("create_trunk", garble=garble)
    answer = world.api.create(number)

    assert answer.status_code == 201, answer.text
    assert_exactly(world, ALL_KINDS)


def test_a_providers_error_text_that_repeats_our_secrets_goes_nowhere(world, number):
    world.sandbox.fail("import_number", garble="echo_secrets", status=400)
    answer = world.api.create(number)

    assert answer.status_code >= 400
    assert "\r" not in answer.json()["detail"] and "<" not in answer.json()["detail"]
    assert_nothing_left(world)


def _was_ours(resource):
    return not resource["foreign"] and resource["kind"] != "incoming_phone_number"
