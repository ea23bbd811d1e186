# SPDX-License-Identifier: MIT
"""What anyone may read, and what operators read on the admin listener."""

import random
import re

import pytest
import yaml

from support.problems import PROBLEMS
from support.process import REPO, SANITIZER_OPTIONS, SLOW
from support.raw import KEY, LAST, exchange, get
from support.waiting import eventually


def test_healthz_answers_ok(shared):
    answer = shared.api.request("GET", "/healthz")

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_the_contract_is_served_as_the_file_in_the_repository(shared):
    answer = shared.api.request("GET", "/openapi.yaml")

    assert answer.status_code == 200
    assert answer.content == (REPO / "openapi.yaml").read_bytes()


def test_the_contract_in_json_is_the_contract_in_yaml(shared):
    as_json = shared.api.request("GET", "/openapi.json").json()
    as_yaml = yaml.safe_load(shared.api.request("GET", "/openapi.yaml").content)

    assert as_json["openapi"] == "3.0.3"
    assert as_json == as_yaml


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_has_a_page(shared, code):
    answer = shared.api.request("GET", f"/problems/{code}")

    assert answer.status_code == 200
    assert PROBLEMS[code][1] in answer.text


def test_the_list_of_problems_names_them_all(shared):
    text = shared.api.request("GET", "/problems").text

    assert [code for code in PROBLEMS if code not in text] == []


@pytest.mark.parametrize("code", ["nonsense", "config", "store-full"])
def test_there_is_no_page_for_what_no_client_sees(shared, code):
    assert shared.api.request("GET", f"/problems/{code}").status_code == 404


def test_a_running_service_lives_and_is_ready(shared):
    for path, status in (("/livez", "live"), ("/readyz", "ready")):
        answer = shared.admin.request("GET", path)
        assert (answer.status_code, answer.json()["status"]) == (200, status)


def test_a_provider_outage_does_not_make_it_unready(world, number):
    world.sandbox.fail("*", status=503, times=0)
    world.api.create(number, {"Prefer": "respond-async"})
    eventually(world.sandbox.hits, "the outage is felt")

    assert world.admin.request("GET", "/readyz").status_code == 200


# Metrics

LINE = re.compile(
    r'[a-z_][a-z0-9_]*(\{([a-z_]+="[^"\n]*",?)*\})? (-?[0-9.e+-]+|\+Inf|NaN)', re.I
)


def _metrics(world):
    answer = world.admin.request("GET", "/metrics")
    assert answer.status_code == 200
    return answer.text


def test_metrics_are_in_prometheus_text(shared):
    samples = [line for line in _metrics(shared).splitlines() if line and line[0] != "#"]

    assert samples
    for line in samples:
        assert LINE.fullmatch(line), line
        assert line.startswith(("trunkline_", "process_")), line


def test_every_metric_has_help_and_type(shared):
    text = _metrics(shared)
    names = {re.match(r"[a-z0-9_]+", line)[0] for line in text.splitlines() if line[:1] not in "#"}
    assert len(names) > 40
    for name in names:
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        assert f"# TYPE {name} " in text or f"# TYPE {family} " in text, name
        assert f"# HELP {name} " in text or f"# HELP {family} " in text, name


def test_metrics_name_neither_numbers_nor_ids(world, number):
    created = world.api.created(number)
    world.api.get(created["id"])
    world.api.request("GET", "/some/random/path/4711")
    text = _metrics(world)

    for secret in (number, number[1:], created["id"], created["trunk"]["sid"], "4711"):
        assert secret not in text


AT_ONCE = 50  # requests that the service gets to see in one piece


def test_a_hundred_thousand_random_targets_leave_nothing_behind(make_world):
    """Neither memory nor a line in the metrics. (The address sanitizer keeps what is freed.)"""
    keeps_little = SANITIZER_OPTIONS["ASAN_OPTIONS"] + ":quarantine_size_mb=1"
    world = make_world(ASAN_OPTIONS=keeps_little)
    dice = random.Random(7)

    def knock(count):
        for _ in range(count // AT_ONCE):
            knock_at_once(AT_ONCE)

    def knock_at_once(count):
        targets = [dice.randbytes(12).hex() for _ in range(count)]
        methods = dice.choices([b"GET", b"POST", b"DELETE", b"BREW"], k=count)
        asked = [get(KEY, f"/v1/{t[:3]}/{t}?{t}=1".encode(), m) for t, m in zip(targets, methods)]
        said = exchange(world, b"".join(asked) + LAST, within=60)
        assert said.count(b"HTTP/1.1 404 ") + said.count(b"HTTP/1.1 501 ") == count

    for _ in range(5):
        knock(1000)
        _metrics(world)  # which has lines of its own
    lines, resident = len(_metrics(world).splitlines()), _resident(world)
    for _ in range(100):
        knock(1000)
    assert len(_metrics(world).splitlines()) == lines
    assert _resident(world) - resident < 4 * SLOW * 2**20


def _resident(world):
    (value,) = re.findall(r"^process_resident_memory_bytes (\S+)$", _metrics(world), re.M)
    return float(value)


def test_metrics_count_what_happened(world, number):
    world.api.created(number)
    text = _metrics(world)

    assert re.search(r"^trunkline_build_info\{.*\} 1$", text, re.M)
    label = 'route="/v1/agent-phone-numbers"'
    counted = re.findall(rf"^trunkline_\w+\{{[^}}]*{label}[^}}]*\}} (\S+)$", text, re.M)
    assert counted and any(float(value) >= 1 for value in counted)
