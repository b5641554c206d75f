"""What is stored about a customer: handed out as a file, and erased."""

import pytest
from support.api_customers import AT_ORG, AT_REPO, QUX, find, number
from support.api_keys import KEYS, refused, trail
from support.api_world import OWN_ORG, PRIVATE, Api
from support.dumps_of_tables import dumped

from bridge.storage.usage import Use, add


def rich(api: Api) -> tuple[int, int]:
    """Zenobia with a key, a history, sites, use, a purchase; her number and the key's."""
    order = {"source": "shop", "payment_ref": "R-1", "amount": "49.00", "currency": "EUR", "domains": ["qux.example"]}
    body = {"package_id": api.packages["Local"], "note": "likes it", **QUX, **order}
    made = api.post(KEYS, body)
    assert made.status_code == 201, made.text
    key = made.get_json()["keys"][0]
    assert api.patch(f"{KEYS}/{key['id']}", {"note": "likes it a lot", "labels": ["vip"]}).status_code == 200
    told = {"key": key["code"], "domain": "www.qux.example", "activate": True}
    assert api.post(f"{KEYS}/validate", told, token="").get_json()["valid"]
    with api.made.parts.open_session() as session:
        use = Use(api.made.clock().date(), api.made.world.repo("acme", "mod-weather").id, "feed", "valid", key["id"])
        add(session, {use._replace(site="qux.example", version="1.0"): 4})
    api.made.parts.usage.flush()  # what is counted in memory is written within a second
    return number(api), key["id"]


def test_an_export_holds_everything_about_one_and_nothing_about_others(api_on_both):
    api = api_on_both
    customer, key_id = rich(api)
    api.patch(api.key_path("local"), {"customer_email": "Bob@x.example", "customer_name": "Bob"})
    answer = api.post(f"{AT_ORG}/{customer}/export")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="customer-{customer}.json"'
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (
        "application/json",
        "private, no-store",
    )
    whole = answer.get_json()
    assert (whole["owner"], whole["customer"]["name"], whole["made_at"]) == (
        "acme",
        "Zenobia Quxford",
        "2026-03-01T12:00:00Z",
    )
    (key,) = whole["keys"]
    code = api.get(f"{KEYS}/{key_id}").get_json()["code"]
    assert ([each["code"] for each in key["codes"]], key["domains"]) == ([code], ["qux.example"])
    assert (key["note"], key["labels"], key["customer_email"]) == ("likes it a lot", ["vip"], QUX["customer_email"])
    assert [(site["host"], site["first_seen_at"]) for site in key["sites"]] == [("qux.example", "2026-03-01T12:00:00Z")]
    (purchase,) = whole["purchases"]
    assert (purchase["ref"], purchase["sale"][0]["amount_minor"], purchase["slots"][0]["key_id"]) == (
        "R-1",
        4900,
        key_id,
    )
    assert {(use["kind"], use["site"], use["count"], use["repo"], use["version"]) for use in whole["usage"]} == {
        ("feed", "qux.example", 4, "mod-weather", "1.0"),
        ("validate", "qux.example", 1, "mod-weather", ""),
    }
    actions = [(change["action"], change["subject"]) for change in whole["changes"]]
    assert actions[0] == ("customer.export", f"customer:{customer}")
    assert {("key.issue", f"key:{key_id}"), ("key.edit", f"key:{key_id}")} <= set(actions)
    assert all(set(change) == {"at", "action", "subject", "before", "after"} for change in whole["changes"])
    text = answer.get_data(as_text=True).lower()
    assert "bob" not in text
    assert "ann@example" not in text


def test_an_export_of_a_key_with_a_former_holder_does_not_name_him(api):
    key = api.new_key("Standard", customer_name="Bob Former", customer_email="bob@x.example")
    api.patch(api.key_path(key), {**QUX})
    text = api.post(f"{AT_ORG}/{number(api)}/export").get_data(as_text=True)
    assert "Zenobia" in text
    assert "bob" not in text.lower()
    (bob,) = find(api, "bob@x.example")
    text = api.post(f"{AT_ORG}/{bob['id']}/export").get_data(as_text=True)
    assert "bob@x.example" in text
    assert "enobia" not in text


def test_that_an_export_was_made_is_told_and_not_what_it_held(api):
    api.new_key("Standard", **QUX)
    customer = number(api)
    before = dumped(api.made.parts.engine)
    headers = {"Idempotency-Key": "export-1"}
    for _ in range(2):  # an answer that holds so much is remembered nowhere
        assert api.post(f"{AT_ORG}/{customer}/export", role="manager", headers=headers).status_code == 200
    (first, second) = api.get(f"{OWN_ORG}/license-audit", query_string={"subject": f"customer:{customer}"}).get_json()
    assert (first["action"], first["before"], first["after"]) == ("customer.export", None, None)
    assert second["actor"].startswith("gitea:")
    after = dumped(api.made.parts.engine)
    assert after.count("quxford") == before.count("quxford")


def test_an_export_of_any_size_is_put_together_on_the_disk(api):
    customer, key_id = rich(api)
    with api.made.parts.open_session() as session:
        use = Use(api.made.clock().date(), 1, "feed", "valid", key_id)
        add(session, {use._replace(site=f"s{at}.example"): 1 for at in range(9000)})
    whole = api.post(f"{AT_ORG}/{customer}/export")
    assert len(whole.get_data()) > 1 << 20
    assert len(whole.get_json()["usage"]) == 9002


def test_erasing_takes_the_person_out_and_leaves_the_key_working(api_on_both):
    api = api_on_both
    customer, key_id = rich(api)
    code = api.get(f"{KEYS}/{key_id}").get_json()["code"]
    body = {"confirm": "zenobia@quxford.EXAMPLE", "domains": True}
    answer = api.post(f"{AT_ORG}/{customer}/erase", body, "manager")
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["keys"] == answer.get_json()["purchases"] == 1
    found = dumped(api.made.parts.engine)
    assert [word for word in ("zenobia", "quxford", "qux.example", "likes it") if word in found] == []
    key = api.get(f"{KEYS}/{key_id}").get_json()
    assert (key["code"], key["state"], key["customer_name"], key["domains"]) == (code, "active", "", [])
    asked = {"key": code, "domain": "elsewhere.example", "activate": True}
    assert api.post(f"{KEYS}/validate", asked, token="").get_json()["valid"]
    assert trail(api, key_id)[0][0] == "key.issue"
    for path, body in (("", None), ("/export", {}), ("/erase", {"confirm": QUX["customer_email"]})):
        again = api.ask("GET" if body is None else "POST", f"{AT_ORG}/{customer}{path}", json=body)
        refused(again, 404, "not_found")
    assert find(api, "zenobia") == find(api, QUX["customer_email"]) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "confirm"),
        ({"confirm": ""}, "confirm"),
        ({"confirm": "somebody@else.example"}, "confirm"),
        ({"confirm": "Zenobia Quxford"}, "confirm"),
        ({"confirm": None}, "confirm"),
        ({"confirm": "x" * 10_000}, "confirm"),
        ({"confirm": "\0"}, "confirm"),
        ({"confirm": QUX["customer_email"], "domains": "yes"}, "domains"),
        ({"confirm": QUX["customer_email"], "domains": 1}, "domains"),
        ({"confirm": QUX["customer_email"], "keys": True}, "keys"),
    ],
)
def test_what_is_not_clearly_meant_erases_nothing(api, body, field):
    api.new_key("Standard", **QUX)
    customer = number(api)
    assert field in refused(api.post(f"{AT_ORG}/{customer}/erase", body), 422, "invalid")
    assert number(api) == customer


@pytest.mark.parametrize("what", ["export", "erase"])
def test_at_a_repo_only_who_has_keys_of_that_repo_alone_is_exported_or_erased(api, what):
    api.new_key("Local", **QUX)
    other = api.new_key("Hidden", **QUX)
    path, body = f"{AT_REPO}/{number(api)}/{what}", {"confirm": QUX["customer_email"]} if what == "erase" else {}
    for role in ("repo_admin", "tim"):
        answer = api.post(path, body, role)
        refused(answer, 403, "forbidden")
        assert answer.get_json()["message"].startswith("the customer has keys beyond this repo too; the owner's people")
    api.patch(api.key_path(other, PRIVATE), {"customer_email": "", "customer_name": ""})
    assert api.post(path, body, "repo_admin").status_code == 200


def test_the_owners_people_erase_a_customer_from_a_repo_whole(api):
    keys = [api.new_key(package, **QUX) for package in ("Local", "Hidden", "Standard")]
    done = api.post(f"{AT_REPO}/{number(api)}/erase", {"confirm": QUX["customer_email"]}, "manager")
    assert done.get_json()["keys"] == len(keys)
    assert "quxford" not in dumped(api.made.parts.engine)


@pytest.mark.parametrize("role", ["support", "viewer", "stranger"])
def test_who_does_not_manage_erases_and_exports_nobody(api, role):
    api.new_key("Local", **QUX)
    customer = number(api)
    for path in (AT_ORG, AT_REPO):
        refused(api.post(f"{path}/{customer}/export", {}, role), 403, "forbidden")
        refused(api.post(f"{path}/{customer}/erase", {"confirm": QUX["customer_email"]}, role), 403, "forbidden")


def test_remembered_answers_do_not_bring_erased_names_back(api_on_both):
    api = api_on_both
    issue = {"package_id": api.packages["Local"], **QUX}
    first = api.post(KEYS, issue, headers={"Idempotency-Key": "sell-1"})
    assert "Quxford" in first.get_data(as_text=True)
    customer, erase = number(api), {"confirm": QUX["customer_email"], "domains": True}
    once = api.post(f"{AT_ORG}/{customer}/erase", erase, headers={"Idempotency-Key": "forget-1"})
    assert once.status_code == 200, once.text
    assert "quxford" not in dumped(api.made.parts.engine)
    again = api.post(f"{AT_ORG}/{customer}/erase", erase, headers={"Idempotency-Key": "forget-1"})
    assert (again.status_code, again.get_json()) == (200, once.get_json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert api.get(f"{KEYS}/{first.get_json()['keys'][0]['id']}").get_json()["customer_name"] == ""


def test_the_trail_tells_who_erased_and_no_name(api):
    api.new_key("Standard", **QUX)
    customer = number(api)
    api.post(f"{AT_ORG}/{customer}/erase", {"confirm": QUX["customer_email"]}, "manager")
    (row,) = api.get(f"{OWN_ORG}/license-audit", query_string={"subject": f"customer:{customer}"}).get_json()
    assert (row["action"], row["after"]) == ("customer.erase", {"keys": 1, "purchases": 0, "domains": False})
    assert row["actor"].startswith("gitea:")
