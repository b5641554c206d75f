"""What a customer does at once from many tabs is no more than may be done."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from sqlmodel import select, update

from bridge.models import Audit, Customer, LicenseKey, Repo, Site
from bridge.services import keys
from bridge.services.customer_desk import CustomerDesk, Freed
from bridge.services.customer_links import CustomerLinks

NOBODY: Any = SimpleNamespace()
TABS = 8


def desk_of(office) -> CustomerDesk:
    links = CustomerLinks("a secret for tests", "https://git.example.com", 30)
    return CustomerDesk(links, NOBODY, SimpleNamespace(find=lambda *_: None), office.session, lambda: office.now)


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
