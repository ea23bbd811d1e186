# SPDX-License-Identifier: MIT
"""What is under way when its API key is revoked or expires: it ends with the key, at once.

A call at Twilio stands still meanwhile, for longer than any test may take: what does not end
with the key does not end at all.
"""

import contextlib
import datetime

import pytest
import requests

from support.client import in_background
from support.crashes import HOLD
from support.facts import NUMBERS, OPERATIONS
from support.journeys import ASYNC
from support.keys import make_key, revoke
from support.raw import connect, read_all, split
from support.streams import Stream, is_step
from support.waiting import eventually

LIFE_S = 2


@pytest.fixture
def held(make_world):
    """A world in which every create comes to a stop."""
    world = make_world(TRUNKLINE_CALL_TIMEOUT_MS=120_000, TRUNKLINE_OPERATION_DEADLINE_S=600)
    world.sandbox.fail("create_trunk", times=0, **HOLD["before"])
    yield world
    world.crash()
    world.sandbox.heal()
    world.start()


def _revoked(world, scope):
    """A key, and what ends it."""
    record, key = make_key(world, scope)

    def end():
        assert revoke(world.api, record["id"]).status_code == 200

    return key, end


def _expiring(world, scope):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=LIFE_S)
    _, key = make_key(world, scope, expires_at=at.isoformat(timespec="milliseconds"))

    def end():
        eventually(lambda: world.api.with_key(key).list().status_code == 401, "it has expired")

    return key, end


both_ends = pytest.mark.parametrize("key_that_ends", [_revoked, _expiring], ids=["revoked", "expired"])


@both_ends
def test_a_stream_ends_without_its_last_event(held, number, key_that_ends):
    """An EventSource comes again then, and 401 tells it to stop."""
    operation = held.api.create(number, ASYNC).json()["id"]
    key, end = key_that_ends(held, "read")
    with Stream(held.api.with_key(key), operation, timeout=10) as stream:  # before a heartbeat
        seen = stream.until(is_step("twilio_trunk", "intended"))
        end()
        assert "end" not in [event.name for event in stream.rest()]
    with Stream(held.api.with_key(key), operation, seen[-1].id) as again:
        assert again.status == 401


def test_a_stream_of_another_key_goes_on(held, number):
    operation = held.api.create(number, ASYNC).json()["id"]
    key, end = _revoked(held, "read")
    _, other = make_key(held, "read")
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(Stream(held.api.with_key(k), operation)) for k in (key, other)]
        streams.append(stack.enter_context(Stream(held.api, operation)))
        for stream in streams:
            stream.until(is_step("twilio_trunk", "intended"))
        end()
        streams[0].rest()
        assert held.api.request("POST", f"{OPERATIONS}/{operation}/cancel").status_code == 202
        for stream in streams[1:]:
            stream.until(lambda e: e.name == "progress" and e.data["state"] == "undoing")


@both_ends
def test_who_waits_gets_the_operation_and_not_its_end(held, number, key_that_ends):
    """As after the longest wait: it goes on, for those who may look."""
    key, end = key_that_ends(held, "write")
    answer = in_background(lambda: held.api.with_key(key).create(number))
    eventually(lambda: held.sandbox.calls("create_trunk"), "the create is under way")
    end()
    accepted = answer()

    assert (accepted.status_code, accepted.json()["state"]) == (202, "running")
    assert "Preference-Applied" not in accepted.headers
    assert held.api.operation(accepted.json()["id"]).json()["state"] == "running"
    path = f"{OPERATIONS}/{accepted.json()['id']}"
    assert held.api.with_key(key).request("GET", path).status_code == 401


def test_others_go_on_waiting(held, numbers):
    """For a create of their own, and for the end of what the key began."""
    number, own = numbers(2)
    key, end = _revoked(held, "write")
    _, other = make_key(held, "write")
    jobs = [lambda: held.api.with_key(key).create(number), lambda: held.api.with_key(other).create(own)]
    gone, stays = [in_background(job) for job in jobs]
    eventually(lambda: len(held.sandbox.calls("create_trunk")) == 2, "both are under way")
    end()

    assert gone().status_code == 202
    assert _waiting(held) == 1
    held.crash()
    with pytest.raises(requests.ConnectionError):
        stays()
    held.start()


@both_ends
def test_a_body_that_comes_too_late_is_not_taken(world, number, key_that_ends):
    """The key was good when the header came."""
    key, end = key_that_ends(world, "write")
    body = b'{"phone_number": "%s", "agent_id": "agent_sandbox_1"}' % number.encode()
    head = (
        f"POST {NUMBERS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n"
        "Connection: close\r\n\r\n"
    )
    with connect(world) as client:
        client.sendall(head.encode())
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        end()
        client.sendall(body)
        (answer,) = split(read_all(client))
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert world.sandbox.calls() == []


def _waiting(world):
    text = world.admin.request("GET", "/metrics").text
    return int(next(x.split()[1] for x in text.splitlines() if x.startswith("trunkline_http_waiting ")))
