"""What the simulator promises beyond the contract: scripts, faults, pages, and how it sends hooks."""

import json

import pytest
import requests
from support.gitea_worlds import Listener, Scripted

from gitea_client import hooks
from gitea_client.simulator import World, create_simulator, serve

SECRET = "s3cret"


@pytest.fixture
def world():
    world = World()
    world.add_user("root1", is_admin=True)
    world.add_user("olga")
    world.add_org("acme", owner="olga")
    world.add_repo("acme", "mod", description="<b>bold</b>")
    yield world
    world.close()


@pytest.fixture
def browser(world):
    return create_simulator(world).test_client()


@pytest.fixture
def listener():
    hearing = Listener()
    yield hearing
    hearing.close()


def heard(listener):
    return [hooks.parse(body, headers) for headers, body in list(listener.heard.queue)]


class TestPages:
    @pytest.mark.parametrize("path", ["/", "/acme/mod", "/acme/mod/releases"])
    def test_every_page_says_that_it_pretends(self, browser, world, path):
        world.publish_release("acme", "mod", "v1", title="<script>x</script>", files={"a<b>.zip": b"x"})
        page = browser.get(path)
        assert page.status_code == 200
        assert "pretend Gitea" in page.text
        assert "<b>" not in page.text
        assert "<script" not in page.text

    def test_drafts_and_private_repos_are_on_no_page(self, browser, world):
        world.add_repo("acme", "hidden", private=True)
        world.publish_release("acme", "mod", "v9", title="Nine", draft=True)
        assert "hidden" not in browser.get("/").text
        assert "Nine" not in browser.get("/acme/mod/releases").text
        assert browser.get("/acme/hidden").status_code == browser.get("/acme/absent").status_code == 404

    def test_an_old_name_leads_to_the_new_one(self, browser, world):
        world.rename_repo("acme", "mod", "mod-pro")
        answer = browser.get("/acme/mod")
        assert (answer.status_code, answer.headers["Location"]) == (301, "/acme/mod-pro")

    def test_unknown_api_paths_are_plain_text(self, browser):
        answer = browser.get("/api/v1/no/such/thing")
        assert (answer.status_code, answer.text) == (404, "404 page not found\n")


class TestHooks:
    def test_body_and_headers_are_as_gitea_sends_them(self, world, listener):
        world.add_hook(listener.url, SECRET)
        world.push_tag("acme", "mod", "v1")
        assert world.settle()
        headers, body = next(each for each in listener.heard.queue if each[0]["X-Gitea-Event"] == "create")
        assert body.startswith(b'{\n  "sha": "')
        assert json.loads(body)["ref_type"] == "tag"
        assert headers["Content-Type"] == "application/json"
        assert headers["X-Hub-Signature-256"] == f"sha256={headers['X-Gitea-Signature']}"
        assert headers["X-Gitea-Delivery"] == headers["X-GitHub-Delivery"] == headers["X-Gogs-Delivery"]
        assert headers["X-Gitea-Hook-Installation-Target-Type"] == "system"
        assert hooks.verify(body, headers, [SECRET])

    def test_a_hook_without_a_secret_sends_empty_signatures(self, world, listener):
        world.add_hook(listener.url, "")
        world.push_tag("acme", "mod", "v1")
        assert world.settle()
        headers, body = listener.heard.queue[0]
        assert headers["X-Gitea-Signature"] == ""
        assert not hooks.verify(body, headers, [""])

    def test_a_failed_delivery_is_never_repeated(self, world):
        with Scripted(lambda *_: (500, {}, [])) as broken:
            world.add_hook(broken.url, SECRET, events=["release"])
            world.add_hook("http://127.0.0.1:9/nobody", SECRET, events=["release"])
            world.publish_release("acme", "mod", "v1")
            assert world.settle()
            assert len(broken.seen) == 1
        assert sorted(str(sent.status) for sent in world.deliverer.history) == ["500", "None"]

    def test_who_hears_what(self, world, listener):
        world.add_repo("acme", "other")
        world.add_hook(listener.url, SECRET, events=["release"], repo=world.repo("acme", "mod"))
        world.add_hook(listener.url, SECRET, events=["release"], active=False)
        world.add_hook(listener.url, SECRET, events=["release"], is_system=False)
        world.publish_release("acme", "mod", "v1")
        world.publish_release("acme", "other", "v1")
        assert world.settle()
        assert [(each.event, each.name, each.target) for each in heard(listener)] == [("release", "mod", "repository")]

    @pytest.mark.parametrize(
        ("act", "told"),
        [
            (lambda world: world.publish_release("acme", "mod", "v2"), ["push", "create", "release published"]),
            (lambda world: world.publish_release("acme", "mod", "v2", draft=True), []),
            (lambda world: world.unpublish("acme", "mod", "v1"), []),
            (lambda world: world.delete_tag_by_git("acme", "mod", "v1"), ["push", "delete"]),
            (lambda world: world.rename_repo("acme", "mod", "new"), []),
            (lambda world: world.transfer("acme", "mod", "olga"), []),
            (lambda world: world.delete_repo("acme", "mod"), ["repository deleted"]),
            (lambda world: world.set_variable("acme", "LICENSING_PLATFORM", "joomla", repo="mod"), []),
        ],
    )
    def test_what_a_script_tells(self, world, listener, act, told):
        world.publish_release("acme", "mod", "v1")
        world.add_hook(listener.url, SECRET)
        act(world)
        assert world.settle()
        assert [f"{each.event} {each.action or ''}".strip() for each in heard(listener)] == told


class TestScripts:
    def test_a_release_over_a_pushed_tag_is_dated_1970(self, world, browser):
        world.push_tag("acme", "mod", "v1")
        world.publish_release("acme", "mod", "v1")
        (release,) = browser.get("/api/v1/repos/acme/mod/releases").json
        assert release["published_at"] == "1970-01-01T00:00:00Z"

    def test_pushing_the_tag_again_publishes_its_draft_silently(self, world):
        world.publish_release("acme", "mod", "v1")
        world.delete_tag_by_git("acme", "mod", "v1")
        assert world.found_release("acme", "mod", "v1")[1].draft
        world.push_tag("acme", "mod", "v1")
        assert not world.found_release("acme", "mod", "v1")[1].draft

    def test_a_raw_body_can_be_uploaded_too(self, world, browser):
        release = world.publish_release("acme", "mod", "v1")
        answer = browser.post(
            f"/api/v1/repos/acme/mod/releases/{release.id}/assets?name=raw.zip",
            data=b"raw",
            headers={"Authorization": f"token {world.add_token('olga')}", "Content-Type": "application/octet-stream"},
        )
        assert (answer.status_code, answer.json["name"], answer.json["size"]) == (201, "raw.zip", 3)
        assert release.assets[0].content == b"raw"

    def test_the_address_of_a_file_falls_back_to_its_uuid_when_names_repeat(self, world, browser):
        release = world.publish_release("acme", "mod", "v1", files={"a b.zip": b"1"})
        address = "/api/v1/repos/acme/mod/releases"
        (asset,) = browser.get(address).json[0]["assets"]
        assert asset["browser_download_url"].endswith("/acme/mod/releases/download/v1/a%20b.zip")
        world.upload(release, "a b.zip", b"2")
        urls = [each["browser_download_url"] for each in browser.get(address).json[0]["assets"]]
        assert all("/attachments/" in url for url in urls)


class TestFaults:
    def test_a_fault_strikes_where_and_as_often_as_told(self, world, browser):
        world.faults.inject("status", 500, path="/api/v1/version", times=1)
        assert browser.get("/api/v1/settings/api").status_code == 200
        assert [browser.get("/api/v1/version").status_code for _ in range(2)] == [500, 200]

    def test_a_server_that_is_down_says_nothing(self, world):
        with serve(create_simulator(world)) as running:
            world.faults.inject("down")
            with pytest.raises(requests.exceptions.ConnectionError):
                requests.get(f"{running.base_url}/api/v1/version", timeout=5)
            world.faults.clear()
            assert requests.get(f"{running.base_url}/api/v1/version", timeout=5).json() == {"version": "1.26.4"}

    def test_a_redirect_elsewhere_can_be_pretended(self, world, browser):
        world.faults.inject("redirect", "https://elsewhere.example/")
        answer = browser.get("/api/v1/version")
        assert (answer.status_code, answer.headers["Location"]) == (302, "https://elsewhere.example/")
