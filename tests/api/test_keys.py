# SPDX-License-Identifier: MIT
"""API keys: made, shown once, used, noted, revoked - through the API and by command."""

import contextlib
import json
import re
import sqlite3
import threading
import time

import pytest

from support import secrets
from support.client import at_once
from support.facts import NUMBERS
from support.keys import KEYS, add_key, key_command, make_key, revoke
from support.waiting import eventually
from support.world import assert_nothing_left

SHAPE = re.compile(r"tlk_[A-Za-z0-9_-]{43}")
UNKNOWN = "key_" + "0" * 26
DATA_ERROR, CONFIG, USAGE = 65, 78, 64  # sysexits.h


def _make(world, scope="read", **body):
    record, key = make_key(world, scope, **body)
    secrets.watch(key)
    return record, key


def _status(world, key, method="GET", path=NUMBERS, **more):
    return world.api.with_key(key).request(method, path, **more).status_code


# Making


def test_a_key_is_made_shown_once_and_works(shared):
    record, key = _make(shared, "write", name="billing")

    assert SHAPE.fullmatch(key)
    assert (record["name"], record["scope"], record["status"]) == ("billing", "write", "active")
    assert record["expires_at"] is record["revoked_at"] is record["last_used_at"] is None
    assert _status(shared, key) == 200
    # From now on the linter would find the key in any answer.
    shown = shared.api.request("GET", f"{KEYS}/{record['id']}").json()
    assert {**shown, "key": key, "last_used_at": None} == record
    assert record["id"] in shared.api.request("GET", KEYS).text


@pytest.mark.parametrize(
    "body, pointer",
    [
        ({"scope": "read"}, "/name"),
        ({"name": "x" * 65, "scope": "read"}, "/name"),
        ({"name": "x"}, "/scope"),
        ({"name": "x", "scope": "root"}, "/scope"),
        ({"name": "x", "scope": "read", "expires_at": "tomorrow"}, "/expires_at"),
        ({"name": "x", "scope": "read", "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"name": "x", "scope": "read", "key": "my-own-key-0123456789"}, "/key"),
        ([], ""),
    ],
)
def test_a_faulty_order_is_refused_with_every_fault(shared, body, pointer):
    answer = shared.api.request("POST", KEYS, json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert pointer in [e["pointer"] for e in answer.json()["errors"]]


def test_no_idempotency_key_is_taken_since_the_key_cannot_be_shown_again(shared):
    header = {"Idempotency-Key": "one"}
    answer = shared.api.request("POST", KEYS, header, json={"name": "x", "scope": "read"})

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-invalid")


def test_only_admins_handle_keys(shared):
    for scope in ("read", "write"):
        key = _make(shared, scope)[1]
        for method, path in (("GET", KEYS), ("POST", KEYS), ("GET", f"{KEYS}/{UNKNOWN}")):
            body = {"json": {"name": "x", "scope": "admin"}} if method == "POST" else {}
            assert _status(shared, key, method, path, **body) == 403


def test_the_list_has_pages(shared):
    made = [_make(shared, name=f"page {i}")[0]["id"] for i in range(3)]
    first = shared.api.request("GET", f"{KEYS}?limit=2").json()
    second = shared.api.request("GET", f"{KEYS}?limit=1&cursor={first['next_cursor']}").json()

    assert [i["id"] for i in first["items"] + second["items"]] == made[::-1]
    assert all("key" not in i and "hash" not in i for i in first["items"])
    cursor = first["next_cursor"]
    assert shared.api.request("GET", f"/v1/operations?cursor={cursor}").status_code == 400


@pytest.mark.parametrize("ref", [UNKNOWN, "key_nonsense", "apn_" + "0" * 26])
def test_an_unknown_key_is_not_found(shared, ref):
    assert shared.api.request("GET", f"{KEYS}/{ref}").status_code == 404
    assert revoke(shared.api, ref).status_code == 404


# Scopes


def test_a_write_key_cannot_force_and_a_read_key_cannot_create(shared, number):
    read, write = _make(shared, "read")[1], _make(shared, "write")[1]

    assert shared.api.with_key(read).create(number).status_code == 403
    shared.api.with_key(write).created(number)
    assert shared.api.with_key(write).force_delete(number).status_code == 403
    shared.api.with_key(write).deleted(number)
    assert_nothing_left(shared)


# Revoking


def test_a_revoked_key_is_refused_at_once(shared):
    record, key = _make(shared)
    assert _status(shared, key) == 200
    gone = revoke(shared.api, record["id"])

    assert (gone.status_code, gone.json()["status"]) == (200, "revoked")
    assert _status(shared, key) == 401
    again = revoke(shared.api, record["id"])
    assert again.json()["revoked_at"] == gone.json()["revoked_at"]


def test_revoking_needs_no_idempotency_key_and_minds_none(shared, number):
    header = {"Idempotency-Key": f"used-for-{number}"}
    assert shared.api.create(number, header).status_code == 201
    record = _make(shared)[0]

    assert shared.api.request("DELETE", f"{KEYS}/{record['id']}", header).status_code == 200
    shared.api.deleted(number)


def test_an_admin_key_may_revoke_itself(shared):
    record, key = _make(shared, "admin")
    assert revoke(shared.api.with_key(key), record["id"]).status_code == 200

    assert revoke(shared.api.with_key(key), record["id"]).status_code == 401


def test_no_thread_takes_a_key_once_its_revocation_was_answered(make_world):
    """Eight clients, each with connections of its own, on four threads of the service."""
    world = make_world(TRUNKLINE_THREADS=4)
    for _ in range(5):
        record, key = _make(world)
        revoked, stop, before, after = threading.Event(), threading.Event(), [], []

        def client():
            api = world.api.with_key(key)
            while not stop.is_set():
                answers = after if revoked.is_set() else before
                answers.append(api.request("GET", f"{NUMBERS}?limit=1").status_code)

        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        eventually(lambda: before.count(200) >= 80, "each thread has taken the key")
        assert revoke(world.api, record["id"]).status_code == 200
        revoked.set()
        eventually(lambda: len(after) >= 80, "each thread was asked again")
        stop.set()
        for thread in threads:
            thread.join(30)
        assert 200 not in after


def test_a_key_ends_by_itself(shared):
    ends = time.time() + 2
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ends)) + f".{int(ends * 1000) % 1000:03}Z"
    record, key = _make(shared, expires_at=at)

    assert record["expires_at"] == at
    assert _status(shared, key) == 200
    eventually(lambda: _status(shared, key) == 401, "the key has ended", 5)
    assert time.time() >= ends - 0.05
    assert shared.api.request("GET", f"{KEYS}/{record['id']}").json()["status"] == "expired"


# What is noted


def test_the_last_use_is_noted_to_the_minute_and_without_haste(shared):
    record, key = _make(shared)
    written = _written(shared)
    for _ in range(50):
        assert _status(shared, key) == 200

    def used():
        return shared.api.request("GET", f"{KEYS}/{record['id']}").json()["last_used_at"]

    at = eventually(used, "the use is noted", 12)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z", at)
    assert _written(shared) - written < 20 * 4096  # not a page for each request


def _written(world):
    return world.database.with_name("trunkline.db-wal").stat().st_size


def test_the_audit_trail_tells_who_made_and_revoked_a_key(shared):
    boss, boss_key = _make(shared, "admin", name="boss")
    answer = shared.api.with_key(boss_key).request(
        "POST", KEYS, {"X-Request-Id": "audit-1"}, json={"name": "audited", "scope": "read"}
    )
    record = answer.json()
    secrets.watch(record.pop("key"))
    revoke(shared.api, record["id"])
    with contextlib.closing(sqlite3.connect(f"file:{shared.database}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT action, principal, request_id, detail FROM events"
            " WHERE detail LIKE ? ORDER BY seq",
            (f"%{record['id']}%",),
        ).fetchall()
    what = {"key_id": record["id"], "name": "audited", "scope": "read"}

    assert [r[:2] for r in rows] == [("key.created", boss["id"]), ("key.revoked", "root")]
    assert rows[0][2] == "audit-1"
    assert [json.loads(r[3]) for r in rows] == [what, what]


def test_only_a_hash_is_on_disk(shared):
    record, key = _make(shared)
    files = list(shared.folder.iterdir())
    assert any(record["id"].encode() in file.read_bytes() for file in files)
    for file in files:
        data = file.read_bytes()
        assert key.encode() not in data and key[4:].encode() not in data, file.name


def test_keys_survive_a_restart(world):
    good, key = _make(world)
    bad, lost = _make(world)
    revoke(world.api, bad["id"])
    world.restart()

    assert (_status(world, key), _status(world, lost)) == (200, 401)


def test_a_thousand_keys_at_once(shared):
    """More than a thread keeps in mind."""
    keys = [_make(shared, name=f"crowd {i}")[1] for i in range(300)]
    for _ in range(2):
        clients = [shared.api.with_key(key) for key in keys]
        jobs = [lambda part=clients[i::6]: [c.list(limit=1).status_code for c in part] for i in range(6)]
        assert {status for part in at_once(jobs) for status in part} == {200}


# Wrong keys


def test_wrong_keys_are_throttled_and_good_ones_do_not_feel_it(world):
    key = _make(world)[1]
    wrong = [_status(world, f"tlk_{i:043}") for i in range(40)]

    assert wrong[:20] == [401] * 20
    assert wrong.count(429) >= 18 and set(wrong) == {401, 429}
    answer = world.api.with_key("tlk_" + "x" * 43).request("GET", NUMBERS)
    assert answer.status_code == 429 and answer.json()["code"] == "too-many-requests"
    assert 1 <= int(answer.headers["Retry-After"]) <= 3
    assert _status(world, key) == 200
    assert _status(world, secrets.API_KEY) == 200
    assert _status(world, None) == 401  # nothing was guessed


def test_ten_thousand_wrong_keys_harm_nobody(world):
    """Of every kind: close to a good one, of its length, of none."""
    key = _make(world)[1]
    kinds = [key[:-1], key[:-1] + "!", key.lower(), key + "x", "x" * 47, secrets.API_KEY + "x"]
    seen = set()

    def attack(part):
        for i in range(1250):
            wrong = kinds[(i + part) % len(kinds)] if i % 2 else f"tlk_{part:03}{i:040}"
            seen.add(_status(world, wrong))

    def work():
        return [_status(world, key) for _ in range(300)]

    *_, good = at_once([*(lambda p=p: attack(p) for p in range(8)), work], within=300)
    assert seen <= {401, 429}
    assert set(good) == {200}


# The command


def test_the_command_asks_a_running_service(world):
    listen = {"TRUNKLINE_LISTEN": world.api.url.removeprefix("http://")}
    done = key_command(
        world, "create", "--name", "by hand", "--scope", "write", "--expires",
        "2099-01-01T00:00:00Z", **listen,
    )  # fmt: skip
    lines = done.stdout.decode().splitlines()

    assert done.returncode == 0, done.stderr.decode()
    assert SHAPE.fullmatch(lines[-1]) and "2099-01-01T00:00:00.000Z" in done.stdout.decode()
    secrets.watch(lines[-1])
    assert _status(world, lines[-1]) == 200
    listed = json.loads(key_command(world, "list", "--json", **listen).stdout)["items"]
    assert [(k["name"], k["scope"]) for k in listed] == [("by hand", "write")]
    gone = key_command(world, "revoke", listed[0]["id"], **listen)
    assert gone.returncode == 0 and b"revoked" in gone.stdout
    assert _status(world, lines[-1]) == 401


def test_the_command_works_on_the_database_of_a_stopped_service(world):
    world.stop()
    made = key_command(world, "create", "--name", "offline", "--scope", "admin", "--json")
    record = json.loads(made.stdout)
    other = add_key(world, "read")
    listed = key_command(world, "list").stdout.decode()
    gone = key_command(world, "revoke", record["id"], "--json")
    world.start()

    assert record["id"] in listed and "offline" in listed and record["key"] not in listed
    assert json.loads(gone.stdout)["status"] == "revoked"
    secrets.watch(record["key"])
    assert (_status(world, record["key"]), _status(world, other)) == (401, 200)


def test_the_command_lists_more_than_a_page(world):
    for i in range(205):
        _make(world, name=f"number {i}")
    listen = {"TRUNKLINE_LISTEN": world.api.url.removeprefix("http://")}
    names = [k["name"] for k in json.loads(key_command(world, "list", "--json", **listen).stdout)["items"]]

    assert names == [f"number {i}" for i in reversed(range(205))]


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (["create", "--name", "x", "--scope", "root"], DATA_ERROR, b"scope"),
        (["create", "--name", "x", "--scope", "read", "--expires", "soon"], DATA_ERROR, b"expires"),
        (["revoke", UNKNOWN], DATA_ERROR, b"no such API key"),
        (["revoke", "nonsense"], DATA_ERROR, b"not the id"),
        (["create", "--name", "x"], USAGE, b"usage"),
        (["create", "--name"], USAGE, b"usage"),
        (["create", "--name", "x", "--scope", "read", "more"], USAGE, b"usage"),
        (["revoke"], USAGE, b"usage"),
        (["list", "--name", "x"], USAGE, b"usage"),
        (["dance"], USAGE, b"usage"),
        ([], USAGE, b"usage"),
    ],
)
def test_the_command_says_what_is_wrong(_module_world, running, arguments, code, said):
    world = _module_world
    if running and not world.service.alive():
        world.start()
    if not running and world.service.alive():
        world.stop()
    listen = world.api.url.removeprefix("http://") if running else "127.0.0.1:0"
    done = key_command(world, *arguments, TRUNKLINE_LISTEN=listen)
    if not world.service.alive():
        world.start()

    assert (done.returncode, done.stdout) == (code, b""), done.stderr.decode()
    assert said in done.stderr


def test_the_command_needs_the_root_key_to_ask(world):
    listen = {"TRUNKLINE_LISTEN": world.api.url.removeprefix("http://")}
    without = key_command(world, "list", TRUNKLINE_API_KEY=None, **listen)
    wrong = key_command(world, "list", TRUNKLINE_API_KEY="some-other-key-0123", **listen)

    assert (without.returncode, wrong.returncode) == (CONFIG, CONFIG)
    assert b"TRUNKLINE_API_KEY" in without.stderr
    assert b"401" in wrong.stderr and b"some-other" not in wrong.stderr


def test_the_command_makes_no_database(world, tmp_path):
    url = f"sqlite:{tmp_path}/none.db"
    done = key_command(world, "list", TRUNKLINE_DATABASE_URL=url)

    assert done.returncode == CONFIG
    assert not list(tmp_path.glob("none.db*"))
