"""Numbers of a repo or its owner: each as a picture, the table that says the same, and a file of it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response

from bridge.rules.permissions import Action
from bridge.rules.spans import STEPS
from bridge.services import number_charts
from bridge.services.drawing import ground_of
from bridge.services.number_charts import Table
from bridge.web.api.errors import not_found
from bridge.web.pages import number_tables
from bridge.web.pages.files_of_rows import csv_file
from bridge.web.pages.visits import Page, Visit, at_each

_ASKED = ("step", "days", "since", "until")
_RANGES = (("", "The usual range"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "a year"))


def show(visit: Visit) -> Response:
    """All of them."""
    asked = _asked(visit)
    form, found = visit.form({"step": "day", **asked}), list[Any]()

    def ask() -> Response:
        found.append(_stats(visit, asked))
        return Response()

    refused = visit.attempt(form, ask) is None
    stats = found[0] if found else _stats(visit, {})
    return visit.show(
        "numbers.html",
        form=form,
        status=422 if refused else 0,
        stats=stats,
        tables=number_tables.tables(stats),
        query=urlencode({} if refused else asked),
        steps=[(each, f"by {each}") for each in STEPS],
        ranges=_RANGES,
    )


def chart(visit: Visit) -> Response:
    """One as a picture."""
    svg = number_charts.draw(_table(visit), ground_of(visit.visitor.theme))
    response = Response(svg, content_type="image/svg+xml")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


def table(visit: Visit) -> Response:
    """One as a file for spreadsheets."""
    found = _table(visit)
    return csv_file(f"numbers-{found.name}.csv", [found.columns, *found.rows])


def _asked(visit: Visit) -> dict[str, str]:
    asked = {name: visit.query.get(name, "").strip() for name in _ASKED}
    return {name: text for name, text in asked.items() if text}


def _stats(visit: Visit, asked: Mapping[str, str]) -> Any:
    """The numbers; the page and its pictures, which come together, count them once."""
    visit.require(Action.STATS_READ, of_owner=visit.page.level == "owner")
    call = visit.call
    # What a person sees of them depends on the place alone.
    key = (call.owner_id, call.repo_id, *sorted(asked.items()))
    return visit.doors.numbers.get(key, visit.now, lambda: visit.fill("get_license_stats", query=asked).payload)


def _table(visit: Visit) -> Table:
    found = number_tables.tables(_stats(visit, _asked(visit)))
    wanted = next((each for each in found if each.name == visit.names["name"]), None)
    if wanted is None:
        raise not_found()
    return wanted


PAGES = at_each(
    ("repo", "owner"),
    Page("numbers", "numbers", Action.STATS_READ, show),
    Page("numbers_chart", "numbers/<name>.svg", Action.STATS_READ, chart),
    Page("numbers_table", "numbers/<name>.csv", Action.STATS_READ, table),
)
