"""Seats, tiers and items of a subscription: which keys stand for what was bought."""

from datetime import UTC, datetime, timedelta

from support.payment_rows import PULL, row
from support.payment_shops import Shop

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = (datetime(2026, month, 1, 12, tzinfo=UTC) for month in (4, 5, 6))


@row("T60")
def test_fewer_seats_suspend_the_last_keys(tell, shop):
    shop.set_account(policy={"quantity_mode": "keys"})

    def story(shop: Shop):
        subscription = shop.subscribe(quantity=5)
        yield
        shop.clock.turn(days=1)
        shop.world.change(subscription, quantity=3)
        yield

    shop = tell(story)
    assert [key.stands for key in shop.sold()] == ["active"] * 3 + ["suspended seat_removed"] * 2


@row("T61")
def test_seats_that_come_back_are_the_same_keys(shop):
    shop.set_account(policy={"quantity_mode": "keys"})
    subscription = shop.subscribe(quantity=5)
    shop.deliver()
    before = [key.id for key in shop.sold()]
    for quantity in (3, 5):
        shop.clock.turn(days=1)
        shop.world.change(subscription, quantity=quantity)
        shop.deliver()
    assert [key.id for key in shop.sold()] == before
    assert [key.stands for key in shop.sold()] == ["active"] * 5
    assert len(shop.mails()) == 1


@row("T62")
def test_more_seats_are_new_keys_with_a_mail(shop):
    shop.set_account(policy={"quantity_mode": "keys"})
    subscription = shop.subscribe(quantity=3)
    shop.deliver()
    shop.clock.turn(days=1)
    shop.world.change(subscription, quantity=4)
    shop.deliver()
    assert [key.stands for key in shop.sold()] == ["active"] * 4
    assert [len(mail.reference["keys"]) for mail in shop.mails()] == [3, 1]


@row("T63")
def test_another_tier_is_another_package_of_the_same_key(tell):
    def story(shop: Shop):
        subscription, team = shop.subscribe("Pro"), shop.price("Team", 9900, "month")
        yield
        shop.clock.turn(days=1)
        shop.world.change(subscription, price=team)
        yield

    shop = tell(story)
    assert (shop.key().package, shop.key().stands, len(shop.mails())) == ("Team", "active", 1)


@row("T64")
def test_from_a_year_to_a_month_with_a_credit_the_key_ends_with_the_month(tell):
    def story(shop: Shop):
        monthly = shop.price("Pro", 900, "month")
        subscription = shop.subscribe("Pro", interval="year")
        yield
        shop.clock.turn(days=30)
        item = shop.world.items(subscription)[0]
        year = (item["current_period_start"], item["current_period_end"])
        now = shop.world.now
        item |= {"price": monthly, "current_period_start": now, "current_period_end": shop.world.after(monthly, now)}
        shop.world.update(subscription)
        invoice = shop.world.invoice(subscription)
        credit = shop.world.line(item, subscription, -4500, (now, year[1]))
        shop.world.lists[invoice["id"], "lines"].append(credit)
        shop.world.collect(invoice["id"])
        yield

    assert tell(story).key().expires == datetime(2026, 4, 30, 12, tzinfo=UTC)


@row("T65")
def test_an_upgrade_that_is_not_paid_yet_changes_nothing(tell):
    def story(shop: Shop):
        subscription, team = shop.subscribe("Pro"), shop.price("Team", 9900, "month")
        yield
        shop.clock.turn(days=1)
        item = shop.world.items(subscription)[0]["id"]
        pending = {"expires_at": shop.world.now + 80000, "subscription_items": [{"id": item, "price": team}]}
        shop.world.update(subscription, pending_update=pending)
        yield

    assert tell(story).key().package == "Pro"


@row("T66")
def test_an_item_that_is_taken_out_suspends_its_key(tell):
    def story(shop: Shop):
        lines = [(shop.price("Pro", 900, "month"), 1), (shop.price("Team", 1900, "month"), 1)]
        subscription = shop.world.subscribe(lines)
        yield
        shop.clock.turn(days=1)
        shop.world.remove_item(subscription, 1)
        yield

    shop = tell(story)
    assert {key.package: key.stands for key in shop.sold()} == {"Pro": "active", "Team": "suspended seat_removed"}


@row("T19")
@PULL
def test_an_invoice_of_more_than_ten_lines_pays_for_all_of_them(tell):
    def story(shop: Shop):
        lines = [(shop.price(f"Package {number}", 900, "month"), 1) for number in range(12)]
        shop.world.subscribe(lines)
        yield

    assert [key.stands for key in tell(story).sold()] == ["active"] * 12
