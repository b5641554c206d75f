"""Streams: the named lines of releases an owner defines, and which of them a release belongs to.

A stream has a name of the owner's choice and one of Joomla's five stabilities. A package grants an exact set of
streams; nothing cascades.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache

from bridge.rules.versions import STABILITIES, Stability, stability_of, version_from_tag

MAX_STREAMS = 20
MAX_NAME_LENGTH = 32

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_EXAMPLE = "write for example: stable, rc, beta+, dev, or lts=stable, nightly=dev"
_HINTS = {
    **dict.fromkeys(("development", "nightly", "snapshot", "edge", "canary", "main", "master"), "dev"),
    **dict.fromkeys(("release-candidate", "candidate", "preview"), "rc"),
    **dict.fromkeys(("release", "production", "lts", "final"), "stable"),
    **dict.fromkeys(("testing", "test", "next", "early-access"), "beta"),
}


class InvalidStreams(ValueError):  # noqa: N818 - named for what happened
    """A list of streams nobody can read; the message is a sentence with a valid example."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A named line of releases. ``stability`` is what Joomla sees as ``<tag>``."""

    name: str
    stability: Stability
    listed_in_open_feed: bool


DEFAULT_STREAMS: tuple[Stream, ...] = tuple(
    Stream(name, name, listed_in_open_feed=name == "stable") for name in reversed(STABILITIES)
)
"""What an owner has who defines none: stable, rc, beta, alpha, dev."""


def parse_streams(text: str) -> tuple[Stream, ...]:
    """Read ``stable, rc, beta+, dev`` or ``lts=stable, nightly=dev`` in the order given; raises `InvalidStreams`.

    A ``+`` behind an item lists the stream in open feeds too; streams that map to stable always are.
    """
    streams = tuple(_stream(item) for item in _items(text))
    _refuse_repetitions([stream.name for stream in streams])
    return streams


def narrow(owner_streams: Sequence[Stream], repo_text: str) -> tuple[Stream, ...]:
    """Return those of the owner's streams that a repo names, in the owner's order; raises `InvalidStreams`.

    A repo can only take away: a name of its own, another stability, or a ``+`` that the owner did not give, is refused.
    Below stable, a stream without ``+`` is not listed in the repo's open feed, even if the owner lists it.
    """
    known = {stream.name: stream for stream in owner_streams}
    kept: dict[str, Stream] = {}
    items = _items(repo_text)
    for item in items:
        name, stability, plus = _split(item)
        stream = known.get(name)
        if stream is None:
            raise InvalidStreams(f"“{name}” is not one of the owner's streams; choose among {', '.join(known)}.")
        if stability not in {"", stream.stability}:
            raise InvalidStreams(f"The owner maps “{name}” to {stream.stability}; a repo cannot change that.")
        if plus and not stream.listed_in_open_feed:
            raise InvalidStreams(f"The owner keeps “{name}” out of open feeds; a repo cannot list it there.")
        kept[name] = replace(stream, listed_in_open_feed=plus or stream.stability == "stable")
    _refuse_repetitions([_split(item)[0] for item in items])
    return tuple(kept[name] for name in known if name in kept)


def stream_of(
    tag: str,
    *,
    manifest_version: str | None,
    prerelease: bool,
    streams: Sequence[Stream],
    patterns: Mapping[str, Sequence[str]],
) -> Stream | None:
    """Return the stream of a release, or None for a release that must be held back.

    The first that applies: a tag pattern (``patterns`` maps a stream's name to globs); a word of the tag equal to a
    stream's name; the first stream with the stability of the manifest's version; Gitea's pre-release flag, which means
    the first stream below stable; else the first stable one. A pre-release never gets a stream that maps to stable;
    it is one if the flag or the manifest's version says so or, where no pattern speaks for the tag, the tag itself.
    """
    stability = stability_of(manifest_version) if manifest_version else None
    early = prerelease or stability not in {None, "stable"}
    for stream in _allowed(streams, early=early):
        if any(fnmatchcase(tag, pattern) for pattern in patterns.get(stream.name, ())):
            return stream
    allowed = _allowed(streams, early=early or _tag_is_early(tag))
    for stream in allowed:
        if _word(stream.name).search(tag.lower()):
            return stream
    for stream in allowed:
        if stream.stability == stability:
            return stream
    wanted = (stream for stream in allowed if prerelease or stream.stability == "stable")
    return next(wanted, None)


def _allowed(streams: Sequence[Stream], *, early: bool) -> list[Stream]:
    return [stream for stream in streams if not early or stream.stability != "stable"]


def _items(text: str) -> list[str]:
    items = [item for item in (part.strip().casefold() for part in re.split(r"[,;\n]", text)) if item]
    if not items:
        raise InvalidStreams(f"No stream is named; {_EXAMPLE}.")
    if len(items) > MAX_STREAMS:
        raise InvalidStreams(f"More than {MAX_STREAMS} streams are named; {_EXAMPLE}.")
    return items


def _split(item: str) -> tuple[str, str, bool]:
    """Return (name, stability or "", whether a plus was given)."""
    bare = item.removesuffix("+").strip()
    name, equals, stability = (part.strip() for part in bare.partition("="))
    if equals and not stability:
        raise InvalidStreams(f"“{item}” lacks a stability after “=”; {_EXAMPLE}.")
    return name, stability, bare != item


def _stream(item: str) -> Stream:
    name, stability, plus = _split(item)
    if _NAME.fullmatch(name) is None or len(name) > MAX_NAME_LENGTH:
        raise InvalidStreams(
            f"“{name}” is not a stream name; use small letters, digits and single hyphens: {_EXAMPLE}."
        )
    if not stability and name not in STABILITIES:
        hint = _HINTS.get(name, "beta")
        raise InvalidStreams(f"“{name}” needs one of {', '.join(STABILITIES)} after it; write {name}={hint}.")
    for known in STABILITIES:
        if known == (stability or name):
            if name in STABILITIES and name != known:
                raise InvalidStreams(f"“{name}” is a word of Joomla's and means {name}; write {name}, or another name.")
            return Stream(name, known, listed_in_open_feed=plus or known == "stable")
    raise InvalidStreams(f"“{stability}” is not a stability; Joomla knows {', '.join(STABILITIES)}: {_EXAMPLE}.")


def _refuse_repetitions(names: Sequence[str]) -> None:
    for at, name in enumerate(names):
        if name in names[:at]:
            raise InvalidStreams(f"“{name}” is named twice; name each stream once.")


@lru_cache(maxsize=256)
def _word(name: str) -> re.Pattern[str]:
    """Match a stream's name as a word of a tag; digits may touch it (``2.0beta3``) unless it ends in one itself."""
    after = "(?![a-z0-9])" if name[-1].isdigit() else "(?![a-z])"
    return re.compile(rf"(?<![a-z]){re.escape(name)}{after}")


def _tag_is_early(tag: str) -> bool:
    """Say whether the tag calls its release a pre-release, by a word or by its version's short form (``1.2.0b1``)."""
    if any(_word(word).search(tag.lower()) for word in STABILITIES if word != "stable"):
        return True
    version = version_from_tag(tag)
    return version is not None and re.search(r"[0-9][-._]?[ab][-.]?[0-9]+$", version.lower()) is not None
