"""Settings live in Gitea: the API shows what is in force and writes them there."""

import threading
from typing import Any

import pytest
from support.api_world import OWN_ORG, PERSON, REPO, Api

from bridge.storage import audits

SETTINGS, OWNERS = f"{REPO}/licensing", f"{OWN_ORG}/licensing"


def variables(api: Api, owner: str = "acme", repo: str | None = "mod-weather") -> dict[str, str]:
    world = api.made.world
    home = (0, world.repo(owner, repo).id) if repo else (world.account(owner).id, 0)
    return {name: each.value for name, each in world.variables.get(home, {}).items()}


def test_settings_are_shown_as_they_are_in_force(shared: Api):
    answer = shared.get(SETTINGS, "viewer").get_json()
    assert (answer["level"], answer["platform"], answer["require_key"], answer["served"]) == (
        "repo",
        "joomla",
        "download",
        True,
    )
    assert answer["streams"] == ["stable", "rc", "beta", "alpha", "dev"]
    assert answer["problems"] == []
    owner = shared.get(OWNERS, "viewer").get_json()
    assert owner["teams"] == {"sales": "manager", "helpdesk": "support", "auditors": "viewer", "locals": "manager"}


def test_a_change_is_written_into_gitea_in_force_at_once_and_audited(api: Api):
    change = {"require_key": "true", "streams": ["stable", "rc"], "feed": '[edition.pro]\nasset = "*-pro.zip"\n'}
    answer = api.patch(SETTINGS, change, "repo_admin")
    assert answer.status_code == 200, answer.text
    shown = answer.get_json()
    assert (shown["require_key"], shown["streams"], list(shown["feed_rules"]["editions"])) == (
        "true",
        ["stable", "rc"],
        ["pro"],
    )
    assert variables(api) == {
        "LICENSING_PLATFORM": "joomla",
        "LICENSING_REQUIRE_KEY": "true",
        "LICENSING_STREAMS": "stable, rc",
        "LICENSING_FEED": change["feed"],
    }
    repo_id = api.made.world.repo("acme", "mod-weather").id
    with api.made.parts.open_session(read_only=True) as session:
        row = audits.of_subject(session, f"repo:{repo_id}")[-1]
    assert (row.action, row.actor) == ("settings.write", f"gitea:{api.made.world.account('rita').id}")
    assert (row.before["LICENSING_REQUIRE_KEY"], row.after["LICENSING_REQUIRE_KEY"]) == (None, "true")
    assert "LICENSING_PLATFORM" not in row.after


def test_null_takes_a_setting_out(api: Api):
    api.patch(SETTINGS, {"require_key": "false"})
    assert api.patch(SETTINGS, {"require_key": None}).get_json()["require_key"] == "download"
    assert "LICENSING_REQUIRE_KEY" not in variables(api)


def test_a_repo_becomes_a_product_and_stops_being_one(api: Api):
    api.made.world.add_repo("acme", "fresh", private=True)
    path = "repos/acme/fresh/licensing"
    assert api.get("repos/acme/fresh/license-keys").status_code == 200
    assert api.client.get("/acme/fresh/updates.xml").status_code == 404
    assert api.patch(path, {"platform": "joomla"}).get_json()["served"] is True
    assert api.client.get("/acme/fresh/updates.xml").status_code == 200
    assert api.patch(path, {"platform": "none"}).get_json()["served"] is False


def test_an_owners_streams_and_teams_are_changed_by_its_owner_only(api: Api):
    assert api.patch(OWNERS, {"streams": ["stable"]}, "manager").status_code == 403
    change = {"streams": ["stable", "rc+", "nightly=dev"], "teams": {"Sales": "viewer"}}
    shown = api.patch(OWNERS, change).get_json()
    assert (shown["streams"], shown["teams"]) == (change["streams"], {"sales": "viewer"})
    assert variables(api, repo=None)["LICENSING_STREAMS"] == "stable, rc+, nightly=dev"
    assert api.get(SETTINGS).get_json()["streams"] == change["streams"]
    api.made.clock.turn(seconds=60)
    assert api.post(f"{REPO}/license-keys", {"package_id": api.packages["Standard"]}, "manager").status_code == 403


def test_a_persons_settings_are_written_as_that_person(api: Api):
    assert api.patch(f"{PERSON}/licensing", {"streams": ["stable"]}, "dora").get_json()["streams"] == ["stable"]
    assert variables(api, "dora", None) == {"LICENSING_STREAMS": "stable"}
    assert api.patch(f"{PERSON}/licensing", {"streams": ["stable", "rc"]}, "site_admin").status_code == 200
    assert variables(api, "dora", None) == {"LICENSING_STREAMS": "stable, rc"}
    assert variables(api, "root", None) == {}


def test_what_was_read_can_be_sent_back(api: Api):
    for path, fields in ((SETTINGS, ("platform", "require_key", "streams")), (OWNERS, ("streams", "teams"))):
        before = api.get(path).get_json()
        assert api.patch(path, {name: before[name] for name in fields}).get_json() == before


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (SETTINGS, {"streams": ["nightly"]}, "streams"),
        (SETTINGS, {"streams": ["stable, rc"]}, "streams"),
        (SETTINGS, {"feed": "no = toml ="}, "feed"),
        (SETTINGS, {"feed": "unknown = 1"}, "feed"),
        (SETTINGS, {"require_key": "perhaps"}, "require_key"),
        (SETTINGS, {"platform": "wordpress"}, "platform"),
        (SETTINGS, {"require_key": True}, "require_key"),
        (SETTINGS, {"teams": {"sales": "viewer"}}, "teams"),
        (OWNERS, {"platform": "joomla"}, "platform"),
        (OWNERS, {"teams": {"sales": "king"}}, "teams.sales"),
        (OWNERS, {"teams": {"a,b": "viewer"}}, "teams"),
        (OWNERS, {"teams": {"a b": "viewer"}}, "teams"),
        (OWNERS, {"streams": ["stable", "stable"]}, "streams"),
    ],
)
def test_a_text_that_nobody_would_understand_is_not_written(shared: Api, path, body, field):
    before = variables(shared), variables(shared, repo=None)
    answer = shared.patch(path, body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    assert (variables(shared), variables(shared, repo=None)) == before


def test_an_old_picture_of_the_settings_is_refused(api: Api):
    seen = api.get(SETTINGS).headers["ETag"]
    assert api.patch(SETTINGS, {"require_key": "true"}, headers={"If-Match": seen}).status_code == 200
    assert api.patch(SETTINGS, {"require_key": "false"}, headers={"If-Match": seen}).status_code == 412
    assert variables(api)["LICENSING_REQUIRE_KEY"] == "true"


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (SETTINGS, ({"require_key": "true"}, {"require_key": "false"})),
        (OWNERS, ({"streams": ["stable"]}, {"streams": ["stable", "rc"]})),
    ],
)
def test_of_two_changes_of_settings_at_once_one_wins(api_on_both: Api, path, changes):
    api = api_on_both
    seen = api.get(path).headers["ETag"]
    api.made.world.faults.inject("slow", 0.1, path="/api/v1")  # both look before either has written
    answers: list[int] = []
    barrier = threading.Barrier(2)

    def change(body: dict[str, object], client: Any) -> None:
        headers = {"Authorization": f"token {api.tokens['owner']}", "If-Match": seen}
        barrier.wait()
        answers.append(client.patch(f"/api/v1/{path}", json=body, headers=headers).status_code)

    threads = [threading.Thread(target=change, args=(body, api.made.client())) for body in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 412]


@pytest.mark.parametrize(("path", "repo"), [(SETTINGS, "mod-weather"), (OWNERS, None)])
def test_what_was_changed_in_gitea_meanwhile_is_not_overwritten_unseen(api: Api, path, repo):
    seen = api.get(path).headers["ETag"]
    api.made.world.set_variable("acme", "LICENSING_STREAMS", "stable, beta", repo=repo)
    answer = api.patch(path, {"streams": ["stable"]}, headers={"If-Match": seen})
    assert (answer.status_code, answer.get_json()["code"]) == (412, "precondition_failed")
    assert variables(api, repo=repo)["LICENSING_STREAMS"] == "stable, beta"
    again = api.get(path)
    assert again.get_json()["streams"] == ["stable", "beta"]
    assert api.patch(path, {"streams": ["stable"]}, headers={"If-Match": again.headers["ETag"]}).status_code == 200


def test_an_owners_settings_are_in_force_at_once_also_when_its_repos_are_gone_from_gitea(api: Api):
    for repo, stream in (("mod-weather", "rc"), ("secret", "beta")):
        api.made.world.delete_repo("acme", repo)
        shown = api.patch(OWNERS, {"streams": ["stable", stream]}).get_json()
        assert shown["streams"] == ["stable", stream]


def test_what_was_written_before_gitea_failed_is_audited(api: Api):
    path = "/api/v1/repos/acme/mod-weather/actions/variables/LICENSING_STREAMS"
    api.made.world.faults.inject("status", 500, path=path)
    answer = api.patch(SETTINGS, {"require_key": "true", "streams": ["stable"]})
    api.made.world.faults.clear()
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    changes = api.get(f"{REPO}/license-audit").get_json()
    assert changes[0]["after"] == {"LICENSING_REQUIRE_KEY": "true"}


def test_a_new_products_files_are_left_to_the_worker(api: Api):
    world = api.made.world
    world.add_repo("acme", "large", private=True)
    world.publish_release("acme", "large", "v1.0.0", files={"large.zip": b"PK"})
    shown = api.patch("repos/acme/large/licensing", {"platform": "joomla"}).get_json()
    assert shown["served"] is True
    asset = next(iter(world.repo("acme", "large").releases.values())).assets[0]
    assert asset.downloads == 0


def test_the_audit_trail_of_a_repo_holds_its_own_changes_and_an_owners_all(api: Api):
    api.patch(SETTINGS, {"require_key": "true"})
    api.patch(OWNERS, {"streams": ["stable"]})
    api.post(api.key_path("local", rest="/revoke"), {"reason": "r"})
    api.post(api.key_path("annual", rest="/revoke"), {})
    here = api.get(f"{REPO}/license-audit?limit=50", "repo_admin").get_json()
    assert {f"key:{api.keys['local'].id}", f"package:{api.packages['Local']}"} < {each["subject"] for each in here}
    assert f"key:{api.keys['annual'].id}" not in {each["subject"] for each in here}
    assert [each["id"] for each in here] == sorted((each["id"] for each in here), reverse=True)
    everything = api.get(f"{OWN_ORG}/license-audit?limit=50").get_json()
    assert {each["action"] for each in everything} >= {"settings.write", "key.revoke", "package.create"}
    one = api.get(f"{OWN_ORG}/license-audit?subject=key:{api.keys['annual'].id}").get_json()
    assert [each["action"] for each in one] == ["key.revoke", "key.issue"]
    assert api.keys["annual"].code not in str(everything)
