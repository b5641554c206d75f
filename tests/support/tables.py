"""Tables of keys as other programs write them, and what importing one needs in a test."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from typing import Any

from sqlmodel import func, select
from support.offices import ACME, Office

from bridge.models import Audit, Customer, KeyCode, KeyDomain, LicenseKey, Purchase, Site
from bridge.services import exports, imports
from bridge.storage import licenses
from bridge.storage.key_search import Filter, Sight

EDD = (
    "License ID,License Key,License Status,Customer Email,Customer Name,Product Name,Purchase Date,Expiration Date,"
    "Activation Limit,Activation Count,Activated URLs"
)


def table(rows: Iterable[dict[str, Any]], separator: str = ",") -> str:
    """Rows as CSV; their names are the header line."""
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def edd_code(number: int) -> str:
    """A key as EDD makes them."""
    return hashlib.md5(str(number).encode()).hexdigest()


def edd_lines(count: int, product: str = "Standard") -> Iterator[str]:
    """So many licenses of EDD, line by line."""
    yield EDD + "\r\n"
    for n in range(count):
        yield (
            f"{n},{edd_code(n)},active,ann{n}@example.com,Ann {n},{product},2024-01-01 10:00:00,2027-01-01 23:59:59,3,1,"
            f"https://shop{n}.example.com/\r\n"
        )


def read(office: Office, text: str | bytes, *, do: bool = True, form: str = "auto", **more: Any) -> imports.Plan:
    """Plan a table, and do it. Options are those of ``imports.Asked``."""
    raw = text.encode() if isinstance(text, str) else text
    asked = imports.Asked(**({"owner_id": ACME, "repo_id": None, "now": office.now, "prefix": "LIC"} | more))
    found = imports.open_table(io.BytesIO(raw), form)
    with office.session(read_only=True) as session:
        planned = imports.plan(session, found, asked)
    with planned:
        if do:
            with office.session() as session:
                imports.apply(session, planned, asked, office.issuer())
    return planned


def written(office: Office, owner_id: int = ACME, **filters: Any) -> str:
    """The owner's keys as a table."""
    with office.session() as session:
        scope = exports.scope(session, Sight(owner_id), Filter(**filters), office.now)
    return "".join(exports.lines(lambda: office.session(read_only=True), scope))


def rows_of(text: str) -> list[dict[str, str]]:
    """A table, read as any program would."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def counted(office: Office) -> dict[str, int]:
    """How many rows the tables have that an import writes to."""
    models = (LicenseKey, KeyCode, KeyDomain, Site, Audit, Customer, Purchase)
    with office.session(read_only=True) as session:
        return {model.__name__: session.exec(select(func.count()).select_from(model)).one() for model in models}


def keys_by_code(office: Office, code: str) -> list[LicenseKey]:
    """The keys that a code stands for."""
    with office.session(read_only=True) as session:
        return list(licenses.keys_by_code(session, code))


def bad(planned: imports.Plan) -> list[tuple[int, str, str]]:
    """The rows that were refused: line, column and sentence."""
    return [(each.line, each.column, each.sentence) for each in planned.shown if each.action == "refused"]
