"""Tokens for machines: listed, made, shown, revoked. Only by people: no token begets another."""

from typing import Any

from bridge.models import MachineToken, Repo
from bridge.rules.machine_tokens import State
from bridge.rules.permissions import Action
from bridge.rules.scopes import Scope
from bridge.services import machine_tokens
from bridge.services.machine_tokens import USUAL_LIFE, TokenInput
from bridge.storage import tokens
from bridge.web.api import schemas_tokens as shown
from bridge.web.api.errors import not_found
from bridge.web.api.operations import Call, Operation, Reply


def list_tokens(call: Call) -> Reply:
    """One page, newest first. A repo's list shows the owner's tokens too, to whom they are shown there."""
    asked: shown.TokenQuery = call.query
    wanted = State(asked.state) if asked.state else None
    with call.reading() as session:
        total, rows = tokens.page(
            session,
            call.owner_id,
            call.repo_id,
            wanted,
            call.now,
            with_owners=call.may(Action.TOKENS_READ, of_owner=True),
            limit=asked.limit,
            offset=(asked.page - 1) * asked.limit,
        )
        return Reply([shown.Token(**_fields(call, session, row)) for row in rows], total=total)


def make(call: Call) -> Reply:
    """A new token of the owner, or of the repo."""
    wanted: shown.TokenMake = call.body
    call.require(Action.TOKENS_WRITE, of_owner=call.repo_id is None)
    stated = "expires_at" in wanted.model_fields_set
    expires_at = wanted.expires_at if stated else call.now + USUAL_LIFE
    inputs = TokenInput(wanted.name, wanted.scopes, expires_at)
    assert call.place is not None, "nobody comes in without being asked who they are"
    with call.writing() as session:
        place = (call.owner_id, call.repo_id)
        row, text = machine_tokens.make(
            session, place, call.place.person, inputs, call.doors.entropy, call.actor, call.now
        )
        return Reply(shown.NewToken(**_fields(call, session, row), token=text))


def get(call: Call) -> Reply:
    """One token, a revoked one too."""
    with call.reading() as session:
        row = _find(call, session, Action.TOKENS_READ)
        return Reply(shown.Token(**_fields(call, session, row)))


def revoke(call: Call) -> Reply:
    """End a token at once, everywhere. Again changes nothing."""
    with call.writing() as session:
        row = _find(call, session, Action.TOKENS_WRITE)
        machine_tokens.revoke(session, row, call.actor, call.now)
        return Reply(None)


def _find(call: Call, session: Any, action: Action) -> MachineToken:
    row = tokens.by_id(session, call.id("id"))
    if row is None or row.owner_id != call.owner_id:
        raise not_found()
    if call.repo_id is not None and row.repo_id not in {None, call.repo_id}:
        raise not_found()
    call.require(action, of_owner=row.repo_id is None)
    return row


def _fields(call: Call, session: Any, row: MachineToken) -> dict[str, Any]:
    repo = session.get(Repo, row.repo_id) if row.repo_id is not None else None
    return {
        "id": row.id or 0,
        "name": row.name,
        "hint": f"…{row.hint}",
        "scopes": [Scope(each) for each in row.scopes if each in set(Scope)],
        "repo": repo.name if repo is not None else None,
        "state": str(tokens.state_of(row, call.now)),
        "made_by": row.maker_login,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
    }


OPERATIONS = (
    Operation(
        name="list_license_tokens",
        method="GET",
        path="license-tokens",
        action=Action.TOKENS_READ,
        view=list_tokens,
        summary="List machine tokens; a repo's list shows those of the owner, which work there, to the owner",
        answer=list[shown.Token],
        query=shown.TokenQuery,
    ),
    Operation(
        name="make_license_token",
        method="POST",
        path="license-tokens",
        action=Action.TOKENS_WRITE,
        view=make,
        summary="Make a machine token of the owner, or of the repo; it is shown this once",
        answer=shown.NewToken,
        status=201,
        body=shown.TokenMake,
        anew=True,
        shown_once=("token",),
    ),
    Operation(
        name="get_license_token",
        method="GET",
        path="license-tokens/{id}",
        action=Action.TOKENS_READ,
        view=get,
        summary="Show a machine token, without the token",
        answer=shown.Token,
    ),
    Operation(
        name="revoke_license_token",
        method="DELETE",
        path="license-tokens/{id}",
        action=Action.TOKENS_WRITE,
        view=revoke,
        summary="Revoke a machine token, at once and for good",
        answer=None,
        status=204,
        anew=True,
    ),
)
