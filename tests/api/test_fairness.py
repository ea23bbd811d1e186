# SPDX-License-Identifier: MIT
"""Many operations of one client do not hold up another's, and a client's own end in their order.

What counts is the order in which things happened, as the audit trail and the sandbox tell it."""

from collections import Counter

import pytest

from support import secrets
from support.client import at_once, in_background
from support.keys import make_key
from support.waiting import eventually

MANY = 100
CALLS_AT_ONCE = 4
SOON = MANY // 5  # of the many; as many as end while the one is made: about ten


@pytest.fixture
def narrow(make_world):
    """A world in which calls are slow and few may be under way, so that most of them wait."""
    return make_world(
        {"latency_ms": 10, "max_trunks": 1000},
        TRUNKLINE_PROVIDER_CONCURRENCY=CALLS_AT_ONCE,
        TRUNKLINE_OPERATION_DEADLINE_S=300,
    )


def _client(world, name):
    _, key = make_key(world, "write", name=name)
    secrets.watch(key)
    return world.api.with_key(key)


def _begin_all(api, jobs):
    """All of them accepted; the answers are 202."""
    answers = at_once(jobs)
    assert {a.status_code for a in answers} == {202}, Counter(a.status_code for a in answers)


def _async(call, number):
    return lambda: call(number, headers={"Prefer": "respond-async"})


def _ended(world, action):
    """The telephone numbers of what has ended, in that order."""
    numbers, cursor = [], None
    while True:
        query = f"?limit=200&action={action}" + (f"&cursor={cursor}" if cursor else "")
        page = world.api.request("GET", "/v1/events" + query).json()
        numbers += [e["phone_number"] for e in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            return numbers[::-1]


def test_a_create_is_not_held_up_by_the_many_of_another_client(narrow, numbers):
    one, *many = numbers(MANY + 1)
    crowd, single = _client(narrow, "crowd"), _client(narrow, "single")
    _begin_all(crowd, [_async(crowd.create, n) for n in many])
    single.created(one)
    before = _ended(narrow, "number.created").index(one)
    narrow.api.all_ended(within=60)

    assert before < SOON, f"{before} of the others' {MANY} had to end first"
    assert len(_ended(narrow, "number.created")) == MANY + 1


def test_nor_by_the_removals_of_another_client(narrow, numbers):
    one, *many = numbers(MANY + 1)
    crowd, single = _client(narrow, "crowd"), _client(narrow, "single")
    assert {a.status_code for a in at_once([lambda n=n: crowd.create(n) for n in many])} == {201}
    _begin_all(crowd, [_async(crowd.delete, n) for n in many])
    single.created(one)
    before = len(_ended(narrow, "number.deleted"))
    narrow.api.all_ended(within=60)

    assert before < MANY // 2, f"{before} of the others' {MANY} had to end first"
    assert len(_ended(narrow, "number.deleted")) == MANY


def test_of_one_client_what_began_first_ends_first(narrow, numbers):
    """So that some are ready soon, and little stands half-built, instead of all at the end."""
    wanted = numbers(60)
    _begin_all(narrow.api, [_async(narrow.api.create, n) for n in wanted])
    narrow.api.all_ended(within=60)
    begun = [o["phone_number"] for o in narrow.api.operations(limit=200).json()["items"]][::-1]
    ended = _ended(narrow, "number.created")
    calls = narrow.sandbox.operations()

    misplaced = [abs(ended.index(n) - begun.index(n)) for n in begun]
    assert max(misplaced) <= 3 * CALLS_AT_ONCE, misplaced
    halfway = calls[: calls.index("create_trunk_phone_number")].count("create_trunk")
    assert halfway < len(wanted) // 3, f"{halfway} are begun before the first ends"


def test_one_client_leaves_room_for_others(make_world, numbers):
    world = make_world({"latency_ms": 200}, TRUNKLINE_MAX_OPERATIONS=16)
    crowd, single = _client(world, "crowd"), _client(world, "single")
    one, two, three, *many = numbers(33)
    answers = in_background(lambda: at_once([lambda n=n: crowd.create(n) for n in many]))
    eventually(lambda: len(_running(world)) >= 14, "the crowd has all that it may")

    assert crowd.create(three).json()["code"] == "overloaded"
    assert single.create(one).status_code == 201
    assert single.create(two).status_code == 201
    told = Counter(a.status_code for a in answers())
    assert told == {201: 14, 503: 16}


def _running(world):
    return world.api.operations(state="running", limit=200).json()["items"]
