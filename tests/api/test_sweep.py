# SPDX-License-Identifier: MIT
"""POST /v1/sweeps, and the sweeps that run by themselves: what took effect when nobody asked any
more is found and removed; what is anybody's is not touched."""

import shutil
import time

import pytest

from support import facts
from support.client import in_background
from support.crashes import crash_while_held, hold
from support.facts import ALL_KINDS
from support.journeys import ASYNC, LAST_CALL, REFUSAL
from support.keys import add_key
from support.process import SLOW
from support.sandbox import refused
from support.sweeps import (
    LATE_MS,
    ask_for_sweep,
    await_landing,
    client_account,
    has_landed,
    import_to_retell,
    instance,
    lands_late,
    make_list,
    make_trunk,
    query,
    remove_at_retell,
    sweep,
    told,
)
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left, ledger_ours

# Nothing is too young to be swept, and no sweep runs but by order.
AT_ONCE = {"TRUNKLINE_SWEEP_GRACE_S": 0, "TRUNKLINE_SWEEP_INTERVAL_S": 0}
ROUNDING_MS = 2  # two clocks that count whole milliseconds
SWEPT_KINDS = 3  # trunk, credential list, Retell number; the rest hangs on them
POLICY = {"connection_policy": {"targets": [{"target": "sip:edge.example.com"}]}}

# What lands late, by which call, and the call whose refusal ends the create before.
LATE = {
    "trunk": ("create_trunk", "create_credential_list"),
    "credential_list": ("create_credential_list", "create_trunk"),
    "retell_number": ("import_number", "create_origination_url"),
}


def _orphan(world, number, kind="credential_list", **fields):
    """A create that is rolled back, and one effect of it that comes after that."""
    call, other = LATE[kind]
    world.sandbox.forget_calls()
    lands_late(world, call)
    world.sandbox.fail(other, **REFUSAL)
    answer = world.api.create(number, **fields)
    assert answer.json()["rolled_back"] is True
    assert not has_landed(world, call), "it comes when the operation has ended"
    await_landing(world, call)
    world.sandbox.heal()
    assert_exactly(world, [kind])


@pytest.fixture
def swept(make_world):
    """A world where sweeps run by order only, and find nothing too young."""
    return make_world(**AT_ONCE)


# What is removed


@pytest.mark.parametrize("kind", LATE)
def test_what_landed_after_the_operation_ended_is_removed(swept, number, kind):
    _orphan(swept, number, kind)
    report = sweep(swept)

    assert told(report) == [(kind, "removed")]
    assert (report["removed"], report["owned"], report["unread_lists"]) == (1, 0, [])
    assert_nothing_left(swept)
    assert swept.api.create(number).status_code == 201, "the number can be used again"
    assert told(sweep(swept)) == []


def test_a_dry_run_tells_and_removes_nothing(swept, number):
    _orphan(swept, number)
    report = sweep(swept, dry_run=True)

    assert (report["dry_run"], report["removed"]) == (True, 0)
    assert told(report) == [("credential_list", "orphan")]
    assert_exactly(swept, ["credential_list"])
    assert told(sweep(swept)) == [("credential_list", "removed")]


def test_what_cannot_be_removed_is_told_and_tried_again_by_the_next(swept, number):
    _orphan(swept, number)
    with swept.sandbox.failing("delete_credential_list", **refused(400, 20001)):
        report = sweep(swept)

    assert told(report) == [("credential_list", "failed")]
    (found,) = report["found"]
    assert (found["provider_status"], found["provider_code"]) == (400, 20001)
    assert told(sweep(swept)) == [("credential_list", "removed")]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sweep_killed_in_mid_removal_is_finished_by_the_next(swept, number, when):
    _orphan(swept, number)
    hold(swept, "delete_credential_list", when)
    cut_off = in_background(lambda: ask_for_sweep(swept.api))
    crash_while_held(swept, when)
    with pytest.raises(OSError):
        cut_off()
    swept.start()

    sweep(swept)
    assert_nothing_left(swept)


# What is not


def test_the_young_are_left_for_a_later_sweep(make_world, number):
    world = make_world(**{**AT_ONCE, "TRUNKLINE_SWEEP_GRACE_S": 3600})
    _orphan(world, number)
    assert told(sweep(world)) == [("credential_list", "too_young")]
    assert_exactly(world, ["credential_list"])

    world.settings.update(AT_ONCE)
    world.restart()
    assert told(sweep(world)) == [("credential_list", "removed")]


def test_what_is_active_is_owned(swept, number):
    swept.api.created(number)
    report = sweep(swept, include_unknown=True)

    assert (told(report), report["owned"]) == ([], SWEPT_KINDS)
    assert_exactly(swept, ALL_KINDS)


@pytest.mark.parametrize("call", ["delete_trunk", "delete_credential_list", "delete_number"])
def test_what_is_corrupted_is_owned(swept, number, call):
    swept.api.created(number)
    with swept.sandbox.failing(call, **refused(400, 20001)):
        swept.api.delete(number)
    assert swept.api.get(number).json()["status"] == "corrupted"
    left = ledger_ours(swept)
    report = sweep(swept, include_unknown=True)

    assert (told(report), report["owned"]) == ([], 1)
    assert left and ledger_ours(swept) == left


def test_what_is_corrupted_is_owned_even_if_its_id_is_not_known(swept, number):
    swept.sandbox.fail("create_credential_list", drop="after")
    swept.sandbox.fail("list_credential_lists", **refused(400, 20001))
    swept.api.create(number)
    swept.sandbox.heal()
    (left,) = swept.api.get(number).json()["error"]["remaining"]
    assert (left["kind"], left["id"]) == ("credential_list", None)
    report = sweep(swept, include_unknown=True)

    assert (told(report), report["owned"]) == ([], 1)
    assert_exactly(swept, ["credential_list"])
    swept.api.deleted(number)
    assert_nothing_left(swept)


@pytest.mark.parametrize("call", ["create_credential", "import_number", LAST_CALL])
def test_what_is_being_created_is_owned(swept, number, call):
    swept.sandbox.fail(call, delay_after_ms=LATE_MS)
    operation = swept.api.create(number, ASYNC).json()
    eventually(lambda: swept.sandbox.calls(call), "the create is half way")
    report = sweep(swept, include_unknown=True)

    assert told(report) == []
    assert swept.api.ended(operation["id"])["state"] == "succeeded"
    assert_exactly(swept, ALL_KINDS)


def test_another_installations_are_not_touched(swept, number):
    """Nor what only looks like ours."""
    ours, number_id = instance(swept), swept.api.created(number)["id"]
    names = [
        f"trunkline:OTHERxx:{number_id}",
        f"trunkline:{_another(ours)}:{number_id}",
        f"trunkline:{ours}x:{number_id}",
        f"trunkline:{ours}",
        f"trunkline:{ours}:",
        f"trunkline:{ours}:not-an-id",
        f"Trunkline:{ours}:{number_id}",
        f"my trunkline:{ours}:{number_id}",
        "Front desk",
    ]
    lists = [make_list(swept, name) for name in names]
    trunk = make_trunk(swept, names[0], "tl-otherxx-0123456789abcdef.pstn.twilio.com")
    report = sweep(swept, include_unknown=True)

    assert (told(report), report["owned"]) == ([], SWEPT_KINDS)
    alive = {r["id"] for r in swept.sandbox.alive()}
    assert {*lists, trunk} <= alive
    swept.check_foreign_untouched()
    swept.unclean = True  # the others' things stay


def test_another_installations_numbers_at_retell_are_not_touched(swept, numbers):
    known, *others = numbers(6)
    domain = swept.api.created(known)["trunk"]["termination_uri"]
    ours = instance(swept)
    domains = [
        domain.replace(ours, "otherxx"),
        domain.replace(ours, _another(ours)),
        domain.replace(ours, ours + "x"),
        "x" + domain,
        f"tl-{ours}.pstn.twilio.com",
    ]
    for number, other in zip(others, domains):
        import_to_retell(swept, number, other)

    assert told(sweep(swept, include_unknown=True)) == []
    assert_exactly(swept, ALL_KINDS + ["retell_number"] * len(domains))
    swept.unclean = True  # the others' numbers stay


def test_numbers_this_database_never_heard_of_are_left_unless_ordered(swept, number):
    known = swept.api.created(number)["id"]
    unknown = known[:-1] + ("0" if known[-1] != "0" else "1")
    swept.api.deleted(number)
    make_list(swept, f"trunkline:{instance(swept)}:{unknown}")

    assert told(sweep(swept)) == [("credential_list", "unknown_number")]
    assert_exactly(swept, ["credential_list"])
    report = sweep(swept, include_unknown=True)
    assert told(report) == [("credential_list", "removed")]
    assert report["found"][0]["number_id"] == unknown
    assert_nothing_left(swept)


@pytest.mark.parametrize("fields", [{}, client_account()], ids=["own account", "client's account"])
def test_a_database_put_back_to_yesterday_costs_no_live_number(swept, number, fields):
    """What it never heard of may serve calls: it is told of, and left."""
    number = facts.OF_ACCOUNT_2 if fields else number
    swept.stop()
    yesterday = swept.folder / "yesterday.db"
    shutil.copy(swept.database, yesterday)
    swept.start()
    swept.api.created(number, **fields)
    swept.stop()
    for file in swept.folder.glob("trunkline.db*"):
        file.unlink()
    shutil.copy(yesterday, swept.database)
    swept.start()
    report = sweep(swept)

    assert report["removed"] == 0
    assert {fate for _, fate in told(report)} == {"unknown_number"}
    assert_exactly(swept, ALL_KINDS)
    swept.unclean = True  # there is no record of it


def test_what_is_taken_into_use_while_a_sweep_runs_is_left(swept, number):
    """Found as an orphan, removed by hand, and made anew before the sweep comes to it."""
    _orphan(swept, number, "retell_number")
    make_list(swept, f"trunkline:{instance(swept)}:{_number_id_of(swept, number)}")
    swept.sandbox.fail("delete_credential_list", delay_before_ms=2 * LATE_MS * SLOW)
    running = in_background(lambda: sweep(swept))
    eventually(lambda: swept.sandbox.calls("delete_credential_list"), "the removals have begun")
    remove_at_retell(swept, number)
    swept.api.created(number)

    assert ("retell_number", "removed") not in told(running())
    assert_exactly(swept, ALL_KINDS)


# Lists that cannot be read


@pytest.mark.parametrize(
    "call, unread",
    [
        ("list_trunks", "trunk"),
        ("list_credential_lists", "credential_list"),
        ("list_connection_policies", "connection_policy"),
        ("list_numbers", "retell_number"),
    ],
)
def test_a_list_that_fails_hides_and_never_destroys(swept, number, call, unread):
    swept.api.created(number)
    for fault in ({"status": 401}, {"status": 500}, {"garble": "empty"}, {"drop": "before"}):
        with swept.sandbox.failing(call, times=0, **fault):
            report = sweep(swept, include_unknown=True)
        assert (report["unread_lists"], told(report)) == ([unread], [])

    assert_exactly(swept, ALL_KINDS)


def test_a_list_that_is_refused_for_now_is_asked_for_again_when_it_may_be(swept, number):
    _orphan(swept, number)
    swept.sandbox.forget_calls()
    swept.sandbox.fail("list_credential_lists", status=429, code=20429, retry_after=1)
    report = sweep(swept)

    assert (report["unread_lists"], told(report)) == ([], [("credential_list", "removed")])
    first, second = swept.sandbox.calls("list_credential_lists")
    assert second["at_ms"] - first["done_ms"] >= 1000 - ROUNDING_MS


def test_what_the_other_lists_show_is_removed_all_the_same(swept, number):
    _orphan(swept, number)
    with swept.sandbox.failing("list_trunks", **refused(401, 20003)):
        report = sweep(swept)

    assert told(report) == [("credential_list", "removed")]
    assert report["unread_lists"] == ["trunk"]


def test_a_number_at_retell_needs_no_list_of_trunks(swept, number):
    """Its domain says whose it is."""
    _orphan(swept, number, "retell_number")
    with swept.sandbox.failing("list_trunks", **refused(401, 20003)):
        assert told(sweep(swept)) == [("retell_number", "removed")]


# Who, and one at a time


def test_one_sweep_at_a_time(swept):
    swept.sandbox.fail("list_trunks", delay_before_ms=LATE_MS)
    first = in_background(lambda: ask_for_sweep(swept.api))
    eventually(lambda: swept.sandbox.calls("list_trunks"), "the first is under way")
    second = ask_for_sweep(swept.api)

    assert (second.status_code, second.json()["code"]) == (409, "operation-in-progress")
    assert first().status_code == 200
    assert ask_for_sweep(swept.api).status_code == 200


def test_a_sweep_is_an_admins(swept):
    swept.stop()
    keys = {scope: add_key(swept, scope) for scope in ("read", "write", "admin")}
    swept.start()
    statuses = {s: ask_for_sweep(swept.api.with_key(k)).status_code for s, k in keys.items()}

    assert statuses == {"read": 403, "write": 403, "admin": 200}
    assert ask_for_sweep(swept.api.with_key("wrong")).status_code == 401


def test_its_parameters_are_checked(swept):
    assert ask_for_sweep(swept.api, dry_run="perhaps").status_code == 400
    assert ask_for_sweep(swept.api, include_all=True).status_code == 400
    assert swept.sandbox.calls() == []


# By themselves


def test_a_sweep_runs_every_interval(make_world, number):
    world = make_world(TRUNKLINE_SWEEP_GRACE_S=0, TRUNKLINE_SWEEP_INTERVAL_S=1)
    _orphan_unless_swept(world, number)

    eventually(lambda: ledger_ours(world) == [], "the sweep finds it")
    before = _sweeps(world)
    eventually(lambda: _sweeps(world) > before, "and goes on")


def test_a_sweep_follows_an_unknown_outcome(make_world, number):
    """Without any schedule: when the last that may come of it has had its time."""
    world = make_world(**AT_ONCE, TRUNKLINE_OPERATION_DEADLINE_S=1)
    _orphan_unless_swept(world, number)

    eventually(lambda: ledger_ours(world) == [], "the sweep finds it")
    eventually(lambda: _sweeps(world) == 1, "and ends")


def test_every_unknown_outcome_has_a_sweep_after_it(make_world, numbers):
    """Also one that turns up while the sweep for an earlier one is due."""
    world = make_world(**AT_ONCE, TRUNKLINE_OPERATION_DEADLINE_S=1)
    lands_late(world, "create_credential_list", ms=50)
    lands_late(world, "create_credential_list", ms=500, nth=2, delay_before_ms=700)
    world.sandbox.fail("create_trunk", **REFUSAL)
    for number in numbers(2):
        world.api.create(number, ASYNC)
    eventually(lambda: _landed(world, "create_credential_list") == 2, "both effects have come")

    eventually(lambda: ledger_ours(world) == [], "both are swept")


def test_what_was_in_doubt_when_the_service_was_killed_is_swept(make_world, number):
    world = make_world(**AT_ONCE, TRUNKLINE_OPERATION_DEADLINE_S=1 * SLOW)
    _killed_in_doubt(world, number)

    eventually(lambda: ledger_ours(world) == [], "the sweep finds it")


# Accounts of clients


def test_a_clients_account_is_swept_as_well(swept):
    _orphan(swept, facts.OF_ACCOUNT_2, **client_account())
    report = sweep(swept)

    assert told(report) == [("credential_list", "removed")]
    assert report["found"][0]["account_sid"] == facts.ACCOUNT_2
    assert_nothing_left(swept)


@pytest.mark.parametrize("end", ["restart", "crash"])
def test_a_clients_account_is_remembered_over_a_restart(swept, end):
    _orphan(swept, facts.OF_ACCOUNT_2, **client_account())
    if end == "crash":
        swept.crash()
        swept.start()
    else:
        swept.restart()

    assert told(sweep(swept)) == [("credential_list", "removed")]


def test_a_clients_account_is_remembered_though_the_service_was_killed_in_doubt(swept):
    _killed_in_doubt(swept, facts.OF_ACCOUNT_2, **client_account())

    assert told(sweep(swept)) == [("credential_list", "removed")]
    assert_nothing_left(swept)


# A client's own trunk, where nothing at Retell bears a mark

CLIENTS_TRUNK = {"provider": "sip_trunk", "outbound_trunk": {"address": "sip.carrier.example.com"}}


def _import_comes_late(world, number):
    """An import's answer is lost, it is repeated, the number is deleted, and then the first import
    takes effect."""
    world.sandbox.forget_calls()
    lands_late(world, "import_number", ms=1500 * SLOW, nth=1, times=1)
    world.api.created(number, **CLIENTS_TRUNK)
    world.api.deleted(number)
    assert not has_landed(world, "import_number"), "it comes when the number is gone"
    await_landing(world, "import_number")
    assert_exactly(world, ["retell_number"])


@pytest.mark.parametrize("end", [None, "restart", "crash"])
def test_an_import_that_lands_after_its_number_is_gone_is_removed(swept, number, end):
    _import_comes_late(swept, number)
    if end == "restart":
        swept.restart()
    elif end == "crash":
        swept.crash()
        swept.start()

    assert told(sweep(swept)) == [("retell_number", "removed")]
    assert_nothing_left(swept)


def test_an_import_in_doubt_is_owned_while_its_number_is(swept, number):
    _import_comes_late(swept, number)
    remove_at_retell(swept, number)
    swept.api.created(number, **CLIENTS_TRUNK)

    assert told(sweep(swept)) == []
    assert_exactly(swept, ["retell_number"])


def test_the_same_number_on_another_trunk_is_not_that_import(swept, number):
    _import_comes_late(swept, number)
    remove_at_retell(swept, number)
    import_to_retell(swept, number, "sip.other.example.com")

    assert told(sweep(swept)) == []
    remove_at_retell(swept, number)


def test_what_turns_up_later_than_that_import_could_land_is_somebodys(make_world, number):
    """Though it is alike in all: he imported it by hand."""
    world = make_world(**AT_ONCE, TRUNKLINE_OPERATION_DEADLINE_S=2 * SLOW)
    _import_comes_late(world, number)
    remove_at_retell(world, number)
    ((noted_ms,),) = query(world, "SELECT noted_ms FROM doubtful_imports")
    over_ms = noted_ms + 2000 * SLOW + 1000  # their clocks may differ
    eventually(lambda: time.time() * 1000 > over_ms, "its time is over")
    import_to_retell(world, number, CLIENTS_TRUNK["outbound_trunk"]["address"])

    assert told(sweep(world)) == []
    assert query(world, "SELECT * FROM doubtful_imports") == [], "nor is it kept any longer"
    remove_at_retell(world, number)


def _another(instance_id):
    """As long, and different in its last character only."""
    return instance_id[:-1] + ("a" if instance_id[-1] != "a" else "b")


def _number_id_of(world, number):
    """The number's id in its last operation."""
    return world.api.operations(phone_number=number).json()["items"][0]["number_id"]


def _orphan_unless_swept(world, number):
    """As _orphan, where a sweep may be faster than we can look."""
    lands_late(world, "create_credential_list")
    world.sandbox.fail("create_trunk", **REFUSAL)
    assert world.api.create(number).json()["rolled_back"] is True
    await_landing(world, "create_credential_list")


def _killed_in_doubt(world, number, **fields):
    """A request is out, the service dies, its operation is rolled back after the restart, and
    only then the request takes effect."""
    late = 800 * SLOW
    world.sandbox.fail("create_credential_list", delay_before_ms=late)
    hold(world, "create_trunk", "before")
    world.sandbox.fail("create_trunk", **REFUSAL)
    operation = world.api.create(number, ASYNC, **fields).json()
    eventually(lambda: world.sandbox.calls("create_credential_list"), "the request is out")
    world.crash()
    world.start()
    assert world.api.ended(operation["id"])["state"] == "failed"
    eventually(lambda: _of_the_dead(world, "create_credential_list"), "it takes effect")
    world.sandbox.heal()


def _of_the_dead(world, call):
    """The delayed call has had its effect, with nobody there to hear of it."""
    return [c for c in world.sandbox.calls(call) if c["fault"] and c["effect"] == "done"]


def _landed(world, call):
    return len([c for c in world.sandbox.calls(call) if c["effect"] == "landed"])


def _sweeps(world):
    text = world.admin.request("GET", "/metrics").text
    (line,) = [x for x in text.splitlines() if x.startswith("trunkline_sweeps_total ")]
    return int(line.split()[1])
