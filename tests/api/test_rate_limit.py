# SPDX-License-Identifier: MIT
"""So many requests a minute for each key: headers, 429, and nobody pays for another."""

import re

import pytest

from support import secrets
from support.client import Client, at_once
from support.facts import NUMBERS
from support.keys import make_key
from support.waiting import eventually
from support.world import World

LIMIT = 120  # two a second, so that a test need not wait a minute
BURST = 6
RATE = re.compile(r'"default";r=(\d+);t=(\d+)')


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    world = World(
        tmp_path_factory.mktemp("limited"),
        TRUNKLINE_RATE_LIMIT=LIMIT,
        TRUNKLINE_RATE_BURST=BURST,
    )
    world.api = Patient(world.api.url)
    yield world
    world.close()


class Patient(Client):
    """The root key is limited too: what the test itself asks waits for its turn."""

    def request(self, *arguments, **more):
        def ask():
            answer = super(Patient, self).request(*arguments, **more)
            return None if answer.status_code == 429 else [answer]

        (answer,) = eventually(ask, "there is a token", 30)
        return answer


@pytest.fixture
def client(limited):
    """A client with a key of its own, its bucket full."""
    key = make_key(limited, "admin")[1]
    secrets.watch(key)
    return limited.api.with_key(key)


def _left(answer):
    return int(RATE.fullmatch(answer.headers["RateLimit"])[1])


def test_without_a_limit_there_are_no_headers(shared):
    headers = shared.api.list().headers

    assert "RateLimit" not in headers and "RateLimit-Policy" not in headers


def test_every_answer_tells_how_the_key_stands(client):
    first, second = client.list(), client.list()

    assert first.headers["RateLimit-Policy"] == '"default";q=6;w=3'
    assert (_left(first), _left(second)) == (BURST - 1, BURST - 2)
    assert RATE.fullmatch(first.headers["RateLimit"])[2] == "1"


def test_errors_tell_it_as_well_and_count(client):
    client.list()
    missing = client.get("apn_" + "0" * 26)

    assert (missing.status_code, _left(missing)) == (404, BURST - 2)


def test_an_empty_bucket_answers_429_and_refills(client):
    statuses = [client.list().status_code for _ in range(BURST + 15)]

    assert statuses[:BURST] == [200] * BURST
    assert 429 in statuses
    answer = _empty(client)
    assert answer.json()["code"] == "too-many-requests"
    assert answer.headers["Retry-After"] == "1"
    assert (_left(answer), answer.headers["RateLimit-Policy"]) == (0, '"default";q=6;w=3')
    eventually(lambda: client.list().status_code == 200, "a token comes back", 2)


def _empty(client):
    """Asks until there is no token left; that answer."""

    def refused():
        answer = client.list()
        return [answer] if answer.status_code == 429 else None

    (answer,) = eventually(refused, "the bucket is empty", every=0)
    return answer


def test_one_key_does_not_pay_for_another(limited, client):
    _empty(client)
    other = make_key(limited, "read")[1]
    secrets.watch(other)

    assert limited.api.with_key(other).list().status_code == 200


def test_all_threads_share_a_bucket(client):
    jobs = [lambda: [client.list().status_code for _ in range(20)] for _ in range(4)]
    statuses = [status for part in at_once(jobs) for status in part]

    assert BURST <= statuses.count(200) < len(statuses)
    assert set(statuses) == {200, 429}


def test_a_write_that_is_refused_is_not_begun(limited, client, number):
    _empty(client)
    answers = [client.create(number) for _ in range(3)]
    refused = [a for a in answers if a.status_code == 429]

    assert refused and all(a.headers["Connection"] == "close" for a in refused)
    eventually(lambda: client.delete(number).status_code in (200, 404), "it is gone")
    limited.api.all_ended()


def test_public_pages_are_not_limited(limited):
    for _ in range(3 * BURST):
        answer = limited.api.with_key(None).request("GET", "/healthz")
        assert answer.status_code == 200 and "RateLimit" not in answer.headers


def test_wrong_keys_take_nothing_from_good_ones(limited, client):
    for i in range(30):
        limited.api.with_key(f"tlk_{i:043}").request("GET", NUMBERS)

    assert _left(client.list()) == BURST - 1


def test_without_a_burst_a_minutes_worth_may_come_at_once(make_world):
    world = make_world(TRUNKLINE_RATE_LIMIT=100)
    key = make_key(world, "read")[1]
    secrets.watch(key)
    answers = [world.api.with_key(key).list() for _ in range(100)]

    assert {a.status_code for a in answers} == {200}
    assert answers[0].headers["RateLimit-Policy"] == '"default";q=100;w=60'
    assert answers[9].headers["RateLimit"].startswith('"default";r=90;t=')
    world.unclean = True  # closing asks too much of the root key
