# SPDX-License-Identifier: MIT
"""test_proxy.py - what docker/nginx.conf answers itself is a problem like ours."""
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from document import ROOT, Document  # noqa: E402

CONF = (ROOT / "docker/nginx.conf").read_text(encoding="utf-8")
contract = Document()


def problems():
    """(status of the return, problem) of every page of the proxy."""
    return [(int(status), json.loads(text)) for status, text in
            re.findall(r"return (\d+) '(\{.*\})';", CONF)]


def test_every_page_is_a_problem_of_the_contract():
    assert len(problems()) > 5
    schema = contract.all["components"]["schemas"]["Problem"]
    for status, problem in problems():
        for name in ("instance", "request_id"):
            assert problem[name].endswith("$the_request_id")
            problem[name] = "x"
        contract.validate(schema, problem, strict=True)
        assert problem["status"] == status
        assert problem["type"] == f"/problems/{problem['code']}"


def test_every_error_leads_to_a_page():
    led = set(re.findall(r"error_page [\d =]+ (/\.problems/\w+);", CONF))
    assert led == set(re.findall(r"location = (/\.problems/\w+) ", CONF))


def test_it_waits_longer_than_the_service():
    rows = (ROOT / "src/base/conf.c").read_text()
    wait_s = int(re.search(r'"TRUNKLINE_WAIT_S", wait_s, "(\d+)"', rows)[1])
    assert int(re.search(r"proxy_read_timeout (\d+)s;", CONF)[1]) > wait_s


def test_it_takes_as_much_as_the_service():
    limits = (ROOT / "include/api/limits.h").read_text()
    kib = int(re.search(r"LIMIT_BODY\s+\((\d+) \* 1024\)", limits)[1])
    assert f"client_max_body_size {kib}k;" in CONF
