"""Deliveries as a real Gitea 1.26 sent them, and what may not pass for one."""

import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitea_client.hooks import BadDelivery, Delivery, parse, verify

RECORDED = json.loads((Path(__file__).parent / "deliveries.json").read_text())
SECRET = RECORDED["secret"]
DELIVERIES = {name: (each["body"].encode(), each["headers"]) for name, each in RECORDED["deliveries"].items()}
BODY, HEADERS = DELIVERIES["release-published"]


def signed(body, secret=SECRET, **headers):
    """Headers of a delivery of this body, signed."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Gitea-Delivery": "d-1", "X-Gitea-Event": "release", "X-Gitea-Signature": signature, **headers}


@pytest.mark.parametrize("name", DELIVERIES)
def test_a_recorded_delivery_is_genuine_under_its_secret_only(name):
    body, headers = DELIVERIES[name]
    assert verify(body, headers, [SECRET])
    assert not verify(body, headers, ["another secret"])
    assert not verify(body + b" ", headers, [SECRET])
    assert not verify(json.dumps(json.loads(body)).encode(), headers, [SECRET])


def test_during_a_rotation_either_secret_is_good():
    assert verify(BODY, HEADERS, ["new", SECRET])
    assert verify(BODY, HEADERS, [SECRET, "new"])
    assert not verify(BODY, HEADERS, [])


def test_an_empty_secret_never_verifies_what_it_signed():
    empty = hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    assert not verify(BODY, {**HEADERS, "X-Gitea-Signature": empty, "X-Hub-Signature-256": f"sha256={empty}"}, [""])


@pytest.mark.parametrize(
    "change",
    [
        {"X-Gitea-Signature": "", "X-Hub-Signature-256": "sha256="},
        {"X-Gitea-Signature": "", "X-Hub-Signature-256": ""},
        {"X-Gitea-Signature": "0" * 64},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Gitea-Signature": "é" * 64, "X-Hub-Signature-256": ""},
        {"X-Gitea-Signature": HEADERS["X-Gitea-Signature"][:-1], "X-Hub-Signature-256": ""},
        {"X-Gitea-Signature": HEADERS["X-Gitea-Signature"].upper(), "X-Hub-Signature-256": ""},
    ],
)
def test_a_wrong_or_empty_signature_is_refused(change):
    assert not verify(BODY, {**HEADERS, **change}, [SECRET, ""])


def test_no_signature_at_all_is_refused():
    assert not verify(BODY, {"X-Gitea-Event": "release", "X-Gitea-Delivery": "1"}, [SECRET])


def test_one_of_the_two_signature_headers_is_enough_in_any_case():
    lower = {"x-hub-signature-256": HEADERS["X-Hub-Signature-256"]}
    assert verify(BODY, lower, [SECRET])
    assert verify(BODY, {"X-GITEA-SIGNATURE": HEADERS["X-Gitea-Signature"]}, [SECRET])


def test_a_form_is_signed_over_its_payload():
    form = urlencode({"payload": BODY.decode()}).encode()
    headers = {**HEADERS, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert verify(form, headers, [SECRET])
    assert parse(form, headers) == parse(BODY, HEADERS)
    over_the_form = hmac.new(SECRET.encode(), form, hashlib.sha256).hexdigest()
    wrong = {"X-Gitea-Signature": over_the_form, "X-Hub-Signature-256": f"sha256={over_the_form}"}
    assert not verify(form, {**headers, **wrong}, [SECRET])


@pytest.mark.parametrize("form", [b"", b"payload=a&payload=b", b"other=1", b"\xff\xfe", b"&" * 50 + b"a=1&" * 50])
def test_a_form_without_exactly_one_payload_is_refused(form):
    headers = signed(form, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert not verify(form, headers, [SECRET])
    with pytest.raises(BadDelivery):
        parse(form, headers)


REPO = {"repository_id": 1, "owner": "acme", "name": "mod-weather", "sender": "olga", "target": "system"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "repo-created",
            {**REPO, "event": "repository", "action": "created", "repository_id": 2, "name": "secret-plugin"},
        ),
        ("release-published", {**REPO, "event": "release", "action": "published", "tag": "v1.0.0"}),
        ("release-updated", {**REPO, "event": "release", "action": "updated", "tag": "v2.0.0"}),
        ("release-deleted", {**REPO, "event": "release", "action": "deleted", "tag": "v2.0.0", "removed": True}),
        ("release-over-a-pushed-tag", {**REPO, "event": "release", "action": "published", "tag": "v3.0.0"}),
        ("tag-pushed", {**REPO, "event": "push", "tag": "v3.0.0", "ref_type": "tag"}),
        ("tag-created", {**REPO, "event": "create", "tag": "v3.0.0", "ref_type": "tag"}),
        ("tag-deletion-pushed", {**REPO, "event": "push", "tag": "v3.0.0", "ref_type": "tag", "removed": True}),
        ("tag-deleted", {**REPO, "event": "delete", "tag": "v3.0.0", "ref_type": "tag", "removed": True}),
        ("repo-deleted", {**REPO, "event": "repository", "action": "deleted", "repository_id": 5, "removed": True}),
        (
            "branch-created",
            {**REPO, "event": "create", "name": "mod-weather-pro", "branch": "licensing", "ref_type": "branch"},
        ),
    ],
)
def test_what_a_recorded_delivery_says(name, expected):
    body, headers = DELIVERIES[name]
    assert parse(body, headers) == Delivery(uuid=headers["X-Gitea-Delivery"], **expected)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"{}", {"X-Gitea-Event": "release"}),
        (b"{}", {"X-Gitea-Delivery": "d", "X-Gitea-Event": ""}),
        (b"{}", {"X-Gitea-Delivery": "d" * 300, "X-Gitea-Event": "release"}),
        (b"not json", signed(b"not json")),
        (b"[]", signed(b"[]")),
        (b"null", signed(b"null")),
        (b"\xff", signed(b"\xff")),
        (b"[" * 100_000, signed(b"[" * 100_000)),
        (b" " * (4 * 1024 * 1024 + 1), signed(b"")),
    ],
)
def test_what_cannot_be_read_is_a_bad_delivery_with_a_sentence(body, headers):
    with pytest.raises(BadDelivery, match=r"^The delivery .*\.$"):
        parse(body, headers)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "action",
                    "release",
                    "repository",
                    "sender",
                    "id",
                    "login",
                    "name",
                    "ref",
                    "ref_type",
                    "after",
                    "owner",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=100, deadline=None)
@given(json_values)
def test_any_json_is_a_delivery_or_a_bad_one(value):
    body = json.dumps(value).encode()
    try:
        found = parse(body, signed(body))
    except BadDelivery:
        assert not isinstance(value, dict)
    else:
        assert isinstance(value, dict)
        assert found.repository_id is None or found.repository_id > 0
        assert all(isinstance(each, (str, type(None))) for each in (found.tag, found.branch, found.owner, found.name))
