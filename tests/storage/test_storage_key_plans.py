"""Lists of keys are found by indexes, however many keys there are."""

import re
from datetime import timedelta

import pytest
from support.key_rows import ALL, fill, row
from support.offices import NOW
from support.query_plans import analyze, plans_of

from bridge.storage import key_search
from bridge.storage.key_search import Filter, Position

SORTS = ("id", "-id", "expires_at", "-expires_at", "customer", "-customer")
STATES = ("active", "grace", "expired", "not_started", "suspended", "revoked")


@pytest.fixture
def many(office):
    """20,000 keys, one in a thousand of them held back."""
    packages = [office.package(name) for name in "ABC"]
    rows = [
        row(
            number,
            packages[number % 3],
            customer_name=f"Customer {number % 900}",
            customer_email=f"customer{number}@mail{number % 50}.example",
            expires_at=NOW + timedelta(hours=number - 10_000) if number % 40 else None,
            revoked_at=NOW if number % 5000 == 7 else None,
        )
        for number in range(1, 20_001)
    ]
    with office.session() as session:
        fill(session, rows, {number: f"www{number}.client{number % 70}.org" for number in range(1, 20_001, 2)})
    analyze(office.engine)
    return office


def plans(office, wanted, **where):
    """How the database goes about each statement on keys."""
    with office.session(read_only=True) as session:
        found, asked = plans_of(
            session, lambda session: key_search.page_of_keys(session, ALL, wanted, NOW, limit=30, **where)
        )
    about_keys = [plan for said, plan in asked if "package.name" not in said and "count(*)" not in said]
    return found, "\n".join(about_keys)


SCANS = re.compile(r"SCAN (?:license_key|key_code|key_domain|site)|Seq Scan on (?:license_key|key_code|key_domain)")
SORTED = re.compile(r"TEMP B-TREE|Sort Key")


def test_every_list_is_walked_along_an_index(many):
    for sort in SORTS:
        for place in ("first", "next", "last"):
            check_walk(many, sort, place)


def check_walk(many, sort, place):
    value = {"id": None, "expires_at": NOW, "customer": "customer 44"}[sort.removeprefix("-")]
    where = {"first": {}, "next": {"after": Position(value, 10_000)}, "last": {"offset": 19_980}}[place]
    found, plan = plans(many, Filter(sort=sort), **where)
    assert (found.total, found.capped, len(found.rows)) == (20_000, False, 20 if place == "last" else 30)
    assert not SCANS.search(plan), plan
    walk = plan.split("_pkey")[0].rsplit("INTEGER PRIMARY KEY", 1)[0]
    assert "TEMP B-TREE" not in walk, plan
    assert not re.search(r"Sort .*rows=\d{4}", walk), plan  # PostgreSQL sorts a page of each package, and no more
    assert "ix_license_key_package_id_" in walk


FEW_FOUND = (
    (Filter(state="revoked"), 4, "search_key_revoked"),
    (Filter(state="suspended"), 0, "search_key_suspended"),
    (Filter(state="not_started"), 0, "ix_license_key_package_id_starts_at_id"),
    (Filter(host="www77.client7.org"), 1, "pattern"),
    (Filter(expires_before=NOW - timedelta(hours=9_900)), 97, "ix_license_key_package_id_ends_at_id"),
    (Filter(text="customer12345@"), 1, "search_key"),
    (Filter(text="K12345-AB"), 1, "search_code"),
    (Filter(text="www1235.CLIENT"), 1, "search_domain"),
    (Filter(customer="CUSTOMER12345@"), 1, "search_key"),
)


def test_few_keys_are_found_by_the_index_of_what_is_asked(many):
    for wanted, total, index in FEW_FOUND:
        check_found(many, wanted, total, index)


def check_found(many, wanted, total, index):
    found, plan = plans(many, wanted)
    assert (found.total, found.capped) == (total, False)
    assert not SCANS.search(plan), plan
    assert re.search(index if many.engine.dialect.name != "sqlite" else f"{index}|VIRTUAL TABLE", plan), plan


def test_more_than_can_be_counted_is_said_to_be_at_least_so_many(many):
    found, _ = plans(many, Filter(text="customer"))
    assert (found.total, found.capped, len(found.rows)) == (key_search.SAMPLE, True, 30)
