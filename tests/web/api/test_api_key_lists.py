"""Keys: what is shown to whom, and what is found."""

import base64
import json
import re
from datetime import timedelta

import pytest
from support.api_keys import KEYS, ids, master_of, refused, trail
from support.api_world import OWN_ORG, PRIVATE, REPO, Api
from support.bridges import TESTER

from bridge.models import LicenseKey
from bridge.services import keys
from bridge.storage import key_search


@pytest.mark.parametrize(
    ("role", "lent_code", "own_code", "lent_mail", "own_mail"),
    [
        ("site_admin", True, True, True, True),
        ("owner", True, True, True, True),
        ("manager", True, True, True, True),
        ("repo_admin", False, True, False, True),
        ("tim", False, True, False, True),
        ("support", False, False, True, True),
        ("viewer", False, False, False, False),
    ],
)
def test_codes_and_mail_are_masked_by_role_and_level(shared: Api, role, lent_code, own_code, lent_mail, own_mail):
    for name, code, mail in (("annual", lent_code, lent_mail), ("local", own_code, own_mail)):
        key = shared.keys[name]
        shown = shared.get(shared.key_path(name), role).get_json()
        assert shown["code"] == (key.code if code else "…" + key.code[-5:])
        assert shown["feed_token"] == (key.token if code else None)
        assert shown["customer_email"] == ("ann@example.com" if mail else "a…@…")
        assert shown["masked"] == (not (code and mail))
        assert shown["customer_name"] == "Ann"
        listed = {each["id"]: each for each in shared.get(KEYS, role).get_json()}
        assert listed[key.id] == shown


@pytest.mark.parametrize(
    ("role", "revealed"),
    [("site_admin", True), ("owner", True), ("manager", False), ("repo_admin", False), ("viewer", False)],
)
def test_a_master_code_is_its_owners_alone_and_each_look_at_it_is_audited(api: Api, role, revealed):
    master = master_of(api)
    shown = api.get(f"{KEYS}/{master}", role).get_json()
    assert shown["master"] is True
    assert shown["code"].startswith("LIC-") == revealed
    assert (shown["feed_token"] is not None) == revealed
    assert [action for action, *_ in trail(api, master)].count("key.reveal") == int(revealed)
    listed = {each["id"]: each for each in api.get(KEYS, role).get_json()}
    assert listed[master]["code"].startswith("…")


def test_a_repo_shows_its_own_keys_and_those_of_the_owner_that_open_it(api: Api):
    only_secret = api.made.package("acme", "Only secret", repo_ids=(api.made.world.repo("acme", "secret").id,))
    elsewhere = api.made.key(only_secret).id
    seen = set(ids(api.get(KEYS)))
    assert {api.keys["annual"].id, api.keys["local"].id} < seen
    assert not seen & {elsewhere, api.keys["hidden"].id, api.keys["foreign"].id}
    assert elsewhere in ids(api.get(f"{PRIVATE}/license-keys"))
    assert {elsewhere, api.keys["hidden"].id} < set(ids(api.get(f"{OWN_ORG}/license-keys")))
    levels = {each["package"]["name"]: each["package"]["level"] for each in api.get(KEYS).get_json()}
    assert levels == {"Standard": "owner", "Local": "repo", "Master": "owner"}


@pytest.mark.parametrize("name", ["hidden", "foreign", "solo"])
@pytest.mark.parametrize("rest", ["", "/usage", "/sites", "/explain"])
def test_another_repos_key_is_not_there(shared: Api, name, rest):
    assert shared.get(shared.key_path(name, rest=rest), "site_admin").status_code == 404


@pytest.mark.parametrize("rest", ["revoke", "replace", "feed-token", "renew", "validate"])
def test_another_repos_key_is_not_changed(shared: Api, rest):
    assert shared.post(shared.key_path("foreign", rest=f"/{rest}"), {}, "site_admin").status_code == 404
    assert shared.patch(shared.key_path("foreign"), {"note": "x"}, "site_admin").status_code == 404
    assert shared.delete(shared.key_path("foreign"), "site_admin").status_code == 404


def test_pages_name_each_other_and_the_total(api: Api):
    api.new_key(quantity=1)
    for _ in range(5):
        api.new_key("Local")
    everything = ids(api.get(f"{KEYS}?limit=50"))
    total = len(everything)
    first = api.get(f"{KEYS}?limit=3&customer=&sort=-id")
    assert first.headers["X-Total-Count"] == str(total) == "9"
    found = links(first)
    base = f"https://git.example.com/api/v1/{KEYS}?limit=3&customer=&sort=-id"
    assert found["last"] == f"{base}&page=3"
    assert re.fullmatch(re.escape(f"{base}&page=2&after=") + "[A-Za-z0-9_-]+", found["next"])
    assert set(found) == {"next", "last"}
    pages = [ids(api.get(f"{KEYS}?limit=3&page={page}")) for page in (1, 2, 3, 4)]
    assert [*pages[0], *pages[1], *pages[2]] == everything == sorted(everything, reverse=True)
    assert pages[3] == []
    second = follow(api, first, "next")
    assert (ids(second), set(links(second))) == (pages[1], {"first", "prev", "next", "last"})
    assert ids(follow(api, second, "prev")) == ids(follow(api, second, "first")) == pages[0]
    third = follow(api, second, "next")
    assert (ids(third), set(links(third))) == (pages[2], {"first", "prev"})
    assert ids(follow(api, third, "prev")) == pages[1]
    assert ids(follow(api, first, "last")) == pages[2]
    assert len(ids(api.get(KEYS))) == 9


def links(answer) -> dict[str, str]:
    """Where the other pages are, by relation."""
    parts = [part.split("; ") for part in answer.headers.get("Link", "").split(",") if part]
    return {rel.removeprefix('rel="').rstrip('"'): address.strip("<>") for address, rel in parts}


def follow(api: Api, answer, rel: str, role: str = "owner"):
    """The page that ``Link`` leads to."""
    return api.get(links(answer)[rel].partition("/api/v1/")[2], role)


@pytest.mark.parametrize("sort", ["id", "-id", "expires_at", "-expires_at", "customer", "-customer"])
def test_a_walk_meets_each_key_once_while_keys_are_added_and_renewed(api: Api, sort):
    known = {api.new_key(customer_name=f"Customer {number % 3}").id for number in range(7)} | set(ids(api.get(KEYS)))
    answer = api.get(f"{KEYS}?limit=2&sort={sort}")
    met = ids(answer)
    while "next" in links(answer):
        api.new_key(customer_name="Customer 0")
        # Renewed meanwhile, what was the last key of the page no longer stands where the next one begins.
        api.patch(f"{KEYS}/{met[-1]}", {"customer_name": "Zz", "expires_at": "2031-01-01T00:00:00Z"})
        answer = follow(api, answer, "next")
        met += ids(answer)
        assert len(met) < 60
    moved = {each for each in met if met.count(each) > 1}
    assert known <= set(met)
    assert not moved if sort in {"id", "-id"} else len(moved) <= len(known)


@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "W10",
        "é",
        "WyItaWQiLG51bGwsMTJd=",
        "a" * 3501,
        *(
            base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=")
            for each in (
                {"-id": 1},
                ["-id", None, 0],
                ["-id", None, 2**31],
                ["-id", None, True],
                ["-id", None, "1"],
                ["-id", "2026-01-01T00:00:00+00:00", 1],
                ["id", None, 1],
                ["-id", None, 1, 1],
                [["-id"], None, 1],
                5,
                [[[[]]]],
            )
        ),
    ],
)
def test_a_mangled_cursor_is_refused(shared: Api, name, cursor):
    assert set(refused(shared.get(f"{KEYS}?{name}={cursor}"), 422, "invalid")) == {name}


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        ("expires_at", "2026-01-01T00:00:00"),
        ("expires_at", "never"),
        ("expires_at", 5),
        ("customer", None),
        ("customer", "a\0b"),
        ("customer", "\ud800"),
    ],
)
def test_a_cursor_holds_what_the_list_is_sorted_by(shared: Api, sort, value):
    cursor = base64.urlsafe_b64encode(json.dumps([sort, value, 1]).encode()).decode().rstrip("=")
    assert set(refused(shared.get(f"{KEYS}?sort={sort}&after={cursor}"), 422, "invalid")) == {"after"}


def test_a_page_lies_behind_one_key_or_before_one(shared: Api):
    cursor = "WyItaWQiLG51bGwsMTJd"
    assert shared.get(f"{KEYS}?after={cursor}").status_code == 200
    assert set(refused(shared.get(f"{KEYS}?after={cursor}&before={cursor}"), 422, "invalid")) == {"before"}


@pytest.mark.parametrize("sort", ["customer", "-customer", "expires_at"])
def test_a_cursor_tells_no_mail_to_those_who_see_it_masked(shared: Api, sort):
    shared.new_key(customer_name="Ann", customer_email="secret@hidden.example")
    answer = shared.get(f"{KEYS}?limit=1&sort={sort}", "viewer")
    while "next" in links(answer):
        cursor = links(answer)["next"].partition("after=")[2]
        assert b"hidden" not in base64.urlsafe_b64decode(cursor + "==")
        answer = follow(shared, answer, "next", "viewer")


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
