"""Sites on a customer's own page: how often they are freed, and which of them is stated for a download."""

import re

import pytest
from support.bridges import TESTER
from support.page_customers import arrive, link_of, new_ann
from support.page_visits import PUBLIC, Pages, form_at

from bridge.models import LicenseKey
from bridge.services import customer_desk, sites
from bridge.web.pages.rendering import counted

NO_DOMAIN = "Downloads are for a domain, and none is known"


@pytest.fixture(scope="module")
def stricter(selling: Pages) -> Pages:
    """A package whose downloads ask for a domain."""
    package = selling.made.package("acme", "Strict", streams=("stable",), unstated_domain="refuse", max_sites=2)
    selling.api.packages["Strict"] = package
    return selling


@pytest.fixture
def strict(stricter: Pages) -> Pages:
    """The same for one test."""
    stricter.made.clock.turn(minutes=2)
    return stricter


def test_a_package_of_one_stream_offers_that_alone_and_one_that_wants_a_domain_states_it(strict):
    ann = new_ann(strict, "Strict")
    (file,) = re.findall(r'href="(https://[^"]+/downloads/[^"]+)"', ann.text())
    assert "/v1.0.0/" in file
    assert file.endswith("?domain=shop.example.com")
    assert ann.open(file.removeprefix(PUBLIC)).status_code == 200
    assert NO_DOMAIN not in ann.text()
    ann.free()
    assert "/downloads/" not in ann.text(), "what would be refused is not offered"


@pytest.mark.parametrize(
    ("domains", "hosts", "stated"),
    [
        ((), (), ""),
        ((), ("dev.shop.example.org",), "dev.shop.example.org"),
        ((), ("localhost", "shop.example.org"), "shop.example.org"),
        (("b.org", "a.org"), (), "a.org"),
        (("b.org", "a.org"), ("b.org",), "b.org"),
        (("*.example.org",), (), ""),
        (("*.example.org",), ("other.com", "x.example.org"), "x.example.org"),
        (("*.example.org", "a.org"), ("other.com",), "a.org"),
        (("a.org", "b.org"), ("other.com", "another.com"), ""),
    ],
)
def test_a_domain_is_stated_that_is_let_in_and_where_there_is_none_the_page_says_why(strict, domains, hosts, stated):
    ann = new_ann(strict, "Strict", host="", domains=domains)
    for host in hosts:
        arrive(strict, ann.key, host)
    text = ann.text()
    files = re.findall(r'href="(https://[^"]+/downloads/[^"]+)"', text)
    assert [each.partition("?domain=")[2] for each in files] == ([stated] if stated else [])
    assert (NO_DOMAIN in text) == (not stated)
    assert sorted(ann.live()) == sorted(hosts), "a look is no site"
    assert all(ann.open(each.removeprefix(PUBLIC)).status_code == 200 for each in files)


def test_a_license_is_not_moved_daily(ann):
    made = ann.pages.made
    token = form_at(ann.text(), f"{ann.link}/sites/{ann.site}/free")["csrf_token"]
    with made.parts.open_session() as session:  # what the seller frees does not count
        sites.free(session, session.get_one(LicenseKey, ann.key.id), "shop.example.com", TESTER, made.clock())
    for day in range(5):
        site = arrive(ann.pages, ann.key, f"day{day}.example.com")
        beside = arrive(ann.pages, ann.key, f"dev.day{day}.example.com")
        assert f"You may free {counted(5 - day, 'more site')}" in ann.text()
        assert ann.free(beside, token=token).status_code == 303, "what does not count is no move"
        assert f"You may free {counted(5 - day, 'more site')}" in ann.text()
        assert ann.free(site, token=token).status_code == 303, day
        made.clock.turn(days=1)
    last = arrive(ann.pages, ann.key, "last.example.com")
    beside = arrive(ann.pages, ann.key, "dev.last.example.com")
    text = ann.text()
    assert "Please wait some days, or ask the seller." in text
    assert f"/sites/{last}/free" not in text, "the button is not offered"
    assert f"/sites/{beside}/free" in text
    assert ann.free(beside, token=token).status_code == 303
    answer = ann.free(last, token=token)
    assert (answer.status_code, "Retry-After" in answer.headers) == (409, False)
    assert "moved as often as it may be" in answer.get_data(as_text=True)
    assert ann.live() == ["last.example.com"]
    made.clock.turn(days=26)
    ann.link, ann.site = link_of(ann.pages, ann.mail), last
    assert ann.free().status_code == 303


def test_of_very_many_sites_those_that_were_seen_last_are_shown(ann, monkeypatch):
    monkeypatch.setattr(customer_desk, "SITES_SHOWN", 2)
    for host in ("b.example.com", "dev.b.example.com"):
        ann.pages.made.clock.turn(seconds=1)
        arrive(ann.pages, ann.key, host)
    text = ann.text()
    assert re.findall(r'<th scope="row" class="whole">([^ <]+)', text) == ["dev.b.example.com", "b.example.com"]
    assert "2 of 2 places are taken" in text
    assert "Here are the 2 that were seen last; 1 other, seen longer ago, can be freed by the seller." in text
