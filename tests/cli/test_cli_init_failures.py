"""``bridge init`` with bad input, each by its name: what it says, how it ends, and that it leaves nothing half done."""

import socket
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from support.gitea_worlds import Scripted
from support.init_grounds import place, refused, run
from support.installing import DOOR, ground

from bridge.settings import load
from gitea_client.simulator import deliveries

__all__ = ["place", "run"]
NEEDED = ("read:repository", "read:organization", "read:user")
WRITING = ("write:repository", "write:organization", "write:user")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0" * 40, "mistyped, was deleted, or has expired"),
        ("aaa.bbb.ccc", "expires within an hour"),
    ],
)
def test_a_wrong_token_and_one_that_expires(place, run, text, told):
    err = refused(place, run, place.words(place.token_file(text=text)), 6, told)
    assert text not in err


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        (("write:organization",), ("lacks read:repository, read:user", "it has read:organization")),
        (("read:repository",), ("lacks read:organization, read:user",)),
        (("write:admin",), ("lacks read:repository, read:organization, read:user",)),
        ((*WRITING, "public-only"), ("for public things only",)),
    ],
)
def test_a_token_that_may_not_read_enough(place, run, scopes, told):
    refused(place, run, place.words(place.token_file(scopes=scopes)), 6, *told)


def test_the_token_of_somebody_who_is_blocked(place, run):
    token = place.token_file()
    place.world.person("root").prohibit_login = True
    refused(place, run, place.words(token), 6, "prohibited from signing in", "another site administrator")


def test_a_read_only_token_installs_what_can_be_and_says_what_is_left(place, run):
    before = place.state()
    code, out, err = run(place, *place.words(place.token_file(scopes=NEEDED)))
    assert (code, err, place.state()) == (7, "", before)
    for told in ("may only read", "within ten minutes", "nobody can sign in yet"):
        assert told.lower() in out.lower()
    assert load(place.config).gitea.token


def test_an_org_owners_token_makes_a_hook_of_the_org(place, run):
    code, out, _ = run(place, *place.words(place.token_file("olga", scopes=WRITING)))
    assert (code, place.hooks()) == (0, [("org", place.hook_url)])
    assert "no site administrator" in out
    assert "a private repo in acme that is deleted at once" in out
    assert "delivery from Gitea arrived" in out


def test_a_personal_account_gets_a_hook_on_each_of_its_repos_tried_by_its_own_test(place, run):
    place.world.add_repo("dora", "second")
    code, out, _ = run(place, *place.words(place.token_file("dora", scopes=WRITING), owner="dora"))
    assert (code, place.hooks()) == (0, [("repo", place.hook_url)] * 2)
    assert "by the webhook's own test" in out
    assert len(place.world.deliverer.history) == 1


def test_a_site_admins_token_without_write_admin_makes_hooks_of_orgs(place, run):
    code, out, _ = run(place, *place.words(place.token_file(scopes=(*WRITING, "read:admin"))))
    assert (code, place.hooks()) == (0, [("org", place.hook_url)])
    assert "lacks write:admin" in out


def test_a_stronger_token_later_replaces_the_orgs_hook_by_the_systems(place, run):
    run(place, *place.words(place.token_file("olga", scopes=WRITING)))
    code, _, _ = run(place, "init", "--yes", f"--token-file={place.token_file()}")
    assert (code, place.hooks()) == (0, [("system", place.hook_url)])


def test_an_empty_repo_has_no_way_to_prove_anything(place, run):
    place.world.repo("dora", "solo").empty = True
    code, out, _ = run(place, *place.words(place.token_file("dora", scopes=WRITING), owner="dora"))
    assert (code, "has no commit yet" in out) == (7, True)


def test_somebody_elses_hook_with_the_same_address_is_left_alone_and_reported(place, run):
    other = place.world.add_hook(place.hook_url, "another secret")
    code, out, _ = run(place, *place.words())
    assert (code, place.hooks()) == (7, [("system", place.hook_url)] * 2)
    assert f"(number {other.id}), not made by this program" in out
    assert "delivery from Gitea arrived" in out
    assert run(place, "init", "--yes")[0] == 7
    assert len(place.world.hooks) == 2
    assert run(place, "uninstall", "--yes")[0] == 0
    assert list(place.world.hooks) == [other.id]


def test_another_bridges_application_is_left_alone(place, run):
    token = place.token_file()
    run(place, *place.words(token))
    (first,) = place.world.applications.values()
    first.redirect_uris = ["https://other.example/-/licensing/oauth/callback"]
    import shutil

    shutil.rmtree(place.config.parent)
    code, out, _ = run(place, *place.words(token))
    assert (code, len(place.world.applications)) == (0, 2)
    assert f"(number {first.id}) returns elsewhere" in out


@pytest.mark.parametrize(
    ("version", "code", "told"),
    [("1.22.6", 4, "needs 1.23 or later"), ("1.23.8", 0, ""), ("1.27.1", 0, ""), ("1.28.0", 0, "is newer than")],
)
def test_gitea_too_old_old_new_and_newer_than_known(tmp_path, run, version, code, told):
    with ground(tmp_path, version=version) as place:
        ended, out, err = run(place, *place.words())
        assert (ended, told in out + err) == (code, True)
        assert len(place.world.hooks) == (0 if code else 1)
        if not code:
            assert ("newer than" in out) is bool(told)
            assert run(place, "init", "--yes")[0] == 0
            assert len(place.world.hooks) == 1


def test_gitea_below_a_path(tmp_path, run):
    with ground(tmp_path, below="/git") as place:
        root = place.url.removesuffix("/git")
        refused(place, run, place.words(gitea_url=root), 5, "not Gitea's API", "https://example.com/git")
        assert run(place, *place.words())[0] == 0
        settings = load(place.config)
        assert (settings.gitea.public_url, settings.bridge.public_url) == (place.url, place.url)
        (app,) = place.world.applications.values()
        assert app.redirect_uris == [f"{place.url}/-/licensing/oauth/callback"]


def test_over_ipv6(tmp_path, run):
    with ground(tmp_path, host="::1") as place:
        code, out, err = run(place, *place.words())
        assert (code, err) == (0, "")
        assert place.hooks() == [("system", f"http://[::1]:{place.port}{DOOR}")]
        assert f"#[::1]:{place.port}#" in out, "what the copies of the proxy's files are fitted with"


def test_a_gitea_that_is_not_there(place, run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        refused(place, run, place.words(gitea_url=url), 5, f"does not answer at {url}", "is it running")


def test_something_else_than_gitea(place, run):
    page = (200, {"Content-Type": "text/html", "Content-Length": "2"}, [b"hi"])
    with Scripted(lambda _path, _headers: page) as other:
        refused(place, run, place.words(gitea_url=other.url), 5, "not Gitea's API")


def test_a_port_that_something_else_has(place, run):
    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

        def log_message(self, *args):
            pass

    import threading

    with HTTPServer(("127.0.0.1", place.port), Other) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            refused(place, run, place.words(), 4, f"{place.bind} can't be listened at", "--bind")
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("hook_url", "entry"),
    [
        ("http://bridge.internal:8080", "bridge.internal"),
        ("http://10.0.0.5:8080", "10.0.0.5"),
        ("http://[fd00::5]:8080", "fd00::5"),
    ],
)
def test_a_delivery_that_does_not_arrive_gets_the_line_for_app_ini(place, run, monkeypatch, hook_url, entry):
    monkeypatch.setattr(deliveries, "_post", lambda _session, _job: None)  # as ALLOWED_HOST_LIST does
    code, out, err = run(place, *place.words(hook_url=hook_url, wait=0.2))
    assert (code, err) == (7, "")
    assert f"    [webhook]\n    ALLOWED_HOST_LIST = external,{entry}\n" in out
    assert "Now start it" in out
    assert len(place.world.repos) == 3, "the repo that was made for the proof is gone"
    monkeypatch.undo()


def test_what_a_killed_proof_left_is_cleared_away_and_nothing_else(place, run):
    from bridge.services.installing.proving import _DESCRIPTION

    world = place.world
    world.add_repo("root", "license-bridge-check-1", private=True, empty=True, description=_DESCRIPTION)
    world.add_repo("root", "license-bridge-check-2", private=True, empty=True, description="mine")
    world.add_repo("root", "license-bridge-check-3", private=True, description=_DESCRIPTION)
    assert run(place, *place.words())[0] == 0
    left = sorted(repo.name for repo in world.repos.values() if repo.name.startswith("license-bridge-check"))
    assert left == ["license-bridge-check-2", "license-bridge-check-3"]


def test_a_repo_that_can_not_be_deleted_is_named(place, run):
    place.world.faults.inject("status", 403, path="/api/v1/repos/root")
    code, out, _ = run(place, *place.words())
    (left,) = [repo for repo in place.world.repos.values() if repo.name.startswith("license-bridge-check")]
    assert (code, f"root/{left.name}" in out, "can't be deleted" in out) == (7, True, True)


def test_a_gitea_with_webhooks_switched_off_is_installed_without_one(place, run):
    place.world.faults.inject("status", 403, path="/api/v1/orgs/acme/hooks")
    code, out, _ = run(place, *place.words(place.token_file("olga", scopes=WRITING), wait=60))
    assert (code, "Gitea refused to make the webhook" in out, "delivery can arrive, since" in out) == (7, True, True)
    assert "ALLOWED_HOST_LIST" not in out
    assert load(place.config).oauth.client_id


def test_a_repo_that_is_gone_with_its_hook_is_no_obstacle(place, run):
    run(place, *place.words(place.token_file("dora", scopes=WRITING), owner="dora"))
    place.world.delete_repo("dora", "solo")
    code, out, _ = run(place, "init", "--yes")
    assert (code, "Gitea will tell the bridge nothing" in out) == (7, True)


def test_the_address_of_a_database_with_a_password_lies_in_a_file_and_can_be_left_again(place, run, postgres_url):
    from sqlalchemy.engine import make_url

    url = make_url(postgres_url).set(password="hunter2").render_as_string(hide_password=False)
    file = place.directory / "url"
    file.write_text(url + "\n")
    code, out, err = run(place, *place.words(database_file=file))
    assert code == 0, out + err
    text = place.config.read_text()
    assert 'url_file = "secrets/database-url"' in text
    assert "hunter2" not in text + out
    assert load(place.config).database.url == url
    assert run(place, "init", "--yes")[0] == 0
    assert run(place, "init", "--yes", "--database", "sqlite")[0] == 0
    assert load(place.config).database.url.startswith("sqlite:///")
