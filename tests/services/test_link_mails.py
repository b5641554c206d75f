"""Mails that lead to a customer's own page: so many an hour for strangers who ask, and as many for support."""

import pytest
from sqlmodel import func, select

from bridge.errors import RefusedError
from bridge.models import Customer, LicenseKey, Outbox
from bridge.services import link_mails
from bridge.services.link_mails import MOST_AN_HOUR


def queued(office) -> int:
    with office.session(read_only=True) as session:
        return session.exec(select(func.count()).select_from(Outbox).where(Outbox.kind == "link")).one()


def ask(office, key_id: int) -> None:
    with office.session() as session:
        link_mails.put_all(session, [key_id], office.now)


def help_out(office, key_id: int) -> str:
    with office.session() as session:
        customer = session.get_one(Customer, session.get_one(LicenseKey, key_id).customer_id)
        return link_mails.of_customer(session, customer, office.issuer())


def test_a_stranger_who_asks_all_the_time_keeps_support_from_nothing_nor_support_a_customer(office):
    key_id = office.key(customer_email="ann@example.com")
    for _ in range(MOST_AN_HOUR + 1):
        ask(office, key_id)
    assert queued(office) == MOST_AN_HOUR
    assert [help_out(office, key_id) for _ in range(MOST_AN_HOUR)] == ["ann@example.com"] * MOST_AN_HOUR
    assert queued(office) == 2 * MOST_AN_HOUR
    with pytest.raises(RefusedError, match="3 times within this hour"):
        help_out(office, key_id)
    other = office.key(customer_email="bob@example.com")
    for _ in range(MOST_AN_HOUR):
        help_out(office, other)
    ask(office, other)
    assert queued(office) == 3 * MOST_AN_HOUR + 1
