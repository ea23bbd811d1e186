#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""gate.py - what one request costs, in instructions and in system calls.

    gate.py [KIND...]        held against the budgets       make gate, make gate T=get
    gate.py --record         what is found is the budget    make gate-record
    gate.py --profile KIND   where the instructions go      make gate-profile T=get

KIND is get (one number), list (a page of 50), create or delete.

Times say little on a busy machine; these counts are nearly the same on any. The
service answers the same requests, one after the other on one connection, once
under callgrind (instructions in user mode, of all its threads) and once under
strace. Both begin when it has started and has looked through its database.
"""

import argparse
import bisect
import collections
import random
import re
import shutil
import subprocess
import sys
import time

import seeding
from processes import (
    BENCH,
    NUMBERS,
    WORK,
    Client,
    Sandbox,
    Service,
    alone,
    settings,
)

SIZE = "2k"
GETS, CREATES = 400, 40
FREE_NUMBER = 14155551100  # of the sandbox's, and on from there
KEYS = "/v1/api-keys"
BUDGETS = BENCH / "budgets.txt"
COUNTS = ("instructions", "syscalls")
MARGIN = {"instructions": 0.03, "syscalls": 0.03}
SLACK = {"instructions": 0, "syscalls": 0.3}  # and so much, since a get makes only a few
# How often a thread waits depends on who is faster: shown, but not held to a budget.
WAITS = {"poll", "epoll_wait", "epoll_ctl", "futex", "rt_sigtimedwait"}

# Where the C library chooses by what the CPU can do: the same on every machine.
CPU = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX,-AVX_Fast_Unaligned_Load,-BMI2,-ERMS,-FSRM,-SSE4_2"

HEAD = """\
# What one request may cost: instructions in user mode, and system calls without
# those that wait. From `make gate-record`; `make gate` allows {:.0%} more.
# A commit that raises a figure says why it is worth it.
#
# kind     instructions  syscalls
"""


class Requests:
    """One method for each kind, which makes its requests and returns how many."""

    def __init__(self, service):
        self.client = Client(service.port, seeding.api_key(), timeout=300)
        self.ids, self.pages, self.made = [], [f"{NUMBERS}?limit=50"], []
        self.await_use_noted()
        for path in self.pages:
            page = self.client.must("GET", path)
            self.ids += [item["id"] for item in page["items"]]
            if page["next_cursor"]:
                self.pages.append(f"{self.pages[0]}&cursor={page['next_cursor']}")

    def await_use_noted(self):
        """That this key is used is written once a minute, soon after the first
        request; and a commit empties the caches of pages."""
        left = 60 - time.time() % 60
        if left < 15:  # or the next minute's would fall among the requests
            time.sleep(left)
        now, end = time.strftime("%Y-%m-%dT%H:%M", time.gmtime()), time.monotonic() + 30
        while not any((key["last_used_at"] or "") >= now for key in self.client.must("GET", KEYS)["items"]):
            if time.monotonic() > end:
                sys.exit("gate: the use of the API key was never noted")
            time.sleep(0.05)

    def get(self):
        for number in random.Random(7).choices(self.ids, k=GETS):
            self.client.must("GET", f"{NUMBERS}/{number}")
        return GETS

    def list(self):
        for path in self.pages:
            self.client.must("GET", path)
        return len(self.pages)

    def create(self):
        for i in range(CREATES):
            body = {"phone_number": f"+{FREE_NUMBER + i}", "agent_id": "agent_sandbox_1"}
            self.made.append(self.client.must("POST", NUMBERS, body)["id"])
        return CREATES

    def delete(self):
        for number in self.made:
            self.client.must("DELETE", f"{NUMBERS}/{number}")
        return len(self.made)


KINDS = ("get", "list", "create", "delete")


def run(name, wrapper, kinds, mark):
    """The requests of these kinds, with mark(client) before and after each kind.
    Returns how many there were of each."""
    database = WORK / f"{name}.db"
    seeding.remove(database)
    shutil.copyfile(seeding.database(SIZE), database)
    sandbox = Sandbox("gate-sandbox", numbers=3000, max_trunks=3000)
    others = {"GLIBC_TUNABLES": CPU}
    if "TRUNKLINE_CONFINE" in settings():  # the tools need what it would give up
        others["TRUNKLINE_CONFINE"] = "off"
    service = Service(database, sandbox.url, name, wrapper=wrapper, **others)
    service.await_checked()
    requests, made = Requests(service), {}
    if "delete" in kinds and "create" not in kinds:
        requests.create()
    for kind in kinds:
        requests.list()  # so that each finds the caches alike
        mark(requests.client)
        made[kind] = getattr(requests, kind)()
        mark(requests.client)
    requests.client.close()
    if service.stop() != 0:
        service.fail("did not end well")
    sandbox.stop()
    seeding.remove(database)
    return made


# --- instructions --------------------------------------------------------------

MARK = "problems_list"  # what answers GET /problems; nothing else here asks for that


def profile_of(number):
    return WORK / f"callgrind.gate.{number}"


def instructions(kinds):
    """{kind: per request}, and {kind: path of its profile}."""
    for old in WORK.glob("callgrind.gate*"):
        old.unlink()

    def mark(client):
        """Twice: what lies between is what a mark costs."""
        client.must("GET", "/problems")
        client.must("GET", "/problems")

    # callgrind writes what it has counted, and begins anew, whenever it comes to MARK.
    made = run(
        "gate-callgrind",
        [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={WORK / 'callgrind.gate'}",
            f"--dump-before={MARK}",
        ],
        kinds,
        mark,
    )
    costs, profiles = {}, {}
    for i, kind in enumerate(kinds):
        profiles[kind] = profile_of(4 * i + 3)
        of_marks = total_of(profile_of(4 * i + 2))
        costs[kind] = (total_of(profiles[kind]) - of_marks) / made[kind]
    return costs, profiles


def total_of(path):
    if not path.exists():
        sys.exit(f"gate: callgrind wrote no {path.name}: is {MARK} still what answers GET /problems?")
    return int(re.search(r"^totals: (\d+)", path.read_text(), re.M)[1])


# --- system calls --------------------------------------------------------------


def lines_of(log):
    """The log of strace, which may still be writing it."""
    end = time.monotonic() + 10
    while not re.search(r"\+\+\+ exited with 0 \+\+\+\n\Z", text := log.read_text(errors="replace")):
        if time.monotonic() > end:
            sys.exit(f"gate: {log} has no end; can strace trace processes here?")
        time.sleep(0.02)
    return text.splitlines()


def system_calls(kinds):
    """{kind: Counter of calls by name, per request}."""
    log, marks = WORK / "gate.strace", []

    def mark(client):
        """A moment in which nothing happens."""
        time.sleep(0.1)
        marks.append(time.time())
        time.sleep(0.1)

    # -D: the service is our child, and strace, which minds no SIGTERM, its descendant.
    made = run("gate-strace", ["strace", "-D", "-f", "-ttt", "-s", "0", "-o", log], kinds, mark)
    counts = {kind: collections.Counter() for kind in kinds}
    for line in lines_of(log):
        begun = re.match(r"\d+ +(\d+\.\d+) (\w+)\(", line)
        passed = bisect.bisect(marks, float(begun[1])) if begun else 0
        if passed % 2:  # after the mark before a kind
            counts[kinds[passed // 2]][begun[2]] += 1
    return {k: {name: n / made[k] for name, n in c.most_common()} for k, c in counts.items()}


# --- budgets -------------------------------------------------------------------


def read_budgets():
    rows = [line.split() for line in BUDGETS.read_text().splitlines()]
    return {
        row[0]: dict(zip(COUNTS, map(float, row[1:]))) for row in rows if row and row[0] != "#"
    }


def write_budgets(found):
    rows = (f"{k:8} {c['instructions']:14.0f} {c['syscalls']:9.1f}\n" for k, c in found.items())
    BUDGETS.write_text(HEAD.format(MARGIN["instructions"]) + "".join(rows))


def judge(found, calls):
    """Prints a line for each kind; returns those that cost too much."""
    budgets, over, under = read_budgets(), [], []
    for kind, cost in found.items():
        words = []
        for count in COUNTS:
            budget = budgets[kind][count]
            more, allowed = cost[count] - budget, budget * MARGIN[count] + SLACK[count]
            words.append(f"{cost[count]:12,.1f} {count} ({more / budget:+.1%})")
            if more > allowed:
                over.append(kind)
            if more < -allowed:
                under.append(kind)
        mark = "MORE" if kind in over else "ok"
        print(f"  {mark:4} {kind:7}", *words)
        if kind in over:
            print("         ", ", ".join(f"{n:.2f} {name}" for name, n in calls[kind].items() if n > 0.01))
    if under and not over:
        print("gate: cheaper than the budget; `make gate-record` keeps the gain")
    return sorted(set(over))


ADVICE = """\
gate: {kinds} costs more than tests/bench/budgets.txt allows.
  Where it goes:             make gate-profile T={first}
  What it was before:        the same on the commit before, then compare
  If the work is worth that: make gate-record, and say in the commit why"""


def measure(kinds):
    costs, _ = instructions(kinds)
    calls = system_calls(kinds)
    found = {}
    for kind in kinds:
        made = sum(n for name, n in calls[kind].items() if name not in WAITS)
        found[kind] = {"instructions": costs[kind], "syscalls": made}
    return found, calls


def profile(kind):
    """What callgrind tells of one kind: the functions that cost most, by
    themselves and with what they call."""
    costs, profiles = instructions([kind])
    # A call that began before the first mark: callgrind_annotate takes only counted ones.
    whole = re.sub(r"^calls=0 ", "calls=1 ", profiles[kind].read_text(), flags=re.M)
    profiles[kind].write_text(whole)
    print(f"{kind}: {costs[kind]:,.0f} instructions per request\n")
    for title, inclusive in (("by themselves", "no"), ("with what they call", "yes")):
        text = subprocess.run(
            ["callgrind_annotate", "--auto=no", f"--inclusive={inclusive}", profiles[kind]],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        table = text[text.index("file:function") :].splitlines()[2:52]
        print(f"Functions, {title}:", *table, "", sep="\n")
    print(f"More: callgrind_annotate --tree=both {profiles[kind]}")


def main():
    alone()
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[[], *KINDS], metavar="KIND")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()
    kinds = args.kinds or list(KINDS)
    if args.profile:
        return profile(kinds[0])
    found, calls = measure(kinds)
    if args.record:
        write_budgets({**(read_budgets() if BUDGETS.exists() else {}), **found})
    over = judge(found, calls)
    if over:
        sys.exit(ADVICE.format(kinds=", ".join(over), first=over[0]))
    return None


if __name__ == "__main__":
    main()
