# SPDX-License-Identifier: MIT
"""No secret leaves. Every answer of every test is searched by the linter, every log and
database at the end of every world; here are the tests that go looking on purpose."""

import pathlib

from support import facts, secrets
from support.sandbox import refused
from support.world import assert_nothing_left

OWN_TRUNK = {"username": "pbx", "password": secrets.SIP_PASSWORD}
OWN_ACCOUNT = {"twilio_account_sid": facts.ACCOUNT_2, "twilio_auth_token": facts.AUTH_TOKEN_2}


def _files(world):
    return {p.name: p.read_bytes() for p in world.folder.glob("trunkline.*")}


def test_secrets_of_requests_are_on_disk_only_sealed(world):
    world.api.created(facts.OF_ACCOUNT_2, outbound_trunk=OWN_TRUNK, **OWN_ACCOUNT)

    assert {"trunkline.db", "trunkline.log"} <= set(_files(world))
    for name, data in _files(world).items():
        assert not secrets.seen_in(data), name
    world.restart()  # the write-ahead log is folded into the database
    for name, data in _files(world).items():
        assert not secrets.seen_in(data), name


def test_generated_sip_passwords_are_on_disk_only_sealed(world, number):
    world.api.created(number)
    fingerprints = world.sandbox.password_fingerprints()

    assert fingerprints, "the sandbox tells what to look for"
    for name, data in _files(world).items():
        assert not secrets.generated_seen_in(data, fingerprints), name


def test_failures_at_every_level_of_logging_leak_nothing(make_world, number):
    world = make_world(TRUNKLINE_LOG_LEVEL="debug", TRUNKLINE_UNDO_DEADLINE_S=1)
    world.sandbox.fail("import_number", garble="echo_secrets", status=400, times=0)
    world.sandbox.fail("delete_trunk", garble="echo_secrets", status=403, times=0)
    problem = world.api.create(number, outbound_trunk=OWN_TRUNK).json()

    assert problem["rolled_back"] is False
    assert not secrets.seen_in(world.service.log())
    world.sandbox.heal()
    world.api.deleted(number)
    assert_nothing_left(world)


def test_secrets_of_ended_operations_are_forgotten(world, number):
    """A failed create has nothing to keep them for."""
    with world.sandbox.failing("create_trunk_phone_number", **refused(400, 20001)):
        world.api.create(number, outbound_trunk=OWN_TRUNK)
    operation = world.api.operations().json()["items"][0]

    assert operation["state"] == "failed"
    assert secrets.SIP_PASSWORD not in str(operation)


def test_the_process_shows_no_secret_on_its_command_line(world):
    command_line = pathlib.Path(f"/proc/{world.service.pid}/cmdline").read_bytes()

    assert not secrets.seen_in(command_line)


def test_a_crash_would_leave_no_core(world):
    limits = pathlib.Path(f"/proc/{world.service.pid}/limits").read_text()
    (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]

    assert core.split()[4] == "0"


def test_phone_numbers_are_masked_in_the_log(world, number):
    world.api.created(number)
    world.api.get(number)

    assert number.encode() not in world.service.log()


def test_metrics_hold_no_secret(world, number):
    world.api.created(number, outbound_trunk=OWN_TRUNK)
    answer = world.admin.request("GET", "/metrics")  # the linter searches it

    assert answer.status_code == 200
