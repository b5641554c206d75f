"""Which hooks of a pretend Gitea hear of what, and what they are told."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from gitea_client.simulator import views
from gitea_client.simulator.models import Account, Hook, Release, Repo
from gitea_client.simulator.state import State, commit_id

_BRANCH_FILTERED = frozenset({"push", "create", "delete"})


class Notices(State):
    """The part of ``World`` that tells hooks. Called under its lock, so that the payload shows the moment."""

    def tell_repository(self, action: str, repo: Repo, actor: Account) -> None:
        """Tell of a repo created or deleted."""
        owner = views.user_json(self, self.accounts[repo.owner_id], None)
        body = {"action": action, "repository": views.repo_json(self, repo, actor), "organization": owner}
        self._tell("repository", repo, actor, body)

    def tell_release(self, action: str, repo: Repo, release: Release, actor: Account) -> None:
        """Tell of a release ``published``, ``updated`` or ``deleted``."""
        body = {
            "action": action,
            "release": views.release_json(self, repo, release),
            "repository": views.repo_json(self, repo, actor),
        }
        self._tell("release", repo, actor, body)

    def tell_tag(self, repo: Repo, tag: str, *, before: str, after: str, actor: Account) -> None:
        """Tell of a tag pushed or deleted: a ``push``, and a ``create`` or ``delete``."""
        repository = views.repo_json(self, repo, actor)
        compare = f"{self.public_url}/{self.full_name(repo)}/compare/{before}...{after}"
        push = {
            "ref": f"refs/tags/{tag}",
            "before": before,
            "after": after,
            "compare_url": compare,
            "commits": [],
            "total_commits": 0,
            "head_commit": None,
            "repository": repository,
            "pusher": views.user_json(self, actor, None),
        }
        self._tell("push", repo, actor, push, ref=tag)
        if after.strip("0"):
            created = {"sha": after, "ref": tag, "ref_type": "tag", "repository": repository}
            self._tell("create", repo, actor, created, ref=tag)
        else:
            deleted = {"ref": tag, "ref_type": "tag", "pusher_type": "user", "repository": repository}
            self._tell("delete", repo, actor, deleted, ref=tag)

    def tell_test(self, hook: Hook, repo: Repo, actor: Account) -> None:
        """Tell one hook, if it hears of pushes at all, of one from the newest commit to itself."""
        if not hook.active or "push" not in hook.events:
            return
        commit = commit_id(repo.id, repo.default_branch)
        who = views.user_json(self, actor, None)
        body = {
            "ref": f"refs/heads/{repo.default_branch}",
            "before": commit,
            "after": commit,
            "compare_url": "",
            "commits": [],
            "total_commits": 1,
            "head_commit": None,
            "repository": views.repo_json(self, repo, actor),
            "pusher": who,
            "sender": who,
        }
        payload = json.dumps(body, indent=2, ensure_ascii=False)
        self.deliverer.send(hook, "push", payload, target=self._target(hook))

    def _tell(self, event: str, repo: Repo, actor: Account, body: dict[str, Any], ref: str = "") -> None:
        whole = {**body, "sender": views.user_json(self, actor, None)}
        payload = json.dumps(whole, indent=2, ensure_ascii=False)
        for hook in list(self.hooks.values()):
            if hook.active and event in hook.events and self._reaches(hook, repo) and _lets(hook, event, ref):
                self.deliverer.send(hook, event, payload, target=self._target(hook))

    def _reaches(self, hook: Hook, repo: Repo) -> bool:
        return hook.is_system or repo.id == hook.repo_id or hook.owner_id == repo.owner_id

    def _target(self, hook: Hook) -> str | None:
        if not self.since(1, 24):
            return None
        if hook.is_system:
            return "system"
        return "repository" if hook.repo_id else "organization"


def _lets(hook: Hook, event: str, ref: str) -> bool:
    unfiltered = event not in _BRANCH_FILTERED or hook.branch_filter in {"", "*"}
    return unfiltered or fnmatch.fnmatchcase(ref, hook.branch_filter)
