"""What a key did, day by day, as an SVG of its own: readable on light and dark ground, and without colours."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from bridge.services.drawing import QUIET, pygal, without_scripts

_GOOD = {"valid", "grace"}


def draw(usage: Iterable[tuple[date, str, int]], today: date, days: int) -> bytes:
    """Bars by day: what was answered, and what was refused above it. ``usage``: day, code and how often."""
    answered: Counter[date] = Counter()
    refused: Counter[date] = Counter()
    for day, code, count in usage:
        (answered if code in _GOOD else refused)[day] += count
    span = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    chart = pygal.StackedBar(
        style=QUIET, width=800, height=240, js=(), legend_at_bottom=True, show_minor_x_labels=False,
        disable_xml_declaration=False, truncate_label=-1, include_x_axis=True, margin=10,
    )  # fmt: skip
    chart.x_labels = [f"{day:%m-%d}" for day in span]
    chart.x_labels_major = [f"{day:%m-%d}" for day in span[::7]]
    chart.add("answered", [answered[day] for day in span])
    chart.add("refused", [refused[day] for day in span])
    chart.add_xml_filter(without_scripts)
    return bytes(chart.render())
