# SPDX-License-Identifier: MIT
"""Every JSON answer against openapi.yaml, if the repository has one."""

import copy
import functools
import re

import jsonschema
import yaml

from support.process import REPO

FILE = REPO / "openapi.yaml"
_STRUCTURED = ("application/json", "application/problem+json")


@functools.lru_cache(maxsize=1)
def document():
    """The contract with its OpenAPI 3.0 schemas turned into JSON Schema, or None."""
    return _json_schema(yaml.safe_load(FILE.read_text())) if FILE.exists() else None


def check(answer, method, path):
    """The answer's status, type and body are ones the contract knows for the route."""
    if document() is None:
        return
    operation = _operation(method, path.split("?")[0])
    if operation is None:  # not a route: 404, 405 and the like
        assert answer.status_code >= 400 or method in ("OPTIONS", "HEAD"), "not in openapi.yaml"
        return
    responses = operation["responses"]
    status = str(answer.status_code)
    response = responses.get(status) or responses.get(f"{status[0]}XX") or responses.get("default")
    assert response, f"openapi.yaml has no {status} for {method} {path}"
    content = _resolve(response).get("content", {})
    kind = answer.headers.get("Content-Type", "").split(";")[0].strip()
    if not answer.content or kind not in _STRUCTURED:
        return
    assert kind in content, f"openapi.yaml has no {kind} for {method} {path} {status}"
    schema = {**content[kind]["schema"], "components": document()["components"]}
    faults = jsonschema.Draft7Validator(schema).iter_errors(answer.json())
    fault = jsonschema.exceptions.best_match(faults)
    assert not fault, f"not as openapi.yaml says: {fault.json_path}: {fault.message}"


def _operation(method, path):
    for template, item in document()["paths"].items():
        pattern = re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in item:
            return item[method.lower()]
    return None


def _resolve(node):
    while "$ref" in node:
        target = document()
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def _json_schema(node):
    """OpenAPI 3.0's `nullable` in JSON Schema's words, everywhere."""
    if isinstance(node, list):
        return [_json_schema(n) for n in node]
    if not isinstance(node, dict):
        return node
    node = {k: _json_schema(v) for k, v in copy.copy(node).items()}
    if node.pop("nullable", False) is True:
        if "enum" in node and None not in node["enum"]:
            node["enum"] = node["enum"] + [None]
        return {"anyOf": [node, {"type": "null"}]}
    return node
