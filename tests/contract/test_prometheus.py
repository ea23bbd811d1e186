# SPDX-License-Identifier: MIT
"""test_prometheus.py - the metrics as promtool, the README and the alerts know them.

promtool comes from Debian's package prometheus (tests/support/deps.sh).
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))
from document import ROOT  # noqa: E402

from support.facts import NUMBERS  # noqa: E402
from support.metrics import Scrape  # noqa: E402
from support.waiting import eventually  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIG = ROOT / "docker/prometheus/prometheus.yml"
RULES = ROOT / "docker/prometheus/rules.yml"
CASES = ROOT / "tests/contract/alerts.yml"


def promtool(*arguments, text=None):
    """Its output; fails unless it is content."""
    path = os.pathsep.join([os.environ["PATH"], str(ROOT / "build/tools")])
    program = shutil.which("promtool", path=path)
    assert program, "no promtool: tests/support/deps.sh test brings it"
    done = subprocess.run([program, *arguments], input=text, cwd=ROOT, check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def rules():
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def rows(head):
    """The cells of a table of the README, without the marks for code."""
    table = README[README.index(head):].split("\n\n")[0]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")]
            for line in table.splitlines()[2:]]


@pytest.fixture(scope="module")
def scrape(world):
    """What is told once every kind of thing has happened, histograms too."""
    world.api.created("+14155550100")
    eventually(lambda: Scrape(world).all("trunkline_numbers"), "they are counted")
    return eventually(lambda: _after_a_request(world), "the create is counted")


def _after_a_request(world):
    found = Scrape(world)
    counted = found.sum("trunkline_http_requests_total", route=NUMBERS, method="POST")
    return found if counted else None


# The scrape


def test_promtool_finds_nothing_in_the_scrape(scrape):
    assert promtool("check", "metrics", text=scrape.text) == ""


def test_promtool_would_find_something(scrape):
    with pytest.raises(AssertionError, match="_total"):
        promtool("check", "metrics", text=scrape.text.replace("_ready", "_ready_total"))


def test_the_readme_lists_every_metric_as_it_is_scraped(scrape):
    labels = {name: set() for name in scrape.type}
    for name, pairs in scrape.samples:
        labels[scrape.family_of(name)] |= {key for key, _ in pairs if key != "le"}
    for name, kind in scrape.type.items():
        assert any(scrape.family_of(n) == name for n, _ in scrape.samples), f"{name} is empty"
    listed = rows("| Metric | Type |")

    # In the order of the scrape, so that it can be looked up in either.
    assert [row[0] for row in listed] == list(scrape.type)
    for name, kind, known, meaning in listed:
        assert kind == scrape.type[name], name
        assert meaning == scrape.help[name], f"{name} says: {scrape.help[name]}"
        assert set(re.findall(r"\w+", known)) == labels[name], name


# The configuration and the alerts


def test_promtool_takes_the_configuration_and_the_rules():
    promtool("check", "config", str(CONFIG))
    promtool("check", "rules", str(RULES))


def test_every_alert_fires_when_it_should_and_not_before():
    promtool("test", "rules", str(CASES))


def test_every_alert_has_a_case_in_which_it_comes_to_fire():
    comes = set()
    for case in yaml.safe_load(CASES.read_text())["tests"]:
        looks = [{re.search('alertname="(\\w+)"', sample["labels"])[1]
                  for sample in look["exp_samples"]}
                 for look in case["promql_expr_test"]]
        assert looks[0] == set(), f"{case['name']}: nothing at first"
        comes |= set().union(*looks)

    assert comes == {rule["alert"] for rule in rules()}


def test_the_readme_tells_what_to_do_for_every_alert():
    listed = {name: severity for name, severity, _ in rows("| Alert | Severity |")}

    assert list(listed) == [rule["alert"] for rule in rules()]
    for rule in rules():
        assert rule["labels"] == {"severity": listed[rule["alert"]]}
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"].keys() == {"summary", "description", "runbook"}
        assert rule["annotations"]["runbook"] == "README.md#alerts"
    assert "\n### Alerts\n" in README


def test_the_alerts_ask_for_what_is_scraped(scrape):
    for rule in rules():
        asked = re.findall(r"\b((?:trunkline|process)_\w+)(?:\{([^}]*)\})?", rule["expr"])
        assert asked or rule["expr"].startswith("up{")
        for name, matchers in asked:
            pairs = re.findall(r'(\w+)=~?"([^"]*)"', matchers)
            wanted = {key: value for key, value in pairs if key != "job"}
            assert scrape.all(name, **wanted), f"{rule['alert']}: no {name}{wanted}"


def test_the_engine_goes_round_far_more_often_than_its_alert_wants(world):
    """Without anything to do, too."""
    ticks = "trunkline_engine_ticks_total"
    before = Scrape(world).one(ticks)
    eventually(lambda: Scrape(world).one(ticks) > before, "a heartbeat")


# Docker


def test_compose_runs_a_pinned_prometheus_on_this_configuration():
    compose = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())
    service = compose["services"]["prometheus"]

    assert re.fullmatch(r"prom/prometheus:v\d+\.\d+\.\d+", service["image"])
    assert "./prometheus:/etc/prometheus:ro" in service["volumes"]
    assert "--config.file=/etc/prometheus/prometheus.yml" in service["command"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    (job,) = yaml.safe_load(CONFIG.read_text())["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["trunkline:9090"]}]
    docker = (ROOT / "docker/Dockerfile").read_text()
    assert "TRUNKLINE_ADMIN_LISTEN=0.0.0.0:9090" in docker


def test_what_is_published_is_in_a_network_that_can_be():
    """Docker publishes no port of a container that is only in internal networks."""
    compose = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())
    for name, service in compose["services"].items():
        if service.get("ports"):
            internal = [(compose["networks"][n] or {}).get("internal")
                        for n in service["networks"]]
            assert not all(internal), name
