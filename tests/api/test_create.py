# SPDX-License-Identifier: MIT
"""Creating a number: what stands at the providers afterwards, and what they were told."""

import re

from support import facts, secrets
from support.client import path_of
from support.facts import ACCOUNT, ACCOUNT_2, AGENT, ALL_KINDS, COMMON_KINDS, OTHER_AGENT
from support.world import assert_exactly, assert_nothing_left, kinds_of


def test_a_create_of_both_directions_leaves_exactly_seven_resources(world, number):
    answer = world.api.create(number)

    assert answer.status_code == 201
    assert_exactly(world, ALL_KINDS)
    assert kinds_of(answer.json()["resources"]) == sorted(ALL_KINDS)


def test_an_inbound_only_number_needs_no_credentials(world, number):
    world.api.created(number, supports_outbound=False)

    assert_exactly(world, COMMON_KINDS + facts.INBOUND_KINDS)


def test_an_outbound_only_number_needs_no_origination(world, number):
    world.api.created(number, supports_inbound=False)

    assert_exactly(world, COMMON_KINDS + facts.OUTBOUND_KINDS)


def test_a_create_makes_each_call_once(world, number):
    world.api.created(number)

    assert sorted(world.sandbox.operations()) == sorted(facts.CREATE_CALLS)


def test_the_answer_is_the_number_at_its_location_with_its_etag(world, number):
    answer = world.api.create(number, label="Front desk")
    body = answer.json()

    assert re.fullmatch(r"apn_[0-9a-hjkmnp-tv-z]{26}", body["id"])
    assert body["status"] == "active"
    assert body["phone_number"] == number
    assert body["label"] == "Front desk"
    assert answer.headers["Location"].endswith(path_of(body["id"]))
    found = world.api.get(body["id"])
    assert found.status_code == 200
    assert found.json() == body
    assert found.headers["ETag"] == answer.headers["ETag"]


def test_a_number_is_found_by_its_e164_number_too(world, number):
    created = world.api.created(number)

    assert world.api.get(number).json() == created
    assert f"{facts.NUMBERS}/%2B" in path_of(number)


def test_the_number_tells_its_trunk_and_every_resource_by_the_providers_id(world, number):
    body = world.api.created(number)
    trunk = world.sandbox.alive("trunk")[-1]

    assert body["trunk"]["sid"] == trunk["id"]
    assert body["trunk"]["termination_uri"] == trunk["domain_name"]
    assert body["trunk"]["origination_uri"] == facts.RETELL_SIP_URI
    made = sorted((r["kind"], r["id"]) for r in world.sandbox.ours())
    assert sorted((r["kind"], r["id"]) for r in body["resources"]) == made
    assert {r["state"] for r in body["resources"]} == {"present"}
    assert all(r["created_at"].endswith("Z") for r in body["resources"])
    assert body["error"] is None


def test_defaults_are_filled_in_and_the_short_forms_become_lists(world, number):
    body = world.api.created(number)

    assert body["provider"] == "twilio"
    assert body["supports_inbound"] is True and body["supports_outbound"] is True
    assert body["inbound_agent_id"] == body["outbound_agent_id"] == AGENT
    (inbound,) = body["inbound_agents"]
    assert inbound["agent_id"] == AGENT and inbound["weight"] == 1
    assert body["inbound_agents"] == body["outbound_agents"]
    assert body["has_twilio_credentials"] is False
    assert body["version"] == 1
    assert body["created_at"] <= body["updated_at"]


def test_twilio_is_told_what_a_retell_trunk_needs(world, number):
    world.api.created(number)
    (trunk,) = world.sandbox.calls("create_trunk")
    (url,) = world.sandbox.calls("create_origination_url")

    domain = trunk["parameters"]["DomainName"]
    assert re.fullmatch(r"tl-[a-z0-9-]{8,}\.pstn\.twilio\.com", domain)
    assert trunk["parameters"]["TransferMode"] == "enable-all"
    assert url["parameters"]["SipUrl"] == facts.RETELL_SIP_URI
    assert "@" not in url["parameters"]["SipUrl"]
    assert url["parameters"]["Enabled"] == "true"


def test_retell_is_told_the_trunks_address_and_its_credentials(world, number):
    world.api.created(number, label="Front desk")
    (call,) = world.sandbox.calls("import_number")
    told = call["parameters"]
    (credential,) = [r for r in world.sandbox.ours() if r["kind"] == "credential"]
    (trunk,) = [r for r in world.sandbox.ours() if r["kind"] == "trunk"]

    assert told["phone_number"] == number
    assert told["termination_uri"] == trunk["domain_name"]
    assert told["ignore_e164_validation"] is False
    assert told["sip_trunk_auth_username"] == credential["username"]
    assert told["inbound_agents"] == [{"agent_id": AGENT, "weight": 1}]
    at_retell = world.sandbox.retell_number(number)
    assert at_retell["password_sha256"] == credential["password_sha256"]


def test_two_numbers_share_neither_trunk_nor_domain_nor_password(world, numbers):
    for number in numbers(2):
        world.api.created(number)
    ours = world.sandbox.ours()

    assert_exactly(world, ALL_KINDS * 2)
    assert len({r["domain_name"] for r in ours if r["kind"] == "trunk"}) == 2
    assert len({r["password_sha256"] for r in ours if r["kind"] == "credential"}) == 2


def test_agents_may_be_several_with_versions_and_weights(world, number):
    agents = [
        {"agent_id": AGENT, "agent_version": 2, "weight": 0.75},
        {"agent_id": OTHER_AGENT, "weight": 0.25},
    ]
    body = world.api.created(number, agent_id=..., inbound_agents=agents, outbound_agent_id=AGENT)

    assert _bare(body["inbound_agents"]) == agents
    assert body["inbound_agent_id"] is None, "null unless it is exactly one"
    assert body["outbound_agent_id"] == AGENT
    assert _bare(world.sandbox.retell_number(number)["inbound_agents"]) == agents


def test_inbound_and_outbound_agent_may_differ_in_the_short_form(world, number):
    body = world.api.created(
        number, agent_id=..., inbound_agent_id=AGENT, outbound_agent_id=OTHER_AGENT
    )

    assert (body["inbound_agent_id"], body["outbound_agent_id"]) == (AGENT, OTHER_AGENT)


def test_a_number_may_have_no_agent_yet(world, number):
    body = world.api.created(number, agent_id=...)

    assert body["inbound_agent_id"] is None and body["outbound_agent_id"] is None
    assert not world.sandbox.calls("get_agent")
    assert_exactly(world, ALL_KINDS)


def test_what_retell_keeps_of_a_number_is_what_was_asked_for(world, numbers):
    number, fallback = numbers(2)
    body = world.api.created(
        number,
        label="Front desk",
        inbound_webhook_url="https://example.com/hook",
        allowed_inbound_country_list=["US", "CA"],
        allowed_outbound_country_list=["US"],
        fallback_number=fallback,
        metadata={"team": "north"},
    )
    at_retell = world.sandbox.retell_number(number)

    assert at_retell["name"] == "Front desk"
    assert at_retell["inbound_webhook_url"] == body["inbound_webhook_url"]
    assert at_retell["allowed_inbound_country_list"] == ["US", "CA"]
    assert at_retell["allowed_outbound_country_list"] == ["US"]
    assert at_retell["fallback_number"] == body["fallback_number"] == fallback
    assert body["metadata"] == {"team": "north"}


def test_credentials_of_ones_own_are_used_and_never_answered(world, number):
    trunk = {"username": "pbx-north", "password": secrets.SIP_PASSWORD, "transport": "tls"}
    answer = world.api.create(number, outbound_trunk=trunk)
    (credential,) = [r for r in world.sandbox.ours() if r["kind"] == "credential"]

    assert answer.status_code == 201, answer.text
    assert credential["username"] == "pbx-north"
    assert world.sandbox.retell_number(number)["transport"] == "TLS"
    assert answer.json()["outbound_trunk"]["username"] == "pbx-north"
    assert "password" not in answer.json()["outbound_trunk"]
    assert answer.json()["has_auth_credentials"] is True


def test_calls_may_be_sent_elsewhere_than_to_retell(world, number):
    inbound = {"origination_uri": "sip:pbx.example.com;transport=tls", "priority": 7, "weight": 3}
    body = world.api.created(number, inbound_trunk=inbound)
    (url,) = world.sandbox.calls("create_origination_url")

    assert url["parameters"]["SipUrl"] == inbound["origination_uri"]
    assert (url["parameters"]["Priority"], url["parameters"]["Weight"]) == ("7", "3")
    assert body["trunk"]["origination_uri"] == inbound["origination_uri"]


def test_required_media_encryption_makes_the_trunk_secure(world, number):
    world.api.created(number, outbound_trunk={"media_encryption": "required"})
    (call,) = world.sandbox.calls("create_trunk")

    assert call["parameters"]["Secure"] == "true"


def test_a_disaster_recovery_url_goes_to_the_trunk(world, number):
    url = "https://example.com/recovery"
    body = world.api.created(number, disaster_recovery_url=url)
    (call,) = world.sandbox.calls("create_trunk")

    assert call["parameters"]["DisasterRecoveryUrl"] == url == body["disaster_recovery_url"]


def test_a_connection_policy_is_made_on_demand_and_goes_with_the_number(world, number):
    policy = {"target": "sip:sip.retellai.com", "priority": 5, "weight": 20}
    body = world.api.created(number, connection_policy=policy)
    (target,) = world.sandbox.calls("create_connection_policy_target")

    assert_exactly(world, ALL_KINDS + ["connection_policy", "connection_policy_target"])
    assert target["parameters"]["Target"] == policy["target"]
    assert (target["parameters"]["Priority"], target["parameters"]["Weight"]) == ("5", "20")
    world.api.deleted(body["id"])
    assert_nothing_left(world)


def test_a_second_twilio_account_is_used_with_the_credentials_of_the_request(world):
    body = world.api.created(
        facts.OF_ACCOUNT_2,
        twilio_account_sid=ACCOUNT_2,
        twilio_auth_token=facts.AUTH_TOKEN_2,
    )

    assert body["has_twilio_credentials"] is True
    assert body["twilio_account_sid"] == ACCOUNT_2
    at_twilio = [r for r in world.sandbox.ours() if r["kind"] != "retell_number"]
    assert {r["account"] for r in at_twilio} == {ACCOUNT_2}
    world.restart()  # the credentials were kept, sealed
    world.api.deleted(body["id"])
    assert_nothing_left(world)


def test_a_twilio_api_key_of_the_request_does_as_well_as_the_token(world, number):
    body = world.api.created(
        number,
        twilio_account_sid=ACCOUNT,
        twilio_api_key_sid=facts.API_KEY_SID,
        twilio_api_key_secret=facts.API_SECRET,
    )

    assert body["has_twilio_credentials"] is True
    assert_exactly(world, ALL_KINDS)


def test_the_service_may_use_a_twilio_api_key_instead_of_the_token(make_world, number):
    world = make_world(
        TWILIO_AUTH_TOKEN=None,
        TWILIO_API_KEY=facts.API_KEY_SID,
        TWILIO_API_SECRET=facts.API_SECRET,
    )
    world.api.created(number)

    assert_exactly(world, ALL_KINDS)


# What costs nothing to refuse: the reads of the first wave find it


def _refused_without_a_write(world, answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert world.sandbox.writes() == []
    assert_nothing_left(world)
    return answer.json()


def test_a_number_of_somebody_else_is_refused_before_anything_is_made(world):
    answer = world.api.create(facts.NOT_OWNED)

    _refused_without_a_write(world, answer, 422, "number-not-owned")


def test_a_number_of_another_account_is_not_ours(world):
    answer = world.api.create(facts.OF_ACCOUNT_2)

    _refused_without_a_write(world, answer, 422, "number-not-owned")


def test_an_unknown_agent_is_refused_before_anything_is_made(world, number):
    answer = world.api.create(number, agent_id="agent_unknown")

    _refused_without_a_write(world, answer, 422, "agent-not-found")


def test_an_unknown_version_of_an_agent_is_refused_as_well(world, number):
    answer = world.api.create(number, agent_version=99)

    _refused_without_a_write(world, answer, 422, "agent-not-found")


def test_the_second_of_two_agents_is_checked_too(world, number):
    answer = world.api.create(
        number, agent_id=..., inbound_agent_id=AGENT, outbound_agent_id="agent_unknown"
    )

    _refused_without_a_write(world, answer, 422, "agent-not-found")


def test_a_number_that_is_in_our_retell_workspace_already_is_refused(world):
    answer = world.api.create(facts.IN_OUR_RETELL)

    _refused_without_a_write(world, answer, 409, "number-in-retell")


def test_wrong_twilio_credentials_in_the_request_are_the_clients_fault(world, number):
    answer = world.api.create(number, twilio_account_sid=ACCOUNT, twilio_auth_token="f" * 32)

    problem = _refused_without_a_write(world, answer, 422, "provider-credentials-refused")
    assert problem["provider"] == "twilio"


def test_wrong_twilio_credentials_of_the_service_are_not_the_clients_fault(make_world, number):
    world = make_world(TWILIO_AUTH_TOKEN="f" * 32)
    answer = world.api.create(number)

    problem = _refused_without_a_write(world, answer, 502, "provider-auth-failed")
    assert problem["provider"] == "twilio"


def test_a_wrong_retell_key_of_the_service_is_named(make_world, number):
    world = make_world(RETELL_API_KEY="key_that_is_wrong")
    answer = world.api.create(number)

    problem = _refused_without_a_write(world, answer, 502, "provider-auth-failed")
    assert problem["provider"] == "retell"


def test_a_number_held_by_another_workspace_is_found_out_and_rolled_back(world):
    answer = world.api.create(facts.IN_OTHER_WORKSPACE)

    assert (answer.status_code, answer.json()["code"]) == (409, "number-held-elsewhere")
    assert answer.json()["rolled_back"] is True
    assert_nothing_left(world)


def test_a_number_exists_once(world, number):
    first = world.api.created(number)
    answer = world.api.create(number)

    assert (answer.status_code, answer.json()["code"]) == (409, "number-already-exists")
    assert answer.json()["number_id"] == first["id"]
    assert_exactly(world, ALL_KINDS)


def test_a_full_account_is_told_as_the_providers_refusal(make_world, numbers):
    world = make_world({"max_trunks": 3})  # two of them are foreign
    first, second = numbers(2)
    world.api.created(first)
    answer = world.api.create(second)

    assert (answer.status_code, answer.json()["code"]) == (502, "provider-refused")
    assert answer.json()["provider_code"] in (21244, 21239)
    assert answer.json()["rolled_back"] is True
    assert_exactly(world, ALL_KINDS)


def test_a_number_with_emergency_calling_can_be_taken_down_again(world):
    world.api.created(facts.WITH_EMERGENCY_CALLING)
    world.api.deleted(facts.WITH_EMERGENCY_CALLING)

    assert_nothing_left(world)


def _bare(agents):
    """Agents without members that are null."""
    return [{k: v for k, v in agent.items() if v is not None} for agent in agents]
