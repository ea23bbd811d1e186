# SPDX-License-Identifier: MIT
"""test_npm.py - what others' programs make of us: a linter of contracts, a
generator of clients, and the providers' own SDKs against our sandbox."""
import npm
import pytest
from document import ROOT
from support.secrets import API_KEY


@pytest.fixture(scope="module", autouse=True)
def _scripts():
    npm.take_scripts()


def test_the_linter_finds_nothing():
    assert ", 0 findings" in npm.run("node", "lint.mjs", ROOT / "openapi.yaml")


@pytest.fixture(scope="module")
def generated():
    """A client in TypeScript, made from the contract and compiled strictly."""
    npm.run("node_modules/.bin/openapi-typescript", ROOT / "openapi.yaml",
            "--default-non-nullable=false", "--output", "api.d.ts")
    npm.run("node_modules/.bin/tsc", "--project", ".")
    return npm.FOLDER / "out/client.js"


def test_the_generated_client_has_no_any(generated):
    assert ", 0 any" in npm.run("node", "surface.mjs", "api.d.ts")


def test_the_generated_client_does_the_main_job(generated, world):
    said = npm.run("node", generated, world.api.url, API_KEY,
                   "+14155550100", "+14155550101")
    assert "the main job is done" in said
    assert world.sandbox.ours() == []


def test_the_official_sdks_provision_and_tear_down(world):
    assert "taken down" in npm.run("node", "sdks.mjs", world.sandbox.url)
    assert world.sandbox.ours() == []
