"""Pages for people who open the pretend Gitea in a browser."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from gitea_client.simulator import access
from gitea_client.simulator.auth import world
from gitea_client.simulator.errors import not_found
from gitea_client.simulator.models import Repo
from gitea_client.simulator.oauth import signed_in

pages = Blueprint("human", __name__)


@pages.get("/")
def home() -> str:
    """All repos that the browser's person sees."""
    with world().lock:
        names = [
            world().full_name(repo) for repo in world().repos.values() if access.visible(world(), signed_in(), repo)
        ]
    return render_template("home.html", names=sorted(names), person=signed_in())


@pages.get("/<owner>/<name>")
def repo_page(owner: str, name: str) -> str:
    """One repo."""
    repo = _seen(owner, name)
    return render_template("repo.html", repo=repo, full_name=world().full_name(repo))


@pages.get("/<owner>/<name>/releases")
def releases_page(owner: str, name: str) -> str:
    """The releases of a repo, with their files."""
    repo = _seen(owner, name)
    shown = [release for release in repo.releases.values() if not release.draft]
    return render_template("releases.html", full_name=world().full_name(repo), releases=shown[::-1])


def _seen(owner: str, name: str) -> Repo:
    repo = world().resolve(owner, name, request.path)
    if not access.visible(world(), signed_in(), repo):
        raise not_found()
    return repo
