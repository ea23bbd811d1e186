# SPDX-License-Identifier: MIT
"""More API keys, written into the database of a stopped service.

The keyed hash is worked out here once more, from what seal.h promises (BLAKE2b
with a subkey of the master key), so that a change of it - which would lock out
every key at the next upgrade - does not pass unseen.
"""

import base64
import contextlib
import hashlib
import secrets as random
import sqlite3
import time

from support import secrets

_HASH_SUBKEY = 2


def _subkey(number):
    """libsodium's crypto_kdf_derive_from_key, context "trunklin"."""
    return hashlib.blake2b(
        digest_size=32,
        key=base64.b64decode(secrets.MASTER_KEY),
        salt=number.to_bytes(8, "little"),
        person=b"trunklin",
    ).digest()


def _hash(key):
    subkey = _subkey(_HASH_SUBKEY)
    return hashlib.blake2b(key.encode(), digest_size=32, key=subkey, person=b"apikey").digest()


def add_key(world, scope, expires_ms=0, revoked_ms=0):
    """A fresh key of this scope; the service must not be running."""
    key = f"tl_{random.token_urlsafe(24)}"
    row = {
        "id": f"key_{random.token_hex(13)}",
        "name": f"test-{scope}",
        "scope": scope,
        "hash": _hash(key),
        "created_ms": int(time.time() * 1000),
        "expires_ms": expires_ms,
        "revoked_ms": revoked_ms,
        "last_used_ms": 0,
    }
    with contextlib.closing(sqlite3.connect(world.database)) as database, database:
        database.execute(
            f"INSERT INTO keys ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
            list(row.values()),
        )
    return key
