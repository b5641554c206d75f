"""What it takes to bring one purchase's keys in line with its facts, with few and with many purchases in the database.

All purchases are copies of one that the product itself entered: a subscription of four paid months with its key.
"""

import random
import sqlite3
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bridge.parts import Parts
from bridge.services import purchases_recompute
from bridge.services.keys import Issuer
from bridge.storage import purchase_facts, purchases
from bridge.storage.audits import Actor
from bridge.storage.purchase_facts import Account
from tools.bench import shop
from tools.bench.measuring import UnsoundError

FEW = 100
_RENEWALS = 3
# Of one round, in each of the databases.
_TIMES = 60
_ACCOUNT = Account(shop.OWNER_ID, "stripe")

# Tables of a purchase, and their columns that differ from copy to copy, as SQL; ``n`` is the copy's number.
_NAMED = {name: f"{name} || '-' || n" for name in ("ref", "sale_ref", "period_ref", "payment_ref", "leads_to")}
_CODE = "'LIC-' || upper(hex(randomblob(15)))"
_COPIES: dict[str, dict[str, str]] = {
    "customer": {"id": "id + n", "email": "n || email", "email_key": "n || email_key"},
    "purchase": {"id": "id + n", "ref": _NAMED["ref"], "customer_id": "customer_id + n"},
    "purchase_sale": {"purchase_id": "purchase_id + n", "sale_ref": _NAMED["sale_ref"]},
    "purchase_line": {"purchase_id": "purchase_id + n"},
    "paid_period": {"purchase_id": "purchase_id + n", "period_ref": _NAMED["period_ref"]},
    "subscription_snapshot": {"purchase_id": "purchase_id + n"},
    "payment_link": {
        "purchase_id": "purchase_id + n",
        "payment_ref": _NAMED["payment_ref"],
        "leads_to": _NAMED["leads_to"],
    },
    "license_key": {
        "id": "id + n",
        "customer_id": "customer_id + n",
        "feed_token": "lower(hex(randomblob(16)))",
        "payment_ref": _NAMED["payment_ref"],
    },
    "key_code": {"key_id": "key_id + n", "code": _CODE},
    "key_slot": {"id": "id + n", "purchase_id": "purchase_id + n", "key_id": "key_id + n"},
}


class _Books:
    """A database with so many purchases. ``payment``: the name of the last payment of the first one."""

    def __init__(self, directory: Path, many: int) -> None:
        self.many = many
        directory.mkdir(parents=True)
        self.parts = shop.parts_of(directory)
        self._payment = _sell(self.parts, directory)
        self._copy(directory / "bridge.db")
        self._dice = random.Random(many)

    def _copy(self, database: Path) -> None:
        connection = sqlite3.connect(database, isolation_level=None)
        for pragma in ("synchronous = OFF", "cache_size = -500000"):  # nothing here needs to survive a power cut
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        connection.execute("CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO numbers VALUES (?)", ((number,) for number in range(1, self.many)))
        for table, changed in _COPIES.items():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            shown = ", ".join(changed.get(column, column) for column in columns)
            connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {shown} FROM {table}, numbers")
        connection.execute("COMMIT")
        [counted] = connection.execute("SELECT count(*) FROM purchase").fetchone()
        connection.close()
        if counted != self.many:
            raise UnsoundError(f"there are {counted} purchases instead of {self.many}")

    def seconds(self) -> float:
        """Bring some purchases in line, each found by its payment; what one takes."""
        chosen = [self._dice.randrange(1, self.many) for _ in range(_TIMES)]
        began = time.perf_counter()
        for number in chosen:
            self._recompute(f"{self._payment}-{number}")
        return (time.perf_counter() - began) / len(chosen)

    def _recompute(self, payment: str) -> None:
        by = Issuer(Actor("bench"), self.parts.clock(), self.parts.entropy, "LIC")
        with self.parts.open_session() as session:
            found = purchase_facts.purchase_of_payment(session, _ACCOUNT, payment)
            if found is None:
                raise UnsoundError(f"no purchase has the payment {payment}")
            done = purchases_recompute.recompute(session, purchases.held_by_id(session, found), by)
        if done.made or done.changed or len(done.outcome.slots) != 1:
            raise UnsoundError("a purchase whose keys were in line was changed")


def recompute(directory: Path, many: int, rounds: int, advance: Callable[[], None]) -> float:
    """How many times longer it takes with so many purchases than with a hundred: the median of rounds in turn."""
    few, most = _Books(directory / "few", FEW), _Books(directory / "many", many)
    try:
        ratios = []
        for number in range(rounds + 1):
            order = (few, most) if number % 2 else (most, few)
            took = {books: books.seconds() for books in order}
            if number:  # the first one warms up
                ratios.append(took[most] / took[few])
            advance()
        return statistics.median(ratios)
    finally:
        few.parts.close()
        most.parts.close()


def _sell(parts: Parts, directory: Path) -> str:
    """One subscription, entered as the worker does; returns the name of its last payment."""
    opened = shop.open_shop(parts, directory)
    world, now = opened.world, parts.clock()
    world.clock = lambda: now - timedelta(days=100)
    subscription = world.subscribe([(opened.price, 1)], email="buyer@customers.example")
    for _ in range(_RENEWALS):
        invoice = world.renew(subscription)
    shop.tell(parts, opened, (shop.text_of(event) for event in world.events))
    while parts.payment_inbox.run_next():
        pass
    return world.payment_of(invoice)
