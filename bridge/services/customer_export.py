"""One document with everything that is stored about a customer, written piece by piece."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import IO, Any

from bridge.models import Customer, Owner
from bridge.rules.customers import Traces
from bridge.storage import audits, customer_files
from bridge.storage.audits import Actor


def note(session: Any, customer: Customer, actor: Actor, now: datetime) -> None:
    """Let the trail tell that an export was made, and not what it holds."""
    subject = f"customer:{customer.id}"
    audits.record(session, actor, "customer.export", now, subject=subject, owner_id=customer.owner_id)


def write(session: Any, customer: Customer, file: IO[str], now: datetime) -> None:
    """Write the document. No more than a few rows of it are in memory at once."""
    customer_id, owner = customer.id or 0, session.get_one(Owner, customer.owner_id)
    key_ids = customer_files.key_ids(session, customer_id)
    things: list[tuple[str, datetime | None]] = [(f"customer:{customer_id}", None)]
    things += [(f"key:{key_id}", None) for key_id in key_ids]
    things += [(f"key:{key_id}", left_at) for key_id, left_at in customer_files.past(session, customer_id)]
    bought = customer_files.purchase_ids(session, customer_id)
    things += [(f"purchase:{purchase_id}", None) for purchase_id in bought]
    traces = Traces.of([customer.name], [customer.email])
    facts = customer.model_dump(include={"id", "name", "email", "created_at"})
    file.write(f'{{"made_at": {_json(now)}, "owner": {_json(owner.name)}, "customer": {_json(facts)}')
    _put(file, "keys", customer_files.keys(session, customer_id))
    _put(file, "purchases", customer_files.purchases(session, customer_id))
    _put(file, "usage", customer_files.usage(session, key_ids))
    _put(file, "changes", customer_files.changes(session, things, traces))
    file.write("}\n")


def _put(file: IO[str], name: str, rows: Iterable[dict[str, Any]]) -> None:
    file.write(f',\n"{name}": [')
    file.writelines(_separated(rows))
    file.write("]")


def _separated(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    between = ""
    for row in rows:
        yield f"{between}\n{_json(row)}"
        between = ","


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
