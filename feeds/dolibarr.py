"""What Dolibarr reads: ``version.txt``, our own ``dolibarr.json``, and the line a module needs to ask for them.

Dolibarr ignores the status of an answer (24.0 ``DolibarrModules::checkForUpdate``): any body below 30 bytes is a
version. So every text that may reach it is either plain digits, or empty, or long.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest

from feeds.entries import Download, InvalidEntry, check_version
from feeds.xml import single_line

# The names under which the descriptor line sends what it knows.
KEY_PARAMETER = "dlid"
DOMAIN_PARAMETER = "domain"
DOLIBARR_PARAMETER = "dolibarr"
PHP_PARAMETER = "php"

_SHORTEST_REFUSED_BYTES = 30
_NOT_A_VERSION = "This answer is not a version number."
_PLAIN_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")
_LIMIT = re.compile(r"([0-9]+(\.-?[0-9]+)*)?")
_MODULE = re.compile(r"[A-Za-z0-9_]+")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")
_VERSION_PART = re.compile(r"(?<![0-9])-[0-9]{1,9}|[0-9]{1,9}|[a-z]+[0-9]*")
# What Dolibarr's versioncompare() makes of the word in 24.0.0-beta; a limit such as 11.-3 means "from beta1 on".
_WORD_RANKS = {"alpha": -5, "dev": -5, "beta": -4, "rc": -2}
_COUNTED_WORDS = ("beta", "rc")  # with a number they rank one higher
_KEYS = (
    *("module", "numero", "name", "version", "released_at", "channel", "editor"),
    *("dolibarr_min", "dolibarr_max", "phpmin", "phpmax"),
    *("filename", "download_url", "sha256", "changelog_url"),
)
_NAME_PARTS = 3


@dataclass(frozen=True, slots=True)
class DolibarrRelease:
    """One release of a module. Limits are versions (17.0) or empty when unknown; ``released_at`` is aware."""

    module: str
    name: str
    version: str
    channel: str
    released_at: datetime
    download: Download
    numero: int | None = None
    editor_name: str = ""
    editor_url: str = ""
    dolibarr_min: str = ""
    dolibarr_max: str = ""
    php_min: str = ""
    php_max: str = ""
    changelog_url: str = ""

    def __post_init__(self) -> None:
        check_version(self.version)
        if not _MODULE.fullmatch(self.module):
            raise InvalidEntry(53, f"{self.module!r} is no directory of a Dolibarr module")
        expected = package_filename(self.module, self.version)
        if self.download.filename != expected:
            raise InvalidEntry(53, f"Dolibarr deploys this file under the name {expected} only")
        for limit in (self.dolibarr_min, self.dolibarr_max, self.php_min, self.php_max):
            if not _LIMIT.fullmatch(limit):
                raise InvalidEntry(54, f"{limit!r} is no version that can limit a release")
        if self.released_at.tzinfo is None:
            raise InvalidEntry(54, "a release date needs its time zone")


@dataclass(frozen=True, slots=True)
class LicenseNote:
    """What the stated key is worth: a decision's code, its last day (ISO 8601, empty for never), a sentence."""

    status: str
    expires: str = ""
    message: str = ""


def version_txt(version: str | None) -> bytes:
    """Return the body that offers this version, or the empty body that offers nothing (rule 50)."""
    if version is None:
        return b""
    if not _PLAIN_VERSION.fullmatch(version):
        raise InvalidEntry(50, f"Dolibarr is told plain digits only, not {version!r}")
    if len(version) >= _SHORTEST_REFUSED_BYTES:
        raise InvalidEntry(50, f"Dolibarr reads versions below {_SHORTEST_REFUSED_BYTES} bytes only")
    return version.encode("ascii")


def error_body(sentence: str) -> bytes:
    """Return a body for an error that Dolibarr cannot take for a version: empty, or at least 30 bytes (rule 51)."""
    text = single_line(sentence)
    body = text.encode("utf-8")
    if not body or len(body) >= _SHORTEST_REFUSED_BYTES:
        return body
    return f"{text} {_NOT_A_VERSION}".encode()


def package_filename(module: str, version: str) -> str:
    """Return the name Dolibarr accepts for upload: three plain numbers, and no word such as rc1 (rule 53)."""
    number = _PLAIN_VERSION.match(version)
    parts = number[0].split(".") if number else []
    return f"module_{module}-{'.'.join([*parts, '0', '0', '0'][:_NAME_PARTS])}.zip"


def dolibarr_json(
    release: DolibarrRelease | None,
    *,
    module: str = "",
    license_note: LicenseNote | None = None,
) -> bytes:
    """Return ``dolibarr.json``: the same keys in the same order always, null where nothing is known.

    Without a release ``module`` still says whose answer it is. The key ``license`` is there only when a key was stated.
    """
    facts = _facts(release) if release else {"module": module or None}
    document = {**dict.fromkeys(_KEYS), **facts}
    if license_note is not None:
        document["license"] = {
            "status": license_note.status,
            "expires": license_note.expires or None,
            "message": single_line(license_note.message) or None,
        }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def descriptor_line(version_url: str, *, key_constant: str) -> str:
    """Return the PHP line for a module's constructor: it asks with the key, the domain and both versions (rule 55).

    ``version_url`` has no query; ``key_constant`` names the Dolibarr constant that holds the key, such as
    ACMESTOCK_DLID.
    """
    if not _CONSTANT.fullmatch(key_constant):
        raise InvalidEntry(55, f"{key_constant!r} is no name of a Dolibarr constant")
    address = version_url.replace("\\", "\\\\").replace("'", "\\'")
    stated = (
        (f"{address}?{KEY_PARAMETER}=", f"getDolGlobalString('{key_constant}')"),
        (f"&{DOMAIN_PARAMETER}=", "$_SERVER['HTTP_HOST'] ?? ''"),
        (f"&{DOLIBARR_PARAMETER}=", "DOL_VERSION"),
        (f"&{PHP_PARAMETER}=", "PHP_VERSION"),
    )
    terms = " . ".join(f"'{text}' . urlencode({value})" for text, value in stated)
    return f"$this->url_last_version = {terms};"


def newest_that_fits(
    releases: Iterable[DolibarrRelease],
    dolibarr_version: str = "",
    php_version: str = "",
) -> DolibarrRelease | None:
    """Return the first release that runs on both versions; the caller gives them highest first.

    An empty or unreadable version limits nothing. An upper limit includes what begins with it: 24.0 takes 24.0.3.
    """
    for release in releases:
        runs_here = _within(dolibarr_version, release.dolibarr_min, release.dolibarr_max)
        if runs_here and _within(php_version, release.php_min, release.php_max):
            return release
    return None


def _facts(release: DolibarrRelease) -> dict[str, object]:
    return {
        "module": release.module,
        "numero": release.numero,
        "name": single_line(release.name),
        "version": release.version,
        "released_at": release.released_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "channel": release.channel,
        "editor": {"name": single_line(release.editor_name) or None, "url": release.editor_url or None},
        "dolibarr_min": release.dolibarr_min or None,
        "dolibarr_max": release.dolibarr_max or None,
        "phpmin": release.php_min or None,
        "phpmax": release.php_max or None,
        "filename": release.download.filename,
        "download_url": release.download.url,
        "sha256": release.download.sha256 or None,
        "changelog_url": release.changelog_url or None,
    }


def _within(version: str, low: str, high: str) -> bool:
    asked, lowest, highest = _numbers(version), _numbers(low), _numbers(high)
    if not asked:
        return True
    return _compare(asked, lowest) >= 0 and (not highest or _compare(asked[: len(highest)], highest) <= 0)


def _numbers(version: str) -> list[int]:
    """Read a version as Dolibarr does, words as negative ranks; a word it does not know ends the number."""
    numbers: list[int] = []
    for part in _VERSION_PART.findall(version.lower()):
        if part.lstrip("-").isdigit():
            numbers.append(int(part))
            continue
        word = next((word for word in _WORD_RANKS if part.startswith(word)), None)
        if word is None or not numbers:
            break
        numbers.append(_WORD_RANKS[word] + (word in _COUNTED_WORDS and part != word))
    return numbers


def _compare(left: list[int], right: list[int]) -> int:
    pairs = list(zip_longest(left, right, fillvalue=0))
    return ([a for a, _ in pairs] > [b for _, b in pairs]) - ([a for a, _ in pairs] < [b for _, b in pairs])
