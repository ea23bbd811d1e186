# SPDX-License-Identifier: MIT
"""The disk is full, busy, slow to fail or gone: nothing is lost, nothing is made in vain."""

import contextlib
import json
import os
import resource
import signal
import time

import pytest

from support.client import in_background
from support.disk import ENDS_AT_ONCE, BadDisk, SmallDisk, can_mount, write_lock
from support.facts import ALL_KINDS
from support.process import SERVICE, run
from support.sandbox import refused
from support.waiting import eventually
from support.world import World, assert_exactly, assert_nothing_left

SOFTWARE, TEMPORARY, CONFIG = 70, 75, 78  # sysexits.h
ASYNC = {"Prefer": "respond-async"}
PAGE = 8192  # the first holds the schema


# Worlds whose disk can be spoiled


@pytest.fixture
def world(make_world):
    return make_world(**ENDS_AT_ONCE)


@pytest.fixture
def bad_disk(tmp_path):
    return BadDisk(tmp_path / "faults")


@pytest.fixture
def bad(make_world, bad_disk):
    """A world on a disk with faults to order: bad.disk.set("eio")."""
    world = make_world(**bad_disk.settings())
    world.disk = bad_disk
    return world


@contextlib.contextmanager
def _on_small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    disk = SmallDisk(folder / "disk", 16)  # the log alone takes 4
    try:
        database = disk.folder / "trunkline.db"
        run([SERVICE, "migrate"], {"TRUNKLINE_DATABASE_URL": f"sqlite:{database}"})
        (folder / "trunkline.db").symlink_to(database)
        world = World(folder, **ENDS_AT_ONCE)
        world.disk = disk
        try:
            yield world
        finally:
            disk.clear("full")
            world.close()
    finally:
        disk.close()


@pytest.fixture
def mounted(tmp_path):
    """A world on a small file system of its own."""
    if not can_mount():
        pytest.skip("cannot mount a file system here")
    with _on_small_disk(tmp_path) as world:
        yield world


@pytest.fixture(params=["mounted", "preloaded"])
def small(request):
    """A world whose disk can be filled: a real one, and one that says so."""
    return request.getfixturevalue("mounted" if request.param == "mounted" else "bad")


def _ready(world):
    return world.admin.request("GET", "/readyz").status_code == 200


def _refused(answer):
    """A write that the storage did not take: what the client is told."""
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "storage-unavailable"
    assert int(answer.headers["Retry-After"]) >= 1


def _works_again(world):
    eventually(lambda: _ready(world), "ready again", within=15)


def _ends(world, code):
    assert world.service.wait(10) == code, world.service.tail()


# Full


def test_on_a_full_disk_a_create_is_refused_before_any_call(small, numbers):
    one, two = numbers(2)
    created = small.api.created(one)
    small.sandbox.forget_calls()
    small.disk.set("full")
    eventually(lambda: small.api.create(two).status_code == 503, "the disk is full")

    _refused(small.api.create(two))
    _refused(small.api.delete(one))
    assert small.sandbox.writes() == []
    assert not _ready(small)
    assert small.api.get(one).json() == created  # reads go on
    assert small.api.list().status_code == 200


def test_when_space_returns_it_works_by_itself_and_nothing_is_lost(small, numbers):
    one, two = numbers(2)
    created = small.api.created(one)
    small.disk.set("full")
    eventually(lambda: small.api.create(two).status_code == 503, "the disk is full")
    small.disk.clear("full")

    _works_again(small)
    assert small.api.get(one).json() == created
    small.api.created(two)
    assert_exactly(small, ALL_KINDS * 2)


def test_a_refused_key_is_not_used_up(small, number):
    key = {"Idempotency-Key": "full-1"}
    small.disk.set("full")
    _refused(small.api.create(number, key))
    small.disk.clear("full")
    _works_again(small)

    answer = small.api.create(number, key)
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers


def _fills_during(world, call, act):
    """Fills the disk while the call is under way; the answer, once there is space."""
    world.sandbox.fail(call, delay_after_ms=500)
    waiting = in_background(act)
    eventually(lambda: world.sandbox.calls(call), f"{call} is under way")
    world.disk.set("full")
    eventually(lambda: not _ready(world), "the disk is full")
    time.sleep(0.7)  # longer than the call
    world.disk.clear("full")
    _works_again(world)
    return waiting()


@pytest.mark.parametrize("call", ["create_trunk", "import_number", "create_trunk_phone_number"])
def test_a_create_in_flight_is_finished_when_space_returns(small, number, call):
    answer = _fills_during(small, call, lambda: small.api.create(number))

    assert answer.status_code == 201, answer.text
    assert_exactly(small, ALL_KINDS)
    assert len(small.sandbox.calls(call)) == 1


def test_a_delete_in_flight_is_finished_when_space_returns(small, number):
    small.api.created(number)
    answer = _fills_during(small, "delete_trunk", lambda: small.api.delete(number))

    assert answer.status_code == 200, answer.text
    assert_nothing_left(small)


def test_a_rollback_in_flight_is_finished_when_space_returns(small, number):
    small.sandbox.fail("create_trunk_phone_number", **refused(400, 20001))
    answer = _fills_during(small, "delete_trunk", lambda: small.api.create(number))

    assert answer.status_code == 502, answer.text
    assert answer.json()["rolled_back"]
    small.sandbox.heal()
    assert_nothing_left(small)


def _ask_for_all(world, wanted):
    """Creates them one after the other; the operations of those that were accepted."""
    operations = []
    for number in wanted:
        answer = world.api.create(number, ASYNC)
        if answer.status_code == 202:
            operations.append(answer.json()["id"])
        else:
            _refused(answer)
    return operations


def test_a_disk_that_fills_up_again_and_again_loses_nothing(small, numbers):
    """What was accepted succeeds, what was refused never was, whenever it fills."""
    operations = []
    for batch in range(4):
        waiting = in_background(lambda: _ask_for_all(small, numbers(8)))
        time.sleep(0.01 * batch)
        small.disk.set("full")
        operations += waiting()
        small.disk.clear("full")
        _works_again(small)

    ended = {small.api.ended(o)["state"] for o in operations}
    assert ended <= {"succeeded"}
    assert len(small.api.numbers()) == len(operations)
    assert_exactly(small, ALL_KINDS * len(operations))


def test_killed_on_a_full_disk_it_goes_on_after_a_restart(small, number):
    small.sandbox.fail("import_number", delay_after_ms=500)
    operation = small.api.create(number, ASYNC).json()
    eventually(lambda: small.sandbox.calls("import_number"), "the import is under way")
    small.disk.set("full")
    eventually(lambda: not _ready(small), "the disk is full")
    small.crash()
    small.sandbox.heal()
    small.disk.clear("full")
    small.start()

    assert small.api.ended(operation["id"])["state"] == "succeeded"
    assert_exactly(small, ALL_KINDS)


def test_it_stops_in_time_on_a_full_disk(small, numbers):
    one, two = numbers(2)
    small.sandbox.fail("create_trunk", delay_before_ms=3000)
    waiting = in_background(lambda: small.api.create(one))
    eventually(lambda: small.sandbox.calls("create_trunk"), "the create is under way")
    small.disk.set("full")
    small.api.create(two)

    assert small.service.stop() in (0, TEMPORARY, SOFTWARE)
    with contextlib.suppress(OSError):
        assert waiting().status_code in (202, 503)
    small.disk.clear("full")
    small.sandbox.heal()
    small.start()
    small.api.all_ended()


def test_stopped_before_an_outcome_is_on_disk_it_is_not_told(small, number):
    small.sandbox.fail("create_trunk_phone_number", delay_after_ms=300)
    waiting = in_background(lambda: small.api.create(number))
    eventually(lambda: small.sandbox.calls("create_trunk_phone_number"), "the last call is under way")
    small.disk.set("full")
    eventually(lambda: small.sandbox.calls("create_trunk_phone_number")[0]["done_ms"], "it has ended")
    eventually(lambda: not _ready(small), "the disk is full")
    small.service.stop()
    with contextlib.suppress(OSError):
        assert waiting().status_code in (202, 503)
    small.disk.clear("full")
    small.sandbox.heal()
    small.start()

    small.api.all_ended()
    assert small.api.get(number).json()["status"] == "active"
    assert_exactly(small, ALL_KINDS)


def test_a_file_size_limit_ends_the_process_in_order(world, numbers):
    """SIGXFSZ would kill it; a write that fails half-way at commit is unknown."""
    one, two = numbers(2)
    created = world.api.created(one)
    wal = world.folder / "trunkline.db-wal"
    limit = wal.stat().st_size + 1000
    resource.prlimit(world.service.pid, resource.RLIMIT_FSIZE, (limit, limit))
    with contextlib.suppress(OSError):
        world.api.create(two)

    _ends(world, SOFTWARE)
    world.start()
    assert world.api.get(one).json() == created
    world.api.all_ended()


@pytest.mark.parametrize("signo", [signal.SIGXFSZ, signal.SIGPIPE])
def test_these_signals_do_not_end_it(world, number, signo):
    os.kill(world.service.pid, signo)

    world.api.created(number)


# Read-only


def test_a_file_system_that_turned_read_only_ends_the_process(bad, numbers):
    """The kernel does so when the disk fails: what was written last is not known."""
    one, two = numbers(2)
    created = bad.api.created(one)
    bad.sandbox.forget_calls()
    with bad.disk.failing("readonly"):
        with pytest.raises(OSError):
            bad.api.create(two)
        _ends(bad, SOFTWARE)
        assert bad.sandbox.calls() == []
    bad.start()

    assert bad.api.get(one).json() == created
    bad.api.all_ended()
    assert_exactly(bad, ALL_KINDS * len(bad.api.numbers()))


def test_on_a_read_only_file_system_it_does_not_start(mounted):
    mounted.stop()
    mounted.disk.read_only(True)
    done = run([SERVICE, "serve"], mounted.environment())
    mounted.disk.read_only(False)
    mounted.start()

    assert done.returncode in (TEMPORARY, CONFIG), done.stderr.decode()
    assert b"trunkline.db" in done.stderr


# Busy


def test_a_short_lock_of_somebody_else_is_waited_for(world, number):
    with write_lock(world.database):
        waiting = in_background(lambda: world.api.create(number))
        time.sleep(1)
        assert world.sandbox.calls() == []

    assert waiting().status_code == 201
    assert_exactly(world, ALL_KINDS)


def test_a_long_lock_refuses_writes_until_it_is_released(world, numbers):
    one, two = numbers(2)
    created = world.api.created(one)
    world.sandbox.forget_calls()
    with write_lock(world.database):
        _refused(world.api.create(two))
        _refused(world.api.create(two))
        assert not _ready(world)
        assert world.api.get(one).json() == created
        assert world.sandbox.calls() == []

    _works_again(world)
    world.api.created(two)
    assert_exactly(world, ALL_KINDS * 2)


def test_what_is_in_flight_waits_for_a_long_lock_and_does_not_fail(world, number):
    world.sandbox.fail("create_trunk", delay_after_ms=300)
    waiting = in_background(lambda: world.api.create(number))
    eventually(lambda: world.sandbox.calls("create_trunk"), "the trunk is being made")
    with write_lock(world.database):
        time.sleep(7)

    assert waiting().status_code == 201
    assert_exactly(world, ALL_KINDS)
    assert len(world.sandbox.calls("create_trunk")) == 1


# Moved


def _contents(folder, name):
    return {p.name: p.read_bytes() for p in folder.glob(name + "*") if "lock" not in p.name}


@pytest.mark.parametrize("instead", [None, b"", b"somebody's diary\n" * 500])
def test_a_database_that_was_moved_is_noticed_and_not_written_to(world, numbers, instead):
    one, two = numbers(2)
    created = world.api.created(one)
    moved = world.folder / "moved.db"
    world.database.rename(moved)
    before = _contents(world.folder, "moved.db")
    if instead is not None:
        world.database.write_bytes(instead)
    world.sandbox.forget_calls()
    with contextlib.suppress(OSError):
        world.api.create(two)

    _ends(world, SOFTWARE)
    assert world.sandbox.calls() == []
    assert _contents(world.folder, "moved.db") == before
    assert instead is None or world.database.read_bytes() == instead
    moved.rename(world.database)
    world.start()
    assert world.api.get(one).json() == created
    world.api.created(two)
    assert_exactly(world, ALL_KINDS * 2)


# Damaged


def _spoil(path, where, data):
    with open(path, "r+b") as file:
        file.seek(where)
        file.write(data)


def _garbage(path):
    path.write_bytes(os.urandom(20000))


def _cut_in_half(path):
    os.truncate(path, path.stat().st_size // 2)


def _cut_to_the_header(path):
    os.truncate(path, 100)


def _cut_within_the_header(path):
    os.truncate(path, 50)


def _wrong_first_page(path):
    _spoil(path, 100, b"\xff" * 3000)


DAMAGE = [_garbage, _cut_in_half, _cut_to_the_header, _cut_within_the_header, _wrong_first_page]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda f: f.__name__.strip("_"))
def test_a_damaged_database_is_refused_at_start_and_left_as_it_is(world, number, damage):
    created = world.api.created(number)
    world.stop()
    sound = world.database.read_bytes()
    damage(world.database)
    before = world.database.read_bytes()
    done = run([SERVICE, "serve"], world.environment())

    assert done.returncode in (SOFTWARE, CONFIG), done.stderr.decode()
    assert b"damaged" in done.stderr or b"no database" in done.stderr
    assert b"listening" not in done.stdout
    assert world.database.read_bytes() == before
    world.database.write_bytes(sound)
    world.start()
    assert world.api.get(number).json() == created


def test_a_database_that_is_cut_under_the_service_ends_it_and_is_not_written_to(world, number):
    """What readers map of it is then no longer there: a signal, not the error of a call."""
    created = world.api.created(number)
    world.restart()  # so that the number is in the file, and not in its log
    eventually(lambda: world.service.log().count(b'"database_sound"') == 2, "the check is over")
    assert world.api.get(number).json() == created
    sound = world.database.read_bytes()
    os.truncate(world.database, PAGE)
    cut = world.database.read_bytes()
    with pytest.raises(OSError):
        world.api.get(number)

    _ends(world, SOFTWARE)
    last = json.loads(world.service.log().splitlines()[-1])
    assert (last["level"], last["event"]) == ("error", "mapped_file_unreadable")
    assert world.database.read_bytes() == cut
    world.database.write_bytes(sound)
    world.start()
    assert world.api.get(number).json() == created


def _remove(path):
    path.unlink()


def _empty(path):
    os.truncate(path, 0)


@pytest.mark.parametrize("lose", [_remove, _empty], ids=lambda f: f.__name__.strip("_"))
def test_the_log_of_a_lost_database_is_not_thrown_away(world, number, lose):
    """It may hold all there is: a database made anew would take it for its own."""
    created = world.api.created(number)
    world.crash()
    kept = {p: p.read_bytes() for p in world.folder.glob("trunkline.db*")}
    lose(world.database)
    done = run([SERVICE, "serve"], world.environment())

    assert done.returncode == CONFIG, done.stderr.decode()
    assert b"-wal" in done.stderr
    log = world.folder / "trunkline.db-wal"
    assert log.read_bytes() == kept[log]
    assert not world.database.exists() or not world.database.stat().st_size
    for path, data in kept.items():
        path.write_bytes(data)
    world.start()
    assert world.api.get(number).json() == created


def test_damage_further_in_is_found_soon_after_the_start(world, numbers):
    for number in numbers(8):
        world.api.created(number)
    world.stop()
    sound = world.database.read_bytes()
    page = 8192
    _spoil(world.database, len(sound) // page // 2 * page, b"\xa5" * page)
    world.unclean = True
    try:
        world.start()
        eventually(lambda: not _ready(world), "the damage is found")
        world.crash()
    except AssertionError:
        assert world.service.popen.returncode in (SOFTWARE, CONFIG)
    world.database.write_bytes(sound)
    for rest in ("-wal", "-shm"):
        (world.folder / f"trunkline.db{rest}").unlink(missing_ok=True)
    world.start()
    eventually(lambda: b"database_sound" in world.service.log(), "it is sound again")


# Failing


def test_a_commit_that_fails_with_an_io_error_ends_the_process(bad, number):
    """Whether it is on disk nobody knows: what the next start finds, holds."""
    with bad.disk.failing("eio"):
        with pytest.raises(OSError):
            bad.api.create(number)
        _ends(bad, SOFTWARE)
        assert bad.sandbox.writes() == []
    bad.start()
    bad.api.all_ended()

    there = bad.api.get(number).status_code == 200
    assert_exactly(bad, ALL_KINDS if there else [])


@pytest.mark.parametrize("call", ["list_incoming_numbers", "create_trunk", "import_number", "create_trunk_phone_number"])
def test_nor_is_anything_lost_if_it_does_in_mid_create(bad, number, call):
    bad.sandbox.fail(call, delay_after_ms=300)
    operation = bad.api.create(number, ASYNC).json()
    eventually(lambda: bad.sandbox.calls(call), f"{call} is under way")
    with bad.disk.failing("eio"):
        _ends(bad, SOFTWARE)
    bad.sandbox.heal()
    bad.start()

    assert bad.api.ended(operation["id"])["state"] == "succeeded"
    assert_exactly(bad, ALL_KINDS)


@pytest.mark.parametrize("call", ["delete_number", "delete_trunk", "delete_credential_list"])
def test_nor_in_mid_delete(bad, number, call):
    bad.api.created(number)
    bad.sandbox.fail(call, delay_after_ms=300)
    operation = bad.api.delete(number, ASYNC).json()
    eventually(lambda: bad.sandbox.calls(call), f"{call} is under way")
    with bad.disk.failing("eio"):
        _ends(bad, SOFTWARE)
    bad.sandbox.heal()
    bad.start()

    assert bad.api.ended(operation["id"])["state"] == "succeeded"
    assert_nothing_left(bad)


def test_an_answer_that_was_given_is_there_after_it(bad, numbers):
    one, two = numbers(2)
    created = bad.api.created(one)
    with bad.disk.failing("eio"):
        with contextlib.suppress(OSError):
            bad.api.create(two)
        _ends(bad, SOFTWARE)
    bad.start()

    assert bad.api.get(one).json() == created


def test_nor_if_it_happens_again_and_again_under_load(bad, numbers):
    operations = []
    for batch in range(4):
        operations += _ask_for_all(bad, numbers(8))
        time.sleep(0.01 * batch)
        with bad.disk.failing("eio"):
            with contextlib.suppress(OSError):  # if all was over, this one meets it
                bad.api.create(numbers(1)[0])
            _ends(bad, SOFTWARE)
        bad.start()

    assert {bad.api.ended(o)["state"] for o in operations} == {"succeeded"}
    bad.api.all_ended()
    assert_exactly(bad, ALL_KINDS * len(bad.api.numbers()))


def test_the_log_tells_why_it_ended(bad, number):
    with bad.disk.failing("eio"):
        with pytest.raises(OSError):
            bad.api.create(number)
        _ends(bad, SOFTWARE)

    assert b'"store_commit_unknown"' in bad.service.log()
    bad.start()
    bad.api.all_ended()
