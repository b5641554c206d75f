"""What a machine token may be made for: one table of scope and actions. What no scope covers, no machine may.

A token never does more than its maker may at that moment (``Standing.limited_to``); a scope only takes away. Left to
people are deleting, packages, settings, tokens, the audit trail, which names people and their addresses, a customer's
whole record and its erasure, and the code of a master key, which opens everything for good.
"""

from collections.abc import Iterable
from enum import StrEnum

from bridge.rules.permissions import Action


class Scope(StrEnum):
    """What a token can be made for."""

    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    PURCHASES_WRITE = "purchases:write"
    STATS_READ = "stats:read"


# Keys with their codes and customers: a shop shows its customer the key, and would else be given the right to write.
_READING = frozenset(
    {
        Action.PACKAGES_READ,
        Action.KEYS_READ,
        Action.KEYS_CODE,
        Action.KEYS_MAIL,
        Action.KEYS_EXPLAIN,
        Action.KEYS_EXPORT,
        Action.SITES_READ,
        Action.USAGE_READ,
        Action.CUSTOMERS_READ,
    }
)
_WRITING = frozenset(
    {
        Action.KEYS_ISSUE,
        Action.KEYS_EDIT,
        Action.KEYS_DOMAINS,
        Action.KEYS_EXTEND_BY_GRACE,
        Action.KEYS_RENEW,
        Action.KEYS_REVOKE,
        Action.KEYS_REPLACE,
        Action.KEYS_RESEND,
        Action.KEYS_VALIDATE,
        Action.KEYS_IMPORT,
        Action.SITES_FREE,
    }
)
# A purchase issues keys, at a price that the shop states: whoever may record one may issue, and is told the code.
_SELLING = frozenset(
    {
        Action.PURCHASES_READ,
        Action.PURCHASES_WRITE,
        Action.PACKAGES_READ,
        Action.KEYS_ISSUE,
        Action.KEYS_RESEND,
        Action.KEYS_CODE,
        Action.KEYS_MAIL,
    }
)
SCOPES: dict[Scope, frozenset[Action]] = {
    Scope.KEYS_READ: _READING,
    Scope.KEYS_WRITE: _READING | _WRITING,
    Scope.PURCHASES_WRITE: _SELLING,
    Scope.STATS_READ: frozenset({Action.STATS_READ}),
}


def actions_of(scopes: Iterable[str]) -> frozenset[Action]:
    """What tokens with these scopes are made for; a scope that no version knows any more gives nothing."""
    known = [SCOPES[Scope(each)] for each in scopes if each in set(Scope)]
    return frozenset().union(*known)


def scopes_for(action: Action) -> tuple[Scope, ...]:
    """The scopes that cover an action, the narrowest first; none: no machine may do it."""
    found = [scope for scope, actions in SCOPES.items() if action in actions]
    return tuple(sorted(found, key=lambda scope: len(SCOPES[scope])))
