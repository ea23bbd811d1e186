# SPDX-License-Identifier: MIT
"""The providers behind HTTP/2, where streams and connections end as a test orders.

Every request goes on to the sandbox, so that its effect is real, unless the fault says that it was
not taken. What came is kept in `came`, each with the time and the connection, also what was refused.
"""

import http.client
import itertools
import re
import socket
import threading
import time

import h2.config
import h2.connection
import h2.errors
import h2.events

from support.tls import Tls

SUCH = h2.errors.ErrorCodes


class Fault:
    """What happens to the nth request that fits: "METHOD path", as a pattern."""

    def __init__(self, pattern, act, nth=1):
        self.pattern, self.act, self.left = re.compile(pattern), act, nth

    def hits(self, request):
        if self.pattern.match(f"{request.method} {request.path}"):
            self.left -= 1
            return self.left == 0
        return False


class Request:
    def __init__(self, connection, stream, headers):
        self.connection, self.stream = connection, stream
        fields = [(k.decode(), v.decode()) for k, v in headers]
        self.method, self.path = dict(fields)[":method"], dict(fields)[":path"]
        self.headers = {k: v for k, v in fields if k[0] != ":"}
        self.body = b""
        self.at = time.monotonic()


class Http2(Tls):
    """As Tls, but it speaks HTTP/2 (or not: `offers`) and knows what it carries."""

    def __init__(self, folder, target, offers=("h2", "http/1.1"), streams=100, **tls):
        self.came_requests = []
        self.faults = []
        self.offers, self.streams = list(offers), streams
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        super().__init__(folder, target, **tls)

    def fault(self, pattern, act, nth=1):
        self.faults.append(Fault(pattern, act, nth))

    def posts(self, pattern):
        """All requests that came and fit, in order."""
        return [r for r in self.came_requests if re.match(pattern, f"{r.method} {r.path}")]

    def _context(self):
        context = super()._context()
        context.set_alpn_protocols(self.offers)
        return context

    def _carry(self, client):
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            inside = self._context().wrap_socket(client, server_side=True)
        except OSError:
            client.close()
            return
        if inside.selected_alpn_protocol() == "h2":
            Connection(self, inside, next(self.numbers)).serve()
        else:
            self._splice(inside)

    def act_for(self, request):
        with self.lock:
            self.came_requests.append(request)
            hit = [f for f in self.faults if f.hits(request)]
        return hit[0].act if hit else None


class Connection:
    def __init__(self, front, tls, number):
        self.front, self.tls, self.number = front, tls, number
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.lock = threading.Lock()
        self.requests = {}
        self.done = 0  # the last stream that was answered

    def serve(self):
        self.h2.initiate_connection()
        self.h2.update_settings(
            {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: self.front.streams}
        )
        self._flush()
        try:
            while data := self.tls.recv(65536):
                with self.lock:
                    events = self.h2.receive_data(data)
                for event in events:
                    self._on(event)
                self._flush()
        except (OSError, h2.exceptions.ProtocolError):
            pass  # the client has gone, or we have cut it off
        self._close()

    def _on(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.requests[event.stream_id] = Request(self.number, event.stream_id, event.headers)
        elif isinstance(event, h2.events.DataReceived):
            self.requests[event.stream_id].body += event.data
            with self.lock:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            request = self.requests.pop(event.stream_id)
            threading.Thread(target=self._answer, args=[request], daemon=True).start()

    def _answer(self, request):
        act = self.front.act_for(request)
        before = {
            "refuse": lambda: self._reset(request, SUCH.REFUSED_STREAM),
            "http/1.1": lambda: self._reset(request, SUCH.HTTP_1_1_REQUIRED),
            "goaway": lambda: self._goaway(request.stream - 2),
            "cut": self._close,
        }
        after = {
            "reset after": lambda: self._reset(request, SUCH.INTERNAL_ERROR),
            "refuse after": lambda: self._reset(request, SUCH.REFUSED_STREAM),
            "goaway after": lambda: self._goaway(request.stream - 2),
            "cut after": self._close,
        }
        if act in before:
            before[act]()
            return
        status, headers, body = self._forward(request)
        if act in after:
            after[act]()
            return
        try:
            with self.lock:
                self.h2.send_headers(request.stream, [(":status", str(status)), *headers])
            self._send(request.stream, body)
        except (OSError, h2.exceptions.ProtocolError):
            pass  # it does not wait any more

    def _send(self, stream, body):
        while True:
            with self.lock:
                room = self.h2.local_flow_control_window(stream)
                part = body[: min(room, self.h2.max_outbound_frame_size)]
                body = body[len(part) :]
                if part or not body:
                    self.h2.send_data(stream, part, end_stream=not body)
            self._flush()
            if not body:
                return
            if not part:
                time.sleep(0.001)  # until the client has read

    def _forward(self, request):
        host, port = self.front.target.removeprefix("http://").split(":")
        there = http.client.HTTPConnection(host, int(port), timeout=30)
        passed = ("authorization", "content-type", "accept")
        headers = {k: v for k, v in request.headers.items() if k in passed}
        there.request(request.method, request.path, request.body or None, headers)
        answer = there.getresponse()
        body = answer.read()
        there.close()
        kept = [("content-type", answer.headers["Content-Type"])] if body else []
        return answer.status, [*kept, ("content-length", str(len(body)))], body

    def _reset(self, request, code):
        with self.lock:
            self.h2.reset_stream(request.stream, code)
        self._flush()

    def _goaway(self, last):
        """Says that what came after `last` was not taken, and ends."""
        with self.lock:
            self.h2.close_connection(SUCH.NO_ERROR, last_stream_id=max(last, 0))
        self._flush()

    def _flush(self):
        with self.lock:
            data = self.h2.data_to_send()
            if data:
                self.tls.sendall(data)

    def _close(self):
        try:
            self.tls.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.tls.close()
