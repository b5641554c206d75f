"""``bridge payments events``, ``replay`` and ``check``: what providers told, and what it came to."""

from typing import Any

import click

from bridge.cli import payments_account
from bridge.cli.common import Context, as_json, iso, pass_context, show_rows
from bridge.errors import InvalidInputError, NotFoundError
from bridge.models import PaymentEvent
from bridge.storage import payment_events

_COLUMNS = ("number", "received_at", "type", "about", "status", "did", "why")
_STATUSES = ("new", "leased", "processed", "ignored", "failed", "dead")
_NUMBER = click.IntRange(1, 2**31 - 1)


@click.command()
@payments_account.argument
@click.option("--status", "statuses", multiple=True, type=click.Choice(_STATUSES), help="Only those; may be repeated.")
@click.option("--ref", default="", help="Only those about a purchase, e.g. sub_…")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="So many.")
@as_json
@pass_context
def events(context: Context, name: str, statuses: tuple[str, ...], ref: str, limit: int, as_json: bool) -> None:
    """Show each delivery, the newest first: what it was about, what it changed, or why it changed nothing.

    What is shown came signed; what was not is counted in `bridge payments status`.
    """
    with context.reading() as session:
        account = payments_account.find(session, name)
        found = payment_events.page(session, [account.id or 0], statuses=statuses, ref=ref, limit=limit)
        rows = [row_of(each) for each in found]
    show_rows(rows, as_json=as_json, empty="There are no such events.", columns=_COLUMNS)


def row_of(event: PaymentEvent) -> dict[str, Any]:
    """An event as lists show it: nothing of what it said about a customer."""
    effect = event.effect
    made, changed = len(effect.get("keys_made", ())), len(effect.get("keys_changed", ()))
    did = [f"{made} keys made" if made else "", f"{changed} keys changed" if changed else ""]
    did.append(f"{len(effect.get('facts', ()))} facts" if effect.get("facts") else "")
    return {
        "number": event.id,
        "received_at": iso(event.received_at),
        "type": event.event_type,
        "about": event.ref or event.object_id,
        "status": event.status,
        "did": ", ".join(filter(None, did)),
        "why": event.reason or event.code or effect.get("alert", ""),
        "event_id": event.event_id,
        "object": event.object_id,
        "code": event.code,
        "source": event.source,
        "version": event.api_version,
        "deliveries": event.deliveries,
        "attempts": event.attempts,
        "next_attempt": iso(event.due_at),
        "effect": effect,
    }


@click.command()
@payments_account.argument
@click.argument("numbers", metavar="[NUMBER...]", nargs=-1, type=_NUMBER)
@click.option("--failed", is_flag=True, help="All that failed.")
@click.option("--ignored", is_flag=True, help="All that were ignored, e.g. after packages were mapped.")
@pass_context
def replay(context: Context, name: str, numbers: tuple[int, ...], failed: bool, ignored: bool) -> None:
    """Read events again, by their numbers or all that failed. It is harmless: what is known stays as it is."""
    statuses = [*(("failed", "dead") if failed else ()), *(("ignored",) if ignored else ())]
    if not numbers and not statuses:
        raise InvalidInputError(
            "number", "name the numbers of events, or --failed; `bridge payments events` shows them"
        )
    with context.writing() as session:
        account = payments_account.find(session, name)
        named = [payment_events.by_id(session, number) for number in numbers]
        chosen = [each for each in named if each is not None and each.account_id == account.id]
        if len(chosen) != len(numbers):
            raise NotFoundError("one of these numbers is no event of the account; `bridge payments events` shows them")
        now = context.parts.clock()
        count = payment_events.replay(session, now, {each.id or 0 for each in chosen})
        if statuses:
            count += payment_events.replay_all(session, now, account.id or 0, statuses)
    click.echo(f"{count} events are read again within a second, as the worker runs.")


@click.command()
@payments_account.argument
@pass_context
def check(context: Context, name: str) -> None:
    """Ask the provider now what it told and what changed, and put right what differs. The worker does so by itself."""
    with context.reading() as session:
        account = payments_account.find(session, name)
    payments_account.access_to(context, account)
    before = _last(context, account.id or 0)
    found = context.parts.payment_reconcile.check(account)
    click.echo(f"{found.events} events and {found.objects} changes had not come.")
    while context.parts.payment_inbox.run_next():
        pass
    with context.reading() as session:
        news = [each for each in payment_events.page(session, [account.id or 0]) if (each.id or 0) > before]
        rows = [row_of(each) for each in news if each.effect.get("purchases") or each.status in {"failed", "dead"}]
    if rows:
        show_rows(rows, as_json=False, empty="", columns=_COLUMNS)


def _last(context: Context, account_id: int) -> int:
    with context.reading() as session:
        return max((each.id or 0 for each in payment_events.page(session, [account_id], limit=1)), default=0)
