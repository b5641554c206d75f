"""Release notes become Joomla's sections."""

import xml.dom.minidom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.feed_samples import PLUGIN

from feeds import joomla
from feeds.changelog import sections
from feeds.entries import ChangelogEntry

NOTES = """\
# Acme SEO

A release for **everybody**
who reads.

## [2.4.1] - 2026-11-02

### Added
- Canonical [links](https://acme.example)
- A long one
  that goes on
  - and has a child
* [x] Task

### 🐛 Bug fixes
1. Größe & <b>width</b>
2) `snake_case` stays

### Security fixes
Titles are escaped.

Translations
------------
+ German

**Removed:**
- Old API
Changed:
- Defaults

### Upgrade notes
> Back up first.

---

```sh
php cli/joomla.php **x**
```
<!-- never
seen -->
[1]: https://acme.example
"""


@pytest.mark.rule(49)
def test_notes_in_the_manner_of_keep_a_changelog_fill_every_section():
    assert sections(NOTES) == {
        "security": ("Titles are escaped.",),
        "fix": ("Größe &amp; width", "snake_case stays"),
        "language": ("German",),
        "addition": ("Canonical links", "A long one that goes on", "and has a child", "Task"),
        "change": ("Defaults",),
        "remove": ("Old API",),
        "note": ("A release for everybody who reads.", "Back up first.", "php cli/joomla.php **x**"),
    }


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("Added", "addition"),
        ("New features", "addition"),
        ("Changed", "change"),
        ("What's Changed", "change"),
        ("Deprecated", "change"),
        ("Fixed", "fix"),
        ("Bug Fixes 🐞", "fix"),
        ("Security fixes", "security"),
        ("Removed", "remove"),
        ("Language", "language"),
        ("New translations", "language"),
        ("Known issues", "note"),
        ("[2.4.1] - 2026-11-02", "note"),
        ("How this was fixed in the end", "note"),
        ("", "note"),
    ],
)
def test_a_heading_chooses_the_section(heading, section):
    assert sections(f"## {heading}\n\n- item") == {section: ("item",)}


@pytest.mark.parametrize("notes", ["### Fixed ###\nx", "Fixed\n===\nx", "**Fixed**\nx", "__Fixed:__\nx", "Fixed:\n- x"])
def test_people_write_headings_in_many_ways(notes):
    assert sections(notes) == {"fix": ("x",)}


@pytest.mark.parametrize(
    ("notes", "items"),
    [
        ("Security fixes", ("Security fixes",)),
        ("- **Fixed** the login", ("Fixed the login",)),
        ("**Fixed** the login", ("Fixed the login",)),
        ("one\n\ntwo", ("one", "two")),
        ("- a\n- - -\n- b", ("a", "b")),
        ("| a | b |\n|---|:-:|\n", ("a | b",)),
        ("-5 degrees", ("-5 degrees",)),
        ("```one``` line\n- a", ("one line", "a")),
        ("~~~\n- code\n~~~\n- a", ("- code", "a")),
        ("\r\n- a\r\n- b\r\n", ("a", "b")),
    ],
)
def test_a_line_that_only_looks_like_structure_is_an_item(notes, items):
    assert sections(notes) == {"note": items}


@pytest.mark.parametrize("notes", ["", "\n\n", "### Added\n", "-\n- \n", "<!-- x -->", "![](x.png)", "***", "[a]: b"])
def test_notes_without_words_have_no_sections(notes):
    assert sections(notes) == {}


@pytest.mark.rule(28, 48)
@pytest.mark.parametrize(
    ("notes", "item"),
    [
        ("- <script>alert(1)</script>done", "alert(1)done"),
        ("- <img src=x onerror=alert(1)>done", "done"),
        ("- done <img src=x onerror=alert(1)", "done &lt;img src=x onerror=alert(1)"),
        ("- &lt;script&gt;alert(1)", "&lt;script&gt;alert(1)"),
        ("- `<script>`", "&lt;script&gt;"),
        ("- [x](javascript:alert(1))", "x"),
        ("- a ]]> b", "a ]]&gt; b"),
        ('- it\'s "x"', "it&#x27;s &quot;x&quot;"),
    ],
)
def test_nothing_a_publisher_writes_becomes_markup_in_an_administrators_browser(notes, item):
    assert sections(notes) == {"note": (item,)}


def test_words_of_code_are_kept_whatever_they_look_like():
    assert sections("- Strip `<!--` and `<script>`\n- next") == {"note": ("Strip &lt;!-- and &lt;script&gt;", "next")}


@pytest.mark.timeout(5)
@pytest.mark.parametrize("piece", [" ", "# ", "|-", "<!--", "- ", "* ", "[a", ": ", "=", "**a", "\n", "> ", "\n- [x]("])
def test_hostile_notes_take_no_longer_than_long_ones(piece):
    assert "end" in str(sections(f"#{piece * 30_000}\n\nend"))


@pytest.mark.rule(48)
@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.text(st.characters(), max_size=30) | st.sampled_from(["### Fixed", "- x", "```", "===", "> "]), max_size=8
    )
)
def test_any_notes_make_a_changelog_that_parses(lines):
    found = sections("\n".join(lines))
    document = joomla.changelog([ChangelogEntry(PLUGIN, "1.0", found)])
    items = [node.firstChild.data for node in xml.dom.minidom.parseString(document).getElementsByTagName("item")]
    assert items == [item for texts in found.values() for item in texts]
