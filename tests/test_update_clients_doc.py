"""Every rule that docs/update-clients.md promises is proved by a test that names it: ``@pytest.mark.rule(16)``."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
DOCUMENT = TESTS.parent / "docs" / "update-clients.md"

# The rules clients break on; the numbers in between are advice.
PROMISED = {*range(1, 13), *range(15, 30), 34, *range(35, 45), 47, 48, *range(50, 55)}
HIGHEST = 58
NOT_OURS_TO_TEST = {
    10: "certificates and challenges are the duty of the proxy in front",
    52: "a public address is the duty of whoever installs the server",
}


def documented():
    return [
        int(number) for number in re.findall(r"^\*\*Rule ([0-9]+)\.\*\* \S", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    ]


def marked():
    """Return the numbers in all ``pytest.mark.rule(…)`` of all test files, with the files that name them."""
    found: dict[int, set[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for number in numbers_in(path.read_text("utf-8")):
            found.setdefault(number, set()).add(path.name)
    return found


def numbers_in(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
            yield from (argument.value for argument in node.args if isinstance(argument, ast.Constant))


def test_the_document_names_every_rule_once_and_in_order():
    assert documented() == sorted(PROMISED)


def test_every_promised_rule_is_named_by_a_test():
    unproved = set(documented()) - set(marked()) - set(NOT_OURS_TO_TEST)
    assert sorted(unproved) == []


def test_no_test_names_a_rule_that_does_not_exist():
    assert {number: files for number, files in marked().items() if number not in range(1, HIGHEST + 1)} == {}


def test_an_exempted_rule_is_promised_and_says_why_it_is_exempt():
    assert set(NOT_OURS_TO_TEST) <= PROMISED
    assert all(NOT_OURS_TO_TEST.values())


def test_markers_are_found_wherever_they_stand():
    source = """
@pytest.mark.rule(16)
@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.rule(17, 18))])
def test_x(x): ...
pytestmark = [pytest.mark.rule(19)]
print("pytest.mark.rule(20)", mark.rule(21))
"""
    assert sorted(numbers_in(source)) == [16, 17, 18, 19]
