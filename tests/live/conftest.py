"""A real Gitea for the tests here: the one named in the environment, or one that is built and started. And stripe-mock."""

import contextlib
import os
from pathlib import Path

import pytest
from support.gitea_worlds import GiteaUnderTest

from gitea_client.client import GiteaClient
from tools import live_gitea as harness
from tools import stripe_mock as stripe_harness
from tools.go_servers import CannotObtainError


def pytest_collection_modifyitems(items):
    """Mark all that needs a real server. Each process of a run starts one of each kind for those that it gets."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(autouse=True)
def row(request):
    """The row of the payments' test plan that is tried, for the name of the test."""
    return getattr(request, "param", "")


@pytest.fixture(scope="session")
def live_gitea():
    """Address, admin and token of a real Gitea. Skips visibly without one, or fails where one is required."""
    url, token = os.environ.get("BRIDGE_LIVE_GITEA_URL"), os.environ.get("BRIDGE_LIVE_GITEA_TOKEN")
    if url and token:
        with GiteaClient(url, token) as client:
            yield harness.LiveGitea(base_url=url.rstrip("/"), admin=client.me().login, admin_token=token)
        return
    with _started("a real Gitea", harness.running(harness.wanted_version())) as gitea:
        yield gitea


@pytest.fixture(scope="session")
def stripe_mock():
    """Stripe's own stripe-mock, running. Skips visibly without one, or fails where one is required."""
    with _started("stripe-mock", stripe_harness.running()) as mock:
        yield mock


@contextlib.contextmanager
def _started(what, starting):
    try:
        # Only obtaining and starting one may skip: an error of a test that uses it must stay an error.
        found = starting.__enter__()
    except CannotObtainError as reason:
        if os.environ.get("BRIDGE_REQUIRE_LIVE") == "1":
            pytest.fail(f"{what} is required: {reason}")
        pytest.skip(f"no {what.removeprefix('a ')}: {reason}")
    try:
        yield found
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
