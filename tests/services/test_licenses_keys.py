"""License keys are changed, revoked and replaced; what the audit trail says of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from support.databases import ONLY_SQLITE
from support.offices import ACME, ACTOR, NOW

from bridge.errors import InvalidInputError, RefusedError
from bridge.models import LicenseKey, Package
from bridge.rules.terms import ExpiryEdit
from bridge.services import keys
from bridge.services.keys import OVERLAPS
from bridge.storage import licenses

DAY = timedelta(days=1)


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_revoking_is_for_good_and_the_first_time_counts(office):
    id_ = office.key()
    for hours, reason in ((0, "refund"), (1, "again")):
        office.now = NOW + timedelta(hours=hours)
        with office.changing(id_) as (session, key):
            assert keys.revoke(session, key, reason, office.issuer()) is None
    key = office.read(id_)
    assert (key.revoked_at, key.revoke_reason) == (NOW, "refund")
    assert len(office.trail(f"key:{id_}", "key.revoke")) == 1


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_a_replaced_code_ends_after_its_overlap(office, overlap):
    id_ = office.key(domains=("a.com",), payment_ref="INV-1")
    old = office.codes(id_)[0]
    with office.changing(id_) as (session, key):
        fresh = keys.replace_code(session, key, OVERLAPS[overlap], office.issuer())
    assert office.codes(id_) == [fresh, old]
    with office.session(read_only=True) as session:
        ends = {row.code: row.valid_until for row in licenses.codes_of(session, [id_])[id_]}
        assert licenses.domains_of(session, [id_]) == {id_: ["a.com"]}
    assert ends == {fresh: None, old: NOW + OVERLAPS[overlap]}
    assert office.read(id_).payment_ref == "INV-1"


def test_replacing_again_shortens_an_overlap_and_never_lengthens_one(office):
    id_ = office.key()
    for overlap, expected in (("24h", [1]), ("7d", [7, 1]), ("0", [0, 0, 0])):
        with office.changing(id_) as (session, key):
            keys.replace_code(session, key, OVERLAPS[overlap], office.issuer())
        with office.session(read_only=True) as session:
            ends = [row.valid_until for row in licenses.codes_of(session, [id_])[id_] if row.valid_until]
        assert sorted(ends) == sorted(NOW + days * DAY for days in expected)


def test_a_code_is_not_replaced_for_another_span_or_on_a_revoked_key(office):
    id_ = office.key()
    with pytest.raises(InvalidInputError, match="0, 24h, 7d"), office.changing(id_) as (session, key):
        keys.replace_code(session, key, DAY * 2, office.issuer())
    with office.changing(id_) as (session, key):
        keys.revoke(session, key, "", office.issuer())
    with pytest.raises(RefusedError, match="revoked; issue a new one"), office.changing(id_) as (session, key):
        keys.replace_code(session, key, DAY, office.issuer())
    assert len(office.codes(id_)) == 1


def test_a_feed_token_is_replaced_and_the_old_one_is_gone(office):
    id_ = office.key()
    old, codes = office.read(id_).feed_token, office.codes(id_)
    with office.changing(id_) as (session, key):
        fresh = keys.replace_feed_token(session, key, office.issuer())
    assert office.read(id_).feed_token == fresh != old
    assert office.codes(id_) == codes


def edited(office, id_, edit):
    with office.changing(id_) as (session, key):
        keys.set_expiry(session, key, edit, ACTOR, office.now)
    return licenses.expiry_of(office.read(id_))


def test_a_persons_word_about_the_expiry_stands_beside_the_term_and_can_be_taken_back(office):
    id_ = office.key(office.package(term="30 days"))
    paid = NOW + 30 * DAY
    assert edited(office, id_, ExpiryEdit("extend", NOW + 60 * DAY)) == NOW + 60 * DAY
    assert edited(office, id_, ExpiryEdit("extend", NOW + DAY)) == paid
    assert edited(office, id_, ExpiryEdit("fix", NOW + DAY)) == NOW + DAY
    assert edited(office, id_, ExpiryEdit("extend", None)) is None
    assert edited(office, id_, None) == paid
    assert office.read(id_).expires_at == paid


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("now", "expires"),
    [
        ("2026-05-01", "2028-03-01T12:00"),
        ("2027-03-01T12:00", "2028-03-01T12:00"),
        ("2027-03-04T11:59", "2028-03-01T12:00"),
        ("2027-03-04T12:00", "2028-03-04T12:00"),
        ("2027-12-24", "2028-12-24"),
    ],
)
def test_one_more_term_counts_from_the_expiry_while_the_key_works_and_from_now_after_that(office, now, expires):
    id_ = office.key(office.package(term="annual", grace_days=3))
    with office.session(read_only=True) as session:
        key = session.get_one(LicenseKey, id_)
        assert keys.extended(key, session.get_one(Package, key.package_id), day(now)) == day(expires)


def test_suspending_and_resuming_twice_changes_nothing_more(office):
    id_ = office.key()
    for hours, suspended in ((0, True), (1, True), (2, False), (3, False)):
        with office.changing(id_) as (session, key):
            keys.suspend(session, key, suspended, ACTOR, NOW + timedelta(hours=hours))
        assert office.read(id_).suspended_at == (NOW if suspended else None)
    assert [row.action for row in office.trail(f"key:{id_}")] == ["key.issue", "key.suspend", "key.resume"]


def test_assigned_domains_are_normalised_replaced_whole_and_taken_away(office):
    id_ = office.key(domains=("old.com",))
    wanted = ["HTTPS://www.Example.COM:8443/shop/", "example.com", "*.Müller.de", "shop.example.com."]
    with office.changing(id_) as (session, key):
        assigned = keys.assign(session, key, wanted, ACTOR, NOW)
    assert assigned == ("example.com", "*.xn--mller-kva.de", "shop.example.com")
    with office.session(read_only=True) as session:
        assert licenses.domains_of(session, [id_])[id_] == sorted(assigned)
    with office.changing(id_) as (session, key):
        assert keys.assign(session, key, [], ACTOR, NOW) == ()
    with office.session(read_only=True) as session:
        assert licenses.domains_of(session, [id_]) == {}


def test_a_domain_that_is_none_leaves_the_assigned_ones(office):
    id_ = office.key(domains=("old.com",))
    with pytest.raises(InvalidInputError), office.changing(id_) as (session, key):
        keys.assign(session, key, ["new.com", "not a domain"], ACTOR, NOW)
    with office.session(read_only=True) as session:
        assert licenses.domains_of(session, [id_]) == {id_: ["old.com"]}


CHANGES = {
    "key.revoke": lambda s, k, by: keys.revoke(s, k, "refund", by),
    "key.replace": lambda s, k, by: keys.replace_code(s, k, OVERLAPS["24h"], by),
    "key.feed_token": keys.replace_feed_token,
    "key.expiry": lambda s, k, by: keys.set_expiry(s, k, ExpiryEdit("fix", NOW + DAY), by.actor, by.now),
    "key.suspend": lambda s, k, by: keys.suspend(s, k, True, by.actor, by.now),
    "key.domains": lambda s, k, by: keys.assign(s, k, ["b.com"], by.actor, by.now),
}


@pytest.mark.parametrize("action", CHANGES)
def test_every_change_leaves_one_row_with_before_and_after_and_no_code_in_it(office, action):
    id_ = office.key(domains=("a.com",))
    secrets = {*office.codes(id_), office.read(id_).feed_token}
    with office.changing(id_) as (session, key):
        CHANGES[action](session, key, office.issuer())
    secrets |= {*office.codes(id_), office.read(id_).feed_token}
    (row,) = office.trail(action=action)
    assert (row.subject, row.owner_id, row.actor, row.origin, row.at) == (f"key:{id_}", ACME, "test", "here", NOW)
    assert row.before != row.after
    assert row.before
    assert row.after
    written = json.dumps([row.before, row.after])
    assert [secret for secret in secrets if secret in written] == []


@pytest.mark.parametrize("action", CHANGES)
def test_a_change_that_fails_afterwards_leaves_neither_change_nor_row(office, action):
    id_ = office.key(domains=("a.com",))
    before = office.read(id_).model_dump()

    def fail():
        with office.changing(id_) as (session, key):
            CHANGES[action](session, key, office.issuer())
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert office.read(id_).model_dump() == before
    assert len(office.codes(id_)) == 1
    assert office.trail(action=action) == []
