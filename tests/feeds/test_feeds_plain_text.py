"""Markdown as one line of text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.plain_text import plain_text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        (
            "**bold** and *italic* and __strong__ and _soft_ and ~~gone~~",
            "bold and italic and strong and soft and gone",
        ),
        ("***both*** and **bold *within* bold**", "both and bold within bold"),
        ("2 * 3 * 4 and snake_case_name and a ~ b", "2 * 3 * 4 and snake_case_name and a ~ b"),
        ("[text](https://x.example/a_(b)) and [ref][1]", "text and ref"),
        ("![alt text](x.png) and [![badge](b.svg)](https://x.example)", "alt text and badge"),
        ("array[0] and [#12]", "array[0] and [#12]"),
        ("<https://x.example/?a=1>", "https://x.example/?a=1"),
        ("`a*b*c` and ``<b>``", "a*b*c and <b>"),
        (r"\*not italic\* and \`not code\`", "*not italic* and `not code`"),
        ("a <b class='x'>bold</b> <br/> word", "a bold  word"),
        ("AT&amp;T &lt;b&gt; &copy;", "AT&T <b> ©"),
        ("`&amp;`", "&amp;"),
        ("a < b and c > d", "a < b and c > d"),
        ("one\ntwo\x00\x0b", "one two"),
        ("`0` `1`", "0 1"),
        ("", ""),
    ],
)
def test_markup_becomes_words(markdown, text):
    assert plain_text(markdown) == text


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters() | st.sampled_from("*_`[]()<>\\&\x00\n~")))
def test_any_markdown_becomes_one_line(markdown):
    line = plain_text(markdown)
    assert line == line.strip()
    assert "\n" not in line
    assert "\x00" not in line


@pytest.mark.timeout(5)
@pytest.mark.parametrize("piece", ["[", "[a](", "**a ", "_a ", "`", "<", "\\", "~~x", "[a](()", "![", "*", " ", "\n"])
def test_hostile_notes_take_no_longer_than_long_ones(piece):
    assert plain_text(piece * 20_000) is not None
