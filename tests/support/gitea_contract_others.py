"""What we believe about asking for other people, by id and in their place. Run against the simulator and a real Gitea."""

import pytest
from support.gitea_worlds import unique

from gitea_client.errors import Moved, NotAllowed, NotAuthenticated, NotFound


class OthersContract:
    def test_a_person_is_found_by_id_and_an_org_is_not(self, gitea):
        owner = gitea.person()
        client = gitea.client()
        person, org = client.owner(owner.login), client.owner(gitea.org(owner))
        found = client.person_by_id(person.id)
        assert (found.id, found.login, found.active, found.prohibit_login) == (person.id, owner.login, True, False)
        assert client.person_by_id(org.id) is None
        assert client.person_by_id(2**40) is None

    def test_the_id_of_a_site_admin_says_so(self, gitea):
        client = gitea.client()
        assert client.person_by_id(client.me().id).is_admin

    def test_whoever_is_blocked_or_hidden_is_found_by_id_with_the_facts(self, gitea):
        person = gitea.person()
        client = gitea.client()
        person_id = client.owner(person.login).id
        data = {"prohibit_login": True, "visibility": "private", "login_name": person.login, "source_id": 0}
        gitea.api("PATCH", f"/admin/users/{person.login}", json=data)
        found = client.person_by_id(person_id)
        assert (found.login, found.prohibit_login) == (person.login, True)
        stranger = gitea.person()
        assert gitea.client(stranger.token).person_by_id(person_id) is None
        for theirs in (gitea.client(stranger.token), client.acting_as(stranger.login)):
            with pytest.raises(NotFound):
                theirs.user_account(person.login)

    def test_to_others_everybody_looks_inactive(self, gitea):
        person = gitea.person()
        person_id = gitea.client().owner(person.login).id
        found = gitea.client(gitea.person().token).person_by_id(person_id)
        assert (found.active, found.prohibit_login, found.is_admin) == (False, False, False)

    def test_a_renamed_person_keeps_the_id_and_the_old_name_leads_there(self, gitea):
        person, new = gitea.person(), unique("renamed")
        client = gitea.client()
        person_id = client.owner(person.login).id
        gitea.api("POST", f"/admin/users/{person.login}/rename", json={"new_username": new})
        assert client.person_by_id(person_id).login == new
        with pytest.raises(Moved) as caught:
            client.user_account(person.login)
        assert caught.value.new_account == new
        taker = gitea.api(
            "POST",
            "/admin/users",
            json={
                "username": person.login,
                "email": f"{new}@example.com",
                "password": unique("correct-horse"),
                "must_change_password": False,
            },
        )
        assert client.user_account(person.login).id == taker["id"] != person_id

    def test_a_deleted_person_is_nobody_by_id(self, gitea):
        person = gitea.person()
        client = gitea.client()
        person_id = client.owner(person.login).id
        gitea.api("DELETE", f"/admin/users/{person.login}")
        assert client.person_by_id(person_id) is None
        with pytest.raises(NotFound):
            client.user_account(person.login)
        with pytest.raises(NotFound):
            client.acting_as(person.login).me()

    def test_acting_as_somebody_sees_what_they_see(self, gitea):
        olga, vera, stranger = (gitea.person(word) for word in ("olga", "vera", "stranger"))
        org = gitea.org(olga)
        open_repo, hidden = gitea.repo(olga, org=org), gitea.repo(olga, org=org, private=True)
        path = f"/repos/{'/'.join(hidden[:2])}/collaborators/{vera.login}"
        gitea.api("PUT", path, token=olga.token, json={"permission": "admin"})
        client = gitea.client()
        assert client.acting_as(olga.login).me().login == olga.login
        admins = [client.acting_as(each.login).repo(*hidden[:2]).permissions.admin for each in (olga, vera)]
        assert admins == [True, True]
        assert not client.acting_as(vera.login).repo(*open_repo[:2]).permissions.admin
        with pytest.raises(NotFound):
            client.acting_as(stranger.login).repo(*hidden[:2])
        assert client.repo(*hidden[:2]).permissions.admin, "the client itself acts as nobody else"

    def test_acting_as_somebody_sees_no_org_that_is_hidden_from_them(self, gitea):
        olga, stranger = gitea.person(), gitea.person()
        org = gitea.org(olga)
        gitea.api("PATCH", f"/orgs/{org}", token=olga.token, json={"visibility": "private"})
        client = gitea.client()
        assert client.acting_as(olga.login).org_account(org).login == org
        with pytest.raises(NotFound):
            client.acting_as(stranger.login).org_account(org)

    def test_acting_as_works_for_whoever_is_blocked(self, gitea):
        person = gitea.person()
        repo = gitea.repo(person, private=True)
        data = {"prohibit_login": True, "login_name": person.login, "source_id": 0}
        gitea.api("PATCH", f"/admin/users/{person.login}", json=data)
        assert gitea.client().acting_as(person.login).repo(*repo[:2]).permissions.admin

    def test_acting_as_is_for_site_admins_only(self, gitea):
        owner, other = gitea.person(), gitea.person()
        repo = gitea.repo(owner)
        with pytest.raises(NotAllowed) as caught:
            gitea.client(owner.token).acting_as(other.login).repo(*repo[:2])
        assert caught.value.missing_scope is None
        with pytest.raises(NotAuthenticated):
            gitea.client("0" * 40).acting_as(other.login).repo(*repo[:2])

    def test_nobody_is_no_person_to_ask_for_or_to_act_as(self, gitea):
        client = gitea.client()
        acting = client.acting_as(gitea.person().login)
        for ask in (
            lambda: client.person_by_id(0),  # Gitea takes it for everybody
            lambda: client.person_by_id(-2),
            lambda: client.acting_as(""),  # and this for the site admin
            acting.me_by_any_token,
        ):
            with pytest.raises(ValueError, match=r"\w"):
                ask()
        assert acting.with_token(gitea.admin_token).me().login == gitea.admin

    def test_whoever_is_renamed_cannot_be_acted_as_by_the_old_name(self, gitea):
        person, new = gitea.person(), unique("renamed")
        repo = gitea.repo(gitea.person())
        gitea.api("POST", f"/admin/users/{person.login}/rename", json={"new_username": new})
        with pytest.raises(NotFound):
            gitea.client().acting_as(person.login).repo(*repo[:2])
