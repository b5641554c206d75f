"""The reads of the hot path say the same as the tables, on both databases, and survive a lost connection."""

import socket
import threading
import time
from datetime import datetime, timedelta, timezone

import pytest
from support.databases import ONLY_POSTGRES
from support.offices import ACME, MODULE, NOW

from bridge.errors import UnavailableError
from bridge.models import KeyCode, LicenseKey, Site
from bridge.rules.keys import KeyFacts
from bridge.rules.terms import ExpiryEdit
from bridge.services import keys
from bridge.storage import catalog
from bridge.storage.engine import open_engine
from bridge.storage.lookups import Lookups

DAY = timedelta(days=1)


@pytest.fixture
def lookups(office):
    made = Lookups(office.engine)
    yield made
    made.close()


def test_a_key_is_found_by_its_code_with_all_its_facts(office, lookups):
    package = office.package(term="30 days")
    id_ = office.key(package, max_sites=2, domains=("b.example", "*.a.example", "c.example"), is_test=True)
    held = lookups.keys_by_code(office.codes(id_)[0])
    assert [(each.key.id, each.package_id) for each in held] == [(id_, package)]
    key = held[0].key
    assert key.facts == KeyFacts(NOW, NOW + 30 * DAY)
    assert (key.owner_id, key.max_sites, key.is_test, key.code_valid_until) == (ACME, 2, True, None)
    assert sorted(key.domains) == ["*.a.example", "b.example", "c.example"]


def test_a_key_without_limits_has_none(office, lookups):
    id_ = office.key(office.package(term="lifetime"))
    key = lookups.keys_by_code(office.codes(id_)[0])[0].key
    assert (key.facts.expires_at, key.max_sites, key.domains, key.is_test) == (None, None, (), False)


@pytest.mark.parametrize("fact", ["revoked_at", "suspended_at"])
def test_a_dated_fact_is_read_in_utc_whatever_zone_it_was_written_in(office, lookups, fact):
    id_ = office.key()
    written = datetime(2026, 3, 1, 9, 30, 0, 123_000, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    with office.changing(id_) as (_, key):
        setattr(key, fact, written)
    read = getattr(lookups.keys_by_code(office.codes(id_)[0])[0].key.facts, fact)
    assert read.isoformat() == "2026-03-01T13:00:00.123000+00:00"
    assert getattr(office.read(id_), fact) == read


@pytest.mark.parametrize(
    ("edit", "expires"),
    [
        (ExpiryEdit("extend", NOW + 900 * DAY), NOW + 900 * DAY),
        (ExpiryEdit("extend", NOW + DAY), NOW + 30 * DAY),
        (ExpiryEdit("fix", NOW + DAY), NOW + DAY),
        (ExpiryEdit("fix", None), None),
        (ExpiryEdit("extend", None), None),
    ],
)
def test_a_persons_word_about_the_expiry_counts(office, lookups, edit, expires):
    id_ = office.key(office.package(term="30 days"))
    with office.changing(id_) as (session, key):
        keys.set_expiry(session, key, edit, office.issuer().actor, NOW)
    assert lookups.keys_by_code(office.codes(id_)[0])[0].key.facts.expires_at == expires


def test_a_code_of_several_keys_finds_them_all(office, lookups):
    package = office.package()
    ids = [office.key(package, legacy_code="OLD-1234") for _ in range(3)]
    assert sorted(each.key.id for each in lookups.keys_by_code("OLD-1234")) == ids


def test_a_replaced_code_says_until_when_it_works(office, lookups):
    id_ = office.key()
    old = office.codes(id_)[0]
    with office.changing(id_) as (session, key):
        keys.replace_code(session, key, DAY, office.issuer())
    assert lookups.keys_by_code(old)[0].key.code_valid_until == NOW + DAY


def test_a_feed_token_finds_its_key_and_no_other(office, lookups):
    ids = [office.key(), office.key()]
    assert [lookups.key_by_feed_token(office.read(id_).feed_token).key.id for id_ in ids] == ids
    assert lookups.key_by_feed_token("ft-none") is None


def test_a_site_is_found_until_it_is_freed(office, lookups):
    id_ = office.key()
    with office.session() as session:
        site = Site(key_id=id_, host="a.example", kind="production", slot=1, first_seen_at=NOW, last_seen_at=NOW)
        session.add(site)
    assert lookups.site_id(id_, "a.example") == site.id
    assert lookups.site_id(id_ + 1, "a.example") is None
    with office.session() as session:
        again = session.get_one(Site, site.id)
        again.freed_at, again.slot = NOW, None
    assert lookups.site_id(id_, "a.example") is None


def test_the_stamp_of_a_repo_changes_with_it_and_with_its_owner(office, lookups):
    assert lookups.repo_stamp("acme", "mod-weather") == (MODULE, 0, 0)
    with office.session() as session:
        catalog.raise_repo_revision(session, MODULE)
        catalog.raise_owner_revision(session, ACME)
        catalog.raise_owner_revision(session, ACME)
    assert lookups.repo_stamp("acme", "mod-weather") == (MODULE, 1, 2)
    assert lookups.repo_stamp("acme", "nothing") is None


def test_a_revoked_key_is_seen_at_once_over_an_open_connection(office, lookups):
    id_ = office.key()
    code = office.codes(id_)[0]
    assert lookups.keys_by_code(code)[0].key.facts.revoked_at is None
    with office.changing(id_) as (session, key):
        keys.revoke(session, key, "", office.issuer())
    assert lookups.keys_by_code(code)[0].key.facts.revoked_at == NOW


def test_each_thread_has_a_connection_of_its_own(office, lookups):
    code = office.codes(office.key())[0]
    found, barrier = [], threading.Barrier(4)

    def look():
        barrier.wait()
        found.extend(len(lookups.keys_by_code(code)) for _ in range(20))
        lookups.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 80


@pytest.mark.parametrize("text", ["", "'", "%s", "?", ";--", "a\0b", "\N{SNOWMAN}" * 500, "{p}"])
def test_odd_texts_find_nothing_and_break_nothing(office, lookups, text):
    assert lookups.keys_by_code(text) == []
    assert lookups.key_by_feed_token(text) is None
    assert lookups.site_id(1, text) is None
    assert lookups.repo_stamp(text, text) is None
    assert len(lookups.keys_by_code(office.codes(office.key())[0])) == 1


@ONLY_POSTGRES
def test_a_lost_connection_is_replaced_without_the_caller_noticing(office, lookups, postgres_server):
    code = office.codes(office.key())[0]
    for _ in range(2):
        assert len(lookups.keys_by_code(code)) == 1
        postgres_server.cut(office.url)
    assert len(lookups.keys_by_code(code)) == 1


def test_a_database_that_is_not_there_is_unavailable_from_the_first_look_on(tmp_path):
    for url in (f"postgresql://b@/x?host={tmp_path}", f"sqlite:///{tmp_path / 'empty.db'}"):
        engine = open_engine(url)
        nowhere = Lookups(engine)
        for _ in range(2):
            with pytest.raises(UnavailableError, match="does not answer"):
                nowhere.keys_by_code("X")
        nowhere.close()
        engine.dispose()


def test_a_database_that_never_answers_holds_up_one_request_and_not_the_next():
    """A server that takes the connection and says nothing, as behind a broken network."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        engine = open_engine(f"postgresql://b@127.0.0.1:{mute.getsockname()[1]}/x?connect_timeout=2")
        nowhere, took = Lookups(engine), []
        for _ in range(3):
            begin = time.monotonic()
            with pytest.raises(UnavailableError, match="does not answer"):
                nowhere.keys_by_code("X")
            took.append(time.monotonic() - begin)
    assert took[0] > 1.5  # it tried
    assert max(took[1:]) < took[0] / 2
    engine.dispose()


def test_the_rows_behind_are_the_ones_that_were_stored(office):
    """The factory of these tests, held against the tables once."""
    id_ = office.key(customer_name="Ann")
    with office.session(read_only=True) as session:
        assert session.get_one(LicenseKey, id_).customer_name == "Ann"
        assert session.get_one(KeyCode, (office.codes(id_)[0], id_)).native
