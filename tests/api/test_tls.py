# SPDX-License-Identifier: MIT
"""A provider must prove by TLS who it is, or it gets nothing to read."""

import ssl

import pytest

from support.facts import RETELL_CALLS
from support.metrics import Scrape
from support.tls import Tls, needs_openssl
from support.world import assert_nothing_left

pytestmark = needs_openssl

@pytest.fixture
def retell_behind(make_world, tmp_path, number):
    """Starts a world whose Retell is behind TLS, told to trust that certificate or another."""

    def start(trusted=None, settings=None, **certificate):
        world = make_world(TRUNKLINE_OPERATION_DEADLINE_S=2, **(settings or {}))
        world.stop()
        world.tls = Tls(tmp_path / "tls", world.sandbox.url, **certificate)
        world.settings["RETELL_BASE_URL"] = world.tls.url
        world.settings["TRUNKLINE_CA_FILE"] = (trusted or world.tls).folder / "ca.pem"
        world.start()
        return world

    return start


def _assert_told_nothing(world, number):
    answer = world.api.create(number)

    assert (answer.status_code, answer.json()["code"]) == (503, "provider-unavailable")
    assert answer.json()["provider"] == "retell"
    assert answer.json()["rolled_back"] is True
    assert world.tls.came, "somebody came"
    assert not RETELL_CALLS & set(world.sandbox.operations()), "and went without a word"
    assert Scrape(world).sum("trunkline_unknown_outcomes_total") == 0
    assert_nothing_left(world)


def test_with_a_good_certificate_it_works(retell_behind, number):
    world = retell_behind()
    world.api.created(number)

    assert world.tls.came
    world.api.deleted(number)


def test_an_authority_that_is_not_ours_is_not_believed(retell_behind, number, tmp_path):
    """A certificate by itself proves nothing."""
    other = Tls(tmp_path / "other", "http://127.0.0.1:1")
    _assert_told_nothing(retell_behind(trusted=other), number)


def test_a_certificate_for_another_host_is_not_taken(retell_behind, number):
    _assert_told_nothing(retell_behind(host="api.example.com"), number)


def test_an_expired_certificate_is_not_taken(retell_behind, number):
    _assert_told_nothing(retell_behind(days=-1), number)


# A system that would allow everything; Debian's own would not.
LAX = """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = anything
[anything]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
"""


def test_a_server_that_knows_only_old_tls_is_not_spoken_to(retell_behind, number, tmp_path):
    (tmp_path / "lax.cnf").write_text(LAX)
    lax = {"OPENSSL_CONF": tmp_path / "lax.cnf"}
    _assert_told_nothing(retell_behind(settings=lax, newest=ssl.TLSVersion.TLSv1_1), number)
