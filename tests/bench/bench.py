#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench.py - the service against its ceilings and a rival, side by side.

    bench.py [--quick] [--rounds N] [--rows 1k,100k,1m] [SUITE...]
    make bench      make bench T=get ROWS=100k ROUNDS=5      make bench QUICK=1

Suites: get, list, sizes, connections, log, create, fsync, cap, startup. What is
found goes to build/bench/results.json and from there to RESULTS.md with its plots: in
tests/bench after a whole run of all suites, otherwise in build/bench. A run that
was interrupted is taken up with the suite it was at.
"""

import argparse
import datetime
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import time

import measure
import report
import seeding
from processes import BENCH, BUILD, REPO, WORK, alone, say, stop_all
from suites import SUITES, Plan, prepare

RESULTS = WORK / "results.json"


def run(*argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True, cwd=REPO).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def machine():
    with open("/proc/cpuinfo", encoding="ascii") as info:
        models = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    with open("/proc/meminfo", encoding="ascii") as info:
        memory = int(info.readline().split()[1])
    names = ("libmicrohttpd12", "libsqlite3-0", "libcurl4", "nodejs")
    versions = {n: run("dpkg-query", "-W", "-f", "${Version}", n) for n in names}
    return {
        "cpu": models[0] if models else platform.machine(),
        "cpus": os.cpu_count(),
        "memory_gb": round(memory / 1024 / 1024),
        "kernel": platform.release(),
        "system": run("sh", "-c", '. /etc/os-release; echo "$PRETTY_NAME"'),
        "filesystem": run("stat", "-f", "-c", "%T", str(WORK)),
        "versions": {n: v for n, v in versions.items() if v},
    }


def binary():
    return hashlib.sha256((BUILD / "trunkline").read_bytes()).hexdigest()[:16]


def plan_of(args):
    sizes = args.rows.split(",") if args.rows else ["1k", "100k"] if args.quick else ["1k", "100k", "1m"]
    sizes.sort(key=seeding.size_of)
    return Plan(
        sizes=sizes,
        rounds=args.rounds or (2 if args.quick else 5),
        seconds=1 if args.quick else 2,
        in_flight=[1, 100] if args.quick else [1, 10, 100, 1000],
        connections=[1, 64] if args.quick else [1, 8, 64, 256],
    )


def earlier(options):
    """What an interrupted run of the same program and options has found."""
    try:
        found = json.loads(RESULTS.read_text())
    except (OSError, ValueError):
        return {}
    same = found.get("binary") == binary() and found.get("options") == options
    return found["suites"] if same and not found["whole"] else {}


def save(results):
    fresh = RESULTS.with_suffix(".new")
    fresh.write_text(json.dumps(results, indent=1))
    fresh.rename(RESULTS)


def measure_all(plan, wanted, results):
    for name in wanted:
        if name in results["suites"]:
            say(f"{name}: found by the run that was interrupted")
            continue
        say(f"{name} …")
        began = time.monotonic()
        measure.noise.begin()
        rows = SUITES[name](plan)
        results["suites"][name] = {
            "rows": rows,
            "noise": measure.spread(measure.noise.seen),
            "seconds": round(time.monotonic() - began),
        }
        save(results)
        say("\n".join(report.suite(name, results["suites"][name])))


def allow_descriptors():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(65536, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main():
    alone()
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("suites", nargs="*", choices=[[], *SUITES], metavar="SUITE")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--rows")
    args = parser.parse_args()
    allow_descriptors()
    plan = plan_of(args)
    plan.key = seeding.api_key()
    wanted = args.suites or list(SUITES)
    options = {"suites": wanted, "plan": {k: v for k, v in vars(plan).items() if k != "key"}}
    results = {
        "whole": False,
        "date": datetime.date.today().isoformat(),
        "commit": run("git", "describe", "--always", "--dirty"),
        "binary": binary(),
        "command": "make bench" + "".join(f" {w}" for w in os.environ.get("BENCH_WORDS", "").split()),
        "options": options,
        "machine": machine(),
        "suites": earlier(options),
    }
    try:
        prepare(plan, wanted)
        measure_all(plan, wanted, results)
    finally:
        stop_all()
    results["whole"] = True
    save(results)
    full = wanted == list(SUITES) and not args.quick and not args.rows
    where = BENCH if full else WORK
    report.write(results, where)
    say(f"{where}/RESULTS.md")
    if unanswered := list(report.unanswered(results["suites"])):
        sys.exit("\n".join(unanswered))


if __name__ == "__main__":
    main()
