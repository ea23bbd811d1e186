# SPDX-License-Identifier: MIT
"""What the providers do that a first reading of their documents does not tell."""

import datetime
import email.utils
import socket

import pytest
import requests

from support import facts
from support.facts import ALL_KINDS, ON_FOREIGN_TRUNK
from support.journeys import ASYNC
from support.metrics import Scrape
from support.sandbox import refused
from support.sweeps import client_account, import_to_retell, make_list, make_trunk, sweep, told
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left, ledger_ours

LAG = {"lag_ms": 300}
SETTLE = {"TRUNKLINE_SETTLE_MS": 700}
ONE_ROW = {"page_max": 1}
ROUNDING_MS = 20  # what is sent in one go arrives within so long
SWEEP_AT_ONCE = {"TRUNKLINE_SWEEP_GRACE_S": 0, "TRUNKLINE_SWEEP_INTERVAL_S": 0}


# Reads lag


@pytest.mark.parametrize("number", [ON_FOREIGN_TRUNK, facts.WITH_VOICE_APPLICATION])
def test_a_delete_right_after_a_create_puts_the_routing_back_though_reads_lag(make_world, number):
    """The number seems to be where it was before: that is no proof that it is there."""
    world = make_world(LAG, **SETTLE)
    former = world.sandbox.routing(number)
    world.api.created(number, take_over=True)
    world.api.deleted(number)

    assert world.sandbox.routing(number) == former
    assert_nothing_left(world)


YOUNG = ["create_credential", "create_trunk_credential_list", "create_origination_url",
         "create_trunk_phone_number"]


@pytest.mark.parametrize("call", YOUNG)
def test_what_was_made_a_moment_ago_may_not_be_found_yet(world, number, call):
    """404 for a trunk or list that Twilio has just given us: it is tried again after a look."""
    world.sandbox.fail(call, status=404, code=20404, times=2)
    world.api.created(number)

    assert len(world.sandbox.calls(call)) == 3
    assert_exactly(world, ALL_KINDS)


def test_what_is_never_found_ends_the_create(world, number):
    world.sandbox.fail("create_origination_url", **refused(404, 20404))
    answer = world.api.create(number)

    assert (answer.status_code, answer.json()["provider_code"]) == (502, 20404)
    assert answer.json()["rolled_back"] is True
    assert_nothing_left(world)


# Somebody else works there, too


@pytest.mark.parametrize("number", [ON_FOREIGN_TRUNK, facts.WITH_VOICE_APPLICATION])
def test_a_number_taken_over_again_at_once_goes_back_to_where_it_really_was(make_world, number):
    """A read that lags still shows the trunk just deleted, and no voice application yet."""
    world = make_world(LAG, **SETTLE)
    former = world.sandbox.routing(number)
    for _ in range(2):
        world.api.created(number, take_over=True)
        world.api.deleted(number)

    assert world.sandbox.routing(number) == former
    assert_nothing_left(world)


def test_a_former_trunk_that_was_deleted_meanwhile_is_no_obstacle(world):
    """Whoever moves here from an older trunk deletes that trunk some day. Deleting it would have
    detached the number: that is where a delete leaves it."""
    former = world.sandbox.routing(ON_FOREIGN_TRUNK)["trunk_sid"]
    world.api.created(ON_FOREIGN_TRUNK, take_over=True)
    login = (facts.ACCOUNT, facts.AUTH_TOKEN)
    gone = requests.delete(f"{world.sandbox.url}/v1/Trunks/{former}", auth=login, timeout=10)
    assert gone.status_code == 204
    world.api.deleted(ON_FOREIGN_TRUNK)

    assert world.sandbox.routing(ON_FOREIGN_TRUNK)["trunk_sid"] is None
    assert_nothing_left(world)
    world.before = world.sandbox.foreign()  # the trunk is gone, and not by us


EXISTS = {"status": "error", "message": "Phone number already exists"}
# What a provider says to a second try of what the first one made after all.
ALREADY = {
    "trunk": ("create_trunk", {"code": 21245}),
    "trunk, by its domain": ("create_trunk", {"code": 21248}),
    "credential list": ("create_credential_list", {"code": 21240}),
    "credential": ("create_credential", {"code": 21243}),
    "list on the trunk": ("create_trunk_credential_list", {"code": 21245}),
    "number on the trunk": ("create_trunk_phone_number", {"code": 21245}),
    "number at Retell": ("import_number", {"body": EXISTS}),
}


@pytest.mark.parametrize("what", ALREADY)
def test_what_is_there_already_and_ours_is_adopted(world, number, what):
    call, answer = ALREADY[what]
    world.sandbox.fail(call, status=400, effect=True, **answer)
    world.api.created(number)

    assert len(world.sandbox.calls(call)) == 1
    assert_exactly(world, ALL_KINDS)


def test_credentials_revoked_in_mid_way_leave_a_list_and_no_hot_loop(make_world, number):
    """Nothing can be taken back then. Once there are new ones, DELETE does it."""
    world = make_world(TRUNKLINE_UNDO_DEADLINE_S=2)
    revoked = {"account": facts.ACCOUNT, **refused(401, 20003)}
    world.sandbox.fail("create_trunk_phone_number", **revoked)
    world.sandbox.fail("*", method="DELETE", **revoked)
    answer = world.api.create(number)

    assert (answer.status_code, answer.json()["code"]) == (502, "provider-auth-failed")
    at_twilio = sorted((r["kind"], r["id"]) for r in world.sandbox.ours())
    remaining = answer.json()["resources"]["remaining"]
    assert sorted((r["kind"], r["id"]) for r in remaining) == at_twilio
    assert "retell_number" not in dict(at_twilio), "Retell's part went on"
    asked = len(world.sandbox.calls("delete_trunk"))
    assert asked == 1, "a refusal is not asked for again"
    world.sandbox.heal()
    assert world.api.get(number).json()["status"] == "corrupted"
    world.api.deleted(number)
    assert_nothing_left(world)


# Lists come in pages, which may be short


def test_what_is_on_the_last_page_is_found(make_world, number):
    world = make_world(ONE_ROW)
    world.sandbox.fail("create_trunk", drop="after", delay_after_ms=600)
    operation = world.api.create(number, ASYNC).json()["id"]
    eventually(lambda: "trunk" in ledger_ours(world), "the trunk stands, and nobody knows")
    # The newest come first, so that ours is on the third page now.
    for name in ("one", "two"):
        make_trunk(world, name, f"{name}.pstn.twilio.com")

    assert world.api.ended(operation)["state"] == "succeeded"
    assert len(world.sandbox.calls("create_trunk")) == 1 + 2, "ours and the two others"
    assert len(world.sandbox.calls("list_trunks")) == 3
    assert_exactly(world, ALL_KINDS + ["trunk"] * 2)
    world.api.deleted(number)
    world.unclean = True  # with two trunks of somebody's


# What says that it is gone, and all that stays then.
LIES = {
    "credential_list": ("delete_credential_list", ["credential", "credential_list"]),
    "retell_number": ("delete_number", ["retell_number"]),
}


@pytest.mark.parametrize("kind", LIES)
def test_a_removal_that_was_only_said_to_be_is_found_out_by_a_sweep(make_world, numbers, kind):
    """On the last of many pages, too."""
    world = make_world(ONE_ROW, **SWEEP_AT_ONCE)
    number, other = numbers(2)
    call, stays = LIES[kind]
    world.api.created(number)
    with world.sandbox.failing(call, status=204, effect=False):
        world.api.deleted(number)
    assert_exactly(world, stays)
    for name in ("one", "two"):
        make_list(world, name)
    import_to_retell(world, other, "one.pstn.twilio.com")

    assert told(sweep(world)) == [(kind, "removed")]
    assert ledger_ours(world) == ["credential_list"] * 2 + ["retell_number"]
    world.unclean = True  # with what is somebody's


def test_a_trunk_that_was_only_said_to_be_deleted_keeps_its_list_until_a_sweep(make_world, number):
    """Its list is on it, so that one cannot go: the number says so, and comes back clean."""
    world = make_world(TRUNKLINE_UNDO_DEADLINE_S=1, **SWEEP_AT_ONCE)
    world.api.created(number)
    with world.sandbox.failing("delete_trunk", status=204, effect=False):
        answer = world.api.delete(number)

    remaining = answer.json()["resources"]["remaining"]
    assert "credential_list" in [r["kind"] for r in remaining]
    assert ("trunk", "removed") in told(sweep(world))
    assert world.api.deleted(number)["resources"]["remaining"] == []
    assert_nothing_left(world)


# Documented one way, seen another


def test_not_found_is_422_by_the_documents_and_404_in_life(make_world, number):
    """Everything that asks Retell for what may not be there takes either."""
    world = make_world({"retell_not_found": 422})
    for _ in range(2):
        world.api.created(number)
        assert world.api.patch(number, label="changed").status_code == 200
        world.api.deleted(number)
        assert_nothing_left(world)
    unknown = world.api.create(number, agent_id="agent_nobody")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "agent-not-found")
    elsewhere = world.api.create(facts.IN_OTHER_WORKSPACE)
    assert elsewhere.status_code == 409
    assert_nothing_left(world)


# Answers that are not what they seem

SEEMING = {
    "another type": {"garble": "wrong_type"},
    "something behind it": {"garble": "json_junk"},
    "a mark before it": {"garble": "bom"},
    "half of it": {"garble": "cut_json"},
}


@pytest.mark.parametrize("call", ["create_trunk", "import_number"])
@pytest.mark.parametrize("seeming", SEEMING)
def test_an_answer_that_is_not_whole_proves_nothing(world, number, call, seeming):
    world.sandbox.fail(call, **SEEMING[seeming])
    world.api.created(number)

    assert world.sandbox.hits() == 1
    assert len(world.sandbox.calls(call)) == 1, "it was looked for and found"
    assert_exactly(world, ALL_KINDS)


def _imported(number, domain):
    return {
        "phone_number": number,
        "phone_number_type": "custom",
        "last_modification_timestamp": 1,
        "sip_outbound_trunk_config": {"termination_uri": domain},
    }


@pytest.mark.parametrize("about", ["another number", "another trunk"])
def test_an_import_answered_with_something_else_is_looked_at(world, number, about):
    rule = {"status": 201, "body": _imported(number, "else.pstn.twilio.com"), "effect": True}
    if about == "another number":  # by its last digit; all else is as it should be
        rule = {"garble": "other_sid"}
    world.sandbox.fail("import_number", **rule)
    world.api.created(number)

    assert len(world.sandbox.calls("import_number")) == 1
    assert len(world.sandbox.calls("get_number")) == 2
    assert_exactly(world, ALL_KINDS)


# What another call asked for: a connection carries many.
ANOTHERS = {
    "create_trunk": {"sid": "TK" + "0" * 32, "domain_name": "tl-other.pstn.twilio.com"},
    "create_credential_list": {"sid": "CL" + "0" * 32, "friendly_name": "another's"},
    "create_credential": {"sid": "CR" + "0" * 32, "username": "another"},
    "create_trunk_credential_list": {"sid": "CL" + "0" * 32},
    "create_origination_url": {"sid": "OU" + "0" * 32, "friendly_name": "another's"},
}


@pytest.mark.parametrize("call", ANOTHERS)
def test_an_answer_about_anothers_resource_is_not_taken(world, number, call):
    world.sandbox.fail(call, status=201, body=ANOTHERS[call], effect=True)
    world.api.created(number)

    assert world.sandbox.hits() == 1
    assert len(world.sandbox.calls(call)) == 1, "it was looked for and found"
    assert_exactly(world, ALL_KINDS)


def test_nor_one_about_another_agent_or_number(world, number):
    world.sandbox.fail("get_agent", status=200, body={"agent_id": "agent_other"})
    world.sandbox.fail("get_number", status=200, body=_imported("+14155559999", "other"))
    world.api.created(number)

    assert world.sandbox.hits() == 2
    assert len(world.sandbox.calls("get_agent")) == len(world.sandbox.calls("get_number")) == 2


def test_an_import_that_really_is_something_else_is_left_alone(world, number):
    """Retell stays with it: there is an entry, and it leads to another trunk."""
    another = _imported(number, "else.pstn.twilio.com")
    world.sandbox.fail("import_number", status=201, body=another)
    world.sandbox.fail("import_number", status=400, body=EXISTS, times=0)
    world.sandbox.fail("get_number", nth=2, times=0, status=200, body=another)
    answer = world.api.create(number)

    assert (answer.status_code, answer.json()["code"]) == (409, "number-held-elsewhere")
    assert answer.json()["resources"]["remaining"] == []
    assert not world.sandbox.calls("delete_number")
    world.sandbox.heal()
    assert_nothing_left(world)


# Slow down


def _http_date(seconds):
    """Whole seconds, as HTTP has them: the next that is so far away."""
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds + 1)
    return email.utils.format_datetime(then, usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_closes_the_account_and_no_other(world, numbers, status, form):
    number, meanwhile = numbers(2)
    world.api.created(meanwhile)
    wait = "4" if form == "seconds" else _http_date(4)
    world.sandbox.fail("create_trunk", status=status, retry_after=wait)
    operation = world.api.create(number, ASYNC).json()["id"]
    eventually(world.sandbox.hits, "Twilio asks for patience")
    removal = world.api.delete(meanwhile, ASYNC).json()["id"]
    elsewhere = world.api.create(facts.OF_ACCOUNT_2, **client_account())

    assert elsewhere.status_code == 201
    assert {world.api.ended(o)["state"] for o in (operation, removal)} == {"succeeded"}
    calls = world.sandbox.calls()
    (told_off,) = [c for c in calls if c["fault"]]
    closed = told_off["done_ms"]
    open_again = closed + 4000 - ROUNDING_MS
    ours = [c["at_ms"] for c in calls if c["account"] == facts.ACCOUNT]
    others = [c["at_ms"] for c in calls if c["account"] == facts.ACCOUNT_2]
    # Calls of the same moment were under way already.
    assert not [at for at in ours if closed + ROUNDING_MS < at < open_again]
    assert [at for at in others if closed <= at < open_again]


def test_slow_down_until_the_deadline_ends_the_create(make_world, number):
    world = make_world(TRUNKLINE_OPERATION_DEADLINE_S=2)
    world.sandbox.fail("create_origination_url", **refused(429, 20429))
    answer = world.api.create(number)

    assert (answer.status_code, answer.json()["code"]) == (503, "provider-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["rolled_back"] is True
    assert_nothing_left(world)


def test_a_day_of_patience_is_not_had_beyond_the_deadline(make_world, number):
    world = make_world(TRUNKLINE_OPERATION_DEADLINE_S=2)
    world.sandbox.fail("create_origination_url", status=429, retry_after=86400)
    operation = world.api.create(number, ASYNC).json()["id"]

    eventually(
        lambda: world.api.operation(operation).json()["state"] == "undoing", "it turns back"
    )
    world.unclean = True  # the account stays closed for a minute


# Nobody there


@pytest.mark.parametrize("host", ["TWILIO_TRUNKING", "RETELL"])
def test_a_port_that_nobody_listens_on_is_no_unknown_outcome(make_world, number, host):
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    world = make_world(
        TRUNKLINE_OPERATION_DEADLINE_S=2, **{f"{host}_BASE_URL": f"http://127.0.0.1:{port}"}
    )
    answer = world.api.create(number)

    assert (answer.status_code, answer.json()["code"]) == (503, "provider-unavailable")
    assert answer.json()["rolled_back"] is True
    assert not [o for o in world.sandbox.operations() if o.startswith("list_trunk")]
    assert Scrape(world).sum("trunkline_unknown_outcomes_total") == 0
    assert_nothing_left(world)


# A list that never ends


def test_a_list_without_end_does_not_keep_an_operation(make_world, number):
    world = make_world(TRUNKLINE_OPERATION_DEADLINE_S=1, TRUNKLINE_UNDO_DEADLINE_S=2)
    world.sandbox.fail("create_trunk", drop="before")
    world.sandbox.fail("list_trunks", garble="next_again", times=0)
    operation = world.api.create(number, ASYNC).json()["id"]

    assert world.api.ended(operation)["state"] in ("failed", "stuck")
    world.sandbox.heal()
    for left in world.api.numbers():
        world.api.deleted(left["id"])
    assert_nothing_left(world)


@pytest.mark.parametrize(
    "call", ["list_trunks", "list_credential_lists", "list_connection_policies", "list_numbers"]
)
def test_a_list_without_end_does_not_keep_a_sweep(make_world, call):
    world = make_world(**SWEEP_AT_ONCE)
    world.sandbox.fail(call, garble="next_again", times=0)
    report = sweep(world)

    assert len(report["unread_lists"]) == 1
    assert report["found"] == []
