"""The value of a PHP expression that is made of literals. Read, never executed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from feeds.php_tokens import Kind, Token

PhpValue: TypeAlias = str | int | float | bool | dict[int | str, "PhpValue"] | None

_DEPTH_MAX = 16
_NUMBER_CHARS_MAX = 20
_WORDS: Mapping[str, PhpValue] = {"true": True, "false": False, "null": None}
_MODULE_PREFIX = re.compile(r"/\^mod/i?")


class NotLiteralError(ValueError):
    """An expression whose value only running the program could tell."""


def evaluate(expression: Sequence[Token], constants: Mapping[str, PhpValue], class_name: str) -> PhpValue:
    """Give the value of an expression inside the class ``class_name``. Arrays become dicts.

    Raises NotLiteralError.
    """
    return _Expression(expression, constants, class_name).value()


def php_string(value: PhpValue) -> str:
    """Convert as PHP's ``.`` operator does. Raises NotLiteralError for an array."""
    if isinstance(value, dict):
        raise NotLiteralError
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


class _Expression:
    """Evaluates literals, arrays and concatenations of them, class constants, and the usual module name idiom."""

    def __init__(self, expression: Sequence[Token], constants: Mapping[str, PhpValue], class_name: str) -> None:
        self._tokens = expression
        self._constants = constants
        self._class = class_name
        self._at = 0

    def value(self) -> PhpValue:
        result = self._concatenation(0)
        if self._at != len(self._tokens):
            raise NotLiteralError
        return result

    def _concatenation(self, depth: int) -> PhpValue:
        result = self._operand(depth)
        while self._accept("."):
            result = php_string(result) + php_string(self._operand(depth))
        return result

    def _operand(self, depth: int) -> PhpValue:
        if depth > _DEPTH_MAX or self._at >= len(self._tokens):
            raise NotLiteralError
        token = self._tokens[self._at]
        self._at += 1
        if token.kind is Kind.STRING:
            return token.text
        if token.kind is Kind.NUMBER:
            return _number(token.text)
        if token.kind is Kind.NAME:
            return self._named(token.text, depth)
        if token.kind is Kind.OPERATOR and token.text in "+-":
            number = self._operand(depth + 1)
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise NotLiteralError
            return -number if token.text == "-" else number
        if token.kind is Kind.OPERATOR and token.text == "[":
            return self._items("]", depth + 1)
        if token.kind is Kind.OPERATOR and token.text == "(":
            inner = self._concatenation(depth + 1)
            self._expect(")")
            return inner
        raise NotLiteralError

    def _named(self, name: str, depth: int) -> PhpValue:
        word = name.lower().lstrip("\\")
        if word in _WORDS:
            return _WORDS[word]
        if word == "array" and self._accept("("):
            return self._items(")", depth + 1)
        if word == "preg_replace" and self._accept("("):
            return self._module_name(self._items(")", depth + 1))
        if word == "get_class" and self._accept("("):
            self._expect("$this")
            self._expect(")")
            return self._class_name()
        if word == "__class__":
            return self._class_name()
        if self._accept("::"):
            if self._accept("class") and word in {"self", "static"}:
                return self._class_name()
            name = self._tokens[self._at].text if self._at < len(self._tokens) else ""
            self._at += 1
        if name not in self._constants:
            raise NotLiteralError
        return self._constants[name]

    def _class_name(self) -> str:
        if not self._class:
            raise NotLiteralError
        return self._class

    def _module_name(self, arguments: dict[int | str, PhpValue]) -> str:
        """Dolibarr's usual ``preg_replace('/^mod/i', '', get_class($this))``; any other pattern is not ours to run."""
        pattern, replacement, subject = (arguments.get(place) for place in range(3))
        is_usual = isinstance(pattern, str) and _MODULE_PREFIX.fullmatch(pattern) and replacement == ""
        if not is_usual or not isinstance(subject, str):
            raise NotLiteralError
        return subject[3:] if subject[:3].lower() == "mod" else subject

    def _items(self, closing: str, depth: int) -> dict[int | str, PhpValue]:
        items: dict[int | str, PhpValue] = {}
        while not self._accept(closing):
            key: PhpValue = len(items)
            value = self._concatenation(depth)
            if self._accept("=>"):
                key, value = value, self._concatenation(depth)
            if not isinstance(key, int | str):
                raise NotLiteralError
            items[key] = value
            if not self._accept(","):
                self._expect(closing)
                break
        return items

    def _accept(self, text: str) -> bool:
        accepted = is_next(self._tokens[self._at : self._at + 1], text)
        self._at += accepted
        return accepted

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise NotLiteralError


def is_next(following: Sequence[Token], text: str) -> bool:
    """Tell whether the first token is this operator or word, and not a string that looks like it."""
    return bool(following) and following[0].kind is not Kind.STRING and following[0].text == text


def _number(text: str) -> int | float:
    """Read a PHP number: ``0x1F``, ``017``, ``0o17``, ``0b1``, ``1_000``, ``1.5``, ``.5e3``."""
    digits = text.replace("_", "").lower()
    if len(digits) > _NUMBER_CHARS_MAX:
        raise NotLiteralError
    if digits.isdigit() and digits.startswith("0") and len(digits) > 1:
        digits = f"0o{digits}"
    try:
        return int(digits, 0)
    except ValueError:
        try:
            return float(digits)
        except ValueError:
            raise NotLiteralError from None
