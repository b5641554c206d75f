"""Texts of mails with blanks: ``{package}`` is substituted, and that is all that ever happens to them.

A template is a subject and a text. A line whose blanks all have nothing to say is left out, so that one text serves
buyers with and without a name, owners with and without a support address.
"""

import html
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

MOST_TEMPLATE = 20_000
_MOST_SUBJECT = 200
_SUBJECT = "subject:"
_BLANK = re.compile(r"\{\{|\}\}|\{([A-Za-z0-9_]+)\}|[{}]")
_MAY_HAVE = "\n\t"


class InvalidTemplate(ValueError):  # noqa: N818 - named for what happened
    """A template that can't be used; the message is a sentence for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Template:
    """A mail with blanks."""

    subject: str
    text: str

    @property
    def source(self) -> str:
        """The template as people write it."""
        return f"Subject: {self.subject}\n\n{self.text.strip()}\n"


@dataclass(frozen=True, slots=True)
class Filled:
    """A mail whose blanks are filled: the subject is one line, the text plain."""

    subject: str
    text: str


def parse(source: str, known: Collection[str]) -> Template:
    """Read what a person wrote: ``Subject: …``, an empty line, the text. Raises `InvalidTemplate`."""
    source = source.replace("\r\n", "\n").replace("\r", "\n").lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").strip()
    if len(source) > MOST_TEMPLATE:
        raise InvalidTemplate(f"A mail has {MOST_TEMPLATE} characters at most.")
    for number, line in enumerate(source.split("\n"), 1):
        if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in _MAY_HAVE for sign in line):
            raise InvalidTemplate(f"Line {number} holds a control character; type it anew instead of pasting it.")
        _check_blanks(line, number, known)
    first, _, rest = source.partition("\n")
    if not first.lower().startswith(_SUBJECT) or not first[len(_SUBJECT) :].strip():
        raise InvalidTemplate("The first line is the subject; write for example: Subject: Your license for {package}")
    if not rest.strip():
        raise InvalidTemplate("There is no text below the subject.")
    return Template(first[len(_SUBJECT) :].strip(), rest.strip("\n").rstrip())


def filled(template: Template, values: Mapping[str, str]) -> Filled:
    """Fill the blanks. What fills one is never looked at for further ones."""
    subject = " ".join(_line(template.subject, values).split())
    lines = [_line(line, values) for line in template.text.split("\n") if _says_something(line, values)]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in "\n".join(lines).split("\n")))
    return Filled(subject[:_MOST_SUBJECT], text.strip("\n") + "\n")


def as_html(text: str, language: str, links: Collection[str] = ()) -> str:
    """A filled text as a page: everything escaped; what is indented as code, and ``links`` as links."""
    parts = [_block(block, links) for block in re.split(r"\n{2,}", text.strip("\n"))]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="{html.escape(language)}">\n<head><meta charset="utf-8"></head>\n'
        f'<body style="font-family: sans-serif; line-height: 1.5">\n{body}\n</body>\n</html>\n'
    )


def _check_blanks(line: str, number: int, known: Collection[str]) -> None:
    for found in _BLANK.finditer(line):
        if found[0] in {"{{", "}}"}:
            continue
        if found[1] is None:
            raise InvalidTemplate(f"Line {number}: a single “{found[0]}” is no blank; write it twice if you mean it.")
        if found[1] not in known:
            listed = ", ".join(f"{{{name}}}" for name in sorted(known))
            raise InvalidTemplate(f"Line {number}: {{{found[1]}}} is not known in this mail; there are {listed}.")


def _names(line: str) -> list[str]:
    return [found[1] for found in _BLANK.finditer(line) if found[1]]


def _says_something(line: str, values: Mapping[str, str]) -> bool:
    names = _names(line)
    return not names or any(values.get(name) for name in names)


def _line(line: str, values: Mapping[str, str]) -> str:
    def one(found: re.Match[str]) -> str:
        return values.get(found[1], "") if found[1] else found[0][0]

    return _BLANK.sub(one, line)


def _block(block: str, links: Collection[str]) -> str:
    lines = block.split("\n")
    shown, code = [], []
    for line in [*lines, ""]:
        if line.startswith("    "):
            code.append(html.escape(line.strip()))
            continue
        if code:
            shown.append('<code style="font-size: 1.1em">' + "<br>\n".join(code) + "</code>")
            code = []
        if line:
            shown.append(_linked(html.escape(line), links))
    return "<p>" + "<br>\n".join(shown) + "</p>"


def _linked(escaped: str, links: Collection[str]) -> str:
    # All at once, the longest first: one may be the beginning of another, and none is looked for within a tag.
    safe = sorted({html.escape(link) for link in links if link}, key=len, reverse=True)
    if not safe:
        return escaped
    return re.sub("|".join(map(re.escape, safe)), lambda found: f'<a href="{found[0]}">{found[0]}</a>', escaped)
