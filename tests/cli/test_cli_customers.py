"""``bridge customer``: who holds keys, what is stored about them, and that nothing is left."""

import json
from pathlib import Path

import pytest
from support.dumps_of_tables import dumped

from bridge.storage import audits


@pytest.fixture
def sold(shell):
    """Ann with two keys, Bob with one of the repo's own package."""
    shell.ok("package", "create", "acme", "Standard")
    shell.ok("package", "create", "acme/mod-weather", "Local")
    ann = ("--name", "Ann Quxford", "--email", "Ann@Quxford.example", "--note", "secret note")
    shell.ok("key", "issue", "acme", "Standard", *ann, "--quantity", 2)
    shell.ok("key", "issue", "acme/mod-weather", "Local", "--name", "Bob", "--email", "bob@x.example")
    return shell


def test_customers_are_listed_by_name_and_found(sold):
    rows = sold.ok("customer", "list", "acme", "--json").json
    assert [(row["name"], row["email"], row["keys"]) for row in rows] == [
        ("Ann Quxford", "Ann@Quxford.example", 2),
        ("Bob", "bob@x.example", 1),
    ]
    assert [row["name"] for row in sold.ok("customer", "list", "acme/mod-weather", "--json").json] == ["Bob"]
    for words in ("quxf", "ANN@"):
        assert [row["name"] for row in sold.ok("customer", "list", "acme", "--q", words, "--json").json] == [
            "Ann Quxford"
        ]
    assert "Ann@Quxford.example" in sold.ok("customer", "list", "acme").out
    assert [row["name"] for row in sold.ok("customer", "list", "acme", "--limit", 1, "--page", 2, "--json").json] == [
        "Bob"
    ]
    assert "No customer matches" in sold.ok("customer", "list", "acme", "--q", "nobody").out


def test_an_export_goes_to_the_screen_or_into_a_file(sold, tmp_path):
    shown = sold.ok("customer", "export", "acme", "ann@quxford.example").json
    assert (shown["customer"]["name"], len(shown["keys"])) == ("Ann Quxford", 2)
    file = tmp_path / "ann.json"
    assert sold.ok("customer", "export", "acme", shown["customer"]["id"], "-o", file).out == ""
    assert json.loads(file.read_text(encoding="utf-8"))["keys"] == shown["keys"]
    with sold.installation.parts.open_session(read_only=True) as session:
        trail = audits.of_subject(session, f"customer:{shown['customer']['id']}")
        assert [(row.action, row.actor.partition(":")[0]) for row in trail] == [("customer.export", "cli")] * 2


def test_erasing_asks_and_leaves_nothing_in_the_files_either(sold):
    sold.monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "n")
    refused = sold.run("customer", "erase", "acme", "ann@quxford.example")
    assert (refused.code, "nothing was forgotten" in refused.err) == (4, True)
    assert len(sold.ok("customer", "list", "acme", "--json").json) == 2
    said = sold.ok("customer", "erase", "acme", "ann@quxford.example", "--yes", "--domains").out
    assert said.startswith("Forgotten. 2 keys go on without a name")
    assert "quxford" not in dumped(sold.installation.parts.engine)
    assert [row["name"] for row in sold.ok("customer", "list", "acme", "--json").json] == ["Bob"]
    assert [row["customer"] for row in sold.ok("key", "list", "acme", "--json").json if not row["master"]] == [
        "",
        "",
        "Bob <bob@x.example>",
    ]
    base = Path(sold.installation.settings.database.url.removeprefix("sqlite:///"))
    for path in (base, base.with_name(f"{base.name}-wal")):
        assert b"Quxford" not in (path.read_bytes() if path.exists() else b"")


@pytest.mark.parametrize("who", ["carl@x.example", "4711", "#0", "9" * 17, "", "a\udcffb", "x" * 9999])
def test_who_is_not_there_is_said(sold, who):
    for command in ("export", "erase"):
        ran = sold.run("customer", command, "acme", "--", who)
        assert ran.code == 3
        assert "has no customer" in ran.err
    assert sold.run("customer", "list", "nobody").code == 3
