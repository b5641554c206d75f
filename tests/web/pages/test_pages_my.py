"""A customer's own page: what a good link shows and does, and that no other link does anything."""

import itertools
import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from sqlmodel import select
from support.bridges import TESTER, IssuedKey
from support.page_visits import PUBLIC, Pages, Visitor, form_at
from support.zips import joomla_module

from bridge.models import Audit, Customer, LicenseKey, Outbox, Site
from bridge.services import erasing, sites
from bridge.services.customer_links import links_of
from bridge.services.link_mails import MOST_AN_HOUR
from bridge.services.sites import Newcomer
from bridge.settings import MailSettings
from bridge.storage import catalog, customers
from bridge.web.my import MOST_MAILS_A_MINUTE, MOST_VISITS_A_MINUTE

DOOR = "/-/licensing/my/"
# As a browser sends a form of a page that tells nobody its address.
OURS = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
SELLER = 'name = "Acme"\nsupport = "help@acme.example"\nrenewal_url = "https://acme.example/renew"'
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def world(shared: Pages) -> Pages:
    """Two versions to download: one for everybody who bought, one for those who test."""
    shared.made.world.set_variable("acme", "LICENSING_SELLER", SELLER)
    for version in ("1.0.0", "1.1.0-rc1"):
        shared.made.publish("acme", "mod-weather", version, {"weather.zip": joomla_module("weather", version)})
    return shared


def browser(pages: Pages) -> Visitor:
    """Somebody's browser; it holds no cookie that matters here, so one is enough."""
    if "customer" not in pages.visitors:
        pages.visitors["customer"] = pages.browser()
    return pages.visitors["customer"]


@dataclass
class Ann:
    """A customer with a key that a site uses, and the link to her page. Each test has its own."""

    pages: Pages
    key: IssuedKey
    mail: str
    link: str
    site: int

    def open(self, link: str = "", **query: str):
        path = f"{link or self.link}?{urlencode(query)}" if query else link or self.link
        return browser(self.pages).client.get(path, base_url=PUBLIC)

    def text(self) -> str:
        answer = self.open()
        assert answer.status_code == 200
        return str(answer.get_data(as_text=True))

    def free(self, site: int = 0, *, headers=None, token: str | None = None, link: str = ""):
        """Press the button of a site; by default with all that the page's form has."""
        page = link or self.link
        if token is None:
            token = form_at(self.text(), f"{self.link}/sites/{self.site}/free")["csrf_token"]
        path = f"{page}/sites/{site or self.site}/free"
        return browser(self.pages).post(path, {"csrf_token": token}, headers=headers or OURS)

    def live(self) -> list[str]:
        with self.pages.made.parts.open_session(read_only=True) as session:
            query = select(Site.host).where(Site.key_id == self.key.id, Site.freed_at.is_(None))
            return list(session.exec(query.order_by(Site.id)))

    def trail(self) -> list[Audit]:
        with self.pages.made.parts.open_session(read_only=True) as session:
            query = select(Audit).where(Audit.subject == f"key:{self.key.id}", Audit.action == "site.free")
            return list(session.exec(query))


def arrive(pages: Pages, key: IssuedKey, host: str) -> int:
    made = pages.made
    with made.parts.open_session() as session:
        return sites.arrive(session, Newcomer(key.id, host, 2, "free"), made.clock(), per_day=99).site_id or 0


def link_of(pages: Pages, mail: str, owner: str = "acme", **more) -> str:
    """The path of a link to a customer's page."""
    made = pages.made
    with made.parts.open_session(read_only=True) as session:
        customer = customers.by_mail(session, catalog.owner_by_name(session, owner).id, mail)
        return links_of(made.settings).address(customer, made.clock(), **more).removeprefix(PUBLIC)


def new_ann(pages: Pages, package: str = "Standard", **stated) -> Ann:
    mail = f"ann{next(_numbers)}@example.com"
    key = pages.api.new_key(package, customer_name="Ann Other", customer_email=mail, **stated)
    return Ann(pages, key, mail, link_of(pages, mail), arrive(pages, key, "shop.example.com"))


@pytest.fixture
def ann(world: Pages) -> Ann:
    world.made.clock.turn(minutes=2)  # what is counted by the minute begins anew
    return new_ann(world)


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


def test_a_package_of_one_stream_offers_that_alone_and_one_that_wants_a_domain_states_it(world):
    world.made.clock.turn(minutes=2)
    package = world.made.package("acme", "Strict", streams=("stable",), unstated_domain="refuse", max_sites=2)
    world.api.packages["Strict"] = package
    strict = new_ann(world, "Strict")
    (file,) = re.findall(r'href="(https://[^"]+/downloads/[^"]+)"', strict.text())
    assert "/v1.0.0/" in file
    assert file.endswith("?domain=shop.example.com")
    assert strict.open(file.removeprefix(PUBLIC)).status_code == 200
    strict.free()
    assert "/downloads/" not in strict.text(), "what would be refused is not offered"


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


def without_token(text: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", text)


def test_every_wrong_link_is_the_same_friendly_page_that_offers_a_new_one(ann):
    links = bad_links(ann)
    answers = {name: ann.open(link) for name, link in links.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(links, 404)
    (text,) = {without_token(answer.get_data(as_text=True)) for answer in answers.values()}
    assert "does not open a page (any more)" in text
    assert "Mail me a link" in text
    token = form_at(ann.text(), f"{ann.link}/sites/{ann.site}/free")["csrf_token"]
    for name, link in links.items():
        assert ann.free(link=link, token=token).status_code in {403, 404}, name
    assert ann.live() == ["shop.example.com"]


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
    with made.parts.open_session() as session:
        owner = catalog.owner_by_name(session, "acme")
        customer = customers.by_mail(session, owner.id, ann.mail)
        erasing.erase(session, customer, domains=False, actor=TESTER, now=made.clock())
    assert ann.open().status_code == 404
    assert ann.free(token="").status_code in {403, 404}
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
    assert "by the customer" in ann.pages.visitor().text(f"/acme/-/licensing/keys/{ann.key.id}")
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


def test_a_license_is_not_moved_daily(ann):
    made = ann.pages.made
    token = form_at(ann.text(), f"{ann.link}/sites/{ann.site}/free")["csrf_token"]
    with made.parts.open_session() as session:  # what the seller frees does not count
        sites.free(session, session.get_one(LicenseKey, ann.key.id), "shop.example.com", TESTER, made.clock())
    for day in range(5):
        site = arrive(ann.pages, ann.key, f"day{day}.example.com")
        assert ann.free(site, token=token).status_code == 303, day
        made.clock.turn(days=1)
    last = arrive(ann.pages, ann.key, "last.example.com")
    text = ann.text()
    assert "Please wait some days, or ask the seller." in text
    assert f"/sites/{last}/free" not in text, "the button is not offered"
    answer = ann.free(last, token=token)
    assert answer.status_code == 429
    assert "moved as often as it may be" in answer.get_data(as_text=True)
    assert ann.live() == ["last.example.com"]
    made.clock.turn(days=26)
    ann.link, ann.site = link_of(ann.pages, ann.mail), last
    assert ann.free().status_code == 303


HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}")


def test_hostile_names_are_inert(world):
    world.made.clock.turn(minutes=2)
    for number, name in enumerate(HOSTILE):
        world.api.packages[name] = world.made.package(
            "acme", f"{name}{number}", renewal_url="https://a.example/?x=1&y=2"
        )
        eve = new_ann(world, name, note=name, labels=(name,))
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


def ask(pages: Pages, mail: str, *, headers=None, **fields):
    visitor = browser(pages)
    token = form_at(visitor.text(DOOR), DOOR)["csrf_token"]
    return visitor.post(DOOR, {"csrf_token": token, "email": mail} | fields, headers=headers or OURS)


def queued(pages: Pages) -> list[tuple[int, list[int]]]:
    with pages.made.parts.open_session(read_only=True) as session:
        rows = session.exec(select(Outbox).where(Outbox.kind == "link").order_by(Outbox.id)).all()
        return [(row.owner_id, row.reference["keys"]) for row in rows]


def test_whether_a_mail_address_is_known_is_not_told(ann):
    before = queued(ann.pages)
    known, unknown = ask(ann.pages, ann.mail.upper()), ask(ann.pages, "nobody@example.com")
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert without_token(known.get_data(as_text=True)) == without_token(unknown.get_data(as_text=True))
    assert "a mail with a link is on its way" in known.get_data(as_text=True)
    ((_, keys),) = queued(ann.pages)[len(before) :]
    assert keys == [ann.key.id]


def test_what_is_written_for_those_who_are_known_is_written_when_the_answer_is_out(ann):
    before = queued(ann.pages)
    visitor = browser(ann.pages)
    token = form_at(visitor.text(DOOR), DOOR)["csrf_token"]
    answer = visitor.client.post(
        DOOR, data={"csrf_token": token, "email": ann.mail}, base_url=PUBLIC, headers=OURS, buffered=False
    )
    assert answer.status_code == 200
    assert queued(ann.pages) == before
    answer.close()
    assert len(queued(ann.pages)) == len(before) + 1


def test_each_owner_who_knows_the_address_writes_and_not_too_often(ann):
    foreign = ann.pages.api.new_key("Foreign", customer_email=ann.mail)
    before = len(queued(ann.pages))
    for _ in range(MOST_AN_HOUR + 2):
        assert ask(ann.pages, ann.mail).status_code == 200
    found = queued(ann.pages)[before:]
    assert sorted(keys for _, keys in found) == sorted([[ann.key.id], [foreign.id]] * MOST_AN_HOUR)
    ann.pages.made.clock.turn(hours=1)
    ask(ann.pages, ann.mail)
    assert len(queued(ann.pages)) == before + 2 * (MOST_AN_HOUR + 1)


@pytest.mark.parametrize(
    "mail", ["", "ann", "@example.com", "ann@", "a b@example.com", "a\0@example.com", "x" * 400 + "@a.b"]
)
def test_what_is_no_mail_address_stays_typed_and_says_what_is_wanted(world, mail):
    world.made.clock.turn(minutes=2)
    answer = ask(world, mail)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Write the whole mail address, such as ann@example.com" in text
    assert mail[:300].strip() in unescape(text)


def test_asking_from_elsewhere_or_without_the_form_sends_nothing(ann):
    before = queued(ann.pages)
    assert ask(ann.pages, ann.mail, csrf_token="").status_code == 403
    assert ask(ann.pages, ann.mail, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert queued(ann.pages) == before


def test_nobody_asks_for_mails_all_the_time(ann):
    answers = [ask(ann.pages, f"nobody{number}@example.com") for number in range(MOST_MAILS_A_MINUTE + 1)]
    assert [answer.status_code for answer in answers[-2:]] == [200, 429]


def test_where_no_mail_is_sent_the_door_says_whom_to_ask(ann, monkeypatch):
    monkeypatch.setattr(ann.pages.made.settings, "mail", MailSettings())
    text = browser(ann.pages).text(DOOR)
    assert "no mails are sent from here" in text
    assert "<form" not in text


def test_the_log_holds_no_link(ann, caplog):
    caplog.set_level("DEBUG")
    ann.pages.made.settings.log.requests = "all"
    ann.free()
    ann.open(ann.link[:-1])
    assert ann.link.rpartition(".")[2][:-1] not in caplog.text
