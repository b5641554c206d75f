"""A Gitea release becomes a licensed update on a customer's site: the main story, beside a real Gitea."""

import contextlib
import os

import live_gitea as harness
import pytest
from support.gitea_worlds import GiteaUnderTest
from support.journey import tell_the_story
from support.relays import Relay

from gitea_client.client import GiteaClient


@pytest.fixture
def mortal_gitea(live_gitea):
    """``(Gitea, the way to it, how to stop it)``.

    The shared one must live on for other tests, so this is another of the same kind. One that the environment names is
    not ours to stop: there the way to it is cut.
    """
    with contextlib.ExitStack() as running:
        if os.environ.get("BRIDGE_LIVE_GITEA_URL"):
            relay = Relay(live_gitea.base_url)
            running.callback(relay.cut)
            yield live_gitea, relay.url, relay.cut
        else:
            own = running.enter_context(harness.running(harness.wanted_version()))
            yield own, own.base_url, running.close


@pytest.mark.slow
def test_a_release_becomes_a_licensed_update_and_outlives_its_real_gitea(mortal_gitea, tmp_path):
    found, way, stop = mortal_gitea
    with GiteaClient(found.base_url, found.admin_token) as client:
        version = client.version().parts
    gitea = GiteaUnderTest(found.base_url, found.admin, found.admin_token, version)
    tell_the_story(gitea, way, stop, tmp_path)
