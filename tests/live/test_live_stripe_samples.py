"""Stripe's own samples, as stripe-mock publishes and answers them, through our readers: no error, and the facts one expects.

The samples contradict themselves (a subscription that is active and has ended), so they say nothing of what a key does.
"""

from datetime import UTC, datetime

import pytest
from support.stripe_witness import MOCK_KEY

from bridge.payments.provider import Access, Delivery, Desk, Price, SaleWish
from bridge.payments.stripe import Stripe
from bridge.payments.stripe_reading import READ, Pushed
from bridge.rules.payments.facts import (
    Dispute,
    PayLink,
    Refund,
    RefundFloor,
    Sale,
    Snapshot,
    SnapshotItem,
    SoldLine,
    Version,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MADE = datetime(2009, 2, 13, 23, 31, 30, tzinfo=UTC)
ACCESS = Access("test", MOCK_KEY)
SESSION = "cs_test_a1YS1URlnyQCN5fUUduORoQ7Pw41PJqDWkIVQCpJPqkfIhd6tVY8XB1OLY"
PAYMENT = "pi_1PgafyB7WZ01zgkWSjxsAJo3"
SUBSCRIPTION = "sub_1Pgc6rB7WZ01zgkWNy0Cn5nw"
INVOICE = "in_1Pgc6tB7WZ01zgkWu9fdqL6I"
CHARGE = "ch_1PgafuB7WZ01zgkWXYmPNZs8"
TOLD, FETCHED = Version(created=NOW, event_id="evt_1"), Version(ticket=1)
UNPAID = Sale(SESSION, payment_ref=PAYMENT), PayLink(PAYMENT, SESSION)
REFUND = Refund("re_1Pgc72B7WZ01zgkWqPvrRrPE", CHARGE, 100, "USD", "succeeded")
DISPUTE = "dp_1Pgc71B7WZ01zgkWMevJiAUx", CHARGE, "warning_needs_response"


def _snapshot(item, version):
    items = (SnapshotItem(item, None, 1, datetime(2000, 12, 8, 15, 2, 53, tzinfo=UTC)),)
    return Snapshot(
        SUBSCRIPTION, "active", items, cancel_at=MADE, cancel_at_period_end=True, ended_at=MADE, version=version
    )


# What an object is called, an event that tells of it, the facts of it as pushed.
SAMPLES = {
    "checkout.session": ("checkout.session.completed", {*UNPAID, SoldLine("whole", None)}),
    "subscription": ("customer.subscription.updated", {_snapshot("si_QXhVnC2h0Jczwc", TOLD)}),
    "invoice": ("invoice.paid", set()),  # a draft: nothing is paid for
    "invoice_payment": ("invoice_payment.paid", set()),  # of a payment without a name
    "refund": ("refund.created", {REFUND}),
    "charge": ("charge.refunded", {RefundFloor(CHARGE, 0, 100, "USD")}),
    "dispute": ("charge.dispute.created", {Dispute(*DISPUTE, TOLD)}),
    "radar.early_fraud_warning": ("radar.early_fraud_warning.created", set()),
}
# The same, fetched from stripe-mock, expanded as we ask for it; facts that are told beside others.
FETCHED_FACTS = {
    "checkout.session": {*UNPAID, SoldLine("price_1PgafmB7WZ01zgkW02Hf9z6c", None)},
    "subscription": {_snapshot("si_QXhVBoJ7NQdNXh", FETCHED)},
    "invoice": set(),
    "invoice_payment": set(),
    "refund": {REFUND},
    "charge": {REFUND, RefundFloor(CHARGE, 0, 100, "USD")},
    "dispute": {Dispute(*DISPUTE, FETCHED)},
    "radar.early_fraud_warning": set(),
}


def _facts(reading):
    return {fact for report in reading.reports for fact in report.facts}


@pytest.mark.parametrize("kind", SAMPLES)
def test_stripes_own_sample_as_pushed_tells_the_facts_that_stand_in_it(stripe_mock, kind):
    event_type, facts = SAMPLES[kind]
    sample = stripe_mock.samples[kind]
    assert _facts(READ[event_type](Pushed(sample, NOW, "evt_1"), sample["id"])) == facts


@pytest.mark.parametrize("kind", SAMPLES)
def test_stripes_own_sample_as_fetched_tells_the_facts_that_stand_in_it(stripe_mock, kind):
    found = _read(stripe_mock, SAMPLES[kind][0], stripe_mock.samples[kind]["id"])
    assert _facts(found) >= FETCHED_FACTS[kind]


@pytest.mark.parametrize("event_type", READ)
def test_every_event_is_read_from_what_stripe_mock_answers(stripe_mock, event_type):
    kind = next(kind for kind, (of, _) in SAMPLES.items() if of.rsplit(".", 1)[0] == event_type.rsplit(".", 1)[0])
    found = _read(stripe_mock, event_type, stripe_mock.samples[kind]["id"])
    assert found.reports or found.notices


def _read(stripe_mock, event_type, name):
    return Stripe(stripe_mock.base_url).read(Delivery("evt_1", event_type, object_id=name), ACCESS, Desk(1))


def test_a_failed_payment_of_stripes_own_sample_names_its_subscription(stripe_mock):
    pushed = READ["invoice.payment_failed"](Pushed(stripe_mock.samples["invoice"], NOW, "evt_1"), INVOICE)
    assert [(each.kind, each.once, each.ref) for each in pushed.notices] == [
        ("payment_failed", INVOICE, "subscription")
    ]


def test_a_warning_of_fraud_that_names_only_its_charge_is_of_that_charge(stripe_mock):
    found = _read(stripe_mock, "radar.early_fraud_warning.created", "issfr_1")
    assert [(each.kind, each.payment_ref) for each in found.notices] == [("fraud_warning", "ch_1234")]


def test_the_lists_of_an_account_are_read_from_what_stripe_mock_answers(stripe_mock):
    provider, item = Stripe(stripe_mock.base_url), stripe_mock.samples["price"]
    assert list(provider.prices(ACCESS)) == [
        Price(item["id"], item["product"], "T-shirt", 2000, "USD", recurring=True, interval_unit="month")
    ]
    assert [(each.status, each.created) for each in provider.running(ACCESS)] == [("active", MADE)]
    assert [each.event_type for each in provider.poll(ACCESS, NOW)] == ["plan.created"]
    assert [each.object_type for each in provider.sweep(ACCESS, NOW)] == [
        "checkout.session",
        "subscription",
        "invoice",
        "refund",
        "dispute",
    ]


@pytest.mark.parametrize("recurring", [False, True])
def test_a_sale_is_begun_with_what_stripe_mock_answers(stripe_mock, recurring):
    wish = SaleWish("order-1", 7, "price_1", recurring, "https://git.example/t", "https://git.example/c")
    begun = Stripe(stripe_mock.base_url).begin_sale(ACCESS, wish)
    assert begun.ref.startswith("cs_test_")
    assert begun.url.startswith("https://checkout.stripe.com/pay/")


def test_a_key_is_tried_with_what_stripe_mock_answers(stripe_mock):
    found = Stripe(stripe_mock.base_url).standing(Access("", "rk_test_0123456789"))
    assert (found.mode, found.lacks, found.account_ref.startswith("acct_")) == ("test", (), True)
