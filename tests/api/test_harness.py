# SPDX-License-Identifier: MIT
"""The tests' own eyes: each check that runs after every test, or on every answer, is shown
something wrong and must see it."""

import hashlib
import json

import pytest
import requests

from support import facts, linter, secrets
from support.facts import ALL_KINDS, ON_FOREIGN_TRUNK
from support.world import assert_exactly


@pytest.fixture
def broken(world):
    """A world that is in disorder at its end, and known to be."""
    yield world
    world.unclean = True


def _at_twilio(world, method, path, **data):
    """A call past the service, as by another program with the same account."""
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (facts.ACCOUNT, facts.AUTH_TOKEN)
        answer = session.request(method, world.sandbox.url + path, data=data, timeout=10)
    assert answer.ok, answer.text
    return answer


def test_a_resource_that_no_number_lists_is_an_orphan(broken):
    _at_twilio(broken, "POST", "/v1/Trunks", FriendlyName="orphan")

    assert_exactly(broken, ["trunk"])
    with pytest.raises(AssertionError, match="exists"):
        broken.check_no_orphans()


def test_a_resource_that_is_listed_must_exist(broken, number):
    created = broken.api.created(number)
    _at_twilio(broken, "DELETE", f"/v1/Trunks/{created['trunk']['sid']}")

    with pytest.raises(AssertionError):
        assert_exactly(broken, ALL_KINDS)
    with pytest.raises(AssertionError, match="listed"):
        broken.check_no_orphans()


def test_a_foreign_trunk_that_is_gone_was_touched(broken):
    (association,) = broken.sandbox.alive("trunk_phone_number")
    _at_twilio(broken, "DELETE", f"/v1/Trunks/{association['parent']}")

    with pytest.raises(AssertionError, match="foreign"):
        broken.check_foreign_untouched()


def test_a_foreign_number_that_was_moved_was_touched(broken):
    broken.api.created(ON_FOREIGN_TRUNK, take_over=True)

    with pytest.raises(AssertionError, match="foreign"):
        broken.check_foreign_untouched()


@pytest.mark.parametrize("canary", secrets.SECRETS)
def test_a_secret_in_the_log_or_the_database_is_found(world, canary):
    file = world.folder / "trunkline.leak"
    file.write_bytes(b"\0\xff" + canary.encode() + b"\0")

    with pytest.raises(AssertionError, match="trunkline.leak"):
        world.check_secrets(set())
    file.unlink()


def test_a_generated_password_is_found_by_its_fingerprint():
    password = "Abcdefghijklmnopqrstuv12"
    fingerprint = hashlib.sha256(password.encode()).hexdigest()[:12]

    assert secrets.generated_seen_in(b"xx" + password.encode() + b"yy", {fingerprint})
    assert not secrets.generated_seen_in(b"x" * 100, {fingerprint})


@pytest.mark.parametrize("report", ["==1==ERROR: AddressSanitizer: x", "x.c:1: runtime error: x"])
def test_a_sanitizers_report_is_found(world, report):
    honest = world.service.log_path
    world.service.log_path = world.folder / "report.log"
    world.service.log_path.write_text(report)

    with pytest.raises(AssertionError, match="report.log"):
        world.service.check_sanitizer()
    world.service.log_path = honest


def _answer(status, body, **headers):
    answer = requests.Response()
    answer.status_code = status
    answer._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer.headers.update(
        {
            "Content-Type": "application/json" if status < 400 else "application/problem+json",
            "X-Request-Id": "req_1",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Date": "Fri, 20 Nov 2026 06:00:00 GMT",
        }
    )
    for name, value in headers.items():
        answer.headers[name.replace("_", "-")] = value
    return answer


PROBLEM = {
    "type": "/problems/not-found",
    "title": "There is no such resource",
    "status": 404,
    "detail": "there is no such number",
    "instance": "urn:trunkline:request:req_1",
    "code": "not-found",
    "request_id": "req_1",
}
MALFORMED = {
    "no request id": _answer(200, {}, X_Request_Id=""),
    "may be stored": _answer(200, {}, Cache_Control="max-age=60"),
    "may be sniffed": _answer(200, {}, X_Content_Type_Options=""),
    "not JSON": _answer(200, b"{"),
    "a key twice": _answer(200, b'{"a": 1, "a": 2}'),
    "a list": _answer(200, []),
    "wrong type": _answer(200, {}, Content_Type="text/html"),
    "no location": _answer(201, {}),
    "no challenge": _answer(401, {**PROBLEM, "status": 401}),
    "no methods": _answer(405, {**PROBLEM, "status": 405}),
    "no time": _answer(503, {**PROBLEM, "status": 503}),
    "a body of nothing": _answer(204, b"x"),
    "an unknown code": _answer(404, {**PROBLEM, "code": "oops"}),
    "another status": _answer(404, {**PROBLEM, "status": 400}),
    "another title": _answer(404, {**PROBLEM, "title": "Oops"}),
    "no detail": _answer(404, {**PROBLEM, "detail": ""}),
    "two request ids": _answer(404, {**PROBLEM, "request_id": "req_2"}),
    "an error in plain text": _answer(500, b"oops", Content_Type="text/plain"),
    "a secret in the body": _answer(200, {"a": secrets.SIP_PASSWORD}),
    "a secret in a header": _answer(200, {}, X_Debug=secrets.API_KEY),
}


@pytest.mark.parametrize("answer", MALFORMED.values(), ids=MALFORMED)
def test_the_linter_refuses_what_is_not_well_formed(answer):
    with pytest.raises((AssertionError, ValueError)):
        linter.lint(answer, "GET", f"{facts.NUMBERS}/x", admin=True)


def test_the_linter_lets_a_good_answer_pass():
    linter.lint(_answer(404, PROBLEM), "GET", f"{facts.NUMBERS}/x")


def test_an_answer_that_the_contract_does_not_know_is_refused():
    with pytest.raises(AssertionError, match="openapi"):
        linter.lint(_answer(200, {"items": "none"}), "GET", facts.NUMBERS)

