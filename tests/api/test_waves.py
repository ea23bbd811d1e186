# SPDX-License-Identifier: MIT
"""Speed is structure: what can go at once does, and a create is four round trips deep."""

import time

import pytest

from support.facts import CREATE_CALLS, WAVES
from support.process import SLOW
from support.world import World

LATENCY_MS = 100


@pytest.fixture(scope="module")
def created(tmp_path_factory):
    """The calls of one create with a provider that takes 100 ms for each."""
    world = World(tmp_path_factory.mktemp("world"), {"latency_ms": LATENCY_MS})
    world.api.created("+14155550100")  # so that connections are warm
    world.sandbox.forget_calls()
    begin = time.monotonic()
    world.api.created("+14155550101")
    world.took_ms = (time.monotonic() - begin) * 1000
    world.by_name = {c["operation"]: c for c in _answered(world)}
    yield world
    world.close()


def _answered(world):
    """The calls with `done_ms` the moment of the answer, which is held back."""
    calls = world.sandbox.calls()
    for call in calls:
        call["done_ms"] = max(call["done_ms"], call["at_ms"] + LATENCY_MS)
    return calls


def _overlap(calls):
    """Was there a moment at which all of them were under way?"""
    return max(c["at_ms"] for c in calls) < min(c["done_ms"] for c in calls)


def _depth(calls):
    """The longest chain of calls of which each began after the one before ended."""
    chain, free_at = 0, 0
    for call in sorted(calls, key=lambda c: c["done_ms"]):
        if call["at_ms"] >= free_at:
            chain, free_at = chain + 1, call["done_ms"]
    return chain


def test_the_calls_of_each_wave_overlap(created):
    for wave in WAVES:
        calls = [created.by_name[name] for name in wave]
        assert _overlap(calls), f"not at once: {wave}"


def test_the_critical_path_is_four_round_trips(created):
    assert sorted(created.by_name) == sorted(CREATE_CALLS)
    assert _depth(created.by_name.values()) == 4


def test_a_wave_begins_when_the_one_before_has_ended(created):
    for before, after in zip(WAVES, WAVES[1:]):
        ended = max(created.by_name[name]["done_ms"] for name in before)
        begun = min(created.by_name[name]["at_ms"] for name in after)
        assert begun >= ended, f"{after} began before {before} had ended"


def test_the_ratio_to_four_round_trips_is_reported(created, record_property, capsys):
    ratio = created.took_ms / (4 * LATENCY_MS)
    record_property("create_to_four_round_trips", round(ratio, 3))
    with capsys.disabled():
        print(f" [create / 4 round trips = {ratio:.3f}]", end="")

    assert ratio >= 0.99, "faster than its critical path: the sandbox is not as slow as asked"


# What each call needs to have ended; a call that is slow holds up these and no others.
HELD_UP = {
    "create_trunk": {
        "create_trunk_credential_list",
        "create_origination_url",
        "import_number",
        "create_trunk_phone_number",
    },
    "create_credential_list": {
        "create_credential",
        "create_trunk_credential_list",
        "create_trunk_phone_number",
    },
    "import_number": {"create_trunk_phone_number"},
}


@pytest.mark.parametrize("slow", HELD_UP)
def test_a_slow_call_holds_up_only_what_needs_it(make_world, number, slow):
    world = make_world()
    delay_ms = 600 * SLOW
    world.sandbox.fail(slow, delay_before_ms=delay_ms)
    world.api.created(number)
    calls = {c["operation"]: c for c in world.sandbox.calls()}
    ended = max(calls[slow]["done_ms"], calls[slow]["at_ms"] + delay_ms)
    after = {name for name, c in calls.items() if c["at_ms"] >= ended}

    assert after == HELD_UP[slow]


def test_a_delete_overlaps_what_is_independent(make_world, number):
    world = make_world({"latency_ms": LATENCY_MS})
    world.api.created(number)
    world.sandbox.forget_calls()
    world.api.deleted(number)
    calls = {c["operation"]: c for c in _answered(world) if c["method"] == "DELETE"}

    assert _overlap([calls["delete_number"], calls["delete_trunk_phone_number"]])
    assert _depth(calls.values()) == 3


def test_agents_are_checked_at_once(make_world, number):
    world = make_world({"latency_ms": LATENCY_MS})
    agents = [{"agent_id": f"agent_sandbox_{n}", "weight": 0.25} for n in (1, 2, 3, 4)]
    world.api.created(number, agent_id=..., inbound_agents=agents)
    checks = [c for c in _answered(world) if c["operation"] == "get_agent"]

    assert len(checks) == 4
    assert _overlap(checks)
