"""A Joomla manifest's XML, read the way Joomla's own reader would, minus everything that can hurt.

No DOCTYPE and so no entities, internal or external; bounded depth and number of elements; five encodings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from feeds.manifest_errors import BadManifest, DoubtfulManifest

_DEPTH_MAX = 32
_ELEMENTS_MAX = 20_000
_ENCODINGS = frozenset({"utf-8", "utf8", "utf-16", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})


@dataclass(slots=True)
class Element:
    """One XML element. ``text`` is its own character data, trimmed; ``children`` in the document's order."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find(self, tag: str) -> Element | None:
        """Give the first child of that name."""
        return next((child for child in self.children if child.tag == tag), None)

    def said(self, tag: str) -> str:
        """Give the text of the first child of that name, ``""`` when there is none."""
        child = self.find(tag)
        return child.text if child else ""


class _NotOurRoot(Exception):  # noqa: N818 - control flow: it leaves the parser at the first element, and is no error
    pass


class _Builder:
    """Builds the tree, and stops the parser at whatever a manifest has no business to hold."""

    def __init__(self, where: str, root_tag: str) -> None:
        self.root: Element | None = None
        self._where = where
        self._root_tag = root_tag
        self._open: list[tuple[Element, list[str]]] = []
        self._elements = 0

    def declared(self, _version: str | None, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in _ENCODINGS:
            raise DoubtfulManifest(self._where, f"is written in {encoding[:40]!r}. Save it as UTF-8.")

    def doctype(self, *_: object) -> None:
        raise DoubtfulManifest(self._where, "has a DOCTYPE, which may define entities. Remove the DOCTYPE line.")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.root is None and tag != self._root_tag:
            raise _NotOurRoot
        self._elements += 1
        if len(self._open) >= _DEPTH_MAX or self._elements > _ELEMENTS_MAX:
            raise BadManifest(
                self._where, f"has more than {_ELEMENTS_MAX} elements or {_DEPTH_MAX} levels. Make it smaller."
            )
        element = Element(tag, attributes)
        if self._open:
            self._open[-1][0].children.append(element)
        else:
            self.root = element
        self._open.append((element, []))

    def end(self, _tag: str) -> None:
        element, texts = self._open.pop()
        element.text = "".join(texts).strip()

    def text(self, data: str) -> None:
        if self._open:
            self._open[-1][1].append(data)


def parse(data: bytes, where: str, root_tag: str) -> Element | None:
    """Parse a document whose root is ``root_tag``; ``None`` when it has another root.

    ``where`` names the file in errors. Raises DoubtfulManifest when the file is not XML we accept.
    """
    builder = _Builder(where, root_tag)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.XmlDeclHandler = builder.declared
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    try:
        parser.Parse(data, True)
    except _NotOurRoot:
        return None
    except (expat.ExpatError, LookupError) as error:
        raise DoubtfulManifest(where, f"is not well-formed XML ({error}). Correct it.") from None
    return builder.root
