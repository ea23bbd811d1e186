# SPDX-License-Identifier: MIT
"""Bad input: every fault at once, each with a JSON Pointer, and nothing was started."""

import pytest

from support import facts, secrets
from support.facts import ACCOUNT, AGENT

LONG = "x" * 10_000
AGENTS = [{"agent_id": AGENT, "weight": 1}]

# field, bad value, pointer (when it is not simply /field)
BAD = [
    ("phone_number", None),
    ("phone_number", ""),
    ("phone_number", 14155550100),
    ("phone_number", "14155550100"),
    ("phone_number", "+0155550100"),
    ("phone_number", "+141555"),
    ("phone_number", "+1415555010012345"),
    ("phone_number", "+1 415 555 0100"),
    ("phone_number", "+1415555010\n"),
    ("phone_number", "+١٤١٥٥٥٥٠١٠٠"),
    ("phone_number", "\uff0b14155550100"),
    ("phone_number", "sip:+14155550100@example.com"),
    ("label", 7),
    ("label", LONG),
    ("label", "line\nbreak"),
    ("provider", "telnyx"),
    ("provider", None),
    ("supports_inbound", "yes"),
    ("supports_outbound", 1),
    ("agent_id", 5),
    ("agent_id", LONG),
    ("inbound_agent_id", {}),
    ("outbound_agent_id", []),
    ("inbound_agents", "agent_sandbox_1"),
    ("inbound_agents", [{"weight": 1}], "/inbound_agents/0"),
    ("inbound_agents", [{"agent_id": AGENT, "weight": 0}], "/inbound_agents/0/weight"),
    ("inbound_agents", [{"agent_id": AGENT, "weight": 1.5}], "/inbound_agents/0/weight"),
    ("inbound_agents", [{"agent_id": AGENT, "weight": "1"}], "/inbound_agents/0/weight"),
    ("inbound_agents", [{"agent_id": AGENT, "weight": 0.5}], "/inbound_agents"),
    ("inbound_agents", [*AGENTS, "agent"], "/inbound_agents/1"),
    ("inbound_agents", [{**AGENTS[0], "agent_version": -1}], "/inbound_agents/0/agent_version"),
    ("inbound_agents", [{**AGENTS[0], "colour": "red"}], "/inbound_agents/0/colour"),
    ("outbound_agents", [{"agent_id": AGENT}, {"agent_id": AGENT}], None),
    ("inbound_webhook_url", "not a url"),
    ("inbound_webhook_url", "http://example.com/"),
    ("inbound_webhook_url", "https://169.254.169.254/"),
    ("inbound_webhook_url", "https://0x7f000001/"),
    ("inbound_webhook_url", "https://user:pw@example.com/"),
    ("inbound_webhook_url", "https://example.com/\r\nX: y"),
    ("fallback_number", "0800"),
    ("allowed_inbound_country_list", "US"),
    ("allowed_inbound_country_list", ["usa"], "/allowed_inbound_country_list/0"),
    ("allowed_outbound_country_list", ["US", 1], "/allowed_outbound_country_list/1"),
    ("twilio_account_sid", "AC123"),
    ("twilio_auth_token", 9),
    ("outbound_trunk", "sip.example.com"),
    ("outbound_trunk", {"transport": "sctp"}, "/outbound_trunk/transport"),
    ("outbound_trunk", {"media_encryption": "maybe"}, "/outbound_trunk/media_encryption"),
    ("outbound_trunk", {"colour": "red"}, "/outbound_trunk/colour"),
    ("outbound_trunk", {"username": "u" * 33, "password": secrets.SIP_PASSWORD},
     "/outbound_trunk/username"),
    ("outbound_trunk", {"username": "u", "password": "short"}, "/outbound_trunk/password"),
    ("outbound_trunk", {"username": "u", "password": "all-lower-case-1"},
     "/outbound_trunk/password"),
    ("inbound_trunk", {"origination_uri": "https://example.com"},
     "/inbound_trunk/origination_uri"),
    ("inbound_trunk", {"origination_uri": "sips:pbx.example.com"},
     "/inbound_trunk/origination_uri"),
    ("inbound_trunk", {"priority": 65536}, "/inbound_trunk/priority"),
    ("inbound_trunk", {"weight": 0}, "/inbound_trunk/weight"),
    ("inbound_trunk", {"weight": 1.5}, "/inbound_trunk/weight"),
    ("inbound_trunk", {"origination_uri": "sip:user@pbx.example.com"},
     "/inbound_trunk/origination_uri"),
    ("inbound_trunk", {"origination_uri": "sip:5t4n6j0wnrl.sip.livekit.cloud"},
     "/inbound_trunk/origination_uri"),
    ("connection_policy", True),
    ("connection_policy", {"target": "https://example.com"}, "/connection_policy/target"),
    ("disaster_recovery_url", "gopher://example.com"),
    ("take_over", "true"),
    ("metadata", []),
    ("metadata", {"a": 1}, "/metadata/a"),
    ("metadata", {"a/b~c": None}, "/metadata/a~1b~0c"),
    ("metadata", {f"key{n}": "v" for n in range(17)}),
    ("status", "active"),
    ("id", "apn_" + "0" * 26),
    ("created_at", "2026-01-01T00:00:00Z"),
    ("colour", "red"),
    ("a/b~c", "red", "/a~1b~0c"),
]


def _pointer(case):
    return case[2] if len(case) > 2 else f"/{case[0]}"


def _name(case):
    return f"{_pointer(case) or '/' + case[0]}={str(case[1])[:24]}".replace("\n", "\\n")


@pytest.mark.parametrize("case", BAD, ids=_name)
def test_a_bad_field_is_named_by_its_pointer_and_nothing_starts(shared, number, case):
    field, value = case[:2]
    body = {"phone_number": number, field: value}
    answer = shared.api.request("POST", facts.NUMBERS, json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), answer.text
    pointers = {fault["pointer"] for fault in answer.json()["errors"]}
    if _pointer(case):
        assert pointers == {_pointer(case)}
    else:
        assert all(p.startswith(f"/{field}") for p in pointers)
    assert shared.sandbox.calls() == []


def test_a_long_unknown_name_is_not_cut_within_a_character(shared, number):
    body = {"phone_number": number, "ü" * 63 + "日" * 63: 1}
    answer = shared.api.request("POST", facts.NUMBERS, json=body)

    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]  # it is JSON, thus UTF-8
    assert fault["pointer"].startswith("/üüüü")
    assert "\ufffd" not in answer.text


def test_all_faults_are_told_at_once(shared):
    bad = {
        "phone_number": "12",
        "label": 7,
        "supports_inbound": "yes",
        "inbound_trunk": {"weight": 0, "priority": -1},
        "metadata": {"a": 1},
        "colour": "red",
    }
    answer = shared.api.request("POST", facts.NUMBERS, json=bad)

    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/phone_number",
        "/label",
        "/supports_inbound",
        "/inbound_trunk/weight",
        "/inbound_trunk/priority",
        "/metadata/a",
        "/colour",
    }


# What is wrong with two fields together

TOGETHER = {
    "no direction": {"supports_inbound": False, "supports_outbound": False},
    "short and long form": {"agent_id": AGENT, "inbound_agents": AGENTS},
    "token without account": {"twilio_auth_token": facts.AUTH_TOKEN},
    "account without secret": {"twilio_account_sid": facts.ACCOUNT_2},
    "key without its secret": {
        "twilio_account_sid": ACCOUNT,
        "twilio_api_key_sid": "SK" + "1" * 32,
    },
    "user without password": {
        "provider": "sip_trunk",
        "outbound_trunk": {"address": "sip.example.com", "username": "user"},
    },
    "sip trunk without address": {"provider": "sip_trunk"},
    "sip trunk with twilio account": {
        "provider": "sip_trunk",
        "outbound_trunk": {"address": "sip.example.com"},
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": facts.AUTH_TOKEN,
    },
}


@pytest.mark.parametrize("fields", TOGETHER.values(), ids=TOGETHER)
def test_fields_that_do_not_go_together_are_refused(shared, number, fields):
    answer = shared.api.request("POST", facts.NUMBERS, json={"phone_number": number, **fields})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), answer.text
    assert shared.sandbox.calls() == []


def test_a_number_cannot_be_its_own_fallback(shared, number):
    answer = shared.api.create(number, fallback_number=number)

    assert answer.status_code == 422
    assert [f["pointer"] for f in answer.json()["errors"]] == ["/fallback_number"]


def test_a_missing_number_is_pointed_at(shared):
    answer = shared.api.request("POST", facts.NUMBERS, json={})

    assert answer.status_code == 422
    assert [f["pointer"] for f in answer.json()["errors"]] == ["/phone_number"]


def test_what_a_client_sent_wrongly_is_not_echoed(shared, number):
    body = {"phone_number": number, "twilio_auth_token": secrets.SIP_PASSWORD, "label": LONG}
    answer = shared.api.request("POST", facts.NUMBERS, json=body)

    assert answer.status_code == 422
    assert secrets.SIP_PASSWORD not in answer.text and LONG[:50] not in answer.text


@pytest.mark.parametrize(
    "label", ["Zoë & Søn", "日本語 ☎", "'; DROP TABLE numbers; --", "<b>%n%s</b>", "‮abc"]
)
def test_odd_labels_are_kept_and_answered_unchanged(shared, number, label):
    created = shared.api.created(number, label=label)

    assert shared.api.get(created["id"]).json()["label"] == label
    assert shared.sandbox.retell_number(number)["name"] == label
    shared.api.deleted(number)


# Bodies that are not JSON objects at all

BODIES = {
    "empty": b"",
    "cut off": b'{"phone_number": "+1415',
    "an array": b"[]",
    "a string": b'"+14155550100"',
    "trailing junk": b'{"phone_number": "+14155550100"} x',
    "a duplicate key": b'{"phone_number": "+14155550100", "phone_number": "+14155550101"}',
    "an escaped duplicate": b'{"label": "a", "l\\u0061bel": "b"}',
    "too deep": b'{"metadata": ' + b"[" * 17 + b"]" * 17 + b"}",
    "a million deep": b"[" * 60_000,
    "not UTF-8": b'{"label": "\xff"}',
    "a lone surrogate": b'{"label": "\\ud800"}',
    "a byte order mark": b'\xef\xbb\xbf{"phone_number": "+14155550100"}',
    "a NUL": b'{"label": "a\\u0000b", "phone_number": "+14155550100"}',
    "NaN": b'{"phone_number": NaN}',
    "a number too large": b'{"phone_number": 1e400}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_not_one_json_object_is_400(shared, body):
    answer = shared.api.request(
        "POST", facts.NUMBERS, {"Content-Type": "application/json"}, data=body
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-json"), answer.text
    assert shared.sandbox.calls() == []
