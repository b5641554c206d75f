"""ETags: what a thing is, in one word, so that nobody overwrites what they have not seen."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from bridge.models import LicenseKey
from bridge.storage import licenses
from bridge.web.api.errors import ApiError


def tag(facts: Any) -> str:
    """The ETag of plain facts."""
    text = json.dumps(facts, sort_keys=True, default=_plain)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _plain(value: Any) -> str:
    # A moment that was set just now may be of another zone than when it is read again, which is no difference.
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def key_tag(session: Any, key: LicenseKey) -> str:
    """The ETag of a key: of its facts, not of what somebody may see of it, nor of what the clock makes of it.

    It takes in the key's feed token, a secret, so that it tells nothing about a mail address that is masked.
    """
    key_id = key.id or 0
    codes = [(each.code, each.valid_until) for each in licenses.codes_of(session, [key_id]).get(key_id, [])]
    return tag([key.model_dump(), codes, licenses.domains_of(session, [key_id]).get(key_id, [])])


def check(if_match: str, present: str) -> None:
    """Raises ``ApiError`` where the caller's picture is an old one. Without a picture there is nothing to compare."""
    if not if_match or if_match.strip() == "*":
        return
    if present not in [each.strip() for each in if_match.split(",")]:
        raise ApiError("precondition_failed", "it was changed since you read it; read it again and decide anew")
