"""English texts of a Joomla extension: language keys resolved from the ``*.sys.ini`` files in its ZIP."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from feeds.archive import Archive

_FILES_MAX = 20
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]*")
_SURELY_A_KEY = re.compile(r"(?:COM|MOD|PLG|TPL|PKG|LIB|FILES?|LANG)_\w+|[A-Z][A-Z0-9]*_[A-Z0-9_]+", re.ASCII)
_PREFIXED = re.compile(r"(?:com|mod|plg|tpl|pkg|lib|files?)_[a-z0-9_]+")
_LINE = re.compile(r'^[ \t]*([A-Za-z0-9_.\-]+)[ \t]*=[ \t]*"(.*)"[ \t]*(?:;.*)?$', re.MULTILINE)
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")


class Texts:
    """The English texts below one directory of a ZIP, read when first asked for."""

    def __init__(self, archive: Archive, base: str) -> None:
        self._archive = archive
        self._base = base
        self._texts: dict[str, str] | None = None

    def resolve(self, stated: str) -> str:
        """Give the plain text for what a manifest states; ``""`` for a language key without an English text."""
        if not _KEY.fullmatch(stated):
            return without_markup(stated)
        if self._texts is None:
            self._texts = dict(self._read())
        text = self._texts.get(stated.upper())
        if text is not None:
            return without_markup(text)
        return "" if _SURELY_A_KEY.fullmatch(stated) or _PREFIXED.fullmatch(stated) else stated

    def _read(self) -> Iterator[tuple[str, str]]:
        files = [
            name
            for name in self._archive.names
            if name.startswith(self._base) and name.endswith(".sys.ini") and "en-GB" in name
        ]
        for name in files[:_FILES_MAX]:
            for key, value in _LINE.findall(_decode(self._archive.read_text(name))):
                yield key.upper(), value.replace('"_QQ_"', '"').replace('\\"', '"')


def without_markup(stated: str) -> str:
    """Take markup out of a text and put it on one line. The result is text: escape it where it goes into markup."""
    return " ".join(html.unescape(_TAG.sub(" ", stated)).split())


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return data.decode("windows-1252", "replace").replace("\r\n", "\n")
