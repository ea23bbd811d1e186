# SPDX-License-Identifier: MIT
"""Clients that take their time: each has an absolute deadline, and nobody else waits for them.

All who must be cut 10 s after their start begin together, in one fixture, and
each test looks at some of them: the module takes one such wait. The deadline of
a body (30 s) and of taking an answer (60 s) are waited for only with
TRUNKLINE_SLOW_CLIENTS=1 in the environment.
"""

import os
import resource
import selectors
import signal
import socket
import statistics
import time

import pytest

from support.facts import NUMBERS
from support.process import SLOW
from support.raw import KEY, connect, connections, get, post, talk
from support.waiting import eventually
from support.world import World

DRIPS = 1000
HEADER_S, BODY_S, WRITE_S = 10, 30, 60
LATE_S = 5 * SLOW  # how much later than its deadline a cut may be seen on a busy machine

HELLO = bytes.fromhex("16030100f8010000f40303") + bytes(range(256))
STRAYS = {
    "silence": b"",
    "half a line": b"GET /heal",
    "half a header": b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
    "bare carriage returns": b"GET /healthz HTTP/1.1\rHost: x\r\r",
    "tls": HELLO,
    "tls with a line end": HELLO + b"\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "nuls": b"\0" * 10_000,
    "empty lines": b"\r\n" * 10_000,
    "a blank first": b" GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "tabs for blanks": b"GET\t/healthz\tHTTP/1.1\r\nHost: x\r\n\r\n",
    "smtp": b"EHLO there\r\nMAIL FROM:<a@b>\r\n",
    "a proxy's preface": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
    "redis": b"*1\r\n$4\r\nPING\r\n",
}
DRIP = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"x" * 10_000


class Slow:
    """A connection that sends a byte of `drip` whenever it is asked to; when it ended and how."""

    def __init__(self, world, first=b"", drip=b"", half_closed=False):
        self.client = connect(world)
        self.begun, self.ended, self.said = time.monotonic(), None, b""
        self.drip = iter(drip)
        if first:
            self.client.sendall(first)
        if half_closed:
            self.client.shutdown(socket.SHUT_WR)
        self.client.setblocking(False)

    def tick(self):
        byte = next(self.drip, None)
        if byte is not None and self.ended is None:
            try:
                self.client.send(bytes([byte]))
            except OSError:
                pass  # read tells

    def read(self):
        try:
            part = self.client.recv(65536)
        except ConnectionResetError:
            part = b""
        except BlockingIOError:
            return
        self.said += part
        if not part:
            self.ended = time.monotonic() - self.begun
            self.client.close()


def run(slow, until, busy=None):
    """Drips twice a second and reads until all have ended or the time is over."""
    with selectors.DefaultSelector() as selector:
        for one in slow:
            selector.register(one.client, selectors.EVENT_READ, one)
        tick = time.monotonic()
        while selector.get_map() and time.monotonic() < until:
            if time.monotonic() >= tick:
                tick += 0.5
                for one in slow:
                    one.tick()
            for key, _ in selector.select(0.05):
                key.data.read()
                if key.data.ended is not None:
                    selector.unregister(key.fileobj)
            if busy:
                busy()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * DRIPS
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"needs {wanted} descriptors, the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    world = World(tmp_path_factory.mktemp("slow"))
    yield world
    world.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _probe(world, numbers):
    """How long a look, a list and a create with its delete take, in turns."""

    def timed(job):
        begun = time.monotonic()
        assert job().status_code < 300
        return time.monotonic() - begun

    number = next(numbers)
    return [
        timed(lambda: world.admin.request("GET", "/readyz")),
        timed(world.api.list),
        timed(lambda: world.api.create(number)),
        timed(lambda: world.api.delete(number)),
    ]


@pytest.fixture(scope="module")
def ordeal(world):
    """Everything that takes ten seconds, at once."""
    numbers = iter(f"+1415555{n:04d}" for n in range(100, 350))
    idle = [_probe(world, numbers) for _ in range(10)]
    second = Slow(world, get())  # a good request, then a slow one
    time.sleep(0.2)
    second.begun = time.monotonic()
    second.client.send(DRIP[:24])
    second.drip = iter(DRIP[24:])
    strays = {name: Slow(world, data) for name, data in STRAYS.items()}
    drips = [Slow(world, drip=DRIP) for _ in range(DRIPS)]
    busy, last = [], [0.0]

    def probe():
        if len(busy) < 60 and time.monotonic() - last[0] > 0.15:
            busy.append(_probe(world, numbers))
            last[0] = time.monotonic()

    eventually(lambda: connections(world) >= DRIPS, "all are connected")
    run([second, *strays.values(), *drips], time.monotonic() + HEADER_S + LATE_S, probe)
    return {"idle": idle, "busy": busy, "strays": strays, "drips": drips, "second": second}


def test_a_dripping_header_is_cut_ten_seconds_after_the_connect(ordeal):
    """Though a byte came every half a second."""
    ends = [drip.ended for drip in ordeal["drips"]]
    assert None not in ends
    assert HEADER_S - 0.5 < min(ends) and max(ends) < HEADER_S + LATE_S
    assert {drip.said for drip in ordeal["drips"]} == {b""}


@pytest.mark.parametrize("name", STRAYS)
def test_what_never_becomes_a_request_ends_in_time(ordeal, name):
    """Refused, or closed without a word, after ten seconds at the latest."""
    stray = ordeal["strays"][name]
    assert stray.ended is not None or stray.said.startswith(b"HTTP/1.1 400 ")
    assert stray.ended is None or stray.ended < HEADER_S + LATE_S
    assert not stray.said or stray.said.startswith(b"HTTP/1.1 4")


def test_a_later_request_on_a_connection_has_ten_seconds_too(ordeal):
    second = ordeal["second"]
    assert second.said.startswith(b"HTTP/1.1 200 ") and second.said.count(b"HTTP/1.1") == 1
    assert second.ended is not None and second.ended < HEADER_S + LATE_S


@pytest.mark.parametrize("what", ["a look at readiness", "a list", "a create", "a delete"])
def test_nobody_else_waits_for_them(ordeal, what):
    at = ["a look at readiness", "a list", "a create", "a delete"].index(what)
    idle = statistics.median(times[at] for times in ordeal["idle"])
    busy = statistics.median(times[at] for times in ordeal["busy"])
    print(f"{what}: {idle * 1000:.1f} ms alone, {busy * 1000:.1f} ms beside {DRIPS} slow clients")
    assert len(ordeal["busy"]) >= 10
    assert busy < max(5 * idle, 0.3 * SLOW)


def test_afterwards_all_is_as_before(world, ordeal):
    text = world.admin.request("GET", "/metrics").text
    (cut,) = [x.split()[1] for x in text.splitlines() if x.startswith("trunkline_http_connections_cut_total ")]
    assert int(cut) >= DRIPS
    eventually(lambda: connections(world) < 10, "the connections are gone")
    (answer,) = talk(world, get()).answers
    assert answer.status == 200


def test_who_never_reads_holds_nobody_up(world):
    """Each wants megabytes and takes none: answers to others come all the same."""
    clients = []
    for _ in range(50):
        client = connect(world)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(get(target=b"/openapi.json") * 40)
        clients.append(client)
    begun = time.monotonic()
    for _ in range(20):
        assert world.api.list().status_code == 200
    assert time.monotonic() - begun < 10 * SLOW
    for client in clients:
        client.close()
    eventually(lambda: connections(world) < 10, "the connections are gone")


LONG = pytest.mark.skipif(
    not os.environ.get("TRUNKLINE_SLOW_CLIENTS"), reason="a minute; TRUNKLINE_SLOW_CLIENTS=1 runs it"
)


@LONG
def test_a_slow_body_has_thirty_seconds(world):
    """Half-closed in mid-body: the library (with epoll) does not notice; the deadline does. A
    coding with a blank behind it is no chunked to the library: it waits for more, if we let it."""
    signal.alarm(150 * SLOW)
    before = world.api.operations().json()["items"]
    body = b'{"phone_number": "+14155550100", "label": "' + b"x" * 400
    sized, parts = b"Content-Length: 500\r\n", b"Transfer-Encoding: chunked\r\n"
    slow = [
        Slow(world, post(sized), body),
        Slow(world, post(parts), b"1F4;" + b"x" * 400),
        Slow(world, post(sized, body), half_closed=True),
        Slow(world, post(parts, b"2\r\n{}\r\n"), half_closed=True),
        Slow(world, post(sized, body)),
    ]
    blank = Slow(world, post(b"Transfer-Encoding: chunked \r\n", b"2\r\n{}\r\n0\r\n\r\n"))
    run([blank, *slow], time.monotonic() + BODY_S + LATE_S)
    assert blank.ended is not None and blank.ended < BODY_S + LATE_S
    assert not blank.said or blank.said.startswith(b"HTTP/1.1 501 ")
    assert all(one.ended is not None and one.ended < BODY_S + LATE_S for one in slow)
    assert all(one.ended > BODY_S - 0.5 for one in (slow[0], slow[1], slow[4]))
    assert {one.said for one in slow} == {b""}
    assert world.api.operations().json()["items"] == before


@LONG
def test_an_answer_that_nobody_takes_has_sixty_seconds(world):
    signal.alarm(150 * SLOW)
    before = connections(world)
    client = connect(world)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    begun = time.monotonic()
    client.sendall(get(target=b"/openapi.json") * 60)
    eventually(lambda: connections(world) > before, "it is there")
    while connections(world) > before:
        assert time.monotonic() - begun < WRITE_S + LATE_S
        time.sleep(1)
    assert time.monotonic() - begun > WRITE_S - 2
    client.close()


@LONG
def test_an_idle_connection_has_sixty_seconds(world):
    signal.alarm(150 * SLOW)
    idle = Slow(world, get())
    run([idle], time.monotonic() + WRITE_S + LATE_S)
    assert idle.said.startswith(b"HTTP/1.1 200 ")
    assert idle.ended is not None and WRITE_S - 2 < idle.ended < WRITE_S + LATE_S
