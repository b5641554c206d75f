"""Versions in PHP's eyes; the order of the table is the order of PHP's manual and of its source."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules import versions
from bridge.rules.versions import InvalidRange, php_version_compare


@pytest.mark.parametrize(
    ("a", "b", "order"),
    [
        ("1.2.3", "1.2.3", 0),
        ("1.2", "1.2.0", -1),
        ("1.2.10", "1.2.9", 1),
        ("02.01.11", "2.1.11", 0),
        ("1.0.0rc1", "1.0.0-rc.1", 0),
        ("1.0.0-rc1", "1.0.0-rc.1", 0),
        ("1.0.0_rc+1", "1.0.0-rc.1", 0),
        ("1.0.0-RC1", "1.0.0-rc1", 0),
        ("1.0.0a1", "1.0.0-alpha1", 0),
        ("1.0.0b", "1.0.0-beta", 0),
        ("1.0.0p1", "1.0.0-pl1", 0),
        ("1.0.0-1", "1.0.0", 1),
        ("1.0.0-nightly", "1.0.0", -1),
        ("1.0.0-nightly", "1.0.0-dev", -1),
        ("1.0.0-hotfix", "1.0.0", -1),
        ("1.0.0-stable", "1.0.0", -1),
        ("1.0.0+build.5", "1.0.0", -1),
        ("1.0.0-preview", "1.0.0", 1),
        ("1.0.0-patch", "1.0.0", 1),
        ("1.0.0-Beta1", "1.0.0-dev", -1),
        ("v1.3.0", "0.0.1", -1),
        ("1", "1.dev", 1),
        ("1", "1.pl", -1),
        ("1.", "1", -1),
        ("1.", "1.2", -1),
        ("1..2", "1.2", 0),
        (".1", "1", -1),
        ("-1", "-.1", 0),
        ("", "1", -1),
        ("1", "", 1),
        ("", "", 0),
        ("1.0#", "1.0", 0),
        ("99999999999999999999", "9223372036854775807", 0),
        ("1.0.0-beta2", "1.0.0-beta10", -1),
        ("5.3.0-beta", "5.3.0-alpha9", 1),
        ("404pagenotfound", "1.0", 1),
        ("1.0.é", "1.0", -1),
    ],
)
def test_versions_compare_as_php_compares_them(a: str, b: str, order: int) -> None:
    assert php_version_compare(a, b) == order
    assert php_version_compare(b, a) == -order


def test_a_trailing_dot_makes_a_version_older_than_itself_as_in_php() -> None:
    assert php_version_compare("1.", "1.") == -1


def test_the_special_forms_stand_in_phps_order() -> None:
    forms = ["1.0-unknown", "1.0-dev", "1.0-alpha", "1.0-beta", "1.0-rc", "1.0", "1.0-pl", "1.0.0"]
    for (at, one), (where, other) in itertools.product(enumerate(forms[:-1]), repeat=2):
        assert php_version_compare(one, other) == (at > where) - (at < where)
    shuffled = sorted(forms[:-1], key=lambda form: form[::-1])
    assert sorted(shuffled, key=versions.version_key) == forms[:-1]


@settings(max_examples=200, deadline=None)
@given(st.text("0123.-+_abprcdev#~é", max_size=12), st.text("0123.-+_abprcdev#~é", max_size=12))
def test_comparing_any_two_texts_is_antisymmetric_but_for_trailing_separators(a: str, b: str) -> None:
    a, b = a.rstrip(".-+_#~é"), b.rstrip(".-+_#~é")
    assert php_version_compare(a, b) == -php_version_compare(b, a)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 99), min_size=1, max_size=4), st.lists(st.integers(0, 99), min_size=1, max_size=4))
def test_plain_versions_compare_like_lists_of_numbers(a: list[int], b: list[int]) -> None:
    assert php_version_compare(".".join(map(str, a)), ".".join(map(str, b))) == (a > b) - (a < b)


@pytest.mark.parametrize(
    "version",
    ["1.2.0", "1", "1.2.0-rc1", "1.2.0rc1", "1.2.0.beta", "1.2-alpha.3", "1.0-dev", "1.0-pl2", "1.0p1", "1.0a"],
)
def test_versions_that_joomla_sorts_as_meant_have_no_problem(version: str) -> None:
    assert versions.joomla_version_problem(version) is None


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("v1.2.0", "write 1.2.0."),
        ("1.2.0-RC1", "write 1.2.0-rc1."),
        ("1.2.0-Beta", "write 1.2.0-beta."),
        ("1.2.0-nightly", "such as 1.2.0 or"),
        ("1.2.0-preview", "such as 1.2.0 or"),
        ("1.2.0-hotfix", "such as 1.2.0 or"),
        ("1.2.0+build.5", "such as 1.2.0 or"),
        ("1.2.0-1", "such as 1.2.0 or"),
        ("", "such as 1.2.0 or"),
        ("1.2.0\n", "such as 1.2.0 or"),
        ("١.٢", "such as 1.2.0 or"),
        ("1." * 16 + "1", "longer than the 32"),
    ],
)
def test_versions_that_joomla_would_misread_get_a_sentence(version: str, words: str) -> None:
    assert words in (versions.joomla_version_problem(version) or "")


@pytest.mark.parametrize(
    ("version", "stability"),
    [
        ("1.2.3", "stable"),
        ("1.2.3-1", "stable"),
        ("v1.2.3", "stable"),
        ("1.2.3-pl1", "stable"),
        ("1.2.3+build5", "stable"),
        ("1.2.3-rc.1+build5", "rc"),
        ("1.2.3RC1", "rc"),
        ("1.2.3-Beta", "beta"),
        ("1.2.3b2", "beta"),
        ("1.2.3a", "alpha"),
        ("1.2.3-dev", "dev"),
        ("1.2.3-rc1-dev", "dev"),
        ("1.2.3-nightly", "dev"),
        ("1.2.3-preview", "dev"),
        ("", "stable"),
    ],
)
def test_the_stability_is_the_least_stable_word_of_the_version(version: str, stability: str) -> None:
    assert versions.stability_of(version) == stability


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("v1.2.3", "1.2.3"),
        ("1.2.3", "1.2.3"),
        ("V2", "2"),
        ("v1.2.0-rc.1", "1.2.0-rc.1"),
        ("2.0-beta3", "2.0-beta3"),
        ("com_shop-1.2.3", "1.2.3"),
        ("release/v1.2.3", "1.2.3"),
        ("joomla5-v1.2.3", "1.2.3"),
        ("v.1.2.3", "1.2.3"),
        ("2.0rc1", "2.0rc1"),
        ("1.2.3+build.5", "1.2.3+build.5"),
        ("latest", None),
        ("", None),
    ],
)
def test_the_version_is_found_at_the_end_of_the_tag(tag: str, version: str | None) -> None:
    assert versions.version_from_tag(tag) == version


@pytest.mark.parametrize(
    ("tag", "manifest", "same"),
    [
        ("v1.2.0-rc.1", "1.2.0-rc1", True),
        ("v1.2.0", "1.2.0", True),
        ("v1.2", "1.2.0", True),
        ("1.2.0", "1.2", True),
        ("v1.02.0", "1.2.0", True),
        ("1.2.0-RC1", "1.2.0-rc1", True),
        ("1.2.0b1", "1.2.0-beta.1", True),
        ("1.2-rc1", "1.2.0-rc1", True),
        ("v1.2.0", "1.2.1", False),
        ("v1.2.0", "1.2.0-rc1", False),
        ("v1.2.0-rc1", "1.2.0-rc2", False),
        ("v10", "1", False),
        ("v1.0", "1.0.0.1", False),
        ("latest", "1.2.0", False),
        ("v1.2.0", "", False),
    ],
)
def test_tag_and_manifest_may_spell_one_version_differently(tag: str, manifest: str, same: bool) -> None:
    assert versions.same_version(tag, manifest) is same


@pytest.mark.parametrize(
    ("version", "plain"),
    [
        ("1.2.3", True),
        ("7", True),
        ("1.2.3-rc1", False),
        ("v1.2", False),
        ("", False),
        ("1.", False),
        ("1" * 29, True),
        ("1" * 30, False),
        ("1.2\n", False),
    ],
)
def test_dolibarr_shows_short_plain_versions_only(version: str, plain: bool) -> None:
    assert versions.is_plain_version(version) is plain


@pytest.mark.parametrize(
    ("text", "minimum"),
    [
        ("8.1", "8.1"),
        (">=8.1", "8.1"),
        (" PHP 8.1.0+ ", "8.1.0"),
        ("8", "8"),
        ("8.x", None),
        ("^8.1", None),
        ("", None),
    ],
)
def test_a_php_minimum_is_its_plain_number(text: str, minimum: str | None) -> None:
    assert versions.split_php_minimum(text) == minimum


@pytest.mark.parametrize(
    ("version", "text", "inside"),
    [
        ("2.0", ">=2.0 <3", True),
        ("2.9.9", ">=2.0, <3", True),
        ("3", ">=2.0 <3", False),
        ("3.0.0-beta", ">=2.0 <3", False),
        ("2.0-rc1", ">=2.0", False),
        ("1.9", ">= 2.0", False),
        ("1.9", "", True),
        ("1.9", "*", True),
        ("2.0", "=2.0", True),
        ("2.0", "==2.0.0", False),
        ("2.0", "!=2.0", False),
        ("2.0", ">2.0", False),
        ("2.0", "<=2.0", True),
    ],
)
def test_a_range_is_judged_in_phps_order(version: str, text: str, inside: bool) -> None:
    assert versions.in_range(version, text) is inside


@pytest.mark.parametrize("text", ["2.0", "^2.0", ">=", ">=2.0 or <3", "~1", ">=v2", "2.0 - 3.0", ">=2.0 <3 )"])
def test_a_range_nobody_can_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidRange, match=r">=2\.0 <3"):
        versions.parse_range(text)
