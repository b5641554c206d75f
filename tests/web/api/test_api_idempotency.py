"""A POST that is sent again under its ``Idempotency-Key`` has its effect once."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import func, select
from support.api_keys import KEYS
from support.api_world import Api

from bridge.models import LicenseKey, Replay


def count(api: Api, table=LicenseKey) -> int:
    with api.made.parts.open_session(read_only=True) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def issue(api: Api, key: str | None, role: str = "owner", path: str = KEYS, **more):
    body = {"package_id": api.packages["Standard"], "customer_name": "Ann"} | more
    return api.post(path, body, role, headers={"Idempotency-Key": key} if key is not None else {})


def test_the_same_call_again_gets_the_same_answer_and_makes_nothing(api: Api):
    before = count(api)
    first, again = issue(api, "order-17"), issue(api, "order-17")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Cache-Control"] == "private, no-store"
    assert count(api) == before + 1


def test_quotes_around_the_key_are_no_difference(api: Api):
    assert issue(api, '"order-17"').get_json() == issue(api, "order-17").get_json()


def test_without_the_header_each_call_counts(api: Api):
    assert issue(api, None).get_json() != issue(api, None).get_json()


def test_the_same_key_for_another_call_is_refused_and_nothing_happens(api: Api):
    issue(api, "order-17")
    before = count(api)
    other = issue(api, "order-17", customer_name="Bob")
    assert (other.status_code, list(other.get_json()["errors"])) == (422, ["Idempotency-Key"])
    assert count(api) == before


def test_the_key_is_the_callers_and_the_addresss_own(api: Api):
    answers = [issue(api, "k"), issue(api, "k", "manager"), issue(api, "k", path="orgs/acme/license-keys")]
    assert len({answer.get_json()["keys"][0]["id"] for answer in answers}) == 3
    assert issue(api, "k", path=KEYS.replace("acme", "ACME")).get_json() == answers[0].get_json()


def test_an_etag_is_told_again(api: Api):
    path = api.key_path(rest="/renew")
    first, again = (api.post(path, headers={"Idempotency-Key": "r"}) for _ in range(2))
    assert first.get_json()["expires_at"] == again.get_json()["expires_at"]
    assert first.headers["ETag"] == again.headers["ETag"]


def test_a_refusal_is_not_remembered(api: Api):
    api.made.settings.limits.keys_per_owner_and_day = 1
    assert issue(api, "k").status_code == 409
    api.made.settings.limits.keys_per_owner_and_day = 1000
    assert issue(api, "k").status_code == 201


def test_who_lost_the_right_gets_nothing_again(api: Api):
    assert issue(api, "k", "manager").status_code == 201
    team = next(each for each in api.made.world.teams.values() if each.name == "Sales")
    team.members.clear()
    api.made.clock.turn(seconds=61)
    assert issue(api, "k", "manager").status_code in {403, 404}


@pytest.mark.parametrize("key", ["", " ", '"', '""', '"open', 'shut"', "a b", "ä", "x" * 256])
def test_a_malformed_key_is_refused(api: Api, key):
    before = count(api)
    refused = issue(api, key)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["Idempotency-Key"])
    assert count(api) == before


def test_a_public_question_may_carry_the_header(api: Api):
    answers = [
        api.post(f"{KEYS}/validate", {"key": api.keys["annual"].code}, token="", headers={"Idempotency-Key": "q"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert count(api, Replay) == 0


def test_fifty_at_once_make_one_key(api_on_both: Api):
    api, answers = api_on_both, []
    before = count(api)

    clients = [api.made.client() for _ in range(50)]

    def ask(client):
        headers = {"Authorization": f"token {api.tokens['owner']}", "Idempotency-Key": "one"}
        answers.append(
            client.post(f"/api/v1/{KEYS}", json={"package_id": api.packages["Standard"]}, headers=headers).get_json()
        )

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(api) == before + 1
    kept = [answer for answer in answers if "keys" in answer]
    assert kept
    assert all(answer == kept[0] for answer in kept)
    assert all(answer["code"] in {"unavailable", "conflict"} for answer in answers if answer not in kept)


def test_answers_are_forgotten_after_a_week(api: Api):
    issue(api, "k")
    worker = api.made.parts.worker
    api.made.clock.turn(days=6)
    worker.tidy()
    assert count(api, Replay) == 1
    api.made.clock.now += timedelta(days=2)
    worker.tidy()
    assert count(api, Replay) == 0
