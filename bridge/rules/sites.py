"""Which sites of a key take a seat, and whether one more may come.

A production host takes a seat. Local hosts are free unless the package counts them. A staging host is free beside a
production host of the same registered domain, one for each; an address that a hosting company hands out for the time
before the move is free, three for each key. A staging host that came first takes a seat and gives it back the moment
its production host arrives, since that is the order in which sites are built.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.rules.domains import is_hosting_preview, is_local, is_staging_host, registrable_domain

SiteKind = Literal["production", "local", "staging"]
LocalSites = Literal["free", "count"]
Outcome = Literal["known", "free", "counted", "refused"]

STAGING_PER_PRODUCTION_SITE = 1
PREVIEWS_PER_KEY = 3
LOCAL_SITES_BEFORE_FLAG = 25


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A site on record: its normalised host, whether it takes a seat, and whether somebody freed it since."""

    host: str
    counts: bool
    freed: bool = False


@dataclass(frozen=True, slots=True)
class Admission:
    """What happens to a host that asks to come in.

    ``reclassified`` names the sites that become free because this production host arrives; nothing changes on refusal.
    ``many_local`` is a flag for the seller's eyes: this key has more local sites than people usually have.
    """

    outcome: Outcome
    kind: SiteKind
    reclassified: tuple[str, ...] = ()
    many_local: bool = False


def classify(host: str, *, production_hosts: Collection[str], local_sites: LocalSites) -> SiteKind:
    """Say what a normalised host is by its name, beside the key's other production hosts; quotas come in `admit`."""
    if is_local(host):
        return "local" if local_sites == "free" else "production"
    if is_hosting_preview(host):
        return "staging"
    if is_staging_host(host) and _siblings(host, production_hosts):
        return "staging"
    return "production"


def seats(sites: Iterable[SiteFacts]) -> int:
    """Return how many seats the sites take."""
    return sum(site.counts and not site.freed for site in sites)


def admit(host: str, sites: Sequence[SiteFacts], limit: int, local_sites: LocalSites) -> Admission:
    """Decide whether a normalised host may use a key that these sites (oldest first) use; ``limit`` 0 is unlimited.

    A freed site is a newcomer when it returns. Known sites stay, even where the limit was lowered under them.
    """
    live = [site for site in sites if not site.freed]
    kind = _kind_within_quota(host, live, local_sites)
    many_local = (
        kind == "local" and 1 + sum(_is_free_local(s) for s in live if s.host != host) > LOCAL_SITES_BEFORE_FLAG
    )
    known = next((site for site in live if site.host == host), None)
    if known is not None:
        kind = "production" if known.counts else ("local" if is_local(host) else "staging")
        return Admission("known", kind, many_local=many_local)
    if kind != "production":
        return Admission("free", kind, many_local=many_local)
    reclassified = _freed_by(host, live)
    if limit and seats(live) - len(reclassified) + 1 > limit:
        return Admission("refused", kind)
    return Admission("counted", kind, reclassified)


def orphaned_by(host: str, sites: Sequence[SiteFacts]) -> tuple[str, ...]:
    """Return the free staging sites that lose their production host when this site is freed (newest first to go).

    Whoever frees the host frees these with it, or a key could collect free sites by moving from domain to domain.
    """
    rest = [site for site in sites if not site.freed and site.host != host]
    staged = [site.host for site in rest if not site.counts and _is_staging_of(site.host, host)]
    allowed = STAGING_PER_PRODUCTION_SITE * len(_siblings(host, _production_hosts(rest)))
    return tuple(staged[allowed:])


def _kind_within_quota(host: str, live: Sequence[SiteFacts], local_sites: LocalSites) -> SiteKind:
    others = [site for site in live if site.host != host]
    production = _production_hosts(others)
    kind = classify(host, production_hosts=production, local_sites=local_sites)
    if kind != "staging":
        return kind
    if is_hosting_preview(host):
        used = sum(not site.counts and is_hosting_preview(site.host) for site in others)
        return "staging" if used < PREVIEWS_PER_KEY else "production"
    used = sum(not site.counts and _is_staging_of(site.host, host) for site in others)
    return "staging" if used < STAGING_PER_PRODUCTION_SITE * len(_siblings(host, production)) else "production"


def _freed_by(host: str, live: Sequence[SiteFacts]) -> tuple[str, ...]:
    """Return the counted staging sites that this production host makes free, the oldest first, within the quota."""
    if not _is_production_name(host):
        return ()
    staging = [site for site in live if _is_staging_of(site.host, host)]
    free = sum(not site.counts for site in staging)
    production = len(_siblings(host, _production_hosts(live))) + 1
    room = max(0, STAGING_PER_PRODUCTION_SITE * production - free)
    return tuple([site.host for site in staging if site.counts][:room])


def _production_hosts(sites: Iterable[SiteFacts]) -> list[str]:
    return [site.host for site in sites if site.counts and _is_production_name(site.host)]


def _is_production_name(host: str) -> bool:
    """Say whether a host can stand for others; a staging site that had to take a seat cannot make its like free."""
    return not (is_staging_host(host) or is_local(host) or is_hosting_preview(host))


def _siblings(host: str, hosts: Iterable[str]) -> list[str]:
    domain = registrable_domain(host)
    return [
        other
        for other in hosts
        if other != host and _is_production_name(other) and domain is not None and registrable_domain(other) == domain
    ]


def _is_staging_of(host: str, production_host: str) -> bool:
    return is_staging_host(host) and not is_hosting_preview(host) and _same_domain(host, production_host)


def _same_domain(host: str, other: str) -> bool:
    domain = registrable_domain(host)
    return domain is not None and domain == registrable_domain(other)


def _is_free_local(site: SiteFacts) -> bool:
    return not site.counts and is_local(site.host)
