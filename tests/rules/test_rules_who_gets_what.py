"""Who gets what: the rule says of every feed what a Joomla that was observed makes of it."""

from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import feed_samples as samples
from support import joomla_client

from bridge.rules.who_gets_what import (
    JOOMLAS,
    MINIMUMS,
    PHPS,
    Entry,
    Row,
    Site,
    choose,
    in_words,
    left_out,
    table,
    warned,
    without_stepping_stone,
)
from feeds.joomla import update_feed

ALL = r"(4\.4|5\.[0-9]+|6\.[0-9]+)"
SITES = [Site(joomla, php, minimum) for joomla in JOOMLAS.values() for php in PHPS for minimum in MINIMUMS]

versions = st.sampled_from(
    [
        "1.0",
        "1.0.0",
        "1.0.1",
        "1.2.0",
        "1.2.0-rc1",
        "1.2.0-rc.2",
        "1.2.0-beta3",
        "1.10.0",
        "2.0.0-dev",
        "2.0.0-dev5",
        "2.0.0",
        "2.0.0pl1",
        "02.00.00",
        "10.0",
    ]
)
entries = st.builds(
    Entry,
    versions,
    st.sampled_from(("dev", "alpha", "beta", "rc", "stable")),
    st.sampled_from((ALL, r"4\.4", r"5\.[0-9]+", r"(5|6)\.", r"[56]\.[0-9]", "6", r"5\.4\.[2-9]", ".*", "")),
    st.sampled_from(("", "7.4", "8.1", "8.1.0", "8.2", "8.3.0", "8.4", "8.5")),
)


def rendered(chosen):
    """The feed of these entries, by hand: the bridge itself refuses patterns that mean more than they say."""
    updates = (
        f"<update><name>Acme</name><version>{each.version}</version><tags><tag>{each.stability}</tag></tags>"
        f'<targetplatform name="joomla" version={quoteattr(each.target_platform)}/>'
        + (f"<php_minimum>{each.php_minimum}</php_minimum>" if each.php_minimum else "")
        + "</update>"
        for each in chosen
    )
    return f"<updates>{''.join(updates)}</updates>".encode()


@given(st.lists(entries, max_size=8))
@settings(max_examples=200, deadline=None)
def test_every_site_chooses_as_the_observed_joomla_does(chosen):
    feed = rendered(chosen)
    for site in SITES:
        seen = joomla_client.check(feed, joomla=site.joomla, php=f"{site.php}.0", minimum=site.minimum)
        choice = choose(chosen, site)
        assert choice.version == seen.version
        told = [f"Acme {each.version} needs PHP {each.php_minimum}" for each in choice.too_old_for]
        assert told == list(seen.warnings)


def sampled(feed):
    return [Entry(each.version, each.stability, each.target_platform, each.php_minimum) for each in feed.entries]


@pytest.mark.parametrize("sample", [samples.plugin_feed, samples.package_feed, samples.template_feed])
def test_of_the_feeds_that_the_bridge_writes_too(sample):
    feed = update_feed(sample())
    chosen = [choose(sampled(sample()), site).version for site in SITES]
    assert chosen == [
        joomla_client.check(feed, joomla=site.joomla, php=f"{site.php}.0", minimum=site.minimum).version
        for site in SITES
    ]
    assert any(chosen)


@pytest.mark.parametrize("tag", ["nightly", "", "Release-Candidate", " rc ", "STABLE"])
def test_a_word_that_joomla_does_not_know_means_stable(tag):
    assert choose([Entry("1.0", tag, ALL)], Site("5.4.1", "8.2")).version == "1.0"


def test_of_equal_versions_the_first_wins():
    first, second = Entry("1.0.0", "stable", ALL), Entry("1.0.0", "rc", ALL)
    assert choose([second, first], Site("5.4.1", "8.2", "dev")).entry is second


ROWS = table(
    [
        Entry("3.0.0-dev1", "dev", ALL),
        Entry("2.1.0-rc1", "rc", ALL, "8.3"),
        Entry("2.0.0", "stable", r"(5|6)\.", "8.2"),
        Entry("1.0.0", "stable", r"4\.4"),
    ]
)


@pytest.mark.parametrize(
    ("joomla", "minimum", "cell"),
    [
        ("4.4", "stable", "1.0.0"),
        ("4.4", "rc", "PHP 8.1 to 8.2: 1.0.0, PHP 8.3 to 8.4: 2.1.0-rc1"),
        ("4.4", "dev", "3.0.0-dev1"),
        ("5.4", "stable", "PHP 8.1: -, PHP 8.2 to 8.4: 2.0.0"),
        ("5.4", "rc", "PHP 8.1: -, PHP 8.2: 2.0.0, PHP 8.3 to 8.4: 2.1.0-rc1"),
        ("6.0", "stable", "PHP 8.1: -, PHP 8.2 to 8.4: 2.0.0"),
        ("6.0", "dev", "3.0.0-dev1"),
    ],
)
def test_the_table_in_words(joomla, minimum, cell):
    (row,) = [row for row in ROWS if (row.joomla, row.minimum) == (joomla, minimum)]
    assert in_words(row) == cell


def test_the_table_has_every_line_and_minimum_once():
    assert [(row.joomla, row.minimum) for row in ROWS] == [(line, word) for line in JOOMLAS for word in MINIMUMS]
    assert all(len(row.choices) == len(PHPS) for row in ROWS)


def test_nothing_is_a_dash():
    assert in_words(next(iter(table([])))) == "-"
    assert isinstance(table([])[0], Row)


@pytest.mark.parametrize(
    ("listed", "out"),
    [
        ([Entry("1.0.0", "stable", ALL)], ()),
        ([Entry("1.0.0", "stable", r"4\.4")], ("5.4", "6.0")),
        ([Entry("1.0.0", "stable", r"(5|6)\.", "8.4")], ("4.4",)),
        ([Entry("1.0.0", "stable", ALL, "8.5")], ("4.4", "5.4", "6.0")),
        ([Entry("1.0.0-rc1", "rc", ALL)], ("4.4", "5.4", "6.0")),
        ([], ("4.4", "5.4", "6.0")),
    ],
)
def test_a_joomla_line_is_left_out_when_its_stable_sites_get_nothing_on_any_php(listed, out):
    assert left_out(table(listed)) == out


def test_a_warning_is_told_by_version_and_php_also_where_stability_hides_the_entry():
    assert warned(ROWS) == {"2.1.0-rc1": ("8.1", "8.2"), "2.0.0": ("8.1",)}


@pytest.mark.parametrize(
    ("listed", "pairs"),
    [
        ([Entry("2.0", "stable", r"(5|6)\."), Entry("1.0", "stable", r"4\.4")], (("4.4", "5.4"),)),
        ([Entry("2.0", "stable", r"(5|6)\."), Entry("1.0", "stable", r"(4\.4|5\.)")], ()),
        (
            [Entry("3", "stable", "6"), Entry("2", "stable", "5"), Entry("1", "stable", "4")],
            (("4.4", "5.4"), ("5.4", "6.0")),
        ),
        (
            [Entry("2.0", "stable", r"(5|6)\."), Entry("1.5", "rc", ALL), Entry("1.0", "stable", r"4\.4")],
            (("4.4", "5.4"),),
        ),
        ([Entry("2.0", "stable", r"(5|6)\.")], ()),
    ],
)
def test_adjacent_joomla_lines_need_a_stable_release_in_common(listed, pairs):
    assert without_stepping_stone(listed) == pairs
