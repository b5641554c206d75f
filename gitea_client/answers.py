"""What Gitea sent back, before it becomes a value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitea_client.errors import BadAnswer

MAX_BODY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer whose status was one of those asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Decode the body; ``BadAnswer`` when it is not JSON by its type or by its bytes."""
        if not is_json(self.header("content-type")):
            raise BadAnswer("not JSON but something else; is this Gitea?", status=self.status)
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise BadAnswer("broken JSON", status=self.status) from None

    def header(self, name: str) -> str:
        """Return a header by its name in any case; empty when absent."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "")

    @property
    def total(self) -> int | None:
        """How many items the whole list has, where Gitea says so (``X-Total-Count``)."""
        raw = self.header("x-total-count")
        return int(raw) if raw.isascii() and raw.isdigit() else None


def is_json(content_type: str) -> bool:
    """Whether a Content-Type says JSON."""
    return content_type.partition(";")[0].strip().lower() == "application/json"


def message_of(content_type: str, body: bytes) -> str:
    """Return Gitea's sentence from the body of an error, or nothing: pages of proxies are not quoted."""
    if not is_json(content_type):
        return ""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = data.get("message") if isinstance(data, dict) else None
    return message if isinstance(message, str) else ""
