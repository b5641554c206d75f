"""A real Gitea for the tests here: the one named in the environment, or one that is built and started."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import live_gitea as harness
from support.gitea_worlds import GiteaUnderTest

from gitea_client.client import GiteaClient


def pytest_collection_modifyitems(items):
    """All that needs a real Gitea runs in one process, so that one Gitea is enough."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.live)
            item.add_marker(pytest.mark.xdist_group("live"))


@pytest.fixture(scope="session")
def live_gitea():
    """Address, admin and token of a real Gitea. Skips visibly without one, or fails where one is required."""
    url, token = os.environ.get("BRIDGE_LIVE_GITEA_URL"), os.environ.get("BRIDGE_LIVE_GITEA_TOKEN")
    if url and token:
        with GiteaClient(url, token) as client:
            yield harness.LiveGitea(base_url=url.rstrip("/"), admin=client.me().login, admin_token=token)
        return
    try:
        # Only obtaining and starting one may skip: an error of a test that uses it must stay an error.
        starting = harness.running(harness.wanted_version())
        gitea = starting.__enter__()
    except harness.CannotObtainError as reason:
        if os.environ.get("BRIDGE_REQUIRE_LIVE") == "1":
            pytest.fail(f"a real Gitea is required: {reason}")
        pytest.skip(f"no real Gitea: {reason}")
    try:
        yield gitea
    finally:
        starting.__exit__(None, None, None)


@pytest.fixture(scope="session")
def gitea(live_gitea):
    """The real Gitea with what the contract does to one."""
    with GiteaClient(live_gitea.base_url, live_gitea.admin_token) as client:
        version = client.version().parts
    under_test = GiteaUnderTest(live_gitea.base_url, live_gitea.admin, live_gitea.admin_token, version)
    yield under_test
    under_test.close()
