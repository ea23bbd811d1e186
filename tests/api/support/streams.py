# SPDX-License-Identifier: MIT
"""Server-sent events, read as they come."""

import dataclasses
import http.client
import json
import urllib.parse

from support import secrets
from support.facts import OPERATIONS
from support.process import SLOW


@dataclasses.dataclass
class Event:
    name: str
    id: str
    data: dict


class Stream:
    """GET /v1/operations/{id}/events, open until it is closed or has ended."""

    def __init__(self, api, operation_id, last_id=None, method="GET", timeout=20):
        at = urllib.parse.urlsplit(api.url)
        headers = {"Authorization": f"Bearer {api.key}", "Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        self.connection = http.client.HTTPConnection(at.hostname, at.port, timeout=timeout * SLOW)
        self.connection.request(method, f"{OPERATIONS}/{operation_id}/events", headers=headers)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.headers = self.answer.headers
        self.last_id = last_id

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self.answer.close()
        self.connection.close()

    def _line(self):
        line = self.answer.readline()
        assert not secrets.seen_in(line), f"secrets in a stream: {line!r}"
        return line.decode()

    def next(self):
        """The next event; None at the end of the stream."""
        fields = {}
        while line := self._line():
            if line == "\n" and "data" in fields:
                self.last_id = fields["id"]
                return Event(fields["event"], fields["id"], json.loads(fields["data"]))
            if line != "\n" and line != ":\n":
                name, _, value = line.rstrip("\n").partition(": ")
                assert name in ("event", "id", "data", "retry"), f"field {name!r} in a stream"
                assert name not in fields, f"{name} twice in one event"
                fields[name] = value
        assert not set(fields) - {"retry"}, f"cut off within an event: {fields}"
        return None

    def beat(self):
        """Waits for a heartbeat while nothing happens."""
        while (line := self._line()) == "\n":
            pass
        assert line == ":\n", f"{line!r} in place of a heartbeat"

    def __iter__(self):
        return iter(self.next, None)

    def rest(self):
        """All events to the end of the stream."""
        return list(self)

    def until(self, wanted):
        """The events up to and with the first for which wanted(event) is true."""
        seen = []
        for event in self:
            seen.append(event)
            if wanted(event):
                return seen
        raise AssertionError(f"the stream ended before: {[e.name for e in seen]}")


def steps(events, name=None):
    """The data of the step events, or those of one step, in order."""
    return [e.data for e in events if e.name == "step" and name in (None, e.data["name"])]


def is_step(name, state):
    return lambda e: e.name == "step" and (e.data["name"], e.data["state"]) == (name, state)
