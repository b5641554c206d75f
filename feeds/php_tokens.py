r"""A lexer for PHP, as far as reading declarations needs one: nothing is ever executed.

Facts follow the lexical rules of PHP 8: ``?>`` ends a line comment, ``#[`` is no comment, a heredoc loses the
indentation of its closing label, ``\"`` inside a heredoc keeps its backslash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum, auto
from typing import NamedTuple


class PhpSyntaxError(ValueError):
    """Source that PHP itself would refuse: a string or heredoc that does not end."""


class Kind(StrEnum):
    """What a token is. ``TEMPLATE`` is a string whose value only running the program could tell."""

    VARIABLE = auto()
    NAME = auto()
    NUMBER = auto()
    STRING = auto()
    TEMPLATE = auto()
    OPERATOR = auto()


class Token(NamedTuple):
    """``text`` as in the source, except that a STRING's is its value; ``start`` and ``end`` index the source."""

    kind: Kind
    text: str
    start: int
    end: int


_NESTED_TEMPLATES_MAX = 8
_KINDS = {kind.value: kind for kind in (Kind.VARIABLE, Kind.NAME, Kind.NUMBER, Kind.OPERATOR)}
_OPEN = re.compile(r"<\?(?:php(?=\s|\Z)|=)", re.IGNORECASE)
_WORD = r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*+"
_TOKEN = re.compile(
    rf"""
      (?P<skip> \s++
              | (?:\#(?!\[)|//) [^\r\n?]*+ (?:\?(?!>)[^\r\n?]*+)*+
              | /\* [^*]*+ (?:\*(?!/)[^*]*+)*+ (?:\*/|\Z) )
    | (?P<close> \?> )
    | (?P<variable> \${_WORD} )
    | (?P<name> \\?{_WORD}(?:\\{_WORD})*+ )
    | (?P<number> 0[xX][0-9a-fA-F_]++ | 0[bB][01_]++ | 0[oO][0-7_]++
              | (?:\d[\d_]*+)?\.\d[\d_]*+(?:[eE][+-]?\d++)? | \d[\d_]*+\.?(?:[eE][+-]?\d++)? )
    | (?P<single> ' )
    | (?P<template> ["`] )
    | (?P<heredoc> <<<[ \t]*+ (?P<quote>["']?) (?P<label>{_WORD}) (?P=quote) (?:\r\n|\n|\r) )
    | (?P<operator> \?-> | -> | => | == | :: | \#\[ | \.= | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_SINGLE = re.compile(r"[^'\\]*+(?:\\.[^'\\]*+)*+'", re.DOTALL)
_TEMPLATE_STOP = re.compile(r"\\.|\{\$|\$\{|\$[A-Za-z_\x80-\U0010ffff]|[\"`]", re.DOTALL)
_BRACE_STOP = re.compile(r"[{}'\"`]")
_INTERPOLATION = re.compile(r"(?:[^\\$\{]|\\.|\{(?!\$)|\$(?![A-Za-z_\x80-\U0010ffff{]))*+", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([nrtvef\\$\"`])|([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u\{([0-9A-Fa-f]{1,6})\})")
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "e": "\x1b", "f": "\f"}
_UNICODE_MAX = 0x10FFFF


def tokens(source: str) -> Iterator[Token]:
    """Yield the tokens of all PHP parts of a file, lazily; a ``?>`` comes as the operator ``;``, which it means.

    Raises PhpSyntaxError.
    """
    at = 0
    while opened := _OPEN.search(source, at):
        at = opened.end()
        while match := _TOKEN.match(source, at):
            start, at = match.span()
            group = match.lastgroup or ""
            if group == "skip":
                continue
            if group == "close":
                yield Token(Kind.OPERATOR, ";", start, at)
                break
            kind = _KINDS.get(group)
            token = Token(kind, match.group(), start, at) if kind else _string(source, match, group)
            if kind is Kind.NAME and token.text.lower() == "__halt_compiler":
                return
            at = token.end
            yield token
        else:
            return


def _string(source: str, match: re.Match[str], group: str) -> Token:
    start, at = match.span()
    if group == "single":
        return _single(source, start, at)
    if group == "template":
        return _double(source, start, at, match.group())
    return _heredoc(source, start, at, match["quote"] == "'", match["label"])


def _single(source: str, start: int, at: int) -> Token:
    match = _SINGLE.match(source, at)
    if not match:
        raise _unfinished(source, start)
    value = re.sub(r"\\(['\\])", r"\1", match.group()[:-1])
    return Token(Kind.STRING, value, start, match.end())


def _double(source: str, start: int, at: int, quote: str) -> Token:
    end, is_constant = _template_end(source, at, quote, 0)
    if quote == "`" or not is_constant:
        return Token(Kind.TEMPLATE, source[start:end], start, end)
    return Token(Kind.STRING, _unescape(source[at : end - 1], quotes='"'), start, end)


def _template_end(source: str, at: int, quote: str, depth: int) -> tuple[int, bool]:
    """Find the end of a quoted template, past the code that may be embedded in it; and whether there was none."""
    is_constant = True
    while match := _TEMPLATE_STOP.search(source, at):
        stop, at = match.group(), match.end()
        if stop == quote:
            return at, is_constant
        if stop in ("{$", "${"):
            at = _braces_end(source, at, depth + 1)
        is_constant = is_constant and "$" not in stop.removeprefix("\\$")
    raise _unfinished(source, at)


def _braces_end(source: str, at: int, depth: int) -> int:
    if depth > _NESTED_TEMPLATES_MAX:
        raise _unfinished(source, at)
    open_braces = 1
    while open_braces:
        match = _BRACE_STOP.search(source, at)
        if not match:
            raise _unfinished(source, at)
        stop, at = match.group(), match.end()
        if stop == "'":
            at = _single(source, match.start(), at).end
        elif stop in '"`':
            at, _ = _template_end(source, at, stop, depth)
        else:
            open_braces += 1 if stop == "{" else -1
    return at


def _heredoc(source: str, start: int, at: int, is_nowdoc: bool, label: str) -> Token:
    closing = re.compile(rf"^([ \t]*+){label}(?![A-Za-z0-9_\x80-\U0010ffff])", re.MULTILINE)
    match = closing.search(source, at)
    if not match:
        raise _unfinished(source, start)
    body = re.sub(r"(?:\r\n|\n|\r)\Z", "", source[at : match.start()])
    if match[1]:
        body = re.sub(rf"^[ \t]{{1,{len(match[1])}}}", "", body, flags=re.MULTILINE)
    if is_nowdoc:
        return Token(Kind.STRING, body, start, match.end())
    if not _INTERPOLATION.fullmatch(body):
        return Token(Kind.TEMPLATE, source[start : match.end()], start, match.end())
    return Token(Kind.STRING, _unescape(body, quotes=""), start, match.end())


def _unescape(text: str, *, quotes: str) -> str:
    def plain(match: re.Match[str]) -> str:
        simple, octal, hexadecimal, unicode = match.groups()
        if simple in ('"', "`"):
            return simple if simple in quotes else f"\\{simple}"
        if simple:
            return _PLAIN_ESCAPES.get(simple, simple)
        code = int(octal, 8) & 0xFF if octal else int(hexadecimal or unicode, 16)
        return chr(code) if code <= _UNICODE_MAX else match.group()

    return _ESCAPE.sub(plain, text)


def _unfinished(source: str, at: int) -> PhpSyntaxError:
    return PhpSyntaxError(f"a string that starts before line {source.count(chr(10), 0, at) + 1} does not end")
