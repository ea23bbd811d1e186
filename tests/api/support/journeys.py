# SPDX-License-Identifier: MIT
"""Create, rollback, delete: the calls that each makes, and that none makes a thing twice."""

from support.facts import ALL_KINDS
from support.sandbox import refused

ASYNC = {"Prefer": "respond-async"}

# What a removal calls: a look before each change that could hit another's.
REMOVAL_CALLS = [
    "get_number",
    "delete_number",
    "fetch_incoming_number",
    "delete_trunk_phone_number",
    "delete_trunk",
    "delete_credential_list",
]

# The call whose refusal turns a create back when all else stands, and the
# calls of that rollback: what was never attached need not be taken off.
LAST_CALL = "create_trunk_phone_number"
ROLLBACK_CALLS = ["get_number", "delete_number", "delete_trunk", "delete_credential_list"]
REFUSAL = refused(400, 20001)


def ever_made(world):
    """The kinds of everything the service made, also of what it has removed, sorted."""
    return sorted(
        r["kind"]
        for r in world.sandbox.ledger()
        if not r["foreign"] and not r["preset"] and r["kind"] != "incoming_phone_number"
    )


def assert_made_once(world, numbers=1):
    """Nothing was made twice, not even for a moment."""
    assert ever_made(world) == sorted(ALL_KINDS * numbers)


def key(name):
    return {"Idempotency-Key": name}


def assert_replayed(first, again):
    """The second answer is the first one, kept."""
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
