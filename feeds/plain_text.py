"""Markdown as one line of plain text: what is left when emphasis, links, images, tags and entities have become words.

The result is text, not HTML: whoever prints it as HTML escapes it.
"""

import re
from html import unescape

from feeds.xml import single_line

_CODE = re.compile(r"(?<![`\\])(`{1,3})(?!`)([^`]+)\1(?!`)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>")
_TAG = re.compile(r"</?[A-Za-z!?][^<>]*>")
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\])")
_STARS = re.compile(r"(\*{1,3}|~~)(?=[^\s*~])([^*~]*[^\s*~])\1")
_UNDERSCORES = re.compile(r"(?<![^\W_])(_{1,3})(?=[^\s_])([^_]*[^\s_])\1(?![^\W_])")
_KEPT = re.compile("\x00([0-9]+)\x00")
_NESTING = 3


def plain_text(markdown: str) -> str:
    """Return one line of text. Code spans and escaped characters stay as they are written."""
    kept: list[str] = []

    def keep(text: str) -> str:
        kept.append(text)
        return f"\x00{len(kept) - 1}\x00"

    text = markdown.replace("\x00", "")
    text = _CODE.sub(lambda match: keep(match[2].strip()), text)
    text = _ESCAPED.sub(lambda match: keep(match[1]), text)
    text = _TAG.sub("", _AUTOLINK.sub(lambda match: keep(match[1]), text))
    for _ in range(_NESTING):  # an image within a link, bold within italics
        text = _UNDERSCORES.sub(r"\2", _STARS.sub(r"\2", _LINK.sub(r"\1", text)))
    text = _KEPT.sub(lambda match: kept[int(match[1])], unescape(text))
    return single_line(text)
