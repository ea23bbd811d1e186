# SPDX-License-Identifier: MIT
"""Sealed values opened once more, with libsodium and what include/base/seal.h promises.

A second reader beside the service's own: it tells under which key each value of a
database lies, and fails on one that none of the keys opens in its place.
"""

import base64
import ctypes
import hashlib

from support import copies

_SODIUM = ctypes.CDLL("libsodium.so.23")
_HEAD = 1 + 4 + 24
_ID, _SEAL = 0, 1  # the numbers of the subkeys

# Every column with sealed values: table, key, column, what stands before the key.
COLUMNS = [
    ("numbers", "id", "secrets", "numbers"),
    ("operations", "id", "secrets", "operations"),
    ("sweep_accounts", "account_sid", "secret", "accounts"),
]
FACTS = ("canary", "hash_key", "next_key")


def _subkey(master, number, size=32):
    """libsodium's crypto_kdf_derive_from_key, context "trunklin"."""
    return hashlib.blake2b(
        digest_size=size,
        key=base64.b64decode(master),
        salt=number.to_bytes(8, "little"),
        person=b"trunklin",
    ).digest()


def key_id(master):
    return _subkey(master, _ID, 16)[:4]


def unseal(master, place, sealed):
    """The clear text; None if this key does not open it there."""
    clear = ctypes.create_string_buffer(len(sealed))
    size = ctypes.c_ulonglong()
    rest = sealed[_HEAD:]
    failed = _SODIUM.crypto_aead_xchacha20poly1305_ietf_decrypt(
        clear, ctypes.byref(size), None, rest, ctypes.c_ulonglong(len(rest)), place.encode(),
        ctypes.c_ulonglong(len(place)), sealed[5:_HEAD], _subkey(master, _SEAL),
    )  # fmt: skip
    return None if failed else clear.raw[: size.value]


def values(database, folder):
    """{place: sealed value} as a start would find them: of a copy, log folded in."""
    found = {}
    with copies.opened(database, folder) as db:
        for table, key, column, place in COLUMNS:
            rows = db.execute(f"SELECT {key}, {column} FROM {table} WHERE length({column}) > 0")
            found.update({f"{place}/{k}": bytes(v) for k, v in rows})
        for name, text in db.execute("SELECT name, value FROM meta"):
            if name in FACTS and text:
                found[f"meta/{name}"] = base64.b64decode(text)
    return found


def under(sealed, keys):
    """{place: the key of these that opens it}; fails if none does."""
    found = {}
    for place, value in sealed.items():
        (key,) = [k for k in keys if key_id(k) == value[1:5]] or [None]
        assert key and unseal(key, place, value) is not None, f"{place} does not open"
        found[place] = key
    return found
