"""The PHP lexer and what is evaluated of it, against oddities of real files."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.php_facts import read_php
from feeds.php_tokens import Kind, PhpSyntaxError, tokens


def kinds(source):
    return [(token.kind.value, token.text) for token in tokens(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", []),
        ("no php", []),
        ("<?xml version='1.0'?>", []),
        ("<?php", []),
        ("<?PHP $a;", [("variable", "$a"), ("operator", ";")]),
        ("\ufeff<h1>$html 'x</h1><?= $a ?>tail", [("variable", "$a"), ("operator", ";")]),
        ("<?php // 'open ?>'html<?php $b", [("operator", ";"), ("variable", "$b")]),
        ("<?php # it's ?\n$b", [("variable", "$b")]),
        ("<?php /* it's // * ?> */ $b /** x **/", [("variable", "$b")]),
        ("<?php /* never closed $b", []),
        ("<?php #[A] $b", [("operator", "#["), ("name", "A"), ("operator", "]"), ("variable", "$b")]),
        ("<?php \\Foo\\Bar été", [("name", "\\Foo\\Bar"), ("name", "été")]),
        (
            "<?php $a?->b::c",
            [("variable", "$a"), ("operator", "?->"), ("name", "b"), ("operator", "::"), ("name", "c")],
        ),
        ("<?php 1.5 .5 1e3 0x1F 1_000", [("number", text) for text in ("1.5", ".5", "1e3", "0x1F", "1_000")]),
        ("<?php a; __halt_compiler(); 'binary", [("name", "a"), ("operator", ";")]),
    ],
)
def test_php_is_cut_into_tokens(source, expected):
    assert kinds(source) == expected


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'a'", "a"),
        (r"'it\'s \\ \n $x'", r"it's \ \n $x"),
        ("'two\nlines'", "two\nlines"),
        ('"a"', "a"),
        (r'"\"\\\$x\t\n\x41\101\u{1F600}\q"', '"\\$x\t\nAA\U0001f600\\q'),
        (r'"100$ {a} $1 \{$"', r"100$ {a} $1 \{$"),
        (r"'// no /* comment ?>'", "// no /* comment ?>"),
        ("<<<EOT\nv 1.2\nEOT", "v 1.2"),
        ("<<<'EOT'\n$x {$y}\nEOT", "$x {$y}"),
        ('<<<"EOT"\nEOTX\nEOT', "EOTX"),
        ("<<<EOT\n    a\n      b\n    EOT", "a\n  b"),
        ("<<<EOT\r\na\r\nEOT", "a"),
        ('<<<EOT\n\\"x\\" \\x41\nEOT', '\\"x\\" A'),
        ("<<<EOT\nEOT", ""),
    ],
)
def test_strings_have_the_value_that_php_gives_them(literal, value):
    assert kinds(f"<?php {literal};") == [("string", value), ("operator", ";")]


@pytest.mark.parametrize(
    "literal",
    [
        '"$x"',
        '"{$x}"',
        '"${x}"',
        '"a {$b["c"]} d"',
        "\"{$b['}']}\"",
        '"{$a->f("{$b}")}"',
        "`ls`",
        "<<<A\n$x\nA",
        '"\\\\$x"',
    ],
)
def test_a_string_with_code_inside_has_no_value_and_one_end(literal):
    assert kinds(f"<?php {literal};") == [("template", literal), ("operator", ";")]


@pytest.mark.parametrize("source", ["'open", '"open', '"{$open', '"{$a["', "<<<A\nopen", "`ls", "\"{$a['", '"\\'])
def test_what_does_not_end_is_no_php(source):
    with pytest.raises(PhpSyntaxError, match="line"):
        kinds(f"<?php {source}")


def value_of(expression, before=""):
    source = (
        f"<?php {before} class modAcmeStock extends X {{ const V = '7'; function f() {{ $this->x = {expression}; }} }}"
    )
    return read_php(source, ["x"]).values.get("x", "no literal")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'1.2.3'", "1.2.3"),
        ("'1.' . '2' . \".3\"", "1.2.3"),
        ("'1.' . 2", "1.2"),
        ("'v' . 1.0", "v1"),
        ("'a' . true . null . false", "a1"),
        ("('1' . ('.2'))", "1.2"),
        ("7", 7),
        ("-3", -3),
        ("0x1F", 31),
        ("017", 15),
        ("0b11", 3),
        ("1_000", 1000),
        ("TRUE", True),
        ("null", None),
        ("array(7, 1)", {0: 7, 1: 1}),
        ("[11, -3,]", {0: 11, 1: -3}),
        ("array('a' => [1], 'b' => array())", {"a": {0: 1}, "b": {}}),
        ("self::V . '.0'", "7.0"),
        ("static::V", "7"),
        ("modAcmeStock::V", "7"),
        ("preg_replace('/^mod/i','',get_class($this))", "AcmeStock"),
        ("preg_replace('/^mod/i', '', static::class)", "AcmeStock"),
        ("\\preg_replace('/^mod/', '', __CLASS__)", "AcmeStock"),
        ("get_class($this)", "modAcmeStock"),
    ],
)
def test_literals_are_evaluated(expression, value):
    assert value_of(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "$x",
        '"1.$x"',
        "'1' . f()",
        "system('id')",
        "eval('1')",
        "file_get_contents(__DIR__.'/VERSION')",
        "1 + 1",
        "true ? '1' : '2'",
        "'1' ?? '2'",
        "self::NONE",
        "self::$v",
        "NONE",
        "new X",
        "preg_replace('/a/e', '', 'b')",
        "preg_replace('/^mod/i', 'x', get_class($this))",
        "preg_replace('/^mod/i')",
        "get_class($that)",
        "'a' . array()",
        "-'1'",
        "[1, 2",
        "['a' => f()]",
        "[[] => 1]",
        "match (1) { 1 => '2' }",
        "function () { return '1'; }",
        "9" * 5000,
        "[" * 5000,
        "-" * 1500 + "1",
        "'1'" + ".'1'" * 3000,
    ],
)
def test_what_only_running_it_could_tell_has_no_value(expression):
    assert value_of(expression) == "no literal"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("public $x = '1';", "1"),
        ("protected readonly ?string $x = '1', $y = '2';", "1"),
        ("var $x='1';", "1"),
        ("#[A(1)] private $x = '1';", "1"),
        ("public $x = '1'; function f() { $this->x = '2'; }", "2"),
        ("function f() { $this->x = '1'; } function g() { $this->x = '1'; }", "1"),
        ("function f() { $this->x = '1'; if ($a) { $this->x = '2'; } }", "no literal"),
        ("function f() { $this->x = '1'; $this->x = g(); }", "no literal"),
        ("function f() { $this->x == '1'; $this->x .= '2'; $that->x = '3'; $x = '4'; }", "no literal"),
        ("function f($x = '1') { }", "no literal"),
        ("function f() { foo(); /* $this->x = '1'; */ // $this->x = '2';\n }", "no literal"),
        ("const string X = '1'; public $x = self::X;", "1"),
        ("private const A = '1', B = '2'; public $x = self::B;", "2"),
        ("function f() { $this\n  -> x\n = # why\n '1' ; }", "1"),
        ("function f() { ?> html <?php $this->x = '1' ?> <?php }", "1"),
    ],
)
def test_properties_are_found_where_they_are_declared_or_assigned(body, value):
    assert read_php(f"<?php class A {{ {body} }}", ["x"]).values.get("x", "no literal") == value


def test_the_source_of_an_expression_is_kept_though_it_has_no_value():
    facts = read_php("<?php class A { function f() { $this->x = 'https://u?dlid=' . urlencode( g('K') ) ; } }", ["x"])
    assert facts.sources == {"x": "'https://u?dlid=' . urlencode( g('K') )"}
    assert "x" not in facts.values


def test_classes_are_named_and_anonymous_ones_are_not():
    source = "<?php final class A extends B {} $a = new class extends C {}; $b = A::class; abstract class D { }"
    assert read_php(source, []).classes == ("A", "D")


NONSENSE = {
    "semicolons": ("", ";", ""),
    "constants": ("", "const A=1;", ""),
    "one word": ("", "a", ""),
    "one string": ("'", "\\'", "';"),
    "one concatenation": ("$this->x = ", "'a'.", "'a';"),
    "assignments": ("", "$this->x='1';", ""),
    "one comment": ("/*", "*", ""),
    "one line comment": ("//", "?", ""),
    "one heredoc": ("<<<A\n", "A1\n", "A\n;"),
    "many parts": ("", "?><?php ", ""),
    "templates": ("", '"$a"', ""),
    "open tags": ("?>", "<", ""),
    "brackets": ("$this->x = ", "[", ";"),
}


def nonsense(shape, size):
    before, middle, after = NONSENSE[shape]
    return f"<?php {before}{middle * (size // len(middle))}{after}"


@pytest.mark.parametrize("shape", NONSENSE)
def test_nonsense_takes_little_memory_and_time_in_proportion_to_its_length(shape):
    """Up to 100 KB here; a file may have ten times that."""
    tracemalloc.start()
    try:
        assert read_php(nonsense(shape, 30_000), ["x"]).classes == ()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 1024**2
    started = time.process_time()
    read_php(nonsense(shape, 100_000), ["x"])
    assert time.process_time() - started < 3


def test_nested_templates_end_before_the_stack_does():
    with pytest.raises(PhpSyntaxError):
        kinds("<?php " + '"{$a[' * 100_000)


PIECES = [
    "$this",
    "->",
    "x",
    "=",
    ";",
    "'",
    '"',
    "{$",
    "}",
    "(",
    ")",
    "[",
    "]",
    "array",
    ".",
    "1",
    "//",
    "/*",
    "?>",
    "<?php ",
    "\n",
    "<<<A\n",
    "A",
    "const",
    "class",
    "\\",
    "#[",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_heap_of_php_is_read_or_refused(pieces):
    source = "<?php " + "".join(pieces)
    try:
        found = list(tokens(source))
        facts = read_php(source, ["x"])
    except PhpSyntaxError:
        return
    assert all(0 < token.start < token.end <= len(source) for token in found)
    assert all(
        source[token.start : token.end] == token.text for token in found if token.kind in (Kind.NAME, Kind.VARIABLE)
    )
    assert set(facts.values) <= {"x"}
