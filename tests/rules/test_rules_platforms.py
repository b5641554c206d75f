"""Target platforms, tried as Joomla tries them."""

import pytest

from bridge.rules import platforms

SITES = [
    "3.10.12",
    "4.0.0",
    "4.2.9",
    "4.4.9",
    "5.0.0",
    "5.1.0",
    "5.1.2",
    "5.3.2",
    "5.10.0",
    "6.0.0",
    "6.1.0-beta2",
    "6.12.0",
    "7.0.0",
    "50.0.0",
]


@pytest.mark.parametrize(
    ("pattern", "first", "after_last"),
    [
        (platforms.DEFAULT_PLATFORM, "4.4.9", "7.0.0"),
        (platforms.from_minimum_joomla("5.1"), "5.1.0", "7.0.0"),
        (platforms.from_minimum_joomla("v5.1.0"), "5.1.0", "7.0.0"),
        (platforms.from_minimum_joomla("5.1.1"), "5.1.2", "7.0.0"),
        (platforms.from_minimum_joomla("5.2"), "5.3.2", "7.0.0"),
        (platforms.from_minimum_joomla("5.4"), "5.10.0", "7.0.0"),
        (platforms.from_minimum_joomla("5.10"), "5.10.0", "7.0.0"),
        (platforms.from_minimum_joomla("5.11"), "6.0.0", "7.0.0"),
        (platforms.from_minimum_joomla("5"), "5.0.0", "7.0.0"),
        (platforms.from_minimum_joomla("4.4"), "4.4.9", "7.0.0"),
        (platforms.from_minimum_joomla("4.2.0"), "4.2.9", "7.0.0"),
        (platforms.from_minimum_joomla("3.9"), "4.0.0", "7.0.0"),
        (platforms.from_minimum_joomla("6.1-beta1"), "6.1.0-beta2", "7.0.0"),
        (platforms.from_minimum_joomla("7.0"), "7.0.0", "50.0.0"),
        (platforms.from_minimum_joomla("JVERSION"), "4.4.9", "7.0.0"),
    ],
)
def test_a_pattern_is_offered_from_its_first_version_on(pattern: str, first: str, after_last: str) -> None:
    expected = SITES[SITES.index(first) : SITES.index(after_last)]
    assert [site for site in SITES if platforms.matches(pattern, site)] == expected
    assert platforms.problem(pattern) is None


@pytest.mark.parametrize("minimum", [0, 1, 8, 9, 10, 12, 19, 20, 99, 100, 123])
def test_minor_numbers_are_compared_as_numbers(minimum: int) -> None:
    pattern = platforms.from_minimum_joomla(f"6.{minimum}")
    assert [n for n in range(200) if platforms.matches(pattern, f"6.{n}.0")] == list(range(minimum, 200))


@pytest.mark.parametrize(
    ("pattern", "version", "matched"),
    [
        ("5", "50.0", True),
        (r"4\.1", "4.10.0", True),
        (r"4\.1(\.|$|-)", "4.10.0", False),
        (r"4\.1(\.|$|-)", "4.1.2", True),
        (".*", "9.9", True),
        ("5/6", "5/6", False),
        ("(", "5.0", False),
        (r"\.0", "5.0", False),
    ],
)
def test_patterns_match_from_the_start_only_and_broken_ones_not_at_all(pattern, version, matched) -> None:
    assert platforms.matches(pattern, version) is matched


@pytest.mark.parametrize(
    "pattern",
    [r"5\.[0-9]", r"[56]\.[0-9]", r"4\.[0-4]", r"4\.1(\.|$|-)", ".*", r"(4\.4|5\..*)", r"(?:5|6)\.[0-9]{1,2}"],
)
def test_patterns_that_mean_what_they_say_have_no_problem(pattern: str) -> None:
    assert platforms.problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "empty"),
        (" 5\\.1", "spaces around"),
        ("5/6", "slash"),
        ("^5\\.0", "leave it out"),
        ("5.1", r"write \. for the dot"),
        (r"5\.1|6.0", r"write \. for the dot"),
        ("5", "also matches Joomla 50"),
        ("(5|6)", "also matches Joomla 50"),
        (r"4\.1", "also matches Joomla 4.10"),
        (r"(5\.[0-9]", "not a valid regular expression"),
        (r"5\.(?=1)", "holds signs"),
        (r"5\.1 ?é", "holds signs"),
        (r"([0-9]+)+\.0", "repeats a group"),
        (r"[0-9]++", "repeats a group"),
        (r"5\." + "0" * 260, "longer than 255"),
    ],
)
def test_a_pattern_that_would_not_do_gets_a_sentence(pattern: str, words: str) -> None:
    assert words in (platforms.problem(pattern) or "")


@pytest.mark.parametrize(
    ("text", "fine"),
    [("8.1", True), ("8.1.0", True), ("8", True), (">=8.1", False), ("8.1+", False), ("8.x", False), ("", False)],
)
def test_a_php_minimum_is_plain_digits(text: str, fine: bool) -> None:
    problem = platforms.php_minimum_problem(text)
    assert (problem is None) is fine
    assert fine or "such as 8.1" in str(problem)
