"""What a package opens, and when two names are the same."""

import pytest

from bridge.rules.packages import Package, name_key, plain_name
from bridge.rules.terms import Term


def package(**facts):
    return Package(1, 7, "Standard", Term("lifetime"), **facts)


@pytest.mark.parametrize(
    ("facts", "repo", "edition", "opens"),
    [
        ({}, 70, "", True),
        ({}, 71, "pro", True),
        ({"repo_id": 70}, 70, "", True),
        ({"repo_id": 70}, 71, "", False),
        ({"repo_ids": frozenset({70, 71})}, 71, "", True),
        ({"repo_ids": frozenset({70, 71})}, 72, "", False),
        ({"editions": frozenset({"pro"})}, 70, "pro", True),
        ({"editions": frozenset({"pro"})}, 70, "", False),
        ({"editions": frozenset({""})}, 70, "", True),
        ({"editions": frozenset()}, 70, "", False),
        ({"repo_id": 70, "editions": frozenset({"pro"})}, 71, "pro", False),
        ({"is_master": True}, 70, "pro", True),
    ],
)
def test_a_package_opens_its_repos_and_editions(facts, repo, edition, opens):
    assert package(**facts).opens(repo, edition) is opens


@pytest.mark.parametrize(
    ("streams", "stream", "granted"),
    [
        (None, "stable", True),
        (None, "anything", True),
        (frozenset({"stable"}), "stable", True),
        (frozenset({"beta"}), "stable", False),
        (frozenset({"beta"}), "rc", False),
        (frozenset(), "stable", False),
    ],
)
def test_streams_are_an_exact_set_and_nothing_cascades(streams, stream, granted):
    assert package(streams=streams).grants(stream) is granted


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Standard", "STANDARD", True),
        ("Standard", "  standard ", True),
        ("Site License", "site \t license", True),
        ("Straße", "STRASSE", True),
        ("Cafe\u0301", "caf\u00e9", True),
        ("Standard", "Standard 2", False),
        ("Pro", "Prо", False),  # the second ends in a Cyrillic letter
    ],
)
def test_names_are_the_same_when_people_would_say_so(one, other, same):
    assert (name_key(one) == name_key(other)) is same


def test_a_name_is_shown_as_it_was_written_but_for_its_spaces():
    assert plain_name("  Pro \n License ") == "Pro License"
