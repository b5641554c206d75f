"""Which keys a purchase demands, and how keys that are older than it find their places."""

from datetime import UTC, datetime

import pytest

from bridge.rules.payments.facts import Fact, PaidPeriod, Sale, Snapshot, SnapshotItem, SoldLine, Version
from bridge.rules.payments.outcome import outcome
from bridge.rules.payments.policy import Policy
from bridge.rules.payments.purchase import gathered
from bridge.rules.payments.slots import MOST_UNITS, Held, Settlement, Slot, demanded, settled
from bridge.rules.terms import Term

PAID_AT, END = datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC)
ANNUAL = Term("annual")
SALE = Sale("cs_1", paid=True, paid_at=PAID_AT)


def paid(line: str = "si_1", package: int | None = 7, quantity: int = 1, number: int = 1) -> PaidPeriod:
    end = END.replace(month=1 + number)
    return PaidPeriod(f"in_{number}", line, PAID_AT, end, PAID_AT, 4900, "EUR", package_id=package, quantity=quantity)


def subscription(*items: SnapshotItem, status: str = "active", ticket: int = 1) -> Snapshot:
    return Snapshot.seen("sub_1", status, items, version=Version(ticket=ticket))


@pytest.mark.parametrize(
    ("facts", "policy", "slots"),
    [
        pytest.param(
            [SoldLine("p", 7, 3, ANNUAL), SALE], Policy(), [("p", 1, 7), ("p", 2, 7), ("p", 3, 7)], id="T02 keys"
        ),
        pytest.param([SoldLine("p", 7, 3, ANNUAL), SALE], Policy(quantity_mode="sites"), [("p", 1, 7)], id="T02 sites"),
        pytest.param(
            [SoldLine("p", 7, 1, ANNUAL), SoldLine("q", 8, 1, ANNUAL), SALE],
            Policy(),
            [("p", 1, 7), ("q", 1, 8)],
            id="cart",
        ),
        pytest.param([SoldLine("p", 7, 0, ANNUAL), SALE], Policy(), [], id="none of it"),
        pytest.param([SoldLine("p", 7, 1), SALE], Policy(), [], id="nothing that gives it time"),
        pytest.param([paid(quantity=3)], Policy(quantity_mode="keys"), [("si_1", n, 7) for n in (1, 2, 3)], id="T30"),
        pytest.param([paid(quantity=3), subscription()], Policy(), [("si_1", 1, 7)], id="a subscription counts sites"),
        pytest.param(
            [paid(quantity=3), subscription(SnapshotItem("si_1", 7, 2, END, "keys"))],
            Policy(),
            [("si_1", 1, 7), ("si_1", 2, 7)],
            id="T62 the snapshot goes before the invoice",
        ),
        pytest.param(
            [paid(quantity=3, number=9), paid(quantity=2, number=10)],
            Policy(quantity_mode="keys"),
            [("si_1", 1, 7), ("si_1", 2, 7)],
            id="the last invoice goes before the first",
        ),
        pytest.param(
            [paid(), subscription(SnapshotItem("si_1", 7), SnapshotItem("si_2", 8))],
            Policy(),
            [("si_1", 1, 7)],
            id="unpaid item",
        ),
        pytest.param([paid(), subscription(SnapshotItem("si_1", 8))], Policy(), [("si_1", 1, 8)], id="T63"),
        pytest.param([paid(), subscription(SnapshotItem("si_2", 8))], Policy(), [], id="T66"),
        pytest.param([paid(package=None)], Policy(), [], id="T15"),
    ],
)
def test_what_is_demanded(facts: list[Fact], policy: Policy, slots: list[tuple[str, int, int]]) -> None:
    wanted = demanded(gathered(facts), policy)
    assert [(*slot, package) for slot, package in wanted.items()] == slots


@pytest.mark.parametrize(("mode", "seats", "keys"), [("sites", 3, 1), ("keys", 1, 3)])
def test_t02_a_quantity_is_so_many_keys_or_so_many_times_the_sites(mode: str, seats: int, keys: int) -> None:
    line = SoldLine("p", 7, 3, ANNUAL, quantity_mode=mode)  # type: ignore[arg-type]
    found = outcome(gathered([line, SALE]), Policy())
    assert [each.seats for each in found.slots.values()] == [seats] * keys


def test_a_quantity_beyond_reason_makes_no_more_keys_than_people_buy() -> None:
    purchase = gathered([SoldLine("p", 7, 10**9, ANNUAL), SALE])
    assert len(demanded(purchase, Policy())) == MOST_UNITS
    found = outcome(purchase, Policy())
    assert found.reviews == ("the line p asks for too many keys",)


@pytest.mark.parametrize(
    ("facts", "held", "expected"),
    [
        pytest.param([paid()], {}, Settlement(mint=((Slot("si_1", 1), 7),)), id="a new key"),
        pytest.param([paid()], {Slot("si_1", 1): Held(7)}, Settlement(), id="there already"),
        pytest.param([paid()], {Slot("si_1", 1): Held(9)}, Settlement(), id="T63 there already, of another package"),
        pytest.param([], {Slot("", 1): Held(7, True)}, Settlement(), id="nothing to bind to yet"),
        pytest.param(
            [paid()], {Slot("", 1): Held(7, True)}, Settlement(bind=((Slot("", 1), Slot("si_1", 1)),)), id="adopted"
        ),
        pytest.param(
            [paid(package=None)],
            {Slot("", 1): Held(7, True)},
            Settlement(bind=((Slot("", 1), Slot("si_1", 1)),)),
            id="adopted, and the price not mapped",
        ),
        pytest.param(
            [paid("si_1", 7), paid("si_2", 8)],
            {Slot("", 1): Held(8, True), Slot("", 2): Held(9, True)},
            Settlement(bind=((Slot("", 1), Slot("si_2", 1)), (Slot("", 2), Slot("si_1", 1)))),
            id="its own package first",
        ),
        pytest.param(
            [paid(quantity=3), subscription(SnapshotItem("si_1", 7, 3, END, "keys"))],
            {Slot("", 1): Held(7, True), Slot("", 2): Held(7, True)},
            Settlement(
                bind=((Slot("", 1), Slot("si_1", 1)), (Slot("", 2), Slot("si_1", 2))), mint=((Slot("si_1", 3), 7),)
            ),
            id="two of three",
        ),
        pytest.param(
            [paid()],
            {Slot("si_1", 1): Held(7, True), Slot("", 2): Held(7, True)},
            Settlement(),
            id="bound for good, one left over",
        ),
        pytest.param(
            [paid(), subscription(SnapshotItem("si_1", 7, 6, END, "keys"))],
            {Slot("si_1", number): Held(7) for number in range(1, 6)},
            Settlement(mint=((Slot("si_1", 6), 7),)),
            id="T62",
        ),
    ],
)
def test_every_slot_gets_its_one_key(facts: list[Fact], held: dict[Slot, Held], expected: Settlement) -> None:
    assert settled(gathered(facts, subscription=True), Policy(), held) == expected


def test_many_adopted_keys_find_their_places_in_time() -> None:
    held = {Slot("", number): Held(9, True) for number in range(1, MOST_UNITS + 1)}
    facts = [paid(quantity=MOST_UNITS), subscription(SnapshotItem("si_1", 7, MOST_UNITS, END, "keys"))]
    found = settled(gathered(facts), Policy(), held)
    assert len({new for _, new in found.bind}) == MOST_UNITS
    assert found.mint == ()
