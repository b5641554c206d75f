"""The element tree and its bytes."""

import re
import xml.dom.minidom

import pytest
import xmltodict
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.xml import DECLARATION, Element, render, single_line

ANY_TEXT = st.text(st.characters() | st.sampled_from("\x00\x0b\x1f\x85\ud800\udfff\ufffe\uffff\u2028 \t\r\n&<>\"']"))


def body(root):
    return render(root).decode().removeprefix(DECLARATION)


def test_a_document_begins_with_the_declaration_and_ends_with_a_line_break():
    assert render(Element("a")) == b'<?xml version="1.0" encoding="UTF-8"?>\n<a></a>\n'


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (Element("a", "text"), "<a>text</a>\n"),
        (Element("a", attributes={"z": "1", "b": "2"}), '<a z="1" b="2"/>\n'),
        (Element("a", "x", attributes={"b": "1"}), '<a b="1">x</a>\n'),
        (Element("a", children=(Element("b", "1"), Element("c"))), "<a>\n  <b>1</b>\n  <c></c>\n</a>\n"),
        (
            Element("a", children=(Element("b", children=(Element("c", "1"),)),)),
            "<a>\n  <b>\n    <c>1</c>\n  </b>\n</a>\n",
        ),
        (Element("a", children=(Element("b", "1"), Element("c", "2")), inline=True), "<a><b>1</b><c>2</c></a>\n"),
        (Element("a", "x & <y>", cdata=True), "<a><![CDATA[x & <y>]]></a>\n"),
        (Element("a", "", cdata=True), "<a></a>\n"),
    ],
)
def test_every_kind_of_element_has_one_shape(element, expected):
    assert body(element) == expected


@pytest.mark.rule(29)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A & <b>\x0b", "A &amp; &lt;b&gt;"),
        ("a\x00b\x1fc", "abc"),
        ("lone \ud800surrogate", "lone surrogate"),
        ("\ufffe\uffffend", "end"),
        ("Größe 日本 🎉", "Größe 日本 🎉"),
    ],
)
def test_markup_is_escaped_and_characters_unknown_to_xml_are_dropped(text, expected):
    assert body(Element("a", text)) == f"<a>{expected}</a>\n"


@pytest.mark.rule(27)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  x  ", "x"),
        ("a\nb", "a b"),
        ("a \r\n\t b", "a b"),
        ("two  spaces", "two  spaces"),
        ("\x85x\u2028", "x"),
        ("\x0b x", "x"),
    ],
)
def test_a_leaf_is_one_line_without_outer_whitespace(text, expected):
    assert single_line(text) == expected
    assert body(Element("a", text)) == f"<a>{expected}</a>\n"


def test_attributes_survive_quotes_markup_and_line_breaks():
    assert (
        body(Element("a", attributes={"t": 'say "x" & <y>\n now'}))
        == '<a t="say &quot;x&quot; &amp; &lt;y&gt; now"/>\n'
    )


@pytest.mark.rule(48)
def test_the_end_mark_of_cdata_is_split():
    document = render(Element("a", "x]]>y", cdata=True))
    assert b"<![CDATA[x]]]]><![CDATA[>y]]>" in document
    assert xmltodict.parse(document) == {"a": "x]]>y"}


@pytest.mark.rule(27, 29)
@settings(max_examples=100, deadline=None)
@given(text=ANY_TEXT, attribute=ANY_TEXT, cdata=st.booleans())
def test_any_text_comes_back_as_its_single_line(text, attribute, cdata):
    root = Element("r", children=(Element("leaf", text, cdata=cdata), Element("other", attributes={"t": attribute})))
    document = xml.dom.minidom.parseString(render(root))
    leaf, other = document.getElementsByTagName("leaf")[0], document.getElementsByTagName("other")[0]
    assert "".join(node.data for node in leaf.childNodes) == single_line(text)
    assert other.getAttribute("t") == single_line(attribute)
    assert not re.search(r">[ \t\r\n]+[^<\s]|[^>\s][ \t\r\n]+</", body(root))
