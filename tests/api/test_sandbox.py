# SPDX-License-Identifier: MIT
"""trunkline-sandbox by itself: the real program over HTTP, each fault as a client meets it."""

import concurrent.futures
import http.client
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from support.waiting import eventually

BINARY = Path(os.environ.get("TRUNKLINE_BUILD", "build")) / "trunkline-sandbox"
ACCOUNT = "AC" + "5a" * 16
TWILIO = (ACCOUNT, "sandbox-auth-token")
RETELL = {"Authorization": "Bearer key_sandbox"}
OLD_API = f"/2010-04-01/Accounts/{ACCOUNT}"


class Box:
    """One sandbox process, and short words to talk to it."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [BINARY, "--port", "0", *options], stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        self.url = re.fullmatch(
            r"trunkline-sandbox listening on (http://127\.0\.0\.1:\d+)\n", line
        )[1]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=10) == 0
        assert self.process.stdout.read() == "", "one line, no more"

    def twilio(self, method, path, timeout=10, **kwargs):
        return requests.request(
            method, self.url + path, auth=TWILIO, timeout=timeout, allow_redirects=False, **kwargs
        )

    def retell(self, method, path, **kwargs):
        return requests.request(method, self.url + path, headers=RETELL, timeout=10, **kwargs)

    def own(self, method, path, **kwargs):
        return requests.request(method, f"{self.url}/_sandbox/{path}", timeout=10, **kwargs)

    def fault(self, **rule):
        answer = self.own("PUT", "faults", json={"rules": [rule]})
        assert answer.status_code == 200, answer.text

    def create_trunk(self, **kwargs):
        return self.twilio("POST", "/v1/Trunks", data={"FriendlyName": "t"}, **kwargs)

    def trunks(self):
        rows = self.own("GET", "ledger").json()["resources"]
        return [r for r in rows if r["kind"] == "trunk" and not r["preset"]]

    def raw(self, request):
        """All bytes that come back until the end of the connection."""
        host = urlsplit(self.url)
        with socket.create_connection((host.hostname, host.port), timeout=10) as s:
            s.sendall(request)
            return b"".join(iter(lambda: s.recv(65536), b""))


@pytest.fixture(scope="module")
def sandbox_only_box():
    box = Box("--numbers", "10")
    yield box
    box.stop()


@pytest.fixture
def sandbox_only_fresh(sandbox_only_box):
    assert sandbox_only_box.own("POST", "reset").status_code == 204
    return sandbox_only_box


def test_a_number_is_provisioned_and_taken_down(sandbox_only_fresh):
    box = sandbox_only_fresh
    found = box.twilio(
        "GET", OLD_API + "/IncomingPhoneNumbers.json", params={"PhoneNumber": "+14155550100"}
    ).json()["incoming_phone_numbers"]
    number = found[0]["sid"]
    domain = {"DomainName": "tl-1.pstn.twilio.com"}
    trunk = box.twilio("POST", "/v1/Trunks", data=domain).json()
    lists = OLD_API + "/SIP/CredentialLists"
    name = {"FriendlyName": "list"}
    credential_list = box.twilio("POST", lists + ".json", data=name).json()["sid"]
    at = "/v1/Trunks/" + trunk["sid"]
    steps = [
        (f"{lists}/{credential_list}/Credentials.json",
         {"Username": "u", "Password": "Str0ngEnough!"}),
        (at + "/CredentialLists", {"CredentialListSid": credential_list}),
        (at + "/OriginationUrls",
         {"FriendlyName": "o", "SipUrl": "sip:sip.retellai.com;transport=tcp",
          "Priority": 1, "Weight": 1, "Enabled": "true"}),
        (at + "/PhoneNumbers", {"PhoneNumberSid": number}),
    ]
    for path, data in steps:
        assert box.twilio("POST", path, data=data).status_code == 201
    body = {"phone_number": "+14155550100", "termination_uri": trunk["domain_name"],
            "inbound_agents": [{"agent_id": "agent_sandbox_1", "weight": 1}]}
    assert box.retell("POST", "/import-phone-number", json=body).status_code == 201
    assert trunk["url"] == box.url + at, "links lead back here"

    assert box.retell("DELETE", "/delete-phone-number/%2B14155550100").status_code == 204
    assert box.twilio("DELETE", at).status_code == 204
    assert box.twilio("DELETE", f"{lists}/{credential_list}.json").status_code == 204
    rows = box.own("GET", "ledger").json()["resources"]
    assert [r for r in rows if r["alive"] and not r["preset"]] == []
    assert {r["kind"] for r in rows if not r["preset"]} == {
        "trunk", "credential_list", "credential", "trunk_credential_list",
        "origination_url", "trunk_phone_number", "retell_number"}


def test_every_answer_has_twilios_headers(sandbox_only_fresh):
    answer = sandbox_only_fresh.twilio("GET", "/v1/Trunks")
    assert re.fullmatch("RQ[0-9a-f]{32}", answer.headers["Twilio-Request-Id"])
    assert answer.headers["Twilio-Concurrent-Requests"] == "1"
    assert float(answer.headers["Twilio-Request-Duration"]) > 0


def test_requests_are_logged_in_order_without_secrets(sandbox_only_fresh):
    box = sandbox_only_fresh
    box.create_trunk()
    body = {"phone_number": "+1", "sip_trunk_auth_password": "Hush1234567"}
    box.retell("POST", "/import-phone-number", json=body)
    log = box.own("GET", "requests")
    rows = log.json()["requests"]
    assert [r["operation"] for r in rows] == ["create_trunk", "import_number"]
    assert rows[1]["parameters"]["sip_trunk_auth_password"] == "***"
    assert rows[0]["path"] == "/v1/Trunks" and rows[0]["account"] == ACCOUNT
    assert "Hush" not in log.text and "key_sandbox" not in log.text
    assert box.own("DELETE", "requests").status_code == 204
    assert box.own("GET", "requests").json()["requests"] == []


def test_the_clock_can_be_moved_on(sandbox_only_fresh):
    box = sandbox_only_fresh
    data = {"DomainName": "again.pstn.twilio.com"}
    sid = box.twilio("POST", "/v1/Trunks", data=data).json()["sid"]
    box.twilio("DELETE", "/v1/Trunks/" + sid)
    assert box.twilio("POST", "/v1/Trunks", data=data).json()["code"] == 21248
    assert box.own("PUT", "clock", json={"advance_ms": 31 * 86400 * 1000}).status_code == 200
    assert box.twilio("POST", "/v1/Trunks", data=data).status_code == 201


def test_a_bad_rule_is_a_400_that_says_which(sandbox_only_fresh):
    answer = sandbox_only_fresh.own("PUT", "faults", json={"rules": [{}, {"statsu": 500}]})
    assert answer.status_code == 400
    assert answer.json() == {"error": 'rule 1: unknown key "statsu"'}


def test_status_and_retry_after(sandbox_only_fresh):
    box = sandbox_only_fresh
    box.fault(operation="create_trunk", status=429, code=20429, retry_after=7)
    answer = box.create_trunk()
    assert (answer.status_code, answer.json()["code"]) == (429, 20429)
    assert answer.headers["Retry-After"] == "7"
    assert box.trunks() == []


def test_redirect(sandbox_only_fresh):
    sandbox_only_fresh.fault(redirect="http://127.0.0.1:1/x", status=302)
    answer = sandbox_only_fresh.create_trunk()
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:1/x")


@pytest.mark.parametrize("when, made", [("before", 0), ("after", 1)])
def test_drop_closes_without_an_answer(sandbox_only_fresh, when, made):
    box = sandbox_only_fresh
    box.fault(operation="create_trunk", drop=when)
    assert box.raw(_create_request()) == b""
    assert len(box.trunks()) == made


def test_reset_is_a_real_reset(sandbox_only_fresh):
    box = sandbox_only_fresh
    box.fault(operation="create_trunk", reset=True)
    with pytest.raises(ConnectionResetError):
        box.raw(_create_request())
    assert len(box.trunks()) == 1


@pytest.mark.parametrize("length", [0, 20])
def test_truncate_cuts_the_body(sandbox_only_fresh, length):
    box = sandbox_only_fresh
    box.fault(operation="create_trunk", truncate=length)
    head, _, body = box.raw(_create_request()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201")
    assert int(re.search(rb"Content-Length: (\d+)", head)[1]) > 500
    assert len(body) == length


def test_drip_comes_byte_by_byte(sandbox_only_fresh):
    box = sandbox_only_fresh
    box.fault(operation="create_trunk", body="0123456789", status=201, drip_ms=20)
    began = time.monotonic()
    assert box.create_trunk().text == "0123456789"
    assert 0.18 < time.monotonic() - began < 2


@pytest.mark.parametrize("when, logged", [("delay_before_ms", "none"), ("delay_after_ms", "done")])
def test_delays_are_around_the_effect(sandbox_only_fresh, when, logged):
    box = sandbox_only_fresh
    box.fault(operation="create_trunk", **{when: 300})
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(box.create_trunk)
        time.sleep(0.15)
        (row,) = box.own("GET", "requests").json()["requests"]
        assert row["effect"] == logged
        assert answer.result().status_code == 201
    assert 0.3 <= time.monotonic() - began < 2


def test_an_effect_lands_late_when_the_client_is_long_gone(sandbox_only_fresh):
    box = sandbox_only_fresh
    box.fault(operation="create_trunk", land_late_ms=200, status=504)
    assert box.create_trunk().status_code == 504
    assert box.trunks() == []
    eventually(lambda: len(box.trunks()) == 1, "the trunk is there")
    (row,) = box.own("GET", "requests").json()["requests"]
    assert (row["effect"], row["status"]) == ("landed", 504)


def test_the_effect_happens_even_if_the_client_gives_up(sandbox_only_fresh):
    box = sandbox_only_fresh
    box.fault(operation="create_trunk", delay_before_ms=300)
    with pytest.raises(requests.Timeout):
        box.create_trunk(timeout=0.1)
    assert box.trunks() == []
    eventually(lambda: len(box.trunks()) == 1, "the trunk is there")


def test_raw_bytes_instead_of_http(sandbox_only_fresh):
    box = sandbox_only_fresh
    box.fault(operation="create_trunk", raw="HTTP/1.1 200 OK\r\nX: \0\r\n")
    assert box.raw(_create_request()) == b"HTTP/1.1 200 OK\r\nX: \0\r\n"
    box.fault(operation="create_trunk", garble="not_http")
    assert not box.raw(_create_request()).startswith(b"HTTP")
    assert len(box.trunks()) == 2, "the work was done"


def test_an_endless_body_does_not_end(sandbox_only_fresh):
    box = sandbox_only_fresh
    box.fault(operation="list_trunks", garble="endless")
    with box.twilio("GET", "/v1/Trunks", stream=True) as answer:
        got = sum(len(c) for c, _ in zip(answer.iter_content(65536), range(64)))
    assert got > 1_000_000
    assert box.twilio("GET", "/v1/Trunks").status_code == 200, "and others are served"


def test_a_huge_body_arrives_whole(sandbox_only_fresh):
    sandbox_only_fresh.fault(operation="list_trunks", garble="huge")
    assert len(sandbox_only_fresh.twilio("GET", "/v1/Trunks").json()["sid"]) > 10_000_000


def test_the_path_is_read_as_it_was_sent(sandbox_only_fresh):
    box = sandbox_only_fresh
    for number, status in (("+14155559002", 200), ("%2B14155559002", 200), ("%00", 404),
                           ("%2B1%zz", 404)):
        host = urlsplit(box.url)
        c = http.client.HTTPConnection(host.hostname, host.port, timeout=10)
        c.request("GET", "/get-phone-number/" + number, headers=RETELL)
        assert c.getresponse().status == status
        c.close()


def test_hundreds_of_slow_answers_wait_side_by_side():
    box = Box("--latency-ms", "400")
    host = urlsplit(box.url)
    sockets = [socket.create_connection((host.hostname, host.port)) for _ in range(400)]
    began = time.monotonic()
    for s in sockets:
        s.sendall(_create_request())
    for s in sockets:
        assert s.recv(12).startswith(b"HTTP/1.1 ")
    assert 0.4 <= time.monotonic() - began < 2
    for s in sockets:
        s.close()
    box.stop()


def test_the_concurrency_limit_is_real():
    box = Box("--latency-ms", "200", "--max-concurrency", "2")
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: box.create_trunk(), range(5)))
    assert sorted(a.status_code for a in answers) == [201, 201, 429, 429, 429]
    assert len(box.trunks()) == 2
    box.stop()


def test_sigterm_ends_it_with_answers_pending():
    box = Box("--latency-ms", "60000")
    box.fault(operation="list_trunks", land_late_ms=60000)
    with pytest.raises(requests.Timeout):
        box.twilio("GET", "/v1/Trunks", timeout=0.1)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(box.create_trunk)
        eventually(lambda: len(box.trunks()) == 1, "the trunk is there")
        box.stop()
        with pytest.raises(requests.ConnectionError):
            waiting.result()


@pytest.mark.parametrize("options", [["--bogus"], ["--port", "x"], ["--port", "70000"], ["stray"],
                                     ["--numbers"], ["--retell-not-found", "405"]])
def test_a_bad_option_is_exit_64_with_a_word_about_it(options):
    done = subprocess.run([BINARY, *options], capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stdout) == (64, "")
    assert options[0].lstrip("-") in done.stderr


def test_help_lists_every_option():
    done = subprocess.run([BINARY, "--help"], capture_output=True, text=True, timeout=10)
    assert done.returncode == 0
    for option in ("port", "listen", "latency-ms", "numbers", "max-trunks", "lag-ms", "seed",
                   "max-concurrency", "page-max", "help"):
        assert f"--{option} " in done.stdout


def _create_request():
    login = requests.auth._basic_auth_str(*TWILIO)
    return (f"POST /v1/Trunks HTTP/1.1\r\nHost: x\r\nAuthorization: {login}\r\n"
            "Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            "Content-Length: 14\r\n\r\nFriendlyName=t").encode()
