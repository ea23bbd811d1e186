# SPDX-License-Identifier: MIT
"""Backups: made while the service works, whole or not there, and good to go on with."""

import os
import shutil
import sqlite3
import stat
import time

import pytest

from support import secrets
from support.client import at_once, in_background
from support.disk import BadDisk, SmallDisk, can_mount
from support.facts import ALL_KINDS
from support.keys import add_key
from support.process import SERVICE, run
from support.sweeps import ask_for_sweep
from support.waiting import eventually
from support.world import assert_exactly, assert_nothing_left

BACKUPS = "/v1/backups"
OK, USAGE, SOFTWARE, TEMPORARY, CONFIG = 0, 64, 70, 75, 78  # sysexits.h
ASYNC = {"Prefer": "respond-async"}
TEMPORARY_NAME = ".trunkline-backup-"


def _backup(world):
    answer = world.api.request("POST", BACKUPS)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _folder(world):
    return world.folder / "backups"


def _files(world):
    return sorted(p.name for p in _folder(world).iterdir()) if _folder(world).exists() else []


def _rows(path, table):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
    finally:
        database.close()


def _command(world, *arguments, **settings):
    """`trunkline backup`, told where the service is."""
    listen = {"TRUNKLINE_LISTEN": world.api.url.removeprefix("http://")}
    return run([SERVICE, "backup", *arguments], world.environment(**{**listen, **settings}))


@pytest.fixture
def disk(tmp_path):
    return BadDisk(tmp_path / "faults")


@pytest.fixture
def held(make_world, disk):
    """A world whose backups hang while the fault "hold" is set."""
    return make_world(**disk.settings())


# What it answers and leaves


def test_a_backup_is_a_sound_copy_for_its_owner_only(world, number):
    world.api.created(number)
    answer = _backup(world)
    path = _folder(world) / os.path.basename(answer["file"])

    assert answer["file"] == str(path.resolve())
    assert answer["bytes"] == path.stat().st_size
    assert answer["version"] == len(_rows(path, "schema_migrations"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(_folder(world).stat().st_mode) == 0o700
    assert _rows(path, "pragma_integrity_check") == [("ok",)]
    assert len(_rows(path, "numbers")) == 1
    assert _files(world) == [path.name]


def test_its_name_tells_when_and_never_comes_twice(world):
    names = [os.path.basename(_backup(world)["file"]) for _ in range(3)]

    assert len(set(names)) == 3
    today = time.strftime("%Y%m", time.gmtime())
    assert all(name.startswith(f"trunkline-{today}") and name.endswith(".db") for name in names)


def test_no_secret_is_in_it_in_clear(world, number):
    world.api.created(number, outbound_trunk={"username": "me", "password": secrets.SIP_PASSWORD})
    data = open(_backup(world)["file"], "rb").read()

    assert not secrets.seen_in(data)
    assert not secrets.generated_seen_in(data, world.sandbox.password_fingerprints())


def test_the_directory_may_be_chosen(make_world, tmp_path):
    folder = tmp_path / "elsewhere"
    world = make_world(TRUNKLINE_BACKUP_DIR=folder)

    assert _backup(world)["file"].startswith(str(folder.resolve()))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("scope", ["read", "write"])
def test_only_an_admin_may_order_one(world, scope):
    world.stop()
    key = add_key(world, scope)
    world.start()

    assert world.api.with_key(key).request("POST", BACKUPS).status_code == 403
    assert world.api.with_key(None).request("POST", BACKUPS).status_code == 401
    assert _files(world) == []


def test_a_client_says_nothing_about_where(world):
    assert world.api.request("POST", BACKUPS + "?file=/etc/passwd").status_code == 400
    assert world.api.request("POST", BACKUPS, json={"file": "x"}).status_code in (400, 415)
    assert world.api.request("GET", BACKUPS).status_code == 405
    assert _files(world) == []


# While it is being made


def test_others_are_served_meanwhile_and_a_second_one_is_refused(held, disk, numbers):
    one, two = numbers(2)
    held.api.created(one)
    threads = held.service.threads()
    with disk.failing("hold"):
        waiting = in_background(lambda: held.api.request("POST", BACKUPS))
        eventually(lambda: _files(held), "the backup is under way")
        second = held.api.request("POST", BACKUPS)
        held.api.created(two)
        at_once([lambda: held.api.get(one)] * 8)
        assert held.service.threads() == threads + 1

    assert second.status_code == 409
    assert second.json()["code"] == "operation-in-progress"
    assert waiting().status_code == 201
    eventually(lambda: held.service.threads() == threads, "its thread has gone")
    _backup(held)
    assert len(_files(held)) == 2


def test_many_at_once_give_whole_copies_or_a_refusal(world, number):
    world.api.created(number)
    answers = at_once([lambda: world.api.request("POST", BACKUPS)] * 8)
    made = [a for a in answers if a.status_code == 201]

    assert made and {a.status_code for a in answers} <= {201, 409}
    assert len(_files(world)) == len(made)
    for answer in made:
        assert _rows(answer.json()["file"], "pragma_integrity_check") == [("ok",)]


def test_one_that_is_killed_leaves_no_copy_and_is_tidied_at_the_start(held, disk, number):
    created = held.api.created(number)
    with disk.failing("hold"):
        waiting = in_background(lambda: held.api.request("POST", BACKUPS))
        eventually(lambda: _files(held), "the backup is under way")
        held.crash()
        with pytest.raises(OSError):
            waiting()
    assert all(name.startswith(TEMPORARY_NAME) for name in _files(held))
    held.start()

    assert _files(held) == []
    assert held.api.get(number).json() == created


def test_sigterm_gives_it_up_and_tells_the_client(held, disk, number):
    held.api.created(number)
    disk.set("hold")
    waiting = in_background(lambda: held.api.request("POST", BACKUPS))
    eventually(lambda: _files(held), "the backup is under way")
    held.service.popen.terminate()
    time.sleep(0.3)
    disk.clear("hold")

    assert held.service.wait(8) == 0
    answer = waiting()
    assert answer.status_code == 503 and answer.json()["code"] == "shutting-down"
    assert _files(held) == []


# Where it cannot be made


def test_a_directory_that_is_none_is_told(make_world, tmp_path):
    (tmp_path / "file").touch()
    world = make_world(TRUNKLINE_BACKUP_DIR=tmp_path / "file")
    answer = world.api.request("POST", BACKUPS)

    assert answer.status_code == 503
    assert answer.json()["code"] == "storage-unavailable"
    assert str(tmp_path) not in answer.text
    assert b"backup_failed" in world.service.log()


@pytest.mark.skipif(not can_mount(), reason="cannot mount a file system here")
def test_no_room_for_a_copy_is_told_and_nothing_is_left(make_world, tmp_path):
    small = SmallDisk(tmp_path / "small", 4)
    try:
        world = make_world(TRUNKLINE_BACKUP_DIR=small.folder)
        answer = world.api.request("POST", BACKUPS)

        assert answer.status_code == 503
        assert answer.json()["code"] == "storage-unavailable"
        assert list(small.folder.iterdir()) == []
        assert world.admin.request("GET", "/readyz").status_code == 200
    finally:
        small.close()


# The command


def test_the_command_asks_the_service_that_runs(world, number, tmp_path):
    world.api.created(number)
    target = tmp_path / "copy.db"
    done = _command(world, target)

    assert done.returncode == OK, done.stderr.decode()
    assert len(_rows(target, "numbers")) == 1
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert b"TRUNKLINE_MASTER_KEY" in done.stdout
    assert _files(world) == []
    assert b"backup_made" in world.service.log()
    world.api.deleted(number)


@pytest.mark.skipif(not can_mount(), reason="cannot mount a file system here")
def test_the_command_moves_the_copy_over_to_another_file_system(world, number, tmp_path):
    other = SmallDisk(tmp_path / "other", 4)
    try:
        world.api.created(number)
        target = other.folder / "copy.db"
        done = _command(world, target)

        assert done.returncode == OK, done.stderr.decode()
        assert len(_rows(target, "numbers")) == 1
        assert [p.name for p in other.folder.iterdir()] == ["copy.db"]
        assert _files(world) == []
    finally:
        other.close()


def test_the_command_copies_by_itself_when_no_service_runs(make_world, number, tmp_path):
    world = make_world(TRUNKLINE_MASTER_KEY=None)
    world.api.created(number)
    world.stop()
    target = tmp_path / "folder" / "copy.db"
    target.parent.mkdir()
    done = _command(world, target)

    assert done.returncode == OK, done.stderr.decode()
    assert len(_rows(target, "numbers")) == 1
    assert [p.name for p in target.parent.iterdir()] == ["copy.db"]  # and no key
    assert b"trunkline.db.key" in done.stdout
    world.start()
    world.api.deleted(number)


def test_the_command_copies_what_a_killed_service_left(world, number, tmp_path):
    created = world.api.created(number)
    world.crash()
    target = tmp_path / "copy.db"

    assert _command(world, target).returncode == OK
    assert _rows(target, "numbers") == _rows(world.database, "numbers")
    world.start()
    assert world.api.get(number).json() == created


def test_the_command_overwrites_nothing(world, tmp_path):
    target = tmp_path / "precious"
    target.write_text("mine")
    running = _command(world, target)
    world.stop()
    stopped = _command(world, target)

    assert (running.returncode, stopped.returncode) == (CONFIG, CONFIG)
    assert b"exists" in running.stderr and b"exists" in stopped.stderr
    assert target.read_text() == "mine"
    assert _files(world) == []


def test_the_command_needs_one_file(world, tmp_path):
    for arguments in ([], [tmp_path / "a", tmp_path / "b"]):
        done = _command(world, *arguments)
        assert done.returncode == USAGE
        assert b"backup FILE" in done.stderr


def test_the_command_says_what_is_wrong(world, tmp_path):
    target = tmp_path / "copy.db"
    nowhere = _command(world, tmp_path / "no" / "where" / "copy.db")
    other_key = _command(world, target, TRUNKLINE_API_KEY="not-the-right-key-at-all")
    no_key = _command(world, target, TRUNKLINE_API_KEY=None)
    no_service = _command(world, target, TRUNKLINE_LISTEN="127.0.0.1:9")
    no_database = _command(world, target, TRUNKLINE_DATABASE_URL=f"sqlite:{tmp_path}/none.db")

    assert nowhere.returncode == CONFIG
    assert other_key.returncode == CONFIG and b"401" in other_key.stderr
    assert no_key.returncode == CONFIG and b"TRUNKLINE_API_KEY" in no_key.stderr
    assert no_service.returncode == TEMPORARY and b"127.0.0.1:9" in no_service.stderr
    assert no_database.returncode == CONFIG and b"none.db" in no_database.stderr
    assert not target.exists() and not (tmp_path / "none.db").exists()


def test_the_command_is_told_to_try_again_while_another_runs(held, disk, tmp_path):
    with disk.failing("hold"):
        waiting = in_background(lambda: held.api.request("POST", BACKUPS))
        eventually(lambda: _files(held), "the backup is under way")
        done = _command(held, tmp_path / "copy.db", LD_PRELOAD=None)

    assert done.returncode == TEMPORARY
    assert b"409" in done.stderr
    assert waiting().status_code == 201


def test_the_command_refuses_a_damaged_database(world, numbers, tmp_path):
    for number in numbers(4):
        world.api.created(number)
    world.stop()
    sound = world.database.read_bytes()
    with open(world.database, "r+b") as file:
        file.seek(len(sound) // 8192 * 4096)
        file.write(b"\xa5" * 4096)
    done = _command(world, tmp_path / "copy.db")

    assert done.returncode == SOFTWARE
    assert b"damaged" in done.stderr
    assert list(tmp_path.glob("*copy*")) == []
    world.database.write_bytes(sound)
    world.start()


# The restore drill


def _restore(world, file):
    """Starts the service on the copy in a place of its own, with the master key."""
    world.crash()
    place = world.folder / "restored"
    place.mkdir()
    shutil.copy(file, place / "trunkline.db")
    for old in world.folder.glob("trunkline.db*"):
        old.unlink()
    world.database = world.folder / "trunkline.db"
    world.database.symlink_to(place / "trunkline.db")
    world.start()


def _sweep(world, **query):
    """A sweep's report, after one that runs by itself."""

    def ask():
        answer = ask_for_sweep(world.api, **query)
        assert answer.status_code in (200, 409), answer.text
        return answer.status_code == 200 and answer.json()

    return eventually(ask, "a sweep of ours")


def _settled(world, states):
    """Every operation has come to an end, and to one of these."""
    world.api.all_ended(within=30)
    items = world.api.operations(limit=200).json()["items"]
    assert {o["state"] for o in items} <= states, items


def test_restore_drill(make_world, numbers):
    """Backed up in the rush, killed, restored: what was answered before the backup
    is there to the letter, what was under way is settled, what came after is told."""
    world = make_world({"latency_ms": 20}, TRUNKLINE_SWEEP_GRACE_S=0)
    before, during, after = numbers(5), numbers(10), numbers(3)
    known = {n: world.api.created(n) for n in before}
    for number in during:
        world.api.create(number, ASYNC)
    eventually(lambda: world.sandbox.calls("create_trunk")[5:], "some are half way")
    file = _backup(world)["file"]
    for number in after:
        world.api.created(number)
    world.api.all_ended()
    _restore(world, file)

    for number in before:
        assert world.api.get(number).json() == known[number]
    _settled(world, {"succeeded", "failed"})
    report = _sweep(world, dry_run=True)
    lost = {o["number_id"] for o in report["found"] if o["fate"] == "unknown_number"}
    assert len(lost - {None}) == len(after)
    _sweep(world)
    for number in after:  # their calls go on
        assert world.sandbox.retell_number(number)

    _sweep(world, include_unknown=True)
    assert not set(after) & {r["id"] for r in world.sandbox.alive("retell_number")}
    for number in before:
        world.api.deleted(number)
    for number in world.api.numbers():
        world.api.deleted(number["id"])
    assert_nothing_left(world)


def test_a_number_deleted_after_the_backup_is_deleted_again(world, number):
    world.api.created(number)
    file = _backup(world)["file"]
    world.api.deleted(number)
    _restore(world, file)

    assert world.api.get(number).json()["status"] == "active"
    world.api.deleted(number)
    assert_nothing_left(world)
    world.api.created(number)
    assert_exactly(world, ALL_KINDS)


def test_a_restored_database_needs_its_key(world, number):
    world.api.created(number)
    file = _backup(world)["file"]
    world.stop()
    settings = {"TRUNKLINE_DATABASE_URL": f"sqlite:{file}"}
    without = run([SERVICE, "serve"], world.environment(TRUNKLINE_MASTER_KEY=None, **settings))
    another = run([SERVICE, "serve"], world.environment(TRUNKLINE_MASTER_KEY="A" * 43 + "=", **settings))

    assert (without.returncode, another.returncode) == (CONFIG, CONFIG)
    assert b"TRUNKLINE_MASTER_KEY" in without.stderr
    world.start()


def test_an_answer_is_replayed_from_a_restored_database(world, number):
    key = {"Idempotency-Key": "restored-1"}
    first = world.api.create(number, key)
    _restore(world, _backup(world)["file"])
    again = world.api.create(number, key)

    assert again.status_code == 201 and again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert_exactly(world, ALL_KINDS)
