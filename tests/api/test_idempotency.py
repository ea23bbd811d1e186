# SPDX-License-Identifier: MIT
"""One Idempotency-Key is one operation: replays are the same to the byte."""

import contextlib
import sqlite3
import time
from collections import Counter

import pytest

from support import facts
from support.client import at_once, in_background
from support.facts import ALL_KINDS, OTHER_AGENT
from support.sandbox import refused
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left

KEY = {"Idempotency-Key": "order-4711"}
REPLAYED_HEADERS = ("Content-Type", "Location", "ETag", "Retry-After")


def _same(first, again):
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in REPLAYED_HEADERS:
        assert again.headers.get(name) == first.headers.get(name)


def test_a_repeated_create_is_answered_again_to_the_byte(world, number):
    first = world.api.create(number, KEY)
    again = world.api.create(number, KEY)

    assert first.status_code == 201
    _same(first, again)
    assert_exactly(world, ALL_KINDS)
    assert len(world.sandbox.calls("create_trunk")) == 1


def test_the_answer_is_kept_even_when_the_number_has_changed_or_gone(world, number):
    first = world.api.create(number, KEY)
    world.api.patch(number, label="changed")
    _same(first, world.api.create(number, KEY))
    world.api.deleted(number)
    _same(first, world.api.create(number, KEY))

    assert_nothing_left(world)


def test_the_answer_survives_a_restart(world, number):
    first = world.api.create(number, KEY)
    world.restart()

    _same(first, world.api.create(number, KEY))


def test_a_failure_is_replayed_as_well(world, number):
    with world.sandbox.failing("create_trunk", **refused(400, 20001)):
        first = world.api.create(number, KEY)
    again = world.api.create(number, KEY)

    assert first.status_code == 502
    _same(first, again)
    assert_nothing_left(world)


def test_a_replay_says_the_same_time_to_come_again(make_world, number):
    world = make_world(TRUNKLINE_OPERATION_DEADLINE_S=1)
    with world.sandbox.failing("create_trunk", times=0, status=503):
        first = world.api.create(number, KEY)

    assert (first.status_code, first.json()["code"]) == (503, "provider-unavailable")
    assert first.headers["Retry-After"]
    _same(first, world.api.create(number, KEY))
    world.restart()
    _same(first, world.api.create(number, KEY))


def test_after_72_hours_a_key_is_forgotten_and_the_number_is_not(world, number):
    """No second create begins: the number's own uniqueness remains."""
    first = world.api.create(number, KEY)
    kept_ms = 72 * 3600 * 1000
    for age_ms, status in ((kept_ms - 60_000, 201), (kept_ms + 1000, 409)):
        world.stop()
        _aged(world, age_ms)
        world.start()
        if status == 409:
            eventually(lambda: _kept(world) == 0, "it is dropped")
        again = world.api.create(number, KEY)
        assert again.status_code == status
    assert again.json()["code"] == "number-already-exists"
    assert again.json()["number_id"] == first.json()["id"]
    assert_exactly(world, ALL_KINDS)


def _aged(world, age_ms):
    """Its kept answers ended so long ago."""
    with contextlib.closing(sqlite3.connect(world.database)) as database, database:
        database.execute("UPDATE replies SET finished_ms = ?", (int(time.time() * 1000) - age_ms,))


def _kept(world):
    with contextlib.closing(sqlite3.connect(world.database)) as database:
        return database.execute("SELECT count(*) FROM replies").fetchone()[0]


def test_a_delete_and_a_patch_are_replayed_too(world, number):
    world.api.created(number)
    patched = world.api.patch(number, {"Idempotency-Key": "p"}, label="once")
    _same(patched, world.api.patch(number, {"Idempotency-Key": "p"}, label="once"))
    deleted = world.api.delete(number, {"Idempotency-Key": "d"})
    _same(deleted, world.api.delete(number, {"Idempotency-Key": "d"}))

    assert (patched.status_code, deleted.status_code) == (200, 200)
    assert_nothing_left(world)


def test_a_replay_comes_before_preconditions(world, number):
    etag = world.api.create(number).headers["ETag"]
    headers = {"Idempotency-Key": "p", "If-Match": etag}
    first = world.api.patch(number, headers, label="new")

    assert first.status_code == 200
    _same(first, world.api.patch(number, headers, label="new"))


def test_the_same_key_with_another_request_is_refused(world, numbers):
    number, other = numbers(2)
    world.api.create(number, KEY)

    for answer in (
        world.api.create(other, KEY),
        world.api.create(number, KEY, agent_id=OTHER_AGENT),
        world.api.delete(number, KEY),
        world.api.patch(number, KEY, label="x"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert_exactly(world, ALL_KINDS)


def test_the_same_body_written_otherwise_is_the_same_request(world, number):
    first = world.api.create(number, KEY, label="desk")
    text = '{ "label":"desk",  "agent_id":"%s","phone_number":"%s"}' % (facts.AGENT, number)
    again = world.api.request(
        "POST", facts.NUMBERS, {**KEY, "Content-Type": "application/json"}, data=text
    )

    _same(first, again)


def test_a_key_in_flight_is_a_conflict_that_names_the_operation(world, number):
    world.sandbox.fail("create_trunk", delay_before_ms=700)
    first = in_background(lambda: world.api.create(number, KEY))
    eventually(lambda: world.sandbox.calls("create_trunk"), "the create is under way")
    during = world.api.create(number, KEY)

    assert (during.status_code, during.json()["code"]) == (409, "idempotency-in-flight")
    assert world.api.operation(during.json()["operation_id"]).status_code == 200
    _same(first(), world.api.create(number, KEY))


def test_an_accepted_create_asked_for_again_is_the_same_operation(world, number):
    headers = {**KEY, "Prefer": "respond-async"}
    world.sandbox.fail("create_trunk", delay_before_ms=700)
    first = world.api.create(number, headers)
    again = world.api.create(number, headers)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["Location"] == first.headers["Location"]
    world.api.ended(first.json()["id"])
    outcome = world.api.create(number, headers)
    assert (outcome.status_code, outcome.json()["phone_number"]) == (201, number)
    assert outcome.headers["Idempotency-Replayed"] == "true"
    assert len(world.sandbox.calls("create_trunk")) == 1


def test_another_body_is_refused_while_the_first_is_in_flight(world, numbers):
    number, other = numbers(2)
    world.sandbox.fail("create_trunk", delay_before_ms=700)
    first = in_background(lambda: world.api.create(number, KEY))
    eventually(lambda: world.sandbox.calls("create_trunk"), "the create is under way")

    assert world.api.create(other, KEY).json()["code"] == "idempotency-key-reused"
    assert first().status_code == 201


def test_a_hundred_at_once_with_one_key_are_one_create(make_world, number):
    world = make_world({"latency_ms": 20})
    answers = at_once([lambda: world.api.create(number, KEY)] * 100)

    told = Counter(a.status_code for a in answers)
    assert set(told) <= {201, 409}
    assert told[201] >= 1
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"idempotency-in-flight"}
    assert len({a.content for a in answers if a.status_code == 201}) == 1
    assert len(world.sandbox.calls("create_trunk")) == 1
    assert_exactly(world, ALL_KINDS)


def test_what_was_refused_before_it_started_leaves_the_key_free(world, number):
    bad = world.api.create(number, KEY, label=7)
    good = world.api.create(number, KEY)

    assert (bad.status_code, good.status_code) == (422, 201)
    assert "Idempotency-Replayed" not in good.headers


def test_a_quoted_key_is_the_bare_key(world, number):
    first = world.api.create(number, {"Idempotency-Key": '"order-4711"'})

    _same(first, world.api.create(number, KEY))


@pytest.mark.parametrize("key", ["", '"', '"open', "a b", "k" * 256, '""', "caf\u00e9"])
def test_a_key_that_is_none_is_refused(shared, number, key):
    answer = shared.api.create(number, {"Idempotency-Key": key.encode("latin-1")})

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-invalid")
    assert shared.sandbox.calls() == []


def test_a_key_of_255_characters_is_one(shared, number):
    answer = shared.api.create(number, {"Idempotency-Key": "k" * 255})

    assert answer.status_code == 201
    shared.api.deleted(number)


def test_the_key_of_a_crashed_create_answers_its_result_after_the_restart(world, number):
    world.sandbox.fail("create_origination_url", delay_before_ms=700, effect=False)
    in_background(lambda: _ignore(lambda: world.api.create(number, KEY)))
    eventually(lambda: world.sandbox.calls("create_origination_url"), "the create is under way")
    world.crash()
    world.start()

    world.api.all_ended()
    answer = world.api.create(number, KEY)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert_exactly(world, ALL_KINDS)


def _ignore(job):
    """The connection breaks when the service is killed: that is the point."""
    try:
        job()
    except OSError:
        pass
