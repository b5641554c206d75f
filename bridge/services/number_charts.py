"""Tables of numbers as pictures (SVG). What a picture shows stands in its table, figure by figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bridge.services.drawing import Ground, add_fillings, dashes, pygal

MOST_BARS = 12
_MOST_SERIES = 6
_LABELS = 6


@dataclass(frozen=True, slots=True)
class Table:
    """Columns with rows. The first column names each row; ``drawn`` are the numbers of the columns of the picture.

    ``kind``: ``stack`` and ``bars`` stand upright in time, ``lines`` run through it, ``list`` are bars that lie, the
    first rows only.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    kind: Literal["stack", "bars", "lines", "list"]
    drawn: Sequence[int]
    words: str = ""
    empty: str = "Nothing happened in this time."

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see: no row, or nothing but zeros."""
        return not any(row[at] for row in self.rows for at in range(1, len(row)) if not isinstance(row[at], str))


def draw(table: Table, ground: Ground) -> bytes:
    """The picture of a table."""
    rows = table.rows[:MOST_BARS][::-1] if table.kind == "list" else table.rows
    chart = _chart(table, len(rows), ground)
    chart.x_labels = [str(row[0]) for row in rows]
    if table.kind != "list":
        chart.x_labels_major = [str(row[0]) for row in rows[:: max(1, -(-len(rows) // _LABELS))]]
    for number, column in enumerate(table.drawn[:_MOST_SERIES]):
        values = [row[column] or 0 for row in rows]
        more = {"stroke_style": dashes(number)} if table.kind == "lines" else {}
        chart.add(table.columns[column], values, **more)
    chart.add_xml_filter(add_fillings)
    return bytes(chart.render())


def _chart(table: Table, rows: int, ground: Ground) -> Any:
    lying = table.kind == "list"
    made = {
        "stack": pygal.StackedBar,
        "bars": pygal.Bar,
        "lines": pygal.Line,
        "list": pygal.HorizontalStackedBar,
    }[table.kind]
    return made(
        **ground.options(),
        width=800,
        height=max(150, 70 + 26 * rows) if lying else 280,
        margin=10,
        legend_at_bottom=True,
        show_legend=len(table.drawn) > 1,
        show_minor_x_labels=lying,
        truncate_label=28 if lying else -1,
        truncate_legend=24,
        include_x_axis=True,
        show_dots=False,
        spacing=8,
        disable_xml_declaration=False,
        value_formatter=lambda value: f"{value:,.0f}",
        no_data_text="",
        max_scale=6,
        min_scale=2,
    )
