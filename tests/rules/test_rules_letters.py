"""Texts of mails: what may be written, what becomes of it, and that nothing is ever more than text."""

import re
from pathlib import Path

import pytest

from bridge.rules.letters import kinds, templates
from bridge.rules.letters.templates import InvalidTemplate, Template, as_html, filled, parse
from bridge.rules.payments.messages import TO_CUSTOMER, Message

KNOWN = {"package", "support", "keys"}


def test_a_template_is_read_as_it_is_shown():
    template = parse("Subject: For {package}\r\n\r\nHello\r\n\r\n{keys}\r\n", KNOWN)
    assert template == Template("For {package}", "Hello\n\n{keys}")
    assert parse(template.source, KNOWN) == template


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Hello\n\ntext", "The first line is the subject"),
        ("Subject:\n\ntext", "The first line is the subject"),
        ("", "The first line is the subject"),
        ("Subject: x", "no text below"),
        (
            "Subject: x\n\n{nobody}",
            "Line 3: {nobody} is not known in this mail; there are {keys}, {package}, {support}",
        ),
        ("Subject: {x}\n\ntext", "Line 1: {x} is not known"),
        ("Subject: x\n\n{ package }", "Line 3: a single “{”"),
        ("Subject: x\n\n}", "Line 3: a single “}”"),
        ("Subject: x\n\n{package.__class__}", "Line 3: a single “{”"),
        ("Subject: x\n\n{package!r:>9}", "Line 3: a single “{”"),
        ("Subject: x\n\n{0}", "{0} is not known"),
        ("Subject: x\n\n\x00", "Line 3 holds a control character"),
        ("Subject: x\n\n" + "a" * 20_001, "20000 characters at most"),
    ],
)
def test_what_can_not_be_used_is_said_with_its_line(source, words):
    with pytest.raises(InvalidTemplate, match=re.escape(words)):
        parse(source, KNOWN)


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("For {package}.", {"package": "Pro"}, "For Pro."),
        ("a\n\nQuestions? {support}\n\nb", {}, "a\n\nb"),
        ("{support} or {package}", {"package": "Pro"}, " or Pro"),
        ("{{package}}", {"package": "Pro"}, "{package}"),
        ("{package}", {"package": "{support} {{ {% x %}"}, "{support} {{ {% x %}"),
        ("a\n{keys}\nb", {"keys": "    K1\n    K2"}, "a\n    K1\n    K2\nb"),
        ("no blank", {}, "no blank"),
    ],
)
def test_blanks_are_filled_once_and_lines_that_say_nothing_are_left_out(text, values, said):
    assert filled(parse(f"Subject: s\n\n{text}", KNOWN), values).text == said + "\n"


def test_a_subject_is_one_line_and_not_endless():
    template = parse("Subject: For {package}\n\nx", KNOWN)
    assert filled(template, {"package": "a\r\nBcc: b\n c"}).subject == "For a Bcc: b c"
    assert len(filled(template, {"package": "a" * 999}).subject) == 200


def test_everything_is_escaped_in_the_page_and_only_our_links_are_links():
    page = as_html(
        '<b>&"\n\n    <K>\nhttps://evil.example https://a.example/?x=1&y=2', "de", ["https://a.example/?x=1&y=2"]
    )
    assert '<html lang="de">' in page
    assert "&lt;b&gt;&amp;&quot;" in page
    assert ">&lt;K&gt;</code>" in page
    assert '<a href="https://a.example/?x=1&amp;y=2">https://a.example/?x=1&amp;y=2</a>' in page
    assert page.count("<a ") == 1


def test_every_link_of_a_line_is_one_and_the_longest_goes_before_its_own_beginning():
    links = ["https://a.example/", "https://a.example/x", "", "https://b.example/?a=1&b=2"]
    page = as_html("Here https://a.example/x, https://b.example/?a=1&b=2 or https://a.example/", "en", links)
    assert re.findall(r'<a href="([^"]+)">([^<]+)</a>', page) == [
        ("https://a.example/x",) * 2,
        ("https://b.example/?a=1&amp;b=2",) * 2,
        ("https://a.example/",) * 2,
    ]


@pytest.mark.parametrize(("language", "words"), [("en", "keep it to yourself"), ("de", "für sich")])
@pytest.mark.parametrize("kind", [Message.KEYS, Message.REMINDER, Message.KEY_STATE])
def test_whoever_is_given_the_address_of_the_page_is_told_to_keep_it(kind, language, words):
    (line,) = [each for each in kinds.usual(kind, language).text.split("\n") if "{my_page}" in each]
    assert words in line


@pytest.mark.parametrize("language", kinds.LANGUAGES)
@pytest.mark.parametrize("kind", Message)
def test_every_mail_has_words_in_every_language(kind, language):
    template = kinds.usual(kind, language)
    found = filled(template, dict.fromkeys(kinds.blanks(kind), "WORD"))
    assert "WORD" in found.text
    assert "{" not in found.subject + found.text
    if kind in {Message.KEYS, Message.REMINDER, Message.KEY_STATE}:
        assert "{keys}" in template.text
    if language != kinds.DEFAULT_LANGUAGE:
        assert template != kinds.usual(kind, kinds.DEFAULT_LANGUAGE)


def test_each_blank_is_explained_and_used_by_some_mail():
    assert set().union(*(kinds.blanks(kind) for kind in Message)) == set(kinds.BLANKS)


@pytest.mark.parametrize(
    ("wanted", "own", "language"),
    [
        ("de", [], "de"),
        ("de-AT", [], "de"),
        ("de-AT", ["de-AT"], "de-AT"),
        ("fr", [], "en"),
        ("fr-CH", ["fr"], "fr"),
        ("fr", ["fr-CH"], "en"),
    ],
)
def test_the_nearest_language_is_chosen(wanted, own, language):
    assert kinds.chosen(wanted, own) == language
    assert kinds.words(language).until
    assert templates.MOST_TEMPLATE


def test_the_docs_list_every_mail_and_every_blank():
    page = (Path(__file__).parents[2] / "docs" / "payments.md").read_text(encoding="utf-8")
    for kind in Message:
        to = "customer" if kind in TO_CUSTOMER else "seller"
        assert f"| `{kind}` | {to} |" in page, kind
    for name, what in kinds.BLANKS.items():
        assert f"| `{{{name}}}` | {what} |" in page, name
