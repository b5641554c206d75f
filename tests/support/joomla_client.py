"""A small Joomla: what a site makes of a feed, when it checks and again when it installs.

It follows the observed behaviour of Joomla 5.3 (``ExtensionAdapter``, ``Update``, ``UpdateModel``, ``InstallerHelper``) and
knows nothing of the program it judges. What surprises here is meant: it is what the sites do.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from xml.parsers import expat

from support.php_versions import version_compare

__all__ = ["Identity", "Installation", "Offer", "check", "file_name_from", "install", "version_compare"]

_STABILITY = {"dev": 0, "alpha": 1, "beta": 2, "rc": 3, "stable": 4}
_CLIENTS = {"site": 0, "administrator": 1, "api": 3}
_WIDTHS = {"name": 100, "element": 100, "type": 20, "folder": 20, "version": 32}


class Identity(Protocol):
    """A row of the site's ``#__extensions``; ``client`` is a word."""

    @property
    def type(self) -> str: ...
    @property
    def element(self) -> str: ...
    @property
    def folder(self) -> str: ...
    @property
    def client(self) -> str: ...


@dataclass(frozen=True)
class Site:
    """What a site tests entries against."""

    joomla: str
    php: str
    minimum: str
    database: tuple[str, str]


@dataclass(frozen=True)
class Offer:
    """The outcome of a check: the version offered, or None, and the warnings the administrator sees."""

    version: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Installation:
    """The outcome of an installation: the address asked for and an error, or None when it went well."""

    version: str | None = None
    url: str = ""
    error: str | None = None


@dataclass
class _Update:
    """One ``<update>`` as the parser gathers it: names lower case, text unstripped, the last of several wins."""

    texts: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.texts.get(name, "")


def check(
    feed: bytes,
    *,
    joomla: str = "5.3.2",
    php: str = "8.2.36",
    minimum: str = "stable",
    database: tuple[str, str] = ("mysql", "8.0.36"),
    installed: str | None = None,
    identity: Identity | None = None,
    status: int = 200,
) -> Offer:
    """Check for updates of one extension. Without ``identity`` any will do; without ``installed`` any version is newer."""
    if status != 200:
        return Offer(warnings=("Update: Could not open update site",))
    updates = _parse(feed)
    if updates is None:
        return Offer(warnings=("Update: Could not parse update site",))
    best, warnings = _select(updates, Site(joomla, php, minimum, database))
    if best is None:
        return Offer(warnings=warnings)
    too_long = [name for name, width in _WIDTHS.items() if len(best.text(name)) > width]
    if too_long:
        return Offer(warnings=(*warnings, f"Data too long for column '{too_long[0]}'"))
    version = best.text("version")
    newer = installed is None or version_compare(version, installed) > 0
    visible = newer and (identity is None or _is_update_of(best, identity))
    return Offer(version if visible else None, warnings)


def install(
    feed: bytes,
    *,
    joomla: str = "5.3.2",
    php: str = "8.2.36",
    minimum: str = "stable",
    database: tuple[str, str] = ("mysql", "8.0.36"),
    extra_query: str = "",
    package: bytes | None = None,
) -> Installation:
    """Install what the feed, asked a second time, offers; ``package`` is the body the download delivers."""
    # <stability> turns into an object, and an object loses against the site's minimum.
    usable = [update for update in _parse(feed) or [] if "stability" not in update.texts]
    best, _ = _select(usable, Site(joomla, php, minimum, database))
    if best is None:
        return Installation(error="Invalid extension update")
    if "extra_query" in best.texts and not extra_query:
        return Installation(error="Fatal error")
    address = best.text("downloadurl").strip()
    if not address:
        return Installation(error="Invalid extension update")
    if extra_query:
        address += ("&amp;" if "?" in address else "?") + extra_query
    chosen = Installation(best.text("version"), address)
    if package is not None and not _checksums_hold(best, package):
        return replace(chosen, error="checksum verification failed")
    return chosen


def file_name_from(headers: Mapping[str, str], url: str) -> str:
    """Return the name under which the site stores the download; its ending decides how it is unpacked."""
    disposition = next((value for name, value in headers.items() if name.lower() == "content-disposition"), "")
    stated = re.search(r"filename\s?=\s?(.*)", disposition)
    if stated:
        return stated[1].split(";")[0].strip().strip('"')
    return re.sub(r"[^A-Za-z0-9._-]", "_", url.rsplit("/", 1)[-1])


def _parse(feed: bytes) -> list[_Update] | None:
    """Read the feed the way ``xml_parse`` does, never told that it ended: a cut-off document is no error."""
    updates: list[_Update] = []
    stack: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        stack.append(name.lower())
        if stack[-1] == "update":
            updates.append(_Update())
        elif "update" in stack:
            updates[-1].texts[stack[-1]] = ""
            updates[-1].attributes[stack[-1]] = {key.lower(): value for key, value in attributes.items()}

    def end(name: str) -> None:
        if stack.pop() == "update":
            complete.append(updates[-1])

    def text(data: str) -> None:
        if "update" in stack[:-1]:
            updates[-1].texts[stack[-1]] += data

    complete: list[_Update] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(feed, False)
    except expat.ExpatError:
        return None
    return complete


def _select(updates: list[_Update], site: Site) -> tuple[_Update | None, tuple[str, ...]]:
    """Choose one winner among all entries of the feed: the highest version; of equal ones the first."""
    best: _Update | None = None
    warnings: list[str] = []
    for update in updates:
        if not _platform_fits(update, site):
            continue
        obstacles = tuple(_obstacles(update, site))
        warnings.extend(obstacles)
        if obstacles or _stability(update) < _STABILITY[site.minimum]:
            continue
        if best is None or version_compare(update.text("version"), best.text("version")) > 0:
            best = update
    return best, tuple(warnings)


def _platform_fits(update: _Update, site: Site) -> bool:
    target = update.attributes.get("targetplatform", {})
    pattern = target.get("version", "")
    if target.get("name") != "joomla" or re.search(r"(?<!\\)/", pattern):
        return False
    return re.search("^" + pattern, site.joomla) is not None


def _obstacles(update: _Update, site: Site) -> Iterator[str]:
    """Yield at most one warning; the database is looked at only when PHP is new enough."""
    minimum = update.text("php_minimum")
    if minimum and version_compare(site.php, minimum) < 0:
        yield f"{update.text('name')} {update.text('version')} needs PHP {minimum}"
        return
    databases = update.attributes.get("supported_databases")
    kind, version = site.database
    if databases is not None and (kind not in databases or version_compare(version, databases[kind]) < 0):
        yield f"{update.text('name')} {update.text('version')} does not run on {kind} {version}"


def _stability(update: _Update) -> int:
    """Read the tag: a word that is not known, or has whitespace around it, means stable."""
    return _STABILITY.get(update.text("tag").lower(), _STABILITY["stable"])


def _is_update_of(update: _Update, identity: Identity) -> bool:
    """Compare exactly, without trimming. A missing client means the administrator, a strange one is never found."""
    stated = update.text("client").lower() or "administrator"
    return _CLIENTS.get(stated) == _CLIENTS[identity.client] and (
        (update.text("element"), update.text("type"), update.text("folder"))
        == (identity.element, identity.type, identity.folder)
    )


def _checksums_hold(update: _Update, package: bytes) -> bool:
    stated = {name: update.texts[name] for name in ("sha256", "sha384", "sha512") if name in update.texts}
    return all(hashlib.new(name, package).hexdigest() == digest.lower() for name, digest in stated.items())
