"""Things of a pretend Gitea as its JSON, field for field as recorded from Gitea 1.26."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from urllib.parse import quote

from gitea_client.simulator import access
from gitea_client.simulator.models import EPOCH, Account, Application, Asset, Hook, Release, Repo, Right, Team, Variable
from gitea_client.simulator.state import State

Json = dict[str, Any]
_UNITS_ON = ("has_code", "has_issues", "has_wiki", "has_pull_requests", "has_projects", "has_packages")


def when(moment: datetime) -> str:
    """A time as Go writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def user_json(state: State, account: Account, viewer: Account | None) -> Json:
    """A ``User``. Only site admins and the person see whether they are active, blocked or admin."""
    trusted = viewer is not None and (viewer.is_admin or viewer.id == account.id)
    hidden = f"{account.id}+{account.login}@noreply.localhost"
    return {
        "id": account.id,
        "login": account.login,
        "login_name": "",
        "source_id": 0,
        "full_name": account.full_name,
        "email": account.email if viewer is not None else hidden,
        "avatar_url": _avatar(state, account),
        "html_url": f"{state.public_url}/{account.login}",
        "language": account.language,
        "is_admin": trusted and account.is_admin,
        "last_login": when(EPOCH) if trusted else "0001-01-01T00:00:00Z",
        "created": when(account.created),
        "restricted": account.restricted,
        "active": trusted and account.active,
        "prohibit_login": trusted and account.prohibit_login,
        "location": "",
        "website": "",
        "description": "",
        "visibility": account.visibility,
        "followers_count": 0,
        "following_count": 0,
        "starred_repos_count": 0,
        "username": account.login,
    }


def org_json(state: State, org: Account) -> Json:
    """An ``Organization``."""
    return {
        "id": org.id,
        "name": org.login,
        "full_name": org.full_name,
        "email": org.email,
        "avatar_url": _avatar(state, org),
        "description": "",
        "website": "",
        "location": "",
        "visibility": org.visibility,
        "repo_admin_change_team_access": False,
        "username": org.login,
    }


def team_json(state: State, team: Team, *, with_org: bool = False) -> Json:
    """A ``Team``; lists leave the org out."""
    return {
        "id": team.id,
        "name": team.name,
        "description": "",
        "organization": org_json(state, state.accounts[team.org_id]) if with_org else None,
        "includes_all_repositories": team.includes_all,
        "permission": team.permission,
        "units": sorted(team.units),
        "units_map": dict(sorted(team.units.items())),
        "can_create_org_repo": team.permission == "owner",
    }


def repo_json(state: State, repo: Repo, viewer: Account | None) -> Json:
    """A ``Repository`` as ``viewer`` sees it."""
    full_name, home = state.full_name(repo), f"{state.public_url}/{state.full_name(repo)}"
    api = f"{state.public_url}/api/v1/repos/{full_name}"
    return {
        "id": repo.id,
        "owner": user_json(state, state.accounts[repo.owner_id], None),
        "name": repo.name,
        "full_name": full_name,
        "description": repo.description,
        "empty": repo.empty,
        "private": repo.private,
        **dict.fromkeys(("fork", "template", "mirror"), False),
        "size": 25,
        "languages_url": f"{api}/languages",
        "html_url": home,
        "url": api,
        **dict.fromkeys(("link", "original_url", "website", "language"), ""),
        "ssh_url": f"git@localhost:{full_name}.git",
        "clone_url": f"{home}.git",
        **dict.fromkeys(("stars_count", "forks_count", "watchers_count", "open_issues_count", "open_pr_counter"), 0),
        "branch_count": 1,
        "release_counter": sum(not release.draft for release in repo.releases.values()),
        "default_branch": repo.default_branch,
        "archived": repo.archived,
        "created_at": when(repo.created),
        "updated_at": when(repo.created),
        "archived_at": when(EPOCH),
        "permissions": permissions_json(state, repo, viewer),
        **dict.fromkeys(_UNITS_ON, True),
        "has_releases": repo.has_releases,
        "has_actions": repo.has_actions,
        "avatar_url": "",
        "internal": state.accounts[repo.owner_id].visibility != "public" and not repo.private,
        "mirror_interval": "",
        "object_format_name": "sha1",
        "mirror_updated": "0001-01-01T00:00:00Z",
        "topics": [],
        "licenses": [],
    }


def permissions_json(state: State, repo: Repo, viewer: Account | None) -> Json:
    """What ``viewer`` may do, by the code unit."""
    needed: dict[str, Right] = {"admin": "admin", "push": "write", "pull": "read"}
    return {name: access.at_least(state, viewer, repo, right) for name, right in needed.items()}


def release_json(state: State, repo: Repo, release: Release) -> Json:
    """A ``Release`` with its assets. ``published_at`` is a second name of ``created_at``."""
    full_name, tag = state.full_name(repo), quote(release.tag)
    api = f"{state.public_url}/api/v1/repos/{full_name}/releases/{release.id}"
    home = f"{state.public_url}/{full_name}"
    return {
        "id": release.id,
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.title,
        "body": release.notes,
        "url": api,
        "html_url": f"{home}/releases/tag/{tag}",
        "tarball_url": f"{home}/archive/{tag}.tar.gz",
        "zipball_url": f"{home}/archive/{tag}.zip",
        "upload_url": f"{api}/assets",
        "draft": release.draft,
        "prerelease": release.prerelease,
        "created_at": when(release.created),
        "published_at": when(release.created),
        "author": user_json(state, state.accounts[release.author_id], None),
        "assets": [asset_json(state, repo, release, asset) for asset in release.assets],
    }


def asset_json(state: State, repo: Repo, release: Release, asset: Asset) -> Json:
    """An ``Attachment``. Where names repeat, only the address by uuid is sure."""
    alone = sum(other.name == asset.name for other in release.assets) == 1
    by_name = f"/{state.full_name(repo)}/releases/download/{quote(release.tag, safe='')}/{quote(asset.name, safe='')}"
    return {
        "id": asset.id,
        "name": asset.name,
        "size": len(asset.content),
        "download_count": asset.downloads,
        "created_at": when(asset.created),
        "uuid": asset.uuid,
        "browser_download_url": state.public_url + (by_name if alone else f"/attachments/{asset.uuid}"),
    }


def variable_json(state: State, home: tuple[int, int], variable: Variable) -> Json:
    """An ``ActionVariable``; descriptions came with 1.24."""
    body = {"owner_id": home[0], "repo_id": home[1], "name": variable.name, "data": variable.value}
    return {**body, "description": variable.description} if state.since(1, 24) else body


def hook_json(state: State, hook: Hook) -> Json:
    """A ``Hook``, without its secret; names came with 1.26."""
    named = {"name": hook.name} if state.since(1, 26) else {}
    return {
        "id": hook.id,
        **named,
        "type": "gitea",
        "branch_filter": hook.branch_filter,
        "config": {"content_type": hook.content_type, "url": hook.url},
        "events": list(hook.events),
        "authorization_header": "",
        "active": hook.active,
        "updated_at": when(hook.created),
        "created_at": when(hook.created),
    }


def application_json(application: Application, *, secret: str = "") -> Json:
    """An ``OAuth2Application``; the secret is there when it is made, and empty ever after."""
    return {
        "id": application.id,
        "name": application.name,
        "client_id": application.client_id,
        "client_secret": secret,
        "confidential_client": application.confidential,
        "skip_secondary_authorization": application.skip_consent,
        "redirect_uris": list(application.redirect_uris),
        "created": when(application.created),
    }


def _avatar(state: State, account: Account) -> str:
    digest = hashlib.md5(account.login.encode(), usedforsecurity=False).hexdigest()
    return f"{state.public_url}/avatars/{digest}"
