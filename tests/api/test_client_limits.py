# SPDX-License-Identifier: MIT
"""How many clients may be connected, wait for an outcome, and watch: and one more."""

import contextlib
import json
import pathlib
import resource
import select

import pytest

from support.disk import BadDisk
from support.facts import OPERATIONS
from support.journeys import ASYNC
from support.limits import LIMIT
from support.raw import HOST, JSON, KEY, connect, connections, get, read_all, sized
from support.streams import Stream
from support.waiting import eventually
from support.world import World


class SmallWorld(World):
    """128 descriptors make some 30 connections."""

    command = ["prlimit", "--nofile=128:128", *World.command]

    def connections(self):
        """How many it said at its start that it takes; three quarters of them may wait, an eighth watch."""
        lines = map(json.loads, self.service.log().splitlines())
        return next(line["clients"] for line in lines if line["event"] == "descriptors")


CALLS = {"TRUNKLINE_PROVIDER_CONCURRENCY": 8}  # which take descriptors too


@pytest.fixture
def small(tmp_path):
    world = SmallWorld(tmp_path, **CALLS)
    yield world
    world.close()


@pytest.fixture
def hanging(tmp_path):
    """One whose disk can be made to hang: hanging.disk."""
    disk = BadDisk(tmp_path / "faults")
    world = SmallWorld(tmp_path, **CALLS, **disk.settings())
    world.disk = disk
    yield world
    disk.clear("hang")
    world.close()


# Connections


def test_beyond_the_connections_clients_queue_and_nobody_is_lost(small):
    request = get(b"X-Request-Id: first\r\n")
    last = get(b"Connection: close\r\n")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(small)) for _ in range(100)]
        for client in clients:
            client.sendall(request)
        most = small.connections()
        eventually(lambda: len(_readable(clients)) >= most, "so many are answered")
        served = _readable(clients)
        assert len(served) == connections(small) == most
        assert small.admin.request("GET", "/readyz").status_code == 200
        waiting = [client for client in clients if client not in served]
        for client in served:
            client.sendall(last)
            assert read_all(client).count(b" 200 OK") == 2
            client.close()
        for client in waiting:
            assert _answered(client, 10)
            client.close()


def test_so_many_queue_in_the_kernel(small):
    """One more than it is asked for, as it counts; who comes then is not even connected."""
    most = LIMIT["BACKLOG"] + 1
    if int(pathlib.Path("/proc/sys/net/core/somaxconn").read_text()) < LIMIT["BACKLOG"]:
        pytest.skip("the kernel is set to queue fewer")
    with contextlib.ExitStack() as stack, descriptors(2 * most):
        for _ in range(small.connections()):
            client = stack.enter_context(connect(small))
            client.sendall(get())
            assert _answered(client, 10)
        queued = [stack.enter_context(connect(small)) for _ in range(most)]
        with pytest.raises(TimeoutError):
            connect(small, within=0.3)
        client.close()
        queued[0].sendall(get())
        assert _answered(queued[0], 10)
        stack.enter_context(connect(small))


@contextlib.contextmanager
def descriptors(wanted):
    """This process may have so many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_so_it_is_at_the_admin_listener(world):
    """One thread: exactly so many."""
    most = LIMIT["ADMIN_CONNECTIONS"]
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(most):
            clients.append(stack.enter_context(connect(world, url=world.admin.url)))
            clients[-1].sendall(get(target=b"/livez"))
            assert _answered(clients[-1], 10)
        more = stack.enter_context(connect(world, url=world.admin.url))
        more.sendall(get(target=b"/livez"))
        assert not _answered(more, 0.3)
        assert world.api.list().status_code == 200
        clients[0].close()
        assert _answered(more, 10)


def _readable(clients):
    return select.select(clients, [], [], 0)[0]


def _answered(client, within):
    client.settimeout(within)
    try:
        return b" 200 OK" in client.recv(65536)
    except TimeoutError:
        return False


# Clients that wait for an outcome


def test_beyond_the_waiting_clients_are_told_to_come_back(small, numbers):
    """Who needs not wait is served as ever: who prefers 202, cancels, makes or revokes a key, reads."""
    most = small.connections() // 4 * 3
    last, later, *chosen = numbers(most + 2)
    small.sandbox.fail("list_incoming_numbers", times=0, delay_before_ms=60_000)
    with contextlib.ExitStack() as stack:
        clients = []

        def wait_for(number):
            clients.append(stack.enter_context(connect(small)))
            clients[-1].sendall(_create(number))

        for number in chosen[:-1]:
            wait_for(number)
        eventually(lambda: _gauge(small, "waiting") == most - 1, "all but one wait")
        wait_for(chosen[-1])
        eventually(lambda: _gauge(small, "waiting") == most, "the last one may wait too")
        for order in (lambda: small.api.create(last), lambda: small.api.request("POST", "/v1/sweeps")):
            refused = order()
            assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        accepted = small.api.create(later, ASYNC)
        assert accepted.status_code == 202
        cancel = f"{OPERATIONS}/{accepted.json()['id']}/cancel"
        assert small.api.request("POST", cancel).status_code == 202
        key = small.api.request("POST", "/v1/api-keys", json={"name": "k", "scope": "read"})
        assert key.status_code == 201
        assert small.api.request("DELETE", key.headers["Location"]).status_code == 200
        assert small.api.list().status_code == 200
        assert small.admin.request("GET", "/readyz").status_code == 200
    small.unclean = True  # what hangs goes with the world


def test_beyond_those_whom_the_next_commit_answers_too(hanging):
    """They have some places more, since they wait only as long as the disk takes. It hangs here."""
    all_ = hanging.connections()
    hanging.disk.set("hang")
    with contextlib.ExitStack() as stack:
        clients = []
        for at in range(all_ // 4 * 3 + all_ // 16 + 1):
            clients.append(stack.enter_context(connect(hanging)))
            clients[-1].sendall(_make_key(at))
            eventually(lambda: _gauge(hanging, "waiting") == at + 1, "it waits")
        refused = hanging.api.request("POST", "/v1/api-keys", json={"name": "one more", "scope": "read"})
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        hanging.disk.clear("hang")
        for client in clients:
            assert b" 201 Created" in client.recv(65536)


def _make_key(at):
    body = b'{"name": "%d", "scope": "read"}' % at
    head = b"POST /v1/api-keys HTTP/1.1\r\nContent-Length: %d\r\n" % len(body)
    return head + HOST + KEY + JSON + b"\r\n" + body


def _create(number):
    return sized(b'{"phone_number": "%s", "agent_id": "agent_sandbox_1"}' % number.encode())


# Clients that watch


def test_beyond_the_watching_clients_are_told_to_come_back(small, number):
    """256 of them where there are connections enough: test_stream.py."""
    small.sandbox.fail("create_trunk", times=0, delay_before_ms=60_000)
    operation = small.api.create(number, ASYNC).json()["id"]
    most = small.connections() // 8
    with contextlib.ExitStack() as stack:
        for _ in range(most):
            assert stack.enter_context(Stream(small.api, operation)).status == 200
        refused = small.api.request("GET", f"{OPERATIONS}/{operation}/events")
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert _gauge(small, "streams") == most
    small.unclean = True


def _gauge(world, name):
    text = world.admin.request("GET", "/metrics").text
    (line,) = [x for x in text.splitlines() if x.startswith(f"trunkline_http_{name} ")]
    return int(line.split()[1])
