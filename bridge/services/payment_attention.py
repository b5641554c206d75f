"""What a person must decide about payments, each with the choices there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.models import PaymentAccount, PaymentEvent, Purchase
from bridge.rules.payments.reports import Why
from bridge.storage import payment_accounts, payment_events, purchases

_SILENT = timedelta(days=7)
_LATE = timedelta(minutes=5)
_MOST = 200


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to decide: about what, what is the matter, and what can be done (commands, or sentences)."""

    about: str
    what: str
    choices: tuple[str, ...]


def matters(session: Any, account: PaymentAccount, name: str, now: datetime) -> list[Matter]:
    """Everything about one account. ``name`` is how commands call it."""
    return [
        *_of_account(session, account, name, now),
        *_of_maps(session, account, name),
        *_of_events(session, account, name),
        *_of_purchases(session, account),
    ]


def _of_account(session: Any, account: PaymentAccount, name: str, now: datetime) -> Iterator[Matter]:
    if account.status != "active":
        return
    again = f"bridge payments secret {name}"
    if not payment_accounts.secrets_of(session, account.id or 0):
        yield Matter(name, "no webhook secret is stored, so every delivery is refused", (again,))
    last = payment_events.last_received(session, account.id or 0)
    refused_since = account.last_refused_at is not None and (last is None or account.last_refused_at > last)
    if account.bad_signatures and refused_since:
        what = f"{account.bad_signatures} deliveries were signed with another secret, and none was right since"
        yield Matter(name, what, (again, "look whether the provider's endpoint is the one of this account"))
    if account.stale_signatures and refused_since:
        what = f"{account.stale_signatures} deliveries were rightly signed, but too old"
        yield Matter(name, what, ("set this machine's clock", f"bridge payments set {name} tolerance_s=900"))
    if last is not None and now - last > _SILENT and not account.api_key:
        yield Matter(name, "nothing was delivered for a week, and without an API key nobody can ask", (again,))
    if not account.api_key:
        what = "no API key is stored: what is pushed is all there is, and subscriptions may come out wrong"
        yield Matter(name, what, (f"bridge payments disconnect {name}, then connect it with a key",))
    oldest = payment_events.oldest_due(session)
    if oldest is not None and now - oldest > _LATE:
        yield Matter(name, "events wait for more than five minutes", ("is `bridge worker` running?",))


def _of_maps(session: Any, account: PaymentAccount, name: str) -> Iterator[Matter]:
    if account.status == "disabled":
        return
    for row, package in payment_accounts.maps_to_others(session, account):
        what = f"it is mapped to “{package}”, which is another owner's by now; whoever pays for it gets no key"
        choices = (f"bridge payments map {name} {row.match_value} PACKAGE", "sell it no more at the provider")
        yield Matter(row.match_value, what, choices)


def _of_events(session: Any, account: PaymentAccount, name: str) -> Iterator[Matter]:
    for event in payment_events.page(session, [account.id or 0], statuses=("processed",), limit=_MOST):
        if "alert" in event.effect:
            choice = "look whether its key is right; a newer bridge may know the version"
            yield Matter(f"event {event.id} ({event.event_type})", event.effect["alert"], (choice,))
            break  # the others are of that version too
    found = payment_events.page(session, [account.id or 0], statuses=("failed", "dead"), limit=_MOST)
    for event in found:
        choices = [f"bridge payments replay {name} {event.id}"]
        if event.code == Why.REFUSED:
            choices.insert(0, "activate the package, or raise limits.keys_per_owner_and_day")
        if event.code == Why.NO_ACCESS:
            choices.insert(0, "allow it to the API key at the provider")
        yield Matter(f"event {event.id} ({event.event_type})", event.reason, tuple(choices))
    for event in payment_events.page(session, [account.id or 0], statuses=("ignored",), limit=_MOST):
        said = _of_ignored(event, account, name)
        if said:
            yield Matter(f"{event.ref or event.object_id} ({event.event_type})", event.reason, said)


def _of_ignored(event: PaymentEvent, account: PaymentAccount, name: str) -> tuple[str, ...]:
    """What can be done about a sale that was not ours; nothing, where nobody needs to."""
    ref = event.ref or event.object_id
    accept = f"bridge payments accept {name} {ref}"
    if event.code == Why.UNMAPPED:
        return (f"bridge payments map {name} PRICE PACKAGE", "nothing, if it is no license")
    if event.code == Why.EARLIER:
        return (f"bridge payments bind {name} {ref} KEY", accept, "nothing, if it has its key already")
    if event.code == Why.MISMATCH:
        told = [f"bridge payments map {name} WORD PACKAGE --price"] if account.provider == "paypal" else []
        return (*told, f"{accept}, if it is right all the same", "refund it at the provider")
    return ()


def _of_purchases(session: Any, account: PaymentAccount) -> Iterator[Matter]:
    wanted = purchases.Filter(source=account.source, needs_review=True)
    _, rows = purchases.page(session, account.owner_id, None, wanted, limit=_MOST, offset=0)
    for row in rows:
        yield Matter(f"purchase {row.ref}", "; ".join(row.reviews), _choices(row))
    _, twins = purchases.page(
        session, account.owner_id, None, purchases.Filter(source=account.source), limit=_MOST, offset=0
    )
    for row in twins:
        if row.twin_id is not None and row.status == "paid":
            what = "the same was bought by the same person within a day; it may be one sale paid twice"
            yield Matter(
                f"purchase {row.ref}", what, ("refund one of them at the provider; its key follows", "nothing")
            )


def _choices(row: Purchase) -> tuple[str, ...]:
    del row  # all are looked into alike
    return ("look at it at the provider", "bridge key suspend, revoke or extend: a person's word goes before")
