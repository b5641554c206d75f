"""What a token may do, found out without doing anything.

Gitea below 1.27 tells nobody the scopes of a token. But it looks at the scope before it looks at the request, so an
incomplete request tells whether the scope is there: refused as incomplete (422), it is; as forbidden (403), it is not.
"""

from __future__ import annotations

from typing import Any, Literal

from gitea_client.calls import Caller
from gitea_client.errors import NotAllowed

Category = Literal["repository", "organization", "user", "admin"]
# Reading: the smallest list, or what is not there. Writing: what can't be carried out, since what is to be made has no
# name, address or type.
_READING: dict[Category, tuple[str, ...]] = {
    "repository": ("repos", "search"),
    "organization": ("teams", "0", "members"),  # there is none; the list of all orgs asks for no scope
    "user": ("user",),
    "admin": ("admin", "hooks"),
}
_WRITING: dict[Category, tuple[str, ...]] = {
    "repository": ("repos", "migrate"),
    "organization": ("orgs",),
    "user": ("user", "applications", "oauth2"),
    "admin": ("admin", "hooks"),
}


class ScopeCalls(Caller):
    """The part of ``GiteaClient`` that asks what its token is good for. Raises ``NotAuthenticated`` for a bad one."""

    def may_read(self, category: Category) -> bool:
        """Whether the token has the scope to read what belongs to a category; its person may still be refused."""
        return self._has_scope("GET", _READING[category], params={"limit": 1})

    def may_change(self, category: Category) -> bool:
        """Whether the token has the scope to write there; its person may still be refused."""
        return self._has_scope("POST", _WRITING[category], json={})

    def sees_private_things(self) -> bool:
        """Whether the token is more than "public-only". Needs read:user; ``NotAllowed`` without it."""
        try:
            self._call("GET", "user", "applications", "oauth2", params={"limit": 1})
        except NotAllowed as refused:
            if refused.missing_scope is not None:
                raise
            return False
        return True

    def _has_scope(self, method: str, path: tuple[str, ...], **request: Any) -> bool:
        try:
            self._call(method, *path, ok=(200, 404, 422), **request)
        except NotAllowed as refused:
            return refused.missing_scope is None  # refused for another reason: the scope itself is enough
        return True
