"""Who changed what: narrowed, page by page, and as a file. The same pages at a repo and at its owner."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from flask import Response

from bridge.models import Audit
from bridge.rules.permissions import Action
from bridge.storage import pages
from bridge.storage.pages import Trail
from bridge.web.api.errors import ApiError, invalid
from bridge.web.pages import actors, paging
from bridge.web.pages.files_of_rows import csv_text
from bridge.web.pages.forms import Form
from bridge.web.pages.visits import Page, Visit, at_each

CHANGES_A_PAGE, _AT_ONCE = 50, 1000
_KEPT = ("subject", "actor", "action", "since", "until")
ACTIONS = (
    ("", "Everything"),
    ("key", "Keys"),
    ("package", "Packages"),
    ("customer", "Customers"),
    ("purchase", "Purchases"),
    ("payments", "Payment accounts"),
    ("settings", "Settings"),
    ("token", "Machine tokens"),
    ("site", "Sites"),
)
_COLUMNS = ("at", "actor", "origin", "action", "subject", "before", "after")


def show(visit: Visit) -> Response:
    """One page of changes."""
    asked = _asked(visit)
    form, found = visit.form(asked), list[Any]()

    def ask() -> Response:
        found.append(visit.fill("list_license_audit", query=_query(visit, form)))
        return Response()

    refused = visit.attempt(form, ask) is None
    changes = found[0].payload if found else []
    with visit.reading() as session:
        names = actors.names(session, (each.actor for each in changes), visit.call.owner_id)
    return visit.show(
        "audit.html",
        form=form,
        status=422 if refused else 0,
        changes=changes,
        names=names,
        total=(found[0].total or 0) if found else 0,
        filtered=bool(asked),
        actions=ACTIONS,
        query=paging.query(asked),
        links=paging.numbered(visit, "audit", asked, found[0].total or 0, CHANGES_A_PAGE) if found else {},
    )


def as_csv(visit: Visit) -> Response:
    """All that fits, as a table."""

    def lines() -> Iterator[str]:
        yield csv_text([_COLUMNS])
        for row in _rows(visit, wanted):
            facts = _facts(row)
            yield csv_text([[_cell(facts[name]) for name in _COLUMNS]])

    wanted = _wanted(visit)
    return _file(lines(), "text/csv; charset=utf-8", "csv", visit)


def as_ndjson(visit: Visit) -> Response:
    """All that fits, one JSON object a line."""
    wanted = _wanted(visit)
    lines = (json.dumps(_facts(row), ensure_ascii=False) + "\n" for row in _rows(visit, wanted))
    return _file(lines, "application/x-ndjson", "ndjson", visit)


def _asked(visit: Visit) -> dict[str, str]:
    asked = {name: visit.query.get(name, "").strip() for name in _KEPT}
    return {name: text for name, text in asked.items() if text}


def _query(visit: Visit, form: Form) -> dict[str, Any]:
    # Asked here, for the files too: what is not printable, PostgreSQL can't even compare.
    for name in ("subject", "actor", "action"):
        if not form[name].isprintable():
            raise invalid(name, "must be printable text")
    until = form.day("until")
    query: Mapping[str, Any] = {
        **{name: form[name] for name in ("subject", "actor", "action")},
        "since": form.day("since"),
        # People mean the last day to be part of it.
        "until": until + timedelta(days=1) if until else None,
        "page": visit.page_number,
        "limit": CHANGES_A_PAGE,
    }
    return {name: value for name, value in query.items() if value}


def _wanted(visit: Visit) -> Trail:
    """The same, for a file. Raises ``ApiError``."""
    of_owner = visit.page.level == "owner"
    if not visit.may(Action.AUDIT_READ, of_owner=of_owner):
        raise ApiError("forbidden", Action.AUDIT_READ)
    query, call = _query(visit, visit.form(_asked(visit))), visit.call
    narrowed = {name: query[name] for name in _KEPT if name in query}
    return Trail(call.owner_id, call.repo_id, **narrowed)


def _rows(visit: Visit, wanted: Trail) -> Iterator[Audit]:
    """All of them, read in parts, so that nobody who writes waits for a slow reader."""
    last: int | None = None
    while True:
        with visit.doors.open_session(read_only=True) as session:
            rows = pages.trail_before(session, wanted, last, limit=_AT_ONCE)
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1].id


def _facts(row: Audit) -> dict[str, Any]:
    facts = row.model_dump(include=set(_COLUMNS))
    return {"at": row.at.strftime("%Y-%m-%dT%H:%M:%SZ"), **{name: facts[name] for name in _COLUMNS[1:]}}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _file(lines: Iterator[str], content_type: str, ending: str, visit: Visit) -> Response:
    response = Response(lines, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="changes-{visit.now:%Y-%m-%d}.{ending}"'
    return response


PAGES = at_each(
    ("repo", "owner"),
    Page("audit", "audit", Action.AUDIT_READ, show),
    Page("audit_csv", "audit/changes.csv", Action.AUDIT_READ, as_csv),
    Page("audit_ndjson", "audit/changes.ndjson", Action.AUDIT_READ, as_ndjson),
)
