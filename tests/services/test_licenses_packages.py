"""Packages: what can be stated, what is refused, and what changing one does to those who hold its keys."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from support.databases import ONLY_SQLITE
from support.offices import ACME, ACTOR, FOREIGN, MODULE, NOW, OTHER, PLUGIN, SETTINGS

from bridge.errors import ConflictError, InvalidInputError
from bridge.models import Owner, Package
from bridge.rules.terms import Term
from bridge.services import packages
from bridge.services.packages import PackageInput, as_input, term_from_text
from bridge.storage import licenses

ANNUAL = Term("annual")


def create(office, owner_id=ACME, **stated):
    with office.session() as session:
        wanted = PackageInput(**{"name": "Pro", "term": ANNUAL, **stated})
        return packages.create(session, owner_id, wanted, SETTINGS, ACTOR, NOW).id


def change(office, package_id, **stated):
    with office.session() as session:
        row = session.get_one(Package, package_id)
        return packages.change(session, row, replace(as_input(session, row), **stated), SETTINGS, ACTOR, NOW)


def stored(office, package_id):
    with office.session(read_only=True) as session:
        return licenses.package_values(session, ACME)[package_id]


def test_everything_that_is_stated_is_stored_and_comes_back(office):
    wanted = PackageInput(
        name="Pro",
        term=Term("days", 45),
        repo_ids=(MODULE, PLUGIN),
        streams=("stable", "rc"),
        editions=("", "pro"),
        max_sites=3,
        grace_days=14,
        after_expiry="owned",
        local_sites="count",
        unstated_domain="refuse",
        renewal_url="https://shop.example/renew?a=1",
        active=False,
    )
    with office.session() as session:
        id_ = packages.create(session, ACME, wanted, SETTINGS, ACTOR, NOW).id
    with office.session(read_only=True) as session:
        assert as_input(session, session.get_one(Package, id_)) == wanted
    value = stored(office, id_)
    assert (value.streams, value.repo_ids, value.grace.days) == ({"stable", "rc"}, {MODULE, PLUGIN}, 14)


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("stated", "field", "words"),
    [
        ({"name": ""}, "name", "1 to 100"),
        ({"name": " \t "}, "name", "1 to 100"),
        ({"name": "x" * 101}, "name", "1 to 100"),
        ({"name": "a\0b"}, "name", "printable"),
        ({"name": "a\x1b[31mb"}, "name", "printable"),
        ({"streams": ("nightly",)}, "streams", "no stream “nightly”; the owner has stable, rc, beta, alpha, dev"),
        ({"streams": ("Stable",)}, "streams", "no stream “Stable”"),
        ({"streams": ()}, "streams", "opens nothing"),
        ({"editions": ()}, "editions", "opens nothing"),
        ({"renewal_url": "javascript:alert(1)"}, "renewal_url", "https://"),
        ({"renewal_url": "https://"}, "renewal_url", "https://"),
        ({"renewal_url": 'https://x.example/"><script>'}, "renewal_url", "https://"),
        ({"renewal_url": "https://[x"}, "renewal_url", "https://"),
        ({"max_sites": -1}, "max_sites", "from 0 to 1000000"),
        ({"max_sites": 1_000_001}, "max_sites", "from 0 to 1000000"),
        ({"grace_days": -1}, "grace_days", "from 0 to 1000000"),
        ({"term": Term("days", 10**9)}, "term", "1000000 days at most"),
        ({"after_expiry": "everything"}, "after_expiry", "nothing, owned"),
        ({"local_sites": "maybe"}, "local_sites", "free, count"),
        ({"unstated_domain": ""}, "unstated_domain", "accept, refuse"),
        ({"repo_id": MODULE, "repo_ids": (PLUGIN,)}, "repos", "can't list others"),
        ({"repo_id": FOREIGN}, "repos", "has no repo with the id 80"),
        ({"repo_ids": (MODULE, FOREIGN)}, "repos", "has no repo with the id 80"),
        ({"repo_ids": (999,)}, "repos", "has no repo with the id 999"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(office, stated, field, words):
    kept = create(office, name="Kept")
    for attempt in (lambda: create(office, **stated), lambda: change(office, kept, **stated)):
        with pytest.raises(InvalidInputError) as caught:
            attempt()
        assert caught.value.field == field
        assert words in str(caught.value)
    with office.session(read_only=True) as session:
        assert [row.name for row in licenses.packages_of(session, ACME)] == ["Kept"]
    assert [row.action for row in office.trail()] == ["package.create"]


@pytest.mark.parametrize("name", ["pro", "PRO", "  Pro ", "P\u0072o"])
def test_a_name_is_taken_on_its_level_whatever_its_case(office, name):
    create(office, repo_id=MODULE)
    create(office, repo_id=PLUGIN)
    create(office, owner_id=OTHER)
    first = create(office)
    with pytest.raises(ConflictError, match=r"a package named “.*” already; choose another name"):
        create(office, name=name)
    second = create(office, name="Second")
    with pytest.raises(ConflictError):
        change(office, second, name=name)
    change(office, first, name=name, max_sites=7)
    assert stored(office, second).name == "Second"
    assert stored(office, first).max_sites == 7


def test_a_package_is_found_by_its_name_on_its_level(office):
    wide, narrow = create(office), create(office, repo_id=MODULE)
    with office.session(read_only=True) as session:

        def found(repo_id, name):
            row = licenses.package_by_name(session, ACME, repo_id, name)
            return row.id if row else None

        assert (found(None, " pRO"), found(MODULE, "pro"), found(PLUGIN, "pro")) == (wide, narrow, None)


def test_packages_of_a_repo_stack_upon_those_of_its_owner_with_the_master_first(office):
    wide, narrow, other = create(office), create(office, repo_id=MODULE), create(office, repo_id=PLUGIN)
    master, _ = office.master()
    with office.session(read_only=True) as session:
        assert [row.id for row in licenses.packages_of(session, ACME, MODULE)] == [master, wide, narrow]
        assert [row.id for row in licenses.packages_of(session, ACME)] == [master, wide, narrow, other]


def test_a_change_holds_for_keys_that_were_issued_but_not_for_their_dates(office):
    id_ = create(office, term=term_from_text("30 days"))
    key = office.key(id_)
    expires = office.read(key).expires_at
    change(office, id_, max_sites=9, term=ANNUAL, grace_days=0)
    assert stored(office, id_).max_sites == 9
    assert office.read(key).expires_at == expires


def test_listed_repos_are_replaced_whole(office):
    id_ = create(office, repo_ids=(MODULE,))
    for repos in ((MODULE, PLUGIN), (PLUGIN,), ()):
        change(office, id_, repo_ids=repos)
        assert stored(office, id_).repo_ids == set(repos)


def test_every_process_is_told_of_a_change_by_the_owners_revision(office):
    def revision():
        with office.session(read_only=True) as session:
            return session.get_one(Owner, ACME).revision

    id_ = create(office)
    assert revision() == 1
    change(office, id_, active=False)
    assert revision() == 2


def test_the_trail_tells_what_it_was_and_what_it_is(office):
    id_ = create(office, repo_ids=(MODULE,), max_sites=1)
    change(office, id_, repo_ids=(PLUGIN,), max_sites=2, name="Pro 2")
    made, edited = office.trail(f"package:{id_}")
    assert (made.action, made.before, made.after["max_sites"], made.after["repo_ids"]) == (
        "package.create",
        None,
        1,
        [MODULE],
    )
    differing = {
        name: (edited.before[name], value) for name, value in edited.after.items() if edited.before[name] != value
    }
    assert differing == {"name": ("Pro", "Pro 2"), "max_sites": (1, 2), "repo_ids": ([MODULE], [PLUGIN])}
    assert (edited.actor, edited.origin, edited.owner_id) == ("test", "here", ACME)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("annual", Term("annual")),
        (" monthly ", Term("monthly")),
        ("lifetime", Term("lifetime")),
        ("30 days", Term("days", 30)),
        ("1 day", Term("days", 1)),
    ],
)
def test_a_term_is_read_as_people_write_it(text, term):
    assert term_from_text(text) == term


@pytest.mark.parametrize("text", ["", "weekly", "days", "0 days", "-1 days", "1.5 days", "٣ days", "30 days more"])
def test_a_term_that_is_none_is_refused_by_its_field(text):
    with pytest.raises(InvalidInputError) as caught:
        term_from_text(text)
    assert caught.value.field == "term"


def test_a_custom_term_ends_with_its_last_day():
    term = term_from_text("custom", date(2026, 6, 1), date(2026, 6, 30))
    assert term == Term("custom", None, date(2026, 6, 1), date(2026, 6, 30))


def test_a_custom_term_is_stored_as_moments(office):
    row = change(office, create(office), term=term_from_text("custom", date(2026, 6, 1), date(2026, 6, 30)))
    assert (row.term_from, row.term_until) == (datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
