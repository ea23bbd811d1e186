# SPDX-License-Identifier: MIT
"""The audit trail: who did what to which number, and when."""

import contextlib
import sqlite3

import pytest

from support import secrets
from support.facts import AUTH_TOKEN_2, ACCOUNT_2, OF_ACCOUNT_2
from support.keys import add_key
from support.sandbox import refused

EVENTS = "/v1/events"


def _page(world, query=""):
    answer = world.api.request("GET", EVENTS + query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _events(world, query=""):
    return _page(world, query)["items"]


def _quoted(number):
    return number.replace("+", "%2B")


def test_a_number_s_life_is_told(make_world, number):
    world = make_world(TRUNKLINE_UNDO_DEADLINE_S=1)
    created = world.api.created(number)
    world.api.patch(number, label="New")
    world.sandbox.fail("delete_trunk", **refused(403, 20003))
    world.api.delete(number)
    world.api.force_delete(number)
    told = _events(world, f"?number_id={created['id']}")

    assert [e["action"] for e in told] == [
        "number.force_deleted",
        "number.corrupted",
        "number.updated",
        "number.created",
    ]
    assert all(e["phone_number"] == number and e["principal"] == "root" for e in told)
    assert told == sorted(told, key=lambda e: e["at"], reverse=True)
    world.unclean = True  # the trunk was abandoned


def test_an_event_leads_to_the_operation_and_the_request(world, number):
    answer = world.api.create(number, {"X-Request-Id": "my-request"})
    (event,) = _events(world)

    assert event["id"].startswith("evt_")
    assert event["operation_id"] == answer.json()["operation_id"]
    assert event["number_id"] == answer.json()["id"]
    assert event["request_id"] == "my-request"
    assert event["at"] == answer.json()["created_at"]
    assert event["detail"] is None


def test_failures_are_told_too(world, number):
    world.sandbox.fail("import_number", **refused(400))
    problem = world.api.create(number).json()
    (event,) = _events(world, f"?operation_id={problem['operation_id']}")

    assert event["action"] == "number.create_failed"


def test_a_sweep_is_told_with_what_it_found(world):
    report = world.api.request("POST", "/v1/sweeps").json()
    (event,) = _events(world, "?action=sweep.ended")

    assert (event["number_id"], event["phone_number"], event["operation_id"]) == (None, None, None)
    assert event["detail"] == report


def test_who_is_the_key_and_never_its_secret(world, number):
    world.stop()
    writer = add_key(world, "write")
    world.start()
    world.api.with_key(writer).created(number)
    (event,) = _events(world, "?action=number.created")

    assert event["principal"].startswith("key_")
    assert writer not in world.api.request("GET", EVENTS).text


def test_it_holds_no_secrets(world):
    """The linter looks for them in every answer; here they were sent."""
    world.api.created(
        OF_ACCOUNT_2,
        twilio_account_sid=ACCOUNT_2,
        twilio_auth_token=AUTH_TOKEN_2,
        outbound_trunk={"username": "trunkline", "password": secrets.SIP_PASSWORD},
    )
    assert [e["action"] for e in _events(world)] == ["number.created"]


def test_filters_and_pages(world, numbers):
    wanted = numbers(3)
    made = [world.api.created(n) for n in wanted]
    world.api.deleted(wanted[0])

    def told(query=""):
        return [(e["action"], e["phone_number"]) for e in _events(world, query)]

    everything = [("number.deleted", wanted[0])] + [("number.created", n) for n in wanted[::-1]]
    assert told() == everything
    assert told(f"?phone_number={_quoted(wanted[0])}") == [everything[0], everything[3]]
    assert told(f"?number_id={made[1]['id']}") == [everything[2]]
    assert told(f"?operation_id={made[2]['operation_id']}") == [everything[1]]
    assert told("?action=number.created") == everything[1:]
    assert told(f"?action=number.deleted&phone_number={_quoted(wanted[1])}") == []
    assert told("?action=nothing.such") == []

    first = world.api.request("GET", EVENTS + "?limit=3&action=number.created")
    assert first.json()["next_cursor"] is None
    first = world.api.request("GET", EVENTS + "?limit=3")
    rest = world.api.request("GET", f"{EVENTS}?limit=3&cursor={first.json()['next_cursor']}")
    assert "next" in first.links and "next" not in rest.links
    assert first.json()["items"] + rest.json()["items"] == _events(world)
    followed = world.api.request("GET", first.links["next"]["url"])
    assert followed.json() == rest.json()


def test_a_cursor_belongs_to_its_list_and_filters(world, numbers):
    for number in numbers(2):
        world.api.created(number)
    cursor = _page(world, "?limit=1")["next_cursor"]
    for path in (
        f"{EVENTS}?cursor={cursor}&action=number.created",
        f"/v1/operations?cursor={cursor}",
        f"{EVENTS}?cursor={cursor[::-1]}",
    ):
        answer = world.api.request("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-cursor")


def test_a_page_of_very_large_rows_ends_early(world):
    """200 rows of 200 kB are more than one answer may have."""
    world.stop()
    detail = '{"name":"' + "x" * 200_000 + '"}'
    with contextlib.closing(sqlite3.connect(world.database)) as database, database:
        for i in range(100):
            database.execute(
                "INSERT INTO events (id, at_ms, action, detail) VALUES (?, 1, 'sweep.ended', ?)",
                (f"evt_{i:026d}", detail),
            )
    world.start()
    ids, query = [], "?limit=200"
    while query:
        page = _page(world, query)
        ids += [e["id"] for e in page["items"]]
        assert 10 < len(page["items"]) < 40 or not page["next_cursor"]
        query = page["next_cursor"] and f"?limit=200&cursor={page['next_cursor']}"

    assert ids == [f"evt_{i:026d}" for i in range(99, -1, -1)]


def test_it_is_only_ever_added_to(shared):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = shared.api.request(method, EVENTS)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert shared.api.request("GET", EVENTS + "/evt_" + "0" * 26).status_code == 404


def test_it_is_for_administrators(world):
    world.stop()
    keys = {scope: add_key(world, scope) for scope in ("read", "write", "admin")}
    world.start()

    assert world.api.with_key(None).request("GET", EVENTS).status_code == 401
    answers = [world.api.with_key(k).request("GET", EVENTS).status_code for k in keys.values()]
    assert answers == [403, 403, 200]


@pytest.mark.parametrize(
    "query",
    [
        "number_id=op_" + "0" * 26,
        "operation_id=nonsense",
        "phone_number=15",
        "action=Number.Created",
        "action=%27%20OR%201",
        "action=",
        "limit=0",
        "limit=201",
        "principal=root",
        "action=a.b&action=a.b",
    ],
)
def test_bad_filters_are_refused(shared, query):
    answer = shared.api.request("GET", f"{EVENTS}?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")
