"""What becomes of a purchase: paid on, refunded, contested, cancelled; in any order, and told twice."""

import random

from support.api_keys import KEYS, trail
from support.api_purchases import AT, LIFE, SOLD, UNTIL, count, key_of, sell, told
from support.api_world import REPO, Api

from bridge.models import Audit


def test_a_renewal_counts_from_the_expiry_once(api: Api):
    sell(api)
    shown = told(api, "periods", period_ref="2027", paid_at="2026-02-25T00:00:00Z")
    assert [key["expires_at"] for key in shown["keys"]] == ["2028-02-20T10:00:00Z"]
    assert told(api, "periods", period_ref="2027") == shown
    assert api.get(AT).get_json() == shown
    shown = told(api, "periods", period_ref="gift", paid_until="2030-01-01T00:00:00Z", amount="9", currency="EUR")
    assert [key["expires_at"] for key in shown["keys"]] == ["2030-01-01T00:00:00Z"]
    assert {(each["period_ref"], each["paid_until"], each["amount"]) for each in shown["periods"]} == {
        ("2027", None, None),
        ("gift", "2030-01-01T00:00:00Z", "9.00"),
    }


def test_a_late_renewal_never_leaves_a_key_expired(api: Api):
    sell(api)
    api.made.clock.turn(days=800)
    assert key_of(api)["state"] == "expired"
    told(api, "periods", period_ref="late")
    assert key_of(api)["state"] == "active"


def test_a_refund_revokes_and_one_that_fails_gives_back(api: Api):
    (sold,) = sell(api).get_json()["keys"]
    told(api, "refunds", refund_ref="R1", amount="20.00", status="succeeded")
    assert (key_of(api)["state"], api.get(AT).get_json()["flags"]) == ("active", ["partial_refund"])
    told(api, "refunds", refund_ref="R2", amount="29.00", status="pending")
    key = key_of(api)
    assert (key["state"], key["state_reason"], key["revoked_at"]) == ("revoked", "refunded", None)
    answer = api.post(f"{KEYS}/validate", {"key": sold["code"]}).get_json()
    assert (answer["code"], answer["detail"]) == ("revoked", "the key was revoked: the payment was refunded")
    shown = told(api, "refunds", refund_ref="R2", amount="29.00", status="failed")
    assert [key["state"] for key in shown["keys"]] == ["active"]
    assert told(api, "refunds", refund_ref="R2", amount="29.00", status="pending") == shown
    assert api.post(f"{KEYS}/validate", {"key": sold["code"]}).get_json()["valid"]
    actions = [action for action, *_ in trail(api, sold["id"])]
    assert actions == ["key.issue", "key.payment", "key.payment"]


def test_the_refund_of_a_renewal_takes_that_renewal_only(api: Api):
    sell(api)
    told(api, "periods", period_ref="2027", amount="49.00", currency="EUR")
    # Told before the period that it is about, it waits for it.
    told(api, "refunds", refund_ref="R", status="succeeded", payment_ref="2028")
    assert key_of(api)["expires_at"] == "2028-02-20T10:00:00Z"
    told(api, "periods", period_ref="2028", amount="49.00", currency="EUR")
    assert (key_of(api)["expires_at"], key_of(api)["state"]) == ("2028-02-20T10:00:00Z", "active")


def test_a_dispute_suspends_a_lost_one_revokes_and_an_appeal_may_be_won(api: Api):
    sell(api)
    states = []
    for status in ("needs_response", "lost", "appeal_needs_response", "won", "needs_response"):
        told(api, "disputes", dispute_ref="D", status=status)
        states.append((key_of(api)["state"], key_of(api)["state_reason"]))
    assert states == [
        ("suspended", "dispute"),
        ("revoked", "chargeback"),
        ("suspended", "dispute"),
        ("active", ""),
        ("active", ""),  # told again, late
    ]
    told(api, "disputes", dispute_ref="D", status="needs_response", at="2026-05-01T00:00:00Z")
    assert key_of(api)["state"] == "suspended"


def test_a_cancelled_purchase_keeps_what_was_paid_unless_it_ends_at_once(api: Api):
    sell(api)
    shown = told(api, "cancel")
    assert (shown["cancel_at"], key_of(api)["expires_at"]) == ("2026-03-01T12:00:00Z", UNTIL)
    api.made.clock.turn(days=1)
    assert told(api, "cancel") == shown
    told(api, "cancel", immediate=True)
    assert (key_of(api)["expires_at"], key_of(api)["state"]) == ("2026-03-01T12:00:00Z", "grace")


def test_t57_what_a_person_says_stays_beside_the_money(api: Api):
    (sold,) = sell(api).get_json()["keys"]
    path = f"{KEYS}/{sold['id']}"
    api.patch(path, {"suspended": True})
    told(api, "disputes", dispute_ref="D", status="won")
    told(api, "periods", period_ref="2027")
    assert (key_of(api)["state"], key_of(api)["state_reason"]) == ("suspended", "person")
    told(api, "disputes", dispute_ref="E", status="lost")
    assert (key_of(api)["state"], key_of(api)["state_reason"]) == ("revoked", "chargeback")
    told(api, "disputes", dispute_ref="E", status="won")
    api.patch(path, {"suspended": False, "expires_at": "2026-06-01T00:00:00Z", "expiry_mode": "fix"})
    told(api, "periods", period_ref="2028")
    key = key_of(api)
    assert (key["expires_at"], key["paid_until"]) == ("2026-06-01T00:00:00Z", "2029-02-20T10:00:00Z")


def test_a_key_that_was_moved_or_deleted_is_not_made_again(api: Api):
    first, second = sell(api, quantity=2).get_json()["keys"]
    bigger = api.made.package("acme", "Bigger")
    api.patch(f"{KEYS}/{first['id']}", {"package_id": bigger, "max_sites": 7})
    assert api.delete(f"{KEYS}/{second['id']}", "site_admin").status_code == 204
    before = count(api)
    shown = told(api, "periods", period_ref="2027")
    assert [(key["id"], key["package"]["name"]) for key in shown["keys"]] == [(first["id"], "Bigger")]
    assert (key_of(api)["max_sites"], key_of(api)["expires_at"]) == (7, "2028-02-20T10:00:00Z")
    assert (sell(api, quantity=2).status_code, count(api)) == (200, before)


def test_a_later_change_of_the_package_moves_nothing_that_was_sold(api: Api):
    sell(api)
    told(api, "periods", period_ref="2027")
    path = f"{REPO}/license-packages/{api.packages['Standard']}"
    assert api.patch(path, {"term": "monthly", "grace_days": 0}).status_code == 200
    told(api, "disputes", dispute_ref="D", status="won")
    assert key_of(api)["expires_at"] == "2028-02-20T10:00:00Z"
    told(api, "periods", period_ref="month")
    assert key_of(api)["expires_at"] == "2028-03-20T10:00:00Z"


def test_t101_a_life_told_in_any_order_and_twice_ends_the_same(api: Api):
    api.made.clock.turn(days=1200)
    ends = []
    for number in range(5):
        at = f"{SOLD}/shop/L-{number}"
        assert sell(api, payment_ref=f"L-{number}").status_code == 201
        dice = random.Random(number)
        life = [*LIFE, *dice.sample(LIFE, 5)]
        if number:
            dice.shuffle(life)
        for what, body in life:
            told(api, what, at, **body)
        shown = api.get(at).get_json()
        (key,) = [api.get(f"{KEYS}/{each['id']}").get_json() for each in shown["keys"]]
        ends.append(
            [shown | dict.fromkeys(("ref", "keys")), key | dict.fromkeys(("id", "code", "feed_token", "payment_ref"))]
        )
    for end in ends:
        assert end == ends[0]
    assert ends[0][1]["expires_at"] == "2029-05-01T00:00:00Z"


def test_t101_told_again_it_is_answered_the_same_and_leaves_no_row(api: Api):
    api.made.clock.turn(days=1200)
    sell(api)
    for what, body in LIFE:
        told(api, what, **body)
    shown, rows = api.get(AT).get_json(), count(api, Audit)
    for what, body in LIFE:
        assert told(api, what, **body) == shown
    assert count(api, Audit) == rows


def test_a_far_end_is_kept_and_a_term_past_the_calendar_is_looked_at(api: Api):
    sell(api)
    shown = told(api, "periods", period_ref="far", paid_until="9999-12-31T00:00:00Z")
    assert shown["keys"][0]["expires_at"] == "9999-12-31T00:00:00Z"
    api.made.clock.turn(days=1)
    shown = told(api, "periods", period_ref="more")
    assert (shown["keys"][0]["expires_at"], shown["needs_review"]) == ("9999-12-31T00:00:00Z", True)
