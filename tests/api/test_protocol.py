# SPDX-License-Identifier: MIT
"""HTTP as it should be: methods, media types, sizes, headers."""

import socket

import pytest
import requests

from support import secrets
from support.facts import NUMBERS, OPERATIONS
from support.process import SLOW

ID = "apn_" + "0" * 26
ALLOWED = {
    NUMBERS: {"GET", "HEAD", "POST", "OPTIONS"},
    f"{NUMBERS}/{ID}": {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"},
    f"{NUMBERS}/{ID}/force": {"DELETE", "OPTIONS"},
    OPERATIONS: {"GET", "HEAD", "OPTIONS"},
    f"{OPERATIONS}/op_{'0' * 26}": {"GET", "HEAD", "OPTIONS"},
    "/v1/sweeps": {"POST", "OPTIONS"},
    "/healthz": {"GET", "HEAD", "OPTIONS"},
    "/openapi.yaml": {"GET", "HEAD", "OPTIONS"},
    "/openapi.json": {"GET", "HEAD", "OPTIONS"},
    "/problems/not-found": {"GET", "HEAD", "OPTIONS"},
}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def _methods(header):
    return {method.strip() for method in header.split(",")}


@pytest.mark.parametrize("path", ALLOWED)
def test_a_method_that_is_not_there_is_405_with_the_right_allow(shared, path):
    for method in set(METHODS) - ALLOWED[path]:
        answer = shared.api.request(method, path)
        assert answer.status_code == 405, f"{method} {path}"
        assert _methods(answer.headers["Allow"]) == ALLOWED[path]


@pytest.mark.parametrize("path", ALLOWED)
def test_options_tells_the_methods(shared, path):
    answer = shared.api.request("OPTIONS", path)

    assert answer.status_code == 204
    assert _methods(answer.headers["Allow"]) == ALLOWED[path]


@pytest.mark.parametrize("method", ["FOO", "get", "PROPFIND", "X" * 300])
def test_an_unknown_method_is_not_implemented(shared, method):
    with requests.Session() as session:
        session.trust_env = False
        request = requests.Request("GET", shared.api.url + NUMBERS).prepare()
        request.method = method
        answer = session.send(request, timeout=10 * SLOW)

    assert answer.status_code == 501
    assert answer.json()["code"] == "not-implemented"


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v2/agent-phone-numbers", NUMBERS + "/", f"{NUMBERS}/{ID}/other", "/favicon.ico"],
)
def test_a_path_that_is_not_there_is_404(shared, path):
    answer = shared.api.request("GET", path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("segment", ["%2F", "%00", "%00/force", "%zz", "%c0%af", "%", "%ff"])
def test_bad_escapes_never_reach_a_number(shared, segment):
    answer = shared.api.request("DELETE", f"{NUMBERS}/{ID}{segment}")

    assert answer.status_code in (400, 404)
    assert shared.sandbox.calls() == []


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1",
     "application/merge-patch+json"],
)
def test_a_create_takes_json_only(shared, content_type):
    answer = shared.api.request("POST", NUMBERS, {"Content-Type": content_type}, data=b"{}")

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    assert "application/json" in answer.headers["Accept-Post"]


def test_a_patch_takes_merge_patches_only(shared):
    answer = shared.api.request(
        "PATCH", f"{NUMBERS}/{ID}", {"Content-Type": "application/json-patch+json"}, data=b"[]"
    )

    assert answer.status_code == 415
    assert "application/merge-patch+json" in answer.headers["Accept-Patch"]


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
)
def test_a_charset_of_utf_8_is_fine(shared, kind):
    answer = shared.api.request("POST", NUMBERS, {"Content-Type": kind}, data=b"{}")

    assert answer.status_code == 422


def test_a_packed_body_is_not_unpacked(shared):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = shared.api.request("POST", NUMBERS, headers, data=b"\x1f\x8b")

    assert answer.status_code == 415


def _body_of(size):
    body = b'{"label": "'
    return body + b"x" * (size - len(body) - 2) + b'"}'


@pytest.mark.parametrize("send", [lambda b: b, lambda b: iter([b])], ids=["length", "chunked"])
def test_a_body_may_have_64_kib_and_not_a_byte_more(shared, send):
    kind = {"Content-Type": "application/json"}
    fits = shared.api.request("POST", NUMBERS, kind, data=send(_body_of(65536)))
    too_large = shared.api.request("POST", NUMBERS, kind, data=send(_body_of(65537)))

    assert fits.status_code == 422, "it is read, and found wanting"
    assert (too_large.status_code, too_large.json()["code"]) == (413, "body-too-large")


def test_a_target_may_have_4096_bytes_and_not_one_more(shared):
    def of(size):
        query = f"{NUMBERS}?label="
        return shared.api.request("GET", query + "x" * (size - len(query)))

    assert of(4096).status_code in (200, 400)
    assert (of(4097).status_code, of(4097).json()["code"]) == (414, "target-too-long")


def test_a_header_may_have_100_fields(shared):
    def with_fields(count):
        return shared.api.request("GET", NUMBERS, {f"X-Field-{n}": "x" for n in range(count)})

    assert with_fields(80).status_code == 200
    answer = with_fields(101)
    assert (answer.status_code, answer.json()["code"]) == (431, "header-fields-too-large")


def test_only_an_explicit_refusal_of_json_is_406(shared):
    def accepting(what):
        return shared.api.request("GET", NUMBERS, {"Accept": what}).status_code

    assert accepting("text/html") == 200
    assert accepting("application/json;q=0") == 406


def test_an_unknown_expectation_is_417(shared):
    answer = shared.api.request("GET", NUMBERS, {"Expect": "miracles"})

    assert (answer.status_code, answer.json()["code"]) == (417, "expectation-failed")


# Names to follow a request by


def test_a_good_request_id_is_taken_over_and_a_bad_one_replaced(shared):
    good = shared.api.request("GET", NUMBERS, {"X-Request-Id": "abc-123.X_y"})
    bad = shared.api.request("GET", NUMBERS, {"X-Request-Id": "a b<c>"})
    none = shared.api.request("GET", NUMBERS)

    assert good.headers["X-Request-Id"] == "abc-123.X_y"
    assert bad.headers["X-Request-Id"].startswith("req_")
    assert none.headers["X-Request-Id"] != bad.headers["X-Request-Id"]


def test_the_request_id_stands_in_log_and_operation(world, number):
    answer = world.api.create(number, {"X-Request-Id": "follow-me-4711"})
    operation = world.api.operation(answer.json()["operation_id"]).json()

    assert operation["request_id"] == "follow-me-4711"
    assert b"follow-me-4711" in world.service.log()


def test_a_trace_goes_on(shared):
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = shared.api.request("GET", NUMBERS, {"traceparent": parent})

    assert answer.headers["traceparent"].split("-")[1] == parent.split("-")[1]


def test_no_browser_from_elsewhere_is_invited(shared):
    answer = shared.api.request("GET", NUMBERS, {"Origin": "https://evil.example.com"})

    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_two_authorization_headers_are_refused(shared):
    answer = _raw_get(shared, f"Authorization: Bearer {secrets.API_KEY}\r\n" * 2)

    assert answer.startswith(b"HTTP/1.1 400 ")


def test_the_connection_is_kept_open(shared):
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(2):
            answer = session.get(shared.api.url + "/healthz", timeout=10 * SLOW)
            assert answer.headers.get("Connection", "").lower() != "close"


def _raw_get(world, headers):
    host, port = world.api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10 * SLOW) as client:
        request = f"GET {NUMBERS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
        client.sendall(request.encode())
        return client.recv(65536)


