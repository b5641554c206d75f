"""Payments of an owner: how accounts are, what events did, and what a person decides; secrets are never shown."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from support.page_payments import account_of, event_of
from support.page_visits import Pages, form_at

from bridge.models import PaymentEvent, PriceMap
from bridge.storage import catalog, payment_accounts

PATH = "/acme/-/licensing/payments"
ACCOUNT = f"{PATH}/stripe"


@pytest.fixture(scope="module")
def selling(shared: Pages) -> tuple[Pages, dict[str, int]]:
    """An account with an event of each kind."""
    made, numbers = shared.made, {}
    with made.parts.open_session() as session:
        owner = catalog.owner_by_name(session, "acme")
        account = account_of(made, session, owner.id)
        account.bad_signatures, account.last_refused_at = 3, made.clock() + timedelta(minutes=1)
        key = shared.api.keys["annual"].id
        kinds: dict[str, dict[str, Any]] = {
            "unmapped": {"ref": "cs_unmapped"},
            "earlier": {"code": "earlier", "ref": "sub_earlier", "reason": "the sale was made before"},
            "failed": {"status": "dead", "code": "bug", "reason": "<b>it</b> broke"},
            "done": {"status": "processed", "code": "", "reason": "", "ref": "cs_done", "effect": {"keys_made": [key]}},
        }
        for name, facts in kinds.items():
            numbers[name] = event_of(session, account, made.clock(), **facts).id
    return shared, numbers


def event(pages: Pages, number: int) -> PaymentEvent:
    with pages.made.parts.open_session(read_only=True) as session:
        return session.get_one(PaymentEvent, number)


def maps(pages: Pages) -> list[PriceMap]:
    with pages.made.parts.open_session(read_only=True) as session:
        owner = catalog.owner_by_name(session, "acme")
        account = payment_accounts.by_source(session, owner.id, "stripe")
        return list(payment_accounts.maps_of(session, account.id))


def test_an_owner_without_an_account_is_told_how_to_connect_one(shared: Pages):
    dora = shared.browser()
    dora.sign_in("dora", "/dora/-/licensing/payments")
    text = dora.text("/dora/-/licensing/payments")
    assert "No payment account yet" in text
    assert "bridge payments connect stripe --owner dora" in text


def test_what_needs_a_person_stands_first_and_each_command_is_a_page(selling):
    pages, numbers = selling
    text = pages.visitor("manager").text(PATH)
    assert "3 deliveries were signed with another secret" in text
    for path in ("map", "bind?ref=sub_earlier", "accept?ref=sub_earlier", f"replay?events={numbers['failed']}"):
        assert f'href="{ACCOUNT}/{path}"' in text, path
    assert "&lt;b&gt;it&lt;/b&gt; broke" in text
    support = pages.visitor("support").text(PATH)
    assert f'href="{ACCOUNT}/map"' not in support, "support looks, and is offered nothing to press"
    assert pages.visitor("viewer").get(PATH).status_code == 403


def test_an_account_says_how_it_is_and_shows_no_secret(selling):
    pages, numbers = selling
    text = pages.visitor().text(ACCOUNT)
    assert "3 wrongly signed, 0 too old" in text
    assert "1 key made" in text
    assert "price_9 is mapped to no package" in text
    assert "whsec" not in text
    assert "cs_done" not in pages.visitor().text(f"{ACCOUNT}?status=ignored")
    one = pages.visitor().text(f"{ACCOUNT}/events/{numbers['done']}")
    assert f'href="/acme/-/licensing/keys/{pages.api.keys["annual"].id}"' in one
    assert "it came rightly signed" in one
    assert pages.visitor().get(f"{ACCOUNT}/events/99999").status_code == 404
    assert pages.visitor().get(f"{PATH}/paypal").status_code == 404


def test_a_price_is_mapped_and_what_came_to_nothing_is_read_again(selling):
    pages, numbers = selling
    visitor = pages.visitor("manager")
    package = pages.api.packages["Standard"]
    bad = visitor.fill(f"{ACCOUNT}/map", {"value": "price_9", "package": ""})
    assert (bad.status_code, 'id="e-package"' in bad.get_data(as_text=True)) == (422, True)
    assert visitor.fill(f"{ACCOUNT}/map", {"value": "price_9", "package": str(package)}).status_code == 303
    assert [(each.match_value, each.package_id) for each in maps(pages)] == [("price_9", package)]
    assert event(pages, numbers["unmapped"]).status == "new"
    assert "price_9 is the package “Standard” now. Events that are read again: 1." in visitor.text(ACCOUNT)
    assert visitor.fill(f"{ACCOUNT}/unmap?value=price_9", {}, to=f"{ACCOUNT}/unmap").status_code == 303
    assert maps(pages) == []
    again = visitor.fill(f"{ACCOUNT}/unmap", {"value": "price_9"})
    assert again.status_code == 422


def test_a_key_is_bound_to_an_earlier_sale_by_its_number_or_itself(selling):
    pages, numbers = selling
    visitor, key = pages.visitor("manager"), pages.api.new_key("Standard", customer_name="Bea Bound")
    shown = form_at(visitor.text(f"{ACCOUNT}/bind?ref=sub_earlier"), f"{ACCOUNT}/bind")
    assert shown["ref"] == "sub_earlier"
    wrong = visitor.post(f"{ACCOUNT}/bind", shown | {"key": "nothing like it"})
    assert (wrong.status_code, 'id="e-key"' in wrong.get_data(as_text=True)) == (422, True)
    foreign = pages.api.keys["foreign"]
    assert visitor.post(f"{ACCOUNT}/bind", shown | {"key": f"#{foreign.id}"}).status_code == 422
    assert visitor.post(f"{ACCOUNT}/bind", shown | {"key": key.code}).status_code == 303
    assert event(pages, numbers["earlier"]).status == "new"
    found = pages.api.get("orgs/acme/license-purchases?ref=sub_earlier").json
    assert [each["source"] for each in found] == ["stripe"]
    other = pages.api.new_key("Standard")
    assert visitor.fill(f"{ACCOUNT}/bind", {"ref": "sub_earlier", "key": f"#{other.id}"}).status_code == 303


def test_an_earlier_sale_is_accepted_and_events_are_read_again(selling):
    pages, numbers = selling
    visitor = pages.visitor("manager")
    assert visitor.fill(f"{ACCOUNT}/accept", {"ref": "cs_old"}).status_code == 303
    assert pages.api.get("orgs/acme/license-purchases?ref=cs_old").json[0]["status"] == "pending"
    assert visitor.fill(f"{ACCOUNT}/accept", {"ref": "no reference!"}).status_code == 422
    assert visitor.fill(f"{ACCOUNT}/replay", {"which": "named", "events": "77777"}).status_code == 422
    assert visitor.fill(f"{ACCOUNT}/replay", {"which": "failed"}).status_code == 303
    assert event(pages, numbers["failed"]).status == "new"


def test_an_account_is_paused_and_resumed(selling):
    pages, _ = selling
    visitor = pages.visitor("manager")
    assert visitor.fill(f"{ACCOUNT}/pause", {}).status_code == 303
    assert "paused</span>" in visitor.text(ACCOUNT)
    assert visitor.fill(f"{ACCOUNT}/pause", {}).status_code == 303
    assert "paused</span>" not in visitor.text(ACCOUNT)
    actions = [each["action"] for each in pages.api.get("orgs/acme/license-audit?action=payments").json]
    assert actions[:2] == ["payments.resume", "payments.pause"]


def test_all_that_was_ignored_is_read_again_however_much_it_is(shared: Pages):
    visitor, made = shared.browser(), shared.made
    visitor.sign_in("bea", "/beta/-/licensing/payments")
    with made.parts.open_session() as session:
        account = account_of(made, session, catalog.owner_by_name(session, "beta").id)
        number = event_of(session, account, made.clock()).id
        done = event_of(session, account, made.clock(), status="processed", code="").id
        facts = session.get_one(PaymentEvent, number).model_dump(exclude={"id", "event_id"})
        session.execute(insert(PaymentEvent), [facts | {"event_id": f"evt_many_{each}"} for each in range(10_000)])
    answer = visitor.fill("/beta/-/licensing/payments/stripe/replay", {"which": "ignored"})
    assert answer.status_code == 303
    assert "10001 events are read again" in visitor.text("/beta/-/licensing/payments/stripe")
    assert (event(shared, number).status, event(shared, done).status) == ("new", "processed")
