"""A customer's own page: what a good link shows and does, and that no other link does anything."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import unquote

import pytest
from sqlmodel import select
from support.bridges import TESTER
from support.page_customers import DOOR, OURS, Ann, arrive, link_of, new_ann, without_token
from support.page_visits import PUBLIC, form_at

from bridge.models import Customer, LicenseKey
from bridge.services import erasing
from bridge.services.customer_desk import Freed
from bridge.storage import catalog, customers
from bridge.web.my import MOST_VISITS_A_MINUTE


def test_the_page_shows_the_key_its_end_its_sites_and_how_it_is_entered(ann):
    text = ann.text()
    for words in (
        *(ann.key.code, "Standard", "It works until ", "shop.example.com", "1 of 2", "Last visit", "Download Key"),
        *("help@acme.example", "a…@e….com", 'href="https://acme.example/renew"', "You may free 5 more sites"),
    ):
        assert words in text, words
    assert f'data-copy="{ann.key.code}"' in text
    assert ann.mail not in text
    assert "Ann Other" not in text


def test_nobody_stores_the_page_lists_it_or_is_told_its_address(ann):
    for answer in (ann.open(), ann.open(DOOR), ann.open(ann.link[:-1]), ann.free(token="wrong"), ann.free()):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "script-src 'self'; style-src 'self'" in answer.headers["Content-Security-Policy"]


def test_what_the_key_opens_is_downloaded_by_the_doors_of_sites(ann):
    files = re.findall(r'href="(https://[^"]+/downloads/[^"]+)"', ann.text())
    assert [re.search(r"/(v[^/]+)/", each)[1] for each in files] == ["v1.1.0-rc1", "v1.0.0"]
    for each in files:
        answer = ann.open(each.removeprefix(PUBLIC))
        assert (answer.status_code, answer.data[:2]) == (200, b"PK")
    assert ann.live() == ["shop.example.com"], "a download of a person is no site"


def bad_links(ann: Ann) -> dict[str, str]:
    bob = new_ann(ann.pages)
    number, purchase, end, signature = ann.link.removeprefix(DOOR).split(".")
    with ann.pages.made.parts.open_session(read_only=True) as session:
        ids = {row.email: row.id for row in session.exec(select(Customer).where(Customer.email.in_([bob.mail])))}
    return {
        "another's number": f"{DOOR}{ids[bob.mail]:x}.{purchase}.{end}.{signature}",
        "another's signature": f"{DOOR}{number}.{purchase}.{end}.{bob.link[-40:]}",
        "a later end": f"{DOOR}{number}.{purchase}.{int(end, 16) + 1:x}.{signature}",
        "a purchase": f"{DOOR}{number}.1.{end}.{signature}",
        "no such customer": f"{DOOR}7fffffff.{purchase}.{end}.{signature}",
        "a number too large": f"{DOOR}ffffffff.{purchase}.{end}.{signature}",
        "one sign less": ann.link[:-1],
        "one sign more": f"{ann.link}0",
        "over": link_of(ann.pages, ann.mail, until=ann.pages.made.clock() - timedelta(seconds=1)),
        "NUL": f"{DOOR}%00",
        "words": f"{DOOR}hello",
        "a key": f"{DOOR}{ann.key.code}",
        "a script": f"{DOOR}%3Cscript%3E",
    }


def test_every_wrong_link_is_the_same_friendly_page_that_offers_a_new_one(ann):
    links = bad_links(ann)
    answers = {name: ann.open(link) for name, link in links.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(links, 404)
    (text,) = {without_token(answer.get_data(as_text=True)) for answer in answers.values()}
    assert "does not open a page (any more)" in text
    assert "Mail me a link" in text
    token = form_at(ann.text(), f"{ann.link}/sites/{ann.site}/free")["csrf_token"]
    desk = ann.pages.made.parts.customers
    for name, link in links.items():
        assert ann.free(link=link, token=token).status_code in {403, 404}, name
        assert desk.free(unquote(link.removeprefix(DOOR)), ann.site, "192.0.2.1") is Freed.NO_LINK, name
    assert ann.live() == ["shop.example.com"]
    assert desk.free(ann.link.removeprefix(DOOR), ann.site, "192.0.2.1") is Freed.DONE


def test_a_link_shows_what_one_owner_sold_and_no_other(ann):
    stated = {"customer_name": "Ann Other", "customer_email": ann.mail}
    foreign = ann.pages.api.new_key("Foreign", **stated)
    theirs = arrive(ann.pages, foreign, "theirs.example.com")
    assert foreign.code not in ann.text()
    answer = ann.free(theirs)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{ann.link}?said=gone")
    text = ann.open(link_of(ann.pages, ann.mail, "beta")).get_data(as_text=True)
    assert foreign.code in text
    assert "theirs.example.com" in text
    assert ann.key.code not in text


def test_a_customer_who_was_erased_has_no_page_any_more(ann):
    made = ann.pages.made
    token = form_at(ann.text(), f"{ann.link}/sites/{ann.site}/free")["csrf_token"]
    with made.parts.open_session() as session:
        owner = catalog.owner_by_name(session, "acme")
        customer = customers.by_mail(session, owner.id, ann.mail)
        erasing.erase(session, customer, domains=False, actor=TESTER, now=made.clock())
    assert ann.open().status_code == 404
    assert (ann.free(token=token).status_code, ann.live()) == (404, ["shop.example.com"])
    made.clock.turn(seconds=1)
    again = ann.pages.api.new_key("Standard", customer_email=ann.mail)  # whose number may be the same
    answer = ann.open()
    assert answer.status_code == 404
    assert again.code not in answer.get_data(as_text=True)


def test_a_key_that_was_stopped_says_so_and_offers_nothing(ann):
    made = ann.pages.made
    with made.parts.open_session() as session:
        row = session.get_one(LicenseKey, ann.key.id)
        row.suspended_at = made.clock()
        session.add(row)
    text = ann.text()
    assert "It is suspended for now." in text
    assert ("/downloads/" in text, "acme.example/renew" in text) == (False, False)
    with made.parts.open_session() as session:
        row = session.get_one(LicenseKey, ann.key.id)
        row.suspended_at, row.revoked_at, row.revoke_reason = None, made.clock(), "sold it on, the rascal"
        session.add(row)
    text = ann.text()
    assert "It was revoked, and works no more." in text
    assert ann.key.code not in text
    assert f"The key that ends in {ann.key.code[-5:]}" in text
    assert ("/downloads/" in text, "acme.example/renew" in text, "rascal" in text) == (False, False, False)


def test_a_site_is_freed_once_however_often_the_button_is_pressed_and_the_trail_names_the_customer(ann):
    token = form_at(ann.text(), f"{ann.link}/sites/{ann.site}/free")["csrf_token"]
    first, second = ann.free(token=token), ann.free(token=token)
    assert [answer.status_code for answer in (first, second)] == [303, 303]
    assert first.headers["Location"] == f"{ann.link}?said=done"
    assert ann.live() == []
    (row,) = ann.trail()
    assert re.fullmatch(r"customer:\d+", row.actor)
    assert (row.before, row.after) == ({"sites": ["shop.example.com"]}, {"sites": []})
    told = f'by the customer <span class="muted small">({row.actor})</span>'
    assert told in ann.pages.visitor().text(f"/acme/-/licensing/keys/{ann.key.id}")
    text = ann.open(first.headers["Location"]).get_data(as_text=True)
    assert "The site was freed" in text
    assert "You may free" not in text, "there is none"


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        (OURS, ""),
        (OURS, "made up"),
        (OURS, "another page's"),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, None),
        ({"Sec-Fetch-Site": "same-site", "Origin": "null"}, None),
        ({"Origin": "https://evil.example"}, None),
    ],
    ids=["none", "wrong", "foreign", "other site", "same site", "old browser"],
)
def test_a_form_from_elsewhere_frees_nothing(ann, headers, token):
    if token == "another page's":
        bob = new_ann(ann.pages)
        token = form_at(bob.text(), f"{bob.link}/sites/{bob.site}/free")["csrf_token"]
    answer = ann.free(headers=headers, token=token)
    assert answer.status_code == 403
    assert "nothing was done" in answer.get_data(as_text=True)
    assert (ann.live(), ann.trail()) == (["shop.example.com"], [])


@pytest.mark.parametrize("headers", [OURS, {"Origin": PUBLIC}, {"Origin": "null"}, {"X-Nothing": "said"}])
def test_browsers_that_say_less_free_with_the_token(ann, headers):
    assert ann.free(headers=headers).status_code == 303
    assert ann.live() == []


def test_a_site_of_another_customer_is_not_freed(ann):
    bob = new_ann(ann.pages)
    answer = ann.free(bob.site)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{ann.link}?said=gone")
    assert (ann.live(), bob.live()) == (["shop.example.com"], ["shop.example.com"])


HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}")


def test_hostile_names_are_inert(selling):
    selling.made.clock.turn(minutes=2)
    for number, name in enumerate(HOSTILE):
        selling.api.packages[name] = selling.made.package(
            "acme", f"{name}{number}", renewal_url="https://a.example/?x=1&y=2"
        )
        eve = new_ann(selling, name, note=name, labels=(name,))
        text = eve.text()
        assert name not in text or name == HOSTILE[2]
        assert name in unescape(text)
        assert 'href="https://a.example/?x=1&amp;y=2"' in text
        answer = eve.open(said=name, page=name)
        assert answer.status_code == 200
        assert name not in answer.get_data(as_text=True) or name == HOSTILE[2]


def test_many_keys_stand_on_several_pages(ann):
    for _ in range(10):
        ann.pages.api.new_key("Standard", customer_email=ann.mail)
    first = ann.text()
    assert 'href="?page=2"' in first
    assert ann.key.code not in first
    assert ann.key.code in ann.open(page="2").get_data(as_text=True)
    assert "No license here" in ann.open(page="9").get_data(as_text=True)


def test_nobody_looks_a_hundred_times_a_minute(ann):
    answers = [ann.open(f"{DOOR}{number}") for number in range(MOST_VISITS_A_MINUTE + 1)]
    assert [answer.status_code for answer in answers[-2:]] == [404, 429]
    assert answers[-1].headers["Retry-After"] == "60"


@pytest.mark.parametrize("days", [0, 31])
def test_a_form_of_a_link_that_is_over_frees_nothing(ann, days):
    token = form_at(ann.text(), f"{ann.link}/sites/{ann.site}/free")["csrf_token"]
    ann.pages.made.clock.turn(days=days)
    answer = ann.free(token=token)
    assert (answer.status_code, ann.live()) == ((404, ["shop.example.com"]) if days else (303, []))
    assert len(ann.trail()) == (0 if days else 1)


def test_the_log_holds_no_link(ann, caplog, monkeypatch):
    caplog.set_level("DEBUG")
    monkeypatch.setattr(ann.pages.made.settings.log, "requests", "all")
    monkeypatch.setitem(ann.pages.visitors, "customer", ann.pages.browser(restarted=True))
    ann.free()
    ann.open(ann.link[:-1])
    lines = [record.getMessage() for record in caplog.records if record.name == "bridge.requests"]
    assert [re.sub(r" - .*", "", line) for line in lines] == [
        f"GET {DOOR}<link>",
        f"POST {DOOR}<link>/sites/<int(max=2147483647):number>/free",
        f"GET {DOOR}<link>",
    ]
    assert ann.link.rpartition(".")[2][:-1] not in caplog.text
