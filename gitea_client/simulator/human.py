"""Pages for people who open the pretend Gitea in a browser."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from gitea_client.simulator import access
from gitea_client.simulator.auth import world
from gitea_client.simulator.errors import not_found
from gitea_client.simulator.models import Repo

pages = Blueprint("human", __name__)


@pages.get("/")
def home() -> str:
    """All public repos."""
    with world().lock:
        names = [world().full_name(repo) for repo in world().repos.values() if access.visible(world(), None, repo)]
    return render_template("home.html", names=sorted(names), version=world().version)


@pages.get("/<owner>/<name>")
def repo_page(owner: str, name: str) -> str:
    """One public repo."""
    repo = _public(owner, name)
    return render_template("repo.html", repo=repo, full_name=world().full_name(repo))


@pages.get("/<owner>/<name>/releases")
def releases_page(owner: str, name: str) -> str:
    """The releases of a public repo, with their files."""
    repo = _public(owner, name)
    shown = [release for release in repo.releases.values() if not release.draft]
    return render_template("releases.html", full_name=world().full_name(repo), releases=shown[::-1])


def _public(owner: str, name: str) -> Repo:
    repo = world().resolve(owner, name, request.path)
    if not access.visible(world(), None, repo):
        raise not_found()
    return repo
