"""The one OpenID page of the pretend Gitea: who a token belongs to, whatever its scopes."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from gitea_client.simulator import access
from gitea_client.simulator.auth import caller, world
from gitea_client.simulator.errors import Refusal

pages = Blueprint("userinfo", __name__)


@pages.get("/login/oauth/userinfo")
def userinfo() -> Response:
    """Id, name and groups of the person whose token it is."""
    person = caller().person
    if person is None:
        raise Refusal(401, "no valid authorization")
    groups = []
    for org in (account for account in world().accounts.values() if account.is_org):
        teams = access.teams_of(world(), org.id, person)
        groups += [org.login, *(f"{org.login}:{team.name.lower()}" for team in teams)] if teams else []
    return jsonify(
        {
            "sub": str(person.id),
            "name": person.full_name or person.login,
            "preferred_username": person.login,
            "email": person.email,
            "picture": "",
            "groups": groups,
        }
    )
