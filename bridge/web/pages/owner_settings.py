"""Settings of an owner: the streams, and which team of Gitea has which role. They live in Gitea, as variables."""

import logging
from collections.abc import Sequence
from typing import Any

from flask import Response

from bridge.rules.permissions import Action
from bridge.rules.streams import DEFAULT_STREAMS, MAX_STREAMS
from bridge.rules.variables import STREAMS, TEAMS
from bridge.rules.versions import STABILITIES
from bridge.web.api import schemas as shown
from bridge.web.pages.forms import Form
from bridge.web.pages.visits import Page, Visit
from gitea_client.errors import GiteaError

log = logging.getLogger(__name__)

ROLES = (("", "no role"), ("viewer", "viewer"), ("support", "support"), ("manager", "manager"))
_SPARE_LINES = 3
_OWNERS_TEAM = "owners"


def settings(visit: Visit) -> Response:
    """The form; what it says is written into Gitea."""
    reply = visit.fill("get_owner_licensing")
    stands: Any = reply.payload
    known = _teams_of_gitea(visit)
    form = visit.form(_first(stands, _teams(stands, known)), reply.etag)

    def send() -> Response:
        visit.fill("edit_owner_licensing", body=_body(form, stands), version=form.version)
        return visit.done("settings", "Saved in Gitea, and in force now.", back=("settings", "Look at it"))

    if visit.posted and (done := visit.attempt(form, send, settings="streams")):
        return done
    if form.conflict:
        form.version = visit.fill("get_owner_licensing").etag
    return visit.show(
        "owner_settings.html",
        form=form,
        stands=stands,
        lines=range(min(MAX_STREAMS, _lines(form) + _SPARE_LINES)),
        teams=_teams(stands, known),
        known=known,
        roles=ROLES,
        stabilities=[(each, each) for each in reversed(STABILITIES)],
        variables=(STREAMS, TEAMS),
        writable=visit.may(Action.SETTINGS_WRITE, of_owner=True),
    )


def _teams_of_gitea(visit: Visit) -> list[str] | None:
    """The organisation's teams but for its owners, who may everything; ``None`` where Gitea does not tell."""
    place = visit.place
    if place is None or place.owner_kind != "org":
        return []
    try:
        teams = visit.doors.gitea().org_teams(place.owner_name)
    except GiteaError as error:
        log.warning("the teams of %s can't be listed: %s", place.owner_name, error)
        return None
    return sorted(each.name.lower() for each in teams if each.name.lower() != _OWNERS_TEAM)


def _teams(stands: shown.OwnerSettings, known: Sequence[str] | None) -> list[str]:
    """Those that Gitea has and those that are named; the form numbers them."""
    return sorted({*(known or ()), *stands.teams})


def _first(stands: shown.OwnerSettings, teams: Sequence[str]) -> dict[str, object]:
    values: dict[str, object] = {"which_streams": "usual" if stands.streams == _usual() else "own"}
    for number, text in enumerate(stands.streams):
        name, _, stability = text.rstrip("+").partition("=")
        values |= {f"name_{number}": name, f"as_{number}": stability or name, f"open_{number}": text.endswith("+")}
    for number, team in enumerate(teams):
        values |= {f"team_{number}": team, f"role_{number}": stands.teams.get(team, "")}
    return values


def _usual() -> list[str]:
    return [each.name for each in DEFAULT_STREAMS]


def _lines(form: Form) -> int:
    """How many lines of the table of streams say something."""
    return max((number + 1 for number in range(MAX_STREAMS) if form[f"name_{number}"]), default=0)


def _body(form: Form, stands: shown.OwnerSettings) -> dict[str, Any]:
    """What differs from what stands."""
    body: dict[str, Any] = {}
    streams = _usual() if form["which_streams"] == "usual" else _streams(form)
    if streams != stands.streams:
        body["streams"] = None if form["which_streams"] == "usual" else streams
    named = form.names("team_")
    teams = {form[name]: form[f"role_{name.partition('_')[2]}"] for name in named}
    chosen = {team: role for team, role in teams.items() if team and role}
    if named and chosen != stands.teams:  # a form that says nothing of teams takes no role away
        body["teams"] = chosen or None
    return body


def _streams(form: Form) -> list[str]:
    found = []
    for number in range(MAX_STREAMS):
        name, stability = form[f"name_{number}"], form[f"as_{number}"]
        if name:
            plus = "+" if form.has(f"open_{number}") and stability != "stable" else ""
            found.append((name if name == stability else f"{name}={stability}") + plus)
    return found


PAGES = (
    # Its effect is in Gitea, so the version of what was seen keeps a second sending from doing more.
    Page(
        "owner_settings",
        "settings",
        Action.SETTINGS_READ,
        settings,
        level="owner",
        posts=Action.SETTINGS_WRITE,
        anew=True,
        once=False,
    ),
)
