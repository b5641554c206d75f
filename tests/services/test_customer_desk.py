"""What a customer sees of keys and sites, and that many tabs at once do no more than may be done."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import select, update
from support.offices import PLUGIN

from bridge.models import Audit, Customer, LicenseKey, Repo, Site
from bridge.rules.variables import RepoSettings
from bridge.services import customer_desk, keys
from bridge.services.customer_desk import SITES_SHOWN, CustomerDesk, Freed
from bridge.services.customer_links import CustomerLinks

NOBODY: Any = SimpleNamespace()
TABS = 8


def desk_of(office, find: Any = lambda *_, **__: None) -> CustomerDesk:
    links = CustomerLinks("a secret for tests", "https://git.example.com", 30)
    return CustomerDesk(links, NOBODY, SimpleNamespace(find=find), office.session, lambda: office.now)


def serve(office) -> None:
    """Let the repos be what they are once Gitea was read."""
    with office.session() as session:
        session.exec(update(Repo).values(settings=RepoSettings(platform="joomla").to_dict()))


def link_of(office, desk: CustomerDesk, key_id: int, **more: Any) -> str:
    with office.session(read_only=True) as session:
        customer = session.get_one(Customer, session.get_one(LicenseKey, key_id).customer_id)
        return desk.links.address(customer, office.now, **more).rpartition("/")[2]


def test_the_page_has_the_keys_of_one_customer_the_revoked_ones_last(office):
    desk = desk_of(office)
    first, second, third = (
        office.key(customer_email=mail) for mail in ("ann@a.example", "ANN@a.example", "bob@a.example")
    )
    revoked = office.key(customer_email="ann@a.example")
    with office.changing(revoked) as (session, key):
        keys.revoke(session, key, "", office.issuer())
        session.exec(update(Repo).values(served=False))  # downloads are another story
    page = desk.look(link_of(office, desk, first), 1)
    assert ([line.shown.id for line in page.keys], page.total, page.whole) == ([second, first, revoked], 3, True)
    assert desk.look(link_of(office, desk, first), 2).keys == []
    bought = desk.look(link_of(office, desk, first, purchase_id=1), 1)
    assert (bought.keys, bought.whole) == ([], False), "what no purchase brought is not shown for one"
    assert desk.known_by(" Ann@A.example ") == [revoked]
    assert desk.known_by("bob@a.example") == [third]
    assert desk.known_by("nobody@a.example") == []


@pytest.mark.parametrize(
    ("sold", "looked_through"),
    [
        ([{"repo_id": PLUGIN}], ["plg-seo"]),
        ([{"repo_ids": (PLUGIN,)}], ["plg-seo"]),
        ([{}], ["mod-weather"]),
        ([{}, {"repo_id": PLUGIN}], ["plg-seo"]),
        ([], []),
    ],
)
def test_downloads_are_looked_for_where_the_keys_open_something(office, monkeypatch, sold, looked_through):
    monkeypatch.setattr(customer_desk, "MOST_REPOS", 1)
    serve(office)
    revoked = office.key(customer_email="ann@a.example")
    with office.changing(revoked) as (session, key):
        keys.revoke(session, key, "", office.issuer())
    for number, opens in enumerate(sold):
        office.key(office.package(f"Package {number}", **opens), customer_email="ann@a.example")
    looked: list[str] = []
    desk = desk_of(office, lambda _owner, repo, **_: looked.append(repo))
    assert len(desk.look(link_of(office, desk, revoked), 1).keys) == len(sold) + 1
    assert looked == looked_through


def test_sites_are_counted_beyond_those_that_are_shown(office):
    serve(office)
    desk = desk_of(office)
    key_id = office.key(customer_email="ann@a.example")
    with office.session() as session:
        for number in range(SITES_SHOWN + 3):
            session.add(
                Site(key_id=key_id, host=f"s{number}.com", kind="production", slot=None if number == 1 else number + 1,
                     first_seen_at=office.now, last_seen_at=office.now + timedelta(seconds=number),
                     freed_at=office.now if number == 1 else None)
            )  # fmt: skip
    (line,) = desk.look(link_of(office, desk, key_id), 1).keys
    assert [site.host for site in line.sites[:2]] == [f"s{SITES_SHOWN + 2}.com", f"s{SITES_SHOWN + 1}.com"]
    assert (len(line.sites), line.more_sites, line.seats) == (SITES_SHOWN, 2, SITES_SHOWN + 2)


def test_a_site_without_a_place_is_freed_however_often(office):
    desk = desk_of(office)
    key_id = office.key(customer_email="ann@a.example")
    with office.changing(key_id) as (_, key):
        key.max_sites = 1
    link = link_of(office, desk, key_id)
    for outcome, slot in [*[(Freed.DONE, None)] * 5, *[(Freed.DONE, 1)] * 4, (Freed.TOO_OFTEN, 1), (Freed.DONE, None)]:
        with office.session() as session:
            site = Site(key_id=key_id, host="a.com", kind="staging" if slot is None else "production", slot=slot,
                        first_seen_at=office.now, last_seen_at=office.now)  # fmt: skip
            if outcome is Freed.DONE and slot is None:
                site.host = "dev.a.com"
            session.add(site)
            session.flush()
            number = site.id
        assert desk.free(link, number, "192.0.2.1") is outcome


def test_of_many_tabs_that_free_at_once_no_more_than_the_limit_succeed(office):
    desk = desk_of(office)
    key_id = office.key(customer_email="ann@example.com")
    with office.session() as session:
        key = session.get_one(LicenseKey, key_id)
        key.max_sites = 1
        session.add(key)
        for number in range(TABS):  # from the time when it had no limit
            session.add(
                Site(key_id=key_id, host=f"s{number}.com", kind="production", slot=number + 1,
                     first_seen_at=office.now, last_seen_at=office.now)
            )  # fmt: skip
        customer_id = key.customer_id
    link = link_of(office, desk, key_id)
    with office.session(read_only=True) as session:
        ids = [site.id for site in session.exec(select(Site).where(Site.key_id == key_id))]
    with ThreadPoolExecutor(TABS) as tabs:
        done = list(tabs.map(lambda number: desk.free(link, number, "192.0.2.1"), ids))
    assert sorted(done) == [Freed.DONE] * 4 + [Freed.TOO_OFTEN] * (TABS - 4)
    with office.session(read_only=True) as session:
        rows = session.exec(select(Audit).where(Audit.action == "site.free")).all()
        live = session.exec(select(Site).where(Site.key_id == key_id, Site.freed_at.is_(None))).all()
    assert {(row.actor, row.origin) for row in rows} == {(f"customer:{customer_id}", "192.0.2.1")}
    assert (len(rows), len(live)) == (4, TABS - 4)
