# SPDX-License-Identifier: MIT
"""test_docs.py - the reference at /docs: complete, at home, within its policy."""
import re

import pytest
import requests

import browser
from document import Document

contract = Document()
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
def get(world):
    def get(path, **headers):
        return requests.get(world.api.url + path, headers=headers, timeout=20)

    return get


def linked(html):
    return re.findall(r'(?:src|href)="([^"]*)"', html)


def test_the_page_lists_every_operation_also_without_scripts(get):
    page = get("/docs")
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for method, path, operation in contract.operations():
        assert f"<b>{method}</b> <code>{path}</code>" in page.text
        assert operation["summary"] in page.text


def test_it_holds_nothing_inline_and_links_to_no_other_host(get):
    html = get("/docs").text
    assert "<style" not in html and " style=" not in html
    assert not re.search(r"<script(?![^>]* src=)", html)
    assert not re.search(r"<[^>]* on\w+=", html)
    links = linked(html)
    assert "openapi.yaml" in links and "openapi.json" in links
    for link in links:
        assert link == "data:," or get(f"/{link}").status_code == 200, link


def test_its_policy_is_strict(get):
    policy = dict(part.strip().split(" ", 1) for part in
                  get("/docs").headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'", "script-src": "'self'",
        "style-src": "'self'", "img-src": "'self' data:",
        "connect-src": "'self'", "base-uri": "'none'",
        "form-action": "'none'", "frame-ancestors": "'none'"}


def test_its_files_may_be_kept_for_ever_and_the_page_is_asked_for(get):
    page = get("/docs")
    assert page.headers["Cache-Control"] == "no-cache"
    files = [link for link in linked(page.text) if link.startswith("docs/")]
    for link in files:
        assert re.fullmatch(r"docs/[a-z-]+-[0-9a-f]{16}\.(js|css|txt)", link)
        assert get(f"/{link}").headers["Cache-Control"] == FOREVER
    for path in ["/docs", f"/{files[0]}"]:
        etag = get(path).headers["ETag"]
        again = get(path, **{"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag
        assert get(path, **{"If-None-Match": '"other"'}).status_code == 200


def test_what_is_not_there_is_a_problem(get):
    for path, status in (("/docs/", 404), ("/docs/none.js", 404),
                         ("/docs?x=1", 400), ("/docs/..%2fdocs", 400)):
        answer = get(path)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.fixture
def page(world, tmp_path):
    if not browser.BINARY:
        pytest.skip("chromium is not installed: nobody looked at the page")
    if "swagger-ui" not in requests.get(f"{world.api.url}/docs",
                                        timeout=20).text:
        pytest.skip("built without `make docs`: there is only the plain list")
    page = browser.Page(f"{world.api.url}/docs", tmp_path / "profile")
    yield page
    page.close()


def test_a_browser_renders_it_and_asks_nobody_else(world, page):
    count = len(list(contract.operations()))
    page.until(f'document.querySelectorAll(".opblock").length == {count}')
    assert page.evaluate("document.title") == "Trunkline: reference"
    assert page.evaluate('document.getElementById("plain")') is None
    # Everything unfolded, then one operation tried from the page.
    page.evaluate('document.querySelectorAll(".opblock-summary-control")'
                  ".forEach(e => e.click())")
    page.until('document.querySelectorAll(".opblock.is-open").length == '
               f"{count}")
    health = "#operations-Service-getHealth"
    for button in (".try-out__btn", ".execute"):
        page.until(f'!!document.querySelector("{health} {button}")')
        page.evaluate(f'document.querySelector("{health} {button}").click()')
    answer = f"{health} .live-responses-table .response .response-col_status"
    page.until(f'!!document.querySelector("{answer}")')
    assert page.evaluate(
        f'document.querySelector("{answer}").innerText.trim()') == "200"
    assert page.said == []
    asked = [url for url in page.requests if not url.startswith("data:")]
    assert f"{world.api.url}/healthz" in asked
    assert [u for u in asked if not u.startswith(world.api.url + "/")] == []
    assert {page.statuses[url] for url in asked} == {200}
