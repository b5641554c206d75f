"""What a machine may by its maker's rights: one suite for the simulator and for a real Gitea."""

import secrets
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from support.api_people import session
from support.gitea_worlds import unique

from bridge.errors import UnavailableError
from bridge.rules.permissions import Role
from bridge.rules.scopes import Scope, actions_of
from bridge.services.machine_tokens import Machine
from bridge.services.makers import Makers
from bridge.services.people_errors import HiddenError, UnprovenError

LIMIT = actions_of(Scope)


def makers(gitea, token=None) -> Makers:
    return Makers(gitea.client(token), session, lambda: datetime.now(UTC), secrets.token_bytes(32))


def machine(gitea, maker, owner, repo=None) -> Machine:
    """A machine whose token a person made at an owner, or at a repo of it."""
    client = gitea.client()
    return Machine(1, client.owner(owner).id, repo and repo[2], client.owner(maker.login).id, maker.login, LIMIT)


class MakersContract:
    @pytest.fixture(scope="class")
    @classmethod
    def scene(cls, gitea):
        """An org with a public and a private repo, and somebody in every role."""
        who = {role: gitea.person(role) for role in ("owner", "admin", "seller", "local", "stranger")}
        org = gitea.org(who["owner"])
        open_repo = gitea.repo(who["owner"], org=org)
        hidden = gitea.repo(who["owner"], org=org, private=True)
        path = f"/repos/{'/'.join(hidden[:2])}/collaborators/{who['admin'].login}"
        gitea.api("PUT", path, token=who["owner"].token, json={"permission": "admin"})
        gitea.team(who["owner"], org, name="Sales", members=[who["seller"]], includes_all_repositories=True)
        gitea.team(who["owner"], org, name="Locals", members=[who["local"]], repos=[hidden])
        return SimpleNamespace(**who, org=org, open=open_repo, hidden=hidden)

    @pytest.mark.parametrize(
        ("who", "on_owner", "on_repo"),
        [
            ("owner", {Role.OWNER}, {Role.REPO_ADMIN}),
            ("admin", set(), {Role.REPO_ADMIN}),
            ("seller", {Role.MANAGER}, {Role.MANAGER}),
            ("local", set(), {Role.SUPPORT}),
        ],
    )
    def test_at_a_private_repo_it_is_what_its_maker_is(self, gitea, scene, who, on_owner, on_repo):
        of_owner = machine(gitea, getattr(scene, who), scene.org)
        place = makers(gitea).at_repo(of_owner, *scene.hidden[:2])
        assert (place.repo_id, place.owner_kind, place.token_id) == (scene.hidden[2], "org", 1)
        assert (place.standing.on_owner, place.standing.on_repo, place.standing.limit) == (on_owner, on_repo, LIMIT)
        of_repo = machine(gitea, getattr(scene, who), scene.org, scene.hidden)
        standing = makers(gitea).at_repo(of_repo, *scene.hidden[:2]).standing
        assert (standing.on_owner, standing.on_repo, standing.limit) == (set(), on_owner | on_repo, LIMIT)

    @pytest.mark.parametrize(
        ("who", "roles"), [("owner", {Role.OWNER}), ("admin", set()), ("seller", {Role.MANAGER}), ("stranger", set())]
    )
    def test_at_an_org_it_is_what_its_maker_is(self, gitea, scene, who, roles):
        standing = makers(gitea).at_owner(machine(gitea, getattr(scene, who), scene.org), scene.org, "org").standing
        assert (standing.on_owner, standing.on_repo) == (roles, set())

    def test_at_its_makers_own_account_it_owns(self, gitea, scene):
        own = machine(gitea, scene.seller, scene.seller.login)
        assert makers(gitea).at_owner(own, scene.seller.login, "user").standing.on_owner == {Role.OWNER}
        for name, kind in ((scene.org, "user"), (scene.seller.login, "org"), (scene.stranger.login, "user")):
            with pytest.raises(HiddenError):
                makers(gitea).at_owner(own, name, kind)

    def test_what_its_maker_does_not_see_or_is_not_its_place_is_hidden(self, gitea, scene):
        for bearer, path in (
            (machine(gitea, scene.stranger, scene.org), scene.hidden),
            (machine(gitea, scene.owner, scene.org), (scene.org, "nothing-here")),
            (machine(gitea, scene.owner, scene.org, scene.hidden), scene.open),
            (machine(gitea, scene.owner, scene.owner.login), scene.hidden),
        ):
            with pytest.raises(HiddenError):
                makers(gitea).at_repo(bearer, *path[:2])
        with pytest.raises(HiddenError):
            makers(gitea).at_owner(machine(gitea, scene.owner, scene.org, scene.hidden), scene.org, "org")

    def test_a_renamed_maker_is_followed_and_whoever_took_the_name_is_not(self, gitea, scene):
        maker = gitea.person()
        repo = gitea.repo(maker, private=True)
        bearer, asked = machine(gitea, maker, maker.login), makers(gitea)
        new = unique("renamed")
        gitea.api("POST", f"/admin/users/{maker.login}/rename", json={"new_username": new})
        assert asked.at_repo(bearer, new, repo[1], anew=True).person.login == new
        data = {"username": maker.login, "email": f"{new}@example.com", "password": f"{new}-horse"}
        gitea.api("POST", "/admin/users", json=data | {"must_change_password": False})
        assert asked.at_repo(bearer, new, repo[1], anew=True).person.login == new
        with pytest.raises(HiddenError):
            asked.at_owner(bearer, maker.login, "user", anew=True)

    @pytest.mark.parametrize("change", ["prohibited", "inactive", "deleted"])
    def test_whoever_is_blocked_or_gone_lets_no_machine_in(self, gitea, scene, change):
        maker = gitea.person()
        bearer, asked = machine(gitea, maker, scene.org), makers(gitea)
        assert asked.at_repo(bearer, *scene.open[:2]).standing.is_nobody
        facts = {"prohibited": {"prohibit_login": True}, "inactive": {"active": False}}
        if change == "deleted":
            gitea.api("DELETE", f"/admin/users/{maker.login}")
        else:
            data = {"login_name": maker.login, "source_id": 0} | facts[change]
            gitea.api("PATCH", f"/admin/users/{maker.login}", json=data)
        with pytest.raises(UnprovenError):
            asked.at_repo(bearer, *scene.open[:2], anew=True)

    def test_a_bridge_token_that_is_no_site_admins_lets_nobody_in(self, gitea, scene):
        bearer = machine(gitea, scene.owner, scene.org)
        narrow = gitea.token_of(scene.owner.login, ["read:repository"])
        for token in (scene.stranger.token, scene.owner.token, narrow, "f" * 40):
            with pytest.raises(UnavailableError):
                makers(gitea, token).at_repo(bearer, *scene.open[:2])
