# SPDX-License-Identifier: MIT
"""What the providers do that a first reading of their documents does not tell."""

import pytest

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
