"""Lists of keys: the same as a plain filter and sort would give, page by page."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlmodel import select
from support.key_rows import ALL, code_of, fill, row
from support.offices import ACME, MODULE, NOW, OTHER

from bridge.models import LicenseKey, Package
from bridge.rules import keys as rules
from bridge.storage import key_search, licenses
from bridge.storage.key_search import Filter, Sight

SORTS = ("id", "-id", "expires_at", "-expires_at", "customer", "-customer")
STATES = ("active", "grace", "expired", "not_started", "suspended", "revoked")
NAMES = ("Ann", "ann", "Zoë", "ZOË", "", "Ann_%", 'O"Hara', "Żółw")
DATES = (None, *(NOW + timedelta(days=days) for days in (-400, -3, -2, 0, 1, 400)))
HOSTS = ("shop.example.com", "*.example.com", "other.org")


@pytest.fixture
def stocked(office):
    """Some hundred keys of all kinds, of packages with different graces on both levels, and a foreign owner's."""
    packages = [office.package("A"), office.package("B", grace_days=0), office.package("C", repo_id=MODULE)]
    foreign = office.package("F", owner_id=OTHER)
    rows, hosts = [], {}
    for number in range(1, 241):
        edited = (None, "extend", "fix")[number % 3]
        rows.append(
            row(
                number,
                packages[number % 7 % 3],
                customer_name=NAMES[number % len(NAMES)],
                customer_email=f"mail{number % 5}@shop.example",
                note="Würfel" if number % 11 == 0 else "",
                expires_at=DATES[number % len(DATES)],
                edit_kind=edited,
                edit_until=DATES[number // 7 % len(DATES)] if edited else None,
                starts_at=NOW + timedelta(days=1) if number % 13 == 0 else NOW - timedelta(days=500),
                suspended_at=NOW if number % 17 == 0 else None,
                revoked_at=NOW if number % 19 == 0 else None,
                payment_hold=(None, None, None, None, "suspend", "revoke")[number % 23 % 6],
                paid_grace_until=NOW + timedelta(days=5) if number % 5 == 0 else None,
            )
        )
        hosts[number] = (*HOSTS, "", "")[number % 5]
    with office.session() as session:
        fill(session, rows, hosts)
        fill(session, [row(1000, foreign, owner_id=OTHER, customer_name="Ann")])
    return office, packages, hosts


def lower(text_):
    """As a database in the C locale folds what it sorts by."""
    return "".join(sign.lower() if sign.isascii() else sign for sign in text_)


def naive(session, wanted, packages, hosts):
    """What a list must hold, in its order."""
    found = []
    graces = {each.id: timedelta(days=each.grace_days) for each in session.exec(select(Package))}
    for key in session.exec(select(LicenseKey).where(LicenseKey.package_id.in_(packages))):
        expiry, host = licenses.expiry_of(key), hosts[key.id]
        texts = (key.customer_name, key.customer_email, key.note, key.payment_ref, host, code_of(key.id))
        part = wanted.text.lower()
        begins = key.customer_name.lower().startswith(part)
        on_host = host == wanted.host or (host[:2] == "*." and wanted.host.endswith(host[1:]))
        if (
            (not wanted.state or rules.state(licenses.key_facts(key), graces[key.package_id], NOW) == wanted.state)
            and wanted.package_id in {None, key.package_id}
            and (any(part in each.lower() for each in texts) if len(part) >= 3 else begins)
            and any(wanted.customer.lower() in each.lower() for each in texts[:2])
            and (not wanted.host or on_host)
            and (wanted.expires_before is None or (expiry is not None and expiry < wanted.expires_before))
        ):
            value = {"id": (), "customer": (lower(key.customer_name),)}.get(
                wanted.sort.removeprefix("-"), (expiry is None, expiry or NOW)
            )
            found.append(((*value, key.id), key.id))
    return [number for _, number in sorted(found, reverse=wanted.sort.startswith("-"))]


def walked(session, wanted, limit=30, sight=ALL, **start):
    """All ids behind a place, page by page."""
    met, found = [], key_search.page_of_keys(session, sight, wanted, NOW, limit=limit, **start)
    met += [key.id for key, _ in found.rows]
    while found.more_after:
        found = key_search.page_of_keys(session, sight, wanted, NOW, limit=limit, after=found.last)
        met += [key.id for key, _ in found.rows]
    return met


FILTERS = st.builds(
    Filter,
    state=st.sampled_from(("", *STATES)),
    package_id=st.sampled_from((None, None, 1, 2, 3)),
    customer=st.sampled_from(("", "", "zoë", "ANN", "@shop", "mail3", "_%x")),
    host=st.sampled_from(("", "", "shop.example.com", "de.example.com", "example.com")),
    text=st.sampled_from(("", "", "WÜR", "n_%", 'O"H', "k0001", "mple.c", "ZÓŁ", "a", "Zo", "ë", "nothing", "l3@sh")),
    expires_before=st.sampled_from((None, None, NOW, NOW + timedelta(days=2))),
    sort=st.sampled_from(SORTS),
)


@pytest.mark.parametrize("few", [key_search.FEW, 0, 20])
def test_lists_are_what_a_plain_filter_and_sort_gives(stocked, monkeypatch, few):
    """Found by indexes, by walking, and by whichever suits: the same keys in the same order, forth, back, by number."""
    office, packages, hosts = stocked
    monkeypatch.setattr(key_search, "FEW", few)

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(wanted=FILTERS, offset=st.integers(0, 250), at=st.integers(0, 250))
    def check(wanted, offset, at):
        with office.session(read_only=True) as session:
            expected = naive(session, wanted, packages, hosts)
            assert walked(session, wanted) == expected
            page = key_search.page_of_keys(session, ALL, wanted, NOW, limit=9, offset=offset)
            assert [key.id for key, _ in page.rows] == expected[offset : offset + 9]
            assert page.total <= len(expected)
            assert page.capped or page.total == len(expected)
            if expected:
                here = min(at, len(expected) - 1)
                one = key_search.page_of_keys(session, ALL, wanted, NOW, limit=1, offset=here)
                back = key_search.page_of_keys(session, ALL, wanted, NOW, limit=9, before=one.first)
                assert [key.id for key, _ in back.rows] == expected[max(0, here - 9) : here]
                assert (back.more_before, back.more_after) == (here > 9, True)

    check()


@pytest.mark.parametrize("sort", SORTS)
def test_a_walk_meets_each_key_once_while_others_are_added(stocked, sort):
    office, packages, hosts = stocked
    wanted, met, after = Filter(sort=sort), [], None
    with office.session(read_only=True) as session:
        expected = naive(session, wanted, packages, hosts)
    for number in range(2000, 2100):
        with office.session() as session:
            found = key_search.page_of_keys(session, ALL, wanted, NOW, limit=10, after=after)
            fill(session, [row(number, packages[0], customer_name="Mm", expires_at=NOW)])
        met += [key.id for key, _ in found.rows]
        after = found.last
        if not found.more_after:
            break
    assert [number for number in met if number < 1000] == expected
    assert len(set(met)) == len(met)


@pytest.mark.parametrize("sort", SORTS)
def test_an_owner_may_have_more_packages_than_one_query_can_merge(office, sort):
    package = office.package("A")
    with office.session() as session:
        plain = dict(session.execute(select(Package.__table__).where(Package.id == package)).mappings().one())
        numbers = range(package + 1, package + 1101)
        session.execute(
            insert(Package.__table__),
            [plain | {"id": each, "name": f"P{each}", "name_key": f"p{each}"} for each in numbers],
        )
        fill(session, [row(each, each, expires_at=DATES[each % len(DATES)]) for each in numbers])
        wanted = Filter(sort=sort)
        expected = naive(session, wanted, list(numbers), dict.fromkeys(numbers, ""))
        assert len(expected) == len(numbers)
        assert walked(session, wanted, limit=400) == expected
        assert [key.id for key, _ in page(session, wanted, offset=700)] == expected[700:750]


def page(session, wanted, offset):
    return key_search.page_of_keys(session, ALL, wanted, NOW, limit=50, offset=offset).rows


def test_what_is_masked_is_found_by_no_index_either(stocked):
    office, packages, _ = stocked
    at_repo = Sight(ACME, MODULE, finds_own_by_code=True, finds_own_by_mail=True)
    with office.session(read_only=True) as session:
        for part in ("mail3@", "IC-K0"):
            assert walked(session, Filter(text=part), sight=Sight(ACME)) == []
            found = walked(session, Filter(text=part), sight=at_repo)
            assert found
            assert {session.get_one(LicenseKey, number).package_id for number in found} == {packages[2]}
        assert walked(session, Filter(customer="mail3@"), sight=Sight(ACME)) == []
