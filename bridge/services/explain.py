"""The whole decision, step by step, for whoever must answer a customer. It asks the same rules as the doors."""

from dataclasses import dataclass

from bridge.rules import listing
from bridge.rules.access import ORDER, Code, rank
from bridge.rules.publication import Offer
from bridge.services.downloads import Found
from bridge.services.gate import Gate, Stated, Verdict
from bridge.services.offers import file_name
from bridge.services.products import Product

# More than any feed lists; each costs a look-up or two.
_MOST_CANDIDATES = 60

QUESTIONS = {
    Code.MISSING: "Was a key received?",
    Code.MALFORMED: "Does it look like a key?",
    Code.UNKNOWN: "Does the owner of the repo have such a key?",
    Code.WRONG_PRODUCT: "Is its package for this repo and edition?",
    Code.TEST_KEY: "Does it come from a real purchase, or are test keys allowed?",
    Code.REVOKED: "Is it not revoked?",
    Code.SUSPENDED: "Is it not suspended?",
    Code.NOT_STARTED: "Has it started?",
    Code.EXPIRED: "Has it not expired, or is the release from before that?",
    Code.STREAM_NOT_GRANTED: "Is the release's stream in the package?",
    Code.DOMAIN_INVALID: "Is the stated domain a domain?",
    Code.DOMAIN_REQUIRED: "Was a domain stated, or may it be left out?",
    Code.DOMAIN_NOT_ALLOWED: "Is the key assigned to this domain, or to any?",
    Code.SITE_LIMIT: "Is there a slot for this site?",
    Code.RELEASE_WITHDRAWN: "Is the release still offered?",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One question and its answer; ``None`` where an earlier no made it moot."""

    question: str
    passed: bool | None
    code: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that decided, and what the customer therefore gets.

    ``release`` is what the verdict is about, ``withheld`` newer ones that are not for this key, each with its code.
    """

    verdict: Verdict
    steps: tuple[Step, ...]
    release: str
    gets: str
    withheld: tuple[tuple[str, str], ...] = ()


def explain(gate: Gate, product: Product, stated: Stated, stream: str = "", edition: str = "") -> Explanation:
    """Walk through the decision. Takes no slot and stores nothing.

    It is about the newest release of the stream; where none is named, about the newest one that the key opens, as a
    feed would offer it. Where it opens none: about the one for which it got furthest, the newest of those.
    """
    asked = [(offer, _ask(gate, product, stated, edition, offer)) for offer in _candidates(product, stream, edition)]
    chosen = next((index for index, (_, verdict) in enumerate(asked) if verdict.decision.allowed), None)
    if chosen is None and asked:
        chosen = max(range(len(asked)), key=lambda index: rank(asked[index][1].decision))
    offer, verdict = asked[chosen] if chosen is not None else (None, _ask(gate, product, stated, edition, None))
    feed = _ask(gate, product, stated, edition, None).decision.allowed
    return Explanation(
        verdict,
        _steps(verdict),
        _label(offer) if offer else "",
        _gets(product, verdict, edition, feed=feed),
        tuple((_label(newer), str(refused.decision.code)) for newer, refused in asked[:chosen]),
    )


def _ask(gate: Gate, product: Product, stated: Stated, edition: str, offer: Offer | None) -> Verdict:
    wanted = Found(offer, file_name(offer)).wanted if offer else None
    return gate.ask(product, stated, edition, wanted, activate=False)


def _candidates(product: Product, stream: str, edition: str) -> list[Offer]:
    offers = listing.newest_first(
        offer
        for offer in product.publication.offers
        if not offer.withdrawn and offer.edition == edition and stream in {"", offer.stream.name}
    )
    return offers[: 1 if stream else _MOST_CANDIDATES]


def _steps(verdict: Verdict) -> tuple[Step, ...]:
    reached = len(ORDER) if verdict.decision.allowed else ORDER.index(verdict.decision.code)
    return tuple(
        Step(QUESTIONS[code], None if index > reached else index < reached, code) for index, code in enumerate(ORDER)
    )


def _label(offer: Offer) -> str:
    return f"{offer.version} ({offer.stream.name})"


def _gets(product: Product, verdict: Verdict, edition: str, *, feed: bool) -> str:
    mode = product.require_key(edition)
    if verdict.decision.allowed:
        return "the feed with the streams of the package, and the download"
    if mode == "false":
        return "the open feed and the download; no key is needed here"
    if feed:
        return "the feed of the key, but not this release"
    return "an empty feed and no download" if mode == "true" else "the open feed, and no download"
