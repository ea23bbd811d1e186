# SPDX-License-Identifier: MIT
"""Samples and what is made of them.

Rivals are compared within one run: in each round every server is sampled once,
in another order each time, and a ratio divides two samples of the same round.
A figure is the minimum, median and maximum over the rounds.
"""

import json
import os
import re
import resource
import statistics
import subprocess
import time

from processes import BENCH, WORK, say

TICK = os.sysconf("SC_CLK_TCK")
QUIET = 0.15  # cores that others may use when a sample begins
NOISE = 0.3  # a sample is taken again, once, if others used so many cores meanwhile
PATIENCE_S = 40  # of a suite: so long it waits in all, and takes samples again


def spread(values):
    """[minimum, median, maximum] of what there is, or None."""
    values = [v for v in values if v is not None]
    return [min(values), statistics.median(values), max(values)] if values else None


def summary(samples):
    """The spread of each figure of samples that are dicts."""
    return {k: spread([s[k] for s in samples]) for k in samples[0] if k != "first_bad"}


# --- noise -----------------------------------------------------------------------


def busy_s():
    """Seconds of CPU that all processes have used."""
    with open("/proc/stat", encoding="ascii") as stat:
        fields = [int(f) for f in stat.readline().split()[1:9]]
    user, nice, system, _, _, irq, softirq, _ = fields
    return (user + nice + system + irq + softirq) / TICK


class Noise:
    """How many cores processes other than ours used during a sample."""

    def __init__(self):
        self.begin()

    def begin(self):
        """For the next suite."""
        self.seen, self.patience = [], PATIENCE_S

    def watch(self, take, ours):
        """take() on a quiet machine, if that can be had; ours: processes that are
        part of it. What others used is in the result as "noise"."""
        for _ in range(2):
            self._await_quiet()
            began, busy, own = time.monotonic(), busy_s(), self._own(ours)
            result = take()
            wall = time.monotonic() - began
            result["noise"] = max(0, (busy_s() - busy - self._own(ours) + own) / wall)
            if result["noise"] < NOISE or self.patience <= 0:
                break
            self.patience -= wall
        self.seen.append(result["noise"])
        return result

    def _await_quiet(self):
        while self.patience > 0:
            before = busy_s()
            time.sleep(0.2)
            if (busy_s() - before) / 0.2 < QUIET:
                return
            self.patience -= 0.2

    @staticmethod
    def _own(ours):
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        me = resource.getrusage(resource.RUSAGE_SELF)
        own = children.ru_utime + children.ru_stime + me.ru_utime + me.ru_stime
        return own + sum(p.cpu_s() for p in ours)


noise = Noise()


# --- load ------------------------------------------------------------------------


def wrk(server, key, paths, connections, seconds):
    """GETs the paths in the file at random over so many connections."""
    command = ["wrk", "-t", min(2, connections), "-c", connections, "-d", f"{seconds}s"]
    command += ["--timeout", "10s", "-s", BENCH / "wrk.lua", f"http://127.0.0.1:{server.port}"]

    def take():
        before = server.cpu_s()
        out = subprocess.run(
            [str(a) for a in [*command, "--", paths, key]],
            capture_output=True,
            text=True,
            timeout=seconds + 60,
            check=False,
        )
        found = re.search(r"^JSON (\{.*\})$", out.stdout, re.M)
        if not found:
            server.fail(f"wrk: {out.stdout[-300:]} {out.stderr[-300:]}")
        told = json.loads(found[1])
        requests = max(1, told["requests"])
        return {
            "rate": told["requests"] / told["seconds"],
            "p50_us": told["p50_us"],
            "p99_us": told["p99_us"],
            "cpu_us": (server.cpu_s() - before) * 1e6 / requests,
            "bad": told["bad"],
        }

    return noise.watch(take, [server])


def burst(server, upstream, key, lines, in_flight, timeout_s=120):
    """Sends these requests, so many at once. See burst.c. Not watched for noise: what
    was created cannot be created again."""
    server.forget_peak()
    upstream.take_stats()
    before = server.cpu_s()
    out = subprocess.run(
        [str(a) for a in (WORK / "burst", server.port, key, in_flight, timeout_s)],
        input="".join(line + "\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=timeout_s + 30,
        check=False,
    )
    if out.returncode:
        server.fail(f"burst: {out.stderr[-300:]}")
    told = json.loads(out.stdout)
    stats, status = upstream.take_stats(), server.status()
    if told["first_bad"]:
        say(f"  !! {server.name}: {told['first_bad']}")
    return {
        **told,
        "failed": told["refused"] + told["broken"] + told["unanswered"],
        "cpu_ms": (server.cpu_s() - before) * 1e3 / len(lines),
        "peak_mb": status["peak_mb"],
        "threads": status["threads"],
        "calls": stats["calls"],
        "twilio_calls": stats["twilio_calls"],
        "opened": stats["connections"],
        "late_p99_ms": stats["late_p99_us"] / 1e3,
    }


# --- rounds ----------------------------------------------------------------------


def rounds(servers, count, sample):
    """{name: [one sample a round]}, with the order turned by one each round."""
    names, taken = list(servers), {name: [] for name in servers}
    for n in range(count):
        for name in names[n % len(names) :] + names[: n % len(names)]:
            taken[name].append(sample(servers[name]))
    return taken


def ratios(taken, of, to, figure):
    """The spread of one server's figure divided by another's, round by round."""
    if of not in taken or to not in taken:
        return None
    pairs = zip(taken[of], taken[to])
    return spread([a[figure] / b[figure] for a, b in pairs if a[figure] and b[figure]])
