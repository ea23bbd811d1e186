# SPDX-License-Identifier: MIT
"""Looks at every answer that the tests receive: is it well formed, is it discreet?"""

import json

from support import contract, secrets
from support.problems import AGAIN, PROBLEMS

JSON = "application/json"
PROBLEM = "application/problem+json"
# The few paths that answer something else.
OTHER_TYPES = {
    "/openapi.yaml": ("application/yaml", "application/openapi+yaml"),
    "/docs": ("text/html", "text/javascript", "text/css", "text/plain"),
    "/problems/": ("text/html", "text/plain", "text/markdown", JSON),
    "/metrics": ("text/plain", "application/openmetrics-text"),
    "/events": ("text/event-stream", JSON),  # of an operation; the audit trail
}


def lint(answer, method, path, admin=False):
    """Fails on the first thing that is wrong with an answer (a requests.Response)."""
    try:
        if not path.startswith("/openapi."):  # its examples are the sandbox's
            _secrets(answer)
        _headers(answer)
        _status(answer, path)
        _body(answer, method, path)
        if not admin:
            contract.check(answer, method, path)
    except AssertionError as fault:
        raise AssertionError(f"{fault}\n{_show(answer, method, path)}") from None


def _secrets(answer):
    head = "\n".join(f"{k}: {v}" for k, v in answer.headers.items()).encode()
    leaked = secrets.seen_in(head + answer.content)
    assert not leaked, f"secrets in an answer: {leaked}"


def _headers(answer):
    headers = answer.headers
    assert headers.get("X-Content-Type-Options") == "nosniff", "no nosniff"
    kept = "Content-Security-Policy" in headers  # /docs may be kept
    assert kept or "no-store" in headers.get("Cache-Control", ""), "Cache-Control is not no-store"
    assert "Date" in headers or answer.status_code < 200, "no Date"
    assert headers.get("X-Request-Id"), "no X-Request-Id"
    assert "/" not in headers.get("Server", ""), "Server tells a version"


def _status(answer, path):
    needed = {
        # A backup is a file of the host, not a resource here.
        201: path != "/v1/backups" and "Location",
        202: "Location",
        401: "WWW-Authenticate",
        405: "Allow",
        503: "Retry-After",
    }.get(answer.status_code)
    assert not needed or answer.headers.get(needed), f"{answer.status_code} without {needed}"
    if "Retry-After" in answer.headers:
        assert answer.headers["Retry-After"].isdigit(), "Retry-After is not seconds"


def _body(answer, method, path):
    if method == "HEAD" or answer.status_code in (204, 304):
        assert not answer.content, "a body where none may be"
        return
    kind = answer.headers.get("Content-Type", "").split(";")[0].strip()
    if answer.status_code >= 400 and kind != JSON:
        assert kind == PROBLEM, f"an error of type {kind!r}"
        _problem(answer)
        return
    route = path.split("?")[0]
    allowed = next((t for p, t in OTHER_TYPES.items() if p in route), (JSON,))
    assert kind in allowed, f"Content-Type is {kind!r}, not one of {allowed}"
    if kind == JSON:
        assert isinstance(json.loads(answer.content, object_pairs_hook=_unique), dict)


def _problem(answer):
    body = json.loads(answer.content, object_pairs_hook=_unique)
    for member in ("type", "title", "status", "detail", "code", "request_id"):
        assert body.get(member), f"a problem without {member}"
    code = body["code"]
    assert code in PROBLEMS, f"unknown problem code {code!r}"
    if code != "too-many-requests":  # which knows when
        assert answer.headers.get("Retry-After") == AGAIN[code], f"Retry-After of {code}"
    status, title = PROBLEMS[code]
    assert body["type"].endswith(f"/problems/{code}"), f"type is {body['type']!r}"
    assert body["title"] == title, f"title is {body['title']!r}, not {title!r}"
    assert body["status"] == answer.status_code == status, f"{code} must be {status}"
    if "Idempotency-Replayed" not in answer.headers:
        assert body["request_id"] == answer.headers["X-Request-Id"], "two request ids"
    for fault in body.get("errors", []):
        assert fault["pointer"] == "" or fault["pointer"].startswith("/"), "not a JSON Pointer"
        assert fault["detail"], "a fault without detail"
    if code == "invalid-request":
        assert body["errors"], "invalid-request without errors"


def _unique(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"duplicate keys in {names}"
    return dict(pairs)


def _show(answer, method, path):
    head = "".join(f"  {k}: {v}\n" for k, v in answer.headers.items())
    return f"{method} {path} -> {answer.status_code}\n{head}\n  {answer.text[:1500]}"
