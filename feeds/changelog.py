"""Release notes, as people write them in Markdown, become the sections of Joomla's changelog (rule 49).

Headings in the manner of "Keep a Changelog" choose the section; what stands under any other heading is a note. Every
bullet and every paragraph becomes one item, and every item one line of text that is safe where Joomla prints it: as raw
HTML.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape

from feeds.entries import CHANGELOG_SECTIONS
from feeds.plain_text import plain_text

_HEADING_WORDS = {
    "addition": "added add addition additions new feature features enhancement enhancements",
    "change": "changed change changes improved improvement improvements updated deprecated",
    "fix": "fixed fix fixes bugfix bugfixes bug bugs",
    "remove": "removed remove removal removals deleted",
    "security": "security vulnerability vulnerabilities",
    "language": "language languages translation translations localization localisation",
}
_SECTION_OF = {word: section for section, words in _HEADING_WORDS.items() for word in words.split()}
# Of several such words the earlier one here decides: "Security fixes", "New languages".
_PRECEDENCE = ("security", "language", "fix", "remove", "addition", "change")
_LONGEST_HEADING = 4

_FENCE = re.compile(r"\s{0,3}(`{3,}(?=[^`]*$)|~{3,})")
_ATX_HEADING = re.compile(r"\s{0,3}#{1,6}(?:\s(.*))?")
_UNDERLINE = re.compile(r"\s{0,3}(?:=+|-+)\s*")
_RULE = re.compile(r"\s{0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})")
_BULLET = re.compile(r"\s*(?:[-*+]|[0-9]{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(.*)")
_QUOTE = re.compile(r"^\s{0,3}>\s?")
_LABEL = re.compile(r"\s{0,3}(?:(\*\*|__)([^*_]+)\1:?|([^\W\d_][^\W_ ]*(?: [^\W_ ]+){0,2}:))\s*")
_DEFINITION = re.compile(r"\s{0,3}\[[^\[\]]+\]:\s*\S+.*")
_TABLE_RULE = frozenset("|:- ")


def sections(notes: str) -> Mapping[str, tuple[str, ...]]:
    """Return the items of each section that has any, in Joomla's order of sections; items are escaped HTML text."""
    found: dict[str, list[str]] = {name: [] for name in CHANGELOG_SECTIONS}
    current = "note"
    for is_heading, text in _blocks(notes):
        line = plain_text(text)
        if is_heading:
            current = _section_of(line) or "note"
        elif line:
            found[current].append(escape(line))
    return {name: tuple(items) for name, items in found.items() if items}


def _section_of(heading: str) -> str | None:
    """Find the section a heading names; a longer sentence names none."""
    words = re.findall(r"[^\W\d_]+", heading.lower())
    if len(words) > _LONGEST_HEADING:
        return None
    named = {_SECTION_OF[word] for word in words if word in _SECTION_OF}
    return next((section for section in _PRECEDENCE if section in named), None)


def _blocks(notes: str) -> Iterator[tuple[bool, str]]:
    """Yield (is it a heading?, its Markdown on one line) in reading order."""
    gathered: list[str] = []
    in_paragraph = True
    for line in _lines(notes):
        heading = _heading(line)
        bullet = _BULLET.fullmatch(line)
        underlined = bool(gathered) and in_paragraph and bool(_UNDERLINE.fullmatch(line))
        separates = not line.strip() or bool(_RULE.fullmatch(line))
        if heading is None and not (bullet or underlined or separates):
            gathered.append(line.strip())
            continue
        if gathered:
            yield underlined, " ".join(gathered)
        in_paragraph, gathered = True, []
        if heading is not None:
            yield True, heading
        elif bullet and not (underlined or separates):
            in_paragraph, gathered = False, [bullet[1]]
    if gathered:
        yield False, " ".join(gathered)


def _heading(line: str) -> str | None:
    """Return the words of a heading, also of a lone "**Fixed**" or "Fixed:" as many people write them."""
    heading = _ATX_HEADING.fullmatch(line)
    if heading:
        return (heading[1] or "").strip().rstrip("#")
    label = _LABEL.fullmatch(line)
    words = (label[2] or label[3]) if label else ""
    return words if _section_of(words) else None


def _lines(notes: str) -> Iterator[str]:
    """Yield the lines that carry words: no comments, link definitions or table rules; code as code spans."""
    fence = ""
    for raw in _without_comments(notes).splitlines():
        line = _QUOTE.sub("", raw, count=1)
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
            yield ""
        elif fence:
            yield "`" + line.replace("`", "'") + "`" if line.strip() else ""
        elif not (_DEFINITION.fullmatch(line) or ("|" in line and _TABLE_RULE.issuperset(line.strip()))):
            yield line.strip(" |") if line.lstrip().startswith("|") else line


def _without_comments(notes: str) -> str:
    """Drop what stands between ``<!--`` and ``-->``; a comment that never ends is text."""
    first, *rest = notes.split("<!--")
    ends = (piece.partition("-->") for piece in rest)
    return first + "".join(after if closed else f"<!--{inside}" for inside, closed, after in ends)
