"""What the database itself refuses, whatever a program tries: one line for each thing that must never be stored."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from support.offices import ACME, MODULE, NOW

from bridge.models import KeyCode, LicenseKey, Package, Site


@pytest.fixture
def refused(office):
    """A function that runs one statement and returns the name of the constraint that refused it, or its message."""

    def run(statement: str, **values: object) -> str:
        with pytest.raises(IntegrityError) as caught, office.session() as session:
            session.execute(text(statement), values)
        return str(caught.value.orig)

    return run


@pytest.mark.parametrize(
    "change",
    [
        "active = false",
        "term_kind = 'annual'",
        "max_sites = 1",
        "unstated_domain = 'refuse'",
        "repo_id = 70",
        "streams = '[\"stable\"]'",
        "editions = '[\"pro\"]'",
    ],
)
def test_a_master_package_is_never_less_than_everything(office, refused, change):
    package, _ = office.master()
    message = refused(f"UPDATE package SET {change} WHERE id = :id", id=package)
    assert "ck_package_master_is_unlimited" in message


@pytest.mark.parametrize(
    "change",
    [
        "expires_at = '2027-01-01 00:00:00'",
        "edit_kind = 'extend'",
        "edit_kind = 'fix'",
        "max_sites = 5",
        "suspended_at = '2027-01-01 00:00:00'",
        "is_test = true",
    ],
)
def test_a_master_key_never_ends_and_has_no_limit(office, refused, change):
    _, key = office.master()
    message = refused(f"UPDATE license_key SET {change} WHERE id = :id", id=key)
    assert "ck_license_key_master_is_unlimited" in message


def test_a_package_with_keys_and_a_key_with_codes_cannot_be_deleted(office, refused):
    package, key = office.master()
    assert "foreign key" in refused("DELETE FROM package WHERE id = :id", id=package).lower()
    assert "foreign key" in refused("DELETE FROM license_key WHERE id = :id", id=key).lower()


def test_an_owner_has_one_master_package_and_it_one_live_key(office):
    package, _ = office.master()
    with pytest.raises(IntegrityError, match=r"uq_package_master|package\.owner_id"), office.session() as session:
        session.add(
            Package(owner_id=ACME, name="Two", name_key="two", is_master=True, term_kind="lifetime", created_at=NOW)
        )
    with pytest.raises(IntegrityError, match=r"live_master|license_key\.package_id"), office.session() as session:
        session.add(
            LicenseKey(owner_id=ACME, package_id=package, is_master=True, feed_token="x", starts_at=NOW, created_at=NOW)
        )


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE package SET term_kind = 'weekly'", "ck_package_term_kind"),
        ("UPDATE package SET after_expiry = 'all'", "ck_package_after_expiry"),
        ("UPDATE package SET local_sites = 'maybe'", "ck_package_local_sites"),
        ("UPDATE package SET unstated_domain = 'maybe'", "ck_package_unstated_domain"),
        ("UPDATE package SET term_days = 5", "ck_package_days"),
        ("UPDATE package SET term_kind = 'days'", "ck_package_days"),
        ("UPDATE package SET term_kind = 'days', term_days = 0", "ck_package_some_days"),
        ("UPDATE package SET max_sites = -1", "ck_package_not_negative"),
        ("UPDATE package SET grace_days = -1", "ck_package_not_negative"),
        ("UPDATE license_key SET edit_kind = 'guess'", "ck_license_key_edit_kind"),
        ("UPDATE license_key SET max_sites = -1", "ck_license_key_not_negative"),
        ("UPDATE site SET kind = 'testing'", "ck_site_kind"),
        ("UPDATE site SET slot = 0", "ck_site_slot"),
        ("UPDATE site SET freed_at = '2026-01-01 00:00:00'", "ck_site_slot"),
        ("UPDATE owner SET kind = 'team'", "ck_owner_kind"),
    ],
)
def test_a_word_or_number_that_cannot_be_is_refused(office, refused, statement, constraint):
    key = office.key()
    with office.session() as session:
        session.add(Site(key_id=key, host="a.com", kind="production", slot=1, first_seen_at=NOW, last_seen_at=NOW))
    assert constraint in refused(statement)


@pytest.mark.parametrize("missing", ["package_id", "owner_id"])
def test_a_key_belongs_to_a_package_and_an_owner_that_exist(office, refused, missing):
    office.key()
    assert "foreign key" in refused(f"UPDATE license_key SET {missing} = 999").lower()


def test_a_native_code_opens_one_key_and_a_legacy_code_may_open_several(office):
    one, two = office.key(), office.key()
    code = office.codes(one)[0]
    with pytest.raises(IntegrityError), office.session() as session:
        session.add(KeyCode(code=code, key_id=two, native=True, created_at=NOW))
    with office.session() as session:
        session.add_all(KeyCode(code="OLD", key_id=key, native=False, created_at=NOW) for key in (one, two))
    assert "OLD" in office.codes(one)
    assert "OLD" in office.codes(two)


def test_a_feed_token_opens_one_key(office):
    one, two = office.key(), office.key()
    token = office.read(one).feed_token
    with pytest.raises(IntegrityError, match="feed_token"), office.changing(two) as (_, key):
        key.feed_token = token


def test_a_host_is_one_live_site_of_a_key_and_any_number_of_freed_ones(office):
    key = office.key()

    def site(**facts):
        return Site(key_id=key, host="a.com", kind="production", first_seen_at=NOW, last_seen_at=NOW, **facts)

    with office.session() as session:
        session.add_all([site(freed_at=NOW), site(freed_at=NOW), site(slot=1)])
    with pytest.raises(IntegrityError), office.session() as session:
        session.add(site(slot=2))


@pytest.mark.parametrize(("level", "other"), [(None, MODULE), (MODULE, None)])
def test_a_package_name_is_taken_on_its_level_only(office, level, other):
    def package(repo_id):
        return Package(owner_id=ACME, repo_id=repo_id, name="Pro", name_key="pro", created_at=NOW)

    with office.session() as session:
        session.add_all([package(level), package(other)])
    with pytest.raises(IntegrityError), office.session() as session:
        session.add(package(level))
