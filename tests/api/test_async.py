# SPDX-License-Identifier: MIT
"""Prefer: respond-async, and clients that stop waiting."""

import socket
import json

from support import facts, secrets
from support.facts import ALL_KINDS, OPERATIONS
from support.sandbox import refused
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left, kinds_of

ASYNC = {"Prefer": "respond-async"}


def test_a_create_may_be_accepted_and_polled_until_it_ends(world, number):
    answer = world.api.create(number, ASYNC)
    operation = answer.json()

    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert answer.headers["Location"].endswith(f"{OPERATIONS}/{operation['id']}")
    assert operation["kind"] == "create" and operation["phone_number"] == number
    ended = world.api.ended(operation["id"])
    assert ended["state"] == "succeeded"
    assert world.api.get(ended["number_id"]).json()["phone_number"] == number
    assert_exactly(world, ALL_KINDS)


def test_a_failed_one_tells_its_problem_and_receipt_in_the_operation(world, number):
    world.sandbox.fail("import_number", **refused(400))
    operation = world.api.create(number, ASYNC).json()
    ended = world.api.ended(operation["id"])

    assert ended["state"] == "failed"
    assert ended["error"]["code"] == "provider-refused"
    assert ended["error"]["rolled_back"] is True
    assert ended["resources"]["remaining"] == []
    assert_nothing_left(world)


def test_a_delete_may_be_accepted_and_polled_too(world, number):
    world.api.created(number)
    answer = world.api.delete(number, ASYNC)
    ended = world.api.ended(answer.json()["id"])

    assert answer.status_code == 202
    assert ended["kind"] == "delete" and ended["state"] == "succeeded"
    assert kinds_of(ended["resources"]["removed"]) == sorted(ALL_KINDS)
    assert_nothing_left(world)


def test_other_preferences_are_ignored(world, number):
    answer = world.api.create(number, {"Prefer": "return=minimal, handling=lenient"})

    assert answer.status_code == 201
    assert "Preference-Applied" not in answer.headers


def test_a_slow_create_becomes_202_when_the_wait_is_over(make_world, number):
    world = make_world(TRUNKLINE_WAIT_S=1)
    world.sandbox.fail("create_trunk", delay_before_ms=1400)
    answer = world.api.create(number)

    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers
    assert world.api.ended(answer.json()["id"])["state"] == "succeeded"
    assert_exactly(world, ALL_KINDS)


def test_a_client_may_say_how_long_it_waits(world, number):
    world.sandbox.fail("create_trunk", delay_before_ms=700)
    answer = world.api.create(number, {"Prefer": "wait=0"})

    assert answer.status_code == 202
    assert world.api.ended(answer.json()["id"])["state"] == "succeeded"


def test_a_client_that_hangs_up_does_not_stop_its_create(world, number):
    world.sandbox.fail("create_trunk", delay_before_ms=500)
    _post_and_hang_up(world, {"phone_number": number, "agent_id": facts.AGENT})
    eventually(lambda: world.sandbox.calls("create_trunk"), "the create is under way")

    eventually(lambda: world.api.get(number).status_code == 200, "the number is there")
    assert_exactly(world, ALL_KINDS)


def test_while_it_is_created_there_is_an_operation_and_no_number(world, number):
    world.sandbox.fail("create_trunk", delay_before_ms=700)
    operation = world.api.create(number, ASYNC).json()

    assert world.api.get(number).status_code == 404
    assert world.api.list().json()["items"] == []
    for refused in (
        world.api.create(number),
        world.api.delete(number),
        world.api.delete(operation["number_id"]),
        world.api.patch(number, label="x"),
        world.api.force_delete(number),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "operation-in-progress")
        assert refused.json()["operation_id"] == operation["id"]
    assert world.api.ended(operation["id"])["state"] == "succeeded"
    assert_exactly(world, ALL_KINDS)


def test_sigterm_answers_waiting_clients_and_the_create_goes_on_after_the_restart(world, number):
    world.sandbox.fail("create_origination_url", delay_before_ms=4000)
    operation = world.api.create(number, ASYNC).json()
    eventually(lambda: world.sandbox.calls("create_origination_url"), "the create is under way")
    world.restart()

    assert world.api.ended(operation["id"])["state"] == "succeeded"
    assert_exactly(world, ALL_KINDS)


def _post_and_hang_up(world, body):
    text = json.dumps(body).encode()
    head = (
        f"POST {facts.NUMBERS} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {secrets.API_KEY}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(text)}\r\n\r\n"
    )
    host, port = world.api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(head.encode() + text)
        eventually(lambda: world.sandbox.calls(), "the request was taken")
