# SPDX-License-Identifier: MIT
"""The process has few descriptors, or none is left: clients wait, or are told to come again,
and all goes on by itself."""

import contextlib
import http.client
import json
import os
import re
import resource
import select
import socket
import time

import pytest

from support import secrets
from support.client import in_background
from support.facts import AGENT, ALL_KINDS, NUMBERS
from support.process import SLOW, run
from support.waiting import eventually
from support.world import World, assert_exactly

CONFIG = 78  # sysexits.h
FEW = 128
CLIENTS = 200
ASYNC = {"Prefer": "respond-async"}
TICK = os.sysconf("SC_CLK_TCK")


def _limited_to(count):
    return ["prlimit", f"--nofile={count}:{count}", *World.command]


@pytest.fixture
def few(make_world, monkeypatch):
    """A world whose service may have few descriptors."""
    monkeypatch.setattr(World, "command", _limited_to(FEW))
    return make_world()


def _open(world):
    try:
        return {int(name) for name in os.listdir(f"/proc/{world.service.pid}/fd")}
    except PermissionError:  # as for a debugger: the process forbids core dumps
        pytest.skip("not tested: only root may see what the process has open")


def _shares(world):
    lines = map(json.loads, world.service.log().splitlines())
    return next(line for line in lines if line["event"] == "descriptors")


class Connection:
    """One connection of a client, kept open."""

    def __init__(self, url):
        self.http = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30 * SLOW)
        self.http.connect()

    def send(self, method, path, body=None, headers=None):
        headers = {"Authorization": f"Bearer {secrets.API_KEY}", **(headers or {})}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        self.http.request(method, path, body, headers)

    def answer(self):
        answer = self.http.getresponse()
        return answer.status, answer.headers, json.loads(answer.read() or b"null")

    def ask(self, method, path, body=None, headers=None):
        self.send(method, path, body, headers)
        return self.answer()

    def readable(self):
        return bool(select.select([self.http.sock], [], [], 0)[0])

    def close(self):
        self.http.close()


@contextlib.contextmanager
def _connections(url, count):
    made = [Connection(url) for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            one.close()


# Few


def test_with_200_clients_and_128_descriptors_those_that_are_in_are_served(few, numbers):
    shares = _shares(few)
    one, two = numbers(2)
    with _connections(few.api.url, CLIENTS) as clients:
        for client in clients:
            client.send("GET", "/healthz")
        eventually(
            lambda: sum(c.readable() for c in clients) >= shares["clients"],
            "as many are answered as there is room for",
        )
        inside = [c for c in clients if c.readable()]
        for client in inside:
            assert client.answer()[0] == 200
        status, _, made = inside[-1].ask("POST", NUMBERS, {"phone_number": one, "agent_id": AGENT})

        assert (status, made["status"]) == (201, "active")
        assert few.admin.request("GET", "/readyz").status_code == 200
        assert len(_open(few)) <= FEW
    few.api.created(two)  # a new client, as soon as the others are gone
    assert_exactly(few, ALL_KINDS * 2)
    assert b"no_descriptor" not in few.service.log()


def test_what_it_is_told_to_hold_for_itself_is_enough(few, numbers):
    """While it does all at once that it ever does: a backup, reads, calls, metrics."""
    shares = _shares(few)
    waiting = [in_background(lambda n=n: few.api.created(n)) for n in numbers(8)]
    assert few.api.request("POST", "/v1/backups").status_code == 201
    assert few.admin.request("GET", "/metrics").status_code == 200
    for one in waiting:
        one()

    sockets = sum(
        "socket:" in os.readlink(f"/proc/{few.service.pid}/fd/{fd}") for fd in _open(few)
    )
    assert len(_open(few)) - sockets <= shares["own"]
    assert sum(shares[k] for k in ("own", "providers", "admin", "clients")) <= FEW


def test_too_few_are_refused_with_how_many_it_takes(world):
    world.stop()
    done = run(_limited_to(64), world.environment())

    assert done.returncode == CONFIG, done.stderr.decode()
    told = done.stderr.decode().splitlines()[-1]
    least = int(re.search(r"may have 64 open files, and needs (\d+)", told)[1])
    assert run(_limited_to(least - 1), world.environment()).returncode == CONFIG
    world.command = _limited_to(least)
    world.start()
    assert world.api.list().status_code == 200


def test_the_limit_is_raised_as_far_as_it_may_be(make_world, monkeypatch):
    monkeypatch.setattr(World, "command", ["prlimit", "--nofile=64:4096", *World.command])

    assert _shares(make_world())["limit"] == 4096


# None


@contextlib.contextmanager
def _none_left(world):
    """The limit is lowered to the first number that is free: as when the machine has no more."""
    former = resource.prlimit(world.service.pid, resource.RLIMIT_NOFILE)
    free = min(set(range(former[0])) - _open(world))
    resource.prlimit(world.service.pid, resource.RLIMIT_NOFILE, (free, former[1]))
    try:
        yield
    finally:
        resource.prlimit(world.service.pid, resource.RLIMIT_NOFILE, former)


def _cpu_s(world):
    with open(f"/proc/{world.service.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def test_clients_that_cannot_be_let_in_wait_and_cost_no_processor(world):
    eventually(lambda: b"database_sound" in world.service.log(), "the check at the start is over")
    with _none_left(world):
        waiting = Connection(world.api.url)
        waiting.send("GET", "/healthz")
        eventually(lambda: b"no_descriptor" in world.service.log(), "it is noticed")
        began, used = time.monotonic(), _cpu_s(world)
        time.sleep(1)  # of all its threads at the socket, none may spin
        share = (_cpu_s(world) - used) / (time.monotonic() - began)
        assert not waiting.readable()

    assert share < 0.1, f"{share:.0%} of a processor while it waits"
    assert waiting.answer()[0] == 200
    waiting.close()
    assert world.service.log().count(b'"no_descriptor') == 1, "and it is not said all the time"


def test_idle_connections_make_room_for_those_that_wait(world):
    """Else a thread that has some lets nobody in until one of them is idle for a minute."""
    eventually(lambda: b"database_sound" in world.service.log(), "the check at the start is over")
    with _connections(world.api.url, 16) as idle:  # some in each thread
        for client in idle:
            assert client.ask("GET", "/healthz")[0] == 200
        with _none_left(world), _connections(world.api.url, 4) as waiting:
            for client in waiting:
                client.send("GET", "/healthz")
            eventually(lambda: all(c.readable() for c in waiting), "all are let in")
            assert [c.answer()[0] for c in waiting] == [200] * 4


def test_a_read_that_cannot_open_the_database_is_told_to_come_again(world):
    eventually(lambda: b"database_sound" in world.service.log(), "the check at the start is over")
    client = Connection(world.api.url)
    assert client.ask("GET", "/healthz")[0] == 200
    with _none_left(world):
        status, headers, problem = client.ask("GET", NUMBERS)
        assert (status, problem["code"]) == (503, "storage-unavailable")
        assert int(headers["Retry-After"]) >= 1

    assert client.ask("GET", NUMBERS)[0] == 200
    client.close()
    assert world.admin.request("GET", "/readyz").status_code == 200


def test_a_create_that_cannot_call_anyone_goes_on_when_it_can(world, number):
    eventually(lambda: b"database_sound" in world.service.log(), "the check at the start is over")
    client = Connection(world.api.url)
    assert client.ask("GET", NUMBERS)[0] == 200  # the thread has opened the database
    with _none_left(world):
        body = {"phone_number": number, "agent_id": AGENT}
        status, _, operation = client.ask("POST", NUMBERS, body, ASYNC)
        assert status == 202
        eventually(
            lambda: any(s["attempts"] > 1 for s in _steps(client, operation)), "it tries again"
        )
        assert world.sandbox.calls() == []

    assert world.api.ended(operation["id"], within=30)["state"] == "succeeded"
    client.close()
    assert_exactly(world, ALL_KINDS)


def _steps(client, operation):
    status, _, now = client.ask("GET", f"/v1/operations/{operation['id']}")
    assert status == 200
    return now["steps"]
