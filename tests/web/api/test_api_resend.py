"""A key, or what a purchase sold, is mailed once more: to its customer, a few times an hour, and with a trace."""

import pytest
from sqlmodel import select
from support.api_keys import KEYS, master_of, trail
from support.api_world import OWN_ORG, REPO, Api

from bridge.models import Outbox
from bridge.settings import MailSettings

SALE = {"source": "shop", "payment_ref": "R-1", "quantity": 2, "customer_email": "ben@example.com"}


def _queued(api: Api) -> list[list[int]]:
    with api.made.parts.open_session(read_only=True) as session:
        return [row.reference["keys"] for row in session.exec(select(Outbox).order_by(Outbox.id))]


def test_support_has_a_key_mailed_again_and_the_trail_says_so(api: Api):
    key = api.new_key(customer_email="ann@example.com")
    answer = api.post(api.key_path(key, OWN_ORG, "/resend"), role="support")
    assert (answer.status_code, answer.get_json()) == (202, {"to": "ann@example.com", "keys": [key.id]})
    assert _queued(api) == [[key.id]]
    assert [action for action, *_ in trail(api, key.id)].count("key.resend") == 1


def test_a_key_is_mailed_three_times_an_hour_and_no_more(api: Api):
    key = api.new_key(customer_email="ann@example.com")
    path = api.key_path(key, OWN_ORG, "/resend")
    answers = [api.post(path) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202] * 3 + [409]
    assert "3 times within this hour" in answers[-1].get_json()["message"]
    other = api.new_key(customer_email="ann@example.com")
    assert api.post(api.key_path(other, OWN_ORG, "/resend")).status_code == 202
    api.made.clock.turn(hours=1)
    assert api.post(path).status_code == 202
    assert len(_queued(api)) == 5


def test_the_keys_of_a_purchase_are_in_one_mail(api: Api):
    made = api.post(KEYS, {"package_id": api.packages["Local"], **SALE}).get_json()["keys"]
    ids = [key["id"] for key in made]
    path = f"{REPO}/license-purchases/shop/R-1/resend"
    answer = api.post(path, role="support")
    assert (answer.status_code, answer.get_json()) == (202, {"to": "ben@example.com", "keys": ids})
    api.post(f"{KEYS}/{ids[0]}/revoke", {})
    assert api.post(path).get_json()["keys"] == ids[1:]
    assert _queued(api) == [ids, ids[1:]]
    api.post(f"{KEYS}/{ids[1]}/revoke", {})
    assert api.post(path).status_code == 409


@pytest.mark.parametrize("which", ["no address", "revoked", "master"])
def test_what_can_not_be_mailed_is_refused_with_what_to_do(api: Api, which: str):
    key = api.new_key(customer_email="" if which == "no address" else "ann@example.com")
    number = master_of(api) if which == "master" else key.id
    if which == "revoked":
        api.post(f"{OWN_ORG}/license-keys/{number}/revoke", {})
    answer = api.post(f"{OWN_ORG}/license-keys/{number}/resend")
    wanted = {"no address": "enter the customer's first", "revoked": "does not work", "master": "master key"}
    assert (answer.status_code, answer.get_json()["code"]) == (409, "refused")
    assert wanted[which] in answer.get_json()["message"]
    assert _queued(api) == []


def test_where_no_mail_is_sent_nobody_is_told_that_one_was(api: Api):
    api.made.settings.mail = MailSettings()
    answer = api.post(api.key_path("annual", OWN_ORG, "/resend"))
    assert (answer.status_code, "mail.host" in answer.get_json()["message"]) == (409, True)
    assert _queued(api) == []
