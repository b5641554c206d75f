"""The pages of one key: forms of two tabs, dates at the end of the calendar, keys that are not there, its picture."""

import itertools
import re
from datetime import timedelta

import pytest
from support.page_visits import HOME, Pages, form_at
from support.page_walk import OWNER

from bridge.models import LicenseKey
from bridge.storage import usage
from bridge.storage.usage import Use

_numbers = itertools.count(1)


def key_of(pages: Pages, number: int):
    return pages.api.get(f"orgs/acme/license-keys/{number}").json


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("expiry", {"how": "term"}),
        ("expiry", {"how": "year"}),
        ("revoke", {"confirm": "CODE"}),
        ("code", {"overlap": "0"}),
        ("feed", {}),
    ],
)
def test_the_second_of_two_tabs_is_told_whatever_it_asks_for(shared: Pages, path, asked):
    visitor, key = shared.visitor(), shared.api.new_key("Standard")
    address = f"{HOME}/keys/{key.id}/{path}"
    old = form_at(visitor.text(address), address)
    sent = old | {name: key.code[-5:] if value == "CODE" else value for name, value in asked.items()}
    shared.api.patch(f"orgs/acme/license-keys/{key.id}", {"note": "changed in the first tab"})
    before = key_of(shared, key.id)
    answer = visitor.post(address, sent)
    text = answer.get_data(as_text=True)
    assert (answer.status_code, "Somebody changed this" in text) == (409, True)
    assert key_of(shared, key.id) == before
    seen = form_at(text, address)
    assert visitor.post(address, sent | {"version": seen["version"], "once": seen["once"]}).status_code == 303
    assert key_of(shared, key.id) != before


@pytest.fixture
def at_the_end(shared: Pages):
    """A key that expires with the calendar, as the API lets it; and its customer's page."""
    key = shared.api.new_key("Standard", customer_name="Edna End", customer_email=f"edna{next(_numbers)}@example.com")
    body = {"expiry_mode": "extend", "expires_at": "9999-12-31T00:00:00Z"}
    assert shared.api.patch(f"orgs/acme/license-keys/{key.id}", body).status_code == 200
    return key


def test_a_key_at_the_end_of_the_calendar_gets_no_more_time_and_every_other_date(shared: Pages, at_the_end):
    visitor, address = shared.visitor(), f"{HOME}/keys/{at_the_end.id}/expiry"
    page = visitor.text(address)
    assert 'value="fix"' in page
    assert 'value="term"' not in page
    assert 'value="year"' not in page
    sent = form_at(page, address)
    for how in ("year", "term"):
        assert visitor.post(address, sent | {"how": how}).status_code == 422, how
    assert visitor.post(address, sent | {"how": "fix", "until": "2028-01-01"}).status_code == 303
    assert key_of(shared, at_the_end.id)["expires_at"] == "2028-01-01T00:00:00Z"


def test_of_a_customers_keys_the_one_at_the_end_of_the_calendar_is_named(shared: Pages, at_the_end):
    with shared.made.parts.open_session(read_only=True) as session:
        customer = session.get_one(LicenseKey, at_the_end.id).customer_id
    visitor, address = shared.visitor(), f"/acme/-/licensing/customers/{customer}/change"
    for how in ("year", "term"):
        sent = form_at(visitor.text(address), address) | {"keys": str(at_the_end.id), "how": how, "step": "look"}
        answer = visitor.post(address, sent)
        assert (answer.status_code, f"key …{at_the_end.code[-5:]}" in answer.get_data(as_text=True)) == (422, True)


@pytest.mark.parametrize("day", ["9999-12-31", "9999-01-01"])
def test_a_day_of_the_calendars_last_year_is_refused_at_its_field(shared: Pages, day):
    visitor, key = shared.visitor(), shared.api.keys["annual"]
    forms = {
        f"{HOME}/packages/new": {"name": "Late", "term": "custom", "term_until": day},
        f"{HOME}/keys/{key.id}/expiry": {"how": "fix", "until": day},
        f"{HOME}/keys/new": {"package_id": str(shared.api.packages["Standard"]), "expires_at": day},
    }
    for address, fields in forms.items():
        answer = visitor.post(address, form_at(visitor.text(address), address) | fields)
        assert (answer.status_code, "9998 at the latest" in answer.get_data(as_text=True)) == (422, True), address
    assert visitor.get(f"{HOME}/audit?until={day}").status_code == 422
    assert visitor.get(f"{HOME}/audit/changes.csv?until={day}").status_code == 400


def test_the_picture_of_a_busy_key_has_every_day_and_no_script(shared: Pages):
    """Sixty sites a day: the newest rows alone are of one day."""
    key, today = shared.api.new_key("Local"), shared.made.clock().date()
    repo = shared.made.world.repo("acme", "mod-weather").id
    counts = {
        Use(today - timedelta(days=back), repo, "feed", code, key.id, f"site{site}.example"): count
        for back, code, count in ((0, "valid", 1), (10, "grace", 2), (29, "expired", 3), (30, "valid", 9))
        for site in range(60)
    }
    with shared.made.parts.open_session() as session:
        usage.add(session, counts)
    answer = shared.visitor().get(f"{HOME}/keys/{key.id}/usage.svg")
    picture = answer.get_data(as_text=True)
    assert (answer.status_code, answer.content_type, "<script" in picture) == (200, "image/svg+xml", False)
    drawn = {int(value) for value in re.findall(r'class="value">(\d+)<', picture)}
    assert drawn == {0, 60, 120, 180}, "answered and refused, of each day of the thirty"


@pytest.fixture(scope="module")
def crowded(shared: Pages) -> int:
    """More packages than are listed at once; the newest of them."""
    return [shared.made.package("acme", f"Crowd {number:02}") for number in range(51)][-1]


def test_the_newest_of_many_packages_is_offered_wherever_one_is_chosen(shared: Pages, crowded):
    visitor, key = shared.visitor(), shared.api.keys["annual"]
    for path in ("keys", "keys/new", f"keys/{key.id}/package"):
        assert f'value="{crowded}"' in visitor.text(f"{OWNER}/{path}"), path
    assert f"<li>{crowded}: Crowd 50</li>" in visitor.text(f"{OWNER}/import")


def test_a_key_moves_to_the_newest_of_many_packages_after_a_look(shared: Pages, crowded):
    visitor, key = shared.visitor(), shared.api.new_key("Standard")
    address = f"{OWNER}/keys/{key.id}/package"
    sent = form_at(visitor.text(address), address) | {"package_id": str(crowded)}
    looked = visitor.post(address, sent | {"step": "look"})
    text = looked.get_data(as_text=True)
    assert (looked.status_code, "as a key of “Crowd 50”" in text) == (200, True)
    assert visitor.post(address, form_at(text, address) | {"step": "do"}).status_code == 303
    assert key_of(shared, key.id)["package"]["id"] == crowded


@pytest.mark.parametrize("number", ["²", "٣", "1" * 5000, "99999999999", "-1", "x"])
def test_what_is_no_number_chooses_nothing_and_breaks_nothing(shared: Pages, number):
    visitor, key = shared.visitor(), shared.api.keys["annual"]
    for query in ({"page": number}, {"package": number}):
        for path in ("keys", "customers"):
            assert visitor.get(f"{OWNER}/{path}", query_string=query).status_code == 200, query
        assert visitor.get(HOME, query_string=query).status_code == 200, query
    for path in ("keys/new", f"keys/{key.id}/package"):
        address = f"{OWNER}/{path}"
        fields = {"package_id": number, "step": "look", "quantity": "1", "how": "same"}
        answer = visitor.post(address, form_at(visitor.text(address), address) | fields)
        assert (answer.status_code, 'class="error"' in answer.get_data(as_text=True)) == (422, True), path
