#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""seeding.py - a database of any size, filled with what real operations leave.

    seeding.py SIZE [FILE]           `make seed ROWS=100k FILE=/tmp/x.db`

The service itself makes a sample: a few numbers of every sort at the sandbox,
some changed, deleted, failed, corrupted. build/bench/seed then copies the
sample's rows over and over, with fresh ids, into a database of SIZE numbers
("1000", "100k", "1m"), which is kept in build/bench for the next time. Only the
newest 100,000 numbers have their operations, journal and events.
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys

from processes import (
    BENCH,
    BUILD,
    MASTER_KEY,
    NUMBERS,
    REPO,
    ROOT_KEY,
    WORK,
    Client,
    Sandbox,
    Service,
    alone,
    say,
)

SEED = WORK / "seed"
EMERGENCY = 21634  # Twilio's refusal to delete a trunk: for good
ORDINARY = 13
HISTORY = 100000
SHAPING = ("migrations", "src/store", "src/steps", "src/saga")  # page size, columns, JSON

# What the sample has beside ordinary numbers. The proportions are those of
# every database made from it.
SORTS = [
    {"agent_id": "agent_sandbox_7", "supports_outbound": False},
    {"agent_id": "agent_sandbox_8", "supports_inbound": False},
    {
        "inbound_agents": [
            {"agent_id": "agent_sandbox_1", "weight": 0.5},
            {"agent_id": "agent_sandbox_9", "weight": 0.5},
        ]
    },
    {},  # no agent
    {
        "agent_id": "agent_sandbox_2",
        "twilio_account_sid": "AC" + "5a" * 16,
        "twilio_auth_token": "sandbox-auth-token",
    },
    {
        "agent_id": "agent_sandbox_3",
        "provider": "sip_trunk",
        "outbound_trunk": {
            "address": "sip.carrier.example.com",
            "username": "carrier-user",
            "password": "Carrier-Passw0rd",
        },
    },
]


def size_of(text):
    """1000 of "1000" or "1k"."""
    units = {"k": 1000, "m": 1000000}
    return int(text[:-1]) * units[text[-1]] if text[-1:] in units else int(text)


class Sampler:
    def __init__(self, service, sandbox):
        self.client, self.sandbox = Client(service.port), sandbox
        self.next = 14155550100

    def create(self, status=(201,), **fields):
        number = f"+{self.next}"
        self.next += 1
        body = {"phone_number": number, "label": f"Customer line {self.next % 10000:04}", **fields}
        return self.client.must("POST", NUMBERS, body, status)

    def delete(self, number, status=(200,)):
        self.client.must("DELETE", f"{NUMBERS}/{number['id']}", status=status)

    def all_sorts(self):
        """In an order that mixes the sorts, as they come in life."""
        for i in range(ORDINARY):
            metadata = {"customer": f"c-{i:04}", "region": "us-west"}
            number = self.create(agent_id=f"agent_sandbox_{1 + i % 9}", metadata=metadata)
            if i < len(SORTS):
                self.create(**SORTS[i])
            if i == 6:
                self.client.must("PATCH", f"{NUMBERS}/{number['id']}", {"metadata": {"tier": "gold"}})
            if i == 7:
                self.delete(self.create(agent_id="agent_sandbox_1"))
            if i == 8:
                # When the rest of its wave is done: so every sample is alike.
                self.fail(operation="import_number", status=400, delay_before_ms=200, times=0)
                self.create((502,), agent_id="agent_sandbox_4")
                self.fail(operation="delete_trunk", status=400, code=EMERGENCY, times=0)
                self.delete(self.create(agent_id="agent_sandbox_5"), (502,))
                self.sandbox.rules([])

    def fail(self, **rule):
        self.sandbox.rules([rule])


def make_sample(path):
    """The sample, and in it an API key with scope admin. Returns the key."""
    sandbox = Sandbox(numbers=100)
    service = Service(path, sandbox.url, "sampling", TRUNKLINE_UNDO_DEADLINE_S=2)
    sampler = Sampler(service, sandbox)
    sampler.all_sorts()
    key = sampler.client.must("POST", "/v1/api-keys", {"name": "bench", "scope": "admin"})["key"]
    sampler.client.close()
    if service.stop() != 0:
        service.fail("did not end well")
    sandbox.stop()
    return key


def stamp():
    """Changes with all that decides what is in these files: the schema, what lays
    out the file and its rows, and what copies them."""
    sources = (f for folder in SHAPING for f in sorted((REPO / folder).iterdir()))
    files = [*sources, BENCH / "seeding.py", BENCH / "seed.c"]
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:12]


def remove(path):
    for ending in ("", "-wal", "-shm", ".lock", ".api-key", ".pages"):
        pathlib.Path(f"{path}{ending}").unlink(missing_ok=True)


def sample():
    """The path of the sample; it is made if there is none of this version."""
    path = WORK / f"sample-{stamp()}.db"
    if not path.exists():
        for old in WORK.glob("sample-*.db"):
            remove(old)
        making = WORK / "making-sample.db"
        remove(making)
        pathlib.Path(f"{path}.api-key").write_text(make_sample(making))
        making.rename(path)
        remove(making)
    return path


def api_key():
    """The key that every seeded database knows."""
    return pathlib.Path(f"{sample()}.api-key").read_text()


def fill(path, numbers):
    shutil.copyfile(sample(), path)
    path.chmod(0o600)
    subprocess.run(
        [SEED, path, str(numbers), str(HISTORY)],
        env={"TRUNKLINE_MASTER_KEY": MASTER_KEY},
        check=True,
        timeout=900,
    )


def database(size):
    """The path of a database of this size ("1k", "1m"): to be copied, or only
    read. It is made if there is none of this version."""
    path = WORK / f"{size}-{stamp()}.db"
    if not path.exists():
        for old in WORK.glob(f"{size}-*.db"):
            remove(old)
        say(f"seeding {size} numbers")
        making = WORK / f"making-{size}.db"
        remove(making)
        fill(making, size_of(size))
        making.rename(path)
        remove(making)
    return path


def main():
    alone()
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    WORK.mkdir(parents=True, exist_ok=True)
    path = database(sys.argv[1])
    if len(sys.argv) == 3:
        shutil.copyfile(path, sys.argv[2])
        path = sys.argv[2]
    print(f"{path}  (TRUNKLINE_API_KEY {ROOT_KEY}, TRUNKLINE_MASTER_KEY {MASTER_KEY}, build {BUILD})")


if __name__ == "__main__":
    main()
