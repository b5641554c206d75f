"""Lists of keys: what is shown to whom, page by page."""

import base64
import json
import re

import pytest
from support.api_keys import KEYS, ids, links, master_of, refused, trail
from support.api_world import OWN_ORG, PRIVATE, Api


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
