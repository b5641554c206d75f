"""Rows as a file for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_file(name: str, rows: Iterable[Sequence[Any]]) -> Response:
    """A file to download."""
    response = Response(csv_text(rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """The rows as text; what a spreadsheet would take for a formula is made text."""
    file = io.StringIO()
    lines = csv.writer(file)
    for row in rows:
        lines.writerow([f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell for cell in row])
    return file.getvalue()
