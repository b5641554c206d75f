"""Questions about repos and their releases."""

from __future__ import annotations

from http import HTTPStatus

from gitea_client.answers import message_of
from gitea_client.calls import Caller
from gitea_client.errors import BadAnswer
from gitea_client.levels import Level
from gitea_client.values import Release, Repository

_UNIT_OFF_OR_HIDDEN = (401, 403, 404)
# What Gitea says to a token whose scope is enough, but whose person is not.
_RIGHT_MISSING = frozenset({"user should have a permission to write to a repo", "Must be an organization owner"})
_INCOMPLETE = {
    "repo": ("releases",),
    "org": ("teams",),
    "user": ("actions", "variables", "LICENSING_PROBE"),
}


class RepositoryCalls(Caller):
    """The part of ``GiteaClient`` that reads repos and releases."""

    def repo(self, owner: str, name: str) -> Repository:
        """Return a repo by its name; ``Moved`` when renamed or transferred."""
        return self._value(Repository.from_json, "repos", owner, name)

    def repo_by_id(self, repo_id: int) -> Repository:
        """Return a repo by its id, which outlives renames and transfers."""
        return self._value(Repository.from_json, "repositories", str(repo_id))

    def repo_as(self, owner: str, name: str, login: str) -> Repository:
        """Return a repo as that person sees it: ``permissions`` are theirs; ``NotFound`` when they may not see it.

        Needs a site admin's token. It works for blocked people too: ask ``owner`` whether they are active.
        """
        repo = self._value(Repository.from_json, "repos", owner, name, as_user=login)
        if repo.permissions is None:
            raise BadAnswer("a repo without permissions").at("GET", f"/api/v1/repos/{owner}/{name}")
        return repo

    def search_owner_repos(self, owner_id: int) -> tuple[Repository, ...]:
        """All repos of one owner that the token sees, by id."""
        params = {"uid": owner_id, "exclusive": "true", "private": "true", "sort": "id", "order": "asc"}
        found = self._list(Repository.from_json, "repos", "search", params=params, inside="data")
        return tuple(repo for repo in found if repo.owner.id == owner_id)

    def search_all_repos(self) -> tuple[Repository, ...]:
        """All repos that the token sees, by id."""
        params = {"private": "true", "sort": "id", "order": "asc"}
        return self._list(Repository.from_json, "repos", "search", params=params, inside="data")

    def create_repo(self, level: Level, name: str, *, private: bool = True) -> Repository:
        """Make an empty repo of an org or a person; all hooks above it hear of it."""
        body = {"name": name, "private": private}
        answer = self._call("POST", *level.path, "repos", json=body, ok=(201,), as_user=level.sudo)
        return Repository.from_json(answer.json())

    def delete_repo(self, owner: str, name: str) -> bool:
        """Remove a repo with all that is in it; returns whether it was there."""
        answer = self._call("DELETE", "repos", owner, name, ok=(204, 404))
        return answer.status != HTTPStatus.NOT_FOUND

    def releases(self, owner: str, name: str) -> tuple[Release, ...]:
        """All releases with their assets, newest date first. Drafts are included where the token may see them."""
        return self._list(Release.from_json, "repos", owner, name, "releases")

    def release_by_tag(self, owner: str, name: str, tag: str) -> Release:
        """Return the release of a tag, also when it is a draft; Gitea ignores the tag's case."""
        return self._value(Release.from_json, "repos", owner, name, "releases", "tags", tag)

    def repo_open_to_strangers(self, owner: str, name: str) -> bool:
        """Whether somebody who is not signed in may see the repo, asked as such a person."""
        answer = self._call("GET", "repos", owner, name, ok=(200, *_UNIT_OFF_OR_HIDDEN), anonymous=True)
        return answer.status not in _UNIT_OFF_OR_HIDDEN

    def may_write(self, level: Level) -> bool:
        """Whether the token has the write scope and the right for a repo or org.

        Asked by an incomplete request that Gitea refuses either way, as forbidden (403) or as incomplete (422).
        """
        what = {"repo": "releases", "org": "teams"}.get(level.kind)
        if what is None:
            raise ValueError("there is no such question for this level")
        return self._call("POST", *level.path, what, json={}, ok=(403, 422)).status != HTTPStatus.FORBIDDEN

    def has_write_scope(self, level: Level) -> bool:
        """Whether the token has the write scope for a level, also where its person may not write there.

        Asked as ``may_write`` asks. Gitea looks at the scope first, then at the person, then at the request; a refusal
        in other words than those known for a person counts as no.
        """
        path = (*level.path, *_INCOMPLETE[level.kind])
        answer = self._call("POST", *path, json={}, ok=(403, 409, 422))
        return answer.status != HTTPStatus.FORBIDDEN or message_of("application/json", answer.body) in _RIGHT_MISSING
