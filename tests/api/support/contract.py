# SPDX-License-Identifier: MIT
"""Every exchange against openapi.yaml: status, type, headers, body, and the request too.

Members that the contract does not name are refused in our answers: the contract
is to be complete, however patient clients are asked to be.
"""

import functools
import json
import re
import sys
import urllib.parse

from support.process import REPO

sys.path.append(str(REPO / "tests/contract"))
from document import Document  # noqa: E402

PROBLEM = "application/problem+json"
# What `default` stands for in the contract, whatever the operation.
ANYWHERE = {405, 406, 414, 415, 417, 431, 500, 501}


@functools.lru_cache(maxsize=1)
def document():
    return Document()


@functools.lru_cache(maxsize=1)
def _routes():
    """(method, pattern of the path, template, operation), fixed paths first."""
    rows = [
        (m, re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(p))), p, o)
        for m, p, o in document().operations()
    ]
    return sorted(rows, key=lambda row: "{" in row[2])


def operation_of(method, path):
    """(template, operation, what stands at the braces), or None."""
    method = "GET" if method == "HEAD" else method
    for known, pattern, template, operation in _routes():
        found = pattern.fullmatch(path)
        if found and method == known:
            return template, operation, [urllib.parse.unquote(g) for g in found.groups()]
    return None


def check(answer, method, path):
    """Fails unless the contract has this answer for this request."""
    try:
        _check(answer, method, path)
    except AssertionError as fault:
        raise AssertionError(f"not as openapi.yaml says: {fault}") from None


def _check(answer, method, path):
    path, _, query = path.partition("?")
    found = operation_of(method, path)
    if found is None:  # no operation: 404, 405 and the like
        _check_elsewhere(answer, method)
        return
    template, operation, arguments = found
    status = answer.status_code
    response = operation["responses"].get(str(status))
    if response is None:
        assert status in ANYWHERE, f"no {status} for {method} {template}"
        response = operation["responses"]["default"]
    response = document().resolve(response)
    _check_headers(answer, response.get("headers", {}))
    if answer.content or method != "HEAD":
        _check_body(answer, response.get("content", {}))
    if 200 <= status < 300:
        _check_parameters(answer.request, template, operation, arguments, query)
        _check_request(answer.request, operation)


def _check_elsewhere(answer, method):
    if method == "OPTIONS" and answer.status_code == 204:
        return
    assert answer.status_code >= 400, "answered, but no operation"
    if answer.content:
        document().validate(_schema("Problem"), answer.json(), strict=True)


def _schema(name):
    return document().all["components"]["schemas"][name]


def _type(message):
    return message.headers.get("Content-Type", "").split(";")[0].strip()


def _value(text, schema):
    """A parameter's or header's text as what its schema wants."""
    kind = document().resolve(schema).get("type")
    if kind == "integer" and re.fullmatch("-?[0-9]+", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def _check_headers(answer, headers):
    for name, header in headers.items():
        header = document().resolve(header)
        text = answer.headers.get(name)
        assert text is not None or not header.get("required"), f"no {name}"
        if text is not None:
            document().validate(header["schema"], _value(text, header["schema"]))
    for name in ("Location", "ETag", "Link", "Retry-After", "Idempotency-Replayed"):
        assert name in headers or name not in answer.headers, f"a header {name}"


def _check_body(answer, content):
    if not content:
        assert not answer.content, "a body where there is none"
        return
    kind = _type(answer)
    assert kind in content, f"{kind!r} in place of {list(content)}"
    value = answer.json() if "json" in kind else answer.text
    document().validate(content[kind]["schema"], value, strict=True)


def _check_parameters(request, template, operation, arguments, query):
    """What was answered with success must have been asked as the contract says."""
    known = document().parameters(template, operation)
    names = re.findall(r"\{(\w+)\}", template)
    given = [("path", n, v) for n, v in zip(names, arguments)]
    given += [("query", *pair) for pair in urllib.parse.parse_qsl(query.replace("+", "%2B"))]
    headers = {p["name"] for p in known if p["in"] == "header"}
    given += [("header", n, request.headers[n]) for n in headers if n in request.headers]
    for where, name, text in given:
        rows = [p for p in known if (p["in"], p["name"]) == (where, name)]
        assert rows, f"a parameter {name} was taken"
        if where != "header":  # those that are odd are ignored, not refused
            document().validate(rows[0]["schema"], _value(text, rows[0]["schema"]))


def _check_request(request, operation):
    if not request.body:
        return
    content = operation.get("requestBody", {}).get("content", {})
    kind = _type(request)
    assert kind in content, f"a body of type {kind!r} was taken"
    document().validate(content[kind]["schema"], json.loads(request.body), strict=True)
