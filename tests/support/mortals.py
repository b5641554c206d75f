"""A real Gitea that may be stopped."""

import contextlib
import os
from collections.abc import Callable, Iterator

from support.gitea_worlds import GiteaUnderTest
from support.relays import Relay

from gitea_client.client import GiteaClient
from tools import live_gitea as harness


@contextlib.contextmanager
def mortal(shared: harness.LiveGitea, front_url: str = "") -> Iterator[tuple[GiteaUnderTest, str, Callable[[], None]]]:
    """``(Gitea, the way to it, how to stop it)``, asked through ``front_url`` where something stands before it.

    The shared one must live on for other tests, so this is another of the same kind. One that the environment names is
    not ours to stop: there the way to it is cut.
    """
    with contextlib.ExitStack() as running:
        if os.environ.get("BRIDGE_LIVE_GITEA_URL"):
            relay = Relay(shared.base_url)
            running.callback(relay.cut)
            found, way, stop = shared, relay.url, relay.cut
        else:
            found = running.enter_context(harness.running(harness.wanted_version(), front_url))
            way, stop = found.base_url, running.close
        with GiteaClient(found.base_url, found.admin_token) as client:
            version = client.version().parts
        yield GiteaUnderTest(front_url or found.base_url, found.admin, found.admin_token, version), way, stop
