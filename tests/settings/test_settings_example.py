"""``config.example.toml`` is the list of keys and defaults; here it is held against the program."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from bridge.settings import Settings, load
from bridge.settings.faults import known_keys

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
# A key: "# name = value", with the lines of comment above it.
_KEY = re.compile(r"(?P<comment>(?:# .+\n)+?)# (?P<name>[a-z_]+) = (?P<value>.+)")


def shown():
    """``{"section.key": (comment, default)}`` as the file shows them."""
    found = {}
    for part in re.split(r"^\[", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        section, _, body = part.partition("]\n")
        for match in _KEY.finditer(body):
            value = tomllib.loads(f"x = {match['value']}")["x"]
            found[f"{section}.{match['name']}"] = (match["comment"], value)
    return found


def plain(value):
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if isinstance(value, Path) else value


def test_the_example_shows_every_key_with_its_default_in_the_order_of_the_program():
    assert {key: default for key, (_, default) in shown().items()} == {k: plain(v) for k, v in known_keys().items()}
    assert list(shown()) == list(known_keys())


@pytest.mark.parametrize("key", known_keys())
def test_every_key_is_explained_in_a_sentence(key):
    comment = shown()[key][0]
    assert comment.rstrip().endswith(".")
    assert len(comment.split()) > 6


@pytest.mark.parametrize(
    ("ending", "unit"), [("_seconds", "econds"), ("_bytes", "ytes"), ("_per_second", "a second"), ("_day", "24 hours")]
)
def test_every_amount_is_explained_with_its_unit(ending, unit):
    named = [key for key in known_keys() if key.endswith(ending) and not (ending == "_seconds" and "_per_" in key)]
    assert named
    assert [key for key in named if unit not in shown()[key][0]] == []


def test_the_example_is_a_valid_configuration_as_it_is(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load(EXAMPLE) == Settings()


def test_the_example_is_a_valid_configuration_with_every_key_taken_in(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "config.toml"
    file.write_text(re.sub(r"^# ([a-z_]+ = .+)$", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert tomllib.loads(file.read_text())["web"]["workers"] == 3
    assert load(file) == Settings()
