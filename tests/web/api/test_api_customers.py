"""Customers over HTTP: who sees whom, how much of it, and what is left of one who was forgotten."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.api_keys import KEYS, refused, trail
from support.api_world import OWN_ORG, PERSON, PRIVATE, REPO, Api
from support.dumps_of_tables import dumped

from bridge.storage.usage import Use, add

AT_ORG, AT_REPO = f"{OWN_ORG}/license-customers", f"{REPO}/license-customers"
QUX = {"customer_name": "Zenobia Quxford", "customer_email": "Zenobia@Quxford.example"}


def find(api: Api, q: str, path: str = AT_ORG, role: str = "owner") -> list[dict]:
    answer = api.get(path, role, query_string={"q": q})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def number(api: Api, q: str = QUX["customer_email"], path: str = AT_ORG) -> int:
    (found,) = find(api, q, path)
    return found["id"]


def everybody(api: Api, path: str, role: str = "owner", **query: object) -> list[dict]:
    """All pages, by following Link."""
    found, page = [], api.get(path, role, query_string=query)
    while True:
        assert page.status_code == 200, page.text
        found += page.get_json()
        following = re.search(r'<https://git.example.com/api/v1/([^>]+)>; rel="next"', page.headers.get("Link", ""))
        if following is None:
            return found
        page = api.get(following[1], role)


def test_a_customer_is_listed_once_with_all_keys(api):
    for email in ("Zenobia@quxford.example", "ZENOBIA@QUXFORD.EXAMPLE"):
        api.new_key("Standard", customer_name="Zenobia", customer_email=email)
    api.new_key("Hidden", **QUX)
    (found,) = find(api, "zeno")
    assert (found["name"], found["email"], found["masked"]) == ("Zenobia Quxford", "Zenobia@Quxford.example", False)
    assert found["key_count"] == len(found["keys"]) == 3
    assert [key["package"]["name"] for key in found["keys"]] == ["Hidden", "Standard", "Standard"]
    assert found == api.get(f"{AT_ORG}/{found['id']}").get_json()
    (listed,) = [key for key in api.get(f"{OWN_ORG}/license-keys").get_json() if key["id"] == found["keys"][0]["id"]]
    assert listed == found["keys"][0]


def test_a_repo_lists_those_with_keys_of_its_own_packages_and_only_these_keys(api):
    api.new_key("Local", **QUX)
    api.new_key("Standard", **QUX)
    assert {each["name"] for each in everybody(api, AT_REPO)} == {"Ann", "Zenobia Quxford"}
    (found,) = find(api, "zenobia", AT_REPO, "repo_admin")
    assert (found["key_count"], [key["package"]["name"] for key in found["keys"]]) == (1, ["Local"])
    assert found["email"] == QUX["customer_email"]
    assert find(api, "zenobia", f"{PRIVATE}/license-customers") == []


def test_a_customer_of_lent_keys_is_shown_to_the_owners_people_only(api):
    api.new_key("Standard", **QUX)
    path = f"{AT_REPO}/{number(api)}"
    assert api.get(path, "manager").get_json()["key_count"] == 1
    refused(api.get(path, "repo_admin"), 403, "forbidden")
    refused(api.get(path, "tim"), 403, "forbidden")
    api.new_key("Local", **QUX)
    assert [key["package"]["name"] for key in api.get(path, "repo_admin").get_json()["keys"]] == ["Local"]
    assert api.get(path, "manager").get_json()["key_count"] == 2


@pytest.mark.parametrize(
    "place", [f"{PRIVATE}/license-customers", f"{PERSON}/license-customers", "orgs/beta/license-customers"]
)
def test_elsewhere_a_customer_is_nobody(api, place):
    api.new_key("Local", **QUX)
    customer = number(api)
    for path, body in (("", None), ("/export", {}), ("/erase", {"confirm": QUX["customer_email"]})):
        method = "GET" if body is None else "POST"
        refused(api.ask(method, f"{place}/{customer}{path}", "site_admin", json=body), 404, "not_found")
    assert number(api) == customer


@pytest.mark.parametrize("id_", ["0", "-1", "999999", "2147483648", "9" * 30, "1.0", "x", "%31"])
def test_a_number_that_names_nobody_is_not_found(api, id_):
    refused(api.get(f"{AT_ORG}/{id_}"), 404, "not_found")


def test_a_viewer_sees_mail_and_codes_masked_and_finds_nobody_by_mail(api):
    api.new_key("Standard", **QUX)
    (found,) = find(api, "quxford", role="viewer")  # by name
    assert (found["email"], found["masked"]) == ("Z…@…", True)
    assert all(key["masked"] and "Z…@…" in key["customer_email"] for key in found["keys"])
    assert "quxford.example" not in api.get(AT_ORG, "viewer").get_data(as_text=True).lower()
    for q in ("zenobia@", "quxford.example", QUX["customer_email"]):
        assert find(api, q, role="viewer") == []
        assert len(find(api, q, role="support")) == 1


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("zeno", True),
        ("ZENOBIA QUX", True),
        ("quxford", True),
        ("quxford.ex", True),
        (" zenobia@quxford.example ", True),
        ("enobia", False),
        ("zenobia%", False),
        ("_enobia", False),
        ("'; DROP TABLE customer; --", False),
        ("~", False),
        ("*", False),
    ],
)
def test_words_find_from_their_beginning_on_and_mean_themselves(api, q, found):
    api.new_key("Standard", **QUX)
    answer = api.get(AT_ORG, query_string={"q": q})
    assert ([each["name"] for each in answer.get_json()] == ["Zenobia Quxford"]) is found


def test_names_beyond_ascii_are_found_in_any_case(api_on_both):
    api_on_both.new_key("Standard", customer_name="ZOË Ünal", customer_email="zoe@x.example")
    for q in ("zoë", "ZOE\u0308", "ünal", "ÜNAL"):
        assert [each["name"] for each in find(api_on_both, q)] == ["ZOË Ünal"]


def test_pages_lead_through_all_in_each_order_while_others_come(api_on_both):
    api = api_on_both
    for at in range(23):
        api.new_key("Standard", customer_name=f"C{at % 5}", customer_email=f"c{at:02}@x.example")
    for sort in ("id", "-id", "customer", "-customer"):
        for query in ({}, {"q": "x.example"}):
            found = everybody(api, AT_ORG, limit=4, sort=sort, **query)
            values = [(each["name"].lower(), each["id"]) if "customer" in sort else each["id"] for each in found]
            assert values == sorted(values, reverse=sort.startswith("-"))
            assert len({each["id"] for each in found}) == len(found) == (24 if not query else 23)
    first = api.get(AT_ORG, query_string={"limit": 4, "sort": "-customer"})
    assert first.headers["X-Total-Count"] == "24"
    link = re.search(r"api/v1/([^>]+)>; rel=\"next\"", first.headers["Link"])[1]
    api.new_key("Standard", customer_name="ZZ", customer_email="zz@x.example")
    second = api.get(link)
    assert not {each["id"] for each in first.get_json()} & {each["id"] for each in second.get_json()}
    back = re.search(r"api/v1/([^>]+)>; rel=\"prev\"", second.headers["Link"])[1]
    assert [each["id"] for each in api.get(back).get_json()] == [each["id"] for each in first.get_json()]
    last = re.search(r"api/v1/([^>]+)>; rel=\"last\"", second.headers["Link"])[1]
    assert api.get(last).get_json()[-1]["id"] == everybody(api, AT_ORG, sort="-customer")[-1]["id"]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(text=st.text(max_size=40) | st.binary(max_size=30).map(lambda raw: raw.hex()))
def test_a_place_that_nobody_told_is_refused(shared, text):
    answer = shared.get(AT_ORG, query_string={"after": text, "sort": "customer"})
    assert answer.status_code in ({200} if text == "" else {422})


def test_a_place_of_another_order_and_both_ends_at_once_are_refused(api):
    api.new_key("Standard", **QUX)
    link = api.get(AT_ORG, query_string={"limit": 1, "sort": "customer"}).headers["Link"]
    after = re.search(r"after=([\w-]+)", link)[1]
    assert "after" in refused(api.get(AT_ORG, query_string={"after": after, "sort": "id"}), 422, "invalid")
    both = {"after": after, "before": after, "sort": "customer"}
    assert "before" in refused(api.get(AT_ORG, query_string=both), 422, "invalid")


@pytest.mark.parametrize(
    "query", [{"sort": "email"}, {"q": "x" * 201}, {"q": "\0"}, {"limit": 51}, {"page": 0}, {"name": "x"}]
)
def test_queries_that_mean_nothing_are_refused(shared, query):
    refused(shared.get(AT_ORG, query_string=query), 422, "invalid")


def test_a_name_of_any_letters_can_be_paged_over(api):
    for letter in ("\u0390", "\U0001f984", "ß"):
        for at in range(2):
            api.new_key("Standard", customer_name=letter * 200, customer_email=f"{ord(letter)}-{at}@x.example")
    assert len(everybody(api, AT_ORG, limit=1, sort="customer")) == 7


def test_of_very_many_keys_the_newest_fifty_are_shown(api):
    keys = api.post(KEYS, {"package_id": api.packages["Local"], "quantity": 53, **QUX}).get_json()["keys"]
    (found,) = find(api, "zenobia")
    assert found["key_count"] == 53
    assert [key["id"] for key in found["keys"]] == sorted((key["id"] for key in keys), reverse=True)[:50]


def test_who_has_no_key_any_more_is_not_listed_but_found_by_the_whole_address(api):
    key = api.new_key("Standard", **QUX)
    customer = number(api)
    assert (
        api.patch(api.key_path(key), {"customer_email": "ann@example.com", "customer_name": "Ann"}).status_code == 200
    )
    assert [each["name"] for each in everybody(api, AT_ORG)] == ["Ann"]
    assert find(api, "zenobia") == []
    (found,) = find(api, "zenobia@QUXFORD.example")
    assert (found["id"], found["key_count"], found["keys"]) == (customer, 0, [])
    assert find(api, "zenobia@quxford.example", role="viewer") == []
    assert find(api, "zenobia@quxford.example", AT_REPO, "repo_admin") == []
    done = api.post(f"{AT_ORG}/{customer}/erase", {"confirm": QUX["customer_email"]})
    assert done.get_json() == {"keys": 0, "purchases": 0, "audit_rows": 1, "domains": False}
    assert "quxford" not in dumped(api.made.parts.engine)


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
