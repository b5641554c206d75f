"""Who somebody is and what their token reaches: one suite for the simulator and for a real Gitea."""

import secrets
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from bridge.models import Owner
from bridge.rules.permissions import Role
from bridge.rules.variables import OwnerSettings
from bridge.services.people import People
from bridge.services.people_errors import ForbiddenError, HiddenError, UnprovenError

TEAMS = (("sales", "manager"), ("locals", "support"))


@contextmanager
def session(**_more):
    """A memory in which every owner has the same teams."""
    settings = OwnerSettings(teams=TEAMS).to_dict()
    yield SimpleNamespace(get=lambda _table, id_: Owner(id=id_, name="any", kind="org", settings=settings))


def people(gitea) -> People:
    return People(gitea.client(), session, lambda: datetime.now(UTC), secrets.token_bytes(32))


class PeopleContract:
    @pytest.fixture(scope="class")
    @classmethod
    def scene(cls, gitea):
        """An org with a public and a private repo, and somebody in every role."""
        roles = ("owner", "admin", "seller", "local", "stranger")
        who = {role: gitea.person(role) for role in roles}
        org = gitea.org(who["owner"])
        open_repo = gitea.repo(who["owner"], org=org)
        hidden = gitea.repo(who["owner"], org=org, private=True)
        path = f"/repos/{open_repo[0]}/{open_repo[1]}/collaborators/{who['admin'].login}"
        gitea.api("PUT", path, token=who["owner"].token, json={"permission": "admin"})
        gitea.team(who["owner"], org, name="Sales", members=[who["seller"]], includes_all_repositories=True)
        gitea.team(who["owner"], org, name="Locals", members=[who["local"]], repos=[open_repo])
        return SimpleNamespace(**who, org=org, open=open_repo, hidden=hidden)

    @pytest.mark.parametrize(
        ("who", "on_owner", "on_repo"),
        [
            ("owner", {Role.OWNER}, {Role.REPO_ADMIN}),
            ("admin", set(), {Role.REPO_ADMIN}),
            ("seller", {Role.MANAGER}, {Role.MANAGER}),
            ("local", set(), {Role.SUPPORT}),
            ("stranger", set(), set()),
        ],
    )
    def test_roles_at_a_repo(self, gitea, scene, who, on_owner, on_repo):
        place = people(gitea).at_repo(getattr(scene, who).token, *scene.open[:2])
        assert (place.repo_id, place.owner_kind) == (scene.open[2], "org")
        assert (place.standing.on_owner, place.standing.on_repo) == (on_owner, on_repo)

    @pytest.mark.parametrize(
        ("who", "roles"),
        [("owner", {Role.OWNER}), ("admin", set()), ("seller", {Role.MANAGER}), ("local", set()), ("stranger", set())],
    )
    def test_roles_at_an_org(self, gitea, scene, who, roles):
        place = people(gitea).at_owner(getattr(scene, who).token, scene.org, "org")
        assert (place.standing.on_owner, place.standing.on_repo) == (roles, set())

    def test_a_site_admin_is_one_everywhere(self, gitea, scene):
        assert Role.SITE_ADMIN in people(gitea).at_repo(gitea.admin_token, *scene.hidden[:2]).standing.on_owner
        assert (
            Role.SITE_ADMIN in people(gitea).at_owner(gitea.admin_token, scene.seller.login, "user").standing.on_owner
        )

    def test_a_person_owns_itself_and_is_no_org(self, gitea, scene):
        asked = people(gitea)
        assert asked.at_owner(scene.seller.token, scene.seller.login, "user").standing.on_owner == {Role.OWNER}
        assert asked.at_owner(scene.stranger.token, scene.seller.login, "user").standing.is_nobody
        for name, kind in ((scene.org, "user"), (scene.seller.login, "org")):
            with pytest.raises(HiddenError):
                asked.at_owner(gitea.admin_token, name, kind)

    def test_what_a_token_does_not_reach_is_hidden(self, gitea, scene):
        asked = people(gitea)
        public_only = gitea.token_of(scene.owner.login, ["all", "public-only"])
        for token, path in (
            (scene.stranger.token, scene.hidden[:2]),
            (scene.local.token, scene.hidden[:2]),
            (public_only, scene.hidden[:2]),
            (scene.owner.token, (scene.org, "nothing-here")),
        ):
            with pytest.raises(HiddenError):
                asked.at_repo(token, *path)

    @pytest.mark.parametrize("who", ["owner", "seller"])
    @pytest.mark.parametrize(
        ("level", "read", "write"),
        [("repo", "read:repository", "write:repository"), ("org", "read:organization", "write:organization")],
    )
    def test_scopes_count_for_owners_and_for_those_who_only_read_in_gitea(self, gitea, scene, who, level, read, write):
        asked, login = people(gitea), getattr(scene, who).login

        def reach(token):
            if level == "repo":
                return asked.at_repo(token, *scene.hidden[:2])
            return asked.at_owner(token, scene.org, "org")

        reader, writer, other = (gitea.token_of(login, scopes) for scopes in ([read], [write], ["read:user"]))
        asked.require_write_scope(writer, reach(writer))
        with pytest.raises(ForbiddenError) as lacking:
            asked.require_write_scope(reader, reach(reader))
        assert lacking.value.scope == write
        with pytest.raises(ForbiddenError):
            reach(other)

    def test_whoever_is_blocked_is_out(self, gitea, scene):
        person = gitea.person()
        people(gitea).at_repo(person.token, *scene.open[:2])
        narrow = gitea.token_of(person.login, ["read:repository"])
        data = {"prohibit_login": True, "login_name": person.login, "source_id": 0}
        gitea.api("PATCH", f"/admin/users/{person.login}", json=data)
        for token in (person.token, narrow, "f" * 40):
            with pytest.raises(UnprovenError):
                people(gitea).at_repo(token, *scene.open[:2])
