# SPDX-License-Identifier: MIT
"""Sweeps, and what they find: effects that land after the operation has ended."""

import contextlib
import sqlite3

import requests

from support import facts
from support.waiting import eventually

SWEEPS = "/v1/sweeps"

# The answer is lost at once; the effect comes when everybody has stopped asking.
LATE_MS = 400


def sweep(world, **query):
    """A sweep by order of an admin, when none is running; its report."""
    (answer,) = eventually(lambda: _unless_busy(world.api, query), "the last sweep ends", 60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _unless_busy(api, query):
    answer = ask_for_sweep(api, **query)
    return None if answer.status_code == 409 else [answer]


def ask_for_sweep(api, **query):
    words = "&".join(f"{name}={str(value).lower()}" for name, value in query.items())
    return api.request("POST", SWEEPS + (f"?{words}" if words else ""))


def told(report):
    """What was found and what became of it: (kind, fate), sorted."""
    return sorted((o["kind"], o["fate"]) for o in report["found"])


def lands_late(world, call, ms=LATE_MS, **which):
    """The call's answer is lost now, and its effect comes later."""
    world.sandbox.fail(call, land_late_ms=ms, **which)


def has_landed(world, call):
    return any(c["effect"] in ("landed", "refused") for c in world.sandbox.calls(call))


def await_landing(world, call):
    eventually(lambda: has_landed(world, call), f"{call} takes its late effect")


def make_at_twilio(world, path, account=facts.ACCOUNT, token=facts.AUTH_TOKEN, **parameters):
    """Somebody makes something at Twilio himself; its SID."""
    url, login = world.sandbox.url + path, (account, token)
    answer = requests.post(url, data=parameters, auth=login, timeout=20)
    assert answer.status_code == 201, answer.text
    return answer.json()["sid"]


def make_list(world, name, account=facts.ACCOUNT, token=facts.AUTH_TOKEN):
    """A credential list of this name."""
    path = f"/2010-04-01/Accounts/{account}/SIP/CredentialLists.json"
    return make_at_twilio(world, path, account, token, FriendlyName=name)


def make_trunk(world, name, domain, account=facts.ACCOUNT, token=facts.AUTH_TOKEN):
    return make_at_twilio(world, "/v1/Trunks", account, token, FriendlyName=name, DomainName=domain)


def import_to_retell(world, number, domain):
    body = {"phone_number": number, "termination_uri": domain}
    answer = _at_retell(world, "POST", "/import-phone-number", json=body)
    assert answer.status_code == 201, answer.text


def remove_at_retell(world, number):
    answer = _at_retell(world, "DELETE", f"/delete-phone-number/{number}")
    assert answer.status_code == 204, answer.text


def _at_retell(world, method, path, **kwargs):
    key = {"Authorization": f"Bearer {facts.RETELL_KEY}"}
    return requests.request(method, world.sandbox.url + path, headers=key, timeout=20, **kwargs)


def query(world, sql):
    """What the database answers, read beside the service."""
    uri = f"file:{world.database}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
        return database.execute(sql).fetchall()


def instance(world):
    """The mark's first half: which installation this is."""
    return query(world, "SELECT value FROM meta WHERE name = 'instance'")[0][0]


def client_account():
    """What a request brings that wants its trunk in an account of its own."""
    return {"twilio_account_sid": facts.ACCOUNT_2, "twilio_auth_token": facts.AUTH_TOKEN_2}
