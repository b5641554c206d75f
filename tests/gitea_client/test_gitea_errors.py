"""Errors are named by the status alone, and hold no secret."""

import logging

import gitea as py_gitea
import pytest
from gitea.exceptions import Forbidden, Unauthorized

from gitea_client import errors
from gitea_client.client import GiteaClient
from gitea_client.simulator import World, create_simulator, serve

TOKEN = "5" * 40


@pytest.fixture(scope="module")
def server():
    world = World()
    app = create_simulator(world)
    world.add_user("root1", is_admin=True)
    world.add_token("root1", text=TOKEN)
    with serve(app) as running:
        yield world, running.base_url


@pytest.fixture
def faults(server):
    yield server[0].faults
    server[0].faults.clear()


@pytest.fixture
def client(server):
    with GiteaClient(server[1], TOKEN, sleep=lambda _seconds: None) as client:
        yield client


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Invalid),
        (401, errors.NotAuthenticated),
        (403, errors.NotAllowed),
        (404, errors.NotFound),
        (405, errors.GiteaError),
        (409, errors.Conflict),
        (422, errors.Invalid),
        (423, errors.GiteaError),
        (429, errors.Unreachable),
        (500, errors.Unreachable),
        (502, errors.Unreachable),
        (503, errors.Unreachable),
    ],
)
def test_each_status_has_its_name_also_through_py_giteas_methods(client, faults, status, kind):
    faults.inject("status", status)
    for ask in (client.me, client.get_user):
        client._transport.breaker._succeeded()
        with pytest.raises(errors.GiteaError) as caught:
            ask()
        assert type(caught.value) is kind
        assert (caught.value.status, caught.value.method, caught.value.path) == (status, "GET", "/api/v1/user")


def test_py_giteas_own_names_for_401_and_403_are_swapped_before_0_3(server, faults):
    """Pins why its classes are not used. Its 0.3 names them right; nothing here depends on which it is."""
    swapped = not hasattr(py_gitea.Gitea, "_Gitea__parse_result")
    plain = py_gitea.Gitea(server[1], token_text=TOKEN)
    for status, old, new in ((401, Forbidden, Unauthorized), (403, Unauthorized, Forbidden)):
        faults.inject("status", status, times=1)
        with pytest.raises(old if swapped else new):
            plain.requests_get("/user")
    plain.requests.close()


def test_no_error_log_or_repr_shows_the_token_or_a_query(client, server, faults, caplog):
    caplog.set_level(logging.DEBUG)
    seen = [repr(client), str(client.__dict__), repr(client._transport)]
    for status in (401, 403, 404, 500):
        faults.inject("status", status, times=3)
        client._transport.breaker._succeeded()
        with pytest.raises(errors.GiteaError) as caught:
            client.requests_get("/users/root1", params={"secret": "in-the-query"})
        seen += [str(caught.value), repr(caught.value), caught.value.path]
        faults.clear()
    seen += [record.getMessage() for record in caplog.records if record.name.startswith("gitea")]
    assert not [text for text in seen if TOKEN in text or "in-the-query" in text]
    assert [record for record in caplog.records if record.name == "gitea.gitea"] == []


def test_a_token_that_gitea_repeats_is_blotted_out(client, server, monkeypatch):
    monkeypatch.setattr("gitea_client.transport.message_of", lambda *_: f"who is {TOKEN}?")
    with pytest.raises(errors.NotFound) as caught:
        client.repo("no", "such")
    assert caught.value.message == "who is ***?"


@pytest.mark.parametrize(
    ("message", "scope"),
    [
        ("token does not have at least one of required scope(s), required=[read:user], token scope=x", "read:user"),
        ("required scope(s), required=[write:admin,write:user], token scope=", "write:admin"),
        ("required=[], token scope=", None),
        ("user should be the owner of the repo", None),
    ],
)
def test_the_missing_scope_is_read_from_the_sentence(message, scope):
    assert errors.NotAllowed(message).missing_scope == scope


@pytest.mark.parametrize(
    ("path", "repo", "account"),
    [
        ("/api/v1/repos/acme/new", ("acme", "new"), None),
        ("/git/api/v1/repos/acme/new/releases?page=2", ("acme", "new"), None),
        ("/api/v1/orgs/acme-ext", None, "acme-ext"),
        ("/user/login", None, None),
    ],
)
def test_where_something_moved_to_can_be_asked(path, repo, account):
    moved = errors.Moved(path, status=301)
    assert (moved.new_repo, moved.new_account) == (repo, account)


def test_an_error_says_where_it_happened_without_the_query():
    error = errors.NotFound("not found", status=404, method="GET", path="/api/v1/x?token=secret")
    assert str(error) == "GET /api/v1/x: 404 not found"
    assert len(errors.NotFound("x" * 5000).message) == 300
