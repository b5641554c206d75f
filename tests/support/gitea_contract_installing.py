"""What we believe about what an installer asks of Gitea, for the simulator and a real Gitea alike."""

import json

import pytest
from support.gitea_worlds import unique

from gitea_client import hooks
from gitea_client.errors import Conflict, NotAllowed, NotAuthenticated, NotFound
from gitea_client.levels import Level

SECRET = "one-secret"
CATEGORIES = ("repository", "organization", "user", "admin")


class ScopeContract:
    @pytest.mark.parametrize("category", CATEGORIES)
    @pytest.mark.parametrize("level", ["read", "write"])
    def test_a_scope_shows_without_anything_being_done(self, gitea, category, level):
        person = gitea.person(scopes=[f"{level}:{category}"])
        client = gitea.client(person.token)
        assert {each for each in CATEGORIES if client.may_read(each)} == {category}
        assert {each for each in CATEGORIES if client.may_change(each)} == ({category} if level == "write" else set())

    def test_a_token_for_everything_may_everything(self, gitea):
        client = gitea.client()
        assert all(client.may_read(each) and client.may_change(each) for each in CATEGORIES)
        assert client.sees_private_things()

    def test_a_missing_scope_makes_gitea_tell_all_that_are_there(self, gitea):
        person = gitea.person(scopes=["read:repository", "read:user"])
        with pytest.raises(NotAllowed) as refused:
            gitea.client(person.token).org_teams("nowhere")
        assert refused.value.missing_scope == "read:organization"
        assert set(refused.value.told_scopes) == {"read:repository", "read:user"}

    def test_a_token_for_public_things_is_known_by_what_it_may_not_see(self, gitea):
        person = gitea.person(scopes=["public-only", "write:user", "write:repository"])
        sees = gitea.client(person.token).sees_private_things()
        assert sees is (gitea.version < (1, 26))
        with pytest.raises(NotAllowed):
            gitea.client(gitea.person(scopes=["read:repository"]).token).sees_private_things()

    def test_a_bad_token_has_no_scopes_to_ask_for(self, gitea):
        for ask in ("may_read", "may_change"):
            with pytest.raises(NotAuthenticated):
                getattr(gitea.client("0" * 40), ask)("user")


class ApplicationContract:
    def test_an_application_is_made_found_again_and_removed(self, gitea):
        owner, other = gitea.person(), gitea.person()
        client, name = gitea.client(owner.token), unique("Licensing")
        address = "https://bridge.example/-/licensing/oauth/callback"
        new = client.create_oauth_application(name, [address])
        made = new.application
        assert (made.name, made.redirect_uris, made.confidential) == (name, (address,), True)
        assert len(new.secret) > 20
        assert new.secret not in repr(new)
        assert client.oauth_applications() == (made,)
        assert gitea.client(other.token).oauth_applications() == ()
        assert gitea.client(other.token).delete_oauth_application(made.id) is False
        assert client.delete_oauth_application(made.id) is True
        assert client.delete_oauth_application(made.id) is False
        assert client.oauth_applications() == ()

    def test_two_of_one_name_are_two_with_secrets_of_their_own(self, gitea):
        client = gitea.client(gitea.person().token)
        first, second = (client.create_oauth_application("Licensing", ["https://x.example/cb"]) for _ in range(2))
        assert first.application.client_id != second.application.client_id
        assert first.secret != second.secret
        assert len(client.oauth_applications()) == 2

    def test_applications_need_their_scope(self, gitea):
        client = gitea.client(gitea.person(scopes=["read:user"]).token)
        assert client.oauth_applications() == ()
        with pytest.raises(NotAllowed) as refused:
            client.create_oauth_application("Licensing", ["https://x.example/cb"])
        assert refused.value.missing_scope == "write:user"


class ThrowawayContract:
    def test_a_private_repo_is_made_and_deleted(self, gitea):
        owner = gitea.person()
        client, name = gitea.client(owner.token), unique("check")
        made = client.create_private_repo(name, "to be deleted")
        assert (made.owner.login, made.name, made.description) == (owner.login, name, "to be deleted")
        assert made.private
        assert made.empty
        assert not client.repo_open_to_strangers(owner.login, name)
        with pytest.raises(Conflict):
            client.create_private_repo(name, "again")
        assert client.delete_repo(owner.login, name) is True
        assert client.delete_repo(owner.login, name) is False
        with pytest.raises(NotFound):
            client.repo_by_id(made.id)

    def test_a_private_repo_of_an_org_is_for_its_owners_to_make(self, gitea):
        owner = gitea.person()
        org, name = gitea.org(owner), unique("check")
        with pytest.raises(NotAllowed):
            gitea.client(gitea.person().token).create_private_repo(name, "", org=org)
        made = gitea.client(owner.token).create_private_repo(name, "", org=org)
        assert (made.owner.login, made.private) == (org, True)

    @pytest.mark.parametrize("kind", ["system", "org"])
    def test_making_one_is_told_to_the_hooks_above_it(self, gitea, listener, kind):
        owner = gitea.person()
        org = gitea.org(owner)
        level = Level.system() if kind == "system" else Level.org(org)
        client = gitea.client()
        hook = client.create_hook(level, listener.url, SECRET)
        try:
            made = gitea.client(owner.token).create_private_repo(unique("check"), "", org=org)
            body = listener.until(_about("repository", made.id))[-1][1]
            assert json.loads(body)["action"] == "created"
        finally:
            client.delete_hook(level, hook.id)

    def test_a_repo_hook_is_tried_out_by_a_push_that_moves_nothing(self, gitea, listener):
        owner = gitea.person()
        repo = gitea.repo(owner)
        client, level = gitea.client(owner.token), Level.repo(*repo[:2])
        hook = client.create_hook(level, listener.url, SECRET)
        client.test_hook(level, hook.id)
        headers, body = listener.until(_about("push", repo[2]))[-1]
        assert hooks.verify(body, headers, [SECRET])
        assert hooks.parse(body, headers).is_test
        with pytest.raises(NotFound):
            client.test_hook(level, hook.id + 1_000_000)
        with pytest.raises(NotAllowed):
            gitea.client(gitea.person().token).test_hook(level, hook.id)

    def test_a_push_that_moves_something_is_no_test(self, gitea, listener):
        owner = gitea.person()
        repo = gitea.repo(owner)
        gitea.client(owner.token).create_hook(Level.repo(*repo[:2]), listener.url, SECRET)
        gitea.release(owner, repo, "v1")
        headers, body = listener.until(_about("push", repo[2]))[-1]
        assert not hooks.parse(body, headers).is_test

    def test_an_empty_repo_has_nothing_to_try_a_hook_with(self, gitea):
        owner = gitea.person()
        client = gitea.client(owner.token)
        made = client.create_private_repo(unique("check"), "")
        level = Level.repo(owner.login, made.name)
        hook = client.create_hook(level, "https://bridge.example/hook", SECRET)
        with pytest.raises(NotFound):
            client.test_hook(level, hook.id)

    def test_a_hook_is_found_by_its_name_where_gitea_knows_names(self, gitea, listener):
        owner = gitea.person()
        client, level = gitea.client(owner.token), Level.repo(*gitea.repo(owner)[:2])
        made = client.create_hook(level, listener.url, SECRET, name="License Bridge")
        names = {each.name for each in client.hooks(level) if each.id == made.id}
        assert names == {"License Bridge" if gitea.version >= (1, 26) else ""}


def _about(event, repo_id):
    def matches(headers, body):
        delivery = hooks.parse(body, headers)
        return delivery.event == event and delivery.repository_id == repo_id

    return matches
