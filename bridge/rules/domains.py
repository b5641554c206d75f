"""One normaliser for every domain a site, a person or a payment may state, and what a host tells of its site.

``hosts.py`` reads the host; questions about suffixes are answered by the Public Suffix List,
private section included, so ``alice.github.io`` and ``bob.github.io`` are different sites.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from bridge.rules.hosts import InvalidDomain, canonical_host, raw_host, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from publicsuffixlist import PublicSuffixList

__all__ = [
    "NO_DOMAIN_HOSTS",
    "InvalidDomain",
    "is_hosting_preview",
    "is_local",
    "is_staging_host",
    "matches",
    "normalize_host",
    "normalize_pattern",
    "registrable_domain",
    "stated_domain",
]

MAX_INPUT_LENGTH = 2048

NO_DOMAIN_HOSTS = frozenset({"joomla.invalid"})
"""Hosts that mean "no domain stated": Joomla's command line sends the first."""

LOCAL_SUFFIXES = frozenset({"test", "example", "invalid", "local", "internal", "home.arpa", "lan", "localhost"})
DEVELOPMENT_SUFFIXES = frozenset({"ddev.site", "lndo.site", "docksal.site", "lvh.me", "localtest.me"})
PREVIEW_SUFFIXES = frozenset(
    {
        "app.github.dev",
        "cloudwaysapps.com",
        "gitpod.io",
        "hostingersite.com",
        "kinsta.cloud",
        "loca.lt",
        "myftpupload.com",
        "ngrok-free.app",
        "ngrok.app",
        "ngrok.io",
        "pantheonsite.io",
        "platformsh.site",
        "plesk.page",
        "sg-host.com",
        "tempurl.host",
        "trycloudflare.com",
        "wpengine.com",
        "wpenginepowered.com",
    }
)

_STAGING_LABEL = re.compile(
    r"(?:staging|stage|stg|dev|test|testing|preprod|uat|qa|demo|sandbox|preview|beta)(?:-?[0-9]+)?"
)
_LOCAL_NETWORKS = tuple(
    ip_network(text)
    for text in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
        *("::1/128", "fe80::/10", "fc00::/7"),
    )
)


def normalize_host(text: str) -> str:
    """Turn an address, ``host:port`` or bare host into the identity of a site.

    The answer is lower-case ASCII without scheme, user, port, path and trailing dot, and without one leading ``www.``
    where a registrable name is left. IPv6 keeps its brackets. Apart from a doubled ``www.www.``, of which exactly one
    is removed each time, normalising the answer again changes nothing. Raises `InvalidDomain`.
    """
    host, reason = _normalized(text) if len(text) <= MAX_INPUT_LENGTH else ("", "it is too long")
    if reason:
        raise InvalidDomain(reason)
    return host


def normalize_pattern(text: str) -> str:
    """Turn an assigned domain into its canonical form: a host, or ``*.`` before a host that someone can register.

    Raises `InvalidDomain`, also for wildcards over public suffixes, single labels and IP addresses.
    """
    if len(text) > MAX_INPUT_LENGTH:
        raise InvalidDomain("it is too long")
    raw = raw_host(text)
    if not raw.startswith("*."):
        return normalize_host(text)
    host = canonical_host(raw[2:])
    if registrable_domain(host) is None:
        raise InvalidDomain("a wildcard needs a registered domain after it, such as *.example.com")
    return f"*.{host}"


def matches(pattern: str, host: str) -> bool:
    """Say whether a normalised pattern covers a normalised host; ``*.example.com`` does not cover ``example.com``."""
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) >= len(pattern)
    return pattern == host


def covered(patterns: Iterable[str], host: str) -> bool:
    """Say whether one of some normalised patterns covers a normalised host."""
    return any(matches(pattern, host) for pattern in patterns)


def stated_domain(text: str | None) -> str | None:
    """Return the host a client states, or None when it states none (absent, blank, or Joomla's ``joomla.invalid``).

    Raises `InvalidDomain` for anything stated that is no host.
    """
    if text is None or not trimmed(text):
        return None
    host = normalize_host(text)
    return None if host in NO_DOMAIN_HOSTS else host


@lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str | None:
    """Return the part of a normalised host that somebody registered; None for IPs, single labels, public suffixes."""
    if _is_ip(host) or "." not in host:
        return None
    domain: str | None = _suffixes().privatesuffix(host)
    return domain


@lru_cache(maxsize=4096)
def is_local(host: str) -> bool:
    """Say whether a normalised host can only be reached from its own machine or network."""
    if _is_ip(host):
        address = ip_address(host.strip("[]"))
        return any(address in network for network in _LOCAL_NETWORKS)
    return "." not in host or _ends_with_one_of(host, LOCAL_SUFFIXES) or _ends_with_one_of(host, DEVELOPMENT_SUFFIXES)


def is_staging_host(host: str) -> bool:
    """Say whether the left-most label calls a normalised host a staging site: ``dev2.example.com``, not ``dev.com``."""
    label, _, _ = host.partition(".")
    if _STAGING_LABEL.fullmatch(label) is None:
        return False
    domain = registrable_domain(host)
    return domain is not None and domain != host


def is_hosting_preview(host: str) -> bool:
    """Say whether a normalised host is a throw-away address that a hosting company gives out before the move."""
    return host not in PREVIEW_SUFFIXES and _ends_with_one_of(host, PREVIEW_SUFFIXES)


@lru_cache(maxsize=4096)
def _normalized(text: str) -> tuple[str, str]:
    """Return (host, "") or ("", reason): an exception would not be cached, and bad hosts come as often as good ones."""
    try:
        return _without_www(canonical_host(raw_host(text))), ""
    except InvalidDomain as error:
        return "", error.reason


def _without_www(host: str) -> str:
    rest = host.removeprefix("www.")
    return rest if rest != host and registrable_domain(rest) is not None else host


def _is_ip(host: str) -> bool:
    """Tell addresses by their last label: `canonical_host` lets no name end in a numeric one."""
    return host.endswith("]") or host.rpartition(".")[2].isdigit()


def _ends_with_one_of(host: str, suffixes: frozenset[str]) -> bool:
    labels = host.split(".")
    return any(".".join(labels[-size:]) in suffixes for size in (1, 2, 3))


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - half a second and two megabytes, once and late

    return PublicSuffixList()
