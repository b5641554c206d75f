"""The background loop: refreshes after hooks, reconciles by the clock, sweeps for new repos, tidies up.

Several workers may run: a repo is claimed by an update that only one of them wins, so each job is done once.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from bridge.errors import BridgeError
from bridge.services.figures import HEARTBEAT
from bridge.services.mailing import TOO_OLD, WAITED
from bridge.services.refill import Refill
from bridge.services.refresh import Catalog, Seen
from bridge.services.schedule import Schedule
from bridge.settings import RetentionSettings
from bridge.storage import (
    audits,
    outbox,
    payment_accounts,
    payment_events,
    person_sessions,
    refreshes,
    replays,
    stored_assets,
    usage,
)
from bridge.storage.files import FileStore
from bridge.storage.refreshes import Claim
from gitea_client.errors import GiteaError

log = logging.getLogger(__name__)

# Renewed before each file that is fetched; a killed worker's repo waits this long for the next one.
CLAIM_SECONDS = 180.0
IDLE_SECONDS = 0.2
TICK_SECONDS = 1.0
BEAT_SECONDS = 5.0
REFILL_SECONDS = 10.0
_BACKOFF_SECONDS = (5, 15, 60, 300)
_KEEP_DELIVERIES = timedelta(days=14)
_KEEP_REPLAYS = timedelta(days=7)
_KEEP_SESSIONS = timedelta(days=1)
_KEEP_ORDERS = timedelta(days=90)
_TIDY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class WorkerRules:
    """The settings that matter here. ``steps`` are seconds after a hook."""

    threads: int
    steps: Sequence[float]
    retention: RetentionSettings


class Worker:
    """Runs until it is told to stop. ``run_once`` does what is due now and returns, for tests and commands."""

    def __init__(
        self,
        catalog: Catalog,
        schedule: Schedule,
        store: FileStore,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        rules: WorkerRules,
        jobs: Mapping[str, Callable[[], bool]] = MappingProxyType({}),
        refill: Refill | None = None,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        self._catalog = catalog
        self._schedule = schedule
        self._store = store
        self._open_session = open_session
        self._clock = clock
        self._rules = rules
        self._jobs = jobs  # each with a thread of its own; they say whether there was something to do
        self._refill = refill
        self._give_way = give_way  # called before each piece of work: people and sites come first
        self._stop = threading.Event()
        self._longest_wait = timedelta(seconds=max(*rules.steps, *_BACKOFF_SECONDS))
        self._tidied_at = float("-inf")
        self._sites_forgotten = date.min

    def run(self) -> None:
        """Work until ``stop``. An error in one job never ends the loop."""
        jobs = [(self.refresh_next, IDLE_SECONDS, f"refresh-{number}") for number in range(self._rules.threads)]
        jobs += [(job, IDLE_SECONDS, name) for name, job in self._jobs.items()]
        # The heart has a thread of its own: a slow Gitea must not make the worker look dead.
        jobs.append((self.beat, BEAT_SECONDS, "beat"))
        jobs.append((self.refill, REFILL_SECONDS, "refill"))
        threads = [
            threading.Thread(target=self._loop, args=(job, pause), name=name, daemon=True) for job, pause, name in jobs
        ]
        for thread in threads:
            thread.start()
        self._loop(self.keep_time, TICK_SECONDS)
        for thread in threads:
            thread.join(timeout=30)

    def stop(self) -> None:
        """Ask the loop to end; a refresh that is under way is finished first."""
        self._stop.set()

    def run_once(self) -> None:
        """Do everything that is due at this moment, without waiting for anything but Gitea."""
        for job in (self.beat, self.keep_time, self.refill):
            self._tried(job)
        for job in (self.refresh_next, *self._jobs.values()):
            while self._tried(job):
                pass

    def _loop(self, job: Callable[[], bool], pause_seconds: float) -> None:
        while not self._stop.is_set():
            self._give_way()
            if not self._tried(job):
                self._stop.wait(pause_seconds)

    @staticmethod
    def _tried(job: Callable[[], bool]) -> bool:
        """Whether there was something to do; an error counts as nothing, so that it is not repeated at once."""
        try:
            return job()
        except (BridgeError, GiteaError) as error:
            log.warning("the worker goes on after: %s", error)
        except Exception:
            log.exception("the worker goes on after an unexpected error")
        return False

    def beat(self) -> bool:
        """Let everybody see that the worker lives."""
        with self._open_session() as session:
            usage.beat(session, HEARTBEAT, self._clock())
        return False

    def refill(self) -> bool:
        """Bring in what this machine's store lacks."""
        return self._refill is not None and self._refill.run()

    def keep_time(self) -> bool:
        """Queue what the clock says is due, and tidy up every hour."""
        self._schedule.run(self._clock())
        if time.monotonic() - self._tidied_at > _TIDY_SECONDS:
            self._tidied_at = time.monotonic()
            self.tidy()
        return False

    def tidy(self) -> None:
        """Forget what is older than the settings say, and what a killed process left behind."""
        now, kept = self._clock(), self._rules.retention
        with self._open_session() as session:
            refreshes.forget_deliveries(session, now - _KEEP_DELIVERIES)
            replays.forget(session, now - _KEEP_REPLAYS)
            person_sessions.forget(session, now - _KEEP_SESSIONS)
            unused = stored_assets.drop_vanished_bytes(session, now - timedelta(days=kept.withdrawn_asset_days))
            before = (now - timedelta(days=kept.usage_site_days)).date()
            usage.forget_sites(session, before, self._sites_forgotten)
            audits.forget_addresses(session, now - timedelta(days=kept.ip_address_days))
            payment_events.redact(session, now - timedelta(days=kept.payment_payload_days))
            payment_events.forget(session, now - timedelta(days=kept.payment_event_days))
            payment_accounts.forget_orders(session, now - _KEEP_ORDERS)
            outbox.drop_never_begun(session, now - TOO_OLD, WAITED)
            outbox.forget(session, now - timedelta(days=kept.payment_event_days))
        for sha256 in unused:
            self._store.remove(sha256)
        self._store.sweep(time.time() - _TIDY_SECONDS)
        if self._refill is not None:
            self._refill.drop_strays(time.time())
        self._sites_forgotten = before

    def refresh_next(self) -> bool:
        """Take one repo from the queue and refresh it. Whether there was one."""
        with self._open_session() as session:
            claim = refreshes.claim(session, self._clock(), for_seconds=CLAIM_SECONDS, longest_wait=self._longest_wait)
        if claim is None:
            return False
        try:
            seen = self._catalog.refresh(claim.repo_id, lambda: self._renew(claim))
        except (GiteaError, BridgeError) as error:
            log.warning("%s could not be refreshed (%s): %s", claim.full_name, claim.reason, error)
            self._put_back(claim, str(error))
        except Exception as error:
            log.exception("%s could not be refreshed (%s)", claim.full_name, claim.reason)
            self._put_back(claim, repr(error))
        else:
            self._go_on(claim, seen)
        return True

    def _renew(self, claim: Claim) -> None:
        with self._open_session() as session:
            refreshes.renew(session, claim, self._clock() + timedelta(seconds=CLAIM_SECONDS))

    def _put_back(self, claim: Claim, error: str) -> None:
        wait = _BACKOFF_SECONDS[min(claim.attempts, len(_BACKOFF_SECONDS) - 1)]
        due = self._clock() + timedelta(seconds=wait)
        with self._open_session() as session:
            refreshes.again(
                session, claim, due, step=claim.step, digest=claim.digest, attempts=claim.attempts + 1, error=error
            )

    def _go_on(self, claim: Claim, seen: Seen) -> None:
        """The next look of the series, unless two looks agree and every release has its file.

        A repo that is no product has no release to wait for.
        """
        settled = seen.complete and seen.digest == claim.digest
        following = claim.step + 1
        with self._open_session() as session:
            if seen.look_again:
                refreshes.again(
                    session, claim, self._clock() + timedelta(seconds=60), step=claim.step, digest=seen.digest
                )
            elif claim.step < 0 or settled or not seen.served or following >= len(self._rules.steps):
                refreshes.finish(session, claim)
            else:
                wait = self._rules.steps[following] - self._rules.steps[claim.step]
                # Counted from when this look was due: the steps are seconds after the hook, however long a look takes.
                due = max(self._clock(), claim.due_at + timedelta(seconds=wait))
                refreshes.again(session, claim, due, step=following, digest=seen.digest)
