"""Which patterns for Joomla versions are safe, and what they match."""

import re

import pytest

from feeds.target_platform import fault

PROBES = ("4.4.9", "5.3.2", "5.10.0", "6.0.0", "6.1.0-beta2")


@pytest.mark.rule(25)
@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        (r"(4\.4|5\.[0-9]+|6\.[0-9]+)", "4.4.9 5.3.2 5.10.0 6.0.0 6.1.0-beta2"),
        (r"(4\.4|5\.[0-9]|6\.[0-9])", "4.4.9 5.3.2 5.10.0 6.0.0 6.1.0-beta2"),
        (r"4\.4", "4.4.9"),
        (r"4\.[0-4]", "4.4.9"),
        (r"[56]\.[0-9]", "5.3.2 5.10.0 6.0.0 6.1.0-beta2"),
        (r"5\.", "5.3.2 5.10.0"),
        (r"5\.3(\.|$|-)", "5.3.2"),
        (r"5\.1(\.|$|-)", ""),
        (r"5\.[1-3]\.[0-9]+", "5.3.2"),
        (r"6\.([0-9]|10)", "6.0.0 6.1.0-beta2"),
        (r"6\.[1-9]", "6.1.0-beta2"),
        (r"(?:6\.0|6\.1)(\.|$|-)", "6.0.0 6.1.0-beta2"),
        (r"3\.10", ""),
        (r"6\.0", "6.0.0"),
        (r"6\.\d{1,2}", "6.0.0 6.1.0-beta2"),
    ],
)
def test_safe_patterns_take_the_versions_they_name(pattern, matches):
    assert fault(pattern) is None
    assert " ".join(probe for probe in PROBES if re.search("^" + pattern, probe)) == matches


@pytest.mark.rule(25)
@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "must be digits"),
        ("5", "takes 50"),
        ("[56]", "takes 50"),
        (r"4\.1", "takes 4.10"),
        (r"3\.1", "takes 3.10"),
        (r"(4\.4|5\.[0-3])", "takes 5.10"),
        (r"6\.[0-3]", "takes 6.10"),
        (r"6\.(1|9)", "takes 6.10"),
        ("5.3", "must be digits"),
        (".*", "must be digits"),
        (r"5\.[0-9]/6\.[0-9]", "must be digits"),
        (r" 5\.[0-9]", "must be digits"),
        ("5\\.[0-9]\n", "must be digits"),
        (r"4\.4|5\.[0-9]", "parentheses"),
        (r"(5\.[0-9]", "no regular expression"),
        (r"5\.[9-0]", "no regular expression"),
        (r"*5\.[0-9]", "no regular expression"),
        (r"[[0-9]\.[0-9]", "must be digits"),
    ],
)
def test_a_pattern_that_sites_would_read_differently_is_refused_with_the_reason(pattern, reason):
    assert reason in fault(pattern)
