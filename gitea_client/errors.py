"""What can go wrong between us and Gitea, named for what happened.

py-gitea 0.2 raises ``Forbidden`` for 401 and ``Unauthorized`` for 403, and 0.3 the other way round, so neither
name means anything. These classes are chosen by the status number alone. No error holds a token or a query string.
"""

# ruff: noqa: N818 -- the names say what happened; GiteaError, which all of them are, says that it is an error.

from __future__ import annotations

import re
from collections.abc import Callable

_MESSAGE_LENGTH = 300
_REQUIRED_SCOPE = re.compile(r"required=\[([^\]]*)\]")
_TOKEN_SCOPES = re.compile(r"token scope=([a-z:,\- ]+)")
_REPO_PATH = re.compile(r"/api/v1/repos/([^/?#]+)/([^/?#]+)")
_ACCOUNT_PATH = re.compile(r"/api/v1/(?:orgs|users)/([^/?#]+)")


class GiteaError(Exception):
    """Gitea did not do what was asked.

    ``status`` is the HTTP status, None when there was no answer. ``method`` and ``path`` name the request; the path
    carries no query. ``message`` is Gitea's sentence or ours, for people only: Gitea rewords it freely.
    """

    def __init__(self, message: str, *, status: int | None = None, method: str = "", path: str = "") -> None:
        self.message = message[:_MESSAGE_LENGTH]
        self.status = status
        self.method = method
        self.path = path.partition("?")[0]
        super().__init__(self.message)

    def at(self, method: str, path: str) -> GiteaError:
        """Say where it happened, for errors raised before the request was known. Returns itself."""
        self.method = self.method or method
        self.path = self.path or path.partition("?")[0]
        return self

    def __str__(self) -> str:
        where = f"{self.method} {self.path}: " if self.method else ""
        number = f"{self.status} " if self.status is not None else ""
        return f"{where}{number}{self.message}"


class Unreachable(GiteaError):
    """No usable answer: refused, timed out, 429 or 5xx after the retries, or not even tried (open circuit).

    ``connection_failed`` says that Gitea was not reached at all; ``retry_after_seconds`` is when it asked to be asked
    again, if it did.
    """

    connection_failed: bool = False
    retry_after_seconds: float | None = None


class NotAuthenticated(GiteaError):
    """401: the token is wrong, or one is needed."""


class NotAllowed(GiteaError):
    """403. ``missing_scope`` is the first scope that Gitea says the token lacks (``read:user``), or None."""

    @property
    def missing_scope(self) -> str | None:
        """The scope to add to the token, when that is the reason."""
        named = _REQUIRED_SCOPE.search(self.message)
        return named.group(1).split(",")[0].strip() or None if named else None

    @property
    def told_scopes(self) -> tuple[str, ...]:
        """All scopes of the token, which Gitea tells where one is missing; empty where it does not."""
        found = _TOKEN_SCOPES.search(self.message)
        return tuple(each.strip() for each in found.group(1).split(",") if each.strip()) if found else ()


class NotFound(GiteaError):
    """404: absent, or hidden from this token; Gitea does not say which."""


class Moved(GiteaError):
    """301, 307 or 308: a repo, org or person has another name now.

    Never followed, since a followed POST turns into a GET that seems to succeed. Ask by id, and trust ``new_path`` only
    when the id agrees: old names can be taken over by strangers.
    """

    def __init__(self, new_path: str, *, status: int | None = None, method: str = "", path: str = "") -> None:
        self.new_path = new_path
        super().__init__(f"moved to {new_path}", status=status, method=method, path=path)

    @property
    def new_repo(self) -> tuple[str, str] | None:
        """Owner and name of the repo that ``new_path`` points to, if it points to one."""
        found = _REPO_PATH.search(self.new_path)
        return (found.group(1), found.group(2)) if found else None

    @property
    def new_account(self) -> str | None:
        """Name of the account that ``new_path`` points to, if it points to one."""
        found = _ACCOUNT_PATH.search(self.new_path)
        return found.group(1) if found else None


class Conflict(GiteaError):
    """409: it exists already."""


class Invalid(GiteaError):
    """400 or 422: Gitea refuses the value."""


class BadAnswer(GiteaError):
    """Something answered, but not as Gitea does: a page instead of JSON, broken JSON, too large, the wrong shape."""


class TooManyPages(GiteaError):
    """A list did not end within the hard cap of pages."""


_BY_STATUS: dict[int, Callable[..., GiteaError]] = {
    400: Invalid,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: Unreachable,
}
_FIRST_SERVER_ERROR = 500


def error_for(status: int, message: str, *, method: str, path: str) -> GiteaError:
    """Name the error for a status that was not asked for (redirects aside)."""
    kind = Unreachable if status >= _FIRST_SERVER_ERROR else _BY_STATUS.get(status, GiteaError)
    return kind(message or "no message", status=status, method=method, path=path)
