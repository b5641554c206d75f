"""Lists of customers: the same as a naive look at all of them, and never by reading all of them."""

from itertools import pairwise, product

import pytest
from sqlalchemy import event
from sqlmodel import select
from support.databases import ONLY_SQLITE
from support.offices import ACME, MODULE, OTHER, PLUGIN, Office

from bridge.models import Customer, LicenseKey
from bridge.rules.customers import folded, words
from bridge.storage import customer_search
from bridge.storage.customer_search import Reach, Window, page_of_customers, position

NAMES = ("Ann Smith", "Bob Smithers", "Zoë Ünal", "ann", "", "Ann-Marie Bobsen")
SORTS = ("id", "-id", "customer", "-customer")
WORDS = ("", "a", "ann", "SMITH", "zoe", "zoë", "mail1", "c3@", "nobody", "%", "x.example")


@pytest.fixture
def crowd(office) -> dict[str, int]:
    """Forty customers with keys of the owner's and two repos' packages; those of another owner beside them."""
    packages = {
        "wide": office.package("Wide"),
        "module": office.package("Module", repo_id=MODULE),
        "plugin": office.package("Plugin", repo_id=PLUGIN),
    }
    far = office.package("Far", owner_id=OTHER)
    for at in range(40):
        stated = {"customer_name": NAMES[at % 6], "customer_email": f"c{at}@mail{at % 3}.x.example"}
        for number, package in enumerate(packages.values()):
            if (at // 2) % 4 in {number, 3}:
                office.key(package, **stated)
        office.key(far, **stated)
    return packages


def naive(office: Office, reach: Reach, word: str, sort: str) -> list[int]:
    """Everybody is looked at."""
    with office.session(read_only=True) as session:
        keys = session.exec(select(LicenseKey)).all()
        everybody = session.exec(select(Customer).where(Customer.owner_id == reach.owner_id)).all()
    held: dict[int | None, set[int]] = {}
    for key in keys:
        held.setdefault(key.customer_id, set()).add(key.package_id)
    found = []
    for each in everybody:
        texts = [each.name, each.email] if reach.finds_by_mail else [each.name]
        begins = not word or any(start.startswith(folded(word)) for text in texts for start in words(text))
        here = held.get(each.id, set())
        if begins and (here if reach.package_ids is None else here & set(reach.package_ids)):
            found.append(each)
    by = (lambda each: (each.name_key, each.id)) if sort.endswith("customer") else (lambda each: each.id)
    return [each.id for each in sorted(found, key=by, reverse=sort.startswith("-"))]


def walked(office: Office, reach: Reach, word: str, sort: str, limit: int = 7) -> list[int]:
    """Page by page, each behind the last one; and backwards again, which must be the same."""
    pages, window = [], Window(sort, limit)
    with office.session(read_only=True) as session:
        while True:
            page = page_of_customers(session, reach, word, window)
            pages.append([each.id for each in page.customers])
            assert page.more_before is (len(pages) > 1)
            if not page.more_after:
                break
            window = Window(sort, limit, after=position(page.customers[-1], sort))
        for before, after in pairwise(reversed(pages)):
            first = session.get_one(Customer, before[0])
            back = page_of_customers(session, reach, word, Window(sort, limit, before=position(first, sort)))
            assert [each.id for each in back.customers] == after
    return [number for page in pages for number in page]


def reaches(crowd: dict[str, int]) -> list[Reach]:
    places = (None, [crowd["module"]], [crowd["plugin"], crowd["wide"]], [])
    return [Reach(ACME, place, finds_by_mail=by_mail) for place in places for by_mail in (False, True)]


def test_each_list_is_what_a_naive_look_finds(office, crowd):
    for reach, word in product(reaches(crowd), WORDS):
        for sort in SORTS:
            assert walked(office, reach, word, sort) == naive(office, reach, word, sort), (reach, word, sort)


def test_pages_by_number_are_the_same_from_either_end(office, crowd):
    for reach, sort in product(reaches(crowd), SORTS):
        whole = naive(office, reach, "", sort)
        for offset in range(0, 49, 7):
            with office.session(read_only=True) as session:
                page = page_of_customers(session, reach, "", Window(sort, 7, offset))
            assert [each.id for each in page.customers] == whole[offset : offset + 7]
            assert (page.total, page.capped) == (len(whole), False)
            assert page.more_before is (offset > 0)
            assert page.more_after is (offset + 7 < len(whole))


def test_long_lists_are_walked_and_counted_up_to_a_number(office, crowd, monkeypatch):
    monkeypatch.setattr(customer_search, "MOST_COUNTED", 5)
    for reach, sort in product(reaches(crowd), SORTS):
        whole = naive(office, reach, "", sort)
        assert walked(office, reach, "", sort) == whole
        with office.session(read_only=True) as session:
            page = page_of_customers(session, reach, "", Window(sort, 7, 14))
        assert [each.id for each in page.customers] == whole[14:21]
        assert (page.total, page.capped) == (min(5, len(whole)), len(whole) > 5)


def test_of_a_word_that_finds_very_many_the_first_by_the_alphabet_are_shown_and_it_is_told(office, crowd, monkeypatch):
    monkeypatch.setattr(customer_search, "MOST_FOUND", 4)
    with office.session(read_only=True) as session:
        page = page_of_customers(session, Reach(ACME, None), "a", Window("customer", 50))
    assert [each.name for each in page.customers] == ["ann"] * 4
    assert (page.capped, page.more_after) == (True, False)


def test_at_a_repo_of_few_customers_a_common_word_still_finds_all_of_them(office, crowd, monkeypatch):
    monkeypatch.setattr(customer_search, "MOST_FOUND", 20)
    reach = Reach(ACME, [crowd["module"]], finds_by_mail=True)
    with office.session(read_only=True) as session:
        page = page_of_customers(session, reach, "x.example", Window("id", 50))
    assert [each.id for each in page.customers] == naive(office, reach, "x.example", "id")
    assert (len(page.customers), page.capped) == (20, False)


@ONLY_SQLITE
@pytest.mark.parametrize("many", [False, True])
def test_no_list_reads_a_whole_table(office, crowd, monkeypatch, many):
    if many:
        monkeypatch.setattr(customer_search, "MOST_COUNTED", 3)
        monkeypatch.setattr(customer_search, "MOST_FOUND", 3)
    said: list[tuple[str, tuple]] = []
    event.listen(
        office.engine, "before_cursor_execute", lambda _c, _k, statement, values, *_: said.append((statement, values))
    )
    for reach, word, sort in product(reaches(crowd), ("", "ann"), SORTS):
        with office.session(read_only=True) as session:
            page = page_of_customers(session, reach, word, Window(sort, 3))
            if page.customers:
                page_of_customers(session, reach, word, Window(sort, 3, after=position(page.customers[-1], sort)))
    asked = [each for each in set(said) if each[0].startswith("SELECT")]
    assert len(asked) > 40
    with office.engine.connect().execution_options(read_only=True) as connection:
        for statement, values in asked:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            for table in ("customer", "license_key", "customer_word"):
                assert f"SCAN {table}" not in plan, (statement, plan)
                assert not [step for step in plan if step.startswith(f"SCAN {table} ")], (statement, plan)
