"""Streams: how owners write them, and which one a release gets."""

import pytest

from bridge.rules.streams import DEFAULT_STREAMS, InvalidStreams, Stream, narrow, parse_streams, stream_of

STABLE, RC, BETA, ALPHA, DEV = DEFAULT_STREAMS
LTS = Stream("lts", "stable", listed_in_open_feed=True)
NIGHTLY = Stream("nightly", "dev", listed_in_open_feed=False)
CUSTOM = parse_streams("stable, lts=stable, early=rc, nightly=dev, snap-2=dev")


def names(streams: tuple[Stream, ...]) -> list[str]:
    return [stream.name + ("+" if stream.listed_in_open_feed else "") for stream in streams]


def test_an_owner_who_defines_none_has_joomlas_five() -> None:
    assert [(stream.name, stream.stability) for stream in DEFAULT_STREAMS] == [
        (n, n) for n in ("stable", "rc", "beta", "alpha", "dev")
    ]
    assert names(DEFAULT_STREAMS) == ["stable+", "rc", "beta", "alpha", "dev"]


@pytest.mark.parametrize(
    ("text", "streams"),
    [
        ("stable, rc, beta+, dev", (STABLE, RC, Stream("beta", "beta", listed_in_open_feed=True), DEV)),
        ("lts=stable, nightly=dev", (LTS, NIGHTLY)),
        ("LTS = Stable ;\n Nightly=DEV", (LTS, NIGHTLY)),
        ("stable+", (STABLE,)),
        ("rc,stable,", (RC, STABLE)),
        ("nightly=dev +", (Stream("nightly", "dev", listed_in_open_feed=True),)),
        ("rc=rc", (RC,)),
    ],
)
def test_streams_are_read_in_the_order_given(text: str, streams: tuple[Stream, ...]) -> None:
    assert parse_streams(text) == streams


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write for example: stable, rc"),
        (" , ", "write for example: stable, rc"),
        ("stable, development", "write development=dev"),
        ("nightly", "write nightly=dev"),
        ("release-candidate", "write release-candidate=rc"),
        ("lts", "write lts=stable"),
        ("friends", "write friends=beta"),
        ("lts=gold", "“gold” is not a stability"),
        ("lts=", "lacks a stability"),
        ("stable=dev", "means stable"),
        ("rc=stable", "means rc"),
        ("stable, rc, Stable", "named twice"),
        ("st able", "not a stream name"),
        ("2nd=rc", "not a stream name"),
        ("a/b=rc", "not a stream name"),
        ("x" * 33 + "=rc", "not a stream name"),
        (",".join(f"s{n}=dev" for n in range(21)), "More than 20"),
    ],
)
def test_a_list_nobody_can_read_is_refused_with_what_to_write(text: str, words: str) -> None:
    with pytest.raises(InvalidStreams) as refusal:
        parse_streams(text)
    assert words in str(refusal.value)
    assert str(refusal.value).endswith(".")


OWNER = parse_streams("stable, rc+, beta, nightly=dev+")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("stable", ["stable+"]),
        ("rc+, stable", ["stable+", "rc+"]),
        ("stable, rc", ["stable+", "rc"]),
        ("nightly=dev+, stable", ["stable+", "nightly+"]),
        ("nightly", ["nightly"]),
    ],
)
def test_a_repo_takes_streams_away_and_keeps_the_owners_order(text: str, kept: list[str]) -> None:
    assert names(narrow(OWNER, text)) == kept


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("alpha", "choose among stable, rc, beta, nightly"),
        ("rc=stable", "maps “rc” to rc"),
        ("nightly=stable", "maps “nightly” to dev"),
        ("beta+", "keeps “beta” out of open feeds"),
        ("stable, stable", "named twice"),
        ("", "No stream is named"),
    ],
)
def test_a_repo_cannot_widen_what_its_owner_decided(text: str, words: str) -> None:
    with pytest.raises(InvalidStreams, match=words):
        narrow(OWNER, text)


@pytest.mark.parametrize(
    ("tag", "manifest_version", "prerelease", "stream"),
    [
        ("v1.2.0", "1.2.0", False, "stable"),
        ("v1.2.0", None, False, "stable"),
        ("v1.2.0-rc.1", "1.2.0-rc1", False, "rc"),
        ("v1.2.0-rc.1", "1.2.0-rc1", True, "rc"),
        ("2.0-beta3", "2.0-beta3", True, "beta"),
        ("2.0beta3", None, False, "beta"),
        ("v2.0-BETA.1", None, False, "beta"),
        ("v2.0", "2.0-alpha2", False, "alpha"),
        ("v2.0b1", "2.0b1", False, "beta"),
        ("v2.0", "2.0-nightly", False, "dev"),
        ("v2.0", "2.0", True, "rc"),
        ("v2.0-stable", "2.0", True, "rc"),
        ("v2.0-stable", "2.0", False, "stable"),
        ("v2.0-arch", "2.0", False, "stable"),
        ("betamax-2.0", "2.0", False, "stable"),
        ("v2.0b1", None, False, None),
    ],
)
def test_a_release_of_an_owner_without_own_streams(tag, manifest_version, prerelease, stream) -> None:
    found = stream_of(
        tag, manifest_version=manifest_version, prerelease=prerelease, streams=DEFAULT_STREAMS, patterns={}
    )
    assert (found and found.name) == stream


PATTERNS = {"lts": ("v3.*", "lts/*"), "nightly": ("build-*",)}


@pytest.mark.parametrize(
    ("tag", "manifest_version", "prerelease", "stream"),
    [
        ("v3.1.0", "3.1.0", False, "lts"),
        ("lts/4.0", "4.0", False, "lts"),
        ("v3.1.0", "3.1.0", True, "early"),
        ("v3.1.0-rc1", "3.1.0-rc1", False, "early"),
        ("V3.1.0", "3.1.0", False, "stable"),
        ("build-77", "3.1.0", False, "nightly"),
        ("v4.0.0-lts", "4.0.0", False, "lts"),
        ("v4.0.0-nightly", "4.0.0", False, "nightly"),
        ("v4.0.0-snap-2", "4.0.0", False, "snap-2"),
        ("v4.0.0-snap-20", "4.0.0", False, "stable"),
        ("v4.0.0", "4.0.0-dev", False, "nightly"),
        ("v4.0.0", "4.0.0-beta1", False, None),
        ("v4.0.0-beta1", "4.0.0", False, None),
        ("v4.0.0-beta1", "4.0.0-beta1", True, "early"),
        ("v4.0.0", "4.0.0", False, "stable"),
    ],
)
def test_a_release_of_an_owner_with_own_streams_and_patterns(tag, manifest_version, prerelease, stream) -> None:
    found = stream_of(tag, manifest_version=manifest_version, prerelease=prerelease, streams=CUSTOM, patterns=PATTERNS)
    assert (found and found.name) == stream


@pytest.mark.parametrize("tag", ["v1.0", "v1.0-rc1", "v1.0-stable", "lts/1"])
def test_a_pre_release_is_held_back_where_only_stable_streams_exist(tag: str) -> None:
    streams = parse_streams("stable, lts=stable")
    assert stream_of(tag, manifest_version="1.0", prerelease=True, streams=streams, patterns=PATTERNS) is None


def test_a_stable_release_is_held_back_where_no_stable_stream_exists() -> None:
    assert stream_of("v1.0", manifest_version="1.0", prerelease=False, streams=(NIGHTLY,), patterns={}) is None
