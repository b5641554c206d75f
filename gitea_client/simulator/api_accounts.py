"""People, orgs and teams over the pretend API."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from gitea_client.simulator import access, views
from gitea_client.simulator.auth import body, caller, me, needs, needs_site_admin, world
from gitea_client.simulator.errors import Redirected, Refusal, not_found
from gitea_client.simulator.models import Account, Team
from gitea_client.simulator.paging import paged

api = Blueprint("accounts", __name__, url_prefix="/api/v1")
NOTHING = ("", 204)


def visible_org(name: str) -> Account:
    """Return an org that the caller may see; old names redirect."""
    if world().account(name) is None and (renamed := world().renamed_account(name)) is not None:
        raise Redirected(307, request.path.replace(f"/{name}", f"/{renamed.login}", 1))
    org = world().org(name)
    person = caller().person
    trusted = person is not None and (person.is_admin or bool(access.teams_of(world(), org.id, person)))
    if org.visibility != "public" and not trusted:
        raise not_found()
    return org


def needs_org_owner(org: Account) -> None:
    """Refuse whoever is neither in the Owners team nor site admin."""
    if not (me().is_admin or access.owns_org(world(), org.id, me())):
        raise Refusal(403, "Must be an organization owner")


def _team(team_id: int) -> Team:
    team = world().teams.get(team_id)
    if team is None:
        raise not_found()
    if not (me().is_admin or access.owns_org(world(), team.org_id, me()) or me().id in team.members):
        if access.teams_of(world(), team.org_id, me()):
            raise Refusal(403, "Must be a team member")
        raise not_found()
    return team


def _named_person(login: str) -> Account:
    account = world().account(login)
    if account is None:
        renamed = world().renamed_account(login)
        if renamed is not None:
            raise Redirected(307, request.path.replace(f"/{login}", f"/{renamed.login}", 1))
        raise Refusal(404, f"user redirect does not exist [name: {login}]")
    return account


@api.get("/version")
def version() -> Response:
    """Needs nothing."""
    return jsonify({"version": world().version})


@api.get("/settings/api")
def settings_api() -> Response:
    """Needs nothing."""
    return jsonify(
        {
            "max_response_items": world().max_response_items,
            "default_paging_num": 30,
            "default_git_trees_per_page": 1000,
            "default_max_blob_size": 10485760,
            "default_max_response_size": 104857600,
        }
    )


@api.get("/user")
@needs("user")
def user() -> Response:
    """Whose token it is."""
    return jsonify(views.user_json(world(), me(), me()))


@api.get("/users/search")
@needs("user", token=False)
def search_users() -> Response:
    """People, one of them by ``uid``, where 0 and nothing stand for all; no orgs. Owners may switch it off."""
    if not world().users_page:
        raise not_found()
    uid = request.args.get("uid", 0, type=int)
    people = [each for each in world().accounts.values() if not each.is_org and uid in (0, each.id)]
    people = [each for each in people if access.sees_person(caller().person, each)]
    people.sort(key=lambda each: each.login.lower())
    return paged([views.user_json(world(), each, caller().person) for each in people], wrap=True)


@api.get("/users/<login>")
@needs("user", token=False)
def one_user(login: str) -> Response:
    """A person, or an org shown as one."""
    account = _named_person(login)
    if not account.is_org and not access.sees_person(caller().person, account):
        raise Refusal(404, f"user does not exist [uid: 0, name: {login}]")
    return jsonify(views.user_json(world(), account, caller().person))


@api.post("/admin/users")
@needs("admin")
def create_user() -> tuple[Response, int]:
    """Add a person."""
    needs_site_admin()
    data = body()
    account = world().add_user(
        str(data["username"]), email=str(data.get("email", "")), password=str(data.get("password", ""))
    )
    return jsonify(views.user_json(world(), account, me())), 201


@api.patch("/admin/users/<login>")
@needs("admin")
def edit_user(login: str) -> Response:
    """Block a person or let them in again, hide them or show them."""
    needs_site_admin()
    account, data = _named_person(login), body()
    account.active = bool(data.get("active", account.active))
    account.prohibit_login = bool(data.get("prohibit_login", account.prohibit_login))
    account.visibility = str(data.get("visibility", account.visibility))
    return jsonify(views.user_json(world(), account, me()))


@api.post("/admin/users/<login>/rename")
@needs("admin")
def rename_user(login: str) -> tuple[str, int]:
    """Give a person another name; the old one leads there until somebody takes it."""
    needs_site_admin()
    world().rename_account(_named_person(login).login, str(body()["new_username"]))
    return NOTHING


@api.delete("/admin/users/<login>")
@needs("admin")
def delete_user(login: str) -> tuple[str, int]:
    """Delete a person who owns nothing."""
    needs_site_admin()
    world().remove_user(_named_person(login).login)
    return NOTHING


@api.post("/users/<login>/tokens")
def create_token(login: str) -> tuple[Response, int]:
    """Make a token with a name and password, as Gitea does; tokens cannot make tokens here."""
    data = body()
    if caller().token is not None or me().login != login:
        raise Refusal(401, "auth required")
    text = world().add_token(login, scopes=[str(scope) for scope in data.get("scopes", [])])
    return jsonify({"id": 1, "name": data.get("name", ""), "sha1": text, "token_last_eight": text[-8:]}), 201


@api.post("/orgs")
@needs("organization")
def create_org() -> tuple[Response, int]:
    """Add an org; whoever asks owns it."""
    data = body()
    if not data.get("username"):
        raise Refusal(422, "[UserName]: Required")
    org = world().add_org(
        str(data.get("username", "")),
        owner=me().login,
        full_name=str(data.get("full_name", "")),
        visibility=str(data.get("visibility") or "public"),
    )
    return jsonify(views.org_json(world(), org)), 201


@api.get("/orgs/<name>")
@needs("organization", token=False)
def one_org(name: str) -> Response:
    """An org."""
    return jsonify(views.org_json(world(), visible_org(name)))


@api.patch("/orgs/<name>")
@needs("organization")
def edit_org(name: str) -> Response:
    """Hide an org, or show it."""
    org = visible_org(name)
    needs_org_owner(org)
    org.visibility = str(body().get("visibility", org.visibility))
    return jsonify(views.org_json(world(), org))


@api.post("/orgs/<name>/rename")
@needs("organization")
def rename_org(name: str) -> tuple[str, int]:
    """Rename an org, from 1.24."""
    org = visible_org(name)
    if not world().since(1, 24):
        raise not_found()
    needs_org_owner(org)
    world().rename_account(name, str(body()["new_name"]))
    return NOTHING


@api.get("/orgs/<name>/teams")
@needs("organization")
def org_teams(name: str) -> Response:
    """All teams, for members; those of one's own otherwise never."""
    org = visible_org(name)
    if not (me().is_admin or access.teams_of(world(), org.id, me())):
        raise Refusal(403, "Must be an organization member")
    teams = sorted((team for team in world().teams.values() if team.org_id == org.id), key=lambda team: team.name)
    return paged([views.team_json(world(), team) for team in teams])


@api.post("/orgs/<name>/teams")
@needs("organization")
def create_team(name: str) -> tuple[Response, int]:
    """Add a team."""
    org, data = visible_org(name), body()
    needs_org_owner(org)
    if not data.get("name"):
        raise Refusal(422, "[Name]: Required")
    units = data.get("units_map") or dict.fromkeys(data.get("units", []), data.get("permission", "read"))
    team = world().add_team(
        name,
        str(data["name"]),
        permission=data.get("permission") or "none",
        units=units,
        includes_all=bool(data.get("includes_all_repositories")),
    )
    return jsonify(views.team_json(world(), team, with_org=True)), 201


@api.get("/teams/<int:team_id>/members")
@needs("organization")
def team_members(team_id: int) -> Response:
    """People in a team."""
    people = [world().accounts[member] for member in sorted(_team(team_id).members)]
    return paged([views.user_json(world(), person, me()) for person in people])


@api.get("/teams/<int:team_id>/members/<login>")
@needs("organization")
def team_member(team_id: int, login: str) -> Response:
    """One person in a team, or 404."""
    team, person = _team(team_id), world().account(login)
    if person is None or person.id not in team.members:
        raise not_found()
    return jsonify(views.user_json(world(), person, me()))


@api.put("/teams/<int:team_id>/members/<login>")
@needs("organization")
def add_member(team_id: int, login: str) -> tuple[str, int]:
    """Put somebody into a team."""
    team = _team(team_id)
    needs_org_owner(world().accounts[team.org_id])
    team.members.add(_named_person(login).id)
    return NOTHING


@api.put("/teams/<int:team_id>/repos/<org>/<name>")
@needs("organization", "repository")
def add_team_repo(team_id: int, org: str, name: str) -> tuple[str, int]:
    """Let a team reach a repo."""
    team = _team(team_id)
    needs_org_owner(world().accounts[team.org_id])
    team.repos.add(world().repo(org, name).id)
    return NOTHING


@api.get("/users/<login>/orgs/<name>/permissions")
@needs("user", "organization")
def org_permissions(login: str, name: str) -> Response:
    """What a person is in an org. As Gitea's, it calls members of unit-based teams strangers."""
    person, org = _named_person(login), visible_org(name)
    owner = access.owns_org(world(), org.id, person)
    rights = {team.permission for team in access.teams_of(world(), org.id, person)}
    return jsonify(
        {
            "is_owner": owner,
            "is_admin": owner or "admin" in rights,
            "can_write": bool(rights & {"write", "admin", "owner"}),
            "can_read": bool(rights - {"none"}),
            "can_create_repository": owner,
        }
    )
