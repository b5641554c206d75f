"""What we believe about variables and webhooks, for the simulator and a real Gitea alike."""

import json

import pytest
import requests
from support.gitea_worlds import Listener, unique

from gitea_client import hooks
from gitea_client.errors import Invalid, NotAllowed, NotAuthenticated, NotFound
from gitea_client.levels import Level

SECRET = "one-secret"


class VariableContract:
    def level(self, gitea, kind):
        """Return the token of somebody who may write there, and the level."""
        owner = gitea.person()
        if kind == "user":
            return gitea.admin_token, Level.user(owner.login)
        if kind == "org":
            return owner.token, Level.org(gitea.org(owner))
        return owner.token, Level.repo(*gitea.repo(owner)[:2])

    @pytest.mark.parametrize("kind", ["repo", "org", "user"])
    def test_a_variable_is_made_changed_and_removed(self, gitea, kind):
        token, level = self.level(gitea, kind)
        client = gitea.client(token)
        assert client.variables(level) == {}
        client.set_variable(level, "licensing_platform", "joomla", "what it is")
        found = client.variables(level)["LICENSING_PLATFORM"]
        assert (found.value, found.description) == ("joomla", "what it is" if gitea.version >= (1, 24) else "")
        client.set_variable(level, "LICENSING_PLATFORM", "a\r\nb")
        found = client.variables(level)["LICENSING_PLATFORM"]
        assert (found.value, found.description) == ("a\nb", "")
        assert client.delete_variable(level, "LICENSING_PLATFORM") is True
        assert client.delete_variable(level, "LICENSING_PLATFORM") is False
        assert client.variables(level) == {}

    def test_setting_what_is_set_is_fine_and_others_stay(self, gitea):
        token, level = self.level(gitea, "repo")
        client = gitea.client(token)
        client.set_variable(level, "LICENSING_A", "1", "note")
        client.set_variable(level, "LICENSING_B", "2")
        client.set_variable(level, "LICENSING_A", "1", "note")
        assert {name: each.value for name, each in client.variables(level).items()} == {
            "LICENSING_A": "1",
            "LICENSING_B": "2",
        }

    def test_the_three_ways_of_asking_reach_their_level(self, gitea):
        owner = gitea.person()
        org = gitea.org(owner)
        repo = gitea.repo(owner, org=org)
        client = gitea.client()
        for level, value in (
            (Level.repo(*repo[:2]), "repo"),
            (Level.org(org), "org"),
            (Level.user(owner.login), "user"),
        ):
            client.set_variable(level, "LICENSING_STREAMS", value)
        found = client.repo_variables(*repo[:2]), client.org_variables(org), client.user_variables(owner.login)
        assert [each["LICENSING_STREAMS"].value for each in found] == ["repo", "org", "user"]

    @pytest.mark.parametrize(("name", "value"), [("LICENSING_EMPTY", ""), ("GITEA_X", "1"), ("GITHUB_X", "1")])
    def test_impossible_variables_are_refused(self, gitea, name, value):
        token, level = self.level(gitea, "repo")
        with pytest.raises(Invalid):
            gitea.client(token).set_variable(level, name, value)

    def test_only_owners_read_variables(self, gitea):
        olga, rita, vera = (gitea.person(word) for word in ("olga", "rita", "vera"))
        org = gitea.org(olga)
        repo = gitea.repo(olga, org=org)
        gitea.team(olga, org, name="Maintainers", permission="admin", members=[rita], repos=[repo])
        path = f"/repos/{'/'.join(repo[:2])}/collaborators/{vera.login}"
        gitea.api("PUT", path, token=olga.token, json={"permission": "admin"})
        for token in (gitea.admin_token, olga.token, rita.token):
            assert gitea.client(token).repo_variables(*repo[:2]) == {}
        # A collaborator with admin may edit them in Gitea's pages, but not by API.
        with pytest.raises(NotAllowed):
            gitea.client(vera.token).repo_variables(*repo[:2])
        with pytest.raises(NotAuthenticated):
            gitea.client("").repo_variables(*repo[:2])
        with pytest.raises(NotAllowed):
            gitea.client(rita.token).org_variables(org)
        with pytest.raises(NotFound):
            gitea.client().org_variables(olga.login)

    def test_the_statuses_of_writing_are_those_of_the_version(self, gitea):
        token, level = self.level(gitea, "repo")
        address = f"{gitea.base_url}/api/v1/{'/'.join(level.path)}/actions/variables/LICENSING_X"
        seen = [
            requests.request(
                method, address, json={"value": "1"}, headers={"Authorization": f"token {token}"}, timeout=20
            ).status_code
            for method in ("PUT", "POST", "POST", "PUT", "DELETE", "DELETE")
        ]
        created = 201 if gitea.version >= (1, 25) else 204
        assert seen == [404, created, 409, 204, 204, 404]

    def test_more_variables_than_one_page_holds(self, gitea):
        token, level = self.level(gitea, "repo")
        client = gitea.client(token)
        for number in range(52):
            client.set_variable(level, f"LICENSING_{number}", str(number))
        found = client.variables(level)
        assert {name: each.value for name, each in found.items()} == {f"LICENSING_{n}": str(n) for n in range(52)}
        assert set(client.variables(level, prefix="LICENSING_5")) == {"LICENSING_5", "LICENSING_50", "LICENSING_51"}


@pytest.fixture
def listener():
    """Something that hears webhooks."""
    hearing = Listener()
    yield hearing
    hearing.close()


class HookContract:
    def event_of(self, event, **facts):
        """Return a predicate over deliveries."""

        def matches(headers, body):
            delivery = hooks.parse(body, headers)
            return delivery.event == event and all(getattr(delivery, name) == value for name, value in facts.items())

        return matches

    def level(self, gitea, kind, owner, org, repo):
        return {"repo": Level.repo(*repo[:2]), "org": Level.org(org), "system": Level.system()}[kind]

    @pytest.mark.parametrize("kind", ["repo", "org", "system"])
    @pytest.mark.parametrize("content_type", ["json", "form"])
    def test_a_hook_is_listed_delivers_signed_and_goes(self, gitea, listener, kind, content_type):
        owner = gitea.person()
        org = gitea.org(owner)
        repo = gitea.repo(owner, org=org)
        client, level = gitea.client(), self.level(gitea, kind, owner, org, repo)
        hook = client.create_hook(level, listener.url, SECRET, content_type=content_type)
        try:
            assert (hook.url, hook.active, hook.content_type) == (listener.url, True, content_type)
            assert {"release", "push", "create", "delete", "repository"} <= hook.events
            assert hook.id in {each.id for each in client.hooks(level)}
            gitea.release(owner, repo, "v1.0.0")
            mine = self.event_of("release", repository_id=repo[2], action="published")
            headers, body = listener.until(mine)[-1]
            assert hooks.verify(body, headers, ["an older secret", SECRET])
            assert not hooks.verify(body, headers, ["an older secret", ""])
            delivery = hooks.parse(body, headers)
            assert (delivery.owner, delivery.name, delivery.tag) == (org, repo[1], "v1.0.0")
            targets = {"repo": "repository", "org": "organization", "system": "system"}
            assert delivery.target == (targets[kind] if gitea.version >= (1, 24) else None)
        finally:
            assert client.delete_hook(level, hook.id) is True
        assert client.delete_hook(level, hook.id) is False
        assert hook.id not in {each.id for each in client.hooks(level)}

    def test_published_comes_without_files_and_uploading_tells_nobody(self, gitea, listener):
        owner = gitea.person()
        repo = gitea.repo(owner)
        gitea.client().create_hook(Level.repo(*repo[:2]), listener.url, SECRET)
        made = gitea.release(owner, repo, "v1")
        _, body = listener.until(self.event_of("release", action="published"))[-1]
        assert json.loads(body)["release"]["assets"] == []
        gitea.upload(owner, repo, made, "mod.zip", b"zip")
        path = f"/repos/{'/'.join(repo[:2])}/releases/{made['id']}"
        gitea.api("PATCH", path, token=owner.token, json={"draft": True})
        gitea.api("PATCH", path, token=owner.token, json={"draft": False})
        gitea.api("DELETE", path, token=owner.token)
        heard = listener.until(self.event_of("release", action="deleted"))
        told = [hooks.parse(body, headers) for headers, body in heard]
        # Neither the upload nor turning into a draft is told; publishing over the tag is "updated".
        assert sorted(each.action for each in told if each.event == "release") == ["deleted", "updated"]

    def test_deleting_a_tag_by_git_tells_of_the_tag_only(self, gitea, listener, tmp_path):
        owner = gitea.person()
        repo = gitea.repo(owner)
        gitea.release(owner, repo, "v1")
        gitea.client().create_hook(Level.repo(*repo[:2]), listener.url, SECRET)
        gitea.delete_tag_by_git(owner, repo, "v1", tmp_path)
        seen = set()

        def both_heard(headers, body):
            delivery = hooks.parse(body, headers)
            seen.add((delivery.event, delivery.tag, delivery.removed))
            return {("push", "v1", True), ("delete", "v1", True)} <= seen

        listener.until(both_heard)
        assert {event for event, _, _ in seen} == {"push", "delete"}

    def test_the_system_hears_of_repos_made_and_deleted_but_not_renamed(self, gitea, listener):
        client = gitea.client()
        hook = client.create_hook(Level.system(), listener.url, SECRET)
        try:
            owner = gitea.person()
            login, name, repo_id = gitea.repo(owner)
            new = unique("renamed")
            gitea.api("PATCH", f"/repos/{login}/{name}", token=owner.token, json={"name": new})
            gitea.api("DELETE", f"/repos/{login}/{new}", token=owner.token)
            heard = listener.until(self.event_of("repository", repository_id=repo_id, action="deleted"))
            told = [hooks.parse(body, headers) for headers, body in heard]
            about = [each.action for each in told if each.repository_id == repo_id and each.event == "repository"]
            assert about == ["created", "deleted"]
        finally:
            client.delete_hook(Level.system(), hook.id)

    def test_a_hook_of_a_repo_can_be_tried_and_its_test_is_known_as_one(self, gitea, listener):
        owner = gitea.person()
        repo = gitea.repo(owner)
        client, level = gitea.client(), Level.repo(*repo[:2])
        deaf = client.create_hook(level, listener.url, "of the deaf one", events=["release"])
        client.test_hook(level, deaf.id)  # is not refused, and nothing comes of it
        hook = client.create_hook(level, listener.url, SECRET)
        client.test_hook(level, hook.id)
        headers, body = listener.until(self.event_of("push", repository_id=repo[2]))[-1]
        assert hooks.verify(body, headers, [SECRET])
        assert hooks.parse(body, headers).is_test is True
        with pytest.raises(NotFound):
            client.test_hook(level, hook.id + 1)

    def test_a_pushed_tag_is_no_test(self, gitea, listener):
        owner = gitea.person()
        repo = gitea.repo(owner)
        gitea.client().create_hook(Level.repo(*repo[:2]), listener.url, SECRET)
        gitea.release(owner, repo, "v1")
        headers, body = listener.until(self.event_of("release", action="published"))[-1]
        assert hooks.parse(body, headers).is_test is False

    def test_default_hooks_are_told_from_those_of_the_system(self, gitea, listener):
        client = gitea.client()
        config = {"url": listener.url, "content_type": "json", "secret": SECRET}
        body = {"type": "gitea", "active": True, "config": config, "events": ["release"], "branch_filter": "main"}
        made = gitea.api("POST", "/admin/hooks", json=body)
        try:
            assert made["id"] not in {each.id for each in client.hooks(Level.system(), "system")}
            if gitea.version >= (1, 24):
                (found,) = [each for each in client.hooks(Level.system(), "default") if each.id == made["id"]]
                assert found.branch_filter == "main"
                assert made["id"] in {each.id for each in client.hooks(Level.system())}
        finally:
            client.delete_hook(Level.system(), made["id"])

    def test_hooks_of_a_repo_are_for_its_admins(self, gitea):
        repo = gitea.repo(gitea.person())
        with pytest.raises(NotAllowed):
            gitea.client(gitea.person().token).hooks(Level.repo(*repo[:2]))
        with pytest.raises(NotAllowed):
            gitea.client(gitea.person().token).hooks(Level.system())
