# SPDX-License-Identifier: MIT
"""What was acknowledged is read at once, whichever thread answers; who is idle holds nothing."""

import contextlib
import json
import sqlite3

import pytest

from support import secrets
from support.client import Client
from support.keys import key_command
from support.waiting import eventually

THREADS = 4
CONNECTIONS = 4 * THREADS  # so that each thread has some


@pytest.fixture
def busy(make_world):
    """A world with several threads, and clients with a connection each that were all answered."""
    world = make_world(TRUNKLINE_THREADS=THREADS)
    world.readers = [Client(world.api.url) for _ in range(CONNECTIONS)]
    for reader in world.readers:
        assert reader.list().json()["items"] == []
    return world


def test_a_number_is_there_and_gone_on_every_connection(busy, numbers):
    for number in numbers(5):
        made = busy.api.created(number)
        for reader in busy.readers:
            assert reader.get(number).json() == made
            assert reader.list(limit=1).json()["items"] == [made]
        busy.api.deleted(number)
        for reader in busy.readers:
            assert reader.get(number).status_code == 404
            assert reader.list().json()["items"] == []


def test_a_change_is_seen_on_every_connection(busy, number):
    busy.api.created(number)
    for i in range(40):
        changed = busy.api.patch(number, label=f"turn {i}")
        assert changed.status_code == 200, changed.text
        for reader in busy.readers:
            seen = reader.get(number)
            assert seen.json() == changed.json()
            assert seen.headers["ETag"] == changed.headers["ETag"]


def test_a_key_made_and_revoked_by_the_command_counts_at_once(busy):
    listen = {"TRUNKLINE_LISTEN": busy.api.url.removeprefix("http://")}
    for i in range(5):
        done = key_command(busy, "create", "--name", f"key {i}", "--scope", "read", "--json", **listen)
        assert done.returncode == 0, done.stderr.decode()
        record = json.loads(done.stdout)
        secrets.watch(record["key"])
        clients = [reader.with_key(record["key"]) for reader in busy.readers]
        assert {client.list().status_code for client in clients} == {200}
        done = key_command(busy, "revoke", record["id"], **listen)
        assert done.returncode == 0, done.stderr.decode()
        assert 200 not in {client.list().status_code for client in clients}


def test_an_idle_service_does_not_keep_the_log_from_being_reset(busy, number):
    busy.api.created(number)
    for reader in busy.readers:
        assert reader.get(number).status_code == 200
    log = busy.database.with_name("trunkline.db-wal")
    assert log.stat().st_size > 0

    with contextlib.closing(sqlite3.connect(busy.database, timeout=0)) as database:

        def reset():
            (waits, *_) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not waits

        eventually(reset, "nobody reads from the log any more")
    assert log.stat().st_size == 0
    assert busy.api.get(number).status_code == 200


def test_what_an_operator_changes_by_hand_is_seen_soon(busy, number):
    made = busy.api.created(number)
    with contextlib.closing(sqlite3.connect(busy.database)) as database, database:
        database.execute("UPDATE numbers SET version = version + 1")

    for reader in busy.readers:
        eventually(lambda: reader.get(number).json()["version"] == made["version"] + 1, "it is seen")
