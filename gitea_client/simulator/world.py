"""The world of a pretend Gitea: what is in it and all that can be done to it."""

from __future__ import annotations

from gitea_client.simulator.oauth_models import SignInScripts
from gitea_client.simulator.world_accounts import AccountScripts
from gitea_client.simulator.world_releases import ReleaseScripts
from gitea_client.simulator.world_repos import RepoScripts


class World(AccountScripts, RepoScripts, ReleaseScripts, SignInScripts):
    """Build one by calling its methods (``add_user``, ``add_repo``, ``publish_release``, …); they also fire its hooks.

    ``faults`` breaks it on purpose; ``settle`` waits until all hooks have gone out. Safe to use from several threads.
    """

    def settle(self, timeout_seconds: float = 10.0) -> bool:
        """Wait until no hook is on its way; False when that took too long."""
        return self.deliverer.settle(timeout_seconds)

    def close(self) -> None:
        """Send no more hooks."""
        self.deliverer.close()
