"""Races, in several processes and on both databases: the database decides them, and nobody is lost or let in twice.

On SQLite BEGIN IMMEDIATE lets transactions take turns. On PostgreSQL the row of the key is locked by whoever decides
about it, and a unique constraint stands behind each decision. What happens without them was tried once, and is written
at each test.
"""

from collections import Counter

import pytest
from sqlmodel import select
from support import races
from support.offices import ACME, MODULE, NOW

from bridge.models import KeyCode, LicenseKey, Package, Site, UsageDay
from bridge.services import sites
from bridge.services.sites import Newcomer
from bridge.storage import schema
from bridge.storage.engine import open_engine
from bridge.storage.sites import live_sites


@pytest.fixture(scope="module")
def processes():
    with races.several_processes() as started:
        yield started


def arrivals(processes, office, newcomers):
    return processes.race(races.arrive, office.url, races.split([(each, NOW) for each in newcomers]))


def live(office, key_id):
    with office.session(read_only=True) as session:
        return list(live_sites(session, key_id))


def seat(office, key_id, *hosts, limit):
    for host in hosts:
        with office.session() as session:
            assert sites.arrive(session, Newcomer(key_id, host, limit, "free"), NOW, per_day=100).admitted


@pytest.mark.parametrize("limit", [1, 3])
def test_the_last_free_site_goes_to_exactly_one_of_fifty_newcomers(processes, office, limit):
    """Without the lock and without ``uq_site_key_id_slot``, up to 15 of the 50 were let in on PostgreSQL."""
    key_id = office.key(max_sites=limit)
    seat(office, key_id, *(f"first{number}.com" for number in range(limit - 1)), limit=limit)
    results = arrivals(processes, office, [Newcomer(key_id, f"site{n}.com", limit, "free") for n in range(50)])
    assert Counter(results) == {True: 1, False: 49}
    assert sorted(site.slot for site in live(office, key_id)) == list(range(1, limit + 1))


def test_fifty_times_the_same_newcomer_is_one_site(processes, office):
    """Without the lock and without ``uq_site_live_host``, as many rows of one host stood there as processes."""
    key_id = office.key(max_sites=1)
    results = arrivals(processes, office, [Newcomer(key_id, "a.com", 1, "free")] * 50)
    assert Counter(results) == {True: 50}
    assert [(site.host, site.slot) for site in live(office, key_id)] == [("a.com", 1)]


def test_fifty_newcomers_of_an_unlimited_key_all_get_a_seat_of_their_own(processes, office):
    key_id = office.key(max_sites=0)
    results = arrivals(processes, office, [Newcomer(key_id, f"site{n}.com", 0, "free") for n in range(50)])
    assert Counter(results) == {True: 50}
    assert len({site.slot for site in live(office, key_id)}) == 50


def test_one_staging_site_of_many_is_free_beside_its_production_site(processes, office):
    """Without the lock of ``hold_key``, several were free on PostgreSQL: no constraint counts what has no slot."""
    key_id = office.key(max_sites=1)
    seat(office, key_id, "example.com", limit=1)
    hosts = [f"{word}{number}.example.com" for word in ("dev", "staging", "test") for number in range(8)]
    results = arrivals(processes, office, [Newcomer(key_id, host, 1, "free") for host in hosts])
    assert Counter(results) == {True: 1, False: 23}
    assert sorted((site.kind, site.slot) for site in live(office, key_id)) == [("production", 1), ("staging", None)]


def test_production_sites_that_free_a_staging_sites_slot_never_exceed_the_limit(processes, office):
    key_id = office.key(max_sites=2)
    seat(office, key_id, "dev.example.com", "staging.example.com", limit=2)
    hosts = ["example.com", *(f"shop{number}.example.com" for number in range(19))]
    results = arrivals(processes, office, [Newcomer(key_id, host, 2, "free") for host in hosts])
    now = live(office, key_id)
    assert Counter(results) == {True: 2, False: 18}
    assert sorted(site.slot for site in now if site.slot) == [1, 2]
    assert sorted(site.host for site in now if site.slot is None) == ["dev.example.com", "staging.example.com"]


def test_two_that_revoke_a_master_key_leave_one_successor(processes, office):
    """Without ``hold``, both of two on PostgreSQL thought that they had revoked it, and the trail said so twice."""
    package, key_id = office.master()
    results = processes.race(races.revoke, office.url, [(key_id, NOW)] * races.PROCESSES)
    successors = [result for result in results if result is not None]
    assert len(successors) == 1
    with office.session(read_only=True) as session:
        keys = session.exec(select(LicenseKey).where(LicenseKey.package_id == package).order_by(LicenseKey.id)).all()
        assert [(key.id, key.revoked_at) for key in keys] == [(key_id, NOW), (successors[0], None)]
    assert len(office.trail(f"key:{key_id}", "key.revoke")) == 1


def test_several_that_replace_a_code_leave_one_that_works(processes, office):
    """Without ``hold``, several new codes worked at the same time on PostgreSQL."""
    key_id = office.key()
    fresh = processes.race(races.replace, office.url, [(key_id, NOW)] * races.PROCESSES)
    with office.session(read_only=True) as session:
        codes = session.exec(select(KeyCode).where(KeyCode.key_id == key_id)).all()
    assert len(codes) == 1 + races.PROCESSES
    assert [code.code in fresh for code in codes if code.valid_until is None] == [True]


def test_ten_that_ask_for_the_master_package_find_the_same_one(processes, office):
    """Without ``uq_package_master`` and ``uq_license_key_live_master``, there were several on PostgreSQL."""
    results = processes.race(races.ensure_master, office.url, [(ACME, NOW)] * races.PROCESSES)
    with office.session(read_only=True) as session:
        masters = session.exec(select(Package).where(Package.is_master)).all()
        keys = session.exec(select(LicenseKey)).all()
        assert session.exec(select(KeyCode.key_id)).all() == [keys[0].id]
    assert (len(masters), len(keys)) == (1, 1)
    assert set(results) == {masters[0].id}
    assert [row.action for row in office.trail()] == ["package.create", "key.issue"]


def test_fifty_that_count_lose_no_count(processes, office):
    """Rows are written in one order everywhere; in the order in which they come, PostgreSQL ends in deadlocks."""
    results = processes.race(races.count, office.url, [(NOW.date(), MODULE, 4)] * races.PROCESSES)
    assert results == [None] * 50
    with office.session(read_only=True) as session:
        assert {row.code: row.count for row in session.exec(select(UsageDay))} == {"valid": 200, "missing": 200}


def test_several_that_upgrade_at_once_do_it_once(processes, bare_database_url):
    """Without the advisory lock, all but one failed on PostgreSQL: the table was there already."""
    results = processes.race(races.upgrade, bare_database_url, [None] * 3)
    assert results == [None] * 3
    engine = open_engine(bare_database_url)
    schema.require_current(engine)
    engine.dispose()


def test_a_freed_seat_goes_to_one_of_those_who_wait_for_it(processes, office):
    key_id = office.key(max_sites=1)
    seat(office, key_id, "old.com", limit=1)
    with office.session() as session:
        sites.free(session, session.get_one(LicenseKey, key_id), "old.com", office.issuer().actor, NOW)
    results = arrivals(processes, office, [Newcomer(key_id, f"new{n}.com", 1, "free") for n in range(10)])
    assert Counter(results) == {True: 1, False: 9}
    with office.session(read_only=True) as session:
        rows = session.exec(select(Site).where(Site.key_id == key_id).order_by(Site.id)).all()
    assert [(row.host == "old.com", row.slot) for row in rows] == [(True, None), (False, 1)]
