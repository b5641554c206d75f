"""Keys are found by what is known of them, as far as one may see it."""

from datetime import timedelta

import pytest
from support.api_keys import KEYS, ids, links, master_of
from support.api_world import REPO, Api
from support.bridges import TESTER

from bridge.models import LicenseKey
from bridge.services import keys
from bridge.storage import key_search


def test_beyond_what_is_counted_a_list_says_so_and_names_no_last_page(shared: Api, stock, monkeypatch):
    monkeypatch.setattr(key_search, "FEW", 3)
    monkeypatch.setattr(key_search, "SAMPLE", 2)
    answer = shared.get(f"{KEYS}?limit=1&state=active")
    assert (answer.headers["X-Total-Count"], answer.headers["X-Total-Count-Capped"]) == ("2", "true")
    assert set(links(answer)) == {"next"}
    whole = shared.get(f"{KEYS}?limit=1")
    assert int(whole.headers["X-Total-Count"]) > 9
    assert "X-Total-Count-Capped" not in whole.headers


@pytest.fixture(scope="module")
def stock(shared: Api) -> dict[str, int]:
    """Keys in each state, with distinct customers."""
    made = shared.made
    now = made.clock()
    stated = {
        "active": {},
        "forever": {"expires_at": now + timedelta(days=4000)},
        "grace": {"starts_at": now - timedelta(days=400), "expires_at": now - timedelta(days=2)},
        "expired": {"starts_at": now - timedelta(days=400), "expires_at": now - timedelta(days=3)},
        "not_started": {"starts_at": now + timedelta(days=1)},
        "suspended": {},
        "revoked": {},
        "pinned": {},
        "wide": {"domains": ("*.shop.example.com",)},
    }
    found = {
        name: shared.new_key(customer_name=f"Customer {name}", customer_email=f"{name}@mail.test", **more).id
        for name, more in stated.items()
    }
    with made.parts.open_session() as session:
        keys.suspend(session, session.get(LicenseKey, found["suspended"]), True, TESTER, now)
        keys.revoke(session, session.get(LicenseKey, found["revoked"]), "", made.issuer())
    return found


@pytest.mark.parametrize("state", ["active", "grace", "expired", "not_started", "suspended", "revoked"])
def test_keys_are_found_by_their_state(shared: Api, stock, state):
    listed = shared.get(f"{KEYS}?state={state}&limit=50").get_json()
    assert stock[state] in [each["id"] for each in listed]
    assert {each["state"] for each in listed} == {state}


def test_every_key_is_found_in_exactly_one_state(shared: Api, stock):
    states = ("active", "grace", "expired", "not_started", "suspended", "revoked")
    totals = [int(shared.get(f"{KEYS}?state={state}").headers["X-Total-Count"]) for state in states]
    assert sum(totals) == int(shared.get(KEYS).headers["X-Total-Count"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("customer=customer%20pinned", {"pinned"}),
        ("customer=PINNED@mail", {"pinned"}),
        ("q=Customer%20wide", {"wide"}),
        ("q=shop.example", {"wide"}),
        ("domain=www.shop.example.com", set()),
        ("domain=https://de.shop.example.com/x", {"wide"}),
        ("domain=shop.example.com", set()),
        ("expires_before=2026-03-01T12:00:00Z&state=grace", {"grace"}),
        ("expires_before=2026-02-27T12:00:00Z", {"expired"}),
        ("expires_before=2026-02-26T12:00:00Z", set()),
        ("q=%25", set()),
        ("q=t_s", {"not_started"}),
        ("q=_", set()),
        ("q=CU", {"active", "forever", "grace", "expired", "not_started", "suspended", "revoked", "pinned", "wide"}),
        ("q=%22pin", set()),
    ],
)
def test_keys_are_found_by_what_is_known_of_them(shared: Api, stock, query, expected):
    named = {number: name for name, number in stock.items()}
    assert {named.get(each) for each in ids(shared.get(f"{KEYS}?{query}"))} == expected


def test_keys_are_found_by_their_package_and_a_part_of_their_code(shared: Api, stock):
    key = shared.keys["local"]
    assert ids(shared.get(f"{KEYS}?package={shared.packages['Local']}")) == [key.id]
    assert ids(shared.get(f"{KEYS}?q={key.code[4:15].lower()}")) == [key.id]
    assert ids(shared.get(f"{KEYS}?package={shared.packages['Foreign']}", "site_admin")) == []


@pytest.mark.parametrize("sort", ["id", "-id", "expires_at", "-expires_at", "customer", "-customer"])
def test_lists_are_sorted_as_asked_and_never_ends_last(shared: Api, stock, sort):
    listed = shared.get(f"{KEYS}?limit=50&sort={sort}").get_json()
    name = sort.removeprefix("-")
    values = {
        "id": lambda each: each["id"],
        "expires_at": lambda each: (each["expires_at"] or "9999", each["id"]),
        "customer": lambda each: (each["customer_name"].lower(), each["customer_email"].lower(), each["id"]),
    }[name]
    assert [each["id"] for each in listed] == [
        each["id"] for each in sorted(listed, key=values, reverse=sort.startswith("-"))
    ]


@pytest.mark.parametrize("role", ["viewer", "repo_admin", "tim"])
def test_what_is_masked_is_not_found_by_either(shared: Api, role):
    key = shared.keys["annual"]
    fragment = key.code[-8:-1]
    assert ids(shared.get(f"{KEYS}?q={fragment}", "owner")) == [key.id]
    for query in (f"q={fragment}", "q=ann@example.com", "customer=ann@example.com"):
        assert key.id not in ids(shared.get(f"{KEYS}?{query}", role))
        found = key.id in ids(shared.get(f"{KEYS}?{query}", "owner"))
        assert found, query


def test_support_finds_by_mail_and_not_by_code(shared: Api):
    key = shared.keys["local"]
    assert key.id in ids(shared.get(f"{KEYS}?q=ann@example.com", "support"))
    assert ids(shared.get(f"{KEYS}?q={key.code[-8:-1]}", "support")) == []


def test_a_master_key_is_not_found_by_its_code_not_even_by_its_owner(shared: Api):
    master = master_of(shared)
    code = shared.get(f"{KEYS}/{master}").get_json()["code"]
    assert ids(shared.get(f"{KEYS}?q={code[5:12]}")) == []


@pytest.mark.postgres
def test_both_databases_find_the_same(api_on_both: Api):
    api = api_on_both
    api.new_key(domains=("*.example.com",), customer_email="zoe@example.com")
    api.new_key(customer_name="ZOË Ångström")
    for query in ("q=zoë%20å", "customer=OË%20ÅNG"):
        assert len(ids(api.get(f"{KEYS}?{query}"))) == 1
    for query in ("state=active", "state=grace", "q=ann", "domain=a.example.com", "sort=-expires_at", "sort=customer"):
        assert api.get(f"{KEYS}?{query}").status_code == 200
    assert len(ids(api.get(f"{KEYS}?domain=a.example.com"))) == 1
    assert api.get(f"{REPO}/license-audit").status_code == 200
