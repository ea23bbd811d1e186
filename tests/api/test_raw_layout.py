# SPDX-License-Identifier: MIT
"""Every short run of odd bytes in every place of a header: no more requests are seen than were
sent, and none that RFC 9112 does not allow.

Two readers of the same bytes stand beside the service. `strict` is the RFC. `lenient` finds where
a header ends for anyone who takes a bare line feed for a line end, as a proxy before us might.
"""

import itertools
import re

import pytest

from support.client import at_once
from support.raw import HIDDEN, HOST, KEY, LAST, connect, exchange, get, read_all, send, split, talk

ODD = [bytes([c]) for c in b"\r\n:\0 \tx"]
NEXT = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: the-next\r\n\r\n"

PLACES = {
    "in the method": b"GE%sT /healthz HTTP/1.1\r\nHost: x\r\nX: a\r\n\r\n",
    "behind the method": b"GET%s /healthz HTTP/1.1\r\nHost: x\r\nX: a\r\n\r\n",
    "behind the target": b"GET /healthz%s HTTP/1.1\r\nHost: x\r\nX: a\r\n\r\n",
    "behind the version": b"GET /healthz HTTP/1.1%s\r\nHost: x\r\nX: a\r\n\r\n",
    "before a name": b"GET /healthz HTTP/1.1\r\n%sHost: x\r\nX: a\r\n\r\n",
    "in a name": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX%sX: a\r\n\r\n",
    "behind a value": b"GET /healthz HTTP/1.1\r\nX: a%s\r\nHost: x\r\n\r\n",
    "behind the last value": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a%s\r\n\r\n",
    "at the end": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\r\n%s\r\n",
}

LINE = re.compile(rb"[A-Z]+ /[!-~]* HTTP/1\.1")
FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*")

# What the library skips before a request: empty lines, and as such whatever begins with a NUL
SKIPPED = re.compile(rb"(\r?\n|\0[^\n]*\n)*")


def strict(data):
    """The length of the request at the front of data; None if it is none."""
    head, end, _ = data.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    good = end and LINE.fullmatch(first) and all(map(FIELD.fullmatch, fields))
    return len(head + end) if good and b"Host: x" in fields else None


def lenient(data):
    """Where the header at the front of data ends: behind the first empty line."""
    return re.search(rb"\n\r?\n", data).end()


def _begins_a_request(data):
    return data[SKIPPED.match(data).end() :].startswith(NEXT)


def _check(world, place, odd):
    data = PLACES[place].replace(b"%s", odd) + NEXT
    said = exchange(world, data + LAST)
    answers = split(said)
    served = b"X-Request-Id: the-next\r\n" in said
    if served:
        plain = _begins_a_request(data[lenient(data) :])
        assert plain, f"a field became a request: {data!r}"
        assert [a.status for a in answers][-2:] == [200, 200] and len(answers) <= 3, data
    else:
        assert b"last-one" not in said, f"the next was left out: {data!r}"
    length = strict(data)
    if length is not None:
        assert answers[0].status in (200, 404), (data, said)
        assert served or not _begins_a_request(data[length:]), f"refused without need: {data!r}"
    else:
        assert not answers or answers[0].status != 200, f"let through: {data!r}"


@pytest.mark.parametrize("place", PLACES)
def test_short_runs_of_odd_bytes_anywhere(shared, place):
    """Of up to three bytes, and of four where the header ends."""
    most = 4 if place in ("behind the last value", "at the end") else 3
    runs = [b"".join(run) for n in range(1, most + 1) for run in itertools.product(ODD, repeat=n)]
    parts = [runs[at::6] for at in range(6)]
    at_once([lambda part=part: [_check(shared, place, odd) for odd in part] for part in parts])


# Each leaves the same bytes in the library's buffer as two ends of line
ENDS = [b"\n:\r\n", b"\n\0\r\n", b"\r\n:\n", b"\r\n\0\n", b"\n:\0\n", b"\0\n\r\n"]
FIELDS = [b"X: /y HTTP/1.1", b"X:/y HTTP/1.1", b"GET: /healthz HTTP/1.1", b"X: y"]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("field", FIELDS)
def test_what_only_looks_like_an_end_afterwards_is_refused(shared, end, field):
    request = get(KEY + b"X-Last: a" + end + field + b"\r\n" + HOST + KEY)
    talk(shared, request + HIDDEN).refused(400, "malformed-request")


def in_pieces(world, first, rest):
    """The answers to a good request, with which `first` has come, and to what `first` begins."""
    mark = len(world.service.log())
    with connect(world) as client:
        client.sendall(get() + first)
        data = client.recv(65536)
        send(client, rest + HIDDEN + LAST)
        before, *answers = split(data + read_all(client))
    assert before.status == 200 and not before.closes
    assert b"hidden-one" not in world.service.log()[mark:]
    return answers


@pytest.mark.parametrize("end", [b"\r\n\r\n", *ENDS])
@pytest.mark.parametrize("at", ["before the fields", "in a field", "before the end", "in the end"])
def test_a_header_that_comes_in_pieces_is_the_last_of_its_connection(shared, end, at):
    """Its end cannot be seen as it came. So it gets an answer, and what follows gets none."""
    line, fields = b"GET /healthz HTTP/1.1\r\n", HOST + KEY + b"X-Last: a"
    cut = {
        "before the fields": len(line),
        "in a field": len(line + HOST) + 5,
        "before the end": len(line + fields),
        "in the end": len(line + fields) + len(end) - 1,
    }[at]
    request = line + fields + end
    (answer,) = in_pieces(shared, request[:cut], request[cut:] + FIELDS[0] + b"\r\n\r\n")
    assert (answer.status, answer.closes) == (200, True)


@pytest.mark.parametrize("cut", [1, len(b"GET /healthz HTTP/1.1\r")])
def test_a_first_line_may_come_in_pieces(shared, cut):
    """Of the header, all is there when that is in."""
    request = get()
    first, last = in_pieces(shared, request[:cut], request[cut:] + LAST)[:2]
    assert (first.status, first.closes, last.status) == (200, False, 200)
