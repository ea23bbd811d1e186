# SPDX-License-Identifier: MIT
"""Starting and stopping: what is refused with which exit code, what a restart keeps."""

import json
import os
import re
import signal
import stat
from pathlib import Path

import pytest

from support import facts, secrets
from support.client import in_background
from support.facts import ALL_KINDS
from support.process import SERVICE, run
from support.waiting import eventually
from support.world import assert_exactly

CONFIG, TEMPORARY = 78, 75  # sysexits.h

BAD = {
    "TRUNKLINE_LISTEN": "nonsense",
    "TRUNKLINE_ADMIN_LISTEN": "127.0.0.1:99999",
    "TRUNKLINE_DATABASE_URL": "mysql://localhost/x",
    "TRUNKLINE_API_KEY": "short",
    "TRUNKLINE_MASTER_KEY": "not-base64-of-32-bytes",
    "TRUNKLINE_THREADS": "0",
    "TRUNKLINE_PROVIDER_CONCURRENCY": "many",
    "TRUNKLINE_OPERATION_DEADLINE_S": "-1",
    "TRUNKLINE_UNDO_DEADLINE_S": "1.5",
    "TRUNKLINE_SETTLE_MS": "9999999",
    "TRUNKLINE_CONFINE": "maybe",
    "TRUNKLINE_LOG_LEVEL": "loud",
    "TRUNKLINE_ACCESS_LOG": "maybe",
    "TRUNKLINE_CA_FILE": "/does/not/exist.pem",
    "TWILIO_ACCOUNT_SID": "AC123",
    "TWILIO_API_KEY": "sk-nonsense",
    "TWILIO_API_BASE_URL": "http://api.example.com",
    "TWILIO_TRUNKING_BASE_URL": "ftp://127.0.0.1",
    "RETELL_BASE_URL": "https://user:secret-in-url@example.com",
    "RETELL_SIP_URI": "sip:user@sip.retellai.com",
    "TRUNKLINE_TYPO": "1",
}
NEEDED = ["TRUNKLINE_API_KEY", "RETELL_API_KEY", "TWILIO_AUTH_TOKEN"]


def _serve(world, **settings):
    world.stop()
    return run([SERVICE, "serve"], world.environment(**settings))


@pytest.mark.parametrize("name", BAD)
def test_a_bad_setting_ends_the_start_and_is_named(world, name):
    done = _serve(world, **{name: BAD[name]})

    assert done.returncode == CONFIG, done.stderr.decode()
    assert name.encode() in done.stderr
    assert b"listening" not in done.stdout


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_setting_ends_the_start_and_is_named(world, name):
    done = _serve(world, **{name: None})

    assert done.returncode == CONFIG, done.stderr.decode()
    assert name.encode() in done.stderr


@pytest.mark.parametrize("name", ["TRUNKLINE_API_KEY", "TRUNKLINE_MASTER_KEY", "TWILIO_AUTH_TOKEN"])
def test_a_bad_secret_is_never_shown(world, name):
    done = _serve(world, **{name: "b@d\x01secret"})

    assert done.returncode == CONFIG
    assert b"b@d" not in done.stderr + done.stdout


def test_secrets_may_come_from_files(make_world, tmp_path, number):
    for name, value in (("token", facts.AUTH_TOKEN), ("key", secrets.API_KEY)):
        (tmp_path / name).write_text(value + "\n")
    world = make_world(
        TWILIO_AUTH_TOKEN=None,
        TWILIO_AUTH_TOKEN_FILE=tmp_path / "token",
        TRUNKLINE_API_KEY=None,
        TRUNKLINE_API_KEY_FILE=tmp_path / "key",
    )
    world.api.created(number)

    assert_exactly(world, ALL_KINDS)


def test_a_secret_is_given_directly_or_by_file_not_both(world, tmp_path):
    (tmp_path / "token").write_text(facts.AUTH_TOKEN)
    done = _serve(world, TWILIO_AUTH_TOKEN_FILE=tmp_path / "token")

    assert done.returncode == CONFIG
    assert b"TWILIO_AUTH_TOKEN" in done.stderr


def test_a_secret_file_that_is_missing_is_named(world, tmp_path):
    done = _serve(world, TWILIO_AUTH_TOKEN=None, TWILIO_AUTH_TOKEN_FILE=tmp_path / "none")

    assert done.returncode == CONFIG
    assert b"TWILIO_AUTH_TOKEN_FILE" in done.stderr


def test_a_port_in_use_ends_the_start(world):
    address = world.api.url.removeprefix("http://")
    done = run(
        [SERVICE, "serve"],
        world.environment(
            TRUNKLINE_LISTEN=address, TRUNKLINE_DATABASE_URL=f"sqlite:{world.folder}/other.db"
        ),
    )

    assert done.returncode not in (0, None)
    assert b"TRUNKLINE_LISTEN" in done.stderr
    assert world.api.list().status_code == 200


def test_a_second_process_on_the_same_database_is_refused(world, number):
    done = run([SERVICE, "serve"], world.environment())

    assert done.returncode == TEMPORARY, done.stderr.decode()
    world.api.created(number)  # and the first goes on
    assert_exactly(world, ALL_KINDS)


def test_a_wrong_master_key_is_refused_and_nothing_is_overwritten(world, number):
    created = world.api.created(number)
    done = _serve(world, TRUNKLINE_MASTER_KEY="A" * 43 + "=")

    assert done.returncode == CONFIG
    assert b"TRUNKLINE_MASTER_KEY" in done.stderr
    world.start()
    assert world.api.get(number).json() == created


def test_without_a_master_key_a_key_file_is_made_for_the_owner_only(make_world, number):
    world = make_world(TRUNKLINE_MASTER_KEY=None)
    world.api.created(number)
    (key,) = [p for p in world.folder.iterdir() if "key" in p.name]

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.name.encode() in world.service.log()
    world.restart()
    world.api.deleted(number)


def test_a_key_file_that_others_may_read_is_refused(make_world):
    world = make_world(TRUNKLINE_MASTER_KEY=None)
    (key,) = [p for p in world.folder.iterdir() if "key" in p.name]
    key.chmod(0o644)
    done = _serve(world)

    assert done.returncode == CONFIG
    assert key.name.encode() in done.stderr


def test_what_is_not_our_database_is_refused_and_left_alone(world):
    other = world.folder / "other.db"
    other.write_bytes(b"this is not a database, it is somebody's diary\n" * 100)
    before = other.read_bytes()
    done = _serve(world, TRUNKLINE_DATABASE_URL=f"sqlite:{other}")

    assert done.returncode != 0
    assert other.read_bytes() == before


def test_the_database_is_for_its_owner_only(world):
    files = list(world.folder.glob("trunkline.db*"))
    assert {"trunkline.db", "trunkline.db-wal", "trunkline.db.lock"} <= {file.name for file in files}
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file.name


def test_a_restart_keeps_numbers_and_operations(world, numbers):
    for number in numbers(3):
        world.api.created(number)
    before = world.api.list().json(), world.api.operations().json()
    world.restart()

    assert (world.api.list().json(), world.api.operations().json()) == before
    assert_exactly(world, ALL_KINDS * 3)


def test_cursors_survive_a_restart(world, numbers):
    for number in numbers(2):
        world.api.created(number)
    cursor = world.api.list(limit=1).json()["next_cursor"]
    world.restart()

    assert len(world.api.list(limit=1, cursor=cursor).json()["items"]) == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_service_at_once_with_exit_0(world, how):
    os.kill(world.service.pid, how)

    assert world.service.wait(5) == 0


def test_sigterm_with_clients_waiting_answers_them_first(world, number):
    world.sandbox.fail("create_trunk", delay_before_ms=5000)
    waiting = in_background(lambda: world.api.create(number))
    eventually(lambda: world.sandbox.calls("create_trunk"), "the create is under way")
    world.stop()

    assert waiting().status_code in (201, 202, 503)
    world.sandbox.heal()
    world.start()
    world.api.all_ended()


@pytest.mark.parametrize("signo", [signal.SIGPIPE, signal.SIGHUP])
def test_sigpipe_and_sighup_do_not_end_it(world, signo):
    os.kill(world.service.pid, signo)

    assert world.api.list().status_code == 200


def test_the_start_is_logged_with_the_settings_and_without_secrets(world):
    entries = [json.loads(line) for line in world.service.log().splitlines()]
    text = world.service.log().decode()

    assert "TRUNKLINE_SETTLE_MS" in text or "settle_ms" in text
    assert {e["level"] for e in entries} <= {"debug", "info", "warn", "error"}
    assert not secrets.seen_in(text.encode())


# The other sub-commands


def test_version_and_help_tell_themselves():
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    number = re.search(r"^VERSION := (.+)$", makefile, re.M)[1]
    version = run([SERVICE, "version"])
    text = run([SERVICE, "help"])

    assert (version.returncode, version.stdout.decode()) == (0, f"trunkline {number}\n")
    assert text.returncode == 0
    for name in list(BAD)[:-1]:
        assert name.encode() in text.stdout, name


@pytest.mark.parametrize("name", ["serve", "migrate", "backup", "rekey", "health", "version"])
def test_every_sub_command_may_be_asked_for_help(name):
    asked = run([SERVICE, name, "--help"])

    assert (asked.returncode, asked.stdout) == (0, run([SERVICE, "help"]).stdout)


def test_an_unknown_sub_command_is_a_usage_error():
    done = run([SERVICE, "dance"])

    assert done.returncode == 64
    assert b"dance" in done.stderr or b"usage" in done.stderr.lower()


def test_health_asks_a_running_service(world):
    settings = {"TRUNKLINE_ADMIN_LISTEN": world.admin.url.removeprefix("http://")}
    done = run([SERVICE, "health"], world.environment(**settings))

    assert done.returncode == 0, done.stderr.decode()
    world.stop()
    done = run([SERVICE, "health"], world.environment(**settings))
    assert done.returncode == 1 and b"nothing answers" in done.stderr


def test_migrate_may_be_run_by_itself_and_again(world):
    world.stop()
    settings = {"TRUNKLINE_DATABASE_URL": f"sqlite:{world.folder}/fresh.db"}
    first = run([SERVICE, "migrate"], world.environment(**settings))
    second = run([SERVICE, "migrate"], world.environment(**settings))

    assert (first.returncode, second.returncode) == (0, 0)
    assert (world.folder / "fresh.db").exists()
