"""Where a variable or a hook lives: a repo, an org, a person or the whole instance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Self

# Gitea's own rule for account names (modules/validation/helpers.go at v1.26), less strict about the ending. It keeps
# an empty name out of the Sudo header: Gitea takes that for "no sudo" and answers with the site admin's own rights.
_LOGIN = re.compile(r"[0-9A-Za-z][-.\w]*", re.ASCII)


def sudo_name(login: str) -> str:
    """Return the login if it may stand in a Sudo header; ValueError otherwise."""
    if not _LOGIN.fullmatch(login):
        raise ValueError("not the name of a Gitea account")
    return login


@dataclass(frozen=True, slots=True)
class Level:
    """A place that has settings of its own.

    ``path`` holds the segments of its address below ``/api/v1``; ``sudo`` is whom to act as, if anyone.
    """

    kind: Literal["repo", "org", "user", "system"]
    path: tuple[str, ...]
    sudo: str | None = None

    @classmethod
    def repo(cls, owner: str, name: str) -> Self:
        """One repo."""
        return cls("repo", ("repos", owner, name))

    @classmethod
    def org(cls, org: str) -> Self:
        """One organization."""
        return cls("org", ("orgs", org))

    @classmethod
    def user(cls, login: str) -> Self:
        """One person; only that person has an address for it, so a site admin's token acts as them."""
        return cls("user", ("user",), sudo_name(login))

    @classmethod
    def system(cls) -> Self:
        """The whole instance; it has hooks, but its variables have no API."""
        return cls("system", ("admin",))
