"""The pages of one key: forms of two tabs, dates at the end of the calendar, keys that are not there, its picture."""

import pytest
from support.page_visits import HOME, Pages, form_at


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
