"""The one yes-or-no. Feeds, downloads, validation, pages and the explain view all ask ``decide``.

The order of its lines is the order of refusals. The codes are closed: ``docs/codes.md`` lists them for customers.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bridge.rules import domains
from bridge.rules.keys import HELD_BECAUSE, KeyFacts, State, grace_until, held_because, state
from bridge.rules.packages import Package


class Code(StrEnum):
    """Why the answer is what it is."""

    VALID = "valid"
    GRACE = "grace"
    MALFORMED = "malformed"
    MISSING = "missing"
    UNKNOWN = "unknown"
    WRONG_PRODUCT = "wrong_product"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    STREAM_NOT_GRANTED = "stream_not_granted"
    DOMAIN_NOT_ALLOWED = "domain_not_allowed"
    DOMAIN_REQUIRED = "domain_required"
    DOMAIN_INVALID = "domain_invalid"
    SITE_LIMIT = "site_limit"
    TEST_KEY = "test_key"
    RELEASE_WITHDRAWN = "release_withdrawn"


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, with a code that never changes its meaning and a sentence for people."""

    allowed: bool
    code: Code
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the rules see it. ``code_valid_until`` is set on a code that was replaced and still overlaps."""

    id: int
    owner_id: int
    facts: KeyFacts
    domains: tuple[str, ...] = ()
    max_sites: int | None = None
    is_test: bool = False
    code_valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """What is asked for: a repo's edition. ``allow_test_keys`` comes from the settings of the installation."""

    owner_id: int
    repo_id: int
    edition: str = ""
    allow_test_keys: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """One release of the product."""

    stream: str
    first_seen_at: datetime
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class SiteClaim:
    """The site as far as it is known: its normalised host, and whether the key's sites leave room for it."""

    host: str | None = None
    invalid: str = ""  # why what was stated is no domain
    over_limit: bool = False


NO_SITE = SiteClaim()


def decide(  # noqa: C901, PLR0912  one refusal per line, read from top to bottom
    key: Key, package: Package, product: Product, wanted: Wanted | None, site: SiteClaim, now: datetime
) -> Decision:
    """Decide for one key; ``wanted`` of ``None`` asks about the product as a whole (a feed)."""
    if key.owner_id != product.owner_id:
        return Decision(False, Code.UNKNOWN, "no such key")
    if key.code_valid_until is not None and now >= key.code_valid_until:
        return Decision(False, Code.UNKNOWN, "no such key")
    if not package.opens(product.repo_id, product.edition):
        return Decision(False, Code.WRONG_PRODUCT, "the key is for another product")
    if key.is_test and not product.allow_test_keys:
        return Decision(False, Code.TEST_KEY, "the key comes from a test purchase")
    lifetime = state(key.facts, package.grace, now)
    if lifetime is State.REVOKED:
        return Decision(False, Code.REVOKED, _held("the key was revoked", key.facts))
    if lifetime is State.SUSPENDED:
        return Decision(False, Code.SUSPENDED, _held("the key is suspended", key.facts))
    if lifetime is State.NOT_STARTED:
        return Decision(False, Code.NOT_STARTED, f"the key starts on {key.facts.starts_at:%Y-%m-%d}")
    owned_until = owned_limit(key, package, now)
    if lifetime is State.EXPIRED and not _owns(wanted, owned_until):
        return Decision(False, Code.EXPIRED, f"the key expired on {key.facts.expires_at:%Y-%m-%d}")
    if wanted is not None and not package.grants(wanted.stream):
        return Decision(False, Code.STREAM_NOT_GRANTED, f"the package does not include the stream {wanted.stream}")
    refusal = _site_refusal(key, package, site)
    if refusal is not None:
        return refusal
    if wanted is not None and wanted.withdrawn:
        return Decision(False, Code.RELEASE_WITHDRAWN, "the release was withdrawn")
    if lifetime is State.GRACE:
        end = grace_until(key.facts, package.grace)
        return Decision(True, Code.GRACE, f"the key expired; it keeps working until {end:%Y-%m-%d}")
    if lifetime is State.EXPIRED:
        return Decision(True, Code.VALID, "the key expired; releases from before that remain yours")
    return Decision(True, Code.VALID, "")


def owned_limit(key: Key, package: Package, now: datetime) -> datetime | None:
    """For an expired key that keeps what it owned: the moment from which releases are no longer included."""
    if package.after_expiry != "owned" or state(key.facts, package.grace, now) is not State.EXPIRED:
        return None
    return key.facts.expires_at


def _held(sentence: str, facts: KeyFacts) -> str:
    because = HELD_BECAUSE.get(held_because(facts), "")
    return f"{sentence}: {because}" if because else sentence


def _owns(wanted: Wanted | None, owned_until: datetime | None) -> bool:
    if owned_until is None:
        return False
    return wanted is None or wanted.first_seen_at < owned_until


def _site_refusal(key: Key, package: Package, site: SiteClaim) -> Decision | None:
    if site.invalid:
        return Decision(False, Code.DOMAIN_INVALID, f"the stated domain is not valid: {site.invalid}")
    if site.host is None:
        if package.unstated_domain == "refuse":
            return Decision(False, Code.DOMAIN_REQUIRED, "the site must state its domain")
        return None
    if key.domains and not domains.covered(key.domains, site.host):
        return Decision(False, Code.DOMAIN_NOT_ALLOWED, f"the key is not assigned to {site.host}")
    if site.over_limit:
        return Decision(False, Code.SITE_LIMIT, "all sites of the key are taken; free one first")
    return None


def spoken_domain(key: Key, stated: str | None) -> str | None:
    """The domain that counts: a key assigned to exactly one domain speaks for it where none is stated."""
    if stated is None and len(key.domains) == 1 and not key.domains[0].startswith("*."):
        return key.domains[0]
    return stated


# The order of refusals. One that comes later knows more about the customer, so it is the more useful one to tell.
ORDER = (
    Code.MISSING,
    Code.MALFORMED,
    Code.UNKNOWN,
    Code.WRONG_PRODUCT,
    Code.TEST_KEY,
    Code.REVOKED,
    Code.SUSPENDED,
    Code.NOT_STARTED,
    Code.EXPIRED,
    Code.STREAM_NOT_GRANTED,
    Code.DOMAIN_INVALID,
    Code.DOMAIN_REQUIRED,
    Code.DOMAIN_NOT_ALLOWED,
    Code.SITE_LIMIT,
    Code.RELEASE_WITHDRAWN,
)
_RANK = {code: rank for rank, code in enumerate((*ORDER, Code.GRACE, Code.VALID))}


def rank(decision: Decision) -> int:
    """How favourable a decision is. One legacy code may stand for several keys: the highest rank counts."""
    return _RANK[decision.code]
