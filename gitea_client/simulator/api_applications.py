"""OAuth2 applications over the pretend API."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from gitea_client.simulator import views
from gitea_client.simulator.api_accounts import NOTHING
from gitea_client.simulator.auth import body, caller, me, needs, world
from gitea_client.simulator.errors import Refusal, not_found
from gitea_client.simulator.models import Application
from gitea_client.simulator.paging import paged

api = Blueprint("applications", __name__, url_prefix="/api/v1/user/applications/oauth2")


def _refuse_public_only() -> None:
    if caller().public_only and world().since(1, 26):
        raise Refusal(403, "this endpoint is not available for public-only tokens")


def _mine(application_id: int) -> Application:
    found = world().applications.get(application_id)
    if found is None or found.owner_id != me().id:
        raise not_found()
    return found


@api.get("")
@needs("user")
def every() -> Response:
    """One's own applications."""
    _refuse_public_only()
    mine = [each for each in world().applications.values() if each.owner_id == me().id]
    return paged([views.application_json(each) for each in mine])


@api.post("")
@needs("user")
def create() -> tuple[Response, int]:
    """Make one; its secret is in this answer only."""
    _refuse_public_only()
    data = body()
    if not data.get("name"):
        raise Refusal(422, "[Name]: Required")
    if not data.get("redirect_uris"):
        raise Refusal(422, "[RedirectURIs]: Required")
    made = world().add_application(
        str(data["name"]),
        [str(each) for each in data["redirect_uris"]],
        owner_id=me().id,
        confidential=bool(data.get("confidential_client")),
        skip_consent=bool(data.get("skip_secondary_authorization")),
    )
    return jsonify(views.application_json(made, secret=made.client_secret)), 201


@api.delete("/<int:application_id>")
@needs("user")
def delete(application_id: int) -> tuple[str, int]:
    """Remove one."""
    _refuse_public_only()
    with world().lock:
        del world().applications[_mine(application_id).id]
    return NOTHING
