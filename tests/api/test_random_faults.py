# SPDX-License-Identifier: MIT
"""Every call goes wrong with a chance of one half, in all ways at once. Every operation comes to an
end, and what is left at the providers is what the records say, to the last resource.

TRUNKLINE_RANDOM_OPERATIONS says how many creates and deletes (200); TRUNKLINE_RANDOM_SEED which
ones (1)."""

import os
import signal
from collections import Counter

import pytest

from support.client import ENDED, at_once
from support.facts import ALL_KINDS, CREATE_WRITES
from support.journeys import ASYNC, key
from support.process import SLOW
from support.sweeps import sweep, told
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left

OPERATIONS = int(os.environ.get("TRUNKLINE_RANDOM_OPERATIONS", "200"))
SEED = int(os.environ.get("TRUNKLINE_RANDOM_SEED", "1"))
NUMBERS = OPERATIONS // 2  # each is created and deleted
FAULTY = 0.5  # of all calls

CLIENTS = 8
DEADLINE_S = 2 if OPERATIONS < 500 else 60  # of a create; a removal may try as long
# Accepted at last within this time, whatever the breaker says; ended within that.
PATIENCE_S = 60 + OPERATIONS / 5

# What may take effect late, because the provider keeps it unique. (An origination URL has nothing
# unique: made again after two looks in vain, a late one would be a second.)
LATE = [call for call in CREATE_WRITES if call != "create_origination_url"]

# What goes wrong, and how often in proportion.
WAYS = [
    (1.5, {"drop": "before"}),
    (1.5, {"drop": "after"}),
    (1.0, {"status": 500}),
    (1.0, {"status": 503, "effect": True}),
    (2.0, {"status": 429, "code": 20429}),
    (0.5, {"truncate": 20}),
    (0.5, {"garble": "html"}),
    (0.5, {"garble": "missing_sid"}),
    (0.5, {"reset": True}),
    (0.5, {"land_late_ms": 150, "operation": LATE}),
    (0.2, {"status": 400, "code": 20001}),
]


def _everything_fails_at_random(world):
    """Rules are tried in order and the first that hits decides: each is given its share of
    what those before it have left."""
    left = 1.0
    for weight, fault in WAYS:
        share = FAULTY * weight / sum(w for w, _ in WAYS)
        world.sandbox.rules.append(
            {"operation": "*", "times": 0, "probability": share / left, **fault}
        )
        left -= share
    world.sandbox.control("PUT", "faults", json={"rules": world.sandbox.rules})


def _accepted(world, order):
    """The operation's id; a breaker that is open is waited for, as a client would."""

    def ask():
        answer = order()
        if answer.status_code == 503:
            assert answer.json()["code"] == "provider-unavailable", answer.text
            return None
        return answer

    return eventually(ask, "it is accepted", PATIENCE_S, every=0.2)


def _at_random(world, numbers, order):
    """The order for each number, from several clients at once; all answers."""
    shares = [numbers[i::CLIENTS] for i in range(CLIENTS)]
    jobs = [lambda s=s: [_accepted(world, lambda n=n: order(n)) for n in s] for s in shares]
    return [answer for answers in at_once(jobs) for answer in answers]


def _all_ended(world):
    eventually(
        lambda: not any(
            world.api.operations(state=s, limit=1).json()["items"] for s in ("running", "undoing")
        ),
        "every operation ends",
        PATIENCE_S,
        every=0.2,
    )


def _assert_ledger_equals_store(world):
    """What exists is listed; what is listed as present exists; what is listed without an id
    (given up before it was found) is of a kind that a number of this mark may have left."""
    exists = {(r["kind"], r["id"]): r for r in world.sandbox.ours()}
    present, perhaps, unknown = set(), set(), set()
    for number in world.api.numbers():
        for r in number["resources"]:
            if r["id"] is None:
                unknown.add((r["kind"], number["id"]))
            elif number["status"] == "active":
                present.add((r["kind"], r["id"]))
            else:
                perhaps.add((r["kind"], r["id"]))
    assert present <= exists.keys(), present - exists.keys()
    for found in exists.keys() - present - perhaps:
        marks = " ".join(_names(exists, found))
        listed = any(kind == found[0] and number_id in marks for kind, number_id in unknown)
        assert listed, f"an orphan: {exists[found]}"


def _names(exists, found):
    """Its own name and its parent's: one of them carries the number's mark."""
    resource = exists[found]
    parents = [r for r in exists.values() if r["id"] == resource["parent"]]
    return [r["name"] or "" for r in [resource, *parents]]


@pytest.fixture
def faulty(make_world):
    """A world with as many numbers and trunks as it takes, and little patience. More operations
    than usual take longer than a test usually may."""
    signal.alarm(int(4 * PATIENCE_S * SLOW))
    world = make_world(
        {"numbers": NUMBERS + 1, "max_trunks": 4 * NUMBERS, "seed": SEED},
        TRUNKLINE_OPERATION_DEADLINE_S=DEADLINE_S,
        TRUNKLINE_UNDO_DEADLINE_S=DEADLINE_S,
        TRUNKLINE_SWEEP_GRACE_S=0,
        TRUNKLINE_SWEEP_INTERVAL_S=0,
    )
    return world


def test_half_of_all_calls_fail_and_nothing_is_lost(faulty):
    numbers = [f"+1415{5550100 + i}" for i in range(NUMBERS)]
    _everything_fails_at_random(faulty)
    created = _at_random(faulty, numbers, lambda n: faulty.api.create(n, {**ASYNC, **key(n)}))
    _all_ended(faulty)
    _settle_late_effects(faulty)
    _assert_ledger_equals_store(faulty)
    for answer in created:
        assert faulty.api.operation(answer.json()["id"]).json()["state"] in ENDED

    _everything_fails_at_random(faulty)
    standing = {n["phone_number"]: n["status"] for n in faulty.api.numbers()}
    _at_random(faulty, list(standing), lambda n: faulty.api.delete(n, ASYNC))
    _all_ended(faulty)
    _settle_late_effects(faulty)
    _assert_ledger_equals_store(faulty)

    # With the faults gone, what was given up can be taken away, and all begins anew.
    for number in faulty.api.numbers():
        assert faulty.api.delete(number["id"], ASYNC).status_code == 202
    _all_ended(faulty)
    assert_nothing_left(faulty)
    faulty.api.created(numbers[0])
    assert_exactly(faulty, ALL_KINDS)
    print(_figures(faulty, created))
    calls = faulty.sandbox.calls()
    assert len([c for c in calls if c["fault"]]) > FAULTY * len(calls) / 2, "the faults were met"


def _figures(world, created):
    """For who wants to know: pytest -s."""
    states = Counter(world.api.operation(a.json()["id"]).json()["state"] for a in created)
    calls = world.sandbox.calls()
    spoilt = [c for c in calls if c["fault"]]
    return f"creates {dict(states)}; calls {len(calls)}, spoilt {len(spoilt)}; {_metrics(world)}"


def _metrics(world):
    text = world.admin.request("GET", "/metrics").text
    wanted = ("trunkline_unknown_outcomes_total ", "trunkline_orphans_found_total ")
    return "; ".join(line for line in text.splitlines() if line.startswith(wanted))


def _settle_late_effects(world):
    """No more faults; the last effects land; a sweep finds those that came too late."""
    world.sandbox.heal()
    eventually(
        lambda: not [c for c in world.sandbox.calls() if c["effect"] == "late"], "all has landed"
    )
    report = sweep(world)
    assert report["unread_lists"] == []
    assert {fate for _, fate in told(report)} <= {"removed"}
