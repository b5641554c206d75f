"""Tags, releases and assets over the pretend API."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from gitea_client.simulator import access, views
from gitea_client.simulator.api_accounts import NOTHING
from gitea_client.simulator.api_repos import found_repo, needs_right
from gitea_client.simulator.auth import body, caller, me, needs, world
from gitea_client.simulator.errors import Refusal, not_found
from gitea_client.simulator.models import Release, Repo
from gitea_client.simulator.paging import paged

api = Blueprint("releases", __name__, url_prefix="/api/v1/repos/<owner>/<name>")


def _readable(owner: str, name: str) -> Repo:
    repo = found_repo(owner, name)
    if not access.at_least(world(), caller().person, repo, "read", access.RELEASES):
        raise Refusal(403, "user should have specific read permission or be a repo admin or a site admin")
    return repo


def _writable(owner: str, name: str) -> Repo:
    repo = found_repo(owner, name)
    if repo.archived:
        raise Refusal(423, "repo is archived")
    needs_right(repo, "write", "user should have a permission to write to a repo", access.RELEASES)
    return repo


def _sees_drafts(repo: Repo) -> bool:
    who = caller()
    writes = access.at_least(world(), who.person, repo, "write", access.RELEASES)
    return writes and (not world().since(1, 26) or who.has_scope("write", "repository"))


def _by_id(repo: Repo, release_id: int) -> Release:
    release = repo.releases.get(release_id)
    # 1.23 hides drafts from lists only.
    hidden = release is not None and release.draft and world().since(1, 24) and not _sees_drafts(repo)
    if release is None or hidden:
        raise not_found()
    return release


def _json(repo: Repo, release: Release) -> views.Json:
    return views.release_json(world(), repo, release)


@api.get("/releases")
@needs("repository", token=False)
def all_releases(owner: str, name: str) -> Response:
    """Releases, newest first; drafts for those who may see them."""
    repo = _readable(owner, name)
    drafts = _sees_drafts(repo)
    shown = [release for release in repo.releases.values() if drafts or not release.draft]
    shown.sort(key=lambda release: (release.created, release.id), reverse=True)
    return paged([_json(repo, release) for release in shown])


@api.post("/releases")
@needs("repository")
def create(owner: str, name: str) -> tuple[Response, int]:
    """Make a release."""
    repo, data = _writable(owner, name), body()
    if not data.get("tag_name"):
        raise Refusal(422, "[TagName]: Required")
    release = world().create_release(
        repo,
        me(),
        str(data["tag_name"]),
        title=str(data.get("name", "")),
        notes=str(data.get("body", "")),
        target=str(data.get("target_commitish", "")),
        draft=bool(data.get("draft")),
        prerelease=bool(data.get("prerelease")),
    )
    return jsonify(_json(repo, release)), 201


@api.get("/releases/latest")
@needs("repository", token=False)
def latest(owner: str, name: str) -> Response:
    """The newest by date that is neither draft nor pre-release."""
    repo = _readable(owner, name)
    full = [release for release in repo.releases.values() if not release.draft and not release.prerelease]
    if not full:
        raise not_found()
    return jsonify(_json(repo, max(full, key=lambda release: (release.created, release.id))))


@api.get("/releases/tags/<path:tag>")
@needs("repository", token=False)
def by_tag(owner: str, name: str, tag: str) -> Response:
    """The release of a tag. Drafts are shown by right alone, whatever the token's scope."""
    repo = _readable(owner, name)
    release = world().release_of(repo, tag)
    writes = access.at_least(world(), caller().person, repo, "write", access.RELEASES)
    if release is None or (release.draft and not writes and world().since(1, 24)):
        raise not_found()
    return jsonify(_json(repo, release))


@api.get("/releases/<int:release_id>")
@needs("repository", token=False)
def one(owner: str, name: str, release_id: int) -> Response:
    """A release by its id."""
    repo = _readable(owner, name)
    return jsonify(_json(repo, _by_id(repo, release_id)))


@api.patch("/releases/<int:release_id>")
@needs("repository")
def edit(owner: str, name: str, release_id: int) -> Response:
    """Change, publish or un-publish a release."""
    repo, data = _writable(owner, name), body()
    release = _by_id(repo, release_id)
    world().edit_release(
        repo,
        release,
        me(),
        title=data.get("name"),
        notes=data.get("body"),
        draft=data.get("draft"),
        prerelease=data.get("prerelease"),
    )
    return jsonify(_json(repo, release))


@api.delete("/releases/<int:release_id>")
@needs("repository")
def delete(owner: str, name: str, release_id: int) -> tuple[str, int]:
    """Delete a release; its tag stays."""
    repo = _writable(owner, name)
    world().delete_release(repo, _by_id(repo, release_id), me())
    return NOTHING


@api.get("/releases/<int:release_id>/assets")
@needs("repository", token=False)
def assets(owner: str, name: str, release_id: int) -> Response:
    """Files of a release, in one page."""
    repo = _readable(owner, name)
    release = _by_id(repo, release_id)
    return jsonify(_json(repo, release)["assets"])


@api.post("/releases/<int:release_id>/assets")
@needs("repository")
def upload(owner: str, name: str, release_id: int) -> tuple[Response, int]:
    """Add a file: a form's field ``attachment``, or the raw body under ``?name=``."""
    repo = _writable(owner, name)
    release = _by_id(repo, release_id)
    file_name = request.args.get("name", "")
    if request.mimetype == "multipart/form-data":
        sent = request.files.get("attachment")
        if sent is None:
            raise Refusal(500, "http: no such file")
        file_name, content = file_name or sent.filename or "", sent.read()
    else:
        content = request.get_data()
    if not file_name:
        raise Refusal(400, "Could not determine name of attachment.")
    asset = world().upload(release, file_name, content)
    return jsonify(views.asset_json(world(), repo, release, asset)), 201


@api.delete("/releases/<int:release_id>/assets/<int:asset_id>")
@needs("repository")
def delete_asset(owner: str, name: str, release_id: int, asset_id: int) -> tuple[str, int]:
    """Remove a file."""
    repo = _writable(owner, name)
    world().delete_asset(_by_id(repo, release_id), asset_id)
    return NOTHING


@api.post("/tags")
@needs("repository")
def push_tag(owner: str, name: str) -> tuple[Response, int]:
    """Push a bare tag."""
    repo, tag = _writable(owner, name), str(body()["tag_name"])
    if tag in repo.tags:
        raise Refusal(409, "tag already exists")
    world().push_tag(owner, name, tag, by=me().login)
    return jsonify({"name": tag, "message": "", "id": repo.tags[tag]}), 201
