"""Settings: shown as they are in force, and written into Gitea, where they live."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from bridge.errors import InvalidInputError
from bridge.models import Owner, Repo
from bridge.rules.permissions import Action
from bridge.rules.streams import Stream
from bridge.rules.variables import (
    FEED,
    PLATFORM,
    REQUIRE_KEY,
    STREAMS,
    TEAMS,
    OwnerSettings,
    RepoSettings,
)
from bridge.services import publisher, settings_edits
from bridge.services.products import Hosts, load_product
from bridge.web.api import schemas as shown
from bridge.web.api import tags
from bridge.web.api.errors import invalid
from bridge.web.api.operations import OWNERS, REPOS, Call, Operation, Reply

_VARIABLES = {"platform": PLATFORM, "require_key": REQUIRE_KEY, "streams": STREAMS, "feed": FEED, "teams": TEAMS}
_FIELDS = {variable: field for field, variable in _VARIABLES.items()}


def get_repo(call: Call) -> Reply:
    """A repo's settings."""
    with call.reading() as session:
        return _reply(_repo_shape(call, call.repo(session), call.owner(session), session))


def get_owner(call: Call) -> Reply:
    """An owner's settings."""
    with call.reading() as session:
        return _reply(_owner_shape(call.owner(session)))


def edit_repo(call: Call) -> Reply:
    """Change a repo's settings."""
    call.require(Action.SETTINGS_WRITE, of_owner=False)
    changes = _changes(call)
    with settings_edits.in_turn(call.doors.open_session, call.owner_id):
        if call.if_match:  # what the caller has seen may have been changed in Gitea meanwhile
            _take_in_repo(call)
        with call.reading() as session:
            owner, repo = call.owner(session), call.repo(session)
            tags.check(call.if_match, _reply(_repo_shape(call, repo, owner, session)).etag)
        _checked(lambda: settings_edits.check_repo(changes, OwnerSettings.from_dict(owner.settings)))
        _write(call, changes)
        _take_in_repo(call)
        return get_repo(call)


def edit_owner(call: Call) -> Reply:
    """Change an owner's settings."""
    call.require(Action.SETTINGS_WRITE, of_owner=True)
    changes = _changes(call)
    with settings_edits.in_turn(call.doors.open_session, call.owner_id):
        if call.if_match:
            _take_in_owner(call)
        with call.reading() as session:
            tags.check(call.if_match, _reply(_owner_shape(call.owner(session))).etag)
        _checked(lambda: settings_edits.check_owner(changes))
        _write(call, changes)
        _take_in_owner(call)
        return get_owner(call)


def _take_in_repo(call: Call) -> None:
    assert call.place is not None, "settings are for people"
    path = f"{call.place.owner_name}/{call.place.repo_name}"
    settings_edits.take_in(call.doors.catalog(), call.doors.open_session, call.place.repo_id, path, call.now)


def _take_in_owner(call: Call) -> None:
    doors = call.doors
    settings_edits.take_in_owner(doors.gitea(), doors.catalog(), doors.open_session, call.owner_id, call.now)


def _write(call: Call, changes: Mapping[str, str | None]) -> None:
    assert call.place is not None, "settings are for people"
    settings_edits.write(
        call.doors.gitea(),
        call.doors.open_session,
        call.place.level,
        changes,
        owner_id=call.owner_id,
        repo_id=call.repo_id,
        actor=call.actor,
        now=call.now,
    )


def _changes(call: Call) -> dict[str, str | None]:
    """Each variable that is named, as the text that Gitea will hold."""
    changes: dict[str, str | None] = {}
    for field in sorted(call.body.model_fields_set):
        value = getattr(call.body, field)
        if field == "streams" and value is not None:
            value = _joined(field, value)
        if field == "teams" and value is not None:
            value = _joined(field, [f"{team}: {role}" for team, role in value.items()])
        changes[_VARIABLES[field]] = value
    return changes


def _joined(field: str, items: Sequence[str]) -> str:
    """One text of several; an item that would fall apart into two is refused."""
    if any(sign in item for item in items for sign in ",;\n"):
        raise invalid(field, "holds an item with a comma; write each as an item of its own")
    return ", ".join(items)


def _checked(check: Any) -> None:
    try:
        check()
    except InvalidInputError as error:
        raise invalid(_FIELDS.get(error.field, error.field), str(error)) from None


def _reply(shape: shown.RepoSettings | shown.OwnerSettings) -> Reply:
    return Reply(shape, etag=tags.tag(shape.model_dump(mode="json")))


def _repo_shape(call: Call, repo: Repo, owner: Owner, session: Any) -> shown.RepoSettings:
    settings = RepoSettings.from_dict(repo.settings) if repo.settings else RepoSettings()
    web = call.doors.settings
    problems: list[str] = []
    if repo.settings and owner.settings:
        hosts = Hosts(web.bridge.public_url, web.gitea.public_url)
        problems = publisher.warnings(load_product(session, repo, owner, hosts), repo)
    return shown.RepoSettings(
        platform=settings.platform,
        require_key=settings.require_key,
        streams=_streams(settings.streams),
        feed_rules=settings.to_dict()["feed"],
        served=repo.served,
        problems=problems,
    )


def _owner_shape(owner: Owner) -> shown.OwnerSettings:
    settings = OwnerSettings.from_dict(owner.settings) if owner.settings else OwnerSettings()
    return shown.OwnerSettings(
        streams=_streams(settings.streams),
        teams=cast("Any", dict(settings.teams)),
        problems=[f"{each['variable']}: {each['sentence']}" for each in owner.problems],
    )


def _streams(streams: Sequence[Stream]) -> list[str]:
    """As ``LICENSING_STREAMS`` writes them, so that what was read can be sent back."""
    return [
        (each.name if each.name == each.stability else f"{each.name}={each.stability}")
        + ("+" if each.listed_in_open_feed and each.stability != "stable" else "")
        for each in streams
    ]


OPERATIONS = (
    Operation(
        name="get_licensing",
        method="GET",
        path="licensing",
        action=Action.SETTINGS_READ,
        view=get_repo,
        summary="Show a repo's settings in force, and what is wrong with them",
        answer=shown.RepoSettings,
        levels=REPOS,
    ),
    Operation(
        name="edit_licensing",
        method="PATCH",
        path="licensing",
        action=Action.SETTINGS_WRITE,
        view=edit_repo,
        summary="Change a repo's settings, which live in Gitea as variables",
        answer=shown.RepoSettings,
        body=shown.RepoSettingsEdit,
        levels=REPOS,
        anew=True,
    ),
    Operation(
        name="get_owner_licensing",
        method="GET",
        path="licensing",
        action=Action.SETTINGS_READ,
        view=get_owner,
        summary="Show an owner's settings in force, and what is wrong with them",
        answer=shown.OwnerSettings,
        levels=OWNERS,
    ),
    Operation(
        name="edit_owner_licensing",
        method="PATCH",
        path="licensing",
        action=Action.SETTINGS_WRITE,
        view=edit_owner,
        summary="Change an owner's settings, which live in Gitea as variables",
        answer=shown.OwnerSettings,
        body=shown.OwnerSettingsEdit,
        levels=OWNERS,
        anew=True,
    ),
)
