"""docs/import.md is true: its tables are those of the code, and its query gives what the form takes."""

import re
from pathlib import Path

import pytest

from bridge.rules.imports.forms import AKEEBA, EDD, OURS, recognised
from bridge.services.import_files import MOST_ROWS
from bridge.web.api.transfer import MOST_UPLOAD_BYTES

PAGE = (Path(__file__).parent.parent / "docs" / "import.md").read_text(encoding="utf-8")
HEADINGS = {"Ours": OURS, "Easy Digital Downloads, Software Licensing": EDD}
HEADINGS |= {"Akeeba Release System with Akeeba Subscriptions": AKEEBA}


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_columns_are_those_of_the_code(heading):
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    names = [
        (" or ".join(f"`{name}`" for name in (each.name, *each.also)), each.says) for each in HEADINGS[heading].columns
    ]
    assert rows == [f"| {name} | {says} |" for name, says in names]


def test_the_query_gives_a_table_that_is_known():
    query = re.search(r"```sql\nSELECT (.*?)\nFROM", PAGE, re.DOTALL)[1]
    flat = re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", query))
    names = [re.split(r"\s+AS\s+|\.", each.strip())[-1].strip("` ") for each in flat.split(",")]
    header = recognised(names)
    assert header is not None
    assert (header.form, header.passed_over) == (AKEEBA, ())


def test_the_limits_are_those_of_the_code():
    assert f"{MOST_ROWS:,} rows" in PAGE
    assert f"{MOST_UPLOAD_BYTES // 1024**2} MiB" in PAGE
