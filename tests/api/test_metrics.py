# SPDX-License-Identifier: MIT
"""What /metrics counts, and that nobody outside decides how many series there are."""

import collections
import contextlib
import os
import pathlib
import re
import time

import pytest

from support.crashes import crash_while_held, held_calls, hold
from support.disk import BadDisk
from support.facts import ACCOUNT, CREATE_CALLS, NUMBERS, RETELL_CALLS
from support.journeys import ASYNC, REFUSAL
from support.keys import make_key
from support.metrics import Scrape
from support.raw import HOST, connect, exchange
from support.sweeps import await_landing, lands_late, sweep
from support.waiting import eventually

REQUESTS = "trunkline_http_requests_total"
DURATION = "trunkline_http_request_duration_seconds"
REFUSED = "trunkline_http_refused_total"
ENDED = "trunkline_operations_ended_total"
TOOK = "trunkline_operation_duration_seconds"
AGE = "trunkline_operations_oldest_age_seconds"
CALLS = "trunkline_provider_calls_ended_total"
CALL_TOOK = "trunkline_provider_call_duration_seconds"
BREAKERS = "trunkline_breakers_open"

BREAK_AFTER = 10  # calls in a row without a sensible answer
CLOCK_S = 0.1  # how exactly two processes agree on the time


def _counted(world, before, name, **labels):
    """What was counted since; the last request is counted just after its answer."""
    return Scrape(world).sum(name, **labels) - before.sum(name, **labels)


def _eventually_counted(world, before, count, name, **labels):
    eventually(
        lambda: _counted(world, before, name, **labels) == count,
        f"{name}{labels} goes up by {count}",
    )


# The form


def test_every_sample_belongs_to_a_metric_with_type_and_help(shared):
    scrape = Scrape(shared)

    assert scrape.type.keys() == scrape.help.keys()
    for name, _ in scrape.samples:
        assert scrape.family_of(name) in scrape.type, name
    for name, kind in scrape.type.items():
        assert (kind == "counter") == name.endswith("_total"), name


def test_buckets_are_cumulative_and_end_in_inf_which_is_the_count(world, number):
    world.api.created(number)
    scrape = eventually(lambda: _with_a_create(world), "the create is counted")
    histograms = collections.defaultdict(list)
    for (name, labels), value in scrape.samples.items():
        labels = dict(labels)
        if name.endswith("_bucket") and scrape.family_of(name) != name:
            bound = float(labels.pop("le"))
            histograms[scrape.family_of(name), tuple(labels.items())].append((bound, value))

    assert {scrape.type[name] for name, _ in histograms} == {"histogram"}
    assert len({name for name, _ in histograms}) == list(scrape.type.values()).count("histogram")
    for (name, labels), buckets in histograms.items():
        bounds, counts = zip(*buckets)
        assert list(bounds) == sorted(bounds) and bounds[-1] == float("inf")
        assert list(counts) == sorted(counts), (name, labels, counts)
        assert counts[-1] == scrape.one(f"{name}_count", **dict(labels))
        assert scrape.one(f"{name}_sum", **dict(labels)) >= 0


def _with_a_create(world):
    scrape = Scrape(world)
    return scrape if scrape.sum(REQUESTS, route=NUMBERS, method="POST", status="2xx") else None


# Requests


def test_a_request_counts_once_by_its_route_and_class_of_status(shared):
    before = Scrape(shared)
    shared.api.get("apn_01jd3x8m5kf7wv2q9h4c6t0zrj")
    shared.api.list()
    shared.api.request("HEAD", NUMBERS)

    one = {"method": "GET", "route": NUMBERS + "/{id}"}
    _eventually_counted(shared, before, 1, REQUESTS, status="4xx", **one)
    _eventually_counted(shared, before, 1, REQUESTS, **one)
    _eventually_counted(shared, before, 1, DURATION + "_count", **one)
    _eventually_counted(shared, before, 2, REQUESTS, status="2xx", method="GET", route=NUMBERS)


def test_a_create_takes_as_long_as_its_provider_in_the_histogram(make_world, number):
    world = make_world(sandbox={"latency_ms": 60})
    world.api.created(number)
    scrape = eventually(lambda: _with_a_create(world), "the create is counted")
    create = {"method": "POST", "route": NUMBERS}

    assert scrape.one(DURATION + "_count", **create) == 1
    assert scrape.one(DURATION + "_bucket", le="0.1", **create) == 0, "four waves of 60 ms"
    assert scrape.one(DURATION + "_sum", **create) >= 0.2


def test_no_label_takes_its_value_from_a_client(shared):
    shared.api.list()
    before = Scrape(shared).series()
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for path in ("/some/random/4711", NUMBERS + "/%2B19995550000", "/v1/x\"y", "/metrics"):
            shared.api.request(method, path)
    for line in (b"BREW /pot HTTP/1.1", b'GET /"} 1 HTTP/1.1', b"GET /\xff\xfe HTTP/1.1"):
        exchange(shared, line + b"\r\n" + HOST + b"User-Agent: evil\r\nConnection: close\r\n\r\n")
    after = Scrape(shared)

    # A histogram appears with its first request, for a route of the table.
    new = after.series() - before
    assert {name for name, _ in new if not name.startswith(DURATION)} == set()
    routes = {_pair(labels) for name, labels in after.samples if name == REQUESTS}
    assert {_pair(labels) for name, labels in new} <= routes and len(routes) < 40
    for odd in ("4711", "19995550000", "BREW", "PUT", "evil", "pot"):
        assert odd not in after.text


def _pair(labels):
    return dict(labels)["method"], dict(labels)["route"]


# Keys


@pytest.mark.parametrize("bad", [None, "Bearer nonsense"])
def test_a_bad_key_is_counted(shared, bad):
    before = Scrape(shared)
    shared.api.request("GET", NUMBERS, {"Authorization": bad})

    _eventually_counted(shared, before, 1, REFUSED, reason="unauthorized")
    _eventually_counted(shared, before, 1, REFUSED)


def test_a_throttled_address_is_counted(world):
    for _ in range(30):
        world.api.request("GET", NUMBERS, {"Authorization": "Bearer wrong-wrong-wrong"})

    scrape = Scrape(world)
    assert scrape.one(REFUSED, reason="throttled") >= 5
    assert scrape.sum(REFUSED) == 30


def test_a_key_over_its_rate_and_one_below_its_scope_are_counted(make_world):
    world = make_world(TRUNKLINE_RATE_LIMIT=5)
    reader = world.api.with_key(make_key(world, "read")[1])
    assert reader.request("DELETE", NUMBERS + "/+14155550100").status_code == 403
    answers = [reader.list().status_code for _ in range(6)]

    scrape = Scrape(world)
    assert scrape.one(REFUSED, reason="forbidden") == 1
    assert scrape.one(REFUSED, reason="rate_limited") == answers.count(429) > 0


# Operations


def test_an_operation_counts_once_by_kind_and_result_when_it_has_ended(world, numbers):
    good, bad = numbers(2)
    created = world.api.created(good)
    world.sandbox.fail("create_trunk", **REFUSAL)
    assert world.api.create(bad).status_code == 502
    world.api.patch(created["id"], label="new")
    world.sandbox.fail("delete_trunk", **REFUSAL)
    assert world.api.delete(created["id"]).status_code == 502
    world.sandbox.heal()
    world.api.deleted(created["id"])

    wanted = {
        ("create", "succeeded"): 1,
        ("create", "failed"): 1,
        ("update", "succeeded"): 1,
        ("delete", "stuck"): 1,
        ("delete", "succeeded"): 1,
    }
    assert _by(Scrape(world), ENDED, "kind", "result") == wanted
    assert _by(Scrape(world), TOOK + "_count", "kind", "result") == wanted
    world.restart()
    assert _by(Scrape(world), ENDED, "kind", "result") == {}, "counted from the start"


def test_every_kind_and_result_is_there_before_anything_has_ended(world):
    kinds = {tuple(dict(labels).values()) for labels in Scrape(world).all(ENDED)}

    assert kinds == {
        (kind, result)
        for kind in ("create", "update", "delete", "force")
        for result in ("succeeded", "failed", "stuck")
    }


def test_an_operation_that_a_crash_interrupts_counts_where_it_ends(world, number):
    hold(world, "import_number", "after")
    world.api.create(number, ASYNC)
    crash_while_held(world, "after")
    world.start()
    world.api.all_ended()

    assert _by(Scrape(world), ENDED, "kind", "result") == {("create", "succeeded"): 1}


def test_a_creates_duration_is_that_of_its_waves(make_world, number):
    world = make_world(sandbox={"latency_ms": 60})
    world.api.created(number)

    create = {"kind": "create", "result": "succeeded"}
    assert Scrape(world).one(TOOK + "_bucket", le="0.1", **create) == 0
    assert Scrape(world).one(TOOK + "_sum", **create) >= 0.23


def test_the_oldest_operation_is_as_old_as_it_says_also_after_a_crash(world, numbers):
    first, second = numbers(2)
    assert Scrape(world).one(AGE) == 0
    hold(world, "get_agent", "after", times=0)
    begun = time.time()
    world.api.create(first, ASYNC)
    eventually(lambda: Scrape(world).one(AGE) > 1, "it grows older")
    world.api.create(second, ASYNC)
    world.crash()
    world.start()

    age, now = Scrape(world).one(AGE), time.time()
    assert Scrape(world).one("trunkline_operations") == 2
    assert 1 < age <= now - begun + CLOCK_S, "the first one's"
    world.crash()
    world.sandbox.heal()
    world.start()
    world.api.all_ended()
    assert Scrape(world).one(AGE) == 0


# Provider calls


def test_every_call_counts_once_by_provider_name_and_answer(world, number):
    world.sandbox.fail("create_trunk", status=429, code=20429)
    world.sandbox.fail("create_credential_list", drop="after")
    world.api.created(number)
    counted = _by(Scrape(world), CALLS, "call", "answer")

    assert {call for call, _ in counted} == set(CREATE_CALLS) | {"list_credential_lists"}
    assert counted["create_trunk", "busy"] == counted["create_trunk", "ok"] == 1
    assert counted["create_credential_list", "unknown"] == 1
    assert counted["get_number", "gone"] == 1, "not at Retell yet"
    assert counted["import_number", "ok"] == 1
    asked = collections.Counter(world.sandbox.operations())
    for call, count in asked.items():
        assert Scrape(world).sum(CALLS, call=call) == count, call
    for provider, calls in _by_provider(asked).items():
        assert Scrape(world).one(CALL_TOOK + "_count", provider=provider) == calls


def _by_provider(asked):
    count = {"twilio": 0, "retell": 0}
    for call, n in asked.items():
        count["retell" if call in RETELL_CALLS else "twilio"] += n
    return count


def test_refused_and_clashing_calls_are_told_apart(world, number):
    world.sandbox.fail("create_trunk", status=400, code=21248)
    world.sandbox.fail("get_agent", status=401)
    world.api.create(number)
    counted = _by(Scrape(world), CALLS, "call", "answer")

    assert counted["get_agent", "refused"] == 1
    world.sandbox.heal()
    world.sandbox.fail("create_trunk", status=400, code=21248)
    world.api.create(number)
    assert _by(Scrape(world), CALLS, "call", "answer")["create_trunk", "clash"] == 1


def test_calls_in_flight_and_in_the_queue_are_seen_by_provider(make_world, number):
    world = make_world(TRUNKLINE_PROVIDER_CONCURRENCY=1)
    world.unclean = True
    hold(world, "create_trunk", "after")
    world.api.create(number, ASYNC)
    eventually(lambda: held_calls(world, "after"), "the trunk's call is held")

    def levels(provider):
        scrape = Scrape(world)
        return tuple(
            scrape.one(name, provider=provider)
            for name in ("trunkline_provider_calls", "trunkline_provider_calls_queued")
        )

    assert levels("twilio") == (1, 1), "the credential list waits for its turn"
    assert levels("retell") == (0, 0)


def test_an_unknown_outcome_counts_for_its_provider(world, number):
    world.sandbox.fail("import_number", drop="after")
    world.api.created(number)
    unknown = "trunkline_unknown_outcomes_total"

    assert _by(Scrape(world), unknown, "provider") == {("retell",): 1}
    assert len(Scrape(world).all(unknown)) == 2


def test_an_open_breaker_is_seen_for_its_provider_and_no_account(make_world, numbers):
    world = make_world(TRUNKLINE_OPERATION_DEADLINE_S=1, TRUNKLINE_SHUTDOWN_GRACE_S=0)
    world.unclean = True
    assert _by(Scrape(world), BREAKERS, "provider") == {}
    world.sandbox.fail("*", times=0, account=ACCOUNT, drop="before")
    *some, last = numbers(BREAK_AFTER + 1)
    for number in some:
        world.api.create(number, ASYNC)
    eventually(lambda: Scrape(world).sum(BREAKERS), "the breaker opens")

    assert _by(Scrape(world), BREAKERS, "provider") == {("twilio",): 1}
    assert ACCOUNT not in Scrape(world).text
    world.sandbox.heal()
    eventually(lambda: world.api.create(last).status_code == 201, "it can be called again")
    assert Scrape(world).sum(BREAKERS) == 0


def test_orphans_are_counted_when_found_and_when_removed(make_world, number):
    world = make_world(TRUNKLINE_SWEEP_GRACE_S=0, TRUNKLINE_SWEEP_INTERVAL_S=0)
    lands_late(world, "create_trunk")
    world.sandbox.fail("create_credential_list", **REFUSAL)
    assert world.api.create(number).json()["rolled_back"] is True
    await_landing(world, "create_trunk")
    world.sandbox.heal()
    sweep(world, dry_run=True)
    assert _orphans(world) == (0, 0), "a dry run counts nothing"
    with world.sandbox.failing("delete_trunk", **REFUSAL):
        sweep(world)
    assert _orphans(world) == (1, 0)
    sweep(world)
    assert _orphans(world) == (2, 1)


def _orphans(world):
    scrape = Scrape(world)
    return tuple(scrape.one(f"trunkline_orphans_{what}_total") for what in ("found", "removed"))


# The engine


def test_commits_and_rounds_are_counted_with_their_durations(world, number):
    before = Scrape(world)
    world.api.created(number)
    after = Scrape(world)

    for what in ("tick", "commit"):
        total = after.one(f"trunkline_engine_{what}s_total")
        took = f"trunkline_engine_{what}_duration_seconds"
        assert total > before.one(f"trunkline_engine_{what}s_total")
        assert after.one(took + "_sum") > before.one(took + "_sum")
    assert after.one("trunkline_engine_inbox_commands") == 0


def _by(scrape, name, *labels):
    """What is not 0, by the values of these labels."""
    return {
        tuple(dict(key)[label] for label in labels): value
        for key, value in scrape.all(name).items()
        if value
    }


# The store


def test_numbers_are_counted_by_status_at_once_and_over_a_restart(world, numbers):
    first, second, third = (world.api.created(number) for number in numbers(3))
    _eventually_numbers(world, active=3)
    world.sandbox.fail("delete_trunk", **REFUSAL)
    world.api.delete(first["id"])
    assert _numbers(world) == {"active": 2, "deleting": 0, "corrupted": 1}
    world.sandbox.heal()
    world.api.deleted(second["id"])
    assert _numbers(world) == {"active": 1, "deleting": 0, "corrupted": 1}
    world.restart()
    _eventually_numbers(world, active=1, corrupted=1)
    world.api.deleted(first["id"])
    hold(world, "delete_trunk", "after")
    world.api.delete(third["id"], ASYNC)
    assert _numbers(world) == {"active": 0, "deleting": 1, "corrupted": 0}
    crash_while_held(world, "after")
    world.start()
    world.api.all_ended()
    _eventually_numbers(world)


def test_a_create_that_fails_is_no_number(world, number):
    world.sandbox.fail("create_trunk_phone_number", **REFUSAL)
    world.api.create(number)

    _eventually_numbers(world)


def _numbers(world):
    return {key[0][1]: value for key, value in Scrape(world).all("trunkline_numbers").items()}


def _eventually_numbers(world, **wanted):
    """They are not there for a moment after a start."""
    wanted = {"active": 0, "deleting": 0, "corrupted": 0, **wanted}
    eventually(lambda: _numbers(world) == wanted, f"the numbers are {wanted}")


def test_the_size_of_the_store_is_that_of_its_files(world, number):
    world.api.created(number)
    scrape = Scrape(world)
    system = os.statvfs(world.folder)

    assert scrape.one("trunkline_store_database_bytes") == world.database.stat().st_size
    log = world.database.with_name("trunkline.db-wal")
    assert scrape.one("trunkline_store_wal_bytes") == log.stat().st_size > 0
    free = scrape.one("trunkline_store_free_bytes")
    assert 0 < free <= system.f_blocks * system.f_frsize


def test_a_store_that_cannot_be_written_is_seen(make_world, tmp_path, numbers):
    disk = BadDisk(tmp_path / "faults")
    world = make_world(**disk.settings())
    one, two = numbers(2)
    assert _written(world) == (1, 1)
    with disk.failing("full"):
        assert world.api.create(one).status_code == 503
        assert _written(world) == (0, 0)
        assert Scrape(world).one("trunkline_store_damaged") == 0
    eventually(lambda: _written(world) == (1, 1), "it can be written again")
    world.api.created(two)


def _written(world):
    scrape = Scrape(world)
    return scrape.one("trunkline_store_writable"), scrape.one("trunkline_ready")


# The process


def test_the_process_is_as_the_kernel_sees_it(world):
    """Once the threads of the start have ended."""
    eventually(lambda: _matches(world), "threads and memory are the kernel's")
    proc, scrape = _proc(world), Scrape(world)
    (most,) = re.findall(r"Max open files +(\d+)", (proc / "limits").read_text())

    assert scrape.one("process_max_fds") == int(most)
    assert abs(scrape.one("process_open_fds") - len(os.listdir(proc / "fd"))) <= 2
    assert 0 < scrape.one("process_cpu_seconds_total") < 60
    assert abs(scrape.one("process_start_time_seconds") - time.time()) < 60


def _proc(world):
    return pathlib.Path("/proc") / str(world.service.popen.pid)


def _matches(world):
    scrape = Scrape(world)
    lines = (_proc(world) / "status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines)
    resident = int(status["VmRSS"].split()[0]) * 1024
    return (
        scrape.one("process_threads") == int(status["Threads"])
        and scrape.one("process_virtual_memory_bytes") == int(status["VmSize"].split()[0]) * 1024
        and 0.8 < scrape.one("process_resident_memory_bytes") / resident < 1.25
    )


def test_an_open_connection_is_an_open_descriptor(world):
    eventually(lambda: b"database_sound" in world.service.log(), "the check at the start is over")
    before = Scrape(world).one("process_open_fds")
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(connect(world))
        eventually(
            lambda: Scrape(world).one("process_open_fds") >= before + 10, "all are accepted"
        )
