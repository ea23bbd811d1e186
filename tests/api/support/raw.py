# SPDX-License-Identifier: MIT
"""Bytes on the wire: what no HTTP client would send, and answers read with no mercy.

`talk` sends requests over one connection and, behind them, a last good one:
if that is answered, the service has found the end of every request before it,
and if it is not, the connection was closed. So no test has to wait for silence.
"""

import json
import re
import socket
import urllib.parse

from support import secrets
from support.facts import NUMBERS
from support.process import SLOW
from support.waiting import eventually

KEY = f"Authorization: Bearer {secrets.API_KEY}\r\n".encode()
HOST = b"Host: x\r\n"
JSON = b"Content-Type: application/json\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: last-one\r\nConnection: close\r\n\r\n"

# Hidden in other requests: whoever runs it has mistaken data for a request.
HIDDEN = (
    b"DELETE /v1/agent-phone-numbers/%2B14155550100 HTTP/1.1\r\nX-Request-Id: hidden-one\r\n"
    + HOST + KEY + b"\r\n"
)

_STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [ -~]+")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([!-~](?:[\t -~]*[!-~])?)")


def get(fields=b"", target=b"/healthz", method=b"GET", version=b"HTTP/1.1"):
    return method + b" " + target + b" " + version + b"\r\n" + HOST + fields + b"\r\n"


def post(fields, body=b""):
    """A create as far as its header goes."""
    head = b"POST " + NUMBERS.encode() + b" HTTP/1.1\r\n" + HOST + KEY + JSON
    return head + fields + b"\r\n" + body


def sized(body):
    return post(b"Content-Length: %d\r\n" % len(body), body)


def chunked(*parts):
    whole = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return post(b"Transfer-Encoding: chunked\r\n", whole + b"0\r\n\r\n")


class Answer:
    """One answer, cut off the front of data; anything but plain HTTP/1.1 fails."""

    def __init__(self, data, method="GET"):
        head, empty, rest = data.partition(b"\r\n\r\n")
        assert empty, f"the header of an answer has no end: {data[:200]!r}"
        first, *lines = head.split(b"\r\n")
        found = _STATUS.fullmatch(first)
        assert found, f"not a status line: {first!r}"
        self.status = int(found[1])
        self.fields = {}
        for line in lines:
            field = _FIELD.fullmatch(line)
            assert field, f"not a header field: {line!r}"
            name = field[1].decode().lower()
            assert name not in self.fields, f"{name} comes twice"
            self.fields[name] = field[2].decode()
        self.body, self.rest = self._body(rest, method)
        assert not secrets.seen_in(head + self.body), "a secret in an answer"

    def _body(self, rest, method):
        if method == "HEAD" or self.status < 200 or self.status in (204, 304):
            return b"", rest
        assert "transfer-encoding" not in self.fields, "an answer in chunks has no length here"
        length = self.fields["content-length"]
        assert length.isdigit() and len(rest) >= int(length), f"{len(rest)} of {length} bytes"
        return rest[: int(length)], rest[int(length) :]

    @property
    def closes(self):
        return self.fields.get("connection", "").lower() == "close"

    @property
    def ours(self):
        """By the service, not the HTTP library."""
        return "x-request-id" in self.fields

    @property
    def code(self):
        """Of a problem document, which it must be."""
        assert self.fields["content-type"] == "application/problem+json", self.fields
        problem = json.loads(self.body)
        assert problem["status"] == self.status
        assert problem["request_id"] == self.fields["x-request-id"]
        return problem["code"]


def split(data, methods=()):
    """All answers in data, to its last byte; methods as sent, GET beyond them."""
    answers, methods = [], list(methods)
    while data:
        answer = Answer(data, methods[0] if methods else "GET")
        if answer.status >= 200:
            methods = methods[1:]
        answers.append(answer)
        data = answer.rest
    return answers


def connect(world, within=10, url=None):
    at = urllib.parse.urlsplit(url or world.api.url)
    return socket.create_connection((at.hostname, at.port), timeout=within * SLOW)


def read_all(client):
    """Until the other side closes, in good time."""
    data = b""
    while True:
        try:
            part = client.recv(65536)
        except ConnectionResetError:
            return data
        if not part:
            return data
        data += part


def send(client, data):
    """As much of it as the other side takes before it closes."""
    try:
        client.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass


def exchange(world, data, within=10):
    """Sends data, and all bytes that come back until the connection is closed."""
    with connect(world, within) as client:
        send(client, data)
        try:
            return read_all(client)
        except TimeoutError:
            raise AssertionError(f"neither answered nor closed in time: {data[:300]!r}") from None


class Talk:
    """What came of some requests: their answers, and whether the last good one had its own."""

    def __init__(self, world, data, methods=()):
        self.world = world
        self.mark = len(world.service.log())
        self.raw = exchange(world, data + LAST)
        self.methods = methods

    @property
    def answers(self):
        """Without that of the last good one."""
        answers = split(self.raw, self.methods)
        return answers[:-1] if self.last else answers

    @property
    def last(self):
        return b"X-Request-Id: last-one\r\n" in self.raw

    def log(self, count):
        """Its `count` lines in the access log, no more, the last good one's left out."""

        def lines():
            new = self.world.service.log()[self.mark :]
            found = [json.loads(line) for line in new.splitlines(True) if line.endswith(b"\n")]
            found = [line for line in found if line["event"] == "request"]
            return (found,) if len(found) >= count + self.last else None

        (found,) = eventually(lines, f"{count} lines in the access log")
        found = [line for line in found if line.get("request_id") != "last-one"]
        assert len(found) == count, found
        return found

    def turned_away(self, status):
        """One answer, then the end: nothing else was read."""
        (answer,) = self.answers
        assert answer.status == status, self.raw
        assert answer.closes and not self.last
        assert [line["status"] for line in self.log(1)] == [status]
        self.nothing_hidden()
        return answer

    def refused(self, status, code=None):
        """The same, by a problem of ours."""
        answer = self.turned_away(status)
        assert answer.ours, self.raw
        assert code is None or answer.code == code
        return answer

    def served(self, *statuses):
        """An answer to each, and the connection goes on."""
        assert [a.status for a in self.answers] == list(statuses), self.raw
        assert self.last and not any(a.closes for a in self.answers)
        assert [line["status"] for line in self.log(len(statuses))] == list(statuses)
        self.nothing_hidden()
        return self.answers

    def page(self, status, logged=1):
        """The library's own page, without a type, and the end."""
        (answer,) = self.answers
        assert answer.status == status and not answer.ours, self.raw
        assert "content-type" not in answer.fields
        assert answer.closes and not self.last
        self.log(logged)
        self.nothing_hidden()

    def nothing_hidden(self):
        assert b"hidden-one" not in self.world.service.log()[self.mark :]
        assert b"hidden-one" not in self.raw


def talk(world, data, methods=()):
    return Talk(world, data, methods)


def connections(world):
    """How many the API listener has open."""
    text = world.admin.request("GET", "/metrics").text
    return int(re.search(r"^trunkline_http_connections (\d+)$", text, re.M)[1])
