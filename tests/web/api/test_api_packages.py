"""Packages: made, shown, changed, deleted."""

import pytest
from support.api_world import OWN_ORG, PRIVATE, REPO, Api

from bridge.storage import audits

PACKAGES = f"{REPO}/license-packages"


def package(api: Api, name: str, base: str = REPO) -> str:
    return f"{base}/license-packages/{api.packages[name]}"


def test_a_made_package_is_listed_on_its_level_and_sells_keys(api: Api):
    wanted = {
        "name": "Pro",
        "term": "days",
        "term_days": 30,
        "streams": ["stable", "rc"],
        "max_sites": 5,
        "grace_days": 0,
        "after_expiry": "owned",
        "local_sites": "count",
        "unstated_domain": "refuse",
        "renewal_url": "https://acme.example/renew",
    }
    made = api.post(PACKAGES, wanted, "repo_admin")
    assert made.status_code == 201
    shown = made.get_json()
    assert {name: shown[name] for name in wanted} == wanted
    assert (shown["level"], shown["repos"], shown["master"], shown["active"]) == ("repo", ["mod-weather"], False, True)
    assert api.get(f"{PACKAGES}/{shown['id']}").get_json() == shown
    issued = api.post(f"{REPO}/license-keys", {"package_id": shown["id"]}, "repo_admin").get_json()["keys"][0]
    assert issued["expires_at"] == "2026-03-31T12:00:00Z"


def test_a_repo_lists_the_owners_packages_marked_and_not_those_of_other_repos(api: Api):
    elsewhere = api.post(f"{OWN_ORG}/license-packages", {"name": "Elsewhere", "repos": ["secret"]}).get_json()
    listed = {each["name"]: each["level"] for each in api.get(PACKAGES, "viewer").get_json()}
    assert listed == {"Master": "owner", "Standard": "owner", "Local": "repo"}
    assert "Elsewhere" in [each["name"] for each in api.get(f"{PRIVATE}/license-packages").get_json()]
    assert api.get(f"{PACKAGES}/{elsewhere['id']}").status_code == 404
    everything = {each["name"]: each["repos"] for each in api.get(f"{OWN_ORG}/license-packages").get_json()}
    assert everything == {
        "Master": [],
        "Standard": [],
        "Elsewhere": ["secret"],
        "Local": ["mod-weather"],
        "Hidden": ["secret"],
    }


def test_the_names_of_other_repos_are_for_the_owners_people(api: Api):
    shared = api.post(f"{OWN_ORG}/license-packages", {"name": "Both", "repos": ["secret", "mod-weather"]}).get_json()
    path = f"{PACKAGES}/{shared['id']}"
    assert api.get(path, "tim").get_json()["repos"] == ["mod-weather"]
    assert api.get(path, "viewer").get_json()["repos"] == ["mod-weather", "secret"]


def test_packages_come_in_pages(shared: Api):
    pages = [shared.get(f"{PACKAGES}?limit=2&page={page}") for page in (1, 2, 3)]
    assert [len(each.get_json()) for each in pages] == [2, 1, 0]
    assert {each.headers["X-Total-Count"] for each in pages} == {"3"}


def test_a_change_keeps_what_is_not_named_and_is_audited(api: Api):
    path = package(api, "Standard")
    before = api.get(path)
    change = {"max_sites": 7, "streams": ["stable"], "active": False}
    answer = api.patch(path, change, headers={"If-Match": before.headers["ETag"]})
    assert answer.get_json() == before.get_json() | change
    assert answer.headers["ETag"] == api.get(path).headers["ETag"] != before.headers["ETag"]
    assert api.patch(path, {"streams": None}).get_json()["streams"] is None
    with api.made.parts.open_session(read_only=True) as session:
        row = audits.of_subject(session, f"package:{api.packages['Standard']}")[1]
    assert (row.action, row.actor) == ("package.edit", f"gitea:{api.made.world.account('olga').id}")
    assert (row.before["max_sites"], row.after["max_sites"]) == (2, 7)
    stale = api.patch(path, {"max_sites": 8}, headers={"If-Match": before.headers["ETag"]})
    assert stale.status_code == 412
    issue = api.post(f"{REPO}/license-keys", {"package_id": api.packages["Standard"]})
    assert (issue.status_code, "not active" in issue.get_json()["message"]) == (409, True)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"term": "lifetime"}, ("lifetime", None, None)),
        ({"term": "days", "term_days": 9}, ("days", 9, None)),
        ({"term": "custom", "term_until": "2027-01-01T00:00:00Z"}, ("custom", None, "2027-01-01T00:00:00Z")),
    ],
)
def test_a_term_is_changed_with_what_belongs_to_it(api: Api, change, shown):
    answer = api.patch(package(api, "Standard"), change).get_json()
    assert (answer["term"], answer["term_days"], answer["term_until"]) == shown
    back = api.patch(package(api, "Standard"), {"term": "annual"}).get_json()
    assert (back["term"], back["term_days"], back["term_until"]) == ("annual", None, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "   "}, "name"),
        ({"name": "x", "term": "days"}, "term"),
        ({"name": "x", "term_days": 3}, "term"),
        ({"name": "x", "streams": ["nightly"]}, "streams"),
        ({"name": "x", "streams": []}, "streams"),
        ({"name": "x", "renewal_url": "javascript:alert(1)"}, "renewal_url"),
        ({"name": "x", "max_sites": -1}, "max_sites"),
        ({"name": "x", "grace_days": None}, "grace_days"),
        ({"name": "x", "after_expiry": "something"}, "after_expiry"),
        ({"name": "x", "repos": ["secret"]}, "repos"),
        ({"name": "x", "repos": ["nothing"]}, "repos"),
    ],
)
def test_what_can_not_be_is_refused_by_field(shared: Api, body, field):
    answer = shared.post(PACKAGES, body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


def test_a_package_opens_repos_of_its_owner_only(shared: Api):
    answer = shared.post(f"{OWN_ORG}/license-packages", {"name": "x", "repos": ["gadget"]})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["repos"])


def test_a_name_is_taken_once_on_its_level(api: Api):
    assert api.post(PACKAGES, {"name": " LOCAL "}).get_json()["code"] == "conflict"
    assert api.post(f"{OWN_ORG}/license-packages", {"name": "Local"}).status_code == 201
    assert api.patch(package(api, "Standard"), {"name": "local"}).status_code == 409


def test_a_repo_admin_changes_the_repos_packages_and_only_sees_the_owners(api: Api):
    assert api.patch(package(api, "Local"), {"max_sites": 1}, "repo_admin").status_code == 200
    assert api.get(package(api, "Standard"), "repo_admin").status_code == 200
    assert api.patch(package(api, "Standard"), {"max_sites": 1}, "repo_admin").status_code == 403


def test_the_master_package_is_never_edited_nor_deleted(shared: Api):
    master = next(each["id"] for each in shared.get(PACKAGES).get_json() if each["master"])
    for answer in (
        shared.patch(f"{PACKAGES}/{master}", {"max_sites": 1}, "site_admin"),
        shared.delete(f"{PACKAGES}/{master}", "site_admin"),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "refused")


def test_a_package_is_deleted_by_a_site_admin_and_never_while_it_has_keys(api: Api):
    with_keys, empty = package(api, "Standard"), api.made.package("acme", "Empty")
    refused = api.delete(with_keys, "site_admin")
    assert (refused.status_code, "1 keys" in refused.get_json()["message"]) == (409, True)
    assert api.delete(f"{PACKAGES}/{empty}", "owner").status_code == 403
    assert api.delete(f"{PACKAGES}/{empty}", "site_admin").status_code == 204
    assert api.get(f"{PACKAGES}/{empty}").status_code == 404


@pytest.mark.parametrize("name", ["Hidden", "Foreign", "Solo"])
def test_another_repos_package_is_not_there(shared: Api, name):
    path = package(shared, name)
    assert shared.get(path, "site_admin").status_code == 404
    assert shared.patch(path, {"max_sites": 1}, "site_admin").status_code == 404
    assert shared.delete(path, "site_admin").status_code == 404
