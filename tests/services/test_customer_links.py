"""A link opens the page of the customer it was made for, and never that of who came to the same number later."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bridge.models import Customer
from bridge.services.customer_links import CustomerLinks

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LINKS = CustomerLinks("a secret", "https://git.example.com/git", 30)
ANN: dict[str, Any] = {
    "id": 12,
    "owner_id": 7,
    "email": "Ann@example.com",
    "email_key": "ann@example.com",
    "created_at": NOW,
}


def text_of(links: CustomerLinks = LINKS, **more: Any) -> str:
    address = links.address(Customer(**ANN), NOW, **more)
    assert address.startswith("https://git.example.com/git/-/licensing/my/")
    return address.rpartition("/")[2]


def opened(text: str, now: datetime = NOW, links: CustomerLinks = LINKS, **other: Any):
    customer = Customer(**ANN | other)
    session = SimpleNamespace(get=lambda _model, number: customer if number == customer.id else None)
    return links.open(session, text, now)


def test_a_link_opens_for_so_many_days_however_its_customer_is_spelt():
    found = opened(text_of(), NOW + timedelta(days=30, seconds=-1))
    assert (found.customer.id, found.purchase_id, found.expires_at) == (12, 0, NOW + timedelta(days=30))
    assert opened(text_of(), email="ann@EXAMPLE.com"), "the spelling is not who it is"
    assert opened(text_of(), NOW + timedelta(days=30)) is None


@pytest.mark.parametrize(
    "other",
    [{"id": 13}, {"owner_id": 8}, {"email_key": "bob@example.com"}, {"created_at": NOW + timedelta(microseconds=1)}],
    ids=lambda other: next(iter(other)),
)
def test_nobody_elses_page_is_opened(other):
    assert opened(text_of()) is not None
    assert opened(text_of(), **other) is None


def test_another_secret_ends_all_links_and_without_one_there_are_none():
    assert opened(text_of(), links=CustomerLinks("another", "https://git.example.com", 30)) is None
    without = CustomerLinks("", "https://git.example.com", 30)
    assert (without.are_made, without.address(Customer(**ANN), NOW)) == (False, "")
    assert opened(text_of(), links=without) is None
    assert LINKS.address(None, NOW) == ""


def test_a_link_to_one_purchase_ends_when_it_should_and_never_later_than_others():
    soon = opened(text_of(purchase_id=5, until=NOW + timedelta(hours=1)))
    assert (soon.purchase_id, soon.expires_at) == (5, NOW + timedelta(hours=1))
    assert opened(text_of(until=NOW + timedelta(days=99))).expires_at == NOW + timedelta(days=30)
