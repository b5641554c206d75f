"""``LICENSING_FEED``: what a repo says of its feed that cannot be derived from its releases."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bridge.rules import platforms, versions
from bridge.rules.strict_toml import InvalidSetting, Table, parse

RequireKey = Literal["true", "download", "false"]

MAX_DESCRIPTION_LENGTH = 2000
MAX_NAME_LENGTH = 100

_REQUIRE_KEY: dict[str, RequireKey] = {"true": "true", "download": "download", "false": "false"}
_EDITION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]{0,79}")

_TOP_EXAMPLE = 'name = "Acme Shop" or infourl = "https://acme.example/shop".'
_PLATFORM_EXAMPLE = (
    r"""[[platform]] with version_range = ">=2.0 <3", target_platform = '5\.[0-9]+', php_minimum = "8.1"."""
)
_ASSET_EXAMPLE = '[asset] with joomla = "pkg_*.zip".'
_STREAM_EXAMPLE = '[streams.lts] with tags = "v3.*".'
_EDITION_EXAMPLE = '[edition.pro] with asset = "*-pro.zip" and require_key = "true".'
_CONSTANT_EXAMPLE = 'key_constant = "ACMESTOCK_DLID".'


@dataclass(frozen=True, slots=True)
class PlatformRule:
    """For versions in a range: the pattern of Joomla versions and the PHP minimum; "" means that it is derived."""

    version_range: str
    target_platform: str = ""
    php_minimum: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """One of several builds of a release; ``require_key`` None means as the repo says."""

    name: str
    asset: str
    require_key: RequireKey | None = None


@dataclass(frozen=True, slots=True)
class FeedRules:
    """The whole of `LICENSING_FEED`; "" and empty collections mean that nothing was said."""

    name: str = ""
    description: str = ""
    infourl: str = ""
    platforms: tuple[PlatformRule, ...] = ()
    asset_patterns: Mapping[str, str] = field(default_factory=dict)
    stream_tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    editions: Mapping[str, Edition] = field(default_factory=dict)
    key_constant: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "FeedRules":
        """Rebuild what ``dataclasses.asdict`` and JSON made of the rules."""
        return cls(
            name=data["name"],
            description=data["description"],
            infourl=data["infourl"],
            platforms=tuple(PlatformRule(**rule) for rule in data["platforms"]),
            asset_patterns=dict(data["asset_patterns"]),
            stream_tags={name: tuple(globs) for name, globs in data["stream_tags"].items()},
            editions={name: Edition(**edition) for name, edition in data["editions"].items()},
            key_constant=data["key_constant"],
        )


def parse_feed(text: str) -> FeedRules:
    """Read the TOML of `LICENSING_FEED`; raises `InvalidSetting` with a sentence for the repo's admin."""
    top = parse(text, _TOP_EXAMPLE)
    rules = FeedRules(
        name=top.text("name", max_length=MAX_NAME_LENGTH),
        description=top.text("description", max_length=MAX_DESCRIPTION_LENGTH, multiline=True),
        infourl=top.url("infourl"),
        platforms=tuple(_platform_rule(row.showing(_PLATFORM_EXAMPLE)) for row in top.rows("platform")),
        asset_patterns=_asset_patterns(top.table("asset").showing(_ASSET_EXAMPLE)),
        stream_tags={name.casefold(): _tags(table.showing(_STREAM_EXAMPLE)) for name, table in top.tables("streams")},
        editions={name: _edition(name, table.showing(_EDITION_EXAMPLE)) for name, table in top.tables("edition")},
        key_constant=top.text("key_constant", max_length=80),
    )
    if rules.key_constant and _CONSTANT.fullmatch(rules.key_constant) is None:
        raise top.showing(_CONSTANT_EXAMPLE).refuse("key_constant", "must be capital letters, digits and underscores")
    top.done()
    return rules


def require_key_of(text: str) -> RequireKey | None:
    """Return the key rule a case-folded word means, or None if it means none."""
    return _REQUIRE_KEY.get(text)


def _platform_rule(row: Table) -> PlatformRule:
    version_range = row.text("version_range")
    try:
        versions.parse_range(version_range)
    except versions.InvalidRange as error:
        raise row.refuse("version_range", f"cannot be read: {str(error).rstrip('.')}") from None
    rule = PlatformRule(version_range or "*", row.text("target_platform", max_length=500), row.text("php_minimum"))
    if rule.target_platform and (problem := platforms.problem(rule.target_platform)):
        raise row.refuse("target_platform", f"will not do: {problem.rstrip('.')}")
    if rule.php_minimum and (problem := platforms.php_minimum_problem(rule.php_minimum)):
        raise row.refuse("php_minimum", f"will not do: {problem.rstrip('.')}")
    if not rule.target_platform and not rule.php_minimum:
        raise row.refuse("target_platform", "or php_minimum must be given")
    row.done()
    return rule


def _asset_patterns(table: Table) -> dict[str, str]:
    found = {platform: table.glob(platform) for platform in ("joomla", "dolibarr")}
    table.done()
    return {platform: pattern for platform, pattern in found.items() if pattern}


def _tags(table: Table) -> tuple[str, ...]:
    tags = table.globs("tags")
    if not tags:
        raise table.refuse("tags", "must hold a pattern")
    table.done()
    return tags


def _edition(name: str, table: Table) -> Edition:
    if _EDITION.fullmatch(name) is None:
        raise InvalidSetting(f"“{name}” is not an edition's name; use small letters, digits and hyphens, such as pro.")
    asset, word = table.glob("asset"), table.choice("require_key")
    if not asset:
        raise table.refuse("asset", "must hold a pattern")
    require_key = require_key_of(word)
    if word and require_key is None:
        raise table.refuse("require_key", "must be true, download or false")
    table.done()
    return Edition(name, asset, require_key)
