# SPDX-License-Identifier: MIT
"""The circuit breaker of an account: while a provider is away, creates are refused at once and
removals wait; a single probe finds out that it is back."""

import json

import pytest

from support import facts
from support.facts import ALL_KINDS
from support.journeys import ASYNC
from support.sweeps import client_account
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left

BREAK_AFTER = 10  # calls in a row without a sensible answer
OPEN_MS = 5000  # then the lane is closed for so long
PROBE_MS = 300  # how long the probe's answer takes
ROUNDING_MS = 20

TWILIO = {"account": facts.ACCOUNT}
RETELL = {"account": "workspace_sandbox"}
AWAY = {"Twilio away": TWILIO, "Retell away": RETELL}
DEAD = {"drop": "before"}
SILENT = {"dead": DEAD, "500": {"status": 500}, "garbled": {"garble": "html"}}


def _outage(world, which, how):
    """From now on the provider answers nothing sensible."""
    world.sandbox.fail("*", times=0, **which, **how)


def _opened(world):
    return world.service.log().count(b'"breaker_open"')


def _closed(world):
    return world.service.log().count(b'"breaker_closed"')


def _break(world, numbers, which=TWILIO, how=DEAD):
    """Creates until the breaker opens; the operations under way."""
    _outage(world, which, how)
    operations = []
    for number in numbers:
        answer = world.api.create(number, ASYNC)
        if answer.status_code == 503:
            break
        operations.append(answer.json()["id"])
    eventually(lambda: _opened(world) == 1, "the breaker opens")
    assert len(_calls_of(world, which)) >= BREAK_AFTER
    return operations


def _calls_of(world, which):
    return [c for c in world.sandbox.calls() if c["account"] == which["account"]]


def _assert_refused_at_once(world, number):
    operations = _operations(world)
    answer = world.api.create(number)

    assert (answer.status_code, answer.json()["code"]) == (503, "provider-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "operation_id" not in answer.json()
    assert _operations(world) == operations, "no operation"
    assert not _calls_about(world, number), "no provider call"


def _calls_about(world, number):
    """Those of others may go on, to the provider that is there."""
    return [c for c in world.sandbox.calls() if number[1:] in str(c)]


def _operations(world):
    return [o["id"] for o in world.api.operations(limit=200).json()["items"]]


@pytest.fixture
def hasty(make_world):
    """A world that may be left while the provider is away."""
    world = make_world(TRUNKLINE_OPERATION_DEADLINE_S=1, TRUNKLINE_SHUTDOWN_GRACE_S=0)
    world.unclean = True
    return world


@pytest.mark.parametrize("how", SILENT)
@pytest.mark.parametrize("away", AWAY)
def test_after_ten_calls_without_an_answer_creates_are_refused_at_once(hasty, numbers, away, how):
    wanted = numbers(BREAK_AFTER + 1)
    _break(hasty, wanted[:-1], AWAY[away], SILENT[how])

    _assert_refused_at_once(hasty, wanted[-1])
    _assert_refused_at_once(hasty, wanted[-1])
    assert hasty.api.create(wanted[-1], query="?dry_run=true").status_code == 200


@pytest.mark.parametrize("status, code", [(429, 20429), (400, 20001), (404, 20404), (401, 20003)])
def test_a_no_is_an_answer(make_world, numbers, status, code):
    world = make_world(TRUNKLINE_OPERATION_DEADLINE_S=1)
    world.sandbox.fail("create_trunk", status=status, code=code, times=0)
    for number in numbers(BREAK_AFTER + 2):
        assert world.api.create(number, ASYNC).status_code == 202
    world.api.all_ended()

    assert len(world.sandbox.calls("create_trunk")) > BREAK_AFTER
    assert _opened(world) == 0
    assert_nothing_left(world)


@pytest.mark.parametrize("failures, opens", [(BREAK_AFTER - 1, 0), (BREAK_AFTER, 1)])
def test_nine_failures_are_forgiven_ten_are_not(make_world, numbers, failures, opens):
    """One call at a time, so that all that fail do so in a row."""
    world = make_world(TRUNKLINE_PROVIDER_CONCURRENCY=1, TRUNKLINE_SHUTDOWN_GRACE_S=0)
    world.unclean = True
    world.sandbox.fail("*", times=failures, **DEAD, **TWILIO)
    for number in numbers(BREAK_AFTER):
        assert world.api.create(number, ASYNC).status_code in (202, 503)
    eventually(lambda: _opened(world) or world.api.numbers(), "it opens, or a number is there")

    assert world.sandbox.hits() == failures
    assert _opened(world) == opens


def test_failures_between_answers_do_not_add_up(world, numbers):
    for number in numbers(BREAK_AFTER + 2):
        world.sandbox.fail("create_trunk", drop="after")
        world.api.created(number)

    assert _opened(world) == 0


def test_one_account_does_not_close_another(hasty, numbers):
    _break(hasty, numbers(BREAK_AFTER))

    assert hasty.api.create(facts.OF_ACCOUNT_2, **client_account()).status_code == 201


def test_a_probe_decides(make_world, numbers):
    """Two worlds, since both must wait for their probe: in one the provider comes back."""
    back, away = make_world(), make_world()
    gone, fresh, *more = numbers(BREAK_AFTER + 2)
    back.api.created(gone)
    creates = _break(back, more)
    removal = back.api.delete(gone, ASYNC).json()["id"]
    _assert_refused_at_once(back, fresh)
    asked = len(_calls_of(back, TWILIO))
    back.sandbox.heal()
    back.sandbox.fail("*", delay_after_ms=PROBE_MS, **TWILIO)

    _a_failed_probe_opens_it_for_longer(away, more, fresh)
    assert {back.api.ended(o)["state"] for o in [removal, *creates]} == {"succeeded"}
    _assert_one_probe_went_ahead(back, asked)
    assert (_opened(back), _closed(back)) == (1, 1)
    back.api.created(fresh)
    assert_exactly(back, ALL_KINDS * (len(creates) + 1))


def _assert_one_probe_went_ahead(world, asked):
    """Silence while it is open, then one call, and the others after its answer."""
    last, probe, *others = _calls_of(world, TWILIO)[asked - 1 :]
    assert probe["at_ms"] - last["done_ms"] >= OPEN_MS - ROUNDING_MS
    assert min(c["at_ms"] for c in others) >= probe["done_ms"] + PROBE_MS - ROUNDING_MS


def _a_failed_probe_opens_it_for_longer(world, numbers, fresh):
    """And a restart finds out anew: a breaker is no state of the database."""
    creates = _break(world, numbers)
    asked = len(_calls_of(world, TWILIO))
    eventually(lambda: _opened(world) == 2, "the probe has failed", 2 * OPEN_MS / 1000)

    assert len(_calls_of(world, TWILIO)) == asked + 1, "one probe"
    _assert_refused_at_once(world, fresh)
    first, second = _open_ms(world)
    assert second > first
    world.sandbox.heal()
    world.crash()
    world.start()
    world.api.created(fresh)
    assert {world.api.ended(o)["state"] for o in creates} == {"succeeded"}


def _open_ms(world):
    lines = [json.loads(line) for line in world.service.log().splitlines()]
    return [line["ms"] for line in lines if line["event"] == "breaker_open"]
