"""What a feed says, before it is bytes: frozen values that cannot hold anything a client would choke on.

Every ``rule`` number is one of ``docs/update-clients.md``. Lengths are those of Joomla's table ``#__updates``: its
insert is not guarded, so a longer value aborts the whole update check of a site that runs MySQL in strict mode.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import SplitResult, urlsplit

from feeds import target_platform
from feeds.xml import single_line

STABILITIES = ("dev", "alpha", "beta", "rc", "stable")
CHANGELOG_SECTIONS = ("security", "fix", "language", "addition", "change", "remove", "note")

# Joomla's installers give these types a client of their own; the others name it in their manifest (default: site).
_FIXED_CLIENT = {"component": "administrator", "plugin": "site", "package": "site", "library": "site", "file": "site"}
_DECLARED_CLIENT = ("module", "template", "language")
_CLIENTS = ("site", "administrator", "api")
_ELEMENT_PREFIX = {"component": "com_", "package": "pkg_"}
_DATABASES = ("mysql", "mariadb", "postgresql")
_NAME_LENGTH = 100
_FOLDER_LENGTH = 20
_VERSION_LENGTH = 32

_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*([-.]?(dev|alpha|a|beta|b|rc|pl|p)[-.]?[0-9]*)?")
_DIGITS = re.compile(r"[0-9]+(\.[0-9]+)*")
_URL = re.compile(r"[!#-;=?-\[\]_a-~]+")  # printable ASCII without " < > \ ` and the space: Joomla prints links raw
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~() -]*\.zip")
_ELEMENT = re.compile(r"[A-Za-z0-9_./-]+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class InvalidEntry(ValueError):  # noqa: N818 - named for what happened, as all errors of the house are
    """A value that must not reach a client: the ``rule`` of docs/update-clients.md, and a sentence."""

    def __init__(self, rule: int, message: str) -> None:
        super().__init__(f"{message} (rule {rule})")
        self.rule = rule
        self.message = message


@dataclass(frozen=True, slots=True)
class Identity:
    """How a Joomla site knows an extension. An empty ``client`` stands for the one its type has unsaid."""

    type: str
    element: str
    folder: str = ""
    client: str = ""

    def __post_init__(self) -> None:
        fixed = _FIXED_CLIENT.get(self.type)
        known = fixed is not None or self.type in _DECLARED_CLIENT
        _require(known, 16, f"{self.type!r} is no type of Joomla extension")
        object.__setattr__(self, "client", self.client or fixed or "site")
        _require(self.client in ((fixed,) if fixed else _CLIENTS), 16, f"a {self.type} has no client {self.client!r}")
        _require(
            bool(self.folder) == (self.type == "plugin"), 17, "a folder belongs to plugins, and every plugin has one"
        )
        _require(not self.folder or bool(_ELEMENT.fullmatch(self.folder)), 17, f"{self.folder!r} is no plugin group")
        _require(len(self.folder) <= _FOLDER_LENGTH, 17, f"a folder has at most {_FOLDER_LENGTH} characters")
        self._check_element()

    def _check_element(self) -> None:
        _require(bool(_ELEMENT.fullmatch(self.element)), 18, f"{self.element!r} is no element name")
        _require(len(self.element) <= _NAME_LENGTH, 18, f"an element has at most {_NAME_LENGTH} characters")
        prefix = _ELEMENT_PREFIX.get(self.type, "")
        _require(self.element.startswith(prefix), 18, f"the element of a {self.type} begins with {prefix}")
        lower = self.type != "component" or self.element == self.element.lower()
        _require(lower, 18, "the element of a component is lower case")


@dataclass(frozen=True, slots=True)
class Download:
    """The file of an entry. Digests are lower-case hex of the bytes delivered, or empty; ``size`` in bytes."""

    url: str
    sha256: str
    sha384: str = ""
    sha512: str = ""
    size: int = 0
    filename: str = ""

    def __post_init__(self) -> None:
        parts = _web_address(self.url, 24)
        secure = parts.scheme == "https" or parts.hostname in _LOOPBACK
        _require(secure, 24, "a download link is https (plain http only on this machine)")
        _require(
            parts.path.endswith(".zip"), 24, "the path of a download link ends in .zip: Joomla unpacks by file name"
        )
        _require(
            not parts.query and not parts.fragment, 24, "a download link has no query: Joomla appends the key itself"
        )
        for digest, length in ((self.sha256, 64), (self.sha384, 96), (self.sha512, 128)):
            fits = re.fullmatch(rf"[0-9a-f]{{{length}}}|", digest)
            _require(fits is not None, 26, f"a checksum is {length} lower-case hex digits, or absent")
        _require(self.size >= 0, 24, "a size in bytes is not negative")
        _require(
            not self.filename or bool(_FILE_NAME.fullmatch(self.filename)), 41, f"{self.filename!r} is no ZIP file name"
        )


@dataclass(frozen=True, slots=True)
class UpdateEntry:
    """One ``<update>``.

    ``description`` is plain text (the renderer escapes it as HTML, which Joomla prints it as), ``target_platform`` a
    regular expression, ``databases`` pairs of kind and lowest version.
    """

    identity: Identity
    name: str
    version: str
    stability: str
    download: Download
    description: str = ""
    infourl: str = ""
    infourl_title: str = ""
    changelog_url: str = ""
    maintainer: str = ""
    maintainer_url: str = ""
    target_platform: str = field(kw_only=True)
    php_minimum: str = ""
    databases: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_version(self.version)
        _require(self.stability in STABILITIES, 21, f"{self.stability!r} is no stability: Joomla would call it stable")
        _check_name(self.name)
        for address in (self.infourl, self.changelog_url, self.maintainer_url):
            if address:
                _web_address(address, 28)
        _check_platform(self.target_platform)
        php_known = not self.php_minimum or bool(_DIGITS.fullmatch(self.php_minimum))
        _require(php_known, 31, f"a PHP minimum is plain digits, not {self.php_minimum!r}")
        _check_databases(self.databases)


@dataclass(frozen=True, slots=True)
class UpdateFeed:
    """All entries of one product, highest version first.

    The caller sorts (rule 34): comparing versions is a rule of the house, not a matter of bytes, so the order given is
    kept.
    """

    entries: tuple[UpdateEntry, ...] = ()

    def __post_init__(self) -> None:
        identities = {entry.identity for entry in self.entries}
        _require(len(identities) <= 1, 15, "a feed has one identity: of several, Joomla sees the highest number only")


@dataclass(frozen=True, slots=True)
class ChangelogEntry:
    """What changed in one version, in Joomla's order of sections. Items are HTML text without tags, one line each."""

    identity: Identity
    version: str
    sections: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        check_version(self.version)
        strange = sorted(set(self.sections) - set(CHANGELOG_SECTIONS))
        _require(not strange, 48, f"Joomla knows no changelog section {', '.join(strange)}")
        for item in (item for items in self.sections.values() for item in items):
            _require(
                bool(item) and item == single_line(item), 48, "a changelog item is one line without outer whitespace"
            )
            _require("<" not in item and ">" not in item, 48, "a changelog item has no HTML tag: Joomla prints it raw")
        ordered = {name: tuple(self.sections[name]) for name in CHANGELOG_SECTIONS if self.sections.get(name)}
        object.__setattr__(self, "sections", MappingProxyType(ordered))


@dataclass(frozen=True, slots=True)
class CollectionItem:
    """One extension of an owner's collection. ``details_url`` is its feed; the platform is a regular expression."""

    identity: Identity
    name: str
    version: str
    details_url: str
    target_platform_version: str

    def __post_init__(self) -> None:
        check_version(self.version)
        _check_name(self.name)
        parts = _web_address(self.details_url, 28)
        plain = parts.path.endswith(".xml") and not parts.query and not parts.fragment
        _require(plain, 9, "a feed address ends in .xml and has no query")
        _check_platform(self.target_platform_version)


def check_version(version: str) -> None:
    """Refuse a version that PHP's ``version_compare`` ranks where nobody expects it, such as v1.0 or 1.0-nightly."""
    _require(bool(_VERSION.fullmatch(version)), 19, f"sites would not rank the version {version!r} as it is meant")
    _require(len(version) <= _VERSION_LENGTH, 19, f"a version has at most {_VERSION_LENGTH} characters")


def _web_address(address: str, rule: int) -> SplitResult:
    _require(bool(_URL.fullmatch(address)), rule, f"{address!r} holds characters that a link must percent-encode")
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise InvalidEntry(rule, f"{address!r} is no web address") from error
    _require(
        parts.scheme in ("http", "https") and bool(parts.hostname), rule, f"{address!r} is no absolute web address"
    )
    return parts


def _check_name(name: str) -> None:
    shown = single_line(name)
    _require(bool(shown), 28, "an extension needs a name")
    _require(len(shown) <= _NAME_LENGTH, 28, f"a name has at most {_NAME_LENGTH} characters")


def _check_platform(pattern: str) -> None:
    problem = target_platform.fault(pattern)
    _require(problem is None, 25, f"target platform {pattern!r} {problem}")


def _check_databases(databases: tuple[tuple[str, str], ...]) -> None:
    kinds = [kind for kind, _ in databases]
    _require(set(kinds) <= set(_DATABASES) and len(kinds) == len(set(kinds)), 32, "name each known database once")
    _require(("mysql" in kinds) == ("mariadb" in kinds), 32, "name mysql and mariadb together: Joomla tells them apart")
    _require(all(_DIGITS.fullmatch(version) for _, version in databases), 32, "a database version is plain digits")


def _require(condition: bool, rule: int, message: str) -> None:
    if not condition:
        raise InvalidEntry(rule, message)
