"""Which releases of a repo are fit for customers, and why the others are held back.

Pure: from what Gitea and the ZIPs say to offers and reasons. A reason is a sentence that says what to do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Literal

from bridge.rules import platforms, versions
from bridge.rules.streams import Stream, stream_of
from bridge.rules.variables import RepoSettings

Platform = Literal["joomla", "dolibarr"]


@dataclass(frozen=True, slots=True)
class Extension:
    """What a ZIP says of itself, as far as publishing depends on it."""

    platform: str
    type: str = ""
    element: str = ""
    folder: str = ""
    client: str = ""
    version: str = ""
    name: str = ""
    minimum_joomla: str = ""
    minimum_php: str = ""
    php_min: str = ""  # Dolibarr's; Joomla's installer script says ``minimum_php``
    php_max: str = ""
    dolibarr_min: str = ""
    dolibarr_max: str = ""
    module: str = ""
    numero: int | None = None
    author: str = ""
    author_url: str = ""
    notes: tuple[str, ...] = ()  # hints for the publisher; none of them holds a release back

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Extension":
        """Take the fields that matter from the stored manifest."""
        known = {name: data[name] for name in cls.__slots__ if data.get(name) is not None}
        return cls(**known | {"notes": tuple(data.get("notes") or ())})

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What an installed extension is recognised by."""
        if self.platform == "dolibarr":
            return ("module", self.module, "", "")
        return (self.type, self.element, self.folder, self.client)


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """One file of a release. ``fetched``: the bridge has read it; ``problem``: why it is unfit."""

    uuid: str
    name: str
    size: int
    fetched: bool = False
    sha256: str = ""
    sha384: str = ""
    sha512: str = ""
    problem: str = ""
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """A release as the catalog knows it. ``withdrawn_at`` is set once Gitea no longer shows it."""

    id: int
    tag: str
    first_seen_at: datetime
    prerelease: bool = False
    title: str = ""
    notes: str = ""
    withdrawn_at: datetime | None = None
    assets: tuple[AssetFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """One file that customers may get: a release on one platform in one edition (``""``: the plain one)."""

    release: ReleaseFacts
    platform: Platform
    edition: str
    stream: Stream
    version: str
    extension: Extension
    asset: AssetFacts
    target_platform: str = ""
    php_minimum: str = ""

    @property
    def withdrawn(self) -> bool:
        """Whether the release was taken back: no longer listed, its download says so."""
        return self.release.withdrawn_at is not None


@dataclass(frozen=True, slots=True)
class Held:
    """A release that is not offered on a platform, with a stable code and a sentence that says what to do."""

    release_id: int
    tag: str
    platform: Platform
    edition: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Publication:
    """The result for a whole repo. Offers include withdrawn ones, so that their downloads can say so."""

    offers: tuple[Offer, ...]
    held: tuple[Held, ...]


class _HoldError(Exception):
    """Carries code and reason from the first rule that fails."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def publish(settings: RepoSettings, releases: Iterable[ReleaseFacts]) -> Publication:
    """Judge every release, oldest first: the first fit one that is still there sets the identity of all later ones."""
    offers: list[Offer] = []
    held: list[Held] = []
    for release in sorted(releases, key=lambda each: (each.first_seen_at, each.id)):
        for platform, edition in _products(settings):
            earlier = [offer for offer in offers if (offer.platform, offer.edition) == (platform, edition)]
            try:
                offers.append(_offer(settings, release, platform, edition, earlier))
            except _HoldError as hold:
                if release.withdrawn_at is None:
                    held.append(Held(release.id, release.tag, platform, edition, hold.code, hold.reason))
    return Publication(tuple(offers), tuple(held))


def _products(settings: RepoSettings) -> Iterator[tuple[Platform, str]]:
    wanted: dict[str | None, tuple[Platform, ...]] = {
        "joomla": ("joomla",),
        "dolibarr": ("dolibarr",),
        "both": ("joomla", "dolibarr"),
    }
    for platform in wanted.get(settings.platform, ()):
        yield platform, ""
        for edition in settings.feed.editions:
            yield platform, edition


def _offer(
    settings: RepoSettings, release: ReleaseFacts, platform: Platform, edition: str, earlier: Sequence[Offer]
) -> Offer:
    asset, extension = _fit_asset(settings, release, platform, edition)
    version = _version(release, platform, asset, extension)
    stream = stream_of(
        release.tag,
        manifest_version=version,
        prerelease=release.prerelease,
        streams=settings.streams,
        patterns=settings.feed.stream_tags,
    )
    if stream is None:
        raise _HoldError(
            "no_stream",
            f"none of the streams fits {version}; add one to LICENSING_STREAMS or mark the release otherwise",
        )
    _same_product(extension, version, earlier)
    target_platform, php_minimum = _requirements(settings, extension, version)
    return Offer(release, platform, edition, stream, version, extension, asset, target_platform, php_minimum)


def _edition_of(settings: RepoSettings, name: str) -> str:
    return next((key for key, edition in settings.feed.editions.items() if fnmatchcase(name, edition.asset)), "")


def _fit_asset(
    settings: RepoSettings, release: ReleaseFacts, platform: Platform, edition: str
) -> tuple[AssetFacts, Extension]:
    pattern = settings.feed.asset_patterns.get(platform, "*") if not edition else "*"
    zips = [
        asset
        for asset in release.assets
        if asset.name.lower().endswith(".zip")
        and _edition_of(settings, asset.name) == edition
        and fnmatchcase(asset.name, pattern)
    ]
    if not zips:
        wanted = f"the edition {edition}" if edition else "this release"
        raise _HoldError("no_zip", f"there is no ZIP for {wanted} yet; upload it to the release in Gitea")
    _all_are_read(zips, platform)
    fit = [(asset, each) for asset in zips for each in asset.extensions if each.platform == platform]
    if not fit:
        problems = " ".join(f"{asset.name}: {asset.problem}." for asset in zips if asset.problem)
        raise _HoldError(
            "unfit", problems.removesuffix(".") or f"no ZIP holds an extension for {platform}; upload one that does"
        )
    packages = [pair for pair in fit if pair[1].type == "package"]
    chosen = packages if len(packages) == 1 else fit
    if len(chosen) > 1:
        names = ", ".join(sorted(asset.name for asset, _ in chosen))
        raise _HoldError(
            "several_zips", f"several ZIPs fit ({names}); delete the others or set asset.{platform} in LICENSING_FEED"
        )
    return chosen[0]


def _all_are_read(zips: Sequence[AssetFacts], platform: Platform) -> None:
    """What is unread may be the package whose parts lie beside it, so nothing else is taken in its place."""
    unread = [asset for asset in zips if not asset.fetched]
    if any(not asset.problem for asset in unread):
        raise _HoldError("being_read", "the files are being read; look again in a minute")
    if unread:
        problems = " ".join(f"{asset.name}: {asset.problem}." for asset in unread)
        others = f" To serve another file, name it: asset.{platform} in LICENSING_FEED" if len(zips) > 1 else ""
        raise _HoldError("unfit", (problems + others).removesuffix("."))


def _version(release: ReleaseFacts, platform: Platform, asset: AssetFacts, extension: Extension) -> str:
    from_tag = versions.version_from_tag(release.tag)
    version = extension.version or (from_tag or "" if platform == "dolibarr" else "")
    if not version:
        raise _HoldError("no_version", f"{asset.name} states no version; write one into its manifest")
    problem = versions.joomla_version_problem(version)
    if problem is not None:
        raise _HoldError("bad_version", f"the version {version} in {asset.name} can't be served: {problem}")
    if from_tag is not None and not versions.same_version(from_tag, version):
        raise _HoldError(
            "version_mismatch",
            f"the tag says {from_tag} but the manifest in {asset.name} says {version};"
            " build the ZIP again or move the tag",
        )
    return version


def _same_product(extension: Extension, version: str, earlier: Sequence[Offer]) -> None:
    # A release that was taken back binds nobody: whoever published the wrong ZIP may publish the right one.
    living = [offer for offer in earlier if not offer.withdrawn]
    if living and living[0].extension.identity != extension.identity:
        was, now = (" ".join(filter(None, each.identity)) for each in (living[0].extension, extension))
        raise _HoldError(
            "identity_changed",
            f"this is {now}, but the repo published {was} before;"
            " installed sites would never find it: use a repo of its own",
        )
    for offer in living:
        if versions.php_version_compare(offer.version, version) == 0:
            raise _HoldError(
                "duplicate_version",
                f"version {version} was published with the tag {offer.release.tag} already; raise the version",
            )


def _requirements(settings: RepoSettings, extension: Extension, version: str) -> tuple[str, str]:
    for rule in settings.feed.platforms:
        if versions.in_range(version, rule.version_range):
            return rule.target_platform or _derived_platform(extension), rule.php_minimum or extension.minimum_php
    return _derived_platform(extension), extension.minimum_php


def _derived_platform(extension: Extension) -> str:
    if extension.minimum_joomla:
        return platforms.from_minimum_joomla(extension.minimum_joomla)
    return platforms.DEFAULT_PLATFORM
