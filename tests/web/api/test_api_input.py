"""What is written wrong is refused before anything is done, with the one shape of refusals and no 500."""

import json

import pytest
from support.api_keys import KEYS, refused
from support.api_world import OWN_ORG, REPO, Api


def send(api: Api, raw: bytes | str, content_type: str = "application/json", path: str = KEYS, **options):
    return api.ask("POST", path, data=raw, content_type=content_type, **options)


@pytest.mark.parametrize(
    "raw",
    [
        " ",
        "[]",
        "null",
        '"text"',
        "1",
        "true",
        "{",
        "{'a': 1}",
        '{"package_id": NaN}',
        '{"package_id": Infinity}',
        b"\xff\xfe",
        b'{"note": "\xff"}',
        "\ufeff{}",
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"package_id": 1,}',
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_what_is_no_json_object_is_refused(shared: Api, raw):
    refused(send(shared, raw), 422, "invalid")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"package_id": 1, "quantiy": 2}, "quantiy"),
        ({"package_id": 1, "code": "MY-OWN"}, "code"),
        ({}, "package_id"),
        ({"package_id": "1"}, "package_id"),
        ({"package_id": 1.0}, "package_id"),
        ({"package_id": True}, "package_id"),
        ({"package_id": None}, "package_id"),
        ({"package_id": 0}, "package_id"),
        ({"package_id": 2**31}, "package_id"),
        ({"package_id": 2**64}, "package_id"),
        ({"package_id": 1, "quantity": 0}, "quantity"),
        ({"package_id": 1, "quantity": 1001}, "quantity"),
        ({"package_id": 1, "quantity": 10**9}, "quantity"),
        ({"package_id": 1, "max_sites": -1}, "max_sites"),
        ({"package_id": 1, "max_sites": 10**9}, "max_sites"),
        ({"package_id": 1, "expires_at": "2027-01-01"}, "expires_at"),
        ({"package_id": 1, "expires_at": "2027-01-01T00:00:00"}, "expires_at"),
        ({"package_id": 1, "expires_at": "2027-02-30T00:00:00Z"}, "expires_at"),
        ({"package_id": 1, "expires_at": "1999-12-31T23:59:59Z"}, "expires_at"),
        ({"package_id": 1, "expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
        ({"package_id": 1, "expires_at": 1800000000}, "expires_at"),
        ({"package_id": 1, "domains": "example.com"}, "domains"),
        ({"package_id": 1, "domains": [f"d{n}.example.com" for n in range(10_000)]}, "domains"),
        ({"package_id": 1, "customer_name": "x" * 201}, "customer_name"),
        ({"package_id": 1, "customer_name": "a\nb"}, "customer_name"),
        ({"package_id": 1, "labels": ["\x00"]}, "labels.0"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_wrong_fields_are_named(shared: Api, body, field):
    errors = refused(shared.post(KEYS, body), 422, "invalid")
    assert list(errors) == [field]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"domains": ["*.co.uk"]}, "domains"),
        ({"domains": ["not a domain"]}, "domains"),
        ({"domains": ["*.com"]}, "domains"),
        ({"customer_email": "nobody"}, "customer_email"),
        ({"customer_email": "a b@c.de"}, "customer_email"),
        ({"expires_at": "2026-01-01T00:00:00Z"}, "expires_at"),
        ({"starts_at": "2027-01-01T00:00:00Z", "expires_at": "2026-12-31T00:00:00Z"}, "expires_at"),
        ({"starts_at": "9999-12-31T00:00:00Z"}, "term"),
        ({"note": "bell\x07"}, "note"),
        ({"note": "nul\x00"}, "note"),
        ({"note": "\ud800"}, "note"),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_values_that_can_not_be_are_named_and_nothing_is_issued(shared: Api, more, field):
    before = shared.get(KEYS).headers["X-Total-Count"]
    errors = refused(shared.post(KEYS, {"package_id": shared.packages["Standard"], **more}), 422, "invalid")
    assert list(errors) in ([field], ["body"])
    assert shared.get(KEYS).headers["X-Total-Count"] == before


def test_a_date_in_9999_is_fine(shared: Api):
    body = {"package_id": shared.packages["Standard"], "expires_at": "9999-12-31T23:59:59Z"}
    key = shared.post(KEYS, body).get_json()["keys"][0]
    assert (key["expires_at"], key["grace_until"][:4]) == ("9999-12-31T23:59:59Z", "9999")


@pytest.mark.parametrize(
    "raw",
    [
        '{"package_id": 1, "package_id": 2}',
        '{"package_id": 1, "note": "a", "note": "a"}',
        '{"package_id": 1, "labels": [{"a": 1, "a": 2}]}',
        '{"package_id": 1, "\\u006eote": "a", "note": "b"}',
    ],
)
def test_a_field_that_is_given_twice_is_refused(shared: Api, raw):
    errors = refused(send(shared, raw), 422, "invalid")
    assert "is given twice" in errors.values()


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "", "application/jsonx"],
)
def test_only_json_is_read(shared: Api, content_type):
    refused(send(shared, json.dumps({"package_id": 1}), content_type), 415, "unsupported_media_type")


def test_json_may_say_its_charset(shared: Api):
    body = json.dumps({"package_id": shared.packages["Standard"]})
    assert send(shared, body, "application/json; charset=utf-8").status_code == 201


def test_a_body_of_more_than_a_mebibyte_is_refused(shared: Api):
    refused(send(shared, b'{"note": "' + b"x" * 5_000_000 + b'"}'), 413, "too_large")
    refused(send(shared, b" " * (1024 * 1024 + 1), path=f"{KEYS}/validate", token=""), 413, "too_large")


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "page=99999999999999999999",
        "page=1&page=2",
        "limit=0",
        "limit=51",
        "state=gone",
        "sort=code",
        "package=0",
        "package=18446744073709551616",
        "domain=not%20a%20domain",
        "expires_before=yesterday",
        "q=" + "x" * 201,
        "q=%00",
        "unknown=1",
        "dlid=LIC",
    ],
)
def test_wrong_queries_are_refused_by_field(shared: Api, query):
    errors = refused(shared.get(f"{KEYS}?{query}"), 422, "invalid")
    assert list(errors) == [query.partition("=")[0]]


def test_an_odd_query_finds_nothing_and_breaks_nothing(shared: Api):
    for text in ("%25%27%22;--", "%F0%9F%8E%89", "%FF%FE", "%5C", "'", "*"):
        assert shared.get(f"{KEYS}?q={text}").get_json() == []


@pytest.mark.parametrize(
    "field", ["customer_name", "domains", "note", "labels", "suspended", "package_id", "customer_email"]
)
def test_null_is_no_value_for_what_must_be_something(shared: Api, field):
    errors = refused(shared.patch(shared.key_path(), {field: None}), 422, "invalid")
    assert list(errors) == [field]


@pytest.mark.parametrize(
    "body",
    [
        {"expiry_mode": "extend"},
        {"expiry_mode": "paid", "expires_at": "2030-01-01T00:00:00Z"},
        {"expires_at": "2026-01-01T00:00:00Z"},
    ],
)
def test_an_expiry_that_makes_no_sense_is_refused(shared: Api, body):
    errors = refused(shared.patch(shared.key_path(), body), 422, "invalid")
    assert list(errors) == ["expires_at"]


def test_what_was_sent_is_not_repeated_in_a_refusal(shared: Api):
    secret = "LIC-SECRET-" + "x" * 5000
    assert "SECRET" not in shared.post(f"{KEYS}/validate", {"key": secret}, token="").text


def test_a_fault_of_ours_has_the_same_shape_and_tells_nothing(shared: Api, monkeypatch):
    def broken(*_args, **_more):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("bridge.storage.key_search.page_of_keys", broken)
    answer = shared.get(KEYS)
    refused(answer, 500, "internal")
    assert "secret detail" not in answer.text


def test_an_origin_is_believed_as_far_as_our_own_proxies_say_it(api: Api):
    def origin_with(forwarded: str, proxies: int) -> str:
        api.made.settings.web.trusted_proxies = proxies
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        key = api.post(KEYS, {"package_id": api.packages["Standard"]}, headers=headers).get_json()["keys"][0]["id"]
        return api.get(f"{REPO}/license-audit".replace(REPO, OWN_ORG) + f"?subject=key:{key}").get_json()[0]["origin"]

    assert origin_with("203.0.113.9, 198.51.100.4", 1) == "198.51.100.4"
    assert origin_with("203.0.113.9, 198.51.100.4", 2) == "203.0.113.9"
    assert origin_with("203.0.113.9, 198.51.100.4", 0) == "127.0.0.1"
    assert origin_with("198.51.100.4", 2) == "127.0.0.1"
    assert origin_with("<script>", 1) == "127.0.0.1"
    assert origin_with("", 1) == "127.0.0.1"
