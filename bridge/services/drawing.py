"""The one importer of pygal: charts as SVG, in greys that read on light and dark ground and without colours.

pygal leaves a finder of the old kind in ``sys.meta_path``, for maps that are packages of their own. Python 3.12 has no
use for such, and every import that comes later would warn of it, so it is taken out again.
"""

import sys

import pygal
from pygal.style import Style

sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != "pygal"]

__all__ = ["QUIET", "Style", "pygal"]

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
