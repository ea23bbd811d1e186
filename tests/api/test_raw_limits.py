# SPDX-License-Identifier: MIT
"""Each limit of include/api/limits.h, just below and just above.

What passes a limit of ours gets a problem document; only what passes the
library's pool as well meets a page of its own, or none.
"""

import pytest

from support.facts import NUMBERS
from support.limits import LIMIT
from support.raw import HIDDEN, HOST, KEY, get, post, sized, talk

LIST = NUMBERS.encode()
HEADER, FIELDS, TARGET = LIMIT["HEADER"], LIMIT["FIELDS"], LIMIT["TARGET"]
POOL, BODY, DRAIN, BEARER = LIMIT["POOL"], LIMIT["BODY"], LIMIT["BODY_DRAIN"], LIMIT["BEARER"]


# The header. One of more than a page (layout.h) is the last of its connection


def _with_header_of(size):
    """Bytes of names, values and what stands between and behind them."""
    rest = size - len(HOST + KEY) - len(b"X-Long: \r\n")
    return get(KEY + b"X-Long: " + b"x" * rest + b"\r\n", LIST)


def test_a_header_may_have_16_kib_and_not_a_byte_more(shared):
    talk(shared, _with_header_of(HEADER) + HIDDEN).turned_away(200)
    talk(shared, _with_header_of(HEADER + 1) + HIDDEN).refused(431, "header-fields-too-large")


def test_one_field_may_take_most_of_it(shared):
    talk(shared, get(b"X-Long: " + b"x" * 3900 + b"\r\n")).served(200)
    talk(shared, get(b"X-Long: " + b"x" * 12 * 1024 + b"\r\n") + HIDDEN).turned_away(200)


def test_a_header_may_have_100_fields_and_not_one_more(shared):
    def request(count):
        return get(KEY + b"".join(b"X-%d: y\r\n" % n for n in range(count - 2)), LIST)

    talk(shared, request(FIELDS)).served(200)
    talk(shared, request(FIELDS + 1) + HIDDEN).refused(431, "header-fields-too-large")


@pytest.mark.parametrize(
    "fields",
    [b"X-Long: " + b"x" * 70_000 + b"\r\n", b"X: y\r\n" * 3000, b"X: y\r\n" * 50_000],
    ids=["one", "many", "very many"],
)
def test_a_header_beyond_the_pool_is_the_librarys_431(shared, fields):
    """Or, where it finds no room for that either, the end without an answer."""
    call = talk(shared, get(fields) + HIDDEN)
    if call.raw:
        call.page(431)
    call.nothing_hidden()


@pytest.mark.parametrize("left", [1500, 700, 300, 100, 50, 0])
def test_a_header_that_fills_the_pool_leaves_perhaps_no_room_for_an_answer(shared, left):
    call = talk(shared, _with_header_of(POOL - left) + HIDDEN)
    assert [a.status for a in call.answers] in ([431], [])
    assert not call.last
    call.nothing_hidden()


# The target


def test_a_target_may_have_4096_bytes(shared):
    def request(size):
        query = LIST + b"?label="
        return get(KEY, query + b"x" * (size - len(query)))

    assert talk(shared, request(TARGET)).answers[0].status in (200, 400)
    (answer,) = talk(shared, request(TARGET + 1)).served(414)
    assert answer.code == "target-too-long"


@pytest.mark.parametrize("line", ["target", "method"])
def test_a_first_line_beyond_the_pool_is_the_librarys_414(shared, line):
    """Before there is a request to log."""
    talk(shared, get(**{line: b"/" + b"a" * 70_000}) + HIDDEN).page(414, logged=0)


# The body


def _body(size):
    return b'{"label": "' + b"x" * (size - 13) + b'"}'


def _chunks(body, size):
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    whole = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return post(b"Transfer-Encoding: chunked\r\n", whole + b"0\r\n\r\n")


def test_a_body_above_64_kib_is_refused_by_its_length_alone(shared):
    talk(shared, sized(_body(BODY))).served(422)
    talk(shared, sized(_body(BODY + 1))).refused(413, "body-too-large")
    talk(shared, post(b"Content-Length: 999999999999999999\r\n", HIDDEN)).refused(413)


@pytest.mark.parametrize("size", [1, 1024, DRAIN], ids=["bytewise", "in parts", "at once"])
def test_a_chunked_body_above_64_kib_is_read_and_refused(shared, size):
    """To its end, since the library takes no answer before."""
    fits = talk(shared, _chunks(_body(BODY), size)).refused(422)
    too_large = talk(shared, _chunks(_body(BODY + 1), size)).refused(413)
    assert (fits.code, too_large.code) == ("invalid-request", "body-too-large")


def test_a_chunked_body_above_1_mib_is_cut_off(shared):
    """Without an answer, which the library does not take in mid-body."""
    talk(shared, _chunks(b"x" * DRAIN, 65_536)).refused(413)
    call = talk(shared, _chunks(b"x" * (DRAIN + 1), 65_536) + HIDDEN)
    assert call.raw == b""
    call.nothing_hidden()


def test_who_asks_first_is_not_invited_to_send_too_much(shared):
    wait = b"Expect: 100-continue\r\nContent-Length: %d\r\n"
    call = talk(shared, post(wait % BODY, _body(BODY)))
    assert [a.status for a in call.answers] == [100, 422]
    talk(shared, post(wait % (BODY + 1))).refused(413, "body-too-large")


@pytest.mark.parametrize("open_, close", [(b'{"a":', b"}"), (b"[", b"]")], ids=["objects", "arrays"])
def test_json_may_be_16_deep(shared, open_, close):
    def nested(depth):
        inner = open_ * (depth - 1) + b"1" + close * (depth - 1)
        return sized(b'{"metadata":' + inner + b"}")

    fits, too_deep = talk(shared, nested(16) + nested(17)).served(422, 400)
    assert (fits.code, too_deep.code) == ("invalid-request", "invalid-json")


def test_a_key_of_any_length_is_refused_alike(shared):
    """So many bytes are looked up, more are not: nobody can tell."""
    def request(size):
        return get(b"Authorization: Bearer " + b"k" * size + b"\r\n", LIST)

    answers = talk(shared, request(BEARER) + request(BEARER + 1)).served(401, 401)
    answers.append(talk(shared, request(9000)).turned_away(401))
    assert len({answer.body.partition(b'"instance"')[0] for answer in answers}) == 1
