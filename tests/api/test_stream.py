# SPDX-License-Identifier: MIT
"""An operation as server-sent events: what happens is told as it happens, and nothing is lost."""

import signal
import socket
import time
import urllib.parse

import pytest

from support.client import at_once
from support.contract import document
from support.crashes import HOLD
from support.facts import OPERATIONS
from support.journeys import ASYNC
from support.keys import add_key
from support.process import SLOW
from support.sandbox import refused
from support.streams import Stream, is_step, steps
from support.waiting import eventually
from support.world import assert_nothing_left

SEEN_MS = 600 * SLOW  # a state that lasts so long is surely seen
UNKNOWN = "op_" + "0" * 26


def _start(world, number):
    return world.api.create(number, ASYNC).json()["id"]


def _gauge(world, name):
    text = world.admin.request("GET", "/metrics").text
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))


def _raw(world, method, operation, version):
    """All bytes of the answer, to the end of the connection."""
    at = urllib.parse.urlsplit(world.api.url)
    with socket.create_connection((at.hostname, at.port), timeout=10 * SLOW) as raw:
        raw.sendall(
            f"{method} {OPERATIONS}/{operation}/events {version}\r\nHost: here\r\n"
            f"Authorization: Bearer {world.api.key}\r\n\r\n".encode()
        )
        return b"".join(iter(lambda: raw.recv(65536), b""))


def _streams(world):
    return _gauge(world, "trunkline_http_streams")


def _known_after(events):
    """What a client that took part in the whole stream knows of the steps."""
    return {(s["name"], s["instance"]): s for s in steps(events)}


def _whole(operation):
    return {(s["name"], s["instance"]): s for s in operation["steps"]}


# What is told


def test_steps_arrive_while_the_create_runs(world, number):
    world.sandbox.fail("create_origination_url", **HOLD["after"])
    operation = _start(world, number)
    with Stream(world.api, operation) as stream:
        seen = stream.until(is_step("twilio_origination_url", "intended"))
        assert steps(seen, "twilio_trunk")[-1]["state"] == "present"
        assert world.api.operation(operation).json()["state"] == "running", "it is still under way"
    world.sandbox.heal()
    world.crash()
    world.start()


def test_every_change_then_progress_then_the_end(world, number):
    for call in ("create_trunk", "create_origination_url"):
        world.sandbox.fail(call, delay_before_ms=SEEN_MS)
    operation = _start(world, number)
    with Stream(world.api, operation) as stream:
        events = stream.rest()

    trunk = [s["state"] for s in steps(events, "twilio_trunk")]
    assert trunk == ["intended", "present"]
    done = [e.data["done"] for e in events if e.name == "progress"]
    assert done == sorted(done) and done[-1] == 10 and len(done) > 2
    assert [e.name for e in events][-1] == "end"
    ended = world.api.operation(operation).json()
    assert events[-1].data == ended
    assert _known_after(events) == _whole(ended)


def test_a_rollback_is_told_too(world, number):
    world.sandbox.fail("import_number", **refused(400), delay_before_ms=SEEN_MS)
    world.sandbox.fail("delete_trunk", delay_before_ms=SEEN_MS)
    operation = _start(world, number)
    with Stream(world.api, operation) as stream:
        events = stream.rest()

    trunk = [s["state"] for s in steps(events, "twilio_trunk")]
    assert trunk[-2:] == ["undoing", "gone"]
    states = [e.data["state"] for e in events if e.name == "progress"]
    assert states[0] == "running" and "undoing" in states and states[-1] == "failed"
    assert events[-1].data["error"]["rolled_back"] is True
    assert events[-1].data == world.api.operation(operation).json()


def test_a_delete_and_an_update_can_be_watched(make_world, number):
    world = make_world({"latency_ms": 60})
    world.api.created(number)
    for change in (
        lambda: world.api.patch(number, ASYNC, label="New", inbound_webhook_url="https://a.test/"),
        lambda: world.api.delete(number, ASYNC),
    ):
        with Stream(world.api, change().json()["id"]) as stream:
            assert stream.rest()[-1].data["state"] == "succeeded"
    assert_nothing_left(world)


def test_its_header_suits_proxies_and_browsers(world, number):
    operation = world.api.created(number)["operation_id"]
    with Stream(world.api, operation) as stream:
        assert stream.status == 200
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert stream.headers["Cache-Control"] == "no-store"
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert stream.headers["X-Request-Id"]
        assert stream.answer.readline() == b"retry: 2000\n"


def test_of_an_ended_operation_all_comes_at_once(world, number):
    operation = world.api.created(number)["operation_id"]
    with Stream(world.api, operation) as stream:
        events = stream.rest()

    ended = world.api.operation(operation).json()
    assert [e.name for e in events] == ["step"] * len(ended["steps"]) + ["progress", "end"]
    assert steps(events) == ended["steps"]
    assert events[-2].data == {"state": "succeeded", **ended["progress"]}
    assert events[-1].data == ended


def test_the_events_are_as_the_contract_says(world, number):
    operation = world.api.created(number)["operation_id"]
    with Stream(world.api, operation) as stream:
        events = stream.rest()
    contract = document()

    for event, name in ((events[0], "OperationStep"), (events[-1], "Operation")):
        schema = contract.all["components"]["schemas"][name]
        contract.validate(schema, event.data, strict=True)


def test_two_watchers_see_the_same(make_world, number):
    world = make_world({"latency_ms": 80})
    operation = _start(world, number)

    def watch():
        with Stream(world.api, operation) as stream:
            return stream.rest()

    one, other = at_once([watch, watch])
    assert one[-1] == other[-1]
    assert _known_after(one) == _known_after(other) == _whole(one[-1].data)


# Coming again


@pytest.mark.parametrize("after", [1, 3, 8, 14])
def test_after_a_break_only_what_is_not_known_yet_comes(make_world, number, after):
    world = make_world({"latency_ms": 60})
    operation = _start(world, number)
    with Stream(world.api, operation) as stream:
        first = [stream.next() for _ in range(after)]
    with Stream(world.api, operation, first[-1].id) as stream:
        rest = stream.rest()

    assert rest[-1].name == "end"
    assert _known_after(first + rest) == _whole(rest[-1].data)
    told = [tuple(sorted(map(str, s.items()))) for s in steps(first + rest)]
    assert len(told) == len(set(told)), "a state of a step was told twice"


def test_a_stream_goes_on_after_a_crash(world, number):
    world.sandbox.fail("import_number", **HOLD["after"])
    operation = _start(world, number)
    with Stream(world.api, operation) as stream:
        first = stream.until(is_step("retell_number", "intended"))
        world.crash()
    world.sandbox.heal()
    world.start()
    with Stream(world.api, operation, first[-1].id) as stream:
        rest = stream.rest()

    assert rest[-1].data["state"] == "succeeded"
    assert not steps(rest, "number_lookup"), "known since before the crash"
    assert _known_after(first + rest) == _whole(rest[-1].data)


def test_who_knows_the_end_gets_204(world, number):
    operation = world.api.created(number)["operation_id"]
    with Stream(world.api, operation) as stream:
        end = stream.rest()[-1]
    again = world.api.request("GET", f"{OPERATIONS}/{operation}/events", {"Last-Event-ID": end.id})

    assert (again.status_code, again.content) == (204, b"")


def test_who_knows_all_steps_still_gets_the_end(world, number):
    operation = world.api.created(number)["operation_id"]
    with Stream(world.api, operation) as stream:
        progress = stream.rest()[-2]
    with Stream(world.api, operation, progress.id) as stream:
        assert [e.name for e in stream.rest()] == ["progress", "end"]


@pytest.mark.parametrize("bad", ["", "7", "end-1", "x" * 6, "../" * 4, "é" * 6, "A" * 7000])
def test_an_id_that_is_not_ours_is_ignored(shared, number, bad):
    operation = shared.api.created(number)["operation_id"]
    with Stream(shared.api, operation, bad.encode()) as stream:
        events = stream.rest()
    shared.api.deleted(number)

    assert len(steps(events)) == 10
    assert events[-1].name == "end"


# Clients that go, and the service that goes


def test_a_client_that_vanishes_is_noticed_and_harms_nothing(make_world, number):
    world = make_world({"latency_ms": 150})
    operation = _start(world, number)
    with Stream(world.api, operation) as stream:
        stream.next()
        linger = b"\1\0\0\0\0\0\0\0"  # close with a reset
        stream.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    eventually(lambda: _streams(world) == 0, "the stream is given up", within=5)

    assert world.api.ended(operation)["state"] == "succeeded"


def test_many_streams_need_no_threads(world, numbers):
    world.sandbox.fail("create_trunk", times=0, **HOLD["before"])
    operation = _start(world, numbers(1)[0])
    with Stream(world.api, operation) as stream:
        stream.until(is_step("twilio_trunk", "intended"))
        before = world.service.threads()
        streams = [Stream(world.api, operation) for _ in range(40)]
        for other in streams:
            other.until(is_step("twilio_trunk", "intended"))
        assert world.service.threads() == before
        assert _streams(world) == 41
        assert world.api.operation(operation).status_code == 200, "others are served"
        world.crash()
        for other in streams:
            other.close()
    world.sandbox.heal()
    world.start()


def test_too_many_are_refused_and_the_rest_goes_on(world, number):
    world.sandbox.fail("create_trunk", times=0, **HOLD["before"])
    operation = _start(world, number)
    streams = []
    try:
        for _ in range(300):
            streams.append(Stream(world.api, operation))
            if streams[-1].status != 200:
                break
        most = len(streams) - 1
        assert streams[-1].status == 503 and 32 <= most <= 256
        assert streams[-1].headers["Retry-After"]
        assert world.api.list().status_code == 200
        assert all(s.until(is_step("twilio_trunk", "intended")) for s in streams[:-1])
    finally:
        world.crash()
        for stream in streams:
            stream.close()
    world.sandbox.heal()
    world.start()


def test_a_silent_stream_costs_nothing_and_has_a_heartbeat(make_world, number):
    world = make_world(TRUNKLINE_CALL_TIMEOUT_MS=60_000)
    world.sandbox.fail("create_trunk", times=0, **HOLD["before"])
    operation = _start(world, number)
    with Stream(world.api, operation) as stream:
        stream.until(lambda e: e.name == "progress" and e.data["done"] == 5)
        spent, begun = _cpu_s(world), time.monotonic()
        stream.beat()
        assert 12 < time.monotonic() - begun < 16 * SLOW
        assert _cpu_s(world) - spent < 0.5 * SLOW
        world.crash()
    world.sandbox.heal()
    world.start()


def _cpu_s(world):
    """Processor time of all its threads so far."""
    with open(f"/proc/{world.service.pid}/stat", encoding="ascii") as file:
        return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13])) / 100


def test_a_stop_closes_the_streams_in_time(make_world, number):
    world = make_world(TRUNKLINE_SHUTDOWN_GRACE_S=0)
    world.sandbox.fail("create_trunk", times=0, **HOLD["before"])
    operation = _start(world, number)
    with Stream(world.api, operation) as stream:
        seen = stream.until(is_step("twilio_trunk", "intended"))
        world.service.popen.send_signal(signal.SIGTERM)
        seen += stream.rest()
        assert seen[-1].name != "end", "it has not ended"
        assert world.service.wait(5) == 0
    world.sandbox.heal()
    world.start()
    with Stream(world.api, operation, seen[-1].id) as stream:
        assert stream.rest()[-1].data["state"] == "succeeded"


def test_an_end_within_the_grace_is_told(make_world, number):
    world = make_world({"latency_ms": 100}, TRUNKLINE_SHUTDOWN_GRACE_S=20)
    operation = _start(world, number)
    with Stream(world.api, operation) as stream:
        stream.next()
        world.service.popen.send_signal(signal.SIGTERM)
        assert stream.rest()[-1].data["state"] == "succeeded"
    assert world.service.wait(10) == 0
    world.start()


def test_the_connection_can_be_used_again_after_the_end(world, number):
    operation = world.api.created(number)["operation_id"]
    with Stream(world.api, operation) as stream:
        stream.rest()
        stream.connection.request("GET", "/healthz")
        assert stream.connection.getresponse().status == 200


def test_http_1_0_gets_it_without_chunks(world, number):
    operation = world.api.created(number)["operation_id"]
    head, _, body = _raw(world, "GET", operation, "HTTP/1.0").partition(b"\r\n\r\n")

    assert b"chunked" not in head.lower()
    assert body.startswith(b"retry: 2000\n\n") and b"event: end\n" in body


# Who may, and what else is refused


@pytest.mark.parametrize("ref", [UNKNOWN, "apn_" + "0" * 26, "nonsense"])
def test_an_unknown_operation_is_not_found(shared, ref):
    assert shared.api.request("GET", f"{OPERATIONS}/{ref}/events").status_code == 404


def test_the_scope_read_is_enough_and_needed(world, number):
    operation = world.api.created(number)["operation_id"]
    world.stop()
    key = add_key(world, "read")
    world.start()

    with Stream(world.api.with_key(key), operation) as stream:
        assert stream.rest()[-1].name == "end"
    path = f"{OPERATIONS}/{operation}/events"
    assert world.api.with_key(None).request("GET", path).status_code == 401


def test_head_gives_the_header_and_options_the_methods(world, number):
    world.sandbox.fail("create_trunk", **HOLD["before"])
    operation = _start(world, number)
    path = f"{OPERATIONS}/{operation}/events"
    head = _raw(world, "HEAD", operation, "HTTP/1.1")
    assert head.startswith(b"HTTP/1.1 200 ") and b"\r\nContent-Type: text/event-stream\r\n" in head
    assert head.index(b"\r\n\r\n") == len(head) - 4, "not even the last chunk"
    eventually(lambda: _streams(world) == 0, "HEAD leaves no stream")
    assert world.api.request("OPTIONS", path).headers["Allow"] == "GET, HEAD, OPTIONS"
    assert world.api.request("DELETE", path).status_code == 405
    assert world.api.request("GET", path + "?from=1").status_code == 400
    world.crash()
    world.sandbox.heal()
    world.start()
