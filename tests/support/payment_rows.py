"""The rows of the payments' test plan, and which of them have a case. `@row("T01")` gives a test their names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest


def _rows(first: int, last: int) -> list[str]:
    return [f"T{number:02}" for number in range(first, last + 1)]


# The plan, by the part that each row tries.
CORE = [
    *_rows(1, 36),
    *_rows(40, 47),
    *_rows(50, 57),
    *_rows(60, 66),
    *_rows(70, 79),
    *_rows(85, 91),
    *_rows(102, 103),
]
PAYPAL = ["T48", "T49", "T58", *_rows(92, 99)]
DELIVERY = _rows(80, 84)
SHOP_CALLS = ["T100", "T101"]
AGAINST_STRIPES_OWN = ["T104"]


# Where only one of the two can know: an account with an API key, or one without.
PULL = pytest.mark.parametrize("way", ["pull"], indirect=True)
PUSH = pytest.mark.parametrize("way", ["push"], indirect=True)

# Where the other provider's case of the row runs on both databases.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def row(*names: str) -> pytest.MarkDecorator:
    """The rows that a test tries."""
    return pytest.mark.parametrize("row", names, indirect=True)


def tried(root: Path) -> Iterator[str]:
    """The rows that some test names, by its decorator."""
    for file in root.rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "row":
                names = [each.value for each in node.args if isinstance(each, ast.Constant)]
                yield from (name for name in names if isinstance(name, str) and re.fullmatch(r"T[0-9]+", name))
