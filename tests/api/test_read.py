# SPDX-License-Identifier: MIT
"""Reading: lists with pages and filters, ETags."""

import json
import urllib.parse

import pytest

from support import facts
from support.client import at_once
from support.facts import AGENT, NUMBERS, OTHER_AGENT
from support.limits import LIMIT


@pytest.fixture
def seven(world, numbers):
    """A world with seven numbers, the oldest first."""
    world.wanted = numbers(7)
    for i, number in enumerate(world.wanted):
        world.api.created(number, label=f"desk {i % 2}", agent_id=AGENT if i < 5 else ...)
    return world


def _phone_numbers(answer):
    assert answer.status_code == 200, answer.text
    return [item["phone_number"] for item in answer.json()["items"]]


def test_an_empty_list_is_an_empty_page(world):
    assert world.api.list().json() == {"items": [], "next_cursor": None}


def test_the_newest_comes_first_and_each_item_is_the_whole_number(seven):
    answer = seven.api.list()

    assert _phone_numbers(answer) == seven.wanted[::-1]
    for item in answer.json()["items"]:
        assert item == seven.api.get(item["id"]).json()


@pytest.mark.parametrize("limit, pages", [(1, 7), (3, 3), (7, 1), (200, 1)])
def test_pages_hold_every_number_once(seven, limit, pages):
    seen, cursor, count = [], None, 0
    while count == 0 or cursor:
        answer = seven.api.list(limit=limit, cursor=cursor)
        seen += _phone_numbers(answer)
        cursor = answer.json()["next_cursor"]
        count += 1

    assert seen == seven.wanted[::-1]
    assert count == pages


def test_a_page_of_very_large_numbers_ends_early_and_loses_none(make_world, numbers):
    """At 4 MiB, with the item that passes it; the cursor leads on as ever."""
    world = make_world({"max_trunks": 200})
    large = {
        "metadata": {f"key{i}": "\N{TELEPHONE RECEIVER}" * 500 for i in range(16)},
        "allowed_inbound_country_list": ["US"] * 250,
    }
    wanted = numbers(150)

    def create(number):
        body = json.dumps({"phone_number": number, **large}, ensure_ascii=False).encode()
        answer = world.api.request("POST", NUMBERS, {"Content-Type": "application/json"}, data=body)
        assert answer.status_code == 201

    parts = [wanted[at::8] for at in range(8)]
    at_once([lambda part=part: [create(number) for number in part] for part in parts])
    first = world.api.list(limit=200)
    item = len(first.content) / len(first.json()["items"])
    rest = world.api.list(limit=200, cursor=first.json()["next_cursor"])

    assert LIMIT["PAGE"] < len(first.content) < LIMIT["PAGE"] + 2 * item
    assert sorted(_phone_numbers(first) + _phone_numbers(rest)) == sorted(wanted)
    assert rest.json()["next_cursor"] is None
    world.unclean = True  # a delete of each would only take time


def test_the_link_header_leads_to_the_next_page(seven):
    answer = seven.api.list(limit=3, label="desk 0")
    link = answer.links["next"]["url"]
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)

    assert query["cursor"] == [answer.json()["next_cursor"]]
    assert query["limit"] == ["3"] and query["label"] == ["desk 0"]
    path = urllib.parse.urlsplit(link)
    following = seven.api.request("GET", f"{path.path}?{path.query}")
    assert _phone_numbers(following) == [seven.wanted[0]]
    assert "next" not in following.links


def test_a_number_made_meanwhile_does_not_shift_the_pages(seven, number):
    first = seven.api.list(limit=3)
    seven.api.created(number)
    second = seven.api.list(limit=3, cursor=first.json()["next_cursor"])

    assert _phone_numbers(second) == seven.wanted[3::-1][:3]


def test_filters_narrow_the_list(seven):
    wanted, api = seven.wanted, seven.api

    assert _phone_numbers(api.list(label="desk 1")) == [wanted[5], wanted[3], wanted[1]]
    assert _phone_numbers(api.list(phone_number=wanted[2])) == [wanted[2]]
    assert _phone_numbers(api.list(agent_id=AGENT)) == wanted[4::-1]
    assert _phone_numbers(api.list(agent_id=OTHER_AGENT)) == []
    assert _phone_numbers(api.list(assigned="false")) == [wanted[6], wanted[5]]
    assert _phone_numbers(api.list(assigned="true")) == wanted[4::-1]
    assert _phone_numbers(api.list(status="active")) == wanted[::-1]
    assert _phone_numbers(api.list(status="corrupted")) == []
    assert _phone_numbers(api.list(provider="twilio")) == wanted[::-1]
    assert _phone_numbers(api.list(provider="sip_trunk")) == []
    assert _phone_numbers(api.list(label="desk 1", agent_id=AGENT)) == [wanted[3], wanted[1]]


def test_filters_and_pages_go_together(seven):
    first = seven.api.list(agent_id=AGENT, limit=2)
    second = seven.api.list(agent_id=AGENT, limit=2, cursor=first.json()["next_cursor"])
    third = seven.api.list(agent_id=AGENT, limit=2, cursor=second.json()["next_cursor"])

    pages = [_phone_numbers(page) for page in (first, second, third)]
    assert pages == [seven.wanted[4:2:-1], seven.wanted[2:0:-1], seven.wanted[:1]]
    assert third.json()["next_cursor"] is None


def test_a_patch_moves_a_number_between_filters(seven):
    seven.api.patch(seven.wanted[0], agent_id=OTHER_AGENT, label="moved")

    assert _phone_numbers(seven.api.list(agent_id=OTHER_AGENT)) == [seven.wanted[0]]
    assert seven.wanted[0] not in _phone_numbers(seven.api.list(agent_id=AGENT))
    assert _phone_numbers(seven.api.list(label="moved")) == [seven.wanted[0]]


def test_a_plus_sign_in_a_query_may_be_written_either_way(seven):
    number = seven.wanted[0]
    escaped = seven.api.request("GET", f"{NUMBERS}?phone_number=%2B{number[1:]}")
    literal = seven.api.request("GET", f"{NUMBERS}?phone_number={number}")

    assert _phone_numbers(escaped) == _phone_numbers(literal) == [number]


BAD_QUERIES = {
    "limit=0": "invalid-parameter",
    "limit=-1": "invalid-parameter",
    "limit=201": "invalid-parameter",
    "limit=1e2": "invalid-parameter",
    "limit=": "invalid-parameter",
    "limit=5&limit=6": "invalid-parameter",
    "status=sleeping": "invalid-parameter",
    "status=active,%20deleting": "invalid-parameter",
    "assigned=maybe": "invalid-parameter",
    "provider=telnyx": "invalid-parameter",
    "phone_number=415": "invalid-parameter",
    "colour=red": "invalid-parameter",
    "cursor=nonsense": "invalid-cursor",
    "cursor=%00": "invalid-cursor",
}


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_a_bad_parameter_is_named(shared, query):
    answer = shared.api.request("GET", f"{NUMBERS}?{query}")

    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == BAD_QUERIES[query]
    assert query.split("=")[0] in answer.json()["detail"]


def test_a_cursor_belongs_to_its_filters_and_cannot_be_altered(seven):
    cursor = seven.api.list(limit=2).json()["next_cursor"]
    altered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")

    for answer in (
        seven.api.list(limit=2, cursor=altered),
        seven.api.list(limit=2, cursor=cursor, label="desk 1"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-cursor")
    assert seven.api.list(limit=5, cursor=cursor).status_code == 200, "another limit is fine"


# One number


@pytest.mark.parametrize(
    "ref",
    ["apn_" + "0" * 26, "apn_short", "op_" + "0" * 26, "+14155550000", "+1", "x" * 500, "..", "a"],
)
def test_what_names_no_number_is_not_found(shared, ref):
    answer = shared.api.get(ref)

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_known_etag_is_answered_304_until_the_number_changes(world, number):
    created = world.api.create(number)
    etag = created.headers["ETag"]
    assert etag.startswith('"') and etag.endswith('"')

    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = world.api.get(number, {"If-None-Match": known})
        assert again.status_code == 304, known
        assert again.headers["ETag"] == etag
    world.api.patch(number, label="changed")
    changed = world.api.get(number, {"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_head_is_get_without_the_body(world, number):
    created = world.api.created(number)
    path = f"{NUMBERS}/{created['id']}"
    head, get = (world.api.request(method, path) for method in ("HEAD", "GET"))

    assert head.status_code == get.status_code == 200
    for name in ("Content-Type", "Content-Length", "ETag"):
        assert head.headers[name] == get.headers[name]


def test_timestamps_are_rfc_3339_in_utc(world, number):
    created = world.api.created(number)

    for field in ("created_at", "updated_at"):
        assert len(created[field]) == 24 and created[field][10] == "T"
        assert created[field].endswith("Z")


def test_no_answer_holds_the_twilio_token_of_a_request(world):
    world.api.created(
        facts.OF_ACCOUNT_2,
        twilio_account_sid=facts.ACCOUNT_2,
        twilio_auth_token=facts.AUTH_TOKEN_2,
    )

    (item,) = world.api.list().json()["items"]
    assert not [name for name in item if name.endswith(("auth_token", "api_key_secret"))]
