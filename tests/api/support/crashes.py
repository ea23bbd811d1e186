# SPDX-License-Identifier: MIT
"""kill -9 at a chosen call, before or after its effect, once or twice."""

from support.waiting import eventually

HELD_MS = 60_000  # far longer than any test waits: a held call is never answered

# How a call is held at one side of its effect. What is killed "before" never
# takes effect: the connection is gone.
HOLD = {
    "before": {"delay_before_ms": HELD_MS, "drop": "before"},
    "after": {"delay_after_ms": HELD_MS},
}
WHEN = list(HOLD)


def hold(world, call, when, **which):
    """The call (`*`: any), from now on, comes to a stop at this side of its effect."""
    world.sandbox.fail(call, **HOLD[when], **which)


def held_calls(world, when):
    """Those that stand still now."""
    delay = f"delay_{when}_ms"
    stopped = [c for c in world.sandbox.calls() if delay in (c["fault"] or {})]
    return [c for c in stopped if when == "before" or c["effect"] != "none"]


def crash_while_held(world, when):
    """Kills the service as soon as a call is held; nothing is held from then on."""
    eventually(lambda: held_calls(world, when), f"a call is held {when} its effect")
    world.crash()
    world.sandbox.heal()


def crash_again_in_the_recovery(world, when):
    """Starts the service and kills it at the first call that it makes."""
    world.sandbox.forget_calls()
    hold(world, "*", when, times=0)
    world.start()
    crash_while_held(world, when)


def crash(world, when, crashes=1):
    """The first crash at the call that is held, each further one in the recovery."""
    crash_while_held(world, when)
    for _ in range(crashes - 1):
        crash_again_in_the_recovery(world, when)
