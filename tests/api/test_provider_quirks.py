# SPDX-License-Identifier: MIT
"""What the providers do that a first reading of their documents does not tell."""

import pytest
import requests

from support import facts
from support.facts import ON_FOREIGN_TRUNK
from support.world import assert_nothing_left

LAG = {"lag_ms": 300}
SETTLE = {"TRUNKLINE_SETTLE_MS": 700}


@pytest.mark.parametrize("number", [ON_FOREIGN_TRUNK, facts.WITH_VOICE_APPLICATION])
def test_a_delete_right_after_a_create_puts_the_routing_back_though_reads_lag(make_world, number):
    """The number seems to be where it was before: that is no proof that it is there."""
    world = make_world(LAG, **SETTLE)
    former = world.sandbox.routing(number)
    world.api.created(number, take_over=True)
    world.api.deleted(number)

    assert world.sandbox.routing(number) == former
    assert_nothing_left(world)


def _twilio(world, method, path, **kwargs):
    """Somebody else at Twilio, with the account's own credentials."""
    login = (facts.ACCOUNT, facts.AUTH_TOKEN)
    answer = requests.request(method, world.sandbox.url + path, auth=login, timeout=10, **kwargs)
    assert answer.ok, answer.text
    return answer


def test_a_former_trunk_that_was_deleted_meanwhile_is_no_obstacle(world):
    """Whoever moves here from an older trunk deletes that trunk some day. Deleting it would have
    detached the number: that is where a delete leaves it."""
    former = world.sandbox.routing(ON_FOREIGN_TRUNK)["trunk_sid"]
    world.api.created(ON_FOREIGN_TRUNK, take_over=True)
    _twilio(world, "DELETE", f"/v1/Trunks/{former}")
    world.api.deleted(ON_FOREIGN_TRUNK)

    assert world.sandbox.routing(ON_FOREIGN_TRUNK)["trunk_sid"] is None
    assert_nothing_left(world)
    world.before = world.sandbox.foreign()  # the trunk is gone, and not by us
