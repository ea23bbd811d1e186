# SPDX-License-Identifier: MIT
"""document.py - openapi.yaml with its references followed and its schemas usable.

Strict checking also refuses members that the contract does not name, which
clients must tolerate.
"""
import copy
import re
import sys
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import yaml_to_json  # noqa: E402

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

formats = jsonschema.FormatChecker(formats=())


@formats.checks("date-time")
def _is_timestamp(value):
    return not isinstance(value, str) or re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value) is not None


@formats.checks("uri-reference")
def _is_reference(value):
    return not isinstance(value, str) or re.fullmatch(
        r"[!#-;=?-\[\]_a-z~%]*", value) is not None


def _convert(node, strict):
    """A schema of OpenAPI 3.0 as JSON Schema draft 4, from which it descends:
    only nullable is different."""
    if isinstance(node, list):
        return [_convert(n, strict) for n in node]
    if not isinstance(node, dict):
        return node
    out = {key: _convert(value, strict) for key, value in node.items()
           if key not in ("nullable", "example", "description")
           or isinstance(value, dict)}
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        out["type"] = [node["type"], "null"]
        if "enum" in out:
            out["enum"] = out["enum"] + [None]
    if strict and isinstance(node.get("properties"), dict):
        out.setdefault("additionalProperties", False)
    return out


class Document:
    def __init__(self, path=ROOT / "openapi.yaml"):
        self.all = yaml_to_json.load(path)
        self._schemas = {
            strict: {"components": {"schemas": _convert(
                copy.deepcopy(self.all["components"]["schemas"]), strict)}}
            for strict in (False, True)
        }
        self._validators = {}

    def resolve(self, node):
        """node itself, or what its $ref points to."""
        while isinstance(node, dict) and "$ref" in node:
            node = self.pointer(node["$ref"])
        return node

    def pointer(self, ref):
        assert ref.startswith("#/"), f"{ref} leads out of the document"
        node = self.all
        for part in ref[2:].split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            assert part in node, f"{ref} leads nowhere"
            node = node[part]
        return node

    def operations(self):
        """(METHOD, path, operation) of every operation."""
        for path, item in self.all["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, item[method]

    def parameters(self, path, operation):
        """Those of the operation and of its path, resolved."""
        return [self.resolve(p) for p in
                self.all["paths"][path].get("parameters", [])
                + operation.get("parameters", [])]

    def _validator(self, schema, strict):
        """Made once for each schema of the document."""
        key = (id(schema), strict)
        if key not in self._validators:
            # The schema is kept, so that its id stays its own.
            self._validators[key] = schema, jsonschema.Draft4Validator(
                _convert(copy.deepcopy(schema), strict),
                resolver=jsonschema.RefResolver("", self._schemas[strict]),
                format_checker=formats)
        return self._validators[key][1]

    def valid(self, schema, value, strict=False):
        return self._validator(schema, strict).is_valid(value)

    def validate(self, schema, value, strict=False):
        """Raises AssertionError with every fault of value."""
        faults = [f"{'/'.join(map(str, e.absolute_path)) or '(all)'}: "
                  f"{e.message[:300]}"
                  for e in self._validator(schema, strict).iter_errors(value)]
        assert not faults, "\n".join(faults)
