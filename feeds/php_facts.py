"""What a PHP file says of itself: classes, and the properties that are literal. Read, never executed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from feeds.php_literals import NotLiteralError, PhpValue, evaluate, is_next, php_string
from feeds.php_tokens import Kind, Token, tokens

_STATEMENT_TOKENS_MAX = 2_000
_NAMES_MAX = 500
_ASSIGNMENTS_MAX = 8
_MODIFIERS = frozenset({"public", "protected", "private", "var", "static", "readonly", "final", "const"})
_BRACES = frozenset({"{", "}"})
_NESTING = {"(": 1, "[": 1, "#[": 1, ")": -1, "]": -1}


@dataclass(frozen=True, slots=True)
class PhpFacts:
    """What a file states. ``values`` holds the literal properties; ``sources`` the PHP text of all that were found."""

    classes: tuple[str, ...]
    values: Mapping[str, PhpValue]
    sources: Mapping[str, str]

    def text(self, name: str) -> str:
        """Give a property as PHP would print it; ``""`` when it is absent, an array, or not a literal."""
        try:
            return php_string(self.values.get(name)).strip()
        except NotLiteralError:
            return ""


def read_php(source: str, wanted: Iterable[str]) -> PhpFacts:
    """Find the properties named in ``wanted``: declared (``public $a = 1;``) or assigned (``$this->a = 1;``).

    An assignment beats a declaration. Assignments that disagree leave the property without a value, because which of
    them runs is not ours to guess. Raises PhpSyntaxError.
    """
    reader = _Reader(source, frozenset(wanted))
    for statement, is_whole in _statements(tokens(source)):
        reader.take(statement, is_whole=is_whole)
    return reader.facts()


def _statements(stream: Iterator[Token]) -> Iterator[tuple[list[Token], bool]]:
    """Cut at ``;`` and braces, in bounded memory; and tell whether a statement is one we have in full."""
    statement: list[Token] = []
    depth = 0
    is_whole = True
    for token in stream:
        mark = token.text if token.kind is Kind.OPERATOR else ""
        if mark in _BRACES or (mark == ";" and depth <= 0):
            if statement:
                yield statement, is_whole and mark == ";"
            statement, depth, is_whole = [], 0, True
            continue
        depth += _NESTING.get(mark, 0)
        if len(statement) < _STATEMENT_TOKENS_MAX:
            statement.append(token)
        else:
            is_whole = False


class _Assignment(NamedTuple):
    """An expression, the class it stands in, and whether we have it in full."""

    expression: list[Token]
    class_name: str
    is_whole: bool


class _Reader:
    """Collects what the statements of one file say."""

    def __init__(self, source: str, wanted: frozenset[str]) -> None:
        self._source = source
        self._wanted = wanted
        self._classes: list[str] = []
        self._class = ""
        self._constants: dict[str, PhpValue] = {}
        self._assigned: dict[str, list[_Assignment]] = {}
        self._declared: dict[str, list[_Assignment]] = {}

    def take(self, statement: list[Token], *, is_whole: bool) -> None:
        statement = _without_attributes(statement)
        if [token.text for token in statement[:2]] == ["$this", "->"] and is_next(statement[3:4], "="):
            self._note(self._assigned, statement[2].text, statement[4:], is_whole=is_whole)
        elif statement and statement[0].text.lower() in _MODIFIERS and statement[0].kind is Kind.NAME:
            self._take_declaration(statement, is_whole=is_whole)
        if not is_whole:
            self._take_class(statement)

    def _take_class(self, statement: list[Token]) -> None:
        for before, word, name in zip([None, *statement], statement, statement[1:], strict=False):
            if word.text.lower() != "class" or name.kind is not Kind.NAME or (before and before.text == "::"):
                continue
            if name.text.lower() not in {"extends", "implements"} and len(self._classes) < _NAMES_MAX:
                self._class = name.text
                self._classes.append(name.text)

    def _take_declaration(self, statement: list[Token], *, is_whole: bool) -> None:
        is_constant = any(token.text.lower() == "const" for token in statement[:3])
        for part in _split(statement, ","):
            named, *expressions = _split(part, "=")
            if not named or len(expressions) != 1:
                continue
            name, expression = named[-1], expressions[0]
            if is_constant and is_whole and len(self._constants) < _NAMES_MAX:
                try:
                    self._constants[name.text] = evaluate(expression, self._constants, self._class)
                except NotLiteralError:
                    continue
            elif name.kind is Kind.VARIABLE:
                self._note(self._declared, name.text[1:], expression, is_whole=is_whole)

    def _note(self, where: dict[str, list[_Assignment]], name: str, expression: list[Token], *, is_whole: bool) -> None:
        seen = where.setdefault(name, []) if name in self._wanted else []
        if len(seen) < _ASSIGNMENTS_MAX:
            seen.append(_Assignment(expression, self._class, is_whole and bool(expression)))
        else:
            seen[-1] = seen[-1]._replace(is_whole=False)

    def facts(self) -> PhpFacts:
        values: dict[str, PhpValue] = {}
        sources: dict[str, str] = {}
        for name, assignments in (self._declared | self._assigned).items():
            for expression, _, is_whole in assignments:
                if is_whole:
                    sources[name] = self._source[expression[0].start : expression[-1].end]
            try:
                found = [self._evaluate(assignment) for assignment in assignments]
            except NotLiteralError:
                continue
            if all(value == found[0] for value in found):
                values[name] = found[0]
        return PhpFacts(tuple(self._classes), values, sources)

    def _evaluate(self, assignment: _Assignment) -> PhpValue:
        if not assignment.is_whole:
            raise NotLiteralError
        return evaluate(assignment.expression, self._constants, assignment.class_name)


def _without_attributes(statement: list[Token]) -> list[Token]:
    while is_next(statement, "#["):
        end = next((at for at, token in enumerate(statement) if is_next([token], "]")), len(statement))
        statement = statement[end + 1 :]
    return statement


def _split(statement: Sequence[Token], separator: str) -> list[list[Token]]:
    """Split at a separator that stands outside of all brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in statement:
        mark = token.text if token.kind is Kind.OPERATOR else ""
        depth += _NESTING.get(mark, 0)
        if mark == separator and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
