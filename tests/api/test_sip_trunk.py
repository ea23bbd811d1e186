# SPDX-License-Identifier: MIT
"""provider sip_trunk: the caller brings the trunk, only Retell is set up."""

from support import secrets
from support.world import assert_exactly, assert_nothing_left

TRUNK = {
    "address": "sip.carrier.example.com",
    "transport": "tls",
    "username": "carrier-user",
    "password": secrets.SIP_PASSWORD,
}


def _create(world, number, **fields):
    return world.api.created(number, provider="sip_trunk", outbound_trunk=TRUNK, **fields)


def test_only_retell_is_called(world, number):
    _create(world, number)

    assert sorted(world.sandbox.operations()) == ["get_agent", "get_number", "import_number"]
    assert_exactly(world, ["retell_number"])


def test_retell_is_told_the_callers_trunk(world, number):
    body = _create(world, number)
    (call,) = world.sandbox.calls("import_number")

    assert call["parameters"]["termination_uri"] == TRUNK["address"]
    assert call["parameters"]["sip_trunk_auth_username"] == TRUNK["username"]
    assert call["parameters"]["transport"] == "TLS"
    assert body["provider"] == "sip_trunk"
    assert body["has_auth_credentials"] is True
    assert "password" not in body["outbound_trunk"]


def test_the_number_need_not_be_at_twilio(world):
    number = "+442079460123"
    _create(world, number)
    world.api.deleted(number)

    assert_nothing_left(world)


def test_it_works_without_any_twilio_credentials(make_world, number):
    world = make_world(TWILIO_ACCOUNT_SID=None, TWILIO_AUTH_TOKEN=None)
    _create(world, number)
    world.restart()
    world.api.deleted(number)

    assert_nothing_left(world)


def test_a_delete_removes_only_the_retell_number(world, number):
    _create(world, number)
    receipt = world.api.deleted(number)

    assert [r["kind"] for r in receipt["resources"]["removed"]] == ["retell_number"]
    assert_nothing_left(world)


def test_a_lost_import_is_found_by_its_termination_uri(world, number):
    world.sandbox.fail("import_number", drop="after")
    _create(world, number)

    assert len(world.sandbox.calls("import_number")) == 1
    assert_exactly(world, ["retell_number"])


def test_a_patch_works_without_twilio(world, number):
    _create(world, number)
    answer = world.api.patch(number, label="New")

    assert answer.status_code == 200
    assert world.sandbox.retell_number(number)["name"] == "New"
