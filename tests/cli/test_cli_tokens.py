"""``bridge token``: what a site's operator does when a token is lost."""

import pytest
from support.api_tokens import new_token, stored

from bridge.storage import audits


@pytest.fixture
def made(shell):
    """A token of the owner and one of its repo, by number and text."""
    world = shell.installation.world
    world.add_user("olga")
    return [
        new_token(shell.installation, place, scopes=("keys:read", "stats:read"), name=name)
        for place, name in (("orgs/acme", "Shop"), ("repos/acme/mod-weather", "Nightly"))
    ]


def test_tokens_are_listed_by_owner_and_by_repo(shell, made):
    (of_owner, _), (of_repo, text) = made
    rows = shell.ok("token", "list", "acme", "--json").json
    assert [(row["id"], row["level"]) for row in rows] == [(of_repo, "acme/mod-weather"), (of_owner, "acme")]
    assert rows[0] | {"created_at": ""} == {
        "id": of_repo,
        "level": "acme/mod-weather",
        "name": "Nightly",
        "hint": f"…{text[-4:]}",
        "scopes": ["keys:read", "stats:read"],
        "state": "live",
        "made_by": "olga",
        "created_at": "",
        "expires_at": None,
        "last_used_at": None,
        "revoked_at": None,
    }
    assert [row["id"] for row in shell.ok("token", "list", "acme/mod-weather", "--json").json] == [of_repo, of_owner]
    table = shell.ok("token", "list", "acme").out
    assert "Nightly" in table
    for _, secret in made:
        assert secret[:-4] not in table


def test_a_token_is_revoked_once_and_the_trail_names_who(shell, made):
    token_id = made[0][0]
    assert "Revoked: Shop" in shell.ok("token", "revoke", token_id).out
    assert "before" in shell.ok("token", "revoke", token_id).out
    assert stored(shell.installation, token_id).revoked_at is not None
    with shell.installation.parts.open_session(read_only=True) as session:
        trail = [(row.action, row.actor.partition(":")[0]) for row in audits.of_subject(session, f"token:{token_id}")]
    assert trail == [("token.make", "test"), ("token.revoke", "cli")]
    assert [row["id"] for row in shell.ok("token", "list", "acme", "--json").json] == [made[1][0]]
    listed = shell.ok("token", "list", "acme", "--state", "revoked", "--json").json
    assert [(row["id"], row["state"]) for row in listed] == [(token_id, "revoked")]


def test_what_is_not_there_is_said(shell, made):
    assert shell.run("token", "revoke", 4711).code == 3
    for wrong in (0, -1, 2**31, 2**63, "x", "1\x00"):
        assert shell.run("token", "revoke", "--", wrong).code == 2
    assert shell.run("token", "list", "nobody").code == 3
    assert "no such token" in shell.ok("token", "list", "acme", "--state", "expired").out
