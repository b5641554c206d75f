"""Customers of an owner: found, their keys changed together with a look before, exported, forgotten."""

import itertools
import json
import re

import pytest
from support.page_visits import Pages, form_at

OWNER = "/acme/-/licensing"
_numbers = itertools.count(1)


@pytest.fixture
def pages(shared: Pages) -> Pages:
    """One world for all: each test has a customer of its own."""
    return shared


@pytest.fixture
def max_(pages: Pages):
    """A customer with keys on two levels: the page's path, and the ids of the keys, the newest first."""
    number = next(_numbers)
    stated = {"customer_name": "Max Many", "customer_email": f"max{number}@example.com"}
    keys = [
        pages.api.new_key("Standard", domains=("one.example",), **stated),
        pages.api.new_key("Standard", domains=("two.example",), **stated),
        pages.api.new_key("Local", **stated),
    ]
    text = pages.visitor().text(f"{OWNER}/customers?q=max{number}@example")
    path = re.search(r'href="(/acme/-/licensing/customers/\d+)">Max Many', text)
    assert path is not None, "found by how the name begins"
    return path[1], [key.id for key in reversed(keys)]


def mail(pages: Pages, number: int) -> str:
    return str(key(pages, number)["customer_email"])


def key(pages: Pages, number: int):
    return pages.api.get(f"orgs/acme/license-keys/{number}").json


def send(visitor, path, step, **fields):
    return visitor.post(path, {**form_at(visitor.text(path), path), **fields, "step": step})


def test_all_keys_of_a_customer_stand_on_one_page(pages: Pages, max_):
    path, ids = max_
    text = pages.visitor().text(path)
    assert all(f'href="{OWNER}/keys/{number}"' in text for number in ids)
    assert mail(pages, ids[0]) in text
    masked = pages.visitor("viewer").text(path)
    assert mail(pages, ids[0]) not in masked
    assert "/domains" not in masked, "what a viewer can't do is not offered"


def test_nobody_found_says_what_to_try_and_no_customer_what_makes_one(shared: Pages):
    assert "Nobody fits" in shared.visitor().text(f"{OWNER}/customers?q=zzz")
    visitor = shared.browser()
    visitor.sign_in("bea", "/beta/-/licensing/customers")
    assert "1 customer" in visitor.text("/beta/-/licensing/customers")
    assert shared.visitor().get(f"{OWNER}/customers/9999").status_code == 404
    foreign = shared.api.get("orgs/beta/license-customers", token=shared.api.tokens["bea"]).json[0]["id"]
    assert shared.visitor().get(f"{OWNER}/customers/{foreign}").status_code == 404


def test_domains_are_assigned_in_one_table_after_a_look_that_changes_nothing(pages: Pages, max_):
    path, (local, second, first) = max_
    visitor = pages.visitor("support")
    asked = {f"domains_{first}": "HTTPS://One.Example/x three.example", f"domains_{local}": "local.example"}
    looked = send(visitor, f"{path}/domains", "look", **asked).get_data(as_text=True)
    assert "Nothing has been changed yet" in looked
    assert "one.example, three.example" in re.sub(r"</?strong>", "", looked)
    assert key(pages, first)["domains"] == ["one.example"]
    done = visitor.post(f"{path}/domains", {**form_at(looked, f"{path}/domains"), "step": "do"})
    assert (done.status_code, done.headers["Location"]) == (303, path)
    assert [key(pages, each)["domains"] for each in (first, second, local)] == [
        ["one.example", "three.example"], ["two.example"], ["local.example"],
    ]  # fmt: skip


def test_a_bad_domain_changes_no_key_keeps_what_was_typed_and_names_the_key(pages: Pages, max_):
    path, (local, second, _) = max_
    asked = {f"domains_{local}": "good.example", f"domains_{second}": "not a domain!"}
    answer = send(pages.visitor(), f"{path}/domains", "do", **asked)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'id="e-domains_{second}"' in text
    assert "not a domain!" in text
    assert key(pages, local)["domains"] == []


def test_the_second_of_two_tabs_is_told(pages: Pages, max_):
    path, (_, _, first) = max_
    visitor = pages.visitor()
    old = form_at(visitor.text(f"{path}/domains"), f"{path}/domains")
    pages.api.patch(f"orgs/acme/license-keys/{first}", {"domains": ["other.example"]})
    answer = visitor.post(f"{path}/domains", {**old, f"domains_{first}": "mine.example", "step": "do"})
    assert answer.status_code == 409
    assert key(pages, first)["domains"] == ["other.example"]


def test_the_only_domain_of_a_key_moves_once_the_key_is_held_back(pages: Pages, max_):
    path, (_, second, first) = max_
    visitor, asked = pages.visitor("support"), {"site": f"{first} one.example", "to": str(second)}
    for step in ("look", "do"):
        refused = send(visitor, f"{path}/move", step, **asked)
        text = refused.get_data(as_text=True)
        assert (refused.status_code, 'id="e-site"' in text, "or suspend it" in text) == (422, True, True)
    assert (key(pages, first)["domains"], key(pages, second)["domains"]) == (["one.example"], ["two.example"])
    pages.api.patch(f"orgs/acme/license-keys/{first}", {"suspended": True})
    looked = send(visitor, f"{path}/move", "look", **asked).get_data(as_text=True)
    assert "any domain" in looked, "the key that it leaves is for any domain then, and the look says so"
    assert send(visitor, f"{path}/move", "do", **asked).status_code == 303
    assert (key(pages, first)["domains"], key(pages, second)["domains"]) == ([], ["one.example", "two.example"])


def test_a_site_moves_from_key_to_key(pages: Pages, max_):
    path, (_, second, first) = max_
    visitor = pages.visitor("support")
    pages.api.patch(f"orgs/acme/license-keys/{first}", {"domains": ["one.example", "stays.example"]})
    looked = send(visitor, f"{path}/move", "look", site=f"{first} one.example", to=str(second)).get_data(as_text=True)
    assert "one.example, two.example" in looked
    visitor.post(f"{path}/move", {**form_at(looked, f"{path}/move"), "step": "do"})
    ends = (key(pages, first)["domains"], key(pages, second)["domains"])
    assert ends == (["stays.example"], ["one.example", "two.example"])
    same = send(visitor, f"{path}/move", "do", site=f"{second} two.example", to=str(second))
    assert (same.status_code, "choose another key" in same.get_data(as_text=True)) == (422, True)


def test_a_site_that_used_the_old_key_gives_its_place_back(pages: Pages, max_):
    from bridge.services import sites
    from bridge.services.sites import Newcomer

    path, (local, second, _) = max_
    with pages.made.parts.open_session() as session:
        sites.arrive(session, Newcomer(local, "shop.example", 0, "free"), pages.made.clock(), per_day=9)
    done = send(pages.visitor(), f"{path}/move", "do", site=f"{local} shop.example", to=str(second))
    assert done.status_code == 303
    assert pages.api.get(f"orgs/acme/license-keys/{local}/sites").json == []
    assert key(pages, second)["domains"] == ["shop.example", "two.example"]


def test_several_keys_are_extended_at_once(pages: Pages, max_):
    path, (local, second, first) = max_
    visitor = pages.visitor("manager")
    chosen = [str(first), str(second)]
    looked = send(visitor, f"{path}/change", "look", keys=chosen, how="term").get_data(as_text=True)
    assert looked.count("2028-03-01") >= 2
    assert key(pages, first)["expires_at"].startswith("2027-03-01")
    fields = {**form_at(looked, f"{path}/change"), "keys": chosen, "step": "do"}
    assert [visitor.post(f"{path}/change", fields).status_code for _ in range(2)] == [303, 303]
    ends = [key(pages, each)["expires_at"][:10] for each in (first, second, local)]
    assert ends == ["2028-03-01", "2028-03-01", "2027-03-01"], "sent twice, done once"


def test_revoking_asks_for_the_mail_address_and_one_refusal_stops_all(pages: Pages, max_):
    path, (local, second, first) = path_and_ids = max_
    visitor, ids = pages.visitor(), path_and_ids[1]
    chosen = {"keys": [str(first), str(local)], "how": "revoke", "reason": "chargeback"}
    refused = send(visitor, f"{path}/change", "do", **chosen)
    assert refused.status_code == 422
    assert "write the customer&#39;s mail address" in refused.get_data(as_text=True)
    assert send(visitor, f"{path}/change", "do", **chosen, confirm=mail(pages, ids[0])).status_code == 303
    assert [key(pages, each)["state"] for each in (first, local, second)] == ["revoked", "revoked", "active"]
    mixed = send(visitor, f"{path}/change", "do", keys=[str(second), str(first)], how="term")
    assert (mixed.status_code, "key …" in mixed.get_data(as_text=True)) == (422, True)
    assert key(pages, second)["expires_at"].startswith("2027-03-01"), "all or none"


def test_everything_is_exported_and_that_is_written_down(pages: Pages, max_):
    path, ids = max_
    answer = send(pages.visitor(), f"{path}/export", "do")
    assert 'filename="customer-' in answer.headers["Content-Disposition"]
    assert {each["id"] for each in json.loads(answer.get_data(as_text=True))["keys"]} == set(ids)
    assert pages.api.get("orgs/acme/license-audit").json[0]["action"] == "customer.export"


def test_forgetting_asks_for_the_mail_address_and_keeps_the_keys(pages: Pages, max_):
    path, ids = max_
    visitor = pages.visitor()
    assert send(visitor, f"{path}/erase", "", confirm="somebody@else.example").status_code == 422
    done = send(visitor, f"{path}/erase", "", confirm=mail(pages, ids[0]))
    assert (done.status_code, done.headers["Location"]) == (303, f"{OWNER}/customers")
    assert "3 keys go on without a name" in visitor.text(f"{OWNER}/customers")
    assert key(pages, ids[0])["customer_email"] == ""
