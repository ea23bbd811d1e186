# SPDX-License-Identifier: MIT
"""The first line: methods, targets and versions as bytes, and what is no HTTP at all."""

import random

import pytest

from support.client import at_once
from support.facts import NUMBERS, OPERATIONS
from support.raw import HIDDEN, KEY, connect, get, send, sized, talk

LIST = NUMBERS.encode()
ID = b"/apn_" + b"0" * 26


@pytest.mark.parametrize(
    "target",
    [b"http://x/healthz", b"HTTP://y:80/healthz", b"https://y/healthz", b"/healthz?",
     b"http://[::1]:80/healthz?"],
)
def test_a_target_is_routed_by_its_path(shared, target):
    """The absolute form too: its host is no more looked at than the field."""
    talk(shared, get(target=target)).served(200)


@pytest.mark.parametrize(
    "target",
    [b"http://x", b"http://x?y", b"http:/healthz", b"http:///healthz", b"ftp://x/healthz", b"x:443",
     b"healthz", b"*", b"?", b"/healthz#top", b"/\xc3\xbc", b"/\x7f", b"/healthz\r", b"/a\x0bb",
     b"/a\tb", b"http://u@x/healthz", b"http://u:p@x:80/healthz", b"http://x@/healthz"],
)
def test_a_target_that_is_no_path_is_malformed(shared, target):
    (answer,) = talk(shared, get(target=target)).served(400)
    assert answer.code == "malformed-request"


@pytest.mark.parametrize(
    "target",
    [b"//healthz", b"/" + LIST, b"/v1/./agent-phone-numbers", b"/v1/../healthz", b"/%2e%2e/healthz",
     b"/healthz/", b"/HEALTHZ", b"/%68ealthz", b"/healthz;x=y", LIST + b"/", LIST + ID + b"/",
     LIST + b"//force", b"/", b"/?", b"/a|b", b"/a\\b", b"http://x//healthz", b"/healthz%3f"],
)
def test_a_path_has_one_spelling(shared, target):
    """Nothing is redirected, and nothing cleaned up."""
    talk(shared, get(KEY, target)).served(404)


@pytest.mark.parametrize(
    "segment", [b"..", b"%2e%2e", b".", b"%252e", b"a;x=y", b"a" * 3900, b"%2B1", b"%20", b"\"", b"%09"]
)
def test_an_identifier_that_is_none_is_not_found(shared, segment):
    requests = get(KEY, LIST + b"/" + segment) + get(KEY, LIST + b"/" + segment, b"DELETE")
    talk(shared, requests).served(404, 404)


@pytest.mark.parametrize("tail", [b"%00", b"%00/force", b"%2F", b"%2fforce", b"%zz", b"%", b"%c0%af"])
def test_a_bad_escape_behind_an_identifier_never_reaches_it(shared, number, tail):
    ref = shared.api.created(number)["id"].encode()
    shared.sandbox.forget_calls()
    try:
        (answer,) = talk(shared, get(KEY, LIST + b"/" + ref + tail, b"DELETE")).answers
        assert answer.status in (400, 404)
        assert shared.sandbox.calls() == []
        assert shared.api.get(number).json()["status"] == "active"
    finally:
        shared.api.deleted(number)


@pytest.mark.parametrize(
    "line",
    [b"GET /healthz\0x", b"GET /healthz\0", b"GET\0 /healthz", b"G\0T /healthz", b"GET  /healthz",
     b"GET \0/healthz", b"GET /heal thz", b"GET /healthz ", b"\tGET /healthz",
     b"GET\t/healthz", b"GET /healthz\t"],
)
def test_a_first_line_of_other_shape_is_refused(shared, line):
    """A NUL, which would end the target for the library, and blanks where there are none."""
    request = get().replace(b"GET /healthz", line, 1)
    call = talk(shared, request)
    (answer,) = call.answers
    assert answer.status == 400 and answer.closes is not call.last
    call.log(int(answer.ours))


@pytest.mark.parametrize(
    "query",
    [b"limit=1&limit=1", b"nothing=1", b"%00=1", b"label=%00", b"label=%ff", b"label=%c0%af", b"label=%z",
     b"=", b"limit", b"limit=", b"limit=1e3", b"limit=%31%00"],
)
def test_a_query_is_taken_whole_or_not_at_all(shared, query):
    (answer,) = talk(shared, get(KEY, LIST + b"?" + query)).served(400)
    assert answer.code in ("invalid-parameter", "malformed-request")


def test_a_query_may_have_as_many_parameters_as_fit_the_target(shared):
    """Each has to be one that is known, and once: there is no other limit on their number."""
    for one, count in ((b"a=1", 900), (b"a=1", 1000), (b"a", 2000), (b"limit=1", 500)):
        (answer,) = talk(shared, get(KEY, LIST + b"?" + b"&".join([one] * count))).answers
        assert (answer.status, answer.code) == (400, "invalid-parameter")
    for query in (b"&" * 3600, b"limit=1" + b"&" * 3600):
        talk(shared, get(KEY, LIST + b"?" + query)).served(200)
    talk(shared, get(KEY, LIST + b"?" + b"&".join([b"a=1"] * 8_000))).refused(414, "target-too-long")


@pytest.mark.parametrize("plus", [b"+", b"%2B", b"%2b"])
def test_a_plus_in_a_number_is_a_plus(shared, plus):
    (answer,) = talk(shared, get(KEY, LIST + b"?phone_number=" + plus + b"14155550100")).served(200)
    assert answer.body.startswith(b'{"items":[]')


def test_a_blank_is_no_plus(shared):
    talk(shared, get(KEY, LIST + b"?phone_number=%2014155550100")).served(400)


# Methods


@pytest.mark.parametrize("method", [b"FOO", b"get", b"X" * 300, b"PRI", b"G*T"])
def test_a_method_that_nobody_knows_is_501(shared, method):
    (answer,) = talk(shared, get(method=method)).served(501)
    assert answer.code == "not-implemented"


@pytest.mark.parametrize("method", [b"F@@", b"G\xc3\x89T", b"GET:", b"X-Field:", b"G\x7fT", b"G/T", b"\"GET\""])
def test_what_is_no_method_is_refused(shared, method):
    """With a colon it would be a field, in the wrong place."""
    talk(shared, get(method=method) + HIDDEN).refused(400, "malformed-request")


@pytest.mark.parametrize("method", [b"TRACE", b"CONNECT", b"PUT"])
def test_a_method_that_is_known_is_405(shared, method):
    mark = b"X-Canary: not-to-be-echoed\r\n"
    call = talk(shared, get(mark + KEY, LIST, method))
    (answer,) = call.served(405)
    assert answer.fields["allow"] == "GET, HEAD, POST, OPTIONS"
    assert b"not-to-be-echoed" not in call.raw


def test_nobody_is_connected_to_anything(shared):
    talk(shared, get(KEY, b"example.com:443", b"CONNECT")).served(400)


def test_options_of_everything_names_all_methods(shared):
    (answer,) = talk(shared, get(target=b"*", method=b"OPTIONS")).served(204)
    assert answer.fields["allow"] == "GET, HEAD, POST, PATCH, DELETE, OPTIONS"


# Versions


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/3.0", b"HTTP/0.9"])
def test_other_versions_are_505(shared, version):
    """By the library, before there is a request to log."""
    talk(shared, get(version=version) + HIDDEN).page(505, logged=0)


@pytest.mark.parametrize(
    "version", [b"HTTP/1", b"http/1.1", b"HTTP/11.1", b"HTTP/1.10", b"HTTQ/1.1", b"", b"HTTP/1.1 x"]
)
def test_what_is_no_version_is_400(shared, version):
    """The same."""
    talk(shared, get(version=version) + HIDDEN).page(400, logged=0)


@pytest.mark.parametrize("version", [b"HTTP/1.2", b"HTTP/1.9"])
def test_later_ones_are_as_good_as_1_1(shared, version):
    talk(shared, get(version=version)).served(200)


def test_http_1_0_needs_no_host_and_gets_its_own_connection(shared):
    call = talk(shared, b"GET /healthz HTTP/1.0\r\n\r\n" + HIDDEN)

    (answer,) = call.answers
    assert answer.status == 200 and answer.closes and not call.last
    call.nothing_hidden()


def test_the_preface_of_http_2_is_505(shared):
    talk(shared, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9).page(505, logged=0)


# No HTTP; more of it in test_raw_slow.py


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_harm_nobody(shared, seed):
    """A thousand requests in all with some bytes changed, cut out or doubled, and noise."""
    dice = random.Random(seed)
    good = [get(), get(KEY, LIST), sized(b"{}"), sized(b"[1, 2]"), get(KEY, OPERATIONS.encode(), b"HEAD")]

    def spoilt():
        data = bytearray(b"".join(dice.choices(good, k=3)))
        for _ in range(dice.randint(1, 8)):
            at = dice.randrange(len(data))
            how = dice.randrange(3)
            if how == 0:
                data[at] = dice.choice(b"\0\r\n\t :,;0\x7f\xff%/?")
            elif how == 1:
                del data[at : at + dice.randint(1, 20)]
            else:
                data[at:at] = data[at : at + 50]
        return bytes(data)

    def some(count):
        for _ in range(count):
            _harmless(shared, spoilt())
        _harmless(shared, dice.randbytes(65536))

    at_once([lambda: some(25)] * 10)
    assert shared.service.alive()
    (answer,) = talk(shared, get()).answers
    assert answer.status == 200
    assert shared.sandbox.calls() == []


def _harmless(world, data):
    """Whatever comes back begins as an answer; it may wait for more, and then gets none."""
    with connect(world) as client:
        client.settimeout(0.05)
        try:
            send(client, data)
            said = client.recv(65536)
        except (TimeoutError, ConnectionResetError):
            return
        assert not said or said.startswith(b"HTTP/1.1 ")
