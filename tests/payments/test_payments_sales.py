"""One-time sales: who paid has the key, once, whatever comes twice, late, or in another order."""

from datetime import UTC, datetime

import pytest
from support.payment_rows import PULL, row
from support.payment_shops import Shop


@row("T01")
def test_a_paid_session_makes_one_key_and_one_mail(tell):
    def story(shop: Shop):
        shop.buy()
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.key().expires) == ("active", datetime(2027, 3, 1, 12, tzinfo=UTC))
    assert [mail.reference for mail in shop.mails()] == [{"keys": [shop.key().id]}]
    assert shop.key().email == "ann@example.com"


@row("T02")
@PULL
@pytest.mark.parametrize(("mode", "keys", "sites"), [("keys", 3, None), ("sites", 1, 6), ("", 3, None)])
def test_a_quantity_is_so_many_keys_or_one_key_for_so_many_sites(tell, shop, mode, keys, sites):
    shop.set_account(policy={"quantity_mode": mode})
    shop.package(max_sites=2)

    def story(shop: Shop):
        shop.buy(quantity=3)
        yield

    tell(story)
    assert [(key.stands, key.max_sites) for key in shop.sold()] == [("active", sites)] * keys
    assert len(shop.mails()) == 1


@row("T03")
def test_a_session_that_is_not_paid_yet_makes_no_key(tell):
    def story(shop: Shop):
        shop.buy(payment_status="unpaid")
        yield

    shop = tell(story)
    assert (shop.sold(), shop.mails(), shop.purchase().status) == ([], [], "pending")


@row("T04")
def test_a_late_payment_makes_the_key_when_it_arrives(tell):
    def story(shop: Shop):
        session = shop.buy(payment_status="unpaid")
        yield
        assert shop.sold() == []
        shop.clock.turn(days=3)
        shop.world.settle(session)
        yield

    shop = tell(story)
    assert (shop.key().stands, len(shop.mails())) == ("active", 1)


@row("T05")
def test_a_late_payment_that_fails_makes_no_key_and_tells_the_buyer(tell):
    def story(shop: Shop):
        session = shop.buy(payment_status="unpaid")
        yield
        shop.world.fail(session)
        yield

    shop = tell(story)
    assert (shop.sold(), shop.mails(), shop.purchase().status) == ([], [], "failed")
    assert len(shop.mails("sale_failed")) == 1


@row("T06")
def test_a_coupon_for_everything_makes_a_key_without_a_payment(tell):
    def story(shop: Shop):
        shop.buy(payment_status="no_payment_required", amount_total=0)
        yield

    shop = tell(story)
    assert shop.news() == []
    assert (shop.key().stands, len(shop.mails())) == ("active", 1)


@row("T07")
def test_two_events_about_one_session_make_one_key(tell):
    def story(shop: Shop):
        session = shop.buy()
        yield
        shop.clock.turn(seconds=1)
        shop.world.emit("checkout.session.completed", session)
        yield

    shop = tell(story)
    assert [event.status for event in shop.events()] == ["processed", "processed"]
    assert (shop.key().stands, len(shop.mails())) == ("active", 1)


@row("T14")
@PULL
def test_a_sale_is_known_by_what_it_says_of_itself_though_no_order_was_written_here(tell):
    def story(shop: Shop):
        price = shop.world.price(shop.world.product("Pro", licence_package="Pro"), 4900)
        shop.package("Pro")
        shop.world.buy([(price, 1)], metadata={"bridge_order": "unknown here"})
        yield

    assert tell(story).key().package == "Pro"


@row("T15")
def test_what_is_no_package_of_ours_is_shown_and_not_sold(tell):
    def story(shop: Shop):
        shop.world.buy([(shop.world.price(shop.world.product("T-shirt"), 1900), 1)])
        yield

    shop = tell(story)
    assert [(event.status, event.code) for event in shop.events()] == [("ignored", "unmapped")]
    assert (shop.purchases(), shop.sold(), shop.mails()) == ([], [], [])


@row("T15")
@PULL
def test_of_a_mixed_cart_only_the_licence_makes_a_key(tell):
    def story(shop: Shop):
        shirt = shop.world.price(shop.world.product("T-shirt"), 1900)
        shop.world.buy([(shirt, 2), (shop.price("Pro"), 1)])
        yield

    shop = tell(story)
    assert [key.package for key in shop.sold()] == ["Pro"]
    assert not shop.purchase().needs_review


@row("T15")
@PULL
def test_what_is_mapped_later_is_sold_then(shop):
    shirt = shop.world.price(shop.world.product("Pro, new price"), 1900)
    shop.world.buy([(shirt, 1)])
    shop.deliver()
    assert shop.sold() == []
    shop.package("Pro")
    shop.map(shirt, "Pro")
    shop.deliver([shop.world.emit("checkout.session.completed", shop.world.of_kind("checkout.session")[0]["id"])])
    assert (shop.key().package, len(shop.mails())) == ("Pro", 1)


@row("T16")
def test_a_buyer_who_pays_twice_has_two_keys_and_a_person_is_told(shop):
    shop.buy()
    shop.clock.turn(hours=2)
    shop.buy()
    shop.deliver()
    assert [key.stands for key in shop.sold()] == ["active", "active"]
    assert len(shop.mails()) == 2
    assert [purchase.flags for purchase in shop.purchases()] == [[], ["double_payment"]]
    assert [mail.reference for mail in shop.mails("double_payment")] == [{"other": shop.purchases()[0].id}]
    shop.clock.turn(hours=25)
    shop.buy()
    shop.deliver()
    assert shop.purchases()[2].flags == []


@row("T17")
def test_a_name_that_is_gone_later_stays_known_here(shop):
    session = shop.buy()
    shop.deliver()
    shop.clock.turn(days=1)
    shop.world.get(session)["customer_details"] = {"email": None, "name": None}
    shop.world.emit("checkout.session.completed", session)
    shop.deliver()
    assert (shop.purchase().customer_email, shop.purchase().customer_name) == ("ann@example.com", "Ann")


def _field(kind: str, value: str | None) -> list[dict]:
    return [{"key": "domain", "type": kind, kind: {"value": value}}]


@row("T18")
@pytest.mark.parametrize(
    ("fields", "domains"),
    [
        ([], []),
        (_field("text", None), []),
        (_field("text", "https://www.Shop.Example/path"), ["shop.example"]),
        (_field("dropdown", "shop.example"), ["shop.example"]),
        (_field("text", "BÜCHER.example"), ["xn--bcher-kva.example"]),
        (_field("text", "javascript:alert(1)"), []),
        (_field("text", "a" * 300), []),
        ([{"key": "domain", "type": "text"}, {"key": None}, "nonsense"], []),
    ],
    ids=["absent", "null", "upper case", "dropdown", "idn", "javascript", "300 chars", "broken"],
)
def test_a_domain_that_the_buyer_typed_is_taken_or_left_and_the_sale_goes_on(tell, fields, domains):
    def story(shop: Shop):
        shop.buy(custom_fields=fields)
        yield

    shop = tell(story)
    assert shop.key().stands == "active"
    assert shop.domains(shop.key().id) == domains


@row("T19")
@PULL
def test_more_than_ten_lines_are_all_sold(tell):
    def story(shop: Shop):
        lines = [(shop.price(f"Package {number}"), 1) for number in range(13)]
        shop.world.buy(lines)
        yield

    shop = tell(story)
    assert {key.package for key in shop.sold()} == {f"Package {number}" for number in range(13)}
    assert len(shop.mails()) == 1
