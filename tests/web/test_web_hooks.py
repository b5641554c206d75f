"""The door for Gitea's deliveries: proven over raw bytes, remembered once, queued, answered at once."""

import hashlib
import hmac
import json
import logging
import socket
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from support.bridges import HOOK_SECRET
from web_shop import add_product
from werkzeug.serving import WSGIRequestHandler, make_server

from bridge.app import create_app
from bridge.storage import refreshes

DOOR = "/-/licensing/hooks/gitea"
MOST = 1024 * 1024


def body_for(repo_id: int, owner: str = "acme", name: str = "weather", **more: Any) -> bytes:
    repository = {"id": repo_id, "name": name, "owner": {"login": owner}}
    return json.dumps({"action": "published", "repository": repository, **more}).encode()


def headers_for(body: bytes, secret: str = HOOK_SECRET, **more: str) -> dict[str, str]:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Gitea-Event": "release",
        "X-Gitea-Delivery": str(uuid.uuid4()),
        "X-Gitea-Signature": signature,
        "X-Hub-Signature-256": f"sha256={signature}",
        **more,
    }


@pytest.fixture
def waiting(installation):
    """Clear the queue and return a function that counts the repos that wait."""
    add_product(installation, "acme", "weather", "true")

    def count() -> int:
        with installation.parts.open_session(read_only=True) as session:
            return refreshes.depth(session)

    assert count() == 0
    return count


@pytest.fixture
def repo_id(installation) -> int:
    return installation.world.repo("acme", "weather").id


def test_a_signed_delivery_is_answered_at_once_and_queued(installation, waiting, repo_id):
    body = body_for(repo_id)
    installation.gitea.stop()  # nobody is asked before the answer
    answer = installation.client().post(DOOR, data=body, headers=headers_for(body))
    assert (answer.status_code, answer.data, waiting()) == (204, b"", 1)


def test_a_delivery_that_comes_again_changes_nothing(installation, waiting, repo_id):
    body = body_for(repo_id)
    headers, client = headers_for(body), installation.client()
    assert client.post(DOOR, data=body, headers=headers).status_code == 204
    with installation.parts.open_session() as session:
        claim = refreshes.claim(session, installation.clock(), for_seconds=60, longest_wait=timedelta(hours=1))
        refreshes.finish(session, claim)
    assert waiting() == 0
    assert client.post(DOOR, data=body, headers=headers).status_code == 204
    assert waiting() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"X-Gitea-Signature": "", "X-Hub-Signature-256": ""},
        {"X-Gitea-Signature": "0" * 64, "X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Gitea-Signature": "0" * 64},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Gitea-Signature": "é" * 64},
        {"X-Gitea-Signature": "short"},
        {"X-Gitea-Signature": "0" * 10_000},
        {"X-Hub-Signature-256": "sha256="},
    ],
)
def test_a_delivery_with_a_wrong_signature_is_refused(change, installation, waiting, repo_id):
    body = body_for(repo_id)
    headers = headers_for(body) | change
    if change == {"X-Hub-Signature-256": "sha256="}:
        del headers["X-Gitea-Signature"]
    answer = installation.client().post(DOOR, data=body, headers=headers)
    assert (answer.status_code, waiting()) == (403, 0)


@pytest.mark.parametrize("missing", [("X-Gitea-Signature", "X-Hub-Signature-256")])
def test_a_delivery_without_a_signature_is_refused(missing, installation, waiting, repo_id):
    body = body_for(repo_id)
    headers = {name: value for name, value in headers_for(body).items() if name not in missing}
    assert installation.client().post(DOOR, data=body, headers=headers).status_code == 403
    assert waiting() == 0


def test_what_was_signed_with_an_empty_secret_is_forged(installation, waiting, repo_id):
    body = body_for(repo_id)
    assert installation.client().post(DOOR, data=body, headers=headers_for(body, secret="")).status_code == 403
    assert waiting() == 0


def test_one_changed_byte_spoils_the_signature(installation, waiting, repo_id):
    body = body_for(repo_id)
    answer = installation.client().post(DOOR, data=body.replace(b"published", b"pub1ished"), headers=headers_for(body))
    assert (answer.status_code, waiting()) == (403, 0)


def test_without_a_configured_secret_nothing_is_accepted(sqlite_url, tmp_path):
    from support.bridges import install

    made = install(sqlite_url, tmp_path, gitea={"webhook_secrets": []})
    try:
        body = body_for(1)
        for secret in ("", HOOK_SECRET):
            assert made.client().post(DOOR, data=body, headers=headers_for(body, secret)).status_code == 403
    finally:
        made.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[1]",
        b"null",
        b"\xff\xfe",
        b'{"a":' * 5000,
        b'{"repository":',
    ],
)
def test_a_signed_delivery_that_is_no_json_object_is_a_bad_request(body, installation, waiting):
    answer = installation.client().post(DOOR, data=body, headers=headers_for(body))
    assert (answer.status_code, waiting()) == (400, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"repository": {"id": "1"}}',
        b'{"repository": {"id": -1, "name": "weather", "owner": {"login": "acme"}}}',
        b'{"repository": {"id": true, "name": "weather", "owner": {"login": "acme"}}}',
        body_for(7, owner="stranger"),
        body_for(7, owner="\ud800"),
        body_for(7, owner=""),
        body_for(2**70),
        body_for(2**63),
    ],
)
def test_a_signed_delivery_about_nothing_of_ours_is_taken_and_forgotten(body, installation, waiting):
    answer = installation.client().post(DOOR, data=body, headers=headers_for(body))
    assert (answer.status_code, waiting()) == (204, 0)


@pytest.mark.parametrize("name", ["\ud800", "a\x00b", "<script>", "../../x", "", None, 7])
def test_a_strange_name_is_no_failure_of_ours(name, installation, waiting):
    body = body_for(987654, name=name)
    assert installation.client().post(DOOR, data=body, headers=headers_for(body)).status_code == 204


@pytest.mark.parametrize(
    ("event", "queued"),
    [
        ("push", 1),
        ("create", 1),
        ("delete", 1),
        ("repository", 1),
        ("release", 1),
        ("issues", 0),
        ("star", 0),
        ("x" * 200, 0),
    ],
)
def test_events_that_have_nothing_to_do_with_releases_are_passed_over(event, queued, installation, waiting, repo_id):
    body = body_for(repo_id)
    headers = headers_for(body) | {"X-Gitea-Event": event}
    assert installation.client().post(DOOR, data=body, headers=headers).status_code == 204
    assert waiting() == queued


def test_a_repo_that_was_never_seen_is_looked_at(installation, waiting):
    body = body_for(424242, name="brand-new")
    assert installation.client().post(DOOR, data=body, headers=headers_for(body)).status_code == 204
    assert waiting() == 1


@pytest.mark.parametrize(("size", "status"), [(MOST, 403), (MOST + 1, 413)])
def test_a_body_of_more_than_a_mebibyte_is_not_read(size, status, installation, waiting):
    answer = installation.client().post(DOOR, data=b"x" * size, headers=headers_for(b""))
    assert (answer.status_code, waiting()) == (status, 0)


def test_no_line_of_the_log_holds_secret_signature_or_body(installation, waiting, repo_id, caplog):
    caplog.set_level(logging.DEBUG)
    client = installation.client()
    good, bad = body_for(repo_id, note="only in the body"), b"only in the body"
    for body, secret in ((good, HOOK_SECRET), (good, "wrong"), (bad, HOOK_SECRET)):
        client.post(DOOR, data=body, headers=headers_for(body, secret))
    assert len(caplog.records) >= 3
    for hidden in (HOOK_SECRET, "only in the body", headers_for(good)["X-Gitea-Signature"]):
        assert hidden not in caplog.text


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_args: Any) -> None: ...


@pytest.fixture
def address(installation):
    """The bridge on a loopback socket, since chunks without a length exist on a wire only."""
    server = make_server(
        "127.0.0.1", 0, create_app(installation.settings, installation.parts), threaded=True, request_handler=_Quiet
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server.server_address
    server.shutdown()
    thread.join()
    server.server_close()


def post_chunked(address, chunks, headers) -> int:
    """Send a body in chunks, without a length; return the status."""
    lines = [f"POST {DOOR} HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "Connection: close"]
    head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items())]) + "\r\n\r\n"
    with socket.create_connection(address, timeout=10) as wire:
        wire.sendall(head.encode())
        try:
            for chunk in (*chunks, b""):
                wire.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        except OSError:
            pass  # the answer was given before everything was sent
        return int(wire.recv(4096).split()[1])


def test_chunks_without_a_length_are_read_as_one_body(installation, waiting, repo_id, address):
    body = body_for(repo_id)
    assert post_chunked(address, [body[:7], body[7:]], headers_for(body)) == 204
    assert waiting() == 1


def test_chunks_without_a_length_end_at_a_mebibyte_too(installation, waiting, address):
    chunk = b"x" * 65_536
    assert post_chunked(address, [chunk] * 17, headers_for(b"")) == 413
    assert waiting() == 0


def test_a_hooks_own_test_is_remembered_and_reads_nothing(installation, waiting, repo_id):
    body = body_for(repo_id, ref="refs/heads/main", before="a" * 40, after="a" * 40)
    began = installation.clock()
    answer = installation.client().post(DOOR, data=body, headers=headers_for(body, **{"X-Gitea-Event": "push"}))
    assert (answer.status_code, waiting()) == (204, 0)
    with installation.parts.open_session(read_only=True) as session:
        assert refreshes.heard_of(session, repo_id, began)
        assert not refreshes.heard_of(session, repo_id + 1, began)


def test_a_repo_made_to_see_a_delivery_arrive_is_remembered_and_not_read(installation, waiting):
    body = body_for(4711, owner="root", name="license-bridge-check-1")
    answer = installation.client().post(DOOR, data=body, headers=headers_for(body, **{"X-Gitea-Event": "repository"}))
    assert (answer.status_code, waiting()) == (204, 0)
    with installation.parts.open_session(read_only=True) as session:
        assert refreshes.heard_of(session, 4711, installation.clock())


def test_a_push_that_moves_a_branch_is_neither_remembered_nor_read(installation, waiting, repo_id):
    body = body_for(repo_id, ref="refs/heads/main", before="a" * 40, after="b" * 40)
    answer = installation.client().post(DOOR, data=body, headers=headers_for(body, **{"X-Gitea-Event": "push"}))
    assert (answer.status_code, waiting()) == (204, 0)
    with installation.parts.open_session(read_only=True) as session:
        assert not refreshes.heard_of(session, repo_id, installation.clock())
