"""License keys are issued: their dates, codes and texts, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select
from support.databases import ONLY_SQLITE
from support.offices import ACME, ACTOR, NOW

from bridge.errors import InvalidInputError, RefusedError
from bridge.models import LicenseKey, Package
from bridge.rules.terms import Term
from bridge.services import keys, packages
from bridge.services.key_inputs import KeyInput
from bridge.services.keys import OVERLAPS
from bridge.storage import licenses

DAY = timedelta(days=1)


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("term", "stated", "starts", "expires"),
    [
        ("lifetime", {}, NOW, None),
        ("annual", {}, NOW, day("2027-03-01T12:00")),
        ("monthly", {}, NOW, day("2026-04-01T12:00")),
        ("30 days", {}, NOW, NOW + 30 * DAY),
        ("monthly", {"starts_at": day("2026-01-31")}, day("2026-01-31"), day("2026-02-28")),
        ("annual", {"expires_at": day("2026-05-05")}, NOW, day("2026-05-05")),
        ("lifetime", {"expires_at": day("2026-05-05")}, NOW, day("2026-05-05")),
        ("annual", {"starts_at": NOW + DAY, "expires_at": NOW + 2 * DAY}, NOW + DAY, NOW + 2 * DAY),
    ],
)
def test_a_term_gives_a_key_its_dates_and_stated_dates_go_first(office, term, stated, starts, expires):
    key = office.read(office.key(office.package(term=term), **stated))
    assert (key.starts_at, key.expires_at) == (starts, expires)


@ONLY_SQLITE
def test_a_custom_term_has_its_own_dates_and_those_that_were_stated_go_first(office):
    term = Term("custom", None, day("2026-06-01").date(), day("2026-06-30").date())
    with office.session() as session:
        wanted = packages.PackageInput("June", term)
        package = packages.create(session, ACME, wanted, packages.OwnerSettings(), ACTOR, NOW).id
    key = office.read(office.key(package))
    assert (key.starts_at, key.expires_at) == (day("2026-06-01"), day("2026-07-01"))
    early = office.read(office.key(package, starts_at=NOW))
    assert (early.starts_at, early.expires_at) == (NOW, day("2026-07-01"))
    office.now = day("2026-08-01")
    with pytest.raises(InvalidInputError, match="over already") as caught:
        office.key(package)
    assert caught.value.field == "term"
    late = office.read(office.key(package, starts_at=office.now, expires_at=office.now + DAY))
    assert (late.starts_at, late.expires_at) == (office.now, office.now + DAY)


def test_several_keys_at_once_are_as_many_different_ones(office):
    ids = office.issue(office.package(), quantity=25, customer_name="Agency")
    assert len({office.codes(id_)[0] for id_ in ids}) == 25
    assert len({office.read(id_).feed_token for id_ in ids}) == 25
    assert {office.read(id_).customer_name for id_ in ids} == {"Agency"}


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("stated", "field", "sentence"),
    [
        ({"quantity": 0}, "quantity", "from 1 to 1000"),
        ({"quantity": 1001}, "quantity", "from 1 to 1000"),
        ({"quantity": 2, "legacy_code": "OLD-1"}, "legacy_code", "exactly one key"),
        ({"max_sites": -1}, "max_sites", "from 0"),
        ({"max_sites": 2**40}, "max_sites", "from 0"),
        ({"customer_email": "ann"}, "email", "ann@example.com"),
        ({"customer_email": "@example.com"}, "email", "ann@example.com"),
        ({"customer_email": "a b@example.com"}, "email", "ann@example.com"),
        ({"customer_email": f"{'a' * 250}@x.com"}, "email", "254"),
        ({"customer_name": "A\0B"}, "name", "control character"),
        ({"customer_name": "x" * 201}, "name", "200 characters"),
        ({"note": "x" * 10_001}, "note", "10000 characters"),
        ({"note": "\x1b[2J"}, "note", "control character"),
        ({"labels": ("a\nb",)}, "labels", "control character"),
        ({"labels": tuple(map(str, range(51)))}, "labels", "50 labels"),
        ({"domains": ("no domain",)}, "domains", "'no domain' is not a domain"),
        ({"domains": ("*.com",)}, "domains", "'*.com' is not a domain"),
        ({"expires_at": NOW}, "expires", "after the start"),
        ({"starts_at": NOW + DAY, "expires_at": NOW}, "expires", "after the start"),
        ({"legacy_code": "abc"}, "legacy_code", "4 to 200"),
        ({"legacy_code": "käse-1234"}, "legacy_code", "4 to 200"),
        ({"legacy_code": "x" * 201}, "legacy_code", "4 to 200"),
        ({"legacy_code": "LIC-00000-00000-00000-00000-00001"}, "legacy_code", "typo"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field_and_nothing_is_kept(office, stated, field, sentence):
    package = office.package()
    with pytest.raises(InvalidInputError) as caught:
        office.issue(package, **stated)
    assert caught.value.field == field
    assert sentence in str(caught.value)
    with office.session(read_only=True) as session:
        assert session.exec(select(LicenseKey)).all() == []
    assert office.trail(action="key.issue") == []


def test_an_owner_issues_so_many_keys_a_day_and_no_more(office):
    package = office.package()

    def issue(quantity):
        with office.session() as session:
            row = session.get_one(Package, package)
            return keys.issue(session, row, KeyInput(quantity=quantity), office.issuer(most_a_day=3))

    issue(2)
    with pytest.raises(RefusedError, match=r"more than 3 keys within a day \(limits\.keys_per_owner_and_day\)"):
        issue(2)
    issue(1)
    office.now += DAY + timedelta(milliseconds=1)
    assert len(issue(3)) == 3


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"),
        ("ABCD-1234", "ABCD-1234"),
        ("  old_key.2019:7 ", "old_key.2019:7"),
        ("12345678", "12345678"),
        ("MixedCaseStays", "MixedCaseStays"),
    ],
)
def test_a_code_of_a_former_system_stays_as_it_is(office, written, stored):
    assert office.codes(office.key(legacy_code=written)) == [stored]


def test_one_legacy_code_stands_for_several_keys_and_each_is_replaced_alone(office):
    package = office.package()
    one, two = (office.key(package, legacy_code="DOWNLOAD-ID-1") for _ in range(2))
    with office.session(read_only=True) as session:
        assert [key.id for key in licenses.keys_by_code(session, "DOWNLOAD-ID-1")] == [one, two]
    with office.changing(one) as (session, key):
        fresh = keys.replace_code(session, key, OVERLAPS["0"], office.issuer())
    assert office.codes(one) == [fresh, "DOWNLOAD-ID-1"]
    assert office.codes(two) == ["DOWNLOAD-ID-1"]


def test_texts_are_kept_trimmed_and_labels_once(office):
    key = office.read(
        office.key(
            customer_name="  Ann \N{LATIN SMALL LETTER U WITH DIAERESIS} ",
            customer_email=" ann@x.com",
            labels=("a", " a ", "", "b"),
            note="one\ntwo\n",
        )
    )
    assert (key.customer_name, key.customer_email, key.labels, key.note) == (
        "Ann \N{LATIN SMALL LETTER U WITH DIAERESIS}",
        "ann@x.com",
        ["a", "b"],
        "one\ntwo",
    )


def test_an_inactive_package_issues_nothing_and_its_keys_go_on(office):
    package = office.package(active=False)
    with pytest.raises(RefusedError, match=r"is not active; activate it first"):
        office.issue(package)
