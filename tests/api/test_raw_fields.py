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


def test_a_value_ends_at_a_nul(shared):
    """For the library, which we cannot see: so this is the key and no more than the key."""
    ours, others = KEY[:-2] + b"\0x\r\n", b"Authorization: Bearer wrong\0" + KEY[22:]
    talk(shared, get(ours, LIST) + get(others, LIST)).served(200, 401)


@pytest.mark.parametrize("line", [b": v", b":", b"\0", b"\0: a", b"\0X: y"])
def test_a_line_without_a_name_ends_the_header_or_is_refused(shared, line):
    """The library takes such a line for the empty one: what follows is a request of its own,
    which needs a key of its own. That of the first does not serve the second."""
    call = talk(shared, get(KEY + line + b"\r\nGET %s HTTP/1.1\r\nHost: x\r\n" % LIST, LIST))

    first, *others = call.answers
    if first.status == 400:
        assert first.closes and not others and not call.last
    else:
        assert [first.status] + [a.status for a in others] == [200, 401]
        assert len(call.log(2)) == 2


# Folded lines: the library glues the second to the *name* of the first, unseen by us


def test_a_folded_field_is_no_more_than_the_same_field_in_one_line(shared):
    """A proxy must not let it through, since it sees another name than we do."""
    folded = b"Authoriz: " + KEY[len(b"Authorization: ") :] + b" ation\r\n"
    wrong = b"Authoriz: Bearer wrong\r\n ation\r\n"
    for fields, status in ((folded, 200), (wrong, 401)):
        (answer,) = _taken_or_refused(shared, get(fields, LIST))
        assert answer.status in (400, status)


def test_a_folded_key_beside_another_is_one_too_many(shared):
    folded = b"Authoriz: Bearer wrong\r\n ation\r\n"
    talk(shared, get(KEY + folded, LIST) + HIDDEN).refused(400, "malformed-request")


def test_a_folded_length_is_a_length(shared):
    """Where the body ends is as sure as with a plain one."""
    folded = b"Content-Len: 2\r\n gth\r\n"
    (answer,) = _taken_or_refused(shared, post(folded, b"{}"))
    assert answer.status in (400, 422)
    twice = talk(shared, post(b"Content-Length: 2\r\n" + folded, b"{}" + HIDDEN))
    twice.refused(400, "malformed-request")


def _taken_or_refused(world, request):
    call = talk(world, request)
    answers = call.answers
    assert call.last or (answers[0].status == 400 and answers[0].closes)
    call.log(1)
    return answers


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


@pytest.mark.parametrize("eol", [b"\r\n", b"\n"])
def test_a_request_id_starts_no_line_in_an_answer(shared, eol):
    """Folded, it becomes part of the name of a field that nobody reads, or is refused."""
    (answer,) = _taken_or_refused(shared, get(b"X-Request-Id: a" + eol + b" Set-Cookie: b\r\n"))
    assert "set-cookie" not in answer.fields
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
    talk(shared, post(wait).replace(KEY, b"")).refused(401)
    talk(shared, post(wait).replace(b"application/json", b"text/plain")).refused(415)
    talk(shared, post(wait.replace(b"100-continue", b"miracles"))).refused(417)


def test_http_1_0_is_not_asked_to_wait(shared):
    request = post(b"Expect: 100-continue\r\nContent-Length: 2\r\n", b"{}")
    call = talk(shared, request.replace(b"HTTP/1.1", b"HTTP/1.0", 1) + HIDDEN)

    (answer,) = split(call.raw)
    assert answer.status == 422 and answer.closes
    call.nothing_hidden()


def test_nothing_here_came_to_the_providers(shared):
    assert shared.api.operations().json()["items"] == []
    assert talk(shared, sized(b"{}")).served(422)
