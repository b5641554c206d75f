"""``Idempotency-Key``: a POST that is sent again, because its answer was lost, has its effect once.

The answer is kept in the transaction of the effect itself, so there is never one without the other, and the primary
key decides which of many equal calls at once is the one. The header follows the IETF's draft of that name (07, expired
2026-04-18: a convention, not a standard): a structured string in quotes, or the same without them.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from flask import Request, Response

from bridge.models import Replay
from bridge.storage import replays
from bridge.web.api import reading
from bridge.web.api.errors import ApiError, invalid
from bridge.web.api.operations import Call
from bridge.web.api.uploads import Upload

_HEADER = "Idempotency-Key"
_KEY = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?', re.ASCII)
_KEPT_HEADERS = ("ETag",)


def once(call: Call, request: Request, respond: Callable[[], Response]) -> Response:
    """The answer of ``respond``, or the one that was given to the same call before. Raises ``ApiError``."""
    if _HEADER not in request.headers or not call.operation.remembered:
        return respond()
    row = Replay(
        scope=_scope(call, request),
        owner_id=call.owner_id,
        fingerprint=_digest(_told(call.body), json.dumps(call.query.model_dump(mode="json"))),
        status=0,
        body="",
        headers="",
        created_at=call.now,
    )
    with call.doors.open_session() as session:
        try:
            earlier = replays.claim(session, row)
        except replays.BusyError:
            wait = {"Retry-After": "5"}
            raise ApiError(
                "conflict", "the first call with this Idempotency-Key is still under way", {}, wait
            ) from None
        if earlier is not None:
            return _again(earlier, row.fingerprint)
        call.session = session
        response = respond()
        if call.without_effect:
            replays.release(session, row.scope)
        else:
            headers = json.dumps({name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers})
            body = _without(response.get_data(as_text=True), call.operation.shown_once)
            replays.keep(session, row.scope, response.status_code, body, headers)
        return response


def _told(body: Any) -> str:
    """What makes two bodies the same; a file's digest was made while it came in."""
    return body.digest if isinstance(body, Upload) else str(body.model_dump_json())


def _scope(call: Call, request: Request) -> str:
    sent = request.headers[_HEADER].strip()
    found = _KEY.fullmatch(sent)
    if found is None or sent.startswith('"') != (sent.endswith('"') and len(sent) > 1):
        raise invalid(_HEADER, "is one word of 1 to 255 letters, digits and signs, in quotes or without")
    # Names of Gitea are the same in any case, references of a shop are not.
    blanks = [text.lower() if name in {"owner", "repo"} else text for name, text in sorted(call.names.items())]
    return _digest(reading.token(request), call.operation.name, call.level, *blanks, found[1])


def _again(earlier: Replay, fingerprint: str) -> Response:
    if earlier.fingerprint != fingerprint:
        raise invalid(_HEADER, "was used for another call already; make a new one for each thing to do")
    response = Response(earlier.body, earlier.status, content_type="application/json")
    if not earlier.body:
        response.headers.pop("Content-Type", None)
    response.headers.update(json.loads(earlier.headers))
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _without(body: str, names: tuple[str, ...]) -> str:
    """The body as it is kept: secrets that are shown once are not kept at all."""
    if not names:
        return body
    return json.dumps(json.loads(body) | dict.fromkeys(names))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
