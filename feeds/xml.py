"""The one place XML is built: a tiny element tree, and the bytes it becomes.

Joomla compares most leaf texts untrimmed (a line break inside ``<sha256>`` aborts an installation), and one character
that XML 1.0 does not know makes a whole feed unreadable. So every text is cleaned here, and nowhere else.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

_INDENT = "  "
# The complement of the production "Char" of XML 1.0 (fifth edition); lone surrogates are part of it.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAK = re.compile("[\t\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Element:
    """A node: either a leaf with ``text`` or a parent with ``children``.

    A leaf with ``cdata`` keeps its text literally. An ``inline`` parent stands on one line with its children. An
    element without any content closes itself when it has attributes, and is ``<name></name>`` otherwise.
    """

    name: str
    text: str = ""
    children: tuple["Element", ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    cdata: bool = False
    inline: bool = False


def render(root: Element) -> bytes:
    """Return the document: UTF-8, declaration first, stable order, two spaces of indentation, a final line break."""
    return "".join((DECLARATION, *_lines(root, ""), "\n")).encode("utf-8")


def single_line(text: str) -> str:
    """Return the text as a client may receive it: legal in XML 1.0, on one line, without surrounding whitespace."""
    lines = (line.strip() for line in _LINE_BREAK.split(_ILLEGAL.sub("", text)))
    return " ".join(line for line in lines if line)


def _lines(element: Element, margin: str) -> Iterator[str]:
    opening = margin + _start_tag(element)
    if not element.children:
        yield opening + _leaf_content(element)
        return
    below = "" if element.inline else "\n" + margin + _INDENT
    yield opening + ">"
    for child in element.children:
        yield below
        yield "".join(_lines(child, margin + _INDENT)).removeprefix(margin + _INDENT)
    yield ("" if element.inline else "\n" + margin) + f"</{element.name}>"


def _start_tag(element: Element) -> str:
    attributes = (f' {name}="{_quoted(value)}"' for name, value in element.attributes.items())
    return f"<{element.name}{''.join(attributes)}"


def _leaf_content(element: Element) -> str:
    text = single_line(element.text)
    if not text and element.attributes:
        return "/>"
    content = _literal(text) if element.cdata and text else escape(text)
    return f">{content}</{element.name}>"


def _quoted(value: str) -> str:
    return escape(single_line(value), {'"': "&quot;"})


def _literal(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
