# SPDX-License-Identifier: MIT
"""Over HTTP/2 one connection carries many calls, and what it loses is still not sent again blindly.

libcurl repeats a request, POST or not, whose stream was refused or came after a server's goodbye, or
whose connection died before an answer began. Only the service may: after it has looked."""

from collections import Counter

import pytest

from support.client import at_once
from support.facts import ALL_KINDS
from support.h2 import Http2
from support.tls import PROVIDERS, needs_openssl
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left

pytestmark = needs_openssl


@pytest.fixture
def make_front(make_world, tmp_path):
    """Starts a world whose providers are behind HTTP/2, on one host."""

    def start(sandbox=None, settings=None, **front):
        world = make_world(sandbox, **(settings or {}))
        world.stop()
        world.sandbox.forget_calls()
        world.front = Http2(tmp_path / "h2", world.sandbox.url, **front)
        for name in PROVIDERS:
            world.settings[name + "_BASE_URL"] = world.front.url
        world.settings["TRUNKLINE_CA_FILE"] = world.front.folder / "ca.pem"
        world.start()
        return world

    return start


POSTS = {
    "create_trunk": r"POST /v1/Trunks$",
    "create_credential": r"POST /2010-04-01/.*/Credentials.json$",
    "import_number": r"POST /import-phone-number$",
    "create_trunk_phone_number": r"POST /v1/Trunks/\w+/PhoneNumbers$",
}
NOT_TAKEN = ["refuse", "http/1.1", "goaway", "cut"]
TAKEN = ["reset after", "refuse after", "goaway after", "cut after"]


def test_a_create_and_a_delete_take_one_connection(make_front, number):
    world = make_front()
    world.api.created(number)
    world.api.deleted(number)

    assert world.front.came == 1
    assert len(world.front.came_requests) == len(world.sandbox.calls()) > 10
    assert_nothing_left(world)


def test_many_at_once_take_few(make_front, numbers):
    world = make_front({"latency_ms": 50}, {"TRUNKLINE_PROVIDER_CONCURRENCY": 1000})
    wanted = numbers(60)
    answers = at_once([lambda n=n: world.api.create(n) for n in wanted])

    assert Counter(a.status_code for a in answers) == {201: 60}
    assert world.front.came <= 180 // 64 + 2, "of 180 calls at once"
    assert_exactly(world, ALL_KINDS * 60)


def test_switched_off_each_call_at_once_has_a_connection(make_front, number):
    world = make_front({"latency_ms": 50}, {"TRUNKLINE_HTTP2": "off"}, offers=["http/1.1"])
    world.api.created(number)

    assert world.front.came >= 3
    assert_exactly(world, ALL_KINDS)


def test_a_server_that_offers_it_not_is_spoken_to_as_before(make_front, number):
    world = make_front(offers=["http/1.1"])
    world.api.created(number)
    world.api.deleted(number)

    assert_nothing_left(world)


def test_more_calls_than_streams_find_connections(make_front, numbers):
    world = make_front({"latency_ms": 20}, streams=4)
    answers = at_once([lambda n=n: world.api.create(n) for n in numbers(10)])

    assert Counter(a.status_code for a in answers) == {201: 10}
    assert_exactly(world, ALL_KINDS * 10)


@pytest.mark.parametrize("fault", NOT_TAKEN)
@pytest.mark.parametrize("call", POSTS)
def test_what_was_not_taken_is_sent_again_after_a_look(make_front, number, call, fault):
    world = make_front()
    world.front.fault(POSTS[call], fault)
    world.api.created(number)

    first, second = world.front.posts(POSTS[call])
    assert _looked_between(world, first, second), "sent again blindly"
    assert_exactly(world, ALL_KINDS)


@pytest.mark.parametrize("fault", TAKEN)
@pytest.mark.parametrize("call", POSTS)
def test_what_was_taken_is_found_and_not_sent_again(make_front, number, call, fault):
    """A server that refuses what it has done is wrong, but there are such."""
    world = make_front()
    world.front.fault(POSTS[call], fault)
    world.api.created(number)

    assert len(world.front.posts(POSTS[call])) == 1
    assert_exactly(world, ALL_KINDS)


def _looked_between(world, first, second):
    return any(r.method == "GET" and first.at < r.at < second.at for r in world.front.came_requests)


@pytest.mark.parametrize("fault", ["cut after", "goaway after"])
def test_a_connection_that_dies_takes_many_with_it_and_all_are_found(make_front, numbers, fault):
    world = make_front({"latency_ms": 30}, {"TRUNKLINE_PROVIDER_CONCURRENCY": 1000})
    wanted = numbers(20)
    world.front.fault(POSTS["create_trunk"], fault, nth=10)
    answers = at_once([lambda n=n: world.api.create(n) for n in wanted])

    assert Counter(a.status_code for a in answers) == {201: 20}
    assert_exactly(world, ALL_KINDS * 20)


def test_connections_are_made_before_they_are_needed(make_front, number):
    """One will do, since it carries all calls; and what is sent for it can do nothing."""
    world = make_front(settings={"TRUNKLINE_PREWARM": 5})
    world.api.created(number)

    head, *calls = world.front.came_requests
    assert (head.method, head.path) == ("HEAD", "/")
    assert "authorization" not in head.headers
    assert world.front.came == 1
    assert all(r.method != "HEAD" for r in calls)


def test_several_are_made_where_each_carries_one_call(make_front, number):
    world = make_front({"latency_ms": 50}, {"TRUNKLINE_PREWARM": 5}, offers=["http/1.1"])
    eventually(lambda: len(world.sandbox.calls()) == 6, "one to see what is spoken, then five")

    assert world.front.came == 5, "the five at once; the first of all was idle again"
    assert {c["method"] for c in world.sandbox.calls()} == {"HEAD"}
    world.api.created(number)
