"""The words for refunds, disputes and subscriptions that the rules know, ranked.

They are Stripe's words, since its vocabulary is the finest; other sources are translated into them at the edge. A
status that is not listed is never guessed at: the last known one stays, and a person is asked to look.

The rank of a word decides where nothing else does: two reports of the same second, or of a source that tells no time.
It grows in the order in which a thing lives, so the later of two words wins.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

# A refund may fail after it succeeded, so the failures rank above success.
REFUND = ("pending", "requires_action", "succeeded", "canceled", "failed")
# A lost dispute may be appealed, and the appeal won; nothing here is final for ever.
DISPUTE = (
    "warning_needs_response",
    "warning_under_review",
    "needs_response",
    "under_review",
    "prevented",
    "warning_closed",
    "lost",
    "appeal_needs_response",
    "appeal_under_review",
    "won",
)
SUBSCRIPTION = (
    "incomplete",
    "trialing",
    "past_due",
    "unpaid",
    "paused",
    "active",
    "incomplete_expired",
    "canceled",
)
# A subscription that ended stays so: a late report of how it was before changes nothing.
TERMINAL = frozenset({"incomplete_expired", "canceled"})

Weight = Literal["harmless", "inquiry", "open", "lost"]

_WEIGHTS: Mapping[str, Weight] = MappingProxyType(
    {
        "warning_needs_response": "inquiry",
        "warning_under_review": "inquiry",
        "warning_closed": "harmless",
        "needs_response": "open",
        "under_review": "open",
        "prevented": "harmless",
        "lost": "lost",
        "appeal_needs_response": "open",
        "appeal_under_review": "open",
        "won": "harmless",
    }
)
_RANKS: Mapping[tuple[str, ...], Mapping[str, int]] = MappingProxyType(
    {words: MappingProxyType({word: at for at, word in enumerate(words)}) for words in (REFUND, DISPUTE, SUBSCRIPTION)}
)


def rank(words: tuple[str, ...], word: str) -> int:
    """Return where the word stands in its vocabulary (`REFUND`, `DISPUTE`, `SUBSCRIPTION`); -1 for one not in it."""
    return _RANKS[words].get(word, -1)


def money_is_leaving(refund_status: str) -> bool:
    """Whether a refund of this status counts. One under way does; one that failed or was called off does not."""
    return refund_status in {"pending", "requires_action", "succeeded"}


def weight(dispute_status: str) -> Weight:
    """What a dispute of this status means: nothing, an inquiry (people are told), held money, lost money."""
    return _WEIGHTS.get(dispute_status, "harmless")
