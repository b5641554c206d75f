"""Repos over the pretend API."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, jsonify, request

from gitea_client.simulator import access, views
from gitea_client.simulator.api_accounts import NOTHING, visible_org
from gitea_client.simulator.auth import body, caller, me, needs, world
from gitea_client.simulator.errors import Refusal, not_found
from gitea_client.simulator.models import Repo, Right
from gitea_client.simulator.paging import paged

api = Blueprint("repos", __name__, url_prefix="/api/v1")


def found_repo(owner: str, name: str) -> Repo:
    """Return the repo that is asked for, if the caller may see it; old names redirect whoever asks."""
    return _seen(world().resolve(owner, name, request.path))


def needs_right(repo: Repo, right: Right, message: str, unit: str = access.CODE) -> None:
    """Refuse whoever has less than a right on a unit."""
    if not access.at_least(world(), me(), repo, right, unit):
        raise Refusal(403, message)


def needs_repo_admin(repo: Repo) -> None:
    """Refuse whoever is no admin of the repo."""
    needs_right(repo, "admin", "user should be an owner or a collaborator with admin write of a repository")


def _seen(repo: Repo) -> Repo:
    who = caller()
    if not access.visible(world(), who.person, repo):
        raise not_found()
    if who.public_only and repo.private:
        if not world().since(1, 24):
            raise Refusal(403, "token scope is limited to public repos")
        raise not_found()
    return repo


def _json(repos: Sequence[Repo]) -> list[views.Json]:
    return [views.repo_json(world(), repo, caller().person) for repo in repos]


def _create(owner: str) -> tuple[Response, int]:
    data = body()
    if not data.get("name"):
        raise Refusal(422, "[Name]: Required")
    repo = world().add_repo(
        owner,
        str(data["name"]),
        private=bool(data.get("private")),
        description=str(data.get("description", "")),
        empty=not data.get("auto_init"),
        by=me().login,
    )
    return jsonify(*_json([repo])), 201


@api.get("/repos/search")
@needs("repository", token=False)
def search() -> Response:
    """Repos that the caller sees, of one owner by ``uid``, where 0 and nothing stand for all.

    People who only collaborate are not told apart.
    """
    uid = request.args.get("uid", 0, type=int)
    repos = [repo for repo in world().repos.values() if uid in (0, repo.owner_id)]
    seen = [repo for repo in repos if access.visible(world(), caller().person, repo)]
    return paged(_json(sorted(seen, key=lambda repo: repo.id)), wrap=True)


@api.post("/repos/migrate")
@needs("repository")
def migrate() -> Response:
    """Bring a repo from elsewhere: not played, so every request is incomplete."""
    raise Refusal(422, "[CloneAddr]: Required")


@api.get("/repositories/<int:repo_id>")
@needs("repository")
def by_id(repo_id: int) -> Response:
    """A repo by its id."""
    repo = world().repos.get(repo_id)
    if repo is None:
        raise not_found()
    return jsonify(*_json([_seen(repo)]))


@api.post("/user/repos")
@needs("user", "repository")
def create_own() -> tuple[Response, int]:
    """Add a repo of one's own."""
    return _create(me().login)


@api.post("/orgs/<org>/repos")
@needs("organization", "repository")
def create_in_org(org: str) -> tuple[Response, int]:
    """Add a repo of an org."""
    account = visible_org(org)
    if not (me().is_admin or access.owns_org(world(), account.id, me())):
        raise Refusal(403, "Given user is not allowed to create repository in organization.")
    return _create(account.login)


@api.get("/repos/<owner>/<name>")
@needs("repository", token=False)
def one(owner: str, name: str) -> Response:
    """A repo, with the caller's permissions."""
    return jsonify(*_json([found_repo(owner, name)]))


@api.patch("/repos/<owner>/<name>")
@needs("repository")
def edit(owner: str, name: str) -> Response:
    """Rename, hide, show, archive or describe a repo."""
    repo, data = found_repo(owner, name), body()
    needs_repo_admin(repo)
    with world().lock:
        if data.get("name") and data["name"] != repo.name:
            world().rename_repo(owner, name, str(data["name"]))
        repo.private = bool(data.get("private", repo.private))
        repo.archived = bool(data.get("archived", repo.archived))
        repo.has_actions = bool(data.get("has_actions", repo.has_actions))
        repo.description = str(data.get("description", repo.description))
    return jsonify(*_json([repo]))


@api.delete("/repos/<owner>/<name>")
@needs("repository")
def delete(owner: str, name: str) -> tuple[str, int]:
    """Delete a repo."""
    repo = found_repo(owner, name)
    needs_repo_admin(repo)
    world().delete_repo(owner, name, by=me().login)
    return NOTHING


@api.post("/repos/<owner>/<name>/transfer")
@needs("repository")
def transfer(owner: str, name: str) -> tuple[Response, int]:
    """Give a repo away. Only a site admin's transfer takes effect at once; the receiver's consent is not played."""
    repo = found_repo(owner, name)
    needs_repo_admin(repo)
    if not me().is_admin:
        return jsonify(*_json([repo])), 201
    return jsonify(*_json([world().transfer(owner, name, str(body()["new_owner"]))])), 202


@api.get("/repos/<owner>/<name>/teams")
@needs("repository", token=False)
def teams(owner: str, name: str) -> Response:
    """Teams that reach a repo, in one page."""
    repo = found_repo(owner, name)
    if not world().accounts[repo.owner_id].is_org:
        raise Refusal(405, "repo is not owned by an organization")
    return jsonify([views.team_json(world(), team) for team in access.teams_of_repo(world(), repo)])


@api.put("/repos/<owner>/<name>/collaborators/<login>")
@needs("repository")
def add_collaborator(owner: str, name: str, login: str) -> tuple[str, int]:
    """Let a person into a repo."""
    repo = found_repo(owner, name)
    needs_repo_admin(repo)
    world().set_collaborator(owner, name, login, body().get("permission") or "write")
    return NOTHING
