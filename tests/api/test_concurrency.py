# SPDX-License-Identifier: MIT
"""Many at once: one number is made once, many numbers are made on the same few threads."""

from collections import Counter

import pytest

from support.client import at_once, in_background
from support.crashes import crash_while_held, held_calls, hold
from support.facts import ALL_KINDS
from support.metrics import Scrape
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left


def test_a_hundred_different_numbers_at_once_are_a_hundred_numbers(make_world, numbers):
    world = make_world({"max_trunks": 1000})
    wanted = numbers(100)
    answers = at_once([lambda n=n: world.api.create(n) for n in wanted])

    assert Counter(a.status_code for a in answers) == {201: 100}
    assert [a.json()["phone_number"] for a in answers] == wanted
    assert_exactly(world, ALL_KINDS * 100)
    assert at_once([lambda n=n: world.api.delete(n).status_code for n in wanted]) == [200] * 100
    assert_nothing_left(world)


def test_of_fifty_creates_of_one_number_one_wins_and_49_conflict(make_world, number):
    world = make_world({"latency_ms": 20})
    answers = at_once([lambda: world.api.create(number)] * 50)

    assert Counter(a.status_code for a in answers) == {201: 1, 409: 49}
    conflicts = {a.json()["code"] for a in answers if a.status_code == 409}
    assert conflicts <= {"operation-in-progress", "number-already-exists"}
    assert len(world.sandbox.calls("create_trunk")) == 1
    assert_exactly(world, ALL_KINDS)


def test_two_hundred_creates_run_on_a_constant_number_of_threads(make_world, numbers):
    world = make_world(
        {"max_trunks": 1000},
        TRUNKLINE_PROVIDER_CONCURRENCY=400,
        TRUNKLINE_CALL_TIMEOUT_MS=120_000,
        TRUNKLINE_OPERATION_DEADLINE_S=600,
    )
    first, *wanted = numbers(201)
    world.api.created(first)
    idle = world.service.threads()

    hold(world, "create_trunk", "before", times=0)
    answers = in_background(lambda: at_once([lambda n=n: world.api.create(n) for n in wanted]))
    eventually(lambda: _under_way(world) >= 200, "200 creates under way at once", 60)
    assert world.service.threads() == idle

    crash_while_held(world, "before")
    with pytest.raises(OSError):
        answers()
    world.start()
    world.api.all_ended(within=60)
    assert world.service.threads() == idle
    assert_exactly(world, ALL_KINDS * 201)


def test_a_hundred_creates_share_their_commits(make_world, numbers):
    """One alone takes at least five: what it means to do and what came of it, wave by wave."""
    world = make_world(
        {"latency_ms": 100, "max_trunks": 1000}, TRUNKLINE_PROVIDER_CONCURRENCY=1000
    )
    before = Scrape(world).sum("trunkline_engine_commits_total")
    answers = at_once([lambda n=n: world.api.create(n) for n in numbers(100)])
    commits = Scrape(world).sum("trunkline_engine_commits_total") - before

    assert Counter(a.status_code for a in answers) == {201: 100}
    assert 5 <= commits < 200, "of 500 and more"


def test_reads_are_answered_while_writes_wait_for_the_provider(world, numbers):
    hold(world, "create_trunk_phone_number", "before", times=0)
    answers = in_background(lambda: at_once([lambda n=n: world.api.create(n) for n in numbers(20)]))
    eventually(lambda: len(held_calls(world, "before")) >= 20, "20 creates that wait")

    for _ in range(20):
        assert world.api.list().status_code == 200
        assert world.admin.request("GET", "/livez").status_code == 200
    assert _under_way(world) == 20

    crash_while_held(world, "before")
    with pytest.raises(OSError):
        answers()
    world.start()
    world.api.all_ended()
    assert_exactly(world, ALL_KINDS * 20)


def test_deletes_and_patches_at_once_end_in_a_deleted_number(world, number):
    world.api.created(number)
    jobs = [lambda: world.api.delete(number)] + [
        lambda i=i: world.api.patch(number, label=f"label {i}") for i in range(10)
    ]
    answers = at_once(jobs)

    assert answers[0].status_code in (200, 409)
    assert {a.status_code for a in answers[1:]} <= {200, 404, 409}
    world.api.all_ended()
    if answers[0].status_code == 409:
        world.api.deleted(number)
    calls = world.sandbox.operations()
    assert "update_number" not in calls[calls.index("delete_number") :]
    assert_nothing_left(world)


def test_one_failing_create_stops_no_other(make_world, numbers):
    world = make_world({"latency_ms": 20})
    world.sandbox.fail("import_number", status=400, nth=5)
    answers = at_once([lambda n=n: world.api.create(n) for n in numbers(20)])

    assert Counter(a.status_code for a in answers) == {201: 19, 502: 1}
    assert_exactly(world, ALL_KINDS * 19)


def test_more_operations_than_allowed_are_told_to_come_back(make_world, numbers):
    world = make_world({"latency_ms": 300}, TRUNKLINE_MAX_OPERATIONS=5)
    answers = at_once([lambda n=n: world.api.create(n) for n in numbers(20)])

    told = Counter(a.status_code for a in answers)
    assert told == {201: 5, 503: 15}
    assert {a.json()["code"] for a in answers if a.status_code == 503} == {"overloaded"}
    assert_exactly(world, ALL_KINDS * 5)


def _under_way(world):
    """Creates that have not ended, as the operations tell."""
    running = world.api.operations(state="running", limit=200).json()["items"]
    return len([o for o in running if o["kind"] == "create"])
