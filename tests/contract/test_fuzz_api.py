# SPDX-License-Identifier: MIT
"""test_fuzz_api.py - requests drawn from the contract, for every operation.

What fits the schemas is never answered 5xx; what does not is refused with a
problem, calls no provider and changes nothing. Every answer, also to what was
refused, is one that the contract has for the operation: the client of the api
tests looks at that.

FUZZ_EXAMPLES (50) requests for each operation, half of them broken on purpose;
FUZZ_SEED (0) leads to others.
"""
import json
import os
import re
import urllib.parse
from pathlib import Path

import pytest
import requests
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from document import Document
from strategies import Strategies
from support import facts

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "50"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))

doc = Document()
OPERATIONS = {o["operationId"]: (m, p, o) for m, p, o in doc.operations()}
OWNED = [f"+1415555{n:04d}" for n in range(101, 1001)]
AGENTS = [f"agent_sandbox_{n}" for n in range(1, 10)]
# Made before the test; what the operation may end or change is made again.
NUMBER = OWNED[0]
USES_UP = {"deleteAgentPhoneNumber", "forceDeleteAgentPhoneNumber"}

every_operation = pytest.mark.parametrize("name", OPERATIONS)


def fuzz(test):
    """The settings, for a test that hypothesis calls with drawn data."""
    test = settings(
        max_examples=max(EXAMPLES // 2, 1), deadline=None, database=None,
        suppress_health_check=list(HealthCheck), print_blob=False,
        phases=[Phase.generate, Phase.shrink])(test)
    return seed(SEED)(test)


class Subject:
    """One operation of a world, with something for it to work on."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.method, self.path, self.operation = OPERATIONS[name]
        self.body = self.operation.get("requestBody")
        self.parameters = doc.parameters(self.path, self.operation)
        self.session = requests.Session()  # to the sandbox, kept open
        self.session.trust_env = False
        self.restore()
        lists = re.match("/v1/(operations|api-keys)/", self.path)
        items = lists and world.api.request(
            "GET", f"{lists[0][:-1]}?limit=20").json()["items"]
        self.strategies = Strategies(doc, {
            "id": [item["id"] for item in items] if items
            else [NUMBER] if name in USES_UP else [self.number["id"], NUMBER],
            "phone_number": OWNED[1:] if self.body else [NUMBER],
            "number_id": [self.number["id"]],
            "agent_id": AGENTS, "inbound_agent_id": AGENTS,
            "outbound_agent_id": AGENTS, "fallback_number": [OWNED[5]],
            "twilio_account_sid": [facts.ACCOUNT],
            "twilio_auth_token": [facts.AUTH_TOKEN],
            "twilio_api_key_sid": [facts.API_KEY_SID],
            "twilio_api_key_secret": [facts.API_SECRET],
            "origination_uri": [facts.RETELL_SIP_URI, "sip:sip.example.com"],
            "target": ["sip:sip.example.com"],
            "address": ["sip.carrier.example.com"],
            "inbound_webhook_url": ["https://hooks.example.com/calls"],
            "disaster_recovery_url": ["https://hooks.example.com/x?y=1#z"],
            "expires_at": ["2099-01-01T00:00:00Z"],
            "code": ["not-found", "not-corrupted"],
            "file": re.findall('"docs/([^"]+)"',
                               world.api.request("GET", "/docs").text),
            "If-Match": ["*", '"1"', '"1", "2"', 'W/"1"'],
            "If-None-Match": ["*", '"1"'],
            "Prefer": ["respond-async", "wait=0", "wait=1, handling=lenient"],
        })

    def restore(self):
        """NUMBER exists; nothing else is under way."""
        answer = self.world.api.get(NUMBER)
        if answer.status_code == 404:
            answer = self.world.api.create(NUMBER)
        self.number = self.world.api.get(NUMBER).json()
        assert self.number["status"] == "active"

    def provider_calls(self):
        return self.session.get(
            f"{self.world.sandbox.url}/_sandbox/requests").json()["requests"]

    def of(self, where):
        return [p for p in self.parameters if p["in"] == where]

    def send(self, arguments, query, headers, body=None, kind=None):
        path = self.path
        for name, value in arguments.items():
            path = path.replace(f"{{{name}}}", _quoted(value))
        if query:
            path += "?" + "&".join(f"{n}={_quoted(v)}" for n, v in query)
        headers = {n: v for n, v in headers.items() if v.strip() == v and v}
        if body is not None:
            headers["Content-Type"] = kind
        return self.world.api.request(self.method, path, headers, data=body)


def _quoted(value):
    if isinstance(value, bool):
        value = str(value).lower()
    return urllib.parse.quote(str(value), safe="")


def arguments_of(draw, subject):
    return {p["name"]: draw(subject.strategies.fitting(p["schema"], p["name"]))
            for p in subject.of("path")}


def query_of(draw, subject):
    some = draw(st.lists(st.sampled_from(subject.of("query")), max_size=3,
                         unique_by=lambda p: p["name"])
                if subject.of("query") else st.just([]))
    return [(p["name"], draw(subject.strategies.fitting(
        p["schema"], p["name"]).filter(lambda v: v != ""))) for p in some]


def headers_of(draw, subject):
    """Those that fit; a header can only carry visible characters."""
    headers = {}
    for p in subject.of("header"):
        if draw(st.integers(0, 3)) == 0:
            value = draw(subject.strategies.fitting(p["schema"], p["name"]))
            headers[p["name"]] = "".join(c for c in value if " " <= c <= "~")
    if "Idempotency-Key" in headers and draw(st.integers(0, 3)):
        headers["Idempotency-Key"] = str(draw(st.uuids()))
    return headers


def body_of(draw, subject):
    """(media type, value), and (None, None) where the operation takes none."""
    if not subject.body:
        return None, None
    kind = draw(st.sampled_from(sorted(subject.body["content"])))
    schema = subject.body["content"][kind]["schema"]
    value = draw(subject.strategies.fitting(schema))
    if draw(st.booleans()):
        value = sensible(value)
    return kind, value


def sensible(body):
    """Without what excludes each other, so that much of it is really done."""
    drop = {"agent_id", "agent_version", "inbound_agent_version",
            "outbound_agent_version", "provider", "twilio_account_sid",
            "twilio_auth_token", "twilio_api_key_sid", "twilio_api_key_secret",
            "supports_inbound", "supports_outbound"}
    body = {n: v for n, v in body.items() if n not in drop}
    for way in ("inbound", "outbound"):
        agents = body.get(f"{way}_agents")
        body.pop(f"{way}_agent_id" if agents is not None else "", None)
        if body.get(f"{way}_agent_id"):
            body[f"{way}_agent_id"] = AGENTS[0]
        if agents:
            body[f"{way}_agents"] = [
                {**agent, "agent_id": AGENTS[i], "weight": 1 / len(agents)}
                for i, agent in enumerate(agents)]
    trunk = body.get("outbound_trunk") or {}
    trunk.pop("address", None)
    for name, known in (("inbound_webhook_url", "https://hooks.example.com/a"),
                        ("disaster_recovery_url", "https://example.com/b"),
                        ("fallback_number", OWNED[5])):
        if body.get(name):
            body[name] = known
    for name, uri in (("inbound_trunk", "origination_uri"),
                      ("connection_policy", "target")):
        if body.get(name) and body[name].get(uri):
            body[name][uri] = "sip:sip.example.com;transport=tls"
    return body


def count(seen, answer):
    problem = answer.status_code >= 400 and answer.json()["code"]
    key = f"{answer.status_code} {problem}" if problem else answer.status_code
    seen[str(key)] = seen.get(str(key), 0) + 1


def settle(subject, answer):
    """Follows what was accepted, and takes away what a create has made."""
    api = subject.world.api
    if answer.status_code == 202:
        api.ended(answer.json()["id"])
    if subject.name == "createAgentPhoneNumber" and \
            answer.status_code in (201, 202):
        body = answer.json()
        ref = body.get("number_id", body["id"])
        assert api.delete(ref).status_code in (200, 404)
    if subject.name in USES_UP:
        subject.restore()
    if subject.name == "createBackup" and answer.status_code == 201:
        Path(answer.json()["file"]).unlink()  # there would be thousands


@every_operation
def test_what_fits_is_never_answered_5xx(world, name):
    print(f"FUZZ_SEED={SEED} FUZZ_EXAMPLES={EXAMPLES}")
    subject = Subject(world, name)
    seen = {}

    @fuzz
    @given(st.data())
    def run(data):
        draw = data.draw
        kind, value = body_of(draw, subject)
        answer = subject.send(
            arguments_of(draw, subject), query_of(draw, subject),
            headers_of(draw, subject),
            None if kind is None else json.dumps(value).encode(), kind)
        assert answer.status_code < 500, answer.text
        count(seen, answer)
        settle(subject, answer)

    run()
    print(f"fits: {name}: {dict(sorted(seen.items()))}")


# ---- broken on purpose ----

def break_body(draw, subject):
    kind = draw(st.sampled_from(sorted(subject.body["content"])))
    schema = subject.body["content"][kind]["schema"]
    way = draw(st.integers(0, 9))
    if way == 0:
        text = draw(st.sampled_from([
            b"", b"{", b"[]", b"null", b"{} {}", b'{"phone_number": }',
            b'{"label":"a","label":"b"}', b"\xff", b"\xef\xbb\xbf{}",
            b'{"label":"\\u0000"}', b'{"label":"\\ud800"}', b"[" * 3000,
            b"{'label':1}", b'{"label": NaN}', b"{\"a\":1e999}"]))
        return {"body": text, "kind": kind}
    if way == 1:
        return {"body": b"{}", "kind": draw(st.sampled_from(
            ["text/plain", "application/xml", "application/jsonx",
             "application/json; charset=latin1", "x"]))}
    return {"body": json.dumps(draw(subject.strategies.broken(schema)),
                               ensure_ascii=draw(st.booleans())).encode(),
            "kind": kind}


def break_query(draw, subject):
    known = subject.of("query")
    query = query_of(draw, subject)
    if not known or draw(st.booleans()):
        name = draw(st.sampled_from(["nonsense", "Limit", "phone", "%"]))
        return {"query": query + [(_quoted(name), "1")]}
    p = draw(st.sampled_from(known))
    if draw(st.integers(0, 4)) == 0 and (fits := [
            pair for pair in query if pair[0] == p["name"]]):
        return {"query": query + fits}
    rest = [pair for pair in query if pair[0] != p["name"]]
    return {"query": rest + [(p["name"], draw(
        subject.strategies.broken_text(p["schema"])))]}


def break_path(draw, subject):
    p = draw(st.sampled_from(subject.of("path")))
    text = draw(st.one_of(
        subject.strategies.broken_text(p["schema"]),
        st.text(st.characters(blacklist_categories=("Cs",)), min_size=1)))
    assume(not doc.valid(p["schema"], text) or text.startswith("no"))
    assume(text not in (".", ".."))  # clients take these away
    return {"arguments": {p["name"]: text}}


def break_header(draw, subject):
    """Not the API key: who sends many wrong ones is held off for a while."""
    ways = [("Accept", ["application/json;q=0", "application/json; q=0.000"]),
            ("Expect", ["200-ok", "100-continue, x"]),
            ("Content-Encoding", ["gzip", "br, identity"])]
    names = [p["name"] for p in subject.of("header")]
    if "Idempotency-Key" in names:
        ways += [("Idempotency-Key", ["a b", '"', '"a', "a,b", "x" * 258,
                                      '"a"b', "a\\b"])] * 3
    if "If-Match" in names:
        ways += [("If-Match", ["1", '"1', "W/1", '"1" "2"', ", ,"])] * 3
    name, values = draw(st.sampled_from(ways))
    return {"headers": {name: draw(st.sampled_from(values))}}


def breakers(subject):
    made = [break_query, break_header]
    if subject.of("path"):
        made.append(break_path)
    if subject.body:
        made += [break_body] * 3
    return made


@every_operation
def test_what_does_not_fit_is_refused_and_changes_nothing(world, name):
    print(f"FUZZ_SEED={SEED} FUZZ_EXAMPLES={EXAMPLES}")
    subject = Subject(world, name)
    before = world.api.get(NUMBER).json()
    world.sandbox.forget_calls()
    seen = {}

    @fuzz
    @given(st.data())
    def run(data):
        draw = data.draw
        broken = draw(st.sampled_from(breakers(subject)))(draw, subject)
        kind, value = body_of(draw, subject)
        request = {"arguments": arguments_of(draw, subject), "query": [],
                   "headers": {}, "kind": kind,
                   "body": None if kind is None else json.dumps(value).encode(),
                   **broken}
        answer = subject.send(**request)
        assert 400 <= answer.status_code < 500, request
        assert subject.provider_calls() == [], request
        assert world.api.get(NUMBER).json() == before, request
        count(seen, answer)

    run()
    print(f"broken: {name}: {dict(sorted(seen.items()))}")


