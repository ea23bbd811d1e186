# SPDX-License-Identifier: MIT
"""More API keys, made as an operator makes them: with `trunkline key`, or through the API."""

import contextlib
import sqlite3

from support import secrets
from support.process import SERVICE, run

KEYS = "/v1/api-keys"


def key_command(world, *arguments, **settings):
    """`trunkline key …` in the world's environment; the finished process."""
    return run([SERVICE, "key", *arguments], world.environment(**settings))


def add_key(world, scope, expires_ms=0, revoked_ms=0):
    """A fresh key of this scope; the service must not be running."""
    done = key_command(world, "create", "--name", f"test-{scope}", "--scope", scope)
    assert done.returncode == 0, done.stderr.decode()
    key = done.stdout.decode().splitlines()[-1]
    secrets.watch(key)
    _end(world, expires_ms, revoked_ms)
    return key


def _end(world, expires_ms, revoked_ms):
    """Gives the newest key an end that lies in the past, which no one can order."""
    with contextlib.closing(sqlite3.connect(world.database)) as database, database:
        database.execute(
            "UPDATE keys SET expires_ms = ?, revoked_ms = ?"
            " WHERE seq = (SELECT max(seq) FROM keys)",
            (expires_ms, revoked_ms),
        )


def make_key(world, scope, name="made by a test", **body):
    """A fresh key through the API: the record and the key."""
    answer = world.api.request("POST", KEYS, json={"name": name, "scope": scope, **body})
    assert answer.status_code == 201, answer.text
    record = answer.json()
    return record, record["key"]


def revoke(api, key_id):
    return api.request("DELETE", f"{KEYS}/{key_id}")
