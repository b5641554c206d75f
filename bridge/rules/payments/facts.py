"""Facts about one purchase: frozen values, each with a natural key and a merge.

Two reports of the same thing (equal ``key``) become one by ``merged``, which is commutative, associative and
idempotent. So facts may be stored one row each, merged on arrival in any order and any number of times. Amounts are
integers in minor units (`money`), moments are aware. None and "" mean unknown unless a docstring says otherwise.
Constructors raise ``ValueError`` for what can't be.
"""

from bridge.rules.payments.merging import Key, Version
from bridge.rules.payments.returned import Dispute, PayLink, Refund, RefundFloor, RefundKind
from bridge.rules.payments.sold import EVERY_LINE, OWN_PAYMENT, Cancel, PaidPeriod, QuantityMode, Sale, SoldLine
from bridge.rules.payments.subscriptions import Snapshot, SnapshotItem

__all__ = [
    "EVERY_LINE",
    "OWN_PAYMENT",
    "Cancel",
    "Dispute",
    "Fact",
    "Key",
    "PaidPeriod",
    "PayLink",
    "QuantityMode",
    "Refund",
    "RefundFloor",
    "RefundKind",
    "Sale",
    "Snapshot",
    "SnapshotItem",
    "SoldLine",
    "Version",
    "merged",
]

Fact = Sale | SoldLine | PaidPeriod | PayLink | Refund | RefundFloor | Dispute | Snapshot | Cancel


def merged(one: Fact, other: Fact) -> Fact:
    """Merge two facts of one key. Raises ``ValueError`` for two of different keys."""
    if one.key != other.key:
        raise ValueError("facts of different things can't be merged")
    return one.merged(other)  # type: ignore[arg-type]  # equal keys: equal types
