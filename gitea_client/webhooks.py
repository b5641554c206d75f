"""Webhooks that Gitea is told to send; what arrives is read by ``hooks``."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from typing import Literal

from gitea_client.calls import Caller
from gitea_client.levels import Level
from gitea_client.values import Hook

EVENTS = frozenset({"release", "repository", "push", "create", "delete"})


class WebhookCalls(Caller):
    """The part of ``GiteaClient`` that installs and removes webhooks."""

    def hooks(self, level: Level, kind: Literal["all", "system", "default"] = "all") -> tuple[Hook, ...]:
        """Webhooks of the system, an org or a repo. "Default" hooks, copied into new repos, count as the system's.

        ``kind`` tells the two apart from Gitea 1.24; 1.23 ignores it and lists those of the system only.
        """
        params = {"type": kind} if level.kind == "system" else {}
        return self._list(Hook.from_json, *level.path, "hooks", params=params, as_user=level.sudo)

    def create_hook(
        self,
        level: Level,
        url: str,
        secret: str,
        *,
        events: Collection[str] = EVENTS,
        content_type: Literal["json", "form"] = "json",
        name: str = "",
    ) -> Hook:
        """Install an active webhook that signs with ``secret``, which must not be empty.

        ``name`` is for people, and to find it again; Gitea before 1.26 forgets it.
        Its secret can never be changed: to rotate, create a second hook and delete the first.
        """
        if not secret:
            raise ValueError("a webhook without a secret could be sent by anyone")
        config = {"url": url, "content_type": content_type, "secret": secret}
        if level.kind == "system":
            # A string, and inside the config. Without it Gitea makes a "default" hook, which existing repos never get.
            config["is_system_webhook"] = "true"
        body = {
            "type": "gitea",
            "name": name,
            "active": True,
            "config": config,
            "events": sorted(events),
            "branch_filter": "*",
            "authorization_header": "",
        }
        answer = self._call("POST", *level.path, "hooks", json=body, ok=(201,), as_user=level.sudo)
        return Hook.from_json(answer.json())

    def delete_hook(self, level: Level, hook_id: int) -> bool:
        """Remove a webhook; returns whether it was there."""
        answer = self._call("DELETE", *level.path, "hooks", str(hook_id), ok=(204, 404), as_user=level.sudo)
        return answer.status != HTTPStatus.NOT_FOUND

    def test_hook(self, level: Level, hook_id: int) -> None:
        """Make Gitea send a repo's webhook a made-up push, a ``Delivery`` that ``is_test``.

        Only to one that is active and hears of pushes, though Gitea says 204 to all. ``NotFound`` also for a repo
        without a commit. Hooks of orgs and of the system have no test.
        """
        if level.kind != "repo":
            raise ValueError("only a repo's webhook can be tested")
        self._call("POST", *level.path, "hooks", str(hook_id), "tests", ok=(204,))
