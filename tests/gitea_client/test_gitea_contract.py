"""The contract, kept by the simulator, as the oldest and the newest Gitea that we support."""

import pytest

pytest.register_assert_rewrite(
    "support.gitea_contract_installing",
    "support.gitea_contract_others",
    "support.gitea_contract_reading",
    "support.gitea_contract_releases",
    "support.gitea_contract_settings",
    "support.gitea_contract_sign_in",
)

from support.gitea_contract_installing import (  # noqa: E402 -- after the line above
    ApplicationContract,
    ScopeContract,
    ThrowawayContract,
)
from support.gitea_contract_others import OthersContract  # noqa: E402 -- as above
from support.gitea_contract_reading import AccountContract, RepoContract, ServerContract  # noqa: E402 -- as above
from support.gitea_contract_releases import AssetContract, ReleaseContract  # noqa: E402 -- as above
from support.gitea_contract_settings import HookContract, VariableContract, listener  # noqa: E402 -- as above
from support.gitea_contract_sign_in import SignInContract  # noqa: E402 -- as above
from support.gitea_worlds import simulated  # noqa: E402 -- as above

__all__ = ["listener"]


@pytest.fixture(params=["1.23.8", "1.26.4"], scope="module")
def gitea(request):
    with simulated(request.param) as running:
        yield running


class TestServer(ServerContract):
    pass


class TestAccounts(AccountContract):
    pass


class TestRepos(RepoContract):
    pass


class TestOthers(OthersContract):
    pass


class TestReleases(ReleaseContract):
    pass


class TestAssets(AssetContract):
    pass


class TestVariables(VariableContract):
    pass


class TestHooks(HookContract):
    pass


class TestScopes(ScopeContract):
    pass


class TestApplications(ApplicationContract):
    pass


class TestThrowaway(ThrowawayContract):
    pass


class TestSignIn(SignInContract):
    pass
