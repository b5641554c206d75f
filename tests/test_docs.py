"""The docs are true: every address, setting, code and command stands in them, and what they show works."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.payments.registry import providers
from bridge.rules.access import Code
from bridge.rules.feed_rules import parse_feed
from bridge.rules.payments import policy as policies
from bridge.rules.variables import OWNER_VARIABLES, REPO_VARIABLES
from bridge.settings import Settings
from bridge.web.pages.catalogue import ALL as ALL_PAGES
from tools import docs as generated
from tools import payment_table

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/*.md")])


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_address_stands_in_the_page_of_doors(installation):
    page = _text("docs/doors.md")
    rules = {str(rule) for rule in installation.client().application.url_map.iter_rules()}
    pages = {each.rule for each in ALL_PAGES}
    for rule in rules:
        if rule.startswith("/api/v1/") or rule in pages or rule.endswith("<path:rest>"):
            continue  # docs/permissions.md lists them, made from the code
        shown = rule.replace("<path:tag>", "{tag}").replace("<name>", "{file}.zip")
        shown = re.sub(r"<int(\([^)]*\))?:", "<", shown)
        shown = re.sub(r"<token>", "{feed_token}", shown)
        shown = re.sub(r"<(\w+)>", r"{\1}", shown)
        known = f"`{shown}`" in page or f"…{shown.removeprefix('/{owner}/{repo}')}`" in page
        assert known, f"{shown} is missing in docs/doors.md"


def test_every_variable_is_explained():
    page = _text("docs/settings.md")
    for name in {*OWNER_VARIABLES, *REPO_VARIABLES}:
        assert f"`{name}`" in page


def test_the_feed_settings_that_the_docs_show_are_valid():
    sample = re.search(r"```toml\n(.*?)```", _text("docs/settings.md"), re.DOTALL)
    assert sample
    rules = parse_feed(sample[1])
    assert rules.editions["pro"].require_key == "true"
    assert rules.platforms[0].php_minimum == "8.1"


@pytest.mark.parametrize("code", Code)
def test_every_code_is_explained(code):
    assert f"`{code}`" in _text("docs/codes.md")


@pytest.mark.parametrize("name", ["stripe", "paypal"])
def test_what_a_key_does_is_told_for_every_event_of_a_provider(name):
    told = {event for row in payment_table.ROWS for event in getattr(row, name)}
    assert told == set(providers()[name].events)
    assert "| somebody agreed to pay" in _text("docs/payments.md")


@pytest.mark.parametrize("provider", providers().values(), ids=lambda provider: provider.name)
def test_against_what_payments_were_tried_is_said_as_the_command_says_it(provider):
    assert f"| {provider.tried} |" in _text("docs/payments.md")


def test_what_a_key_does_follows_the_rules(monkeypatch):
    before = {row.what: payment_table.does(row) for row in payment_table.ROWS}
    real = policies.default
    monkeypatch.setattr(policies, "default", lambda provider: replace(real(provider), dispute_open="ignore"))
    after = {row.what: payment_table.does(row) for row in payment_table.ROWS}
    assert {what for what in before if before[what] != after[what]} == {"the payment is contested"}


@pytest.mark.parametrize("name", generated.PAGES)
def test_generated_pages_are_up_to_date(name):
    assert _text(f"docs/{name}") == generated.PAGES[name](), "run `make docs`"


def test_the_example_configuration_is_loaded_as_it_is():
    assert Settings(**tomllib.loads(_text("config.example.toml")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([\w./-]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_names_the_two_commands_and_what_follows():
    first_screen = "\n".join(_text("README.md").splitlines()[:30])
    for expected in ("make demo", "make test", "ready: http://127.0.0.1:8080"):
        assert expected in first_screen
