# SPDX-License-Identifier: MIT
"""test_openapi.py - openapi.yaml is sound, complete and says what the code does.

Needs no running service: it reads the document and the tables in the source.
"""
import json
import re
import subprocess
import sys

from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from document import ROOT, Document  # noqa: E402

contract = Document()
doc = contract.all
operations = list(contract.operations())
by_name = pytest.mark.parametrize(
    "method,path,operation", operations,
    ids=[o["operationId"] for _, _, o in operations])


def source(path):
    return (ROOT / path).read_text(encoding="utf-8")


def strings(text):
    """The value of adjacent C string literals."""
    return "".join(json.loads(f'"{s}"') for s in
                   re.findall(r'"((?:[^"\\]|\\.)*)"', text))


def walk(node, at="#"):
    """Every mapping of the document, with where it stands."""
    if isinstance(node, dict):
        yield at, node
        for key, value in node.items():
            yield from walk(value, f"{at}/{str(key).replace('/', '~1')}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from walk(value, f"{at}/{i}")


def schemas():
    """Every schema, also those within schemas; no examples."""
    def inside(at, schema):
        yield at, schema
        for key in ("allOf", "oneOf", "anyOf"):
            for i, sub in enumerate(schema.get(key, ())):
                yield from inside(f"{at}/{key}/{i}", sub)
        for name, sub in schema.get("properties", {}).items():
            yield from inside(f"{at}/properties/{name}", sub)
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                yield from inside(f"{at}/{key}", schema[key])

    for name, schema in doc["components"]["schemas"].items():
        yield from inside(f"#/components/schemas/{name}", schema)
    for at, node in walk({k: v for k, v in doc.items() if k != "components"}):
        if isinstance(node.get("schema"), dict):
            yield from inside(f"{at}/schema", node["schema"])
    for part in ("parameters", "headers", "responses"):
        for at, node in walk(doc["components"][part]):
            if isinstance(node.get("schema"), dict):
                yield from inside(f"{at}/schema", node["schema"])


def examples_of(node):
    """The examples that a media type, parameter, header or schema gives."""
    if "example" in node:
        yield node["example"]
    for example in node.get("examples", {}).values():
        yield contract.resolve(example)["value"]


# ---- the document in itself ----

def test_it_is_openapi_3_0_3():
    assert doc["openapi"] == "3.0.3"
    assert set(doc) <= {"openapi", "info", "servers", "security", "tags",
                        "paths", "components"}


def test_every_ref_resolves():
    for at, node in walk(doc):
        if "$ref" in node:
            contract.pointer(node["$ref"])
            assert set(node) == {"$ref"}, f"{at}: a $ref stands alone"


def test_every_component_is_used():
    used = {node["$ref"] for _, node in walk(doc) if "$ref" in node}
    for kind, members in doc["components"].items():
        if kind == "securitySchemes":
            continue
        unused = [n for n in members if f"#/components/{kind}/{n}" not in used]
        assert not unused, f"{kind} that nothing refers to"


def test_operation_ids_are_good_names():
    ids = [o["operationId"] for _, _, o in operations]
    assert len(ids) == len(set(ids))
    for name in ids:
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", name), name


@by_name
def test_an_operation_is_described(method, path, operation):
    assert operation["summary"] and not operation["summary"].endswith(".")
    assert operation["description"].strip()
    assert set(operation["tags"]) <= {t["name"] for t in doc["tags"]}
    public = operation.get("security") == []
    assert (operation["x-scope"] == "none") == public


@by_name
def test_its_path_parameters_are_declared(method, path, operation):
    declared = {p["name"] for p in map(contract.resolve,
                doc["paths"][path].get("parameters", [])
                + operation.get("parameters", [])) if p["in"] == "path"}
    assert declared == set(re.findall(r"\{(\w+)\}", path))


@by_name
def test_it_has_success_and_failure_with_schema_and_example(
        method, path, operation):
    answers = operation["responses"]
    assert any(s.startswith("2") for s in answers)
    assert "default" in answers
    for status, answer in answers.items():
        answer = contract.resolve(answer)
        assert answer["description"].strip()
        assert "X-Request-Id" in answer["headers"], status
        if status in ("204", "304"):
            continue
        for media in answer["content"].values():
            assert "schema" in media and list(examples_of(media)), status
        failed = status == "default" or int(status) >= 400
        assert ("application/problem+json" in answer["content"]) == failed


def test_every_example_is_valid():
    checked = 0
    for at, node in list(walk(doc)):
        if not isinstance(node.get("schema"), dict):
            continue
        for example in examples_of(node):
            strict = "application~1json" in at or "problem" in at
            try:
                contract.validate(node["schema"], example, strict)
            except AssertionError as fault:
                pytest.fail(f"{at}: {fault}")
            checked += 1
    for at, schema in schemas():
        if "example" in schema:
            contract.validate(schema, schema["example"])
            checked += 1
    assert checked > 80


def test_an_example_problem_says_what_its_code_means():
    known = problem_rows()
    problems = [node for _, node in walk(doc)
                if str(node.get("type", "")).startswith("/problems/")
                and "title" in node]
    assert len(problems) > 20
    for problem in problems:
        http, _, title, _ = known[problem["code"]]
        assert problem["type"] == f"/problems/{problem['code']}"
        assert (problem["status"], problem["title"]) == (http, title)


def test_a_problem_is_shown_under_its_own_status():
    for method, path, operation in operations:
        for status, answer in operation["responses"].items():
            content = contract.resolve(answer).get("content", {})
            media = content.get("application/problem+json")
            if status == "default" or not media:
                continue
            for example in examples_of(media):
                assert str(example["status"]) == status, (method, path)


def test_where_a_problem_names_a_time_there_is_a_header_for_it():
    known = problem_rows()
    for answer in map(contract.resolve, (
            a for _, _, o in operations for a in o["responses"].values())):
        media = answer.get("content", {}).get("application/problem+json")
        for example in examples_of(media or {}):
            if known[example["code"]][1]:
                assert "Retry-After" in answer["headers"], example["code"]


def test_no_schema_takes_just_anything():
    for at, schema in schemas():
        if "$ref" in schema:
            continue
        kind = schema.get("type")
        assert kind or {"allOf", "oneOf"} & set(schema), f"{at} has no type"
        if kind == "object":
            assert schema.get("properties") or isinstance(
                schema.get("additionalProperties"), dict), at
            assert set(schema.get("required", ())) <= set(
                schema.get("properties", ())), at
        if kind == "array":
            assert "items" in schema, at
        if schema.get("nullable"):
            assert kind, f"{at}: nullable needs a type beside it (3.0.3)"


def test_requests_are_closed():
    def check(at, schema):
        schema = contract.resolve(schema)
        if schema.get("type") == "object":
            assert "additionalProperties" in schema, f"{at} is open"
        for name, sub in schema.get("properties", {}).items():
            check(f"{at}/{name}", sub)
        for sub in schema.get("allOf", []):
            check(at, sub)
        if "items" in schema:
            check(f"{at}/items", schema["items"])

    for method, path, operation in operations:
        for media in operation.get("requestBody", {}).get(
                "content", {}).values():
            check(f"{method} {path}", media["schema"])


def test_every_property_of_a_request_is_described():
    for name in ("AgentPhoneNumberCreate", "AgentPhoneNumberPatch"):
        for field, schema in doc["components"]["schemas"][name][
                "properties"].items():
            assert contract.resolve(schema).get("description") or \
                "allOf" in schema, f"{name}.{field}"


# ---- the document and the code ----

def route_rows():
    rows = re.findall(
        r'^\t\{"([A-Z]+)",\s*"([^"]+)",\s*SCOPE_([A-Z]+),\s*(\w+),\s*([^}]+)\}',
        source("src/api/routes.c"), re.M)
    assert len(rows) > 5, "the table of src/api/routes.c was not understood"
    return {(m, p): (s.lower(), flags) for m, p, s, _, flags in rows
            if "ROUTE_ADMIN" not in flags}


def test_paths_methods_and_scopes_are_those_of_the_routes():
    assert {(m, p): o["x-scope"] for m, p, o in operations} == \
        {key: scope for key, (scope, _) in route_rows().items()}


def test_bodies_and_idempotency_keys_are_where_the_routes_have_them():
    for method, path, operation in operations:
        flags = route_rows()[method, path][1]
        names = {contract.resolve(p)["name"]
                 for p in operation.get("parameters", [])}
        media = set(operation.get("requestBody", {}).get("content", {}))
        wanted = {"application/json"} if "ROUTE_JSON" in flags else set()
        if "ROUTE_MERGE" in flags:
            wanted.add("application/merge-patch+json")
        assert media == wanted, (method, path)
        assert ("Idempotency-Key" in names) == bool(
            re.search("WRITES|ROUTE_REPLAYABLE", flags)), (method, path)


def problem_rows():
    """code -> (http, again, title, help) of the public rows of err.h."""
    text = source("include/base/err.h").replace("\\\n", "\n")
    rows = re.findall(
        r'X\(\w+,\s*"([a-z-]+)",\s*(\d+),\s*(\d+),\s*("(?:[^"\\]|\\.)*"),'
        r'\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)', text)
    assert len(rows) == len(re.findall(r"^\s*X\([A-Z]", text, re.M))
    return {code: (int(http), int(again), strings(title), strings(text))
            for code, http, again, title, text in rows if strings(text)}


def test_problem_codes_are_those_of_the_code():
    assert doc["components"]["schemas"]["ProblemCode"]["enum"] == \
        list(problem_rows())


def field_rows():
    """name -> flags (create, patch, secret) of src/steps/fields.c."""
    text = source("src/steps/fields.c")
    text = text[text.index("const struct field fields[]"):]
    rows = re.findall(r'^\t\{\{"(\w+)", "[\w ]+", (BOTH|CREATE|SECRET),',
                      text, re.M)
    assert len(rows) > 20, "the table of src/steps/fields.c was not understood"
    return dict(rows)


def test_request_fields_are_those_of_the_code():
    known = doc["components"]["schemas"]
    rows = field_rows()
    assert set(known["AgentPhoneNumberCreate"]["properties"]) == set(rows)
    assert set(known["AgentPhoneNumberPatch"]["properties"]) == {
        name for name, flags in rows.items() if flags == "BOTH"}


def test_nullable_fields_are_those_of_the_code():
    text = source("src/steps/fields.c")
    text = text[text.index("const struct field fields[]"):]
    nullable = set(re.findall(r'^\t\{\{"(\w+)".*\},\n\t \.nullable = true',
                              text, re.M))
    for name in ("AgentPhoneNumberCreate", "AgentPhoneNumberPatch"):
        for field, schema in doc["components"]["schemas"][name][
                "properties"].items():
            schema = contract.resolve(schema)
            takes_null = schema.get("nullable") or any(
                s.get("nullable") for s in schema.get("oneOf", ()))
            assert bool(takes_null) == (field in nullable), f"{name}.{field}"


def test_answers_carry_every_field_that_is_no_secret():
    answer = doc["components"]["schemas"]["AgentPhoneNumber"]
    assert set(answer["required"]) == set(answer["properties"])
    for name, flags in field_rows().items():
        short = name == "agent_id" or name.endswith("agent_version")
        assert (name in answer["properties"]) == (
            flags != "SECRET" and not short), name


def test_resource_kinds_are_those_of_the_steps():
    kinds = {kind for path in (ROOT / "src/steps").glob("*.c")
             for kind in re.findall(r'^\t\.kind = "(\w+)"', path.read_text(),
                                    re.M)}
    assert kinds == set(doc["components"]["schemas"]["ResourceKind"]["enum"])


def test_the_version_is_that_of_the_build():
    assert f"VERSION := {doc['info']['version']}\n" in source("Makefile")


def test_it_survives_the_way_into_the_binary():
    text = subprocess.run(
        [ROOT / "tests/support/yaml_to_json.py", ROOT / "openapi.yaml"],
        check=True, capture_output=True, text=True).stdout
    assert json.loads(text) == doc
