"""Refusals of the pretend Gitea; ``app`` turns them into its answers."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):  # noqa: N818 -- an answer of its own, not a fault
    """An answer other than success: a status, Gitea's message, and for 404 its list of errors."""

    def __init__(self, status: int, message: str, errors: list[str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors

    def body(self, public_url: str) -> dict[str, Any]:
        """The JSON that Gitea sends."""
        body: dict[str, Any] = {"message": self.message, "url": f"{public_url}/api/swagger"}
        return {"errors": self.errors, **body} if self.message in {"not found", "GetOrgByName"} else body


class Redirected(Exception):  # noqa: N818 -- as above
    """An old name was used: ``status`` and the new path."""

    def __init__(self, status: int, path: str) -> None:
        super().__init__(path)
        self.status = status
        self.path = path


def not_found() -> Refusal:
    """The usual 404."""
    return Refusal(404, "not found")
