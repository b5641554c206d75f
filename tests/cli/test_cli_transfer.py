"""``bridge key import`` and ``bridge key export``."""

import json

import pytest
from support.tables import edd_lines, rows_of, table


@pytest.fixture
def sold(shell):
    """A package."""
    shell.ok("package", "create", "acme", "Standard")
    return shell


def save(path, text: str):
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_customers_come_along_and_again_is_nothing_new(sold, tmp_path):
    file = save(tmp_path / "edd.csv", "".join(edd_lines(3)))
    assert "Would be: 3 new, 0 known" in sold.ok("key", "import", "acme", file, "--dry-run").out
    assert "Imported: 3 new" in sold.ok("key", "import", "acme", file).out
    assert "Imported: 0 new, 3 known" in sold.ok("key", "import", "acme", file).out
    listed = sold.ok("key", "list", "acme", "--customer", "ann1@example.com", "--json").json
    assert [(row["max_sites"], row["package"]) for row in listed] == [(3, "Standard")]


def test_a_bad_row_stops_all_or_is_left_out(sold, tmp_path):
    lines = list(edd_lines(3))
    lines[2] = lines[2].replace("active", "odd")
    file = save(tmp_path / "edd.csv", "".join(lines))
    ran = sold.run("key", "import", "acme", file)
    assert (ran.code, "--skip-bad" in ran.err) == (4, True)
    assert "Would be: 2 new, 0 known, 0 bound to a purchase; 1 refused" in ran.out
    assert "License Status" in ran.out
    assert sold.run("key", "import", "acme", file, "--dry-run").code == 4
    assert "Imported: 2 new" in sold.ok("key", "import", "acme", file, "--skip-bad").out


def test_products_are_mapped_by_name_or_number(sold, tmp_path):
    file = save(tmp_path / "edd.csv", "".join(edd_lines(1, product="A=B")))
    assert sold.run("key", "import", "acme", file).code == 4
    assert "1 new" in sold.ok("key", "import", "acme", file, "--map", "A=B=standard", "--dry-run").out
    number = sold.ok("package", "list", "acme", "--json").json[1]["id"]
    assert "1 new" in sold.ok("key", "import", "acme/mod-weather", file, "--map", f"A=B={number}").out
    for wrong in ("A", "=Standard", "A=Nothing"):
        assert sold.run("key", "import", "acme", file, "--map", wrong).code == 2


def test_each_row_is_told_of(sold, tmp_path):
    file = save(tmp_path / "edd.csv", "".join(edd_lines(2)))
    assert "line 2: issue: a new key\nline 3: issue: a new key\n" in sold.ok("key", "import", "acme", file, "--all").out
    rows = json.loads(sold.ok("key", "import", "acme", file, "--json").out)
    assert [(row["line"], row["action"]) for row in rows] == [(2, "known"), (3, "known")]


def test_what_is_no_table_ends_with_invalid_input(sold, tmp_path):
    ran = sold.run("key", "import", "acme", save(tmp_path / "a.csv", "PK\x03\x04"))
    assert (ran.code, "ZIP" in ran.err) == (2, True)
    assert sold.run("key", "import", "acme", tmp_path / "missing.csv").code == 2
    file = save(tmp_path / "b.csv", table([{"package": "Standard"}]))
    assert sold.run("key", "import", "nobody", file).code == 3


def test_an_export_is_taken_in_again(sold, tmp_path):
    sold.ok("key", "import", "acme", save(tmp_path / "edd.csv", "".join(edd_lines(2))))
    whole = sold.ok("key", "export", "acme").out
    assert [row["customer_name"] for row in rows_of(whole)] == ["Ann 0", "Ann 1"]
    file = tmp_path / "keys.csv"
    sold.ok("key", "export", "acme/mod-weather", "-o", file)
    assert len(rows_of(file.read_text(encoding="utf-8"))) == 2
    assert "0 new, 2 known" in sold.ok("key", "import", "acme", file).out
