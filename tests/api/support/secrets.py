# SPDX-License-Identifier: MIT
"""Canaries: values that may leave the process only towards the provider they belong to.

Given secrets are looked for as bytes (also in Base64, as Basic authentication
writes them). Passwords the service made itself are unknown here, but the
sandbox tells the first 12 hex digits of their SHA-256: every run of 24 letters
and digits is hashed and compared.
"""

import base64
import hashlib
import re

from support import facts

API_KEY = "canary-admin-key-Xk29fQm4"
MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
SIP_PASSWORD = "Canary0Sip1Password2"

SECRETS = [
    facts.AUTH_TOKEN,
    facts.AUTH_TOKEN_2,
    facts.API_SECRET,
    facts.RETELL_KEY,
    API_KEY,
    MASTER_KEY,
    SIP_PASSWORD,
]

_BASIC = [
    base64.b64encode(f"{user}:{secret}".encode()).decode().rstrip("=")
    for user, secret in (
        (facts.ACCOUNT, facts.AUTH_TOKEN),
        (facts.ACCOUNT_2, facts.AUTH_TOKEN_2),
        (facts.API_KEY_SID, facts.API_SECRET),
    )
]
_FORBIDDEN = [s.encode() for s in SECRETS + _BASIC]
_RUN = re.compile(rb"[A-Za-z0-9]{24,}")


def watch(secret):
    """One more canary: an API key that was made, and shown once."""
    _FORBIDDEN.append(secret.encode())


def seen_in(data):
    """The canaries that data (bytes) holds in clear."""
    return [s.decode() for s in _FORBIDDEN if s in data]


def generated_seen_in(data, fingerprints):
    """Those of the fingerprints (password_sha256) whose password is in data."""
    found = set()
    for run in _RUN.findall(data) if fingerprints else ():
        for start in range(len(run) - 23):
            digest = hashlib.sha256(run[start : start + 24]).hexdigest()[:12]
            if digest in fingerprints:
                found.add(digest)
    return sorted(found)
