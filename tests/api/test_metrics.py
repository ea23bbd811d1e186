# SPDX-License-Identifier: MIT
"""What /metrics counts, and that nobody outside decides how many series there are."""

import collections

import pytest

from support.facts import NUMBERS
from support.keys import make_key
from support.metrics import Scrape
from support.raw import HOST, exchange
from support.waiting import eventually

REQUESTS = "trunkline_http_requests_total"
DURATION = "trunkline_http_request_duration_seconds"
REFUSED = "trunkline_http_refused_total"


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
