"""What we believe about reading from Gitea. Each class is run against the simulator and a real Gitea alike."""

import pytest
from support.gitea_worlds import unique

from gitea_client.errors import Moved, NotAllowed, NotAuthenticated, NotFound
from gitea_client.levels import Level


class ServerContract:
    def test_it_tells_its_version_and_page_sizes(self, gitea):
        client = gitea.client()
        assert client.version().parts == gitea.version
        assert client.version().supported
        assert client.settings_api().max_response_items == 50

    def test_a_site_admins_token_says_so(self, gitea):
        me = gitea.client().me()
        assert (me.login, me.is_admin, me.active, me.kind) == (gitea.admin, True, True, "user")

    def test_a_wrong_token_is_not_authenticated(self, gitea):
        with pytest.raises(NotAuthenticated) as caught:
            gitea.client("0" * 40).me()
        assert caught.value.status == 401

    def test_no_token_is_not_authenticated_where_one_is_needed(self, gitea):
        with pytest.raises(NotAuthenticated):
            gitea.client("").me()

    def test_a_token_without_the_scope_is_told_which_one(self, gitea):
        person = gitea.person()
        token = gitea.token_of(person.login, ["read:repository"])
        with pytest.raises(NotAllowed) as caught:
            gitea.client(token).me()
        assert caught.value.missing_scope == "read:user"

    def test_any_valid_token_names_its_owner_through_userinfo(self, gitea):
        person = gitea.person()
        client = gitea.client(gitea.token_of(person.login, ["read:repository"]))
        found = client.me_by_any_token()
        assert (found.login, found.id) == (person.login, gitea.client(person.token).me().id)
        with pytest.raises(NotAuthenticated):
            gitea.client("0" * 40).me_by_any_token()

    def test_a_blocked_persons_token_is_not_allowed(self, gitea):
        person = gitea.person()
        data = {"prohibit_login": True, "login_name": person.login, "source_id": 0}
        gitea.api("PATCH", f"/admin/users/{person.login}", json=data)
        with pytest.raises(NotAllowed):
            gitea.client(person.token).me()
        assert gitea.client().owner(person.login).prohibit_login

    @pytest.mark.parametrize(
        ("scopes", "may"), [(["write:repository"], True), (["read:repository"], False)], ids=["write", "read"]
    )
    def test_the_write_scope_of_a_token_can_be_asked_without_changing_anything(self, gitea, scopes, may):
        owner = gitea.person()
        repo = gitea.repo(owner)
        client = gitea.client(gitea.token_of(owner.login, scopes))
        assert client.may_write(Level.repo(*repo[:2])) is may
        assert client.releases(*repo[:2]) == ()

    def test_the_write_scope_for_an_org_can_be_asked_too(self, gitea):
        owner = gitea.person()
        org = gitea.org(owner)
        assert gitea.client(owner.token).may_write(Level.org(org))
        reader = gitea.token_of(owner.login, ["read:organization"])
        assert not gitea.client(reader).may_write(Level.org(org))


class AccountContract:
    def test_an_org_and_a_person_are_told_apart(self, gitea):
        owner = gitea.person()
        org = gitea.org(owner)
        client = gitea.client()
        found_org, found_person = client.owner(org), client.owner(owner.login)
        assert (found_org.kind, found_org.login) == ("org", org)
        assert (found_person.kind, found_person.login, found_person.active) == ("user", owner.login, True)
        assert found_org.id != found_person.id

    def test_an_absent_account_is_not_found(self, gitea):
        with pytest.raises(NotFound):
            gitea.client().owner(unique("ghost"))

    def test_teams_members_and_owners(self, gitea):
        olga, sam, rita, stranger = (gitea.person(word) for word in ("olga", "sam", "rita", "stranger"))
        org = gitea.org(olga)
        repo = gitea.repo(olga, org=org)
        units = {"repo.code": "read", "repo.releases": "write"}
        sales = gitea.team(olga, org, name="Sales", members=[sam], includes_all_repositories=True, units_map=units)
        gitea.team(olga, org, name="Maintainers", permission="admin", members=[rita], repos=[repo])
        client = gitea.client()
        teams = {team.name: team for team in client.org_teams(org)}
        assert set(teams) == {"Owners", "Sales", "Maintainers"}
        assert teams["Sales"].includes_all_repositories
        assert not teams["Maintainers"].includes_all_repositories
        assert teams["Sales"].units_map == units
        assert teams["Sales"].permission == ("none" if gitea.version >= (1, 24) else "read")
        assert (teams["Owners"].permission, teams["Maintainers"].permission) == ("owner", "admin")
        assert {team.name for team in client.repo_teams(*repo[:2])} == {"Owners", "Sales", "Maintainers"}
        assert [member.login for member in client.team_members(sales)] == [sam.login]
        assert client.is_team_member(sales, sam.login)
        assert not client.is_team_member(sales, rita.login)
        assert not client.is_team_member(sales, unique("ghost"))
        owners = [person for person in (olga, sam, rita, stranger) if client.is_org_owner(org, person.login)]
        assert owners == [olga]
        assert not client.is_org_owner(org, unique("ghost"))

    def test_teams_are_hidden_from_strangers(self, gitea):
        org = gitea.org(gitea.person())
        with pytest.raises(NotAllowed):
            gitea.client(gitea.person().token).org_teams(org)

    def test_a_persons_repo_has_no_teams(self, gitea):
        owner = gitea.person()
        assert gitea.client().repo_teams(*gitea.repo(owner)[:2]) == ()

    def test_a_renamed_org_moved_and_so_did_its_repos(self, gitea):
        owner = gitea.person()
        org, new = gitea.org(owner), unique("new")
        repo = gitea.repo(owner, org=org)
        if gitea.version < (1, 24):  # no API to rename an org yet, so nothing can have moved
            with pytest.raises(NotFound):
                gitea.client(owner.token).requests_post(f"/orgs/{org}/rename", {"new_name": new})
            assert gitea.client().owner(org).login == org
            return
        gitea.api("POST", f"/orgs/{org}/rename", token=owner.token, json={"new_name": new})
        with pytest.raises(Moved) as caught:
            gitea.client().owner(org)
        assert (caught.value.status, caught.value.new_account) == (307, new)
        with pytest.raises(Moved) as caught:
            gitea.client().repo(org, repo[1])
        assert caught.value.new_repo == (new, repo[1])


class RepoContract:
    def test_a_repo_by_name_and_by_id_is_the_same(self, gitea):
        owner = gitea.person()
        login, name, repo_id = gitea.repo(owner)
        client = gitea.client()
        repo = client.repo(login, name)
        assert repo == client.repo_by_id(repo_id)
        assert (repo.id, repo.owner.login, repo.full_name) == (repo_id, login, f"{login}/{name}")
        assert (repo.private, repo.empty, repo.archived, repo.default_branch) == (False, False, False, "main")
        assert repo.has_releases

    def test_absent_repos_are_not_found(self, gitea):
        client = gitea.client()
        with pytest.raises(NotFound):
            client.repo(unique("ghost"), "x")
        with pytest.raises(NotFound):
            client.repo_by_id(999_999_999)

    def test_a_private_repo_is_hidden_from_strangers(self, gitea):
        owner, stranger = gitea.person(), gitea.person()
        repo = gitea.repo(owner, private=True)
        assert gitea.client(owner.token).repo(*repo[:2]).private
        for token in (stranger.token, ""):
            with pytest.raises(NotFound):
                gitea.client(token).repo(*repo[:2])
        with pytest.raises(NotAllowed if gitea.version < (1, 24) else NotFound):
            gitea.client(gitea.token_of(owner.login, ["read:repository", "public-only"])).repo(*repo[:2])

    def test_openness_to_strangers_is_asked_as_a_stranger(self, gitea):
        owner = gitea.person()
        client = gitea.client()
        assert client.repo_open_to_strangers(*gitea.repo(owner)[:2])
        assert not client.repo_open_to_strangers(*gitea.repo(owner, private=True)[:2])

    def test_repos_of_one_owner_only_all_pages_of_them(self, gitea):
        owner, other = gitea.person(), gitea.person()
        made = [gitea.repo(owner, private=number % 2 == 0)[2] for number in range(3)]
        strangers = gitea.repo(other)
        path = f"/repos/{'/'.join(strangers[:2])}/collaborators/{owner.login}"
        gitea.api("PUT", path, token=other.token, json={"permission": "admin"})
        client = gitea.client()
        owner_id = client.owner(owner.login).id
        assert [repo.id for repo in client.search_owner_repos(owner_id)] == made

    def test_a_repo_as_somebody_else_has_their_rights(self, gitea):
        olga, rita, vera, stranger = (gitea.person(word) for word in ("olga", "rita", "vera", "stranger"))
        org = gitea.org(olga)
        repo = gitea.repo(olga, org=org)
        gitea.team(olga, org, name="Maintainers", permission="admin", members=[rita], repos=[repo])
        path = f"/repos/{'/'.join(repo[:2])}/collaborators/{vera.login}"
        gitea.api("PUT", path, token=olga.token, json={"permission": "write"})
        client = gitea.client()
        rights = {
            person.login: client.repo_as(*repo[:2], person.login).permissions for person in (olga, rita, vera, stranger)
        }
        assert [right.admin for right in rights.values()] == [True, True, False, False]
        assert [right.push for right in rights.values()] == [True, True, True, False]
        assert all(right.pull for right in rights.values())
        assert client.repo(*repo[:2]).permissions.admin

    def test_a_private_repo_as_a_stranger_is_not_found(self, gitea):
        owner, stranger = gitea.person(), gitea.person()
        repo = gitea.repo(owner, private=True)
        client = gitea.client()
        with pytest.raises(NotFound):
            client.repo_as(*repo[:2], stranger.login)
        with pytest.raises(NotFound):
            client.repo_as(*repo[:2], unique("ghost"))

    def test_acting_as_somebody_is_for_site_admins_only(self, gitea):
        owner, other = gitea.person(), gitea.person()
        repo = gitea.repo(owner)
        with pytest.raises(NotAllowed):
            gitea.client(owner.token).repo_as(*repo[:2], other.login)

    def test_a_renamed_repo_moved_and_keeps_its_id(self, gitea):
        owner = gitea.person()
        login, name, repo_id = gitea.repo(owner)
        new = unique("renamed")
        gitea.api("PATCH", f"/repos/{login}/{name}", token=owner.token, json={"name": new})
        client = gitea.client()
        for ask in (client.repo, client.releases, client.repo_variables):
            with pytest.raises(Moved) as caught:
                ask(login, name)
            assert (caught.value.status, caught.value.new_repo) == (301, (login, new))
        assert client.repo_by_id(repo_id).name == new

    def test_a_write_to_an_old_name_does_nothing(self, gitea):
        owner = gitea.person()
        login, name, _ = gitea.repo(owner)
        new = unique("renamed")
        gitea.api("PATCH", f"/repos/{login}/{name}", token=owner.token, json={"name": new})
        client = gitea.client()
        with pytest.raises(Moved):
            client.create_hook(Level.repo(login, name), "http://127.0.0.1:9/hook", "secret")
        assert client.hooks(Level.repo(login, new)) == ()

    def test_a_reused_name_is_another_repo(self, gitea):
        owner = gitea.person()
        login, name, repo_id = gitea.repo(owner)
        gitea.api("PATCH", f"/repos/{login}/{name}", token=owner.token, json={"name": unique("renamed")})
        second = gitea.repo(owner, name=name)
        client = gitea.client()
        assert client.repo(login, name).id == second[2] != repo_id
        assert client.repo_by_id(repo_id).name != name

    def test_a_transferred_repo_moved_to_its_new_owner(self, gitea):
        giver, taker = gitea.person(), gitea.person()
        login, name, repo_id = gitea.repo(giver)
        gitea.api("POST", f"/repos/{login}/{name}/transfer", json={"new_owner": taker.login})
        client = gitea.client()
        with pytest.raises(Moved) as caught:
            client.repo(login, name)
        assert caught.value.new_repo == (taker.login, name)
        assert client.repo_by_id(repo_id).owner.login == taker.login

    def test_a_deleted_repo_is_not_found(self, gitea):
        owner = gitea.person()
        login, name, repo_id = gitea.repo(owner)
        gitea.api("DELETE", f"/repos/{login}/{name}", token=owner.token)
        for ask in (lambda client: client.repo(login, name), lambda client: client.repo_by_id(repo_id)):
            with pytest.raises(NotFound):
                ask(gitea.client())

    def test_py_giteas_own_methods_work_over_the_same_wire(self, gitea):
        client = gitea.client()
        assert client.get_version() == client.version().raw
        assert client.get_user().username == gitea.admin
        with pytest.raises(NotAuthenticated):
            gitea.client("0" * 40).get_user()
