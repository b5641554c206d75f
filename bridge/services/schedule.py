"""What the clock wants: served repos every ten minutes, their variables every minute, new repos in a slow sweep."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from bridge.models import Owner, Repo
from bridge.rules.variables import RepoSettings
from bridge.services import variables
from bridge.services.refresh import Catalog
from bridge.services.variables import Reading
from bridge.storage import catalog, refreshes, usage
from gitea_client.client import GiteaClient
from gitea_client.errors import GiteaError, Moved, NotFound
from gitea_client.levels import Level

log = logging.getLogger(__name__)

BATCH = 20
# After an error that concerns one owner or repo; the others go on meanwhile.
_POSTPONE = timedelta(seconds=60)
# What a refresh adds at most to the time of the next one, so that many are spread.
_JITTER = timedelta(seconds=11)


class Schedule:
    """Decides what is due. Owners' variables are read once for all their repos that are due together.

    ``owners`` are names as the configuration has them; ``*`` alone stands for everybody. Of several workers, each job
    is done by the one that moves its time on. A time further off than any wait was set by a clock that was put back
    since: then it is due.
    """

    def __init__(
        self,
        gitea: GiteaClient,
        work: Catalog,
        open_session: Callable[..., AbstractContextManager[Any]],
        owners: Sequence[str],
        *,
        settings_seconds: float,
        sweep_seconds: float,
    ) -> None:
        self._gitea = gitea
        self._work = work
        self._open_session = open_session
        self._owners = owners
        self._settings_wait = timedelta(seconds=settings_seconds)
        self._sweep_wait = timedelta(seconds=sweep_seconds)

    def run(self, now: datetime) -> None:
        """Do and queue what is due. What Gitea does not answer is logged and due again in a minute."""
        self._queue_reconciles(now)
        self._read_variables(now)
        self._sweep(now)

    def _queue_reconciles(self, now: datetime) -> None:
        with self._open_session(read_only=True) as session:
            due = catalog.due_for_reconcile(session, now, self._sweep_wait + _JITTER, BATCH)
        if not due:
            return
        with self._open_session() as session:
            for each in due:
                # The refresh sets the real next time; until it has run, nobody queues the repo again.
                if catalog.take_due(session, each, "next_refresh_at", now + self._sweep_wait):
                    refreshes.enqueue_quietly(session, each.repo_id, each.full_name, "reconcile", now)

    def _read_variables(self, now: datetime) -> None:
        with self._open_session(read_only=True) as session:
            longest = max(self._settings_wait, self._sweep_wait, _POSTPONE)
            due = catalog.due_for_settings(session, now, longest, BATCH)
        read_owners: dict[int, Reading] = {}
        failures: list[str] = []
        for each in due:
            changed: bool | None = None
            if not self._take(each, now):
                continue
            try:
                changed = self._have_changed(each.repo_id, read_owners)
            except Moved:
                changed = True  # renamed or given away: the refresh finds out
            except GiteaError as error:
                failures.append(f"{each.full_name} ({error})")
            self._note_read(each, changed, now)
        if failures:
            log.warning("the variables of %d repos could not be read, first %s", len(failures), failures[0])

    def _take(self, due: catalog.Due, now: datetime) -> bool:
        with self._open_session() as session:
            return catalog.take_due(session, due, "next_settings_at", now + _POSTPONE)

    def _note_read(self, due: catalog.Due, changed: bool | None, now: datetime) -> None:
        with self._open_session() as session:
            repo = session.get_one(Repo, due.repo_id)
            wait = self._settings_wait if repo.served else self._sweep_wait
            repo.next_settings_at = now + (_POSTPONE if changed is None else wait)
            if changed:
                refreshes.enqueue_quietly(session, repo.id, due.full_name, "variables changed", now)

    def _have_changed(self, repo_id: int, read_owners: dict[int, Reading]) -> bool:
        """Whether a refresh would find something new. It then reads variables and releases as one."""
        with self._open_session(read_only=True) as session:
            repo = session.get_one(Repo, repo_id)
            owner = session.get_one(Owner, repo.owner_id)
        if owner.id not in read_owners:
            read_owners[owner.id] = variables.read(self._gitea, variables.owner_level(owner.name, owner.kind))
        reading = variables.read(self._gitea, Level.repo(owner.name, repo.name))
        twin_owner, twin = Owner(**owner.model_dump()), Repo(**repo.model_dump())
        owner_served = self._work.serves(owner.name)
        changed = variables.settle_owner(twin_owner, read_owners[owner.id])
        changed |= variables.settle_repo(twin, twin_owner, reading, owner_served=owner_served)
        served = owner_served and variables.is_product(RepoSettings.from_dict(twin.settings))
        return changed or served != repo.served

    def _sweep(self, now: datetime) -> None:
        for name in self._owners:
            with self._open_session() as session:
                mine = usage.take_turn(session, f"sweep:{name.lower()}", now, self._sweep_wait)
            if not mine:
                continue
            try:
                found = self._work.sweep(name)
            except NotFound:
                log.warning("bridge.owners names %s, but Gitea has no such owner", name)
            except Moved as moved:
                log.warning("bridge.owners names %s, who is called %s now; name that instead", name, moved.new_account)
            except GiteaError as error:
                log.warning("the repos of %s could not be listed: %s", name, error)
                with self._open_session() as session:
                    usage.beat(session, f"sweep:{name.lower()}", now - self._sweep_wait + _POSTPONE)
            else:
                if found:
                    log.info("%s: %d repos were found that the bridge did not know", name, found)
