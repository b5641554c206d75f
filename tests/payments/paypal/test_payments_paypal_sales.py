"""One-time sales by PayPal: whose money came, as much as is asked, has the key; approval alone is no money."""

from datetime import UTC, datetime

import pytest
from support.payment_rows import SQLITE, row
from support.paypal_shops import PRICE, PayPalShop

from bridge.payments.paypal_reports import dispute_word
from bridge.rules.payments.reports import Why
from bridge.services import payment_attention


def _codes(shop: PayPalShop) -> set[str]:
    return {event.code for event in shop.events()}


@row("T97")
def test_approval_makes_no_key_and_the_capture_does(tell):
    def story(shop: PayPalShop):
        shop.sku()
        order = shop.world.order([("pro", 1, PRICE)])
        shop.world.approve(order)
        yield
        assert (shop.sold(), shop.purchase().status) == ([], "pending")
        shop.clock.turn(hours=1)
        shop.world.capture(order)
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.key().expires) == ("active", datetime(2027, 3, 1, 13, tzinfo=UTC))
    assert (shop.key().email, shop.purchase().customer_name) == ("ann@example.com", "Ann Buyer")
    assert "POST /v2/checkout/orders" not in " ".join(shop.api.asked)  # somebody else's order is never captured here


@row("T97")
@pytest.mark.parametrize(("becomes", "stands"), [("COMPLETED", ["active"]), ("DECLINED", [])])
def test_a_payment_that_takes_days_makes_the_key_when_it_arrives(tell, becomes, stands):
    def story(shop: PayPalShop):
        order = shop.buy(status="PENDING")
        yield
        assert (shop.sold(), shop.purchase().status) == ([], "pending")
        shop.clock.turn(days=3)
        shop.world.capture_becomes(shop.world.payment_of(order), becomes)
        yield

    shop = tell(story)
    assert [key.stands for key in shop.sold()] == stands
    assert (shop.purchase().status == "failed", len(shop.mails("sale_failed"))) == (not stands, 1 - len(stands))


MISMATCHES = [
    ({"total": 1}, "less was paid than it costs"),
    ({"total": PRICE - 1}, "less was paid than it costs"),
    ({"currency": "USD"}, "paid in USD, and costs EUR"),
    ({"currency": "JPY"}, "paid in JPY, and costs EUR"),
    ({"currency": "KWD"}, "paid in KWD, and costs EUR"),
    ({"payee": "MERCHANT66666"}, "another PayPal account"),
    ({"payee": ""}, "another PayPal account"),
]


@row("T93")
def test_what_is_not_paid_as_it_is_asked_makes_no_key_and_a_person_looks(shop):
    shop.sku()
    for wrong, why in MISMATCHES:
        order = shop.world.buy([("pro", 1, PRICE)], **wrong)
        shop.deliver(shop.news()[-1:])
        kept = shop.events()[-1]
        assert (kept.code, kept.object_id) == (Why.MISMATCH, shop.world.payment_of(order)), wrong
        assert why in kept.reason
    assert (shop.sold(), shop.mails(), shop.purchases()) == ([], [], [])
    with shop.session(read_only=True) as session:
        matters = payment_attention.matters(session, shop.row(), "acme/paypal", shop.clock())
    assert len([each for each in matters if "bridge payments accept acme/paypal" in " ".join(each.choices)]) == len(
        MISMATCHES
    )


@row("T93")
def test_a_word_without_a_price_sells_nothing_until_somebody_says_what_it_costs(shop):
    shop.package("Pro")
    shop.world.buy([("", 1, PRICE)], custom_id="Pro")
    told = shop.news()[-1:]
    shop.deliver(told)
    assert (_codes(shop), shop.sold()) == ({"mismatch"}, [])
    shop.sku(word="Pro")
    shop.replay()
    assert shop.key().stands == "active"


@row("T93")
def test_more_than_is_asked_is_fine_since_taxes_come_on_top(shop):
    shop.sku()
    shop.world.buy([("pro", 1, PRICE)], total=PRICE + 931)
    shop.deliver()
    assert shop.key().stands == "active"


@row("T93")
def test_a_status_that_is_not_paid_makes_no_key_whatever_the_event_says(shop):
    order = shop.buy()
    shop.world.get("capture", shop.world.payment_of(order))["status"] = "PENDING"
    shop.deliver()
    assert (shop.sold(), shop.purchase().status) == ([], "pending")


@SQLITE
def test_a_price_that_is_raised_later_takes_nothing_from_what_was_sold(shop):
    order = shop.buy()
    shop.deliver()
    shop.costs["pro"] = (PRICE * 2, "EUR")
    shop.map("pro", "Pro")
    shop.world.refund(shop.world.payment_of(order), 100)
    shop.deliver()
    assert (shop.key().stands, shop.purchase().flags) == ("active", ["partial_refund"])


@SQLITE
def test_a_quantity_is_so_many_keys(tell, shop):
    def story(shop: PayPalShop):
        shop.buy(quantity=3)
        yield

    assert [key.stands for key in tell(story).sold()] == ["active"] * 3


@SQLITE
def test_of_a_mixed_cart_only_the_licence_makes_a_key(tell):
    def story(shop: PayPalShop):
        shop.sku()
        shop.world.buy([("shirt", 2, 1900), ("pro", 1, PRICE)], custom_id="pro")
        yield

    shop = tell(story)
    assert [key.package for key in shop.sold()] == ["Pro"]


@SQLITE
def test_what_no_word_leads_to_a_package_is_shown_and_not_sold(tell):
    def story(shop: PayPalShop):
        shop.world.buy([("shirt", 1, 1900)])
        yield

    shop = tell(story)
    assert (_codes(shop), shop.purchases()) == ({"unmapped"}, [])


@row("T48")
def test_a_refund_finds_its_capture_by_the_link_up_and_not_by_its_own_id(tell):
    def story(shop: PayPalShop):
        order = shop.buy()
        yield
        shop.world.refund(shop.world.payment_of(order), 1960)
        yield
        assert (shop.key().stands, shop.purchase().flags) == ("active", ["partial_refund"])
        shop.world.refund(shop.world.payment_of(order), 2940)
        yield

    assert tell(story).key().stands == "revoked refunded"


@row("T48")
def test_a_refund_that_is_heard_of_first_brings_its_order_along(shop):
    order = shop.buy()
    shop.news()
    shop.world.refund(shop.world.payment_of(order))
    shop.deliver()
    assert (shop.key().ref, shop.key().stands) == (order, "revoked refunded")


@row("T48")
def test_a_refund_that_fails_after_all_gives_the_key_back(tell):
    def story(shop: PayPalShop):
        order = shop.buy()
        yield
        refund = shop.world.refund(shop.world.payment_of(order), status="PENDING")
        yield
        assert shop.key().stands == "revoked refunded"
        shop.world.refund_becomes(refund, "FAILED")
        yield

    assert tell(story).key().stands == "active"


@SQLITE
def test_a_reversal_takes_the_key_unless_the_dispute_about_it_is_won(tell):
    def story(shop: PayPalShop):
        payment = shop.world.payment_of(shop.buy())
        yield
        shop.world.refund(payment, reversal=True)
        yield
        assert shop.key().stands == "revoked refunded"
        dispute = shop.world.dispute(payment)
        shop.world.dispute_becomes(dispute, "RESOLVED", "RESOLVED_SELLER_FAVOUR")
        yield

    assert tell(story).key().stands == "active"


DISPUTES = [
    ("INQUIRY", "OPEN", "", "warning_needs_response"),
    ("INQUIRY", "UNDER_REVIEW", "", "warning_under_review"),
    ("CHARGEBACK", "WAITING_FOR_SELLER_RESPONSE", "", "needs_response"),
    ("PRE_ARBITRATION", "UNDER_REVIEW", "", "under_review"),
    ("ARBITRATION", "OPEN", "", "needs_response"),
    ("CHARGEBACK", "RESOLVED", "RESOLVED_SELLER_FAVOUR", "won"),
    ("CHARGEBACK", "RESOLVED", "CANCELED_BY_BUYER", "won"),
    ("CHARGEBACK", "RESOLVED", "DENIED", "won"),
    ("CHARGEBACK", "RESOLVED", "RESOLVED_WITH_PAYOUT", "won"),
    ("INQUIRY", "RESOLVED", "RESOLVED_SELLER_FAVOUR", "warning_closed"),
    ("CHARGEBACK", "RESOLVED", "RESOLVED_BUYER_FAVOUR", "lost"),
    ("INQUIRY", "RESOLVED", "ACCEPTED", "lost"),
    ("CHARGEBACK", "RESOLVED", "NONE", "RESOLVED NONE"),
    ("CHARGEBACK", "RESOLVED", "SOMETHING_NEW", "RESOLVED SOMETHING_NEW"),
    ("SOMEWHERE", "OPEN", "", "SOMEWHERE"),
    ("CHARGEBACK", "HOVERING", "", "HOVERING"),
    ("", "OPEN", "", "no stage"),
    ("CHARGEBACK", "", "", "no status"),
]


@row("T58")
@pytest.mark.parametrize(("stage", "status", "outcome", "word"), DISPUTES)
def test_what_a_dispute_is_in_the_houses_words_and_what_nobody_knows_in_paypals(stage, status, outcome, word):
    told = {"dispute_life_cycle_stage": stage, "status": status, "dispute_outcome": {"outcome_code": outcome}}
    assert dispute_word(told) == word


@row("T58")
def test_a_dispute_whose_outcome_nobody_knows_revokes_nothing_and_a_person_looks(tell):
    def story(shop: PayPalShop):
        dispute = shop.world.dispute(shop.world.payment_of(shop.buy()))
        shop.world.dispute_becomes(dispute, "RESOLVED", "NONE")
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.purchase().needs_review) == ("active", True)
    assert "RESOLVED NONE" in shop.purchase().reviews[0]


@row("T58")
def test_a_dispute_goes_through_its_stages_in_any_order(tell):
    def story(shop: PayPalShop):
        order = shop.buy()
        yield
        dispute = shop.world.dispute(shop.world.payment_of(order), "INQUIRY")
        yield
        shop.world.dispute_becomes(dispute, "UNDER_REVIEW", stage="CHARGEBACK")
        yield
        assert shop.key().stands == "suspended dispute"
        shop.world.dispute_becomes(dispute, "RESOLVED", "RESOLVED_BUYER_FAVOUR")
        yield

    assert tell(story).key().stands == "revoked chargeback"


@SQLITE
def test_a_dispute_about_a_payment_that_leads_nowhere_is_kept_all_the_same(shop):
    payment = shop.world.payment_of(shop.buy())
    shop.world.get("capture", payment).update(links=[], supplementary_data={})
    dispute = shop.world.dispute(payment)
    shop.deliver([shop.news()[-1]])
    (kept,) = shop.events()
    assert (kept.status, kept.object_id, kept.effect["facts"]) == ("processed", dispute, [f"dispute/{dispute}"])
