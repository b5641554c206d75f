"""The one OpenID page of the pretend Gitea: who a token belongs to, whatever its scopes."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from gitea_client.simulator import access
from gitea_client.simulator.auth import caller, world
from gitea_client.simulator.errors import Refusal
from gitea_client.simulator.models import Account
from gitea_client.simulator.state import State

pages = Blueprint("userinfo", __name__)


@pages.get("/login/oauth/userinfo")
def userinfo() -> Response:
    """Id, name and groups of the person whose token it is."""
    person = caller().person
    if person is None:
        raise Refusal(401, "no valid authorization")
    return jsonify(
        {
            "sub": str(person.id),
            "name": person.full_name or person.login,
            "preferred_username": person.login,
            "email": person.email,
            "picture": "",
            "groups": groups_of(world(), person),
        }
    )


def groups_of(state: State, person: Account) -> list[str]:
    """Orgs and their teams that somebody is in, by name."""
    groups = []
    for org in (account for account in state.accounts.values() if account.is_org):
        teams = access.teams_of(state, org.id, person)
        groups += [org.login, *(f"{org.login}:{team.name.lower()}" for team in teams)] if teams else []
    return groups
