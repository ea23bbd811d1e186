# SPDX-License-Identifier: MIT
"""The modelled Twilio and Retell: what exists there, what was asked, what goes wrong."""

import contextlib

import requests

from support.process import SANDBOX, SLOW, Process


class Sandbox:
    """One trunkline-sandbox process."""

    def __init__(self, folder, **options):
        """options as on its command line: latency_ms=100 is --latency-ms 100."""
        arguments = [a for k, v in options.items() for a in ("--" + k.replace("_", "-"), v)]
        self.process = Process(
            [SANDBOX, "--port", "0", *arguments],
            env={},
            log_path=folder / "sandbox.log",
            announces=r"trunkline-sandbox listening on (http://127\.0\.0\.1:\d+)",
        )
        self.url = self.process.announced[1]
        self.rules = []

    def close(self):
        self.process.stop()
        self.process.check_sanitizer()

    def control(self, method, path, **kwargs):
        # A session of its own for each call: tests are threads.
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method, f"{self.url}/_sandbox/{path}", timeout=20 * SLOW, **kwargs
            )
        assert answer.ok, f"sandbox: {method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    # What exists

    def ledger(self):
        return self.control("GET", "ledger")["resources"]

    def alive(self, kind=None):
        return [r for r in self.ledger() if r["alive"] and kind in (None, r["kind"])]

    def ours(self):
        """What the service made and has not removed: owned numbers were there before."""
        alive = self.alive()
        foreign_trunks = {r["id"] for r in alive if r["kind"] == "trunk" and r["foreign"]}
        return [
            r
            for r in alive
            if not r["foreign"]
            and r["kind"] != "incoming_phone_number"
            and r["parent"] not in foreign_trunks
        ]

    def foreign(self):
        """What was there before, as it stands: nobody may touch it. A number that
        was moved away and back is on its trunk again by a new association."""
        alive = self.alive()
        trunks = {r["id"] for r in alive if r["kind"] == "trunk" and r["foreign"]}
        return sorted(
            (r["kind"], r["id"], sorted(_lasting(r).items(), key=str))
            for r in alive
            if r["foreign"] or r["parent"] in trunks
        )

    def owned_number(self, number):
        """The Twilio number itself with its routing."""
        (found,) = [r for r in self.alive("incoming_phone_number") if number in _names(r)]
        return found

    def routing(self, number):
        """Where Twilio sends the number's calls."""
        owned = self.owned_number(number)
        routing = ("trunk_sid", "voice_application_sid", "voice_url")
        return {field: owned.get(field) or None for field in routing}

    def retell_number(self, number):
        (found,) = [r for r in self.alive("retell_number") if r["id"] == number]
        return found

    def password_fingerprints(self):
        return {
            value
            for r in self.ledger()
            for key, value in r.items()
            if key.endswith("password_sha256") and value
        }

    # What was asked

    def calls(self, operation=None):
        calls = self.control("GET", "requests")["requests"]
        return [c for c in calls if operation in (None, c["operation"])]

    def operations(self):
        """The names of the calls so far, in order."""
        return [c["operation"] for c in self.calls()]

    def forget_calls(self):
        self.control("DELETE", "requests")

    def writes(self):
        return [c for c in self.calls() if c["method"] != "GET"]

    # What goes wrong

    def fail(self, operation, **what):
        """Adds a rule: the operation's first call from now on goes wrong."""
        self.rules.append({"operation": operation, **what})
        self.control("PUT", "faults", json={"rules": self.rules})

    def heal(self):
        self.rules = []
        self.control("DELETE", "faults")

    def hits(self):
        """How many calls the rules have spoiled."""
        return sum(r["hits"] for r in self.control("GET", "faults")["rules"])

    @contextlib.contextmanager
    def failing(self, operation, **what):
        self.fail(operation, **what)
        try:
            yield
        finally:
            self.heal()


def refused(status, code=None):
    """A rule's effect: the provider says no, every time."""
    answer = {"status": status, "times": 0}
    return {**answer, "code": code} if code else answer


def _lasting(resource):
    passing = ("created_ms", "deleted_ms", "foreign", "preset")
    return {k: v for k, v in resource.items() if k not in passing}


def _names(resource):
    return (resource["name"], resource.get("phone_number"))


