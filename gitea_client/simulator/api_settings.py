"""Actions variables and webhooks over the pretend API, on every level that has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from gitea_client.simulator import views
from gitea_client.simulator.api_accounts import NOTHING, needs_org_owner, visible_org
from gitea_client.simulator.api_repos import found_repo, needs_repo_admin, needs_right
from gitea_client.simulator.auth import body, me, needs, needs_site_admin, world
from gitea_client.simulator.errors import Refusal, not_found
from gitea_client.simulator.models import Account, Hook, Repo, Variable
from gitea_client.simulator.paging import paged

api = Blueprint("settings", __name__, url_prefix="/api/v1")
Home = tuple[int, int]
Place = tuple[Account | None, Repo | None]
_NAME = re.compile(r"(?!GIT(?:EA|HUB)_|CI$)[A-Z_][A-Z0-9_]*")
_LONGEST_VALUE = 65_536


def _repo_variables(owner: str, name: str) -> Home:
    repo = found_repo(owner, name)
    needs_right(repo, "owner", "user should be the owner of the repo")
    return (0, repo.id)


def _org_variables(org: str) -> Home:
    account = visible_org(org)
    needs_org_owner(account)
    return (account.id, 0)


def _user_variables() -> Home:
    return (me().id, 0)


def _list_variables(home: Home) -> Response:
    found = world().variables.get(home, {})
    shown = [views.variable_json(world(), home, variable) for variable in found.values()]
    if home[1] and not world().since(1, 24):
        # A slip of 1.23: the list of a repo's variables leaves their values out.
        shown = [{**each, "data": ""} for each in shown]
    return paged(shown)


def _variable(home: Home, variable: str) -> Variable:
    found = world().variables.get(home, {}).get(variable.upper())
    if found is None:
        raise Refusal(404, "variable not found")
    return found


def _checked(data: dict[str, Any]) -> tuple[str, str]:
    value = data.get("value")
    if not isinstance(value, str) or not value:
        raise Refusal(422, "[Value]: Required")
    if world().since(1, 24) and len(value) > _LONGEST_VALUE:
        raise Refusal(400, "data content is too long")
    return value.replace("\r\n", "\n"), str(data.get("description", ""))


def _create_variable(home: Home, variable: str) -> tuple[str, int]:
    value, description = _checked(body())
    with world().lock:
        found = world().variables.setdefault(home, {})
        name = variable.upper()
        if name in found:
            raise Refusal(409, f"variable name {name} already exists")
        if not _NAME.fullmatch(name):
            raise Refusal(400, "invalid variable or secret name")
        found[name] = Variable(name=name, value=value, description=description)
    return "", 201 if world().since(1, 25) else 204


def _change_variable(home: Home, variable: str) -> tuple[str, int]:
    value, description = _checked(body())
    with world().lock:
        found = _variable(home, variable)
        found.value, found.description = value, description
    return NOTHING


def _delete_variable(home: Home, variable: str) -> tuple[str, int]:
    with world().lock:
        del world().variables[home][_variable(home, variable).name]
    return NOTHING


def _route_variables(prefix: str, name: str, category: str, home: Callable[..., Home]) -> None:
    """Add the five routes of one level; ``home`` takes the arguments of the prefix and checks the right."""

    @api.get(f"{prefix}/actions/variables", endpoint=f"{name}-variables")
    @needs(category)
    def every(**place: str) -> Response:
        return _list_variables(home(**place))

    @api.get(f"{prefix}/actions/variables/<variable>", endpoint=f"{name}-variable")
    @needs(category)
    def one(variable: str, **place: str) -> Response:
        at = home(**place)
        return jsonify(views.variable_json(world(), at, _variable(at, variable)))

    for method, act in (("POST", _create_variable), ("PUT", _change_variable), ("DELETE", _delete_variable)):

        def write(variable: str, _act: Callable[[Home, str], tuple[str, int]] = act, **place: str) -> tuple[str, int]:
            return _act(home(**place), variable)

        address, endpoint = f"{prefix}/actions/variables/<variable>", f"{name}-variable-{method}"
        api.add_url_rule(address, endpoint, needs(category)(write), methods=[method])


def _system_hooks() -> Place:
    needs_site_admin()
    return None, None


def _org_hooks(org: str) -> Place:
    account = visible_org(org)
    needs_org_owner(account)
    return account, None


def _repo_hooks(owner: str, name: str) -> Place:
    repo = found_repo(owner, name)
    needs_repo_admin(repo)
    return None, repo


def _hooks_at(place: Place) -> list[Hook]:
    org, repo = place
    ids = (org.id if org else 0, repo.id if repo else 0)
    return [hook for hook in world().hooks.values() if (hook.owner_id, hook.repo_id) == ids]


def _of_wanted_kind(hook: Hook) -> bool:
    """Whether ``?type=`` of the system's list asks for it, from 1.24; before, and without it, for real system hooks."""
    if hook.owner_id or hook.repo_id:
        return True
    wanted = request.args.get("type", "system") if world().since(1, 24) else "system"
    return wanted == "all" or hook.is_system == (wanted == "system")


def _create_hook(place: Place) -> Hook:
    data, (org, repo) = body(), place
    if not data.get("type"):
        raise Refusal(422, "[Type]: Required")
    config = data.get("config") or {}
    if data.get("type") != "gitea" or not config.get("url") or config.get("content_type") not in {"json", "form"}:
        raise Refusal(422, "Missing config option: url")
    known = {"push", "create", "delete", "release", "repository", "package", "fork", "issues", "pull_request"}
    return world().add_hook(
        str(config["url"]),
        str(config.get("secret", "")),
        events=[event for event in data.get("events") or [] if event in known],
        org=org,
        repo=repo,
        content_type=str(config["content_type"]),
        active=bool(data.get("active")),
        is_system=config.get("is_system_webhook") == "true",
        branch_filter=str(data.get("branch_filter", "")),
        name=str(data.get("name", "")) if world().since(1, 26) else "",
    )


def _route_hooks(prefix: str, name: str, category: str, place: Callable[..., Place]) -> None:
    """Add the three routes of one level."""

    @api.get(f"{prefix}/hooks", endpoint=f"{name}-hooks")
    @needs(category)
    def every(**names: str) -> Response:
        hooks = [views.hook_json(world(), hook) for hook in _hooks_at(place(**names)) if _of_wanted_kind(hook)]
        return paged(hooks, total=world().since(1, 24))

    @api.post(f"{prefix}/hooks", endpoint=f"{name}-create-hook")
    @needs(category)
    def create(**names: str) -> tuple[Response, int]:
        return jsonify(views.hook_json(world(), _create_hook(place(**names)))), 201

    @api.delete(f"{prefix}/hooks/<int:hook_id>", endpoint=f"{name}-delete-hook")
    @needs(category)
    def delete(hook_id: int, **names: str) -> tuple[str, int]:
        if hook_id not in {hook.id for hook in _hooks_at(place(**names))}:
            raise not_found()
        with world().lock:
            del world().hooks[hook_id]
        return NOTHING


@api.post("/repos/<owner>/<name>/hooks/<int:hook_id>/tests")
@needs("repository")
def test_hook(owner: str, name: str, hook_id: int) -> tuple[str, int]:
    """Send a made-up push to one hook, which needs a commit to tell of."""
    repo = found_repo(owner, name)
    needs_repo_admin(repo)
    if repo.empty:
        raise Refusal(404, "repository is empty")
    hook = next((hook for hook in _hooks_at((None, repo)) if hook.id == hook_id), None)
    if hook is None:
        raise not_found()
    world().tell_test(hook, repo, me())
    return NOTHING


_route_variables("/repos/<owner>/<name>", "repo", "repository", _repo_variables)
_route_variables("/orgs/<org>", "org", "organization", _org_variables)
_route_variables("/user", "user", "user", _user_variables)
_route_hooks("/admin", "system", "admin", _system_hooks)
_route_hooks("/orgs/<org>", "org", "organization", _org_hooks)
_route_hooks("/repos/<owner>/<name>", "repo", "repository", _repo_hooks)
