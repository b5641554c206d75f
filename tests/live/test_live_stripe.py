"""What the bridge asks Stripe, shown to Stripe's own stripe-mock: it accepts every request that the code can send."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.payment_rows import row
from support.stripe_description import Description
from support.stripe_witness import NEWER, Witness, calls_in_code

import bridge
from bridge.payments.pretend.subscriptions import StripeWorld
from bridge.payments.provider import Access, Desk, SaleWish
from bridge.payments.stripe import Stripe
from bridge.payments.stripe_reading import READ

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = "rk_test_a0key0for0tests"
ACCESS = Access("test", KEY)
# More than Stripe shows of a list at once, and more than a page of one.
MANY, MORE_THAN_A_PAGE = 12, 101


@pytest.fixture(scope="module")
def world():
    """A Stripe at which everything happened once."""
    made = StripeWorld(lambda: NOW, livemode=False)
    once = [made.price(made.product(f"P{number}"), 4900) for number in range(MANY)]
    again = [made.price(made.product(f"S{number}"), 900, interval="month") for number in range(MANY)]
    sale = made.buy([(price, 1) for price in once])
    made.buy([(once[0], 1)], payment_status="unpaid")
    late = made.buy([(once[0], 1)], payment_status="unpaid")
    made.settle(late)
    made.fail(made.buy([(once[0], 1)], payment_status="unpaid"))
    subscription = made.subscribe([(price, 1) for price in again])
    for event in ("paused", "resumed"):
        made.update(subscription, event)
    invoice = made.renew(subscription)
    made.get(invoice)["customer_email"] = None
    made.refuse(subscription)
    made.end(subscription)
    for paid in (sale, invoice):
        payment = made.payment_of(paid)
        made.warn(payment)
        made.refund_becomes(made.refund(payment, 100), "pending")
        made.refund_becomes(made.refund(payment, 100), "failed")
        dispute = made.dispute(payment)
        made.dispute_becomes(dispute, "under_review")
        made.dispute_becomes(dispute, "won")
        made.emit("charge.dispute.funds_reinstated", dispute)
    for _ in range(MORE_THAN_A_PAGE):
        made.emit("refund.updated", made.of_kind("refund")[0]["id"])
    return made


@pytest.fixture(scope="module")
def judged(world, stripe_mock):
    """What stripe-mock said to all that a bridge asks of that Stripe."""
    witness = Witness(world, KEY, stripe_mock.base_url)
    witness.start()
    provider = Stripe(witness.base_url)
    provider.standing(ACCESS)
    list(provider.prices(ACCESS))
    list(provider.running(ACCESS))
    list(provider.sweep(ACCESS, NOW - timedelta(days=1)))
    for recurring in (False, True):
        price = next(each["id"] for each in world.of_kind("price") if bool(each["recurring"]) == recurring)
        wish = SaleWish(f"order-{recurring}", 7, price, recurring, "https://git.example/t", "https://git.example/c")
        provider.begin_sale(ACCESS, wish)
    endpoint = provider.connect(ACCESS, "https://git.example/-/licensing/hooks/stripe/1")
    provider.disconnect(Access("test", KEY, webhook_ref=endpoint.ref))
    told = list(provider.poll(ACCESS, NOW - timedelta(days=1)))
    assert {each.event_type for each in told} == set(READ), "everything that is read happened"
    for delivery in {(each.event_type, each.object_id): each for each in told}.values():
        provider.read(delivery, ACCESS, Desk(1))
    witness.stop()
    return witness.judged


@row("T104")
def test_stripe_mock_accepts_every_request_that_the_bridge_sends(judged):
    assert [each for each in judged if each.status != 200] == []


def test_what_stripe_mock_is_too_old_for_is_named_and_no_more_than_that(judged):
    assert {newer for each in judged for newer in each.newer} == set(NEWER)


def test_every_call_that_the_code_names_was_shown_to_stripe_mock(judged):
    assert {each.call for each in judged} == calls_in_code()


def test_nothing_else_of_the_bridge_speaks_to_stripe():
    root = Path(bridge.__file__).parent
    speaking = [
        file.name
        for file in root.rglob("*.py")
        if re.search(r"^import stripe$|raw_request", file.read_text(), re.MULTILINE)
    ]
    assert speaking == ["stripe_client.py"]


@pytest.mark.parametrize(
    "target",
    ["/v1/checkout/sessions?colour=blue", "/v1/checkout/sessions?status=blue", "/v1/subscription_items", "/v1/colours"],
)
def test_stripe_mock_refuses_what_stripe_does_not_know(stripe_mock, world, target):
    witness = Witness(world, KEY, stripe_mock.base_url)
    assert 400 <= witness.judge("GET", target, {}, "").status < 500


def test_everything_that_is_expanded_can_be(stripe_mock, judged):
    description = Description(stripe_mock.description)
    asked = {(*each.call.split(" "), expansion) for each in judged for expansion in each.expansions}
    assert len(asked) >= 8
    assert [
        (method, path, expansion)
        for method, path, expansion in sorted(asked)
        if not description.can_expand(method, description.path_of(path), expansion)
    ] == []
    assert not description.can_expand("GET", "/v1/prices", "data.recurring.colour")


def test_the_version_that_people_are_told_it_was_tried_against_is_that_of_stripe_mock(stripe_mock):
    assert stripe_mock.description["info"]["version"] in Stripe.tried
