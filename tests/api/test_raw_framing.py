# SPDX-License-Identifier: MIT
"""Where one request ends and the next begins: as many are seen as were sent.

Where libmicrohttpd 0.9.75 is not what it should be, and the service cannot
help it, the docstring says so.
"""

import socket
import struct

import pytest

from support.raw import (
    HIDDEN, HOST, KEY, LAST, chunked, connect, connections, get, post, read_all, sized, split,
    talk,
)
from support.waiting import eventually

CREATE = b'{"phone_number": "+14155550101", "agent_id": "agent_sandbox_1"}'
CHUNKED = b"Transfer-Encoding: chunked\r\n"
TWO = b"2\r\n{}\r\n0\r\n\r\n"  # {} in a chunk


@pytest.fixture(autouse=True)
def no_call(shared):
    """No test here may lead to a call at a provider."""
    yield
    assert shared.sandbox.calls() == []


@pytest.fixture(scope="module", autouse=True)
def no_operation(_module_world):
    """Nor to an operation, whatever it would have been."""
    yield
    assert _module_world.api.operations().json()["items"] == []


# Content-Length


@pytest.mark.parametrize("length", [b"+5", b"-1", b"5,5", b"5, 5", b"0x5", b"", b"5 ", b"5 5", b"5\t"])
def test_a_length_that_is_no_number_ends_the_connection(shared, length):
    """The library's answer, and its header comes twice: the second copy is the start of the
    body and the page is cut by as much. Nothing can be done before 1.0; it closes at once."""
    call = talk(shared, post(b"Content-Length: " + length + b"\r\n", b"{}" + HIDDEN))

    _answered_twice(call.raw, 400)
    call.log(1)
    call.nothing_hidden()


@pytest.mark.parametrize("length", [b"1" * 23, b"18446744073709551616"])
def test_a_length_beyond_64_bits_ends_the_connection(shared, length):
    """As above: the library's 413, its header twice."""
    call = talk(shared, post(b"Content-Length: " + length + b"\r\n", b"{}" + HIDDEN))

    _answered_twice(call.raw, 413)
    call.nothing_hidden()


def _answered_twice(raw, status):
    head, _, rest = raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status) and b"\r\nConnection: close" in head
    again, _, page = rest.partition(b"\r\n\r\n")
    assert again == head and b"Content-Length: %d" % len(page) in head
    assert b"HTTP/" not in page


def test_the_largest_length_of_all_is_refused_too(shared):
    talk(shared, post(b"Content-Length: 18446744073709551615\r\n", HIDDEN)).refused(400)


@pytest.mark.parametrize("second", [2, 0, 100], ids=["the same", "shorter", "longer"])
def test_two_lengths_are_refused(shared, second):
    """The library goes by the first and would take what is left for a request."""
    fields = b"Content-Length: 2\r\nContent-Length: %d\r\n" % second
    talk(shared, post(fields, b"{}" + HIDDEN)).refused(400, "malformed-request")


@pytest.mark.parametrize("order", [1, -1], ids=["length first", "coding first"])
def test_a_length_beside_a_coding_is_refused(shared, order):
    fields = b"".join([b"Content-Length: 5\r\n", CHUNKED][::order])
    talk(shared, post(fields, b"0\r\n\r\n" + HIDDEN)).refused(400, "malformed-request")


def test_a_length_with_leading_zeros_is_a_number(shared):
    talk(shared, post(b"Content-Length: 0002\r\n", b"{}")).served(422)


# Transfer-Encoding


@pytest.mark.parametrize(
    "coding",
    [b"gzip, chunked", b"xchunked", b"gzip", b"identity", b"chunked, chunked", b"chunked;q=1",
     b'"chunked"', b"", b"chunked, identity", b"chunked,", b"\x0bchunked"],
)
def test_a_coding_that_is_not_chunked_is_refused_at_once(shared, coding):
    call = talk(shared, post(b"Transfer-Encoding: " + coding + b"\r\n", TWO + HIDDEN))
    call.refused(400 if b"\x0b" in coding else 501)


@pytest.mark.parametrize("second", [b"chunked", b"identity"])
def test_two_codings_are_refused(shared, second):
    fields = CHUNKED + b"Transfer-Encoding: " + second + b"\r\n"
    talk(shared, post(fields, TWO + HIDDEN)).refused(400, "malformed-request")


@pytest.mark.parametrize("coding", [b"Chunked", b"  chunked", b"\tCHUNKED"])
def test_chunked_may_be_written_otherwise(shared, coding):
    talk(shared, post(b"Transfer-Encoding: " + coding + b"\r\n", TWO)).refused(422)


def test_http_1_0_may_keep_its_connection(shared):
    one = sized(b"{}").replace(b"HTTP/1.1", b"HTTP/1.0").replace(HOST, b"Connection: Keep-Alive\r\n")
    call = talk(shared, one + one)
    assert [a.status for a in call.answers] == [422, 422] and call.last
    call.log(2)


def test_http_1_0_has_no_chunks(shared):
    request = post(CHUNKED, TWO + HIDDEN).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    talk(shared, request).refused(400, "malformed-request")


# Chunks. The library takes more for a chunk's line or a trailer's than it should, and shows none
# of it. So what has come in chunks is read and answered, and is the last of its connection.


@pytest.mark.parametrize(
    "tail",
    [TWO, b"2\n{}\n0\n\n", b"2;a\n{}\r\n0\r\n\r\n", b"2;a\0b\r\n{}\r\n0;\n\n",
     b"2\r\n{}\r\n0\r\nX: y\r\n: z\r\n", b"2\r\n{}\r\n0\r\nX: y\r\n\0\r\n",
     b"2\r\n{}\r\n0\r\nX: y\r\n z\r\n\r\n", b"2\r\n{}\r\n0\r\n\0\r\n"],
)
def test_nothing_behind_chunks_is_run(shared, tail):
    """Not even behind good ones, so that nobody has to tell them from others."""
    answer = talk(shared, post(CHUNKED, tail + HIDDEN)).refused(422)
    assert answer.code == "invalid-request"


@pytest.mark.parametrize(
    "chunks",
    [b"0x2\r\n{}\r\n0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n", b"+2\r\n{}\r\n0\r\n\r\n",
     b"g\r\n{}\r\n0\r\n\r\n", b" 2\r\n{}\r\n0\r\n\r\n", b"2 \r\n{}\r\n0\r\n\r\n",
     b"2 ;a=b\r\n{}\r\n0\r\n\r\n", b"2\r{}\r\n0\r\n\r\n", b"\r\n{}\r\n0\r\n\r\n",
     b"2\r\n{}XX0\r\n\r\n", b"1\r\n{}\r\n0\r\n\r\n", b"2\r\n{}\r\n"],
)
def test_chunks_that_are_none_end_the_connection(shared, chunks):
    """By the library's page: it is in mid-body, where we cannot answer."""
    talk(shared, post(CHUNKED, chunks + HIDDEN)).page(400)


@pytest.mark.parametrize("size", [b"f" * 16 + b"1", b"1" + b"0" * 16])
def test_a_chunk_beyond_64_bits_ends_the_connection(shared, size):
    talk(shared, post(CHUNKED, size + b"\r\n{}\r\n0\r\n\r\n" + HIDDEN)).page(413)


def test_a_huge_chunk_extension_ends_the_connection(shared):
    """The library finds no room for it and says 500; a 400 would be better."""
    chunks = b"2;" + b"x" * 1_000_000 + b"\r\n{}\r\n0\r\n\r\n"
    talk(shared, post(CHUNKED, chunks + HIDDEN)).page(500)


def test_chunk_extensions_and_leading_zeros_mean_nothing(shared):
    talk(shared, post(CHUNKED, b"00002;a=b;c\r\n{}\r\n0;d\r\n\r\n")).refused(422)
    talk(shared, post(CHUNKED, b"0" * 10_000 + b"2\r\n{}\r\n0\r\n\r\n")).refused(422)


@pytest.mark.parametrize(
    "trailer",
    [b"Authorization: Bearer nobody-knows-this-key\r\n", b"Idempotency-Key: in-a-trailer\r\n",
     b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: y\r\nHost: z\r\n"],
)
def test_trailers_are_ignored(shared, trailer):
    answer = talk(shared, post(CHUNKED, b"2\r\n{}\r\n0\r\n" + trailer + b"\r\n")).refused(422)
    assert answer.code == "invalid-request"


def test_a_key_in_a_trailer_opens_nothing(shared):
    request = post(CHUNKED, b"2\r\n{}\r\n0\r\n" + KEY + b"\r\n").replace(KEY, b"", 1)
    talk(shared, request).refused(401)


def test_endless_trailers_end_the_connection(shared):
    trailers = b"X: y\r\n" * 20_000
    talk(shared, post(CHUNKED, b"2\r\n{}\r\n0\r\n" + trailers + b"\r\n" + HIDDEN)).page(431)


# A body where none is wanted is never taken for a request


@pytest.mark.parametrize(
    "head, status",
    [
        (b"GET /healthz HTTP/1.1\r\n", 400),
        (b"GET /v1/agent-phone-numbers HTTP/1.1\r\n" + KEY, 400),
        (b"DELETE /v1/agent-phone-numbers/x HTTP/1.1\r\n" + KEY, 400),
        (b"OPTIONS /healthz HTTP/1.1\r\n", 204),
        (b"POST /nothing HTTP/1.1\r\n", 404),
        (b"PUT /healthz HTTP/1.1\r\n", 405),
        (b"FOO /healthz HTTP/1.1\r\n", 501),
        (b"POST /v1/agent-phone-numbers HTTP/1.1\r\n", 401),
        (b"POST /v1/agent-phone-numbers HTTP/1.1\r\nContent-Type: text/plain\r\n" + KEY, 415),
    ],
)
@pytest.mark.parametrize("send", ["sized", "chunked"])
def test_a_body_that_nobody_wants_is_no_request(shared, head, status, send):
    if send == "sized":
        frame, body = b"Content-Length: %d\r\n" % len(HIDDEN), HIDDEN
    else:
        frame, body = CHUNKED, b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)
    call = talk(shared, head + HOST + frame + b"\r\n" + body)

    (answer,) = call.answers
    assert answer.status == status and answer.closes is not call.last
    call.log(1)
    call.nothing_hidden()


def test_a_request_that_is_a_body_is_not_run(shared):
    (answer,) = talk(shared, sized(HIDDEN)).served(400)
    assert answer.code == "invalid-json"


# One after the other


def test_ten_at_once_are_answered_in_order(shared):
    requests = b"".join(get(b"X-Request-Id: nr-%d\r\n" % n) for n in range(10))
    answers = talk(shared, requests).served(*[200] * 10)

    assert [a.fields["x-request-id"] for a in answers] == [f"nr-{n}" for n in range(10)]


def test_after_a_bad_one_none_is_run(shared):
    bad = get(b"Host: y\r\n")
    call = talk(shared, get() + sized(b"{}") + get() + bad + HIDDEN + get())

    assert [a.status for a in call.answers] == [200, 422, 200, 400]
    assert not call.last
    call.log(4)
    call.nothing_hidden()


def test_after_a_refusal_that_leaves_no_doubt_the_others_are_run(shared):
    requests = get(target=b"/nothing") + get(method=b"PUT") + sized(b"[]") + get()
    talk(shared, requests).served(404, 405, 400, 200)


def test_chunks_are_put_together(shared):
    (answer,) = talk(shared, chunked(b"[", b"]")).answers
    assert answer.code == "invalid-json" and answer.closes


def test_what_follows_a_close_is_not_run(shared):
    call = talk(shared, get(b"Connection: close\r\n") + HIDDEN)

    assert [a.status for a in call.answers] == [200] and not call.last
    call.log(1)
    call.nothing_hidden()


def test_an_answer_to_head_has_no_body_before_the_next(shared):
    requests = get(method=b"HEAD") + get(method=b"HEAD", target=b"/nothing") + get()
    talk(shared, requests, ["HEAD", "HEAD"]).served(200, 404, 200)


def test_creates_and_their_copies_end_to_end(shared):
    """A dry run, so that a mistake would be seen in the plan and not at the providers."""
    create = sized(CREATE).replace(b"numbers HTTP", b"numbers?dry_run=true HTTP")
    (one, two) = talk(shared, create + create).served(200, 200)
    assert one.body == two.body


# Empty lines, the ends of connections. Ends of lines: test_raw_fields.py, test_raw_layout.py


def test_empty_lines_before_a_request_are_skipped(shared):
    talk(shared, b"\r\n\r\n" + get()).served(200)


def test_a_half_closed_client_gets_its_answer(shared):
    """What of half a request: test_raw_slow.py."""
    with connect(shared) as client:
        client.sendall(LAST)
        client.shutdown(socket.SHUT_WR)
        (answer,) = split(read_all(client))
    assert answer.status == 200


def test_a_client_that_is_gone_in_mid_body_leaves_nothing(shared):
    before = connections(shared)
    for _ in range(20):
        head = b"Idempotency-Key: gone\r\nContent-Length: %d\r\n" % len(CREATE)
        with connect(shared) as client:
            client.sendall(post(head, CREATE[:-1]))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    eventually(lambda: connections(shared) <= before, "they are forgotten")
    assert b"201" not in talk(shared, get()).raw
