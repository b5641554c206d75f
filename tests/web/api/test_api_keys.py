"""Keys: issued and changed."""

import threading
from typing import Any

import pytest
from support.api_keys import KEYS, refused, trail
from support.api_world import Api
from support.bridges import START


def test_issued_keys_work_at_once_and_are_audited_with_their_maker(api: Api):
    wanted = {
        "package_id": api.packages["Standard"],
        "customer_name": " Zoë ",
        "customer_email": "zoe@example.com",
        "domains": ["HTTPS://WWW.Example.com/shop", "*.example.com"],
        "labels": ["vip"],
        "max_sites": 3,
        "quantity": 2,
    }
    answer = api.post(KEYS, wanted, "manager", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.4"})
    assert answer.status_code == 201
    first, second = answer.get_json()["keys"]
    assert first["code"] != second["code"]
    assert (first["customer_name"], first["domains"]) == ("Zoë", ["*.example.com", "example.com"])
    assert (first["max_sites"], first["max_sites_override"], first["labels"]) == (3, 3, ["vip"])
    assert (first["state"], first["expires_at"]) == ("active", "2027-03-01T12:00:00Z")
    mona = api.made.world.account("mona").id
    assert trail(api, first["id"]) == [("key.issue", f"gitea:{mona}", "198.51.100.4")]
    feed = api.client.get(f"/acme/mod-weather/updates.xml?dlid={first['code']}")
    assert feed.status_code == 200
    validated = api.post(f"{KEYS}/validate", {"key": first["code"], "domain": "example.com"}, token="")
    assert validated.get_json()["valid"] is True


def test_a_repo_admin_issues_keys_of_the_repos_own_packages_only(api: Api):
    assert api.post(KEYS, {"package_id": api.packages["Local"]}, "repo_admin").status_code == 201
    refused = api.post(KEYS, {"package_id": api.packages["Standard"]}, "repo_admin")
    assert (refused.status_code, refused.get_json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("package", ["Hidden", "Foreign", "Solo"])
def test_packages_from_elsewhere_issue_nothing_here(shared: Api, package):
    answer = shared.post(KEYS, {"package_id": shared.packages[package]}, "site_admin")
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["package_id"])


def test_the_days_limit_of_an_owner_holds(api: Api):
    api.made.settings.limits.keys_per_owner_and_day = 5
    refused = api.post(KEYS, {"package_id": api.packages["Standard"], "quantity": 4})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "refused")


def test_a_change_is_shown_audited_and_has_a_new_etag(api: Api):
    path = api.key_path()
    before = api.get(path)
    change = {
        "customer_name": "Bob",
        "customer_email": "bob@example.com",
        "domains": ["example.org"],
        "expires_at": "2028-01-01T00:00:00+02:00",
        "max_sites": 9,
        "note": "moved",
        "labels": ["a", "a", "b"],
        "suspended": True,
        "package_id": api.made.package("acme", "Bigger"),
    }
    answer = api.patch(path, change, headers={"If-Match": before.headers["ETag"]})
    assert answer.status_code == 200, answer.text
    shown = answer.get_json()
    assert shown == api.get(path).get_json()
    assert answer.headers["ETag"] == api.get(path).headers["ETag"] != before.headers["ETag"]
    assert (shown["customer_name"], shown["domains"], shown["labels"]) == ("Bob", ["example.org"], ["a", "b"])
    assert (shown["expires_at"], shown["expiry_mode"]) == ("2027-12-31T22:00:00Z", "extend")
    assert (shown["state"], shown["package"]["name"], shown["max_sites"]) == ("suspended", "Bigger", 9)
    actions = [action for action, *_ in trail(api, shown["id"])]
    assert actions == ["key.issue", "key.package", "key.edit", "key.domains", "key.expiry", "key.suspend"]


def test_a_dry_run_shows_the_effect_and_changes_nothing(api: Api):
    path = api.key_path()
    before = api.get(path)
    shown = api.patch(path, {"expires_at": None, "note": "never", "dry_run": True}).get_json()
    assert (shown["expires_at"], shown["note"]) == (None, "never")
    after = api.get(path)
    assert (after.get_json(), after.headers["ETag"]) == (before.get_json(), before.headers["ETag"])
    assert len(trail(api, shown["id"])) == 1


@pytest.mark.parametrize(
    ("stated", "expires"),
    [
        ({}, "2027-03-01T12:00:00Z"),
        ({"term": "lifetime"}, None),
        ({"term": "monthly"}, "2026-04-01T12:00:00Z"),
        ({"term": "monthly", "starts_at": "2026-03-31T00:00:00Z"}, "2026-04-30T00:00:00Z"),
        ({"term": "days", "term_days": 14}, "2026-03-15T12:00:00Z"),
        ({"term_days": 14}, "2026-03-15T12:00:00Z"),
    ],
)
def test_a_key_may_have_another_first_term_than_its_package(shared: Api, stated, expires):
    (key,) = shared.post(KEYS, {"package_id": shared.packages["Standard"], **stated}).get_json()["keys"]
    assert key["expires_at"] == expires
    renewed = shared.post(f"{KEYS}/{key['id']}/renew").get_json()["expires_at"]
    assert renewed == (expires and f"{int(expires[:4]) + 1}{expires[4:]}")  # by the package's term


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"term": "custom"}, "term"),
        ({"term": "weekly"}, "term"),
        ({"term": "days"}, "term"),
        ({"term": "annual", "term_days": 3}, "term"),
        ({"term": "days", "term_days": 0}, "term_days"),
        ({"term": "annual", "expires_at": "2030-01-01T00:00:00Z"}, "term"),
        ({"term": "annual", "source": "shop", "payment_ref": "1"}, "term"),
    ],
)
def test_a_term_that_makes_no_sense_is_refused(shared: Api, stated, field):
    errors = refused(shared.post(KEYS, {"package_id": shared.packages["Standard"], **stated}), 422, "invalid")
    assert list(errors) == [field]


@pytest.mark.parametrize(
    ("change", "expires", "mode"),
    [
        ({"expires_at": "2026-06-01T00:00:00Z"}, "2027-03-01T12:00:00Z", "extend"),
        ({"expires_at": "2026-06-01T00:00:00Z", "expiry_mode": "fix"}, "2026-06-01T00:00:00Z", "fix"),
        ({"expires_at": None}, None, "extend"),
        ({"expiry_mode": "paid"}, "2027-03-01T12:00:00Z", "paid"),
    ],
)
def test_an_expiry_is_extended_fixed_or_given_back_to_what_was_paid(api: Api, change, expires, mode):
    api.patch(api.key_path(), {"expires_at": "2030-01-01T00:00:00Z"})
    shown = api.patch(api.key_path(), change).get_json()
    assert (shown["expires_at"], shown["expiry_mode"], shown["paid_until"]) == (expires, mode, "2027-03-01T12:00:00Z")


def test_support_edits_domains_and_extends_by_the_grace_and_no_more(api: Api):
    path = api.key_path()
    assert api.patch(path, {"domains": ["a.example.com"]}, "support").status_code == 200
    assert api.patch(path, {"expires_at": "2027-03-04T12:00:00Z"}, "support").status_code == 200
    for change in (
        {"expires_at": "2027-03-04T12:00:01Z"},
        {"expires_at": None},
        {"expires_at": "2027-03-02T12:00:00Z", "expiry_mode": "fix"},
        {"expiry_mode": "paid"},
        {"note": "x"},
        {"suspended": True},
        {"domains": ["b.example.com"], "max_sites": 5},
        {"package_id": api.packages["Local"]},
    ):
        assert api.patch(path, change, "support").status_code == 403, change
    assert api.get(path).get_json()["domains"] == ["a.example.com"]


def test_an_old_picture_is_refused_and_of_two_changes_at_once_one_wins(api: Api):
    path, seen = api.key_path(), api.get(api.key_path()).headers["ETag"]
    answers: list[int] = []
    barrier = threading.Barrier(2)

    def change(note: str, client: Any) -> None:
        headers = {"Authorization": f"token {api.tokens['owner']}", "If-Match": seen}
        barrier.wait()
        answers.append(client.patch(f"/api/v1/{path}", json={"note": note}, headers=headers).status_code)

    threads = [threading.Thread(target=change, args=(note, api.made.client())) for note in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 412]
    stale = api.patch(path, {"note": "three"}, headers={"If-Match": seen})
    assert (stale.status_code, stale.get_json()["code"]) == (412, "precondition_failed")
    assert (
        api.patch(path, {"note": "four"}, headers={"If-Match": f'"x", {api.get(path).headers["ETag"]}'}).status_code
        == 200
    )
    assert api.patch(path, {"note": "five"}, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize("action", ["revoke", "renew", "replace", "feed-token"])
def test_whatever_is_done_to_a_key_minds_what_the_caller_has_seen_of_it(api: Api, action: str):
    key = api.new_key("Standard")
    path = f"orgs/acme/license-keys/{key.id}"
    seen = api.get(path).headers["ETag"]
    assert api.patch(path, {"note": "somebody else's"}).status_code == 200
    before = api.get(path).get_json()
    assert api.post(f"{path}/{action}", {}, headers={"If-Match": seen}).status_code == 412
    assert api.get(path).get_json() == before
    now = api.get(path).headers["ETag"]
    assert api.post(f"{path}/{action}", {}, headers={"If-Match": now}).status_code in {200, 201}


@pytest.mark.postgres
def test_of_two_changes_at_once_one_wins_on_both_databases(api_on_both: Api):
    test_an_old_picture_is_refused_and_of_two_changes_at_once_one_wins(api_on_both)


def test_an_etag_does_not_depend_on_who_looks_nor_on_the_clock(shared: Api):
    path = shared.key_path()
    tags = {shared.get(path, role).headers["ETag"] for role in ("owner", "viewer", "repo_admin")}
    shared.made.clock.turn(days=400)
    tags.add(shared.get(path).headers["ETag"])
    shared.made.clock.now = START
    assert len(tags) == 1
