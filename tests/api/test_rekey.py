# SPDX-License-Identifier: MIT
"""Another master key: whenever it is cut off, every secret opens and the next run ends it."""

import base64
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess

import pytest

from support import facts, sealing, secrets
from support.client import at_once
from support.keys import make_key
from support.process import SANITIZER, SERVICE, run
from support.secrets import MASTER_KEY
from support.world import assert_nothing_left

NEW_KEY = base64.b64encode(bytes(range(100, 132))).decode()
secrets.watch(NEW_KEY)
OWN_ACCOUNT = {"twilio_account_sid": facts.ACCOUNT_2, "twilio_auth_token": facts.AUTH_TOKEN_2}
CONFIG, TEMPORARY, SOFTWARE = 78, 75, 70  # sysexits.h
BATCH = 20  # secrets in one commit


def _rekey(world, **settings):
    return run([SERVICE, "rekey"], world.environment(**settings))


def _to_new(world, **settings):
    done = _rekey(world, TRUNKLINE_NEW_MASTER_KEY=NEW_KEY, **settings)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def _under(world, *keys):
    """The key under which each sealed value lies; all of them open."""
    return sealing.under(sealing.values(world.database, world.folder / "look"), keys)


def _fill(world, numbers, count):
    """So many numbers with secrets, one of them in an account of its own."""
    at_once([lambda n=n: world.api.created(n) for n in numbers(count - 1)])
    world.api.created(facts.OF_ACCOUNT_2, **OWN_ACCOUNT)


# The whole way


def test_everything_is_sealed_anew_and_works(world, numbers):
    _fill(world, numbers, BATCH + 5)
    world.stop()
    before = _under(world, MASTER_KEY)
    said = _to_new(world)
    after = _under(world, NEW_KEY)

    assert set(after) == set(before) and len(after) >= BATCH + 5
    assert f"anew: {len(after) - 2}\n" in said  # canary and hash key are not counted
    world.settings["TRUNKLINE_MASTER_KEY"] = NEW_KEY
    world.start()
    world.api.deleted(facts.OF_ACCOUNT_2)  # needs its token
    for number in world.api.numbers():
        world.api.deleted(number["id"])
    assert_nothing_left(world)


def test_keys_replays_and_cursors_stay_good(world, numbers):
    key = make_key(world, "write")[1]
    secrets.watch(key)
    one, two = numbers(2)
    client = world.api.with_key(key)
    first = client.create(one, {"Idempotency-Key": "once"})
    client.created(two)
    cursor = world.api.list(limit=1).json()["next_cursor"]
    world.stop()
    _to_new(world)
    world.settings["TRUNKLINE_MASTER_KEY"] = NEW_KEY
    world.start()
    client = world.api.with_key(key)
    again = client.create(one, {"Idempotency-Key": "once"})

    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
    assert client.create(two, {"Idempotency-Key": "once"}).json()["code"] == "idempotency-key-reused"
    assert client.list(limit=1, cursor=cursor).json()["items"][0]["phone_number"] == one


def test_until_the_setting_is_moved_both_may_be_given(world, number):
    world.api.created(number)
    world.stop()
    _to_new(world)
    world.settings["TRUNKLINE_NEW_MASTER_KEY"] = NEW_KEY
    world.start()
    world.api.deleted(number)

    assert b"master_key_changed" in world.service.log()
    world.stop()
    assert "already" in _rekey(world).stdout.decode()
    del world.settings["TRUNKLINE_NEW_MASTER_KEY"]
    done = run([SERVICE, "serve"], world.environment())
    assert done.returncode == CONFIG  # the former key alone opens nothing
    world.settings["TRUNKLINE_MASTER_KEY"] = NEW_KEY
    world.start()


def test_a_key_file_gives_way_to_another(make_world, number):
    world = make_world(TRUNKLINE_MASTER_KEY=None)
    world.api.created(number)
    world.stop()
    former = _key_files(world)
    done = _rekey(world)
    now = _key_files(world)

    assert done.returncode == 0, done.stderr.decode()
    assert set(former) == {"trunkline.db.key"} and len(now) == 2
    assert now["trunkline.db.key"] != former["trunkline.db.key"]
    kept = "trunkline.db.key." + sealing.key_id(former["trunkline.db.key"]).hex()
    assert now[kept] == former["trunkline.db.key"] and kept.rsplit(".", 1)[1] in done.stdout.decode()
    assert set(_under(world, now["trunkline.db.key"]).values()) == {now["trunkline.db.key"]}
    world.start()
    world.api.deleted(number)


def _key_files(world):
    """name -> key of every key file; each is for its owner only."""
    files = list(world.folder.glob("trunkline.db.key*"))
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    return {file.name: file.read_text().strip() for file in files}


def test_from_a_key_file_to_a_setting(make_world, number):
    world = make_world(TRUNKLINE_MASTER_KEY=None)
    world.api.created(number)
    world.stop()
    _to_new(world)
    world.settings["TRUNKLINE_MASTER_KEY"] = NEW_KEY
    world.start()
    world.api.deleted(number)


# What is refused


def test_not_while_the_service_runs(world):
    done = _rekey(world, TRUNKLINE_NEW_MASTER_KEY=NEW_KEY)

    assert done.returncode == TEMPORARY
    assert world.api.list().status_code == 200


@pytest.mark.parametrize(
    "settings, named",
    [
        ({}, "TRUNKLINE_NEW_MASTER_KEY"),
        ({"TRUNKLINE_NEW_MASTER_KEY": "b@d-canary-key"}, "TRUNKLINE_NEW_MASTER_KEY"),
        (
            {"TRUNKLINE_MASTER_KEY": "A" * 43 + "=", "TRUNKLINE_NEW_MASTER_KEY": NEW_KEY},
            "TRUNKLINE_MASTER_KEY",
        ),
        ({"TRUNKLINE_DATABASE_URL": "sqlite:/nonexistent/x.db"}, "/nonexistent/x.db"),
    ],
)
def test_a_bad_key_changes_nothing(world, number, settings, named):
    world.api.created(number)
    world.stop()
    before = sealing.values(world.database, world.folder / "look")
    done = _rekey(world, **settings)

    assert done.returncode == CONFIG
    assert named in done.stderr.decode() and "b@d" not in done.stderr.decode()
    assert sealing.values(world.database, world.folder / "look") == before


def test_a_damaged_secret_is_named_and_the_change_goes_on_once_it_is_mended(world, number):
    created = world.api.created(number)
    world.stop()
    row = ("UPDATE numbers SET secrets = ? WHERE id = ?", created["id"])
    good = sealing.values(world.database, world.folder / "look")[f"numbers/{created['id']}"]
    _write(world, row, good[:-1] + bytes([good[-1] ^ 1]))
    done = _rekey(world, TRUNKLINE_NEW_MASTER_KEY=NEW_KEY)

    assert done.returncode == SOFTWARE
    assert f"numbers/{created['id']}" in done.stderr.decode()
    _write(world, row, good)
    _to_new(world)
    world.settings["TRUNKLINE_MASTER_KEY"] = NEW_KEY
    world.start()
    world.api.deleted(number)


def _write(world, row, value):
    with contextlib.closing(sqlite3.connect(world.database)) as database, database:
        database.execute(row[0], (value, row[1]))


def test_the_same_key_is_no_other(world):
    world.stop()
    done = _rekey(world, TRUNKLINE_NEW_MASTER_KEY=MASTER_KEY)

    assert done.returncode == 0 and b"already" in done.stdout


# Cut off anywhere


@pytest.fixture(scope="module")
def cut(tmp_path_factory):
    """Runs `rekey` and cuts it off before its n-th change of a file."""
    if SANITIZER:
        pytest.skip("a library loaded first does not go with a sanitizer")
    folder = tmp_path_factory.mktemp("cut")
    library = folder / "cut.so"
    source = os.path.join(os.path.dirname(sealing.__file__), "cut.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)

    def rekey(world, at, **settings):
        env = {**world.environment(**settings), "LD_PRELOAD": library, "CUT_AT": at}
        done = run([SERVICE, "rekey"], {k: str(v) for k, v in env.items()})
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
        return done.returncode != 0

    return rekey


class Pristine:
    """The folder of a stopped service as it was; again and again."""

    def __init__(self, world):
        world.stop()
        self.files = {p: p.read_bytes() for p in world.folder.glob("trunkline.db*")}
        self.folder = world.folder

    def restore(self):
        for file in self.folder.glob("trunkline.db*"):
            file.unlink()
        for path, data in self.files.items():
            path.touch(0o600)
            path.write_bytes(data)


def test_cut_off_anywhere_every_secret_opens_and_the_next_run_ends_it(world, numbers, cut):
    _fill(world, numbers, BATCH + 3)
    pristine = Pristine(world)
    both = {"TRUNKLINE_NEW_MASTER_KEY": NEW_KEY}
    mixed = cuts = 0
    while cut(world, cuts + 1, **both):
        cuts += 1
        halfway = _under(world, MASTER_KEY, NEW_KEY)
        mixed += len({k for p, k in halfway.items() if not p.startswith("meta/")}) == 2
        in_force = {halfway["meta/canary"], halfway["meta/hash_key"]}
        assert len(in_force) == 1
        if in_force == {NEW_KEY}:
            assert set(halfway.values()) == {NEW_KEY}
        _to_new(world)
        assert set(_under(world, NEW_KEY).values()) == {NEW_KEY}
        pristine.restore()
    assert cuts > 10 and mixed > 0, (cuts, mixed)
    world.settings["TRUNKLINE_MASTER_KEY"] = NEW_KEY
    world.start()


def _halfway(world, cut):
    """Cut off between two commits; how many calls that took."""
    pristine = Pristine(world)
    for at in range(1, 200):
        assert cut(world, at, TRUNKLINE_NEW_MASTER_KEY=NEW_KEY)
        seen = {k for p, k in _under(world, MASTER_KEY, NEW_KEY).items() if "meta" not in p}
        if len(seen) == 2:
            return
        pristine.restore()


def test_halfway_the_service_runs_with_both_keys_and_not_with_one(world, numbers, cut):
    _fill(world, numbers, BATCH + 3)
    _halfway(world, cut)
    alone = [{}, {"TRUNKLINE_MASTER_KEY": NEW_KEY}]
    assert [run([SERVICE, "serve"], world.environment(**s)).returncode for s in alone] == [CONFIG] * 2
    world.settings["TRUNKLINE_NEW_MASTER_KEY"] = NEW_KEY
    world.start()
    (more,) = numbers(1)
    world.api.created(more)
    for number in world.api.numbers()[:10]:
        world.api.deleted(number["id"])
    world.stop()
    found = _under(world, MASTER_KEY, NEW_KEY)

    assert set(found.values()) == {MASTER_KEY, NEW_KEY}  # `serve` moves nothing itself
    assert "after an earlier run" in _to_new(world)
    assert set(_under(world, NEW_KEY).values()) == {NEW_KEY}
    world.start()
    for number in world.api.numbers():
        world.api.deleted(number["id"])


def test_halfway_no_third_key_is_taken(world, numbers, cut):
    _fill(world, numbers, BATCH + 3)
    _halfway(world, cut)
    third = base64.b64encode(bytes(range(50, 82))).decode()
    done = _rekey(world, TRUNKLINE_NEW_MASTER_KEY=third)

    assert done.returncode == CONFIG
    assert set(_under(world, MASTER_KEY, NEW_KEY).values()) == {MASTER_KEY, NEW_KEY}
    _to_new(world)
    world.settings["TRUNKLINE_MASTER_KEY"] = NEW_KEY
    world.start()


@pytest.mark.parametrize("then", ["rekey", "serve"])
def test_key_files_are_in_order_after_a_cut_anywhere(make_world, number, cut, then):
    world = make_world(TRUNKLINE_MASTER_KEY=None)
    world.api.created(number)
    pristine = Pristine(world)
    cuts = 0
    while cut(world, cuts + 1):
        cuts += 1
        keys = list(dict.fromkeys(_key_files(world).values()))
        assert _under(world, *keys)
        if then == "serve":
            world.start()  # with whatever files there are
            assert world.api.get(number).status_code == 200
            world.stop()
        assert _rekey(world).returncode == 0, f"it does not go on after cut {cuts}"
        now = _key_files(world)
        assert "trunkline.db.key.new" not in now
        assert set(_under(world, now["trunkline.db.key"])) >= {"meta/canary"}
        pristine.restore()
    assert cuts > 10
    world.start()
    world.api.deleted(number)


def test_an_older_copy_of_the_database_needs_the_former_key(world, number):
    world.api.created(number)
    world.stop()
    shutil.copy(world.database, world.folder / "trunkline.db.copy")
    _to_new(world)
    shutil.move(world.folder / "trunkline.db.copy", world.database)
    done = run([SERVICE, "serve"], world.environment(TRUNKLINE_MASTER_KEY=NEW_KEY))

    assert done.returncode == CONFIG
    world.start()
    world.api.deleted(number)
