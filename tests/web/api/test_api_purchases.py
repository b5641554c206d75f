"""Purchases over HTTP: sold once, whatever is sent twice, and seen by whom they are for."""

import threading

import pytest
from support.api_keys import KEYS, refused
from support.api_purchases import AT, PAID, SOLD, UNTIL, count, order, sell, told
from support.api_world import OWN_ORG, PRIVATE, REPO, Api

from bridge.models import Purchase


def test_t100_a_sale_makes_its_keys_once_and_shows_them_again(api: Api):
    before = count(api)
    first = sell(api, quantity=3, domains=["example.com"], note="by card", labels=["web"])
    assert first.status_code == 201, first.text
    keys = first.get_json()["keys"]
    assert len({key["code"] for key in keys}) == 3
    assert {(key["starts_at"], key["expires_at"], key["payment_ref"]) for key in keys} == {(PAID, UNTIL, "G-123")}
    assert all((key["domains"], key["note"], key["labels"]) == (["example.com"], "by card", ["web"]) for key in keys)
    again = sell(api, quantity=3, domains=["example.com"], note="by card", labels=["web"])
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    assert count(api) == before + 3
    assert api.post(f"{KEYS}/validate", {"key": keys[0]["code"], "domain": "example.com"}).get_json()["valid"]


@pytest.mark.parametrize(
    "other", [{"package": "Local"}, {"quantity": 2}, {"amount": "50.00"}, {"customer_email": "bob@example.com"}]
)
def test_t100_the_same_reference_for_another_order_is_refused_and_changes_nothing(shared: Api, other):
    shared.post(KEYS, order(shared))
    before, shown = count(shared), shared.get(AT).get_json()
    refused(sell(shared, **other), 409, "payment_ref_conflict")
    assert (count(shared), shared.get(AT).get_json()) == (before, shown)


def test_t100_what_does_not_make_another_order_is_the_same_order(api: Api):
    assert sell(api).status_code == 201
    shown = api.get(AT).get_json()
    assert sell(api, customer_name="Annie", customer_email="ANN@example.com", note="x").status_code == 200
    assert api.get(AT).get_json() == shown


def test_t100_an_idempotency_key_goes_on_top(api: Api):
    def post(key, role="owner", **more):
        return api.post(KEYS, order(api, **more), role, headers={"Idempotency-Key": key})

    first, again, bare = post('"k"'), post('"k"'), post("k")
    assert (first.status_code, again.status_code, bare.status_code) == (201, 201, 201)
    assert first.get_json() == again.get_json() == bare.get_json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert list(refused(post("k", quantity=2), 422, "invalid")) == ["Idempotency-Key"]
    # Another token's key is another key; the sale itself is still the same one.
    other = post("k", "manager")
    assert (other.status_code, other.get_json(), "Idempotent-Replayed" in other.headers) == (
        200,
        first.get_json(),
        False,
    )
    assert (post("k", "manager").status_code, post("l").status_code) == (200, 200)
    refused(post("m", quantity=2), 409, "payment_ref_conflict")
    assert count(api, Purchase) == 1


def test_sixteen_at_once_are_one_sale(api_on_both: Api):
    api, answers = api_on_both, []
    before = count(api)
    clients = [api.made.client() for _ in range(16)]

    def ask(client) -> None:
        headers = {"Authorization": f"token {api.tokens['owner']}"}
        answers.append(client.post(f"/api/v1/{KEYS}", json=order(api, quantity=3), headers=headers))

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [answer for answer in answers if answer.status_code < 400]
    assert [answer.status_code for answer in done].count(201) == 1
    assert {answer.status_code for answer in answers} <= {200, 201, 503}  # a waiting writer may be sent away
    assert len({tuple(key["id"] for key in answer.get_json()["keys"]) for answer in done}) == 1
    assert count(api) == before + 3


def test_keys_are_made_when_it_is_paid(api: Api):
    before = count(api)
    pending = sell(api, paid=False, paid_at=...)
    assert (pending.status_code, pending.get_json()) == (201, {"keys": []})
    assert (api.get(AT).get_json()["status"], count(api)) == ("pending", before)
    paid = sell(api)
    assert (paid.status_code, len(paid.get_json()["keys"])) == (200, 1)
    late = sell(api, paid=False, paid_at=...)
    assert (late.status_code, late.get_json()) == (200, paid.get_json())
    assert (api.get(AT).get_json()["status"], count(api)) == ("paid", before + 1)


def test_a_stated_end_goes_before_the_term_and_a_moment_of_payment_may_be_left_out(api: Api):
    (key,) = sell(api, paid_at=..., valid_until="2026-04-01T00:00:00Z").get_json()["keys"]
    assert (key["starts_at"], key["expires_at"]) == ("2026-03-01T12:00:00Z", "2026-04-01T00:00:00Z")


def test_a_test_purchase_makes_test_keys(api: Api):
    (key,) = sell(api, test=True).get_json()["keys"]
    assert (key["test"], api.get(AT).get_json()["test"]) == (True, True)
    assert api.post(f"{KEYS}/validate", {"key": key["code"]}).get_json()["code"] == "test_key"


def test_a_purchase_of_the_repo_is_sold_and_seen_there_by_its_own_people(api: Api):
    refused(sell(api, "repo_admin"), 403, "forbidden")
    assert sell(api, "repo_admin", package="Local").status_code == 201
    assert sell(api, "owner", payment_ref="G-124").status_code == 201
    assert api.get(AT, "repo_admin").status_code == 200
    told(api, "periods", role="repo_admin", period_ref="x")
    other = f"{SOLD}/shop/G-124"
    refused(api.get(other, "repo_admin"), 403, "forbidden")
    refused(api.post(f"{other}/cancel", {}, "repo_admin"), 403, "forbidden")
    refused(api.get(AT.replace("mod-weather", "secret")), 404, "not_found")
    assert [each["ref"] for each in api.get(SOLD, "repo_admin").get_json()] == ["G-123"]
    assert [each["ref"] for each in api.get(SOLD).get_json()] == ["G-124", "G-123"]
    assert [each["ref"] for each in api.get(f"{OWN_ORG}/license-purchases").get_json()] == ["G-124", "G-123"]
    assert [each["ref"] for each in api.get(f"{PRIVATE}/license-purchases").get_json()] == ["G-124"]
    assert api.get("orgs/beta/license-purchases/shop/G-123", "site_admin").status_code == 404


def test_one_reference_may_be_known_at_several_sources_and_owners(api: Api):
    ids = [sell(api).get_json()["keys"][0]["id"], sell(api, source="other").get_json()["keys"][0]["id"]]
    answer = api.post("orgs/beta/license-keys", order(api, "Foreign"), "site_admin")
    assert answer.status_code == 201
    assert len({*ids, answer.get_json()["keys"][0]["id"]}) == 3


def test_purchases_are_listed_and_found(api: Api):
    for number, name in enumerate(("Ann", "Bob", "100%")):
        mail = f"{number}@example.com"
        sell(api, payment_ref=f"L-{number}", customer_name=name, customer_email=mail, source=f"s{number % 2}")
    told(api, "refunds", f"{SOLD}/s1/L-1", refund_ref="R", status="succeeded", amount="1.00", currency="USD")

    def refs(**query) -> list[str]:
        return [each["ref"] for each in api.get(SOLD, query_string=query).get_json()]

    assert refs() == ["L-2", "L-1", "L-0"]
    assert (refs(source="s0"), refs(ref="L-1"), refs(customer="ann")) == (["L-2", "L-0"], ["L-1"], ["L-0"])
    assert (refs(customer="1@EXAMPLE"), refs(customer="%")) == (["L-1"], ["L-2"])
    assert (refs(needs_review="true"), refs(needs_review="false")) == (["L-1"], ["L-2", "L-0"])
    page = api.get(SOLD, query_string={"limit": 2, "page": 2})
    assert ([each["ref"] for each in page.get_json()], page.headers["X-Total-Count"]) == (["L-0"], "3")
    (shown,) = api.get(SOLD, query_string={"ref": "L-0"}).get_json()
    assert (shown["amount"], shown["currency"], shown["status"], shown["paid_at"]) == ("49.00", "EUR", "paid", PAID)


def test_the_days_limit_of_an_owner_holds_and_leaves_nothing_half_made(api: Api):
    api.made.settings.limits.keys_per_owner_and_day = 5
    before = count(api)
    refused(sell(api, quantity=4), 409, "refused")
    assert (count(api), count(api, Purchase), api.get(AT).status_code) == (before, 0, 404)
    pending = sell(api, quantity=4, paid=False, paid_at=...)
    assert pending.status_code == 201
    refused(sell(api, quantity=4), 409, "refused")
    assert api.get(AT).get_json()["status"] == "pending"
    api.made.settings.limits.keys_per_owner_and_day = 50
    assert sell(api, quantity=4).status_code == 200


def test_an_inactive_package_sells_no_more_but_what_was_sold_goes_on(api: Api):
    sell(api)
    path = f"{REPO}/license-packages/{api.packages['Standard']}"
    assert api.patch(path, {"active": False}).status_code == 200
    refused(sell(api, payment_ref="G-124"), 409, "refused")
    assert sell(api).status_code == 200
    assert told(api, "periods", period_ref="x")["keys"][0]["expires_at"] == "2028-02-20T10:00:00Z"


def test_a_package_that_was_sold_is_never_deleted(api: Api):
    package = api.made.package("acme", "Sold")
    api.post(KEYS, order(api) | {"package_id": package, "paid": False})
    refused(api.delete(f"{REPO}/license-packages/{package}", "site_admin"), 409, "refused")


def test_references_keep_their_case_also_under_an_idempotency_key(api: Api):
    for ref in ("a-1", "A-1"):
        assert sell(api, payment_ref=ref).status_code == 201
    ends = []
    for ref in ("a-1", "A-1"):
        at, key = f"{SOLD}/shop/{ref}/periods", {"Idempotency-Key": "k"}
        ends.append(api.post(at, {"period_ref": "x"}, headers=key).get_json())
    assert [end["ref"] for end in ends] == ["a-1", "A-1"]
