"""Deliveries of Gitea's hooks: proven, remembered once, queued. What they say of releases is never believed."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import InvalidInputError, RefusedError, UnavailableError
from bridge.models import Repo
from bridge.storage import refreshes, usage
from gitea_client import hooks

log = logging.getLogger(__name__)

LAST_REFUSED = "hook refused"
_NOTE_REFUSED_EVERY = timedelta(seconds=10)

# Everything else (issues, comments, stars) has nothing to do with what customers get.
RELEVANT = frozenset({"release", "push", "create", "delete", "repository", "fork"})
# How `bridge init` and its like begin the name of a repo that they make to see a delivery arrive, and delete again.
CHECK_REPO = "license-bridge-check-"


def accept(
    body: bytes,
    headers: Mapping[str, str],
    secrets: Sequence[str],
    serves: Callable[[str], bool],
    open_session: Callable[..., AbstractContextManager[Any]],
    now: datetime,
) -> str:
    """Take a delivery in; durable when this returns. Returns what became of it, for the log.

    Raises ``RefusedError`` where it is not Gitea's, ``InvalidInputError`` where it is and can't be read.
    """
    if not hooks.verify(body, headers, secrets):
        raise RefusedError("the delivery is not signed with one of gitea.webhook_secrets")
    try:
        delivery = hooks.parse(body, headers)
    except hooks.BadDelivery as error:
        raise InvalidInputError("body", str(error)) from error
    if _is_for_check_repo(delivery):
        return _note_check(delivery, open_session, now)
    if delivery.event not in RELEVANT or delivery.repository_id is None or not delivery.owner:
        return "not about releases"
    if delivery.ref_type == "branch" and not delivery.is_test:
        return "not about releases"
    if not serves(delivery.owner) and not _is_known(delivery.repository_id, open_session):
        return "not a served owner"
    if delivery.is_test:
        return _note_check(delivery, open_session, now)
    with open_session() as session:
        fresh = refreshes.remember_delivery(
            session,
            source="gitea",
            delivery_id=delivery.uuid,
            event=delivery.event,
            repo_id=delivery.repository_id,
            now=now,
        )
        if not fresh:
            return "seen before"
        full_name = f"{delivery.owner}/{delivery.name}"
        refreshes.enqueue(session, delivery.repository_id, full_name, f"hook {delivery.event}", now)
    return "queued"


def _is_known(repo_id: int, open_session: Callable[..., AbstractContextManager[Any]]) -> bool:
    """A repo that went to an owner who is not served, or whose owner has another name now, is still looked after."""
    with open_session(read_only=True) as session:
        return session.get(Repo, repo_id) is not None


def _is_for_check_repo(delivery: hooks.Delivery) -> bool:
    """Whether it is of a repo that was made to see a delivery arrive, whoever owns it."""
    made_for_it = delivery.event == "repository" and (delivery.name or "").startswith(CHECK_REPO)
    return delivery.repository_id is not None and made_for_it


def _note_check(
    delivery: hooks.Delivery, open_session: Callable[..., AbstractContextManager[Any]], now: datetime
) -> str:
    with open_session() as session:
        refreshes.remember_delivery(
            session,
            source="gitea",
            delivery_id=delivery.uuid,
            event="test",
            repo_id=delivery.repository_id,
            now=now,
        )
    return "a check"


class Refusals:
    """Remembers when a delivery was last refused, for whoever watches: a secret may differ from Gitea's.

    Strangers can send as many as they like, so this process writes it down once in ten seconds.
    """

    def __init__(self, open_session: Callable[..., AbstractContextManager[Any]]) -> None:
        self._open_session = open_session
        self._written: datetime | None = None

    def note(self, now: datetime) -> None:
        """One was refused."""
        if self._written is not None and timedelta(0) <= now - self._written < _NOTE_REFUSED_EVERY:
            return
        self._written = now
        try:
            with self._open_session() as session:
                usage.beat(session, LAST_REFUSED, now)
        except UnavailableError as error:
            log.warning("that a delivery was refused could not be written down: %s", error)
