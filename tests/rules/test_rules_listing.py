"""Which offers a feed lists, and in which order."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from bridge.rules import listing
from bridge.rules.publication import AssetFacts, Extension, Offer, ReleaseFacts
from bridge.rules.streams import Stream
from bridge.rules.versions import stability_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def offer(version, *, stream=None, platform="4|5", php="", number=0, withdrawn=False, plus=False):
    stability = stability_of(version)
    named = stream or stability
    released = ReleaseFacts(
        id=number or abs(hash((version, platform, php, named))),
        tag=f"v{version}",
        first_seen_at=START + timedelta(days=number),
        withdrawn_at=START if withdrawn else None,
    )
    extension = Extension(platform="joomla", type="module", element="mod_w", version=version)
    asset = AssetFacts(uuid=version, name="w.zip", size=1, fetched=True, extensions=(extension,))
    line = Stream(named, stability, listed_in_open_feed=plus or stability == "stable")
    return Offer(released, "joomla", "", line, version, extension, asset, platform, php)


def listed(*offers):
    return [each.version for each in listing.joomla_entries(offers)]


@pytest.mark.parametrize(
    ("versions", "entries"),
    [
        ([], []),
        (["1.0.0"], ["1.0.0"]),
        (["1.0.0", "1.1.0"], ["1.1.0", "1.0.0"]),
        (["1.0.0", "1.1.0", "1.2.0", "1.3.0"], ["1.3.0", "1.0.0"]),
        (["1.0.0", "1.1.0-rc1"], ["1.1.0-rc1", "1.0.0"]),
        (["1.0.0", "1.1.0-rc1", "1.1.0"], ["1.1.0", "1.0.0"]),
        (["1.0.0", "1.1.0-beta1", "1.1.0-beta2", "1.1.0-rc1"], ["1.1.0-rc1", "1.1.0-beta2", "1.0.0"]),
        (["1.0.0-alpha1", "1.0.0-beta1"], ["1.0.0-beta1", "1.0.0-alpha1"]),
        (["1.10.0", "1.9.0"], ["1.10.0", "1.9.0"]),
    ],
)
@pytest.mark.rule(30)
def test_the_newest_of_each_stream_and_the_oldest_stable_are_listed(versions, entries):
    assert listed(*map(offer, versions)) == entries


@pytest.mark.rule(30)
def test_each_joomla_and_php_has_a_newest_and_an_oldest_of_its_own():
    old = [offer(version, platform="4") for version in ("1.0.0", "1.1.0", "1.2.0")]
    new = [offer(version, platform="5") for version in ("2.0.0", "2.1.0", "2.2.0")]
    newer_php = [offer("3.0.0", platform="5", php="8.3")]
    assert listed(*old, *new, *newer_php) == ["3.0.0", "2.2.0", "2.0.0", "1.2.0", "1.0.0"]


@pytest.mark.rule(30)
def test_several_stable_streams_are_all_listed_however_old():
    offers = [offer("3.0.0"), offer("2.9.0"), offer("2.5.3", stream="lts"), offer("2.5.1", stream="lts")]
    assert listed(*offers) == ["3.0.0", "2.5.3", "2.5.1"]


@pytest.mark.rule(12)
def test_a_withdrawn_release_is_not_listed_and_the_one_before_is_the_newest():
    assert listed(offer("1.0.0"), offer("1.1.0"), offer("1.2.0", withdrawn=True)) == ["1.1.0", "1.0.0"]


@pytest.mark.rule(20, 34)
def test_the_highest_version_stands_first_whatever_the_order_of_publication():
    versions = ["1.2", "1.2.0", "1.10.0", "1.9.9", "1.2.0-pl1", "2.0.0-rc1"]
    shuffled = random.Random(7).sample(versions, len(versions))
    assert [each.version for each in listing.newest_first(map(offer, shuffled))] == [
        "2.0.0-rc1",
        "1.10.0",
        "1.9.9",
        "1.2.0-pl1",
        "1.2.0",
        "1.2",
    ]


def test_a_feed_does_not_grow_without_end():
    offers = [offer(f"{number}.0.0", platform=str(number)) for number in range(1, 80)]
    assert len(listed(*offers)) == listing.MOST_ENTRIES
    assert listed(*offers)[0] == "79.0.0"


@pytest.mark.parametrize(
    ("published", "reported"),
    [
        (["1.2.0", "1.2"], ("1.2", "1.2.0")),
        (["1.2.0", "1.3.0"], None),
        (["2.0.0", "1.9.9"], ("1.9.9", "2.0.0")),
        (["2.0.0", "1.9.9", "2.0.1"], None),
        (["1.2.0", "1.2.0-rc1"], None),
        (["1.2.0"], None),
        ([], None),
    ],
)
@pytest.mark.rule(20)
def test_a_stable_release_that_sorts_below_a_listed_one_is_found(published, reported):
    offers = [offer(version, number=number) for number, version in enumerate(published, 1)]
    found = listing.left_behind(offers)
    assert (found and (found[0].version, found[1].version)) == reported


def test_a_higher_version_that_was_taken_back_leaves_nothing_behind():
    assert listing.left_behind([offer("2.0.0", number=1, withdrawn=True), offer("1.9.0", number=2)]) is None


@pytest.mark.parametrize(
    ("given", "sees"),
    [(offer("1.0.0"), True), (offer("1.0.0-beta1"), False), (offer("1.0.0-beta1", plus=True), True)],
)
@pytest.mark.rule(35)
def test_an_open_feed_lists_stable_and_what_the_owner_opened(given, sees):
    assert listing.in_open_feed(given) is sees


@pytest.mark.parametrize(
    ("stream", "owned_days", "sees"),
    [("stable", None, True), ("beta", None, False), ("stable", 6, True), ("stable", 5, False), ("stable", 4, False)],
)
@pytest.mark.rule(40)
def test_a_key_sees_the_streams_it_grants_and_once_expired_what_was_there_before(stream, owned_days, sees):
    given = offer("1.0.0", stream=stream, number=5)
    until = None if owned_days is None else START + timedelta(days=owned_days)
    assert listing.granted({"stable"}.__contains__, until)(given) is sees
