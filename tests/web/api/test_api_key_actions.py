"""Keys: the master's rules, and what is done in one step."""

import pytest
from support.api_keys import KEYS, master_of, trail
from support.api_world import OWN_ORG, REPO, Api


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": "2030-01-01T00:00:00Z"},
        {"suspended": True},
        {"domains": ["example.com"]},
        {"max_sites": 1},
        {"note": "x"},
        {"package_id": "Standard"},
    ],
)
def test_a_master_key_is_not_edited(shared: Api, change):
    if "package_id" in change:
        change = {"package_id": shared.packages["Standard"]}
    answer = shared.patch(f"{KEYS}/{master_of(shared)}", change, "site_admin")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "refused")


def test_a_dry_run_reveals_no_master_code_since_it_leaves_no_row_in_the_trail(api: Api):
    path = f"{KEYS}/{master_of(api)}"
    shown = api.patch(path, {"dry_run": True}).get_json()
    assert (shown["code"][0], shown["masked"], shown["feed_token"]) == ("…", True, None)
    revealed = api.patch(path, {}).get_json()
    assert revealed["code"].endswith(shown["code"][1:])
    assert [action for action, *_ in trail(api, revealed["id"])].count("key.reveal") == 1


def test_no_key_is_moved_into_or_issued_from_the_master_package(shared: Api):
    package = next(each["id"] for each in shared.get(f"{REPO}/license-packages").get_json() if each["master"])
    assert shared.patch(shared.key_path(), {"package_id": package}).status_code == 409
    assert shared.post(KEYS, {"package_id": package}).status_code == 409


def test_a_revoked_master_key_has_a_successor_that_only_its_owner_sees(api: Api):
    master = master_of(api)
    by_manager = api.post(f"{KEYS}/{master}/revoke", {"reason": "leaked"}, "manager").get_json()
    successor = by_manager["successor"]
    assert by_manager["key"]["state"] == "revoked"
    assert (successor["id"], successor["state"], successor["masked"]) == (master_of(api), "active", True)
    by_owner = api.post(f"{KEYS}/{successor['id']}/revoke", {}).get_json()
    assert by_owner["successor"]["code"].startswith("LIC-")
    again = api.post(f"{KEYS}/{master}/revoke", {"reason": "other"}).get_json()
    assert (again["successor"], again["key"]["revoke_reason"]) == (None, "leaked")


def test_a_master_key_in_force_is_not_deleted_and_a_revoked_one_may_be(api: Api):
    master = master_of(api)
    assert api.delete(f"{KEYS}/{master}", "site_admin").status_code == 409
    api.post(f"{KEYS}/{master}/revoke", {})
    assert api.delete(f"{KEYS}/{master}", "site_admin").status_code == 204


def test_a_deleted_key_is_gone_for_its_customer_too(api: Api):
    key = api.keys["annual"]
    api.post(f"{KEYS}/validate", {"key": key.code, "domain": "example.com", "activate": True}, token="")
    answer = api.delete(api.key_path(), "site_admin")
    assert (answer.status_code, answer.data, answer.headers.get("Content-Type")) == (204, b"", None)
    assert api.get(api.key_path()).status_code == 404
    assert api.post(f"{KEYS}/validate", {"key": key.code}, token="").get_json()["code"] == "unknown"
    assert ("key.delete", f"gitea:{api.made.world.account('root').id}", "127.0.0.1") in trail(api, key.id)


def test_a_replaced_code_overlaps_as_long_as_was_said(api: Api):
    old = api.keys["annual"].code
    fresh = api.post(api.key_path(rest="/replace"), {"overlap": "24h"}).get_json()["code"]
    assert fresh != old

    def worth(code: str) -> str:
        return api.post(f"{KEYS}/validate", {"key": code}, token="").get_json()["code"]

    assert (worth(old), worth(fresh)) == ("valid", "valid")
    api.made.clock.turn(hours=24)
    assert (worth(old), worth(fresh)) == ("unknown", "valid")


def test_a_replaced_feed_token_stops_the_old_address(api: Api):
    old = api.keys["annual"].token
    fresh = api.post(api.key_path(rest="/feed-token")).get_json()["feed_token"]
    assert fresh != old
    assert api.get(api.key_path()).get_json()["feed_token"] == fresh


def test_a_renewal_adds_one_term_from_the_expiry_or_from_now(api: Api):
    path = api.key_path(rest="/renew")
    assert api.post(path).get_json()["expires_at"] == "2028-03-01T12:00:00Z"
    api.made.clock.turn(days=1000)
    assert api.post(path).get_json()["expires_at"] == "2029-11-25T12:00:00Z"


def test_what_is_revoked_is_not_renewed_nor_replaced(api: Api):
    api.post(api.key_path(rest="/revoke"), {})
    for rest in ("/renew", "/replace"):
        assert api.post(api.key_path(rest=rest)).status_code == 409


def test_a_custom_term_that_is_over_is_not_renewed(api: Api):
    package = api.made.package("acme", "Season", term="annual")
    key = api.made.key(package)
    body = {"term": "custom", "term_until": "2026-03-02T00:00:00Z"}
    assert api.patch(f"{OWN_ORG}/license-packages/{package}", body).status_code == 200
    api.made.clock.turn(days=600)
    answer = api.post(f"{KEYS}/{key.id}/renew")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "refused")


def test_a_site_is_freed_and_its_place_taken_by_another(api: Api):
    key = api.keys["annual"]

    def arrives(domain: str) -> str:
        body = {"key": key.code, "domain": domain, "activate": True}
        return api.post(f"{KEYS}/validate", body, token="").get_json()["code"]

    assert [arrives(f"{name}.com") for name in ("one", "two", "three")] == ["valid", "valid", "site_limit"]
    sites = api.get(api.key_path(rest="/sites"), "viewer").get_json()
    assert [(site["host"], site["kind"], site["counts"]) for site in sites] == [
        ("one.com", "production", True),
        ("two.com", "production", True),
    ]
    assert api.delete(api.key_path(rest=f"/sites/{sites[0]['id']}"), "support").status_code == 204
    assert api.delete(api.key_path(rest=f"/sites/{sites[0]['id']}"), "support").status_code == 404
    assert arrives("three.com") == "valid"
    assert api.delete(api.key_path("local", rest=f"/sites/{sites[1]['id']}")).status_code == 404


def test_usage_is_listed_by_day_and_at_a_repo_only_its_own(api: Api):
    key = api.keys["annual"]
    for repo in ("mod-weather", "secret"):
        api.post(f"repos/acme/{repo}/license-keys/validate", {"key": key.code}, token="")
    api.made.parts.usage.flush()
    here, everywhere = api.get(api.key_path(rest="/usage")), api.get(api.key_path(base=OWN_ORG, rest="/usage"))
    assert [(each["kind"], each["code"], each["count"]) for each in here.get_json()] == [("validate", "valid", 1)]
    assert (here.headers["X-Total-Count"], everywhere.headers["X-Total-Count"]) == ("1", "2")
    api.made.clock.turn(days=10)
    assert api.get(api.key_path(rest="/usage?days=10")).get_json() == []
    assert len(api.get(api.key_path(rest="/usage?days=11")).get_json()) == 1
