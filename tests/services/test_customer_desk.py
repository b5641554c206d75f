"""What a customer does at once from many tabs is no more than may be done."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from sqlmodel import select

from bridge.models import Audit, Customer, LicenseKey, Site
from bridge.services.customer_desk import CustomerDesk, Freed
from bridge.services.customer_links import CustomerLinks

NOBODY: Any = SimpleNamespace()
TABS = 8


def test_of_many_tabs_that_free_at_once_no_more_than_the_limit_succeed(office):
    links = CustomerLinks("a secret for tests", "https://git.example.com", 30)
    desk = CustomerDesk(links, NOBODY, NOBODY, office.session, lambda: office.now)
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
        customer = session.get_one(Customer, key.customer_id)
        link = links.address(customer, office.now).rpartition("/")[2]
    with office.session(read_only=True) as session:
        ids = [site.id for site in session.exec(select(Site).where(Site.key_id == key_id))]
    with ThreadPoolExecutor(TABS) as tabs:
        done = list(tabs.map(lambda number: desk.free(link, number, "192.0.2.1"), ids))
    assert sorted(done) == [Freed.DONE] * 4 + [Freed.TOO_OFTEN] * (TABS - 4)
    with office.session(read_only=True) as session:
        rows = session.exec(select(Audit).where(Audit.action == "site.free")).all()
        live = session.exec(select(Site).where(Site.key_id == key_id, Site.freed_at.is_(None))).all()
    assert {(row.actor, row.origin) for row in rows} == {(f"customer:{customer.id}", "192.0.2.1")}
    assert (len(rows), len(live)) == (4, TABS - 4)
