"""Stripe's signature: ``t=<seconds>,v1=<hex>[,v1=<hex>…]``, HMAC-SHA256 over ``<t>.<raw body>``.

Our own, since the library fails in five ways that are no refusal, carries the body in its exception, and can't tell an
old delivery from a forged one.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bridge.payments.provider import Verdict

HEADER = "Stripe-Signature"

_MOST_HEADER = 4096
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def judge(body: bytes, header: str | None, secrets: Sequence[str], now: datetime, tolerance: timedelta) -> Verdict:
    """Say whether one of the secrets signed the bytes, and lately. A time ahead of ours is fine: clocks differ."""
    told_at, digests = _parts(header or "")
    if not told_at or not digests:
        return Verdict.BAD
    signed, good = told_at.encode() + b"." + body, False
    for secret in secrets:
        if secret:  # an empty one would be everybody's
            wanted = _digest(secret, signed)
            good |= sum(hmac.compare_digest(wanted, digest) for digest in digests) > 0  # each in the same time
    if not good:
        return Verdict.BAD
    return Verdict.STALE if now.timestamp() - int(told_at) > tolerance.total_seconds() else Verdict.GOOD


def sign(body: bytes, secret: str, at: datetime) -> str:
    """Make the header, as Stripe does."""
    seconds = str(int(at.timestamp()))
    return f"t={seconds},v1={_digest(secret, seconds.encode() + b'.' + body)}"


def _digest(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _parts(header: str) -> tuple[str, list[str]]:
    """The time as it was written, and the digests of the scheme that counts; others may be forged at will."""
    if len(header) > _MOST_HEADER:
        return "", []
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t" and _SECONDS.fullmatch(value)]
    return (times[0] if len(times) == 1 else ""), [
        value for name, _, value in pairs if name == "v1" and _DIGEST.fullmatch(value)
    ]
