# SPDX-License-Identifier: MIT
"""Each limit of a field of a body, as openapi.yaml has it: its last value and the first beyond it.

The schemas are walked, so a limit that is added there is tried here, or the test fails for want of
a way to write such a value. What the schemas cannot say stands in `ALSO`.
"""

import copy

import pytest

from support import secrets
from support.contract import document
from support.facts import ACCOUNT_2, AGENT, AUTH_TOKEN_2, NUMBERS, OPERATIONS
from support.keys import KEYS

NUMBER = "+14155550100"


def _url(n):
    return "https://example.com/".ljust(n, "x")


def _sip(n):
    return "sip:sip.example.com;x=".ljust(n, "y")


def _agents(count):
    return [{"agent_id": f"agent_{i}", "weight": 1 / count} for i in range(count)]


# How a string of n characters looks that is right but for its length, by its pattern or name
STRINGS = {
    r"^https://[^/?#@\s]+([/?#]\S*)?$": _url,
    r"^sip:[^@\s]+$": _sip,
    "password": lambda n: "Aa1".ljust(n, "x")[:n],
    "address": lambda n: "a.".ljust(n, "b"),
    "expires_at": lambda n: "2099-01-01T00:00:00.Z".replace(".", "." + "0" * (n - 21)),
}
SHORTEST = {"address": "a.b"}
ARRAYS = {
    "inbound_agents": _agents,
    "outbound_agents": _agents,
    "allowed_inbound_country_list": lambda n: ["US"] * n,
    "allowed_outbound_country_list": lambda n: ["US"] * n,
}
# What has to stand beside it, so that nothing else is wrong; by the name of the field or member
BESIDE = {
    "agent_version": {"agent_id": AGENT},
    "inbound_agent_version": {"inbound_agent_id": AGENT},
    "outbound_agent_version": {"outbound_agent_id": AGENT},
    "twilio_auth_token": {"twilio_account_sid": ACCOUNT_2},
    "twilio_api_key_sid": {"twilio_account_sid": ACCOUNT_2, "twilio_api_key_secret": AUTH_TOKEN_2},
    "twilio_api_key_secret": {"twilio_account_sid": ACCOUNT_2, "twilio_api_key_sid": "SK" + "1" * 32},
    "twilio_account_sid": {"twilio_auth_token": AUTH_TOKEN_2},
    "outbound_trunk": {"username": {"password": secrets.SIP_PASSWORD}, "password": {"username": "user"}},
    "connection_policy": {
        "priority": {"target": "sip:sip.example.com"},
        "weight": {"target": "sip:sip.example.com"},
    },
}
ALSO = [
    ("/phone_number", "+1234567", "+123456"),
    ("/phone_number", "+123456789012345", "+1234567890123456"),
    ("/fallback_number", "+1234567", "+123456"),
    ("/fallback_number", "+123456789012345", "+1234567890123456"),
    ("/twilio_account_sid", "AC" + "f" * 32, "AC" + "f" * 33),
    ("/twilio_account_sid", "AC" + "f" * 32, "AC" + "f" * 31),
    ("/twilio_api_key_sid", "SK" + "f" * 32, "SK" + "f" * 33),
    ("/metadata", {"k" * 40: "v"}, {"k" * 41: "v"}),
]


def _string(name, schema):
    make = STRINGS.get(schema.get("pattern")) or STRINGS.get(name) or "x".__mul__
    if "maxLength" in schema:
        yield make(schema["maxLength"]), make(schema["maxLength"] + 1)
    least = schema.get("minLength", 0)
    if least == 1:
        yield SHORTEST.get(schema.get("pattern", name), "x"), ""
    elif least:
        yield make(least), make(least - 1)


def _number(schema):
    step = 0.00005 if schema["type"] == "number" else 1
    if "maximum" in schema:
        yield schema["maximum"], schema["maximum"] + step
    if "minimum" in schema:
        yield schema["minimum"], schema["minimum"] - step


def _bounds(name, schema):
    """(pointer below this place, last value that is fine, first that is not)."""
    schema = document().resolve(schema)
    for part in schema.get("allOf", schema.get("oneOf", schema.get("anyOf", []))):
        yield from _bounds(name, part)
    kind = schema.get("type")
    if kind == "string":
        yield from (("", *pair) for pair in _string(name, schema))
    elif kind in ("integer", "number"):
        yield from (("", *pair) for pair in _number(schema))
    elif kind == "array":
        if "maxItems" in schema:
            yield "", ARRAYS[name](schema["maxItems"]), ARRAYS[name](schema["maxItems"] + 1)
        for at, good, bad in _bounds(name, schema["items"]):
            yield f"/0{at}", [good], [bad]
    elif kind == "object":
        yield from _members(schema)


def _members(schema):
    for name, member in schema.get("properties", {}).items():
        for at, good, bad in _bounds(name, member):
            yield f"/{name}{at}", {name: good}, {name: bad}
    if "maxProperties" in schema:
        most = schema["maxProperties"]
        yield "", {f"k{i}": "v" for i in range(most)}, {f"k{i}": "v" for i in range(most + 1)}
    more = schema.get("additionalProperties")
    if isinstance(more, dict):
        for at, good, bad in _bounds("*", more):
            yield f"/key{at}", {"key": good}, {"key": bad}


def _cases(schema):
    found = [(at, *pair) for at, *pair in _members(document().all["components"]["schemas"][schema])]
    assert len(found) > 2
    return found


def _complete(body):
    """With what has to stand beside each member."""
    body = copy.deepcopy(body)
    for name in list(body):
        beside = BESIDE.get(name, {})
        if isinstance(body[name], dict):
            for member in list(body[name]):
                body[name] = {**beside.get(member, {}), **body[name]}
        else:
            body = {**beside, **body}
    for name in ("inbound_agents", "outbound_agents"):
        if isinstance(body.get(name), list) and len(body[name]) == 1:
            body[name] = _shares(body[name][0])
    if "address" in body.get("outbound_trunk", {}):
        body["provider"] = "sip_trunk"
    return body


def _shares(agent):
    """It and, if it does not have all calls, another with the rest."""
    agent = {"agent_id": AGENT, "weight": 1, **agent}
    rest = 1 - agent["weight"]
    return [agent] + [{"agent_id": "agent_rest", "weight": rest}] * (0 < rest < 1)


def _faults(api, path, body):
    """The pointers that a refusal names; none if it is answered with success."""
    answer = api.request("POST", path, json=body)
    if answer.status_code < 300:
        return []
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), answer.text
    return [fault["pointer"] for fault in answer.json()["errors"]]


def _is_held(api, path, case, **beside):
    at, good, bad = case
    assert _faults(api, path, {**beside, **_complete(good)}) == []
    assert _faults(api, path, {**beside, **_complete(bad)}) == [at]


def _name(case):
    return f"{case[0]}={str(case[1])[-12:]}"


@pytest.mark.parametrize("case", _cases("AgentPhoneNumberCreate"), ids=_name)
def test_a_field_of_a_create_has_its_limit(shared, case):
    _is_held(shared.api, f"{NUMBERS}?dry_run=true", case, phone_number=NUMBER)
    assert shared.sandbox.calls() == []


@pytest.mark.parametrize("case", ALSO, ids=_name)
def test_what_no_schema_says_has_its_limit_too(shared, case):
    at, good, bad = case
    pair = [{at[1:]: value} for value in (good, bad)]
    pointer = at + "/" + max(bad) if isinstance(bad, dict) else at
    beside = {} if at == "/phone_number" else {"phone_number": NUMBER}
    _is_held(shared.api, f"{NUMBERS}?dry_run=true", (pointer, *pair), **beside)


@pytest.mark.parametrize("case", _cases("ApiKeyCreate"), ids=_name)
def test_a_field_of_a_key_has_its_limit(shared, case):
    _is_held(shared.api, KEYS, case, **{"name": "x", "scope": "read"})


@pytest.fixture(scope="module")
def patched(_module_world):
    _module_world.api.created(NUMBER)
    yield f"{NUMBERS}/{NUMBER.replace('+', '%2B')}"
    _module_world.api.deleted(NUMBER)


@pytest.mark.parametrize("case", _cases("AgentPhoneNumberPatch"), ids=_name)
def test_a_field_of_a_patch_has_its_limit(shared, patched, case):
    answer = shared.api.request("PATCH", patched, json=_complete(case[2]))
    assert answer.status_code == 422, "not refused"
    assert case[0] in [fault["pointer"] for fault in answer.json()["errors"]]
    answer = shared.api.request("PATCH", patched, json=_complete(case[1]))
    assert answer.status_code == 200 or answer.json()["code"] == "agent-not-found", answer.text


# Parameters of a query, and values of header fields


@pytest.mark.parametrize("path", [NUMBERS, OPERATIONS, "/v1/events", KEYS])
def test_a_page_has_1_to_200_items(shared, path):
    for limit, status in ((1, 200), (0, 400), (200, 200), (201, 400)):
        assert shared.api.request("GET", f"{path}?limit={limit}").status_code == status


PHONE = "%F0%9F%93%9E"  # a character of four bytes


@pytest.mark.parametrize(
    "query, most, character",
    [(f"{NUMBERS}?{name}=", 64, c) for name in ("label", "agent_id") for c in ("a", PHONE)]
    + [("/v1/events?action=", 47, "a")],
)
def test_a_filter_has_its_limit(shared, query, most, character):
    assert shared.api.request("GET", query + most * character).status_code == 200
    refused = shared.api.request("GET", query + (most + 1) * character)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid-parameter")


def test_if_match_lists_up_to_8_versions(shared, patched):
    """More may be listed of what is no version of ours."""
    for count, status in ((8, 412), (9, 400)):
        tags = ", ".join(f'"{n}"' for n in range(1000, 1000 + count))
        assert shared.api.patch(NUMBER, {"If-Match": tags}, label="x").status_code == status
    others = ", ".join(f'"x{n}"' for n in range(100))
    assert shared.api.patch(NUMBER, {"If-Match": others}, label="x").status_code == 412
