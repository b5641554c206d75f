"""Facts about money on its way back, and about whose money it is: refunds, disputes, links between payments."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bridge.rules.payments import statuses
from bridge.rules.payments.merging import PUSHED, Key, Version, check_aware, check_not_negative, known, largest
from bridge.rules.payments.sold import OWN_PAYMENT

RefundKind = Literal["refund", "reversal"]


@dataclass(frozen=True, slots=True)
class PayLink:
    """A payment's name leads to what it paid for: a period, the sale, or another link.

    ``amount_minor`` is what was charged, taxes and credits included; of several links in a row one states it. A charge
    that has several names goes by one of them everywhere.
    """

    payment_ref: str
    leads_to: str
    amount_minor: int | None = None
    currency: str = ""

    def __post_init__(self) -> None:
        if self.payment_ref == OWN_PAYMENT:
            raise ValueError("a link needs a payment")
        check_not_negative(self.amount_minor)

    @property
    def key(self) -> Key:
        """A payment leads to one thing."""
        return ("link", self.payment_ref)

    def merged(self, other: "PayLink") -> "PayLink":
        """What is known; it never changes."""
        return PayLink(
            payment_ref=self.payment_ref,
            leads_to=known(self.leads_to, other.leads_to),
            amount_minor=largest(self.amount_minor, other.amount_minor),
            currency=known(self.currency, other.currency),
        )


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that goes back. ``payment_ref`` `OWN_PAYMENT`: the sale's; ``amount_minor`` None: all of the payment.

    A "reversal" is taken by the provider or the bank and not given by the seller; a dispute that is won undoes it.
    Use `Refund.seen` for words from outside: a status that is not in `statuses.REFUND` goes to ``unknown_status``.
    """

    refund_ref: str
    payment_ref: str = OWN_PAYMENT
    amount_minor: int | None = None
    currency: str = ""
    status: str = ""
    kind: RefundKind = "refund"
    unknown_status: str = ""

    def __post_init__(self) -> None:
        if self.status and statuses.rank(statuses.REFUND, self.status) < 0:
            raise ValueError("the status is not one of a refund")
        check_not_negative(self.amount_minor)

    @classmethod
    def seen(
        cls,
        refund_ref: str,
        payment_ref: str,
        amount_minor: int | None,
        currency: str,
        status: str,
        kind: RefundKind = "refund",
    ) -> "Refund":
        """A refund as it was reported, with whatever word for its status."""
        known_word = statuses.rank(statuses.REFUND, status) >= 0
        words = (status, "") if known_word else ("", status)
        return cls(refund_ref, payment_ref, amount_minor, currency, words[0], kind, words[1])

    @property
    def key(self) -> Key:
        """One refund for each name."""
        return ("refund", self.refund_ref)

    def merged(self, other: "Refund") -> "Refund":
        """The status of the higher rank; an unknown one never changes a known one."""
        return Refund(
            refund_ref=self.refund_ref,
            payment_ref=known(self.payment_ref, other.payment_ref),
            amount_minor=largest(self.amount_minor, other.amount_minor),
            currency=known(self.currency, other.currency),
            status=max(self.status, other.status, key=lambda word: statuses.rank(statuses.REFUND, word)),
            kind="reversal" if "reversal" in {self.kind, other.kind} else "refund",
            unknown_status=known(self.unknown_status, other.unknown_status),
        )


@dataclass(frozen=True, slots=True)
class RefundFloor:
    """What a payment says of itself: so much of it was refunded, out of so much. Helps where refunds aren't told."""

    payment_ref: str
    refunded_minor: int = 0
    total_minor: int | None = None
    currency: str = ""

    def __post_init__(self) -> None:
        check_not_negative(self.refunded_minor)
        check_not_negative(self.total_minor)

    @property
    def key(self) -> Key:
        """One floor for each payment."""
        return ("floor", self.payment_ref)

    def merged(self, other: "RefundFloor") -> "RefundFloor":
        """The larger amounts: refunds add up."""
        return RefundFloor(
            payment_ref=self.payment_ref,
            refunded_minor=max(self.refunded_minor, other.refunded_minor),
            total_minor=largest(self.total_minor, other.total_minor),
            currency=known(self.currency, other.currency),
        )


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payment that its buyer contests at the bank. ``payment_ref`` `OWN_PAYMENT`: the purchase as a whole.

    Its status is that of the latest ``version``; in one moment the higher rank wins. A source that tells no time
    leaves the version alone, so that rank alone decides. Use `Dispute.seen` for words from outside.
    """

    dispute_ref: str
    payment_ref: str = OWN_PAYMENT
    status: str = ""
    version: Version = PUSHED
    unknown_status: str = ""
    unknown_version: Version = PUSHED

    def __post_init__(self) -> None:
        if self.status and statuses.rank(statuses.DISPUTE, self.status) < 0:
            raise ValueError("the status is not one of a dispute")
        check_aware(self.version.created, self.unknown_version.created)

    @classmethod
    def seen(cls, dispute_ref: str, payment_ref: str, status: str, version: Version = PUSHED) -> "Dispute":
        """A dispute as it was reported, with whatever word for its status."""
        if statuses.rank(statuses.DISPUTE, status) >= 0:
            return cls(dispute_ref, payment_ref, status, version)
        return cls(dispute_ref, payment_ref, unknown_status=status, unknown_version=version)

    @property
    def key(self) -> Key:
        """One dispute for each name."""
        return ("dispute", self.dispute_ref)

    @property
    def needs_review(self) -> bool:
        """Whether the latest report is one that nobody here understands."""
        return bool(self.unknown_status) and self.unknown_version >= self.version

    def merged(self, other: "Dispute") -> "Dispute":
        """The later report, known words and unknown ones apart."""
        later = max(self, other, key=_dispute_order)
        strange = max(self, other, key=_strange_order)
        return Dispute(
            dispute_ref=self.dispute_ref,
            payment_ref=known(self.payment_ref, other.payment_ref),
            status=later.status,
            version=later.version,
            unknown_status=strange.unknown_status,
            unknown_version=strange.unknown_version,
        )


def _dispute_order(fact: Dispute) -> tuple[bool, int, datetime, int, str]:
    rank = statuses.rank(statuses.DISPUTE, fact.status)
    return (bool(fact.status), fact.version.ticket, fact.version.created, rank, fact.version.event_id)


def _strange_order(fact: Dispute) -> tuple[bool, Version, str]:
    return (bool(fact.unknown_status), fact.unknown_version, fact.unknown_status)
