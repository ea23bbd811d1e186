# SPDX-License-Identifier: MIT
"""SIGTERM under load: every client gets an answer, the exit code is 0, nothing is lost."""

import json
import signal
import time

import pytest

from support.client import at_once, in_background
from support.crashes import HOLD
from support.facts import ALL_KINDS
from support.journeys import ASYNC, LAST_CALL, key
from support.limits import LIMIT
from support.process import SLOW
from support.raw import connect, post, read_all, split
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left

MANY = 50
NO_TIDY_END = "report_thread_leaks=0"  # who leaves at once waits for no thread


def _suspended(world, jobs, call):
    """All jobs at once, each in its client's thread, until all stand at the held call."""
    answers = in_background(lambda: at_once(jobs))
    eventually(lambda: len(world.sandbox.calls(call)) >= len(jobs), f"all wait for {call}")
    return answers


def _terminate(world):
    world.service.popen.send_signal(signal.SIGTERM)
    code = world.service.wait(10)
    world.service.kill()
    assert code == 0, f"exit code {code}\n{world.service.tail()}"


@pytest.mark.parametrize("call", ["create_trunk", LAST_CALL])
def test_fifty_suspended_creates_are_answered_and_finished_after_the_restart(
    make_world, numbers, call
):
    world = make_world(TRUNKLINE_PROVIDER_CONCURRENCY=2 * MANY, TRUNKLINE_SHUTDOWN_GRACE_S=0)
    wanted = numbers(MANY)
    world.sandbox.fail(call, times=0, **HOLD["after"])
    jobs = [lambda n=n: world.api.create(n, key(n)) for n in wanted]
    answers = _suspended(world, jobs, call)
    _terminate(world)

    told = answers()
    assert {a.status_code for a in told} == {202}
    world.sandbox.heal()
    world.start()
    for number, answer in zip(wanted, told):
        assert answer.headers["Location"].endswith(answer.json()["id"])
        assert answer.json()["phone_number"] == number
        assert world.api.ended(answer.json()["id"], within=30)["state"] == "succeeded"
        assert world.api.create(number, key(number)).status_code == 201, "the key goes on, too"
    assert_exactly(world, ALL_KINDS * MANY)


def test_fifty_suspended_deletes_are_answered_and_finished_after_the_restart(make_world, numbers):
    world = make_world(TRUNKLINE_PROVIDER_CONCURRENCY=2 * MANY, TRUNKLINE_SHUTDOWN_GRACE_S=0)
    wanted = numbers(MANY)
    at_once([lambda n=n: world.api.created(n) for n in wanted])
    world.sandbox.fail("delete_trunk", times=0, **HOLD["before"])
    answers = _suspended(world, [lambda n=n: world.api.delete(n) for n in wanted], "delete_trunk")
    _terminate(world)

    assert {a.status_code for a in answers()} == {202}
    world.sandbox.heal()
    world.start()
    world.api.all_ended(within=30)
    assert_nothing_left(world)


def test_what_ends_within_the_grace_is_answered_as_ever(make_world, numbers):
    world = make_world({"latency_ms": 40}, TRUNKLINE_SHUTDOWN_GRACE_S=20)
    wanted = numbers(10)
    answers = _suspended(world, [lambda n=n: world.api.create(n) for n in wanted], "create_trunk")
    _terminate(world)

    told = answers()
    assert {a.status_code for a in told} == {201}
    world.start()
    assert sorted(n["id"] for n in world.api.numbers()) == sorted(a.json()["id"] for a in told)


def test_an_idle_service_stops_at_once(make_world):
    world = make_world(TRUNKLINE_SHUTDOWN_GRACE_S=20)
    world.service.popen.send_signal(signal.SIGTERM)

    assert world.service.wait(1 * SLOW) == 0
    world.start()


def test_a_second_signal_means_now_and_loses_nothing(make_world, number):
    world = make_world(TRUNKLINE_SHUTDOWN_GRACE_S=20, TSAN_OPTIONS=NO_TIDY_END)
    world.sandbox.fail("import_number", **HOLD["after"])
    operation = world.api.create(number, ASYNC).json()
    eventually(lambda: world.sandbox.calls("import_number"), "the create is under way")
    world.service.popen.send_signal(signal.SIGTERM)
    eventually(lambda: b'"stopping"' in world.service.log(), "the first signal was taken")
    world.service.popen.send_signal(signal.SIGTERM)

    assert world.service.wait(5) == 128 + signal.SIGTERM
    world.sandbox.heal()
    world.start()
    assert world.api.ended(operation["id"])["state"] == "succeeded"
    assert_exactly(world, ALL_KINDS)


def test_a_sweep_in_flight_is_answered_too(world):
    world.sandbox.fail("list_trunks", **HOLD["after"])
    answer = in_background(lambda: world.api.request("POST", "/v1/sweeps"))
    eventually(lambda: world.sandbox.calls("list_trunks"), "the sweep is under way")
    _terminate(world)

    assert (answer().status_code, answer().json()["code"]) == (503, "shutting-down")
    world.start()


def test_a_request_that_is_not_in_has_some_seconds_more(world):
    """Who sends the rest by then is answered, who does not is dropped. The limit is the least that
    the end takes."""
    body = b'{"phone_number": "no number"}'
    head = post(b"Expect: 100-continue\r\nContent-Length: %d\r\n" % len(body))
    with connect(world) as quick, connect(world) as slow:
        for client in (quick, slow):
            client.sendall(head)
            assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        begun = time.monotonic()
        world.service.popen.send_signal(signal.SIGTERM)
        eventually(lambda: b'"stopping"' in world.service.log(), "it is about to end")
        quick.sendall(body)
        (answer,) = split(read_all(quick))
        assert (answer.status, answer.closes) == (422, True)
        assert world.service.wait(20) == 0
        assert time.monotonic() - begun > LIMIT["DRAIN_MS"] / 1000
        assert read_all(slow) == b""
    (dropped,) = [json.loads(x) for x in world.service.log().splitlines() if b"connections_dropped" in x]
    assert dropped["count"] == 1
    world.start()
