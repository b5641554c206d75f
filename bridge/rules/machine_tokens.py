r"""How a machine token looks, and when it is in force.

``glb_`` and 46 symbols of Crockford's base 32 in lower case: 40 random ones (200 bits), and 6 that check them, so that
one that was cut off or mistyped is refused without a look-up. ``\bglb_[0-9a-hjkmnp-tv-z]{46}\b`` finds them in texts.

What is stored is a plain SHA-256 of it. Slow and salted digests are for what people choose: nobody guesses 200 random
bits, however fast the guesses, and no two tokens are alike. Looking the digest up compares nothing that a clock could
tell: who does not know the token can't choose how its digest begins.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

PREFIX = "glb_"
ENTROPY_BYTES = 25
HINT_LENGTH = 4

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM, _CHECK = 40, 6
_TOKEN = re.compile(rf"{PREFIX}([{_ALPHABET}]{{{_RANDOM}}})([{_ALPHABET}]{{{_CHECK}}})")


class State(StrEnum):
    """What a token is at one moment; the members stand in order of precedence."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """The dated facts about a token, as aware datetimes."""

    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


def state(facts: TokenFacts, now: datetime) -> State:
    """Return the first state that applies; at ``expires_at`` itself the token is past it.

    It is as late as when the token was last brought: a clock that is set back gives no expired one its life back.
    """
    if facts.revoked_at is not None:
        return State.REVOKED
    latest = max(now, facts.created_at, facts.last_used_at or now)
    return State.EXPIRED if facts.expires_at is not None and latest >= facts.expires_at else State.LIVE


def new_token(entropy: bytes) -> str:
    """Make a token out of at least `ENTROPY_BYTES` random bytes. Raises ValueError for fewer."""
    if len(entropy) < ENTROPY_BYTES:
        raise ValueError(f"{ENTROPY_BYTES} random bytes are needed, {len(entropy)} were given")
    body = _symbols(entropy[:ENTROPY_BYTES], _RANDOM)
    return PREFIX + body + _check_of(body)


def is_token(text: str) -> bool:
    """Say whether a text has the form and the check symbols of a machine token."""
    found = _TOKEN.fullmatch(text)
    return found is not None and _check_of(found[1]) == found[2]


def digest(token: str) -> str:
    """Return what is stored of a token, as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def hint(token: str) -> str:
    """Return the end of a token, by which its owner knows it again: check symbols, which open nothing."""
    return token[-HINT_LENGTH:]


def _check_of(body: str) -> str:
    return _symbols(hashlib.sha256(f"{PREFIX}{body}".encode()).digest(), _CHECK)


def _symbols(data: bytes, count: int) -> str:
    number = int.from_bytes(data) >> (8 * len(data) - 5 * count)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (count - 1), -1, -5))
