"""Customers over HTTP: listed with their keys, found, and seen by whom they are for."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.api_customers import AT_ORG, AT_REPO, QUX, everybody, find, number
from support.api_keys import KEYS, refused
from support.api_world import OWN_ORG, PERSON, PRIVATE
from support.dumps_of_tables import dumped


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
