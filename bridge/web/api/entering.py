"""The first steps of every request: who asks, what that person is here, and whether the bridge knows the place."""

from flask import Request

from bridge.models import Owner, Repo
from bridge.rules import machine_tokens
from bridge.rules.permissions import Grant
from bridge.services import settings_edits
from bridge.services.machine_tokens import recognise
from bridge.services.people import Kind, Place
from bridge.services.people_errors import UnprovenError
from bridge.services.throttling import Throttle
from bridge.web.api import reading
from bridge.web.api.errors import ApiError, not_found
from bridge.web.api.operations import Call

_KINDS: dict[str, Kind] = {"orgs": "org", "users": "user"}


def enter(call: Call, request: Request, wrong_tokens: Throttle) -> None:
    """Prove who asks and that they may, and fill the call in. Raises what ``errors`` translates."""
    operation = call.operation
    if operation.by_code and "Authorization" not in request.headers:
        return
    token = reading.token(request)
    ask = _as_machine if machine_tokens.is_token(token) else _as_person
    try:
        place = ask(call, token, wrong_tokens)
    except UnprovenError:
        wrong_tokens.note(call.origin)
        raise
    call.place = place
    if place.standing.is_nobody:
        raise ApiError("forbidden", f"your role here does not allow {operation.action}")
    if not _may_something(call):
        call.refuse_beyond_scopes(operation.action)
        raise ApiError("forbidden", f"your role here does not allow {operation.action}")
    if operation.unsafe and not place.token_id:
        call.doors.people().require_write_scope(token, place, anew=operation.anew)
    know(call, place)


def _as_person(call: Call, token: str, wrong_tokens: Throttle) -> Place:
    people, owner, anew = call.doors.people(), call.names["owner"], call.operation.anew
    if wrong_tokens.is_over(call.origin) and not people.remembers(token):
        raise _held_up()
    if call.level == "repos":
        return people.at_repo(token, owner, call.names["repo"], anew=anew)
    return people.at_owner(token, owner, _KINDS[call.level], anew=anew)


def _as_machine(call: Call, token: str, wrong_tokens: Throttle) -> Place:
    owner, anew = call.names["owner"], call.operation.anew
    try:
        machine = recognise(call.doors.open_session, token, call.now)
    except UnprovenError:
        if wrong_tokens.is_over(call.origin):
            raise _held_up() from None
        raise
    makers = call.doors.makers()
    if call.level == "repos":
        return makers.at_repo(machine, owner, call.names["repo"], anew=anew)
    return makers.at_owner(machine, owner, _KINDS[call.level], anew=anew)


def _held_up() -> ApiError:
    return ApiError("rate_limited", "too many wrong tokens came from there", headers={"Retry-After": "60"})


def _may_something(call: Call) -> bool:
    """Whether there is anything here that the caller may do this with."""
    of = (True, False) if call.level == "repos" else (True,)
    return any(call.standing.may(call.operation.action, of_owner=each) > Grant.NO for each in of)


def know(call: Call, place: Place) -> None:
    """Find the place in the bridge's memory, by its ids. A repo that is met the first time is read from Gitea now."""
    call.owner_id = place.owner_id
    if call.level == "repos":
        call.repo_id = place.repo_id
        if not _is_known(call, place) and call.doors.settings.serves(place.owner_name):
            path = f"{place.owner_name}/{place.repo_name}"
            settings_edits.take_in(call.doors.catalog(), call.doors.open_session, place.repo_id, path, call.now)
    if not _is_known(call, place):
        raise not_found()


def _is_known(call: Call, place: Place) -> bool:
    """Whether owner and repo are there and belong together, as Gitea says: a repo may just have changed hands."""
    with call.reading() as session:
        if call.level != "repos":
            return session.get(Owner, place.owner_id) is not None
        repo = session.get(Repo, place.repo_id)
        return repo is not None and repo.owner_id == place.owner_id
