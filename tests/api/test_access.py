# SPDX-License-Identifier: MIT
"""Who may do what: API keys and their scopes."""

import pytest

from support import secrets
from support.facts import NUMBERS, OPERATIONS
from support.keys import add_key
from support.world import assert_nothing_left

ID = "apn_" + "0" * 26
GUARDED = [
    ("GET", NUMBERS, "read"),
    ("POST", NUMBERS, "write"),
    ("GET", f"{NUMBERS}/{ID}", "read"),
    ("PATCH", f"{NUMBERS}/{ID}", "write"),
    ("DELETE", f"{NUMBERS}/{ID}", "write"),
    ("DELETE", f"{NUMBERS}/{ID}/force", "admin"),
    ("GET", OPERATIONS, "read"),
    ("GET", f"{OPERATIONS}/op_{'0' * 26}", "read"),
    ("POST", "/v1/sweeps?dry_run=true", "admin"),
]
SCOPES = ["read", "write", "admin"]


@pytest.fixture(scope="module")
def keyed(_module_world):
    """The module's world with a key of each scope, and two that hold no more."""
    _module_world.stop()
    _module_world.keys = {
        **{scope: add_key(_module_world, scope) for scope in SCOPES},
        "expired": add_key(_module_world, "admin", expires_ms=1),
        "revoked": add_key(_module_world, "admin", revoked_ms=1),
    }
    _module_world.start()
    return _module_world


def _try(world, method, path, key):
    body = {"json": {}} if path.startswith(NUMBERS) and method in ("POST", "PATCH") else {}
    return world.api.with_key(key).request(method, path, **body)


@pytest.mark.parametrize("method, path, scope", GUARDED)
def test_without_a_key_nothing_is_told(shared, method, path, scope):
    answer = _try(shared, method, path, None)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert shared.sandbox.calls() == []


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer wrong-key-of-some-length",
        f"Bearer {secrets.API_KEY[:-1]}",
        f"Bearer {secrets.API_KEY}x",
        "Bearer",
        "Bearer ",
        f"Basic {secrets.API_KEY}",
        secrets.API_KEY,
        f"Bearer  , {secrets.API_KEY}",
        "Bearer " + "x" * 600,
    ],
)
def test_a_wrong_key_is_refused(shared, authorization):
    answer = shared.api.request("GET", NUMBERS, {"Authorization": authorization})

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_the_scheme_is_not_case_sensitive(shared):
    answer = shared.api.request("GET", NUMBERS, {"Authorization": f"bearer {secrets.API_KEY}"})

    assert answer.status_code == 200


def test_a_key_in_the_query_is_not_taken(shared):
    answer = shared.api.with_key(None).request("GET", f"{NUMBERS}?api_key=some-other-key-123")

    assert answer.status_code == 401


@pytest.mark.parametrize("held", SCOPES)
@pytest.mark.parametrize("method, path, needed", GUARDED)
def test_a_scope_includes_those_before_it_and_no_more(keyed, method, path, needed, held):
    answer = _try(keyed, method, path, keyed.keys[held])

    if SCOPES.index(held) >= SCOPES.index(needed):
        assert answer.status_code not in (401, 403)
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert needed in answer.json()["detail"]


def test_a_write_key_can_do_the_main_job(keyed, number):
    api = keyed.api.with_key(keyed.keys["write"])
    api.created(number)
    api.deleted(number)

    assert_nothing_left(keyed)


def test_idempotency_keys_of_two_principals_are_apart(keyed, numbers):
    first, second = numbers(2)
    header = {"Idempotency-Key": "the-same"}
    one = keyed.api.with_key(keyed.keys["write"]).create(first, header)
    two = keyed.api.with_key(keyed.keys["admin"]).create(second, header)

    assert (one.status_code, two.status_code) == (201, 201)
    for number in (first, second):
        keyed.api.deleted(number)


@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_a_key_that_has_ended_is_as_good_as_none(keyed, state):
    answer = _try(keyed, "GET", NUMBERS, keyed.keys[state])

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("path", ["/healthz", "/openapi.yaml", "/openapi.json", "/problems"])
def test_public_pages_need_no_key(shared, path):
    assert shared.api.with_key(None).request("GET", path).status_code == 200


def test_the_admin_pages_are_not_on_the_api_listener(shared):
    for path in ("/livez", "/readyz", "/metrics"):
        assert shared.api.request("GET", path).status_code == 404


def test_the_api_is_not_on_the_admin_listener(shared):
    assert shared.admin.request("GET", NUMBERS).status_code == 404
