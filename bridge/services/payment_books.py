"""Enters what a provider reported: packages are found, facts merged, keys brought in line, messages queued.

All of it in the caller's transaction, which holds the account: so what comes before its purchase is never missed, and
entering the same report again, or another one first, ends in the same books.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bridge.models import PaymentAccount, Purchase
from bridge.payments.provider import Heard
from bridge.rules.payments.facts import (
    EVERY_LINE,
    Dispute,
    Fact,
    PaidPeriod,
    PayLink,
    Refund,
    RefundFloor,
    Sale,
    SoldLine,
)
from bridge.rules.payments.messages import Message
from bridge.rules.payments.outcome import Flag
from bridge.rules.payments.reports import Mapped, Notice, Offer, Reading, Report, Why, filled, joined, price_doubt
from bridge.services import payment_buyers, payment_earlier, payment_messages, purchases_recompute, purchases_trail
from bridge.services.keys import Issuer
from bridge.services.payment_offers import Offers
from bridge.services.purchases_recompute import Recomputed
from bridge.storage import payment_accounts, payment_events, purchase_facts, purchases
from bridge.storage.purchase_facts import Account

# Two sales of one package to one address within this time may be one sale paid twice; a person decides.
_DOUBLE = timedelta(hours=24)

# What has a name of its own in the account, and may come before its purchase.
_MAY_BE_EARLY = (PayLink, Refund, RefundFloor, Dispute)


@dataclass
class Entered:
    """What became of a reading. ``why``: nothing, and why; ``ref``: the purchase that it was about."""

    why: Why | None = None
    reason: str = ""
    ref: str = ""
    facts: list[str] = field(default_factory=list)
    keys_made: list[int] = field(default_factory=list)
    keys_changed: list[int] = field(default_factory=list)
    purchases: list[int] = field(default_factory=list)

    def effect(self) -> dict[str, Any]:
        """The same as the inbox keeps it."""
        names = ("facts", "keys_made", "keys_changed", "purchases")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def enter(session: Any, account: PaymentAccount, event_row_id: int, reading: Reading, by: Issuer) -> Entered:
    """Enter a reading. Raises ``RefusedError`` where keys are due that may not be issued, ``ConflictError``."""
    return _Entry(session, account, event_row_id, by).enter(reading)


def heard_of(session: Any, account: PaymentAccount, ref: str) -> Heard:
    """What the books say of a purchase."""
    purchase = purchases.purchase_by_ref(session, account.owner_id, account.source, ref)
    if purchase is None:
        return Heard()
    known = purchase_facts.of_purchase(session, purchase.id or 0)
    periods = tuple(fact for fact in known if isinstance(fact, PaidPeriod))
    return Heard(periods, accepted=bool(purchase.wanted.get(payment_earlier.ACCEPTED)))


class _Entry:
    """One reading being entered."""

    def __init__(self, session: Any, account: PaymentAccount, event_row_id: int, by: Issuer) -> None:
        self._session = session
        self._account = account
        self._event_row_id = event_row_id
        self._by = by
        self._facts_of = Account(account.owner_id, account.source)
        self._offers = Offers(session, account)
        self._done = Entered()

    def enter(self, reading: Reading) -> Entered:
        if reading.why is not None:
            return Entered(reading.why, reading.reason)
        refused: list[tuple[Why, str]] = []
        for report in joined(reading.reports):
            if report.ref:
                self._done.ref = self._done.ref or report.ref
                refused += [each for each in [self._purchase(report)] if each is not None]
            else:
                self._payments(report.facts)
        for notice in reading.notices:
            self._notice(notice)
        if refused and not self._done.purchases and not self._done.facts:
            self._done.why, self._done.reason = refused[0]
        elif not self._done.facts:
            self._done.why = Why.NO_CHANGE
        return self._done

    def _purchase(self, report: Report) -> tuple[Why, str] | None:
        """A report of a purchase; why it is none of ours, where it isn't."""
        account = self._account
        purchase = purchases.held_purchase(self._session, account.owner_id, account.source, report.ref)
        if purchase is None and account.mode == "live":
            purchase = purchases.rehome(self._session, account.owner_id, account.provider, account.source, report.ref)
        known = purchase_facts.of_purchase(self._session, purchase.id or 0) if purchase is not None else []
        names = [*(purchase.wanted.get("names", ()) if purchase is not None else ())]
        lines = self._lines(report, known, names)
        if purchase is None:
            if not any(line.package_id is not None for line in lines.values()):
                return Why.UNMAPPED, self._unmapped(report)
            doubt = self._doubt(report, lines)
            if doubt:
                return Why.MISMATCH, doubt
            if self._is_earlier(report):
                return Why.EARLIER, "the sale is from before the account was connected, and no key is bound to it"
            purchase = self._open(report, lines)
        elif not _is_settled(purchase, known):
            doubt = self._doubt(report, lines)
            if doubt:
                return Why.MISMATCH, doubt
        told = [filled(fact, lines) for fact in _of_one_kind(report.facts, known)]
        news = self._put(purchase, told)
        payment_buyers.tell(self._session, purchase, report, self._by)
        if self._doubted(purchase, report) or news:
            self._settle(purchase)
        return None

    def _doubted(self, purchase: Purchase, report: Report) -> bool:
        """Note why a person should look at what goes on already, or that nobody need any more; whether that is new."""
        wanted = {name: value for name, value in purchase.wanted.items() if name != purchases_recompute.DOUBT}
        if report.doubt and not wanted.get(payment_earlier.ACCEPTED):
            wanted[purchases_recompute.DOUBT] = report.doubt
        is_news = wanted != purchase.wanted
        purchase.wanted = wanted
        self._session.add(purchase)
        return is_news

    def _lines(self, report: Report, known: list[Fact], names: list[Any]) -> dict[str, Mapped]:
        """What each line is. What was found once stays: a later change of the map must not move what was sold."""
        every = report.offers.get(EVERY_LINE, Offer()).with_more((match, value) for match, value in names)
        found = {}
        for line, offer in {**report.offers, **self._whole(report)}.items():
            found[line] = self._offers.find(offer.with_more(every.names), dated=not report.subscription)
        for fact in known:
            if isinstance(fact, SoldLine) and fact.package_id is not None and fact.line_ref in found:
                found[fact.line_ref] = replace(
                    found[fact.line_ref],
                    package_id=fact.package_id,
                    quantity_mode=fact.quantity_mode,
                    term=fact.term,
                    grace=fact.grace,
                )
        return found

    def _doubt(self, report: Report, lines: Mapping[str, Mapped]) -> str:
        """Why a person should look before anything is issued for this; "" where nothing speaks against it."""
        sale = next((fact for fact in report.facts if isinstance(fact, Sale)), None)
        if report.doubt or not report.asks_price or sale is None or not sale.paid:
            return report.doubt
        order = payment_accounts.order_of(self._session, self._account.id or 0, report.order)
        begun_so = order is not None and order.ref in {"", report.ref}
        asked = []
        for fact in report.facts:
            if isinstance(fact, SoldLine):
                mapped = lines.get(fact.line_ref, Mapped())
                if begun_so and order is not None and order.package_id == mapped.package_id and order.currency:
                    # What the sale was begun with counts, whatever the price is by now.
                    mapped = replace(mapped, amount_minor=order.amount_minor, currency=order.currency)
                asked.append((fact, mapped))
        return price_doubt(sale, asked)

    @staticmethod
    def _whole(report: Report) -> dict[str, Offer]:
        """Lines that only the sale as a whole says something of."""
        lines = [fact.line_ref for fact in report.facts if isinstance(fact, SoldLine)]
        return {line: Offer() for line in lines if line not in report.offers}

    def _is_earlier(self, report: Report) -> bool:
        since = self._account.sells_since
        return since is not None and (report.made_at is None or report.made_at < since)

    def _unmapped(self, report: Report) -> str:
        named = sorted(
            {value for offer in report.offers.values() for match, value in offer.names if match != "metadata"}
        )
        return f"nothing that was bought is mapped to a package: {', '.join(named)[:200] or 'it has no name'}"

    def _open(self, report: Report, lines: dict[str, Mapped]) -> Purchase:
        """A purchase that was not known; what came too early for it is read again."""
        row = payment_buyers.purchase_of(self._account, report, self._by.now)
        purchase, new = purchases.open_purchase(self._session, row)
        if new:
            sold = {line.package_id for line in lines.values() if line.package_id is not None}
            repo_id = purchases_trail.repo_of(self._session, sold)
            after = {"source": purchase.source, "ref": purchase.ref, "packages": sorted(sold), "test": purchase.is_test}
            purchases_trail.record(self._session, purchase, repo_id, "purchase.create", after, self._by)
            codes = (Why.UNMAPPED, Why.EARLIER)
            payment_events.again(self._session, self._by.now, self._account.id or 0, codes=codes, ref=report.ref)
        return purchase

    def _payments(self, facts: Iterable[Fact]) -> None:
        """Facts about payments: those of a purchase that is known go to it, the others wait for theirs."""
        for fact in facts:
            names = [getattr(fact, "payment_ref", ""), *([fact.leads_to] if isinstance(fact, PayLink) else [])]
            owners = (purchase_facts.purchase_of_payment(self._session, self._facts_of, name) for name in names)
            found = next((each for each in owners if each is not None), None)
            if found is None:
                if purchase_facts.put(self._session, self._facts_of, fact, None):
                    self._done.facts.append("/".join(fact.key))
                continue
            purchase = purchases.held_by_id(self._session, found)
            self._done.ref = self._done.ref or purchase.ref
            if self._put(purchase, [fact]):
                self._settle(purchase)

    def _put(self, purchase: Purchase, facts: Iterable[Fact]) -> bool:
        news = [fact for fact in facts if purchase_facts.put(self._session, self._facts_of, fact, purchase.id or 0)]
        sold = purchases.packages_of(self._session, [purchase.id or 0]).get(purchase.id or 0, set()) if news else set()
        repo_id = purchases_trail.repo_of(self._session, sold)
        for fact in news:
            after = purchases_trail.summary(fact)
            purchases_trail.record(self._session, purchase, repo_id, f"purchase.{fact.key[0]}", after, self._by)
            self._done.facts.append("/".join(fact.key))
        return bool(news)

    def _settle(self, purchase: Purchase) -> None:
        """Bring the keys in line, and queue what people should hear of it."""
        before = payment_messages.Standing.of(purchase)
        found = purchases_recompute.recompute(self._session, purchase, self._by)
        self._done.purchases.append(purchase.id or 0)
        self._done.keys_made += found.made
        self._done.keys_changed += [each.key_id for each in found.changed]
        payment_messages.after(self._session, purchase, before, found, self._event_row_id, self._by.now)
        if before.status != "paid" and purchase.status == "paid":
            self._look_for_a_twin(purchase, found)

    def _look_for_a_twin(self, purchase: Purchase, found: Recomputed) -> None:
        packages = {each.package_id for each in found.outcome.slots.values()}
        other = purchases.twin(self._session, purchase, packages, purchase.created_at - _DOUBLE)
        if other is not None:
            what = {"other": other.id}
            payment_messages.put(self._session, Message.DOUBLE_PAYMENT, purchase, "", self._by.now, what)
            purchase.twin_id, purchase.flags = other.id, sorted({*purchase.flags, Flag.DOUBLE_PAYMENT})
            self._session.add(purchase)

    def _notice(self, notice: Notice) -> None:
        found = None
        if notice.ref:
            account = self._account
            found = purchases.held_purchase(self._session, account.owner_id, account.source, notice.ref)
        elif notice.payment_ref:
            owner = purchase_facts.purchase_of_payment(self._session, self._facts_of, notice.payment_ref)
            found = purchases.held_by_id(self._session, owner) if owner is not None else None
        if found is None:
            return
        self._done.ref = self._done.ref or found.ref
        if payment_messages.put(self._session, Message(notice.kind), found, notice.once, self._by.now):
            self._done.facts.append(f"{notice.kind}/{notice.once}")


def _is_settled(purchase: Purchase, known: Iterable[Fact]) -> bool:
    """Whether it was looked at before: by a person, or when it was paid. What it costs since is another matter."""
    paid = any((isinstance(fact, Sale) and fact.paid) or isinstance(fact, PaidPeriod) for fact in known)
    return paid or bool(purchase.wanted.get(payment_earlier.ACCEPTED))


def _of_one_kind(facts: Iterable[Fact], known: list[Fact]) -> list[Fact]:
    """A sale whose lines were known in one way keeps them: as a whole without an API key, line by line with one."""
    lines = {fact.line_ref for fact in known if isinstance(fact, SoldLine)}
    strange = {fact.line_ref for fact in facts if isinstance(fact, SoldLine)} - lines if lines else set()
    return [fact for fact in facts if not (isinstance(fact, SoldLine) and fact.line_ref in strange)]
