# SPDX-License-Identifier: MIT
"""A world: one sandbox and one service in a fresh folder, and what must hold at its end."""

import json

from support import facts, packed, secrets
from support.client import Client
from support.process import SERVICE, Process
from support.sandbox import Sandbox

NUMBERS = 250  # owned by the account, from +14155550100 upward

SETTLE_MS = 40  # between two looks for what may be there

ANNOUNCES = (
    r"trunkline listening on (http://127\.0\.0\.1:\d+) \(admin (http://127\.0\.0\.1:\d+)\)"
)


class World:
    """`api` talks to the service, `sandbox` tells what the providers saw."""

    command = [SERVICE, "serve"]  # tests put what changes its surroundings before it

    def __init__(self, folder, sandbox=None, **settings):
        self.folder = folder
        self.settings = settings
        self.database = folder / "trunkline.db"
        self.log_path = folder / "trunkline.log"
        self.sandbox = Sandbox(folder, **{"numbers": NUMBERS, **(sandbox or {})})
        self.before = self.sandbox.foreign()
        self.service = None
        self.unclean = False  # a test that leaves faults or a mess says so
        try:
            self.start()
        except BaseException:
            self.sandbox.process.kill()
            raise

    # The service

    def environment(self, **settings):
        """What the service is told: everything at the sandbox, everything fast."""
        values = {
            "TRUNKLINE_LISTEN": "127.0.0.1:0",
            "TRUNKLINE_ADMIN_LISTEN": "127.0.0.1:0",
            "TRUNKLINE_DATABASE_URL": f"sqlite:{self.database}",
            "TRUNKLINE_API_KEY": secrets.API_KEY,
            "TRUNKLINE_MASTER_KEY": secrets.MASTER_KEY,
            "TRUNKLINE_SETTLE_MS": SETTLE_MS,
            "TRUNKLINE_SHUTDOWN_GRACE_S": "1",
            "TWILIO_ACCOUNT_SID": facts.ACCOUNT,
            "TWILIO_AUTH_TOKEN": facts.AUTH_TOKEN,
            "RETELL_API_KEY": facts.RETELL_KEY,
            "TWILIO_API_BASE_URL": self.sandbox.url,
            "TWILIO_TRUNKING_BASE_URL": self.sandbox.url,
            "TWILIO_VOICE_BASE_URL": self.sandbox.url,
            "RETELL_BASE_URL": self.sandbox.url,
            **self.settings,
            **settings,
        }
        return {name: str(value) for name, value in values.items() if value is not None}

    def start(self):
        self.service = Process(self.command, self.environment(), self.log_path, ANNOUNCES)
        self.api = Client(self.service.announced[1])
        self.admin = Client(self.service.announced[2], key=None, admin=True)

    def crash(self):
        self.service.kill()
        self._drop_torn_line()

    def _drop_torn_line(self):
        """kill -9 may cut the last line of the log in two, at a page's end."""
        whole = self.log_path.read_bytes().rpartition(b"\n")
        with open(self.log_path, "r+b") as log:
            log.truncate(len(whole[0]) + len(whole[1]))

    def stop(self):
        """SIGTERM must end the service in time and without complaint."""
        code = self.service.stop()
        assert code == 0, f"SIGTERM: exit code {code}\n{self.service.tail()}"

    def restart(self):
        self.stop()
        self.start()

    # The end

    def close(self):
        """Stops both processes; then nothing may be orphaned, touched or leaked."""
        try:
            if self.service.alive() and not self.unclean:
                self.sandbox.heal()
                self.check_no_orphans()
                self.check_foreign_untouched()
            fingerprints = self.sandbox.password_fingerprints()
            if self.service.popen.returncode is None:
                self.stop()
            self.check_log()
            self.check_secrets(fingerprints)
            self.service.check_sanitizer()
        finally:
            self.service.kill()
            self.sandbox.close()

    def check_no_orphans(self):
        """What exists at the providers is what the numbers list, and nothing else."""
        self.api.all_ended()
        listed = sorted(
            (r["kind"], r["id"])
            for number in self.api.numbers()
            for r in number["resources"]
            if r["state"] == "present" or number["status"] == "corrupted"
        )
        exists = sorted((r["kind"], r["id"]) for r in self.sandbox.ours())
        assert exists == listed, f"exists: {exists}\nlisted: {listed}"

    def check_foreign_untouched(self):
        assert self.sandbox.foreign() == self.before, "a foreign resource was touched"

    def check_log(self):
        """Every line is a JSON object with a time, a level and an event."""
        for line in self.service.log().splitlines():
            entry = json.loads(line)
            assert {"at", "level", "event"} <= entry.keys(), line

    def check_secrets(self, fingerprints):
        """No canary on disk in clear: log, database, write-ahead log."""
        files = [p for p in self.folder.iterdir() if p.name.startswith("trunkline.")]
        assert self.log_path in files and self.database in files
        for file in files:
            data = file.read_bytes()
            assert not secrets.seen_in(data), f"{secrets.seen_in(data)} in {file.name}"
            leaked = secrets.generated_seen_in(data, fingerprints)
            assert not leaked, f"generated SIP passwords {leaked} in {file.name}"
        data = packed.texts(self.database, self.folder / "packed")
        assert not secrets.seen_in(data), f"{secrets.seen_in(data)} in what is packed"
        leaked = secrets.generated_seen_in(data, fingerprints)
        assert not leaked, f"generated SIP passwords {leaked} in what is packed"


# Oracles


def ledger_ours(world):
    """The kinds of what the service has made and not removed, sorted."""
    return sorted(r["kind"] for r in world.sandbox.ours())


def assert_exactly(world, kinds):
    """There stands what is named, each as often as named, and nothing else of ours."""
    assert ledger_ours(world) == sorted(kinds)


def assert_nothing_left(world):
    assert_exactly(world, [])
    assert world.api.numbers() == []


def kinds_of(resources):
    """The kinds in one part of a receipt, sorted."""
    return sorted(r["kind"] for r in resources)
