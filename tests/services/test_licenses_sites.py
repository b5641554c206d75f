"""Sites come and go: who takes a seat, who is free, who is refused, and what a manager frees."""

from datetime import timedelta

import pytest
from sqlmodel import select
from support.databases import ONLY_SQLITE
from support.offices import ACTOR, NOW

from bridge.errors import NotFoundError
from bridge.models import LicenseKey, Site
from bridge.services import sites
from bridge.services.sites import Arrival, Newcomer
from bridge.storage.sites import free_slot, live_sites, touch

DAY = timedelta(days=1)


def arrive(office, key_id, host, limit=1, local_sites="free", per_day=100):
    with office.session() as session:
        return sites.arrive(session, Newcomer(key_id, host, limit, local_sites), office.now, per_day=per_day)


def free(office, key_id, host):
    with office.changing(key_id) as (session, key):
        return sites.free(session, key, host, ACTOR, office.now)


def seats(office, key_id):
    with office.session(read_only=True) as session:
        return [(site.host, site.kind, site.slot) for site in live_sites(session, key_id)]


def test_a_newcomer_takes_the_lowest_free_seat_until_none_is_left(office):
    key = office.key()
    assert [arrive(office, key, f"{name}.com", limit=2).admitted for name in "abc"] == [True, True, False]
    assert seats(office, key) == [("a.com", "production", 1), ("b.com", "production", 2)]
    free(office, key, "a.com")
    assert arrive(office, key, "c.com", limit=2).admitted
    assert seats(office, key) == [("b.com", "production", 2), ("c.com", "production", 1)]


def test_a_known_site_stays_also_where_the_limit_was_lowered(office):
    key = office.key()
    first, second = (arrive(office, key, host, limit=2) for host in ("a.com", "b.com"))
    assert arrive(office, key, "b.com", limit=1) == second
    assert arrive(office, key, "a.com", limit=1) == first
    assert not arrive(office, key, "c.com", limit=1).admitted


@ONLY_SQLITE
@pytest.mark.parametrize("limit", [0, 1500])
def test_more_than_a_thousand_sites_are_seated_like_the_first(office, limit):
    key = office.key()
    with office.session() as session:
        session.add_all(
            Site(key_id=key, host=f"s{n}.com", kind="production", slot=n, first_seen_at=NOW - 2 * DAY, last_seen_at=NOW)
            for n in range(1, 1201)
        )
    assert arrive(office, key, "new.com", limit=limit).admitted
    assert seats(office, key)[-1] == ("new.com", "production", 1201)
    assert free(office, key, "s1150.com") == ("s1150.com",)


def test_two_keys_have_seats_of_their_own(office):
    one, two = office.key(), office.key()
    assert arrive(office, one, "a.com").admitted
    assert arrive(office, two, "a.com").admitted


@pytest.mark.parametrize(("local_sites", "kind", "slot"), [("free", "local", None), ("count", "production", 1)])
def test_a_local_site_is_free_unless_the_package_counts_it(office, local_sites, kind, slot):
    key = office.key()
    assert arrive(office, key, "erp.lan", local_sites=local_sites).admitted
    assert seats(office, key) == [("erp.lan", kind, slot)]


def test_a_staging_site_that_came_first_gives_its_seat_to_its_production_site(office):
    key = office.key()
    assert arrive(office, key, "staging.shop.com").admitted
    assert seats(office, key) == [("staging.shop.com", "production", 1)]
    assert not arrive(office, key, "other.com").admitted
    assert arrive(office, key, "shop.com").admitted
    assert seats(office, key) == [("staging.shop.com", "staging", None), ("shop.com", "production", 1)]
    assert not arrive(office, key, "test.shop.com").admitted


def test_freeing_a_site_frees_the_staging_site_that_was_free_beside_it(office):
    key = office.key()
    for host in ("shop.com", "dev.shop.com", "intranet"):
        assert arrive(office, key, host).admitted
    assert free(office, key, "shop.com") == ("dev.shop.com", "shop.com")
    assert seats(office, key) == [("intranet", "local", None)]
    (row,) = office.trail(action="site.free")
    assert row.subject == f"key:{key}"
    assert row.before == {"sites": ["shop.com", "dev.shop.com", "intranet"]}
    assert row.after == {"sites": ["intranet"]}


def test_a_freed_site_is_a_newcomer_when_it_returns(office):
    key = office.key()
    first = arrive(office, key, "a.com")
    free(office, key, "a.com")
    assert arrive(office, key, "b.com").admitted
    assert not arrive(office, key, "a.com").admitted
    free(office, key, "b.com")
    assert arrive(office, key, "a.com").site_id not in {first.site_id, None}


@pytest.mark.parametrize("host", ["never.com", "gone.com"])
def test_only_a_live_site_can_be_freed(office, host):
    key = office.key()
    arrive(office, key, "gone.com")
    free(office, key, "gone.com")
    trail = len(office.trail())
    with pytest.raises(NotFoundError, match=f"no active site {host}; `bridge site list` shows"):
        free(office, key, host)
    assert len(office.trail()) == trail


def test_a_flood_of_hosts_is_decided_but_not_stored_beyond_the_days_share(office):
    key = office.key()
    results = [arrive(office, key, f"s{n}.com", limit=0, per_day=5) for n in range(8)]
    assert [result.admitted for result in results] == [True] * 8
    assert [result.site_id is not None for result in results] == [True] * 5 + [False] * 3
    for n in range(5):
        free(office, key, f"s{n}.com")
    assert arrive(office, key, "again.com", limit=0, per_day=5) == Arrival(True)  # freed rows count: they are rows
    office.now += DAY + timedelta(milliseconds=1)
    assert arrive(office, key, "next.com", limit=0, per_day=5).site_id is not None


def test_a_look_says_the_same_and_stores_nothing(office):
    key = office.key()
    arrive(office, key, "a.com")
    with office.session(read_only=True) as session:

        def look(host, limit):
            return sites.look(session, Newcomer(key, host, limit, "free")).admitted

        assert (look("a.com", 1), look("b.com", 1), look("b.com", 2), look("dev.a.com", 1)) == (True, False, True, True)
    assert seats(office, key) == [("a.com", "production", 1)]


def test_being_seen_moves_the_last_time_and_nothing_else(office):
    key = office.key()
    arrival = arrive(office, key, "a.com")
    with office.session() as session:
        touch(session, {arrival.site_id: NOW + DAY, 999_999: NOW})
    with office.session(read_only=True) as session:
        row = session.exec(select(Site)).one()
    assert (row.first_seen_at, row.last_seen_at, row.slot) == (NOW, NOW + DAY, 1)


def test_a_site_is_stored_only_with_its_transaction(office):
    key = office.key()

    def fail():
        with office.session() as session:
            sites.arrive(session, Newcomer(key, "a.com", 1, "free"), NOW, per_day=100)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert seats(office, key) == []
    assert arrive(office, key, "b.com").admitted


def test_the_free_seat_is_the_lowest_number_or_the_next_one_without_a_limit(office):
    key = office.key()
    for host in ("a.com", "b.com", "c.com"):
        arrive(office, key, host, limit=3)
    free(office, key, "b.com")
    with office.session(read_only=True) as session:
        live = live_sites(session, key)
        assert (free_slot(session, key, live, 3), free_slot(session, key, live, 0)) == (2, 4)
        assert session.get(LicenseKey, key) is not None
