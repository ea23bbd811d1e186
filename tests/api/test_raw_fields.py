# SPDX-License-Identifier: MIT
"""Header fields as bytes: what is no field is refused, and what comes once comes once.

Where libmicrohttpd 0.9.75 lets through what we never get to see, the docstring
says so: in production a proxy that keeps to RFC 9112 stands before us.
"""

import pytest

from support.facts import NUMBERS
from support.raw import HIDDEN, HOST, KEY, get, post, sized, split, talk

LIST = NUMBERS.encode()


@pytest.mark.parametrize(
    "field",
    [b"X-A : b", b" X: y", b"\tX: y", b"X(: a", b"X Y: a", b"X\xc3\xbc: a", b"Content-Length : 5",
     b"Transfer-Encoding : chunked", b"Transfer\r-Encoding: chunked", b"X: a\rb", b"X: a\x01b",
     b"X: a\x7f", b"X: a\x0b", b"X: a\x1b[31m"],
)
def test_what_is_no_field_is_refused(shared, field):
    call = talk(shared, get(KEY + field + b"\r\n", LIST) + HIDDEN)
    call.refused(400, "malformed-request")


@pytest.mark.parametrize("line", [b"X", b"GET / HTTP/1.1", b"X\0Y: a", b"Transfer-Encoding\0: a"])
def test_a_line_without_a_colon_is_the_librarys_400(shared, line):
    """A NUL ends the line for it, and so before the colon."""
    talk(shared, get(KEY + line + b"\r\n", LIST) + HIDDEN).page(400)


@pytest.mark.parametrize("field", [b"X:", b"X: ", b"X:y", b"X: \xc3\xbc", b"X: a\tb", b"X: y \t"])
def test_odd_fields_that_http_allows_are_fine(shared, field):
    talk(shared, get(KEY + field + b"\r\n", LIST)).served(200)


# What the library reads otherwise than it came (layout.h); more of it in test_raw_layout.py


@pytest.mark.parametrize("value", [b"a\0b", b"a\0", b"\0", b"\0a", b"a\0\r", b"a\0 : b"])
def test_a_value_with_a_nul_is_refused(shared, value):
    call = talk(shared, get(b"X: " + value + b"\r\n" + KEY, LIST) + HIDDEN)
    call.refused(400, "malformed-request")


def test_a_key_does_not_end_at_a_nul(shared):
    cut = b"Authorization: Bearer wrong\0" + KEY[22:]
    for fields in (KEY[:-2] + b"\0x\r\n", cut):
        talk(shared, get(fields, LIST) + HIDDEN).refused(400, "malformed-request")


@pytest.mark.parametrize("line", [b": v", b":", b"\0", b"\0: a", b"\0X: y", b"\0\0"])
@pytest.mark.parametrize("at", ["first", "between", "last"])
def test_a_line_without_a_name_does_not_end_the_header(shared, line, at):
    """What follows is no request of its own, and no field either."""
    line, hidden = line + b"\r\n", HIDDEN[: -len(b"\r\n")]
    request = {
        "first": get(KEY, LIST).replace(HOST, line + hidden),
        "between": get(KEY + line + hidden, LIST),
        "last": get(KEY + line, LIST) + HIDDEN,
    }[at]
    talk(shared, request).turned_away(400)


@pytest.mark.parametrize(
    "folded",
    [b"X: a\r\n b\r\n", b"X: a\r\n\tb\r\n", b"X: a\r\n  \r\n", b"X:\r\n a\r\n b\r\n", b"X: a\n b\r\n",
     b"Authoriz: " + KEY[15:] + b" ation\r\n", b"Content-Len: 2\r\n gth\r\n",
     b"Transfer-Enco: chunked\r\n ding\r\n", b"X-Request-Id: a\r\n Set-Cookie: b\r\n"],
)
@pytest.mark.parametrize("at", ["first", "last"])
def test_a_folded_line_is_refused(shared, folded, at):
    """The library would join it to the name of the field before, which nobody else sees there."""
    request = post(b"X-Last: z\r\n")
    request = request.replace(HOST, HOST + folded) if at == "first" else post(folded)
    talk(shared, request + HIDDEN).refused(400, "malformed-request")


def test_a_bare_line_feed_ends_no_line(shared):
    """It would leave in doubt where a header ends."""
    lines = get(KEY, LIST).split(b"\r\n")
    for at in range(1, len(lines)):
        request = b"\r\n".join(lines[:at]) + b"\n" + b"\r\n".join(lines[at:])
        talk(shared, request + HIDDEN).refused(400, "malformed-request")


# What may come only once


@pytest.mark.parametrize(
    "field",
    [b"Authorization: Bearer x", b"Content-Type: application/json", b"If-Match: \"1\"", b"Host: x",
     b"Host: y", b"Expect: 100-continue", b"Last-Event-ID: 1", b"Content-Encoding: identity"],
)
def test_a_second_one_is_refused(shared, field):
    twice = post((field + b"\r\n") * 2 + b"Content-Length: 2\r\n", b"{}" + HIDDEN)
    talk(shared, twice).refused(400, "malformed-request")


def test_a_second_idempotency_key_is_refused(shared):
    fields = b"Idempotency-Key: a\r\nIDEMPOTENCY-KEY: a\r\nContent-Length: 2\r\n"
    talk(shared, post(fields, b"{}" + HIDDEN)).refused(400, "idempotency-key-invalid")


# Host


def test_without_a_host_nothing_is_done(shared):
    request = get().replace(HOST, b"") + HIDDEN
    talk(shared, request).refused(400, "malformed-request")


@pytest.mark.parametrize(
    "host", [b"", b"x/y", b"user@x", b"x y", b"x?y", b"x#y", b"http://x", b"\xc3\xbc", b"<x>", b"x\\y"]
)
def test_a_host_that_is_none_is_refused(shared, host):
    request = get().replace(b"Host: x", b"Host: " + host) + HIDDEN
    talk(shared, request).refused(400, "malformed-request")


def test_the_host_leads_nowhere(shared):
    """No link is built of it, nor of what a proxy may have put beside it."""
    evil = b"X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example;for=1.2.3.4\r\n"
    request = get(evil + b"X-Forwarded-Proto: gopher\r\n" + KEY, LIST + b"?limit=1")
    call = talk(shared, request.replace(b"Host: x", b"Host: evil.example"))

    call.served(200)
    assert b"evil.example" not in call.raw and b"gopher" not in call.raw
    assert b"1.2.3.4" not in shared.service.log()


@pytest.mark.parametrize("host", [b"x:80", b"[::1]:8080", b"127.0.0.1", b"a.b-c.example."])
def test_hosts_of_all_kinds_are_fine(shared, host):
    talk(shared, get().replace(b"Host: x", b"Host: " + host)).served(200)


# Names to follow a request by


@pytest.mark.parametrize("name", [b"k" * 65, b"k" * 1024, b"a\tb", b"", b"\xc3\xbc", b"a;b", b'"a"'])
def test_a_request_id_that_is_no_name_is_replaced(shared, name):
    (answer,) = talk(shared, get(b"X-Request-Id: " + name + b"\r\n")).served(200)
    assert answer.fields["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    "parent",
    [b"00-0-0-0", b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01", b"x" * 1000,
     b"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
     b"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"],
)
def test_a_bad_trace_is_not_carried_on(shared, parent):
    (answer,) = talk(shared, get(b"traceparent: " + parent + b"\r\n")).served(200)
    assert "traceparent" not in answer.fields


# What is asked for beside the resource


def test_upgrades_are_not_taken(shared):
    h2c = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQA\r\n"
    socket = (
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    for answer in talk(shared, get(h2c) + get(socket)).served(200, 200):
        assert "upgrade" not in answer.fields


def test_ranges_are_not_taken(shared):
    whole, part = talk(shared, get(KEY, LIST) + get(KEY + b"Range: bytes=0-4\r\n", LIST)).served(200, 200)
    assert part.body == whole.body and "content-range" not in part.fields


def test_a_preflight_is_not_answered_as_such(shared):
    asks = (
        b"Origin: https://evil.example\r\nAccess-Control-Request-Method: DELETE\r\n"
        b"Access-Control-Request-Headers: authorization\r\n"
    )
    (answer,) = talk(shared, get(asks, LIST, b"OPTIONS")).served(204)
    assert not [name for name in answer.fields if name.startswith("access-control")]


def test_a_body_is_invited_only_if_it_is_wanted(shared):
    """100-continue before it is read, none before a refusal."""
    wait = b"Expect: 100-continue\r\nContent-Length: 2\r\n"
    call = talk(shared, post(wait, b"{}"))
    assert [a.status for a in call.answers] == [100, 422] and call.last
    call.log(1)
    talk(shared, post(wait).replace(KEY, b"")).refused(401)
    talk(shared, post(wait).replace(b"application/json", b"text/plain")).refused(415)
    talk(shared, post(wait.replace(b"100-continue", b"miracles"))).refused(417)


def test_http_1_0_is_not_asked_to_wait(shared):
    request = post(b"Expect: 100-continue\r\nContent-Length: 2\r\n", b"{}")
    call = talk(shared, request.replace(b"HTTP/1.1", b"HTTP/1.0", 1) + HIDDEN)

    (answer,) = split(call.raw)
    assert answer.status == 422 and answer.closes
    call.log(1)
    call.nothing_hidden()


def test_nothing_here_came_to_the_providers(shared):
    assert shared.api.operations().json()["items"] == []
    assert talk(shared, sized(b"{}")).served(422)
