"""The one importer of pygal: charts as SVG, in greys that read on light and dark ground and without colours.

pygal leaves a finder of the old kind in ``sys.meta_path``, for maps that are packages of their own. Python 3.12 has no
use for such, and every import that comes later would warn of it, so it is taken out again.
"""

import sys
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import pygal
from pygal.style import Style

sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != "pygal"]

__all__ = ["QUIET", "Ground", "Style", "ground_of", "pygal"]

QUIET = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#7d858d",
    foreground_strong="#7d858d",
    foreground_subtle="#7d858d55",
    guide_stroke_color="#7d858d55",
    major_guide_stroke_color="#7d858d55",
    guide_stroke_dasharray="0",
    major_guide_stroke_dasharray="0",
    colors=("#4183c4", "#b0b8c0"),
    font_family="system-ui, sans-serif",
)

# Each about as far from white as from the darkest ground, so that they need not know on which they stand.
COLOURS = ("#4183c4", "#b8622c", "#3b8a5a", "#8f63c4", "#75797e", "#a8577c")
# Series differ by what fills them, so that they differ without colours too.
_FILLINGS = (
    None,
    "M0 8L8 0M-2 2L2 -2M6 10L10 6",
    "M0 2h8M0 6h8",
    "M2 0v8M6 0v8",
    "M0 0L8 8M-2 6L2 10M6 -2L10 2",
    "M0 4h8M4 0v8",
)
_DASHES = ("", "8 3", "2 3", "10 3 2 3", "5 5", "1 4")
_TEXT = {"light": "#40474d", "dark": "#b9bcc2", "": "#757d85"}
_OWN_STYLES = ["file://style.css", "file://graph.css"]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a picture stands on: ``light`` or ``dark``, ``auto`` as the reader's system, or empty: not known."""

    name: str

    def options(self) -> dict[str, Any]:
        """What a chart is made with."""
        text = _TEXT.get(self.name, _TEXT["light"])
        style = Style(
            background="transparent",
            plot_background="transparent",
            foreground=text,
            foreground_strong=text,
            foreground_subtle=f"{text}55",
            guide_stroke_color="#7d858d55",
            major_guide_stroke_color="#7d858d55",
            guide_stroke_dasharray="0",
            major_guide_stroke_dasharray="0",
            opacity="1",
            colors=COLOURS,
            font_family="system-ui, sans-serif",
            label_font_size=15,
            major_label_font_size=15,
            legend_font_size=15,
        )
        styles = [f"inline:{_fillings()}"]
        if self.name == "auto":
            texts = f".axis text, .legend text {{ fill: {_TEXT['dark']} !important }}"
            styles.append(f"inline:@media (prefers-color-scheme: dark) {{ {texts} }}")
        return {"style": style, "css": [*_OWN_STYLES, *styles], "js": (), "pretty_print": False}


def ground_of(theme: str) -> Ground:
    """The ground of a theme of Gitea, by its name."""
    return Ground(next((name for name in ("auto", "light", "dark") if name in theme), ""))


def dashes(number: int) -> dict[str, Any]:
    """How the line of a series is drawn."""
    return {"dasharray": _DASHES[number % len(_DASHES)]}


def without_scripts(root: Any) -> Any:
    """Take out of a picture what pygal puts there for scripts; there are none."""
    for parent in list(root.iter()):
        for child in [each for each in parent if str(each.tag).endswith("script")]:
            parent.remove(child)
    return root


def add_fillings(root: Any) -> Any:
    """Put into a picture what its series are filled with, and take its scripts out."""
    definitions = ET.SubElement(without_scripts(root), "defs")
    for number, path in enumerate(_FILLINGS):
        colour = COLOURS[number % len(COLOURS)]
        size = {"width": "8", "height": "8", "patternUnits": "userSpaceOnUse"}
        pattern = ET.SubElement(definitions, "pattern", {"id": f"filling-{number}", **size})
        ground = {"width": "8", "height": "8", "fill": colour, "fill-opacity": "1" if path is None else "0.25"}
        ET.SubElement(pattern, "rect", ground)
        if path is not None:
            ET.SubElement(pattern, "path", {"d": path, "stroke": colour, "stroke-width": "1.8"})
    return root


def _fillings() -> str:
    """Bars are filled, and lines dashed; a legend shows its series as the picture does."""
    rules = [".line-graph .series .line { stroke-width: 2.4 !important; stroke-opacity: 1 !important }"]
    for number, colour in enumerate(COLOURS):
        bars = f"fill: url(#filling-{number}) !important; stroke: {colour} !important; fill-opacity: 1 !important"
        dashed = f"fill: none !important; stroke-width: 2.4 !important; stroke-dasharray: {_DASHES[number] or 'none'}"
        rules.append(f".serie-{number} .rect, rect.color-{number} {{ {bars} }}")
        rules.append(f".line-graph rect.color-{number} {{ {dashed} }}")
    return " ".join(rules)
