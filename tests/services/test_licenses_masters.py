"""The owner's own package and key: there by themselves, never changed, and never without a successor."""

import pytest
from sqlmodel import select
from support.offices import ACME, ACTOR, NOW, OTHER

from bridge.errors import RefusedError
from bridge.models import LicenseKey, Package
from bridge.rules.terms import ExpiryEdit
from bridge.services import keys, packages
from bridge.services.key_inputs import KeyInput
from bridge.services.packages import as_input
from bridge.storage import licenses


def test_the_master_package_is_everything_without_end_and_its_key_too(office):
    package, key = office.master()
    with office.session(read_only=True) as session:
        row = session.get_one(Package, package)
        assert (row.term_kind, row.max_sites, row.streams, row.editions, row.repo_id, row.active) == (
            "lifetime",
            0,
            None,
            None,
            None,
            True,
        )
    master = office.read(key)
    assert (master.is_master, master.expires_at, master.max_sites, master.starts_at) == (True, None, None, NOW)
    assert office.codes(key)[0].startswith("LIC-")


def test_asking_again_finds_the_same(office):
    assert office.master() == office.master()
    assert len(office.trail()) == 2


def test_each_owner_has_his_own(office):
    assert office.master(ACME) != office.master(OTHER)


def test_a_master_package_without_a_live_key_gets_one(office):
    """As after a repair by hand: the next look mends it."""
    package, key = office.master()
    with office.changing(key) as (_, row):
        row.revoked_at = NOW
    again, successor = office.master()
    assert again == package
    assert successor != key


def test_a_revoked_master_key_is_replaced_in_the_same_transaction(office):
    package, key = office.master()
    with office.changing(key) as (session, row):
        successor = keys.revoke(session, row, "leaked", office.issuer())
        assert successor is not None
        assert licenses.live_master_key(session, package).id == successor.id
    assert office.read(key).revoked_at == NOW
    assert office.master() == (package, successor.id)
    assert office.codes(successor.id) != office.codes(key)
    assert office.read(successor.id).feed_token != office.read(key).feed_token


def test_where_no_successor_can_be_made_the_master_key_is_not_revoked(office):
    package, key = office.master()

    def no_entropy(_size):
        raise OSError("no random bytes")

    by = office.issuer()
    broken = type(by)(by.actor, by.now, no_entropy, by.prefix)
    with pytest.raises(OSError, match="no random bytes"), office.changing(key) as (session, row):
        keys.revoke(session, row, "", broken)
    assert office.read(key).revoked_at is None
    assert office.master() == (package, key)
    assert office.trail(action="key.revoke") == []


def test_revoking_it_again_makes_no_second_successor(office):
    package, key = office.master()
    for _ in range(2):
        with office.changing(key) as (session, row):
            keys.revoke(session, row, "", office.issuer())
    with office.session(read_only=True) as session:
        assert len(session.exec(select(LicenseKey).where(LicenseKey.package_id == package)).all()) == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda s, k, by: keys.set_expiry(s, k, ExpiryEdit("fix", NOW), by.actor, by.now), "never expires"),
        (lambda s, k, by: keys.set_expiry(s, k, ExpiryEdit("extend", NOW), by.actor, by.now), "never expires"),
        (lambda s, k, by: keys.set_expiry(s, k, None, by.actor, by.now), "never expires"),
        (lambda s, k, by: keys.suspend(s, k, True, by.actor, by.now), "can't be suspended; revoke it"),
        (lambda s, k, by: keys.assign(s, k, ["a.com"], by.actor, by.now), "works on every domain"),
        (lambda s, k, by: keys.issue(s, s.get(Package, k.package_id), KeyInput(), by), "made by the bridge"),
        (
            lambda s, k, by: packages.change(
                s,
                s.get(Package, k.package_id),
                as_input(s, s.get(Package, k.package_id)),
                packages.OwnerSettings(),
                by.actor,
                by.now,
            ),
            "can't be edited",
        ),
    ],
)
def test_whatever_would_make_it_less_is_refused(office, change, sentence):
    _, id_ = office.master()
    before, trail = office.read(id_).model_dump(), len(office.trail())
    with pytest.raises(RefusedError, match=sentence), office.changing(id_) as (session, key):
        change(session, key, office.issuer())
    assert office.read(id_).model_dump() == before
    assert len(office.trail()) == trail


def test_its_code_and_its_feed_token_can_be_replaced(office):
    _, id_ = office.master()
    with office.changing(id_) as (session, key):
        fresh = keys.replace_code(session, key, keys.OVERLAPS["0"], office.issuer())
        token = keys.replace_feed_token(session, key, office.issuer())
    assert office.codes(id_)[0] == fresh
    assert office.read(id_).feed_token == token


def test_the_trail_tells_of_both_and_holds_no_code(office):
    package, key = office.master()
    assert [(row.action, row.subject, row.actor) for row in office.trail()] == [
        ("package.create", f"package:{package}", ACTOR.name),
        ("key.issue", f"key:{key}", ACTOR.name),
    ]
    assert [bool(row.after) for row in office.trail()] == [True, True]
    assert office.codes(key)[0] not in str([row.after for row in office.trail()])


def test_a_master_key_is_a_key_like_the_others_in_the_table(office):
    _, key = office.master()
    plain = office.key()
    with office.session(read_only=True) as session:
        assert list(session.exec(select(LicenseKey.id).order_by(LicenseKey.id))) == [key, plain]
        assert session.get_one(LicenseKey, plain).is_master is False
