"""A repo, or its owner, was made anew, and what is sold of it goes on: what is mapped, what was begun, what is paid for."""

import pytest
from support.payment_rows import PULL, SQLITE
from support.payment_shops import ACME, OTHER, TESTER

from bridge.errors import NotFoundError, RefusedError
from bridge.models import PriceMap, Repo
from bridge.services import payment_attention, rebinding
from bridge.services.rebinding import Wanted
from bridge.storage import payment_accounts
from bridge.storage.catalog import owner_by_name

OLD, NEW = 70, 71

pytestmark = PULL


@pytest.fixture
def sold(shop):
    """A shop whose packages are a repo's own; somebody subscribed, and somebody else is about to pay. The session."""
    with shop.session() as session:
        session.add(Repo(id=OLD, owner_id=ACME, name="mod-weather"))
    shop.package("Pro", repo_id=OLD)
    shop.subscribe()
    shop.deliver()
    shop.price("Pro")
    return shop


def _rebind(shop, new_owner, **more):
    with shop.session() as session:
        session.add(Repo(id=NEW, owner_id=new_owner, name="mod-weather-anew"))
        session.flush()
        return rebinding.rebind(session, Wanted(OLD, NEW, **more), TESTER, shop.clock())


def _go_on(shop):
    """The subscription renews, and somebody buys; how much longer the first key lasts, and how many there are."""
    subscription = shop.world.of_kind("subscription")[0]["id"]
    before = shop.key(subscription).expires
    shop.clock.turn(days=29)
    shop.world.renew(subscription)
    shop.buy()
    shop.deliver()
    return (shop.key(subscription).expires - before).days, len(shop.sold())


@SQLITE
def test_a_repo_that_was_made_anew_is_sold_by_what_was_mapped(sold):
    assert _rebind(sold, ACME).unsold == ()
    days, keys = _go_on(sold)
    assert (days >= 28, keys) == (True, 2)


def test_an_owner_who_was_made_anew_sells_by_the_same_account_and_door(sold):
    begun = _begin(sold)
    assert _rebind(sold, OTHER, with_owner=True).unsold == ()
    sold.owner_id = OTHER
    assert sold.row().owner_id == OTHER
    days, keys = _go_on(sold)
    assert (days >= 28, keys) == (True, 2)
    assert _begin(sold) != begun
    with sold.session(read_only=True) as session:
        assert owner_by_name(session, "acme") is None
        assert payment_attention.matters(session, sold.row(), "other/stripe", sold.clock()) == []


@SQLITE
def test_an_owner_who_sells_already_is_not_mixed_with_another(sold):
    sold.connect(OTHER)
    with pytest.raises(RefusedError, match="would mix"):
        _rebind(sold, OTHER, with_owner=True)
    assert _go_on(sold)[1] == 2


def test_without_its_owner_a_repo_is_not_sold_by_the_former_owners_account_and_that_is_said(sold):
    price = next(value for (match, value) in _maps(sold) if match == "price" and not sold.world.get(value)["recurring"])
    assert price in _rebind(sold, OTHER).unsold
    with pytest.raises(NotFoundError):
        _begin(sold)
    subscription = sold.world.of_kind("subscription")[0]["id"]
    expires = sold.key(subscription).expires
    assert _go_on(sold) == (0, 1), "a key of another owner stays as it is, and none is made"
    assert sold.key(subscription).expires == expires
    with sold.session(read_only=True) as session:
        said = {
            each.about: each for each in payment_attention.matters(session, sold.row(), "acme/stripe", sold.clock())
        }
    assert "is mapped to “Pro”, which is another owner's by now" in said[price].what
    assert said[price].choices[0] == f"bridge payments map acme/stripe {price} PACKAGE"
    assert f"purchase {subscription}" in said


def _begin(shop):
    """Where the next buyer pays."""
    with shop.session(read_only=True) as session:
        rows = payment_accounts.maps_of(session, shop.account.id)
        row: PriceMap = next(each for each in rows if not shop.world.get(each.match_value)["recurring"])
    return shop.parts.payment_sales.begin(shop.account.endpoint, row.package_id, row.match_value)


def _maps(shop):
    with shop.session(read_only=True) as session:
        return [(row.match_type, row.match_value) for row in payment_accounts.maps_of(session, shop.account.id)]
