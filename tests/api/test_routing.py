# SPDX-License-Identifier: MIT
"""Nothing foreign is touched, and what a create changes is put back as it was."""

import pytest

from support import facts
from support.facts import ALL_KINDS, ON_FOREIGN_TRUNK
from support.sandbox import refused
from support.world import assert_exactly, assert_nothing_left

FOREIGN_DOMAIN = "foreign-trunk-1.pstn.twilio.com"
WITH_A_PAST = {
    "on a foreign trunk": facts.ON_FOREIGN_TRUNK,
    "with a voice application": facts.WITH_VOICE_APPLICATION,
    "with a voice url": facts.WITH_VOICE_URL,
    "with nothing": "+14155550349",
}


def _foreign_trunk(world):
    (trunk,) = [t for t in world.sandbox.alive("trunk") if t["domain_name"] == FOREIGN_DOMAIN]
    return trunk["id"]


def test_a_number_on_a_foreign_trunk_is_refused_and_left_alone(world):
    before = world.sandbox.alive()
    answer = world.api.create(ON_FOREIGN_TRUNK)

    assert (answer.status_code, answer.json()["code"]) == (409, "number-on-foreign-trunk")
    assert world.sandbox.writes() == []
    assert world.sandbox.alive() == before


def test_take_over_moves_the_number_and_a_delete_moves_it_back(world):
    former = world.sandbox.routing(ON_FOREIGN_TRUNK)
    assert former["trunk_sid"] == _foreign_trunk(world)

    created = world.api.created(ON_FOREIGN_TRUNK, take_over=True)
    assert world.sandbox.routing(ON_FOREIGN_TRUNK)["trunk_sid"] == created["trunk"]["sid"]
    assert_exactly(world, ALL_KINDS)

    world.api.deleted(ON_FOREIGN_TRUNK)
    assert world.sandbox.routing(ON_FOREIGN_TRUNK) == former
    assert_nothing_left(world)


def test_take_over_is_remembered_across_a_restart(world):
    former = world.sandbox.routing(ON_FOREIGN_TRUNK)
    world.api.created(ON_FOREIGN_TRUNK, take_over=True)
    world.restart()
    world.api.deleted(ON_FOREIGN_TRUNK)

    assert world.sandbox.routing(ON_FOREIGN_TRUNK) == former


def test_a_refused_take_over_is_rolled_back_without_a_trace(world):
    former = world.sandbox.routing(ON_FOREIGN_TRUNK)
    world.sandbox.fail("update_incoming_number", **refused(400, 20001))
    answer = world.api.create(ON_FOREIGN_TRUNK, take_over=True)

    assert answer.json()["rolled_back"] is True
    assert answer.json()["resources"]["remaining"] == []
    assert world.sandbox.routing(ON_FOREIGN_TRUNK) == former
    assert_nothing_left(world)
    world.sandbox.heal()
    world.api.created(ON_FOREIGN_TRUNK, take_over=True)
    world.api.deleted(ON_FOREIGN_TRUNK)
    assert world.sandbox.routing(ON_FOREIGN_TRUNK) == former


def test_take_over_of_a_number_that_is_free_does_no_harm(world, number):
    world.api.created(number, take_over=True)

    assert_exactly(world, ALL_KINDS)


@pytest.mark.parametrize("past", WITH_A_PAST)
def test_a_delete_puts_the_former_routing_back(world, past):
    number = WITH_A_PAST[past]
    former = world.sandbox.routing(number)
    created = world.api.created(number, take_over=True)
    during = world.sandbox.routing(number)
    assert during["trunk_sid"] == created["trunk"]["sid"]
    assert during["voice_application_sid"] is None, "attaching wipes it"

    world.api.deleted(number)
    assert world.sandbox.routing(number) == former


@pytest.mark.parametrize("past", ["on a foreign trunk", "with a voice application"])
def test_an_attachment_that_took_effect_before_the_deadline_is_put_back(make_world, past):
    """Attached at the provider, but every answer about it is lost."""
    world = make_world(TRUNKLINE_OPERATION_DEADLINE_S=2)
    number = WITH_A_PAST[past]
    former = world.sandbox.routing(number)
    for call in ("create_trunk_phone_number", "update_incoming_number"):
        world.sandbox.fail(call, status=500, effect=True, times=1)
    for look in ("fetch_incoming_number", "list_trunk_phone_numbers", "fetch_trunk_phone_number"):
        world.sandbox.fail(look, status=500, times=4)
    world.api.create(number, take_over=True)

    world.sandbox.heal()
    world.api.all_ended()
    for left in world.api.numbers():
        world.api.deleted(left["id"])
    assert world.sandbox.routing(number) == former
    assert_nothing_left(world)


def test_creates_and_deletes_of_every_kind_leave_foreign_resources_as_they_were(world, numbers):
    before = world.sandbox.foreign()
    for number in [*numbers(2), *WITH_A_PAST.values()]:
        world.api.create(number)
    world.api.create(facts.IN_OUR_RETELL)
    world.api.create(facts.IN_OTHER_WORKSPACE)
    for number in world.api.numbers():
        world.api.deleted(number["id"])

    assert world.sandbox.foreign() == before
    assert_nothing_left(world)


def test_a_foreign_retell_number_is_never_deleted_by_us(world):
    world.api.create(facts.IN_OUR_RETELL)

    assert world.sandbox.retell_number(facts.IN_OUR_RETELL)["foreign"] is True
    assert not world.sandbox.calls("delete_number")
