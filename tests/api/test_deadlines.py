# SPDX-License-Identifier: MIT
"""Deadlines of include/api/limits.h too long to wait for: the service's clock is put ahead. Of two
clients, one begins a little later; when the time of the first is over, that of the other is not."""

import pytest

from support.crashes import HOLD
from support.journeys import ASYNC
from support.limits import LIMIT
from support.preload import Clock
from support.process import SLOW
from support.raw import connect, get, post, read_all, split
from support.streams import Stream, is_step
from support.waiting import eventually

LATER_MS = 5000 * SLOW  # in which the second has to be served
BODY = b'{"phone_number": "no number"}'


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path / "clock")


@pytest.fixture
def timed(make_world, clock):
    return make_world(**clock.settings())


def _one_after_the_other(clock, begin, limit_ms):
    """Two that begin LATER_MS apart; then the first has had all its time and the second not."""
    first, at = begin(), clock.now()
    clock.put_to(at + LATER_MS)
    second = begin()
    clock.put_to(at + limit_ms)
    return first, second


def test_a_body_has_its_time_and_no_more(timed, clock):
    def begin():
        client = connect(timed, within=20)
        client.sendall(post(b"Expect: 100-continue\r\nContent-Length: %d\r\n" % len(BODY)))
        assert client.recv(100).startswith(b"HTTP/1.1 100 "), "the header is in"
        client.sendall(BODY[:9])
        return client

    first, second = _one_after_the_other(clock, begin, LIMIT["BODY_MS"])
    assert read_all(first) == b""
    second.sendall(BODY[9:] + get(b"Connection: close\r\n"))
    assert [answer.status for answer in split(read_all(second))] == [422, 200]


def test_a_connection_may_be_idle_so_long(timed, clock):
    served = [0]

    def begin():
        client = connect(timed, within=20)
        client.sendall(get())
        assert b" 200 OK" in client.recv(65536)
        served[0] += 1
        eventually(lambda: _ended(timed) >= served[0], "the request has ended")
        return client

    first, second = _one_after_the_other(clock, begin, LIMIT["IDLE_MS"])
    assert read_all(first) == b""
    second.sendall(get(b"Connection: close\r\n"))
    assert [answer.status for answer in split(read_all(second))] == [200]


def _ended(world):
    """Requests of /healthz."""
    text = world.admin.request("GET", "/metrics").text
    lines = [x for x in text.splitlines() if x.startswith("trunkline_http_requests_total{")]
    return sum(int(x.split()[-1]) for x in lines if '"/healthz"' in x)


def test_a_stream_ends_after_a_quarter_of_an_hour(make_world, clock, number):
    """Without a last event: an EventSource comes again. Heartbeats do not prolong it."""
    timed = make_world(TRUNKLINE_OPERATION_DEADLINE_S=3600, **clock.settings())
    timed.sandbox.fail("create_trunk", times=0, **HOLD["before"])
    operation = timed.api.create(number, ASYNC).json()["id"]

    def begin():
        stream = Stream(timed.api, operation)
        stream.until(is_step("twilio_trunk", "intended"))
        return stream

    first, second = _one_after_the_other(clock, begin, LIMIT["STREAM_MS"])
    assert "end" not in [event.name for event in first.rest()]
    timed.sandbox.heal()
    assert "end" in [event.name for event in second.rest()]
    first.close()
    second.close()
