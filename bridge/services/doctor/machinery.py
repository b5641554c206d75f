"""Checks of the background worker: is it alive, and does it keep up."""

from collections.abc import Iterator

from bridge.services import figures
from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.patient import Patient
from bridge.storage import refreshes

_LATE_SECONDS = 300
_MANY_ATTEMPTS = 3
_MOST_NAMED = 5


def _alive(patient: Patient) -> Iterator[Seen]:
    with patient.open_session(read_only=True) as session:
        lag = figures.worker_lag_seconds(session, patient.clock())
    if lag is None:
        yield seen("never")
    elif lag >= figures.WORKER_LATE_SECONDS:
        yield seen("late", seconds=round(lag))
    else:
        yield seen("alive", seconds=round(lag))


def _queue(patient: Patient) -> Iterator[Seen]:
    now = patient.clock()
    with patient.open_session(read_only=True) as session:
        depth, oldest = refreshes.depth(session), refreshes.oldest_due(session)
        failing = refreshes.failing(session, _MANY_ATTEMPTS, _MOST_NAMED)
    for path, reason in failing:
        yield seen("failing", path, path=path, reason=reason or "no reason was noted")
    behind = (now - oldest).total_seconds() if oldest is not None else 0.0
    if behind > _LATE_SECONDS:
        yield seen("behind", depth=depth, minutes=round(behind / 60))
    elif not failing:
        yield seen("keeps_up", depth=depth)


CHECKS = (
    Check(
        "worker.alive",
        "When the background worker last said that it lives; it does so every few seconds.",
        "It reads releases and settings, tidies up, and nothing new is published without it.",
        (
            ok("alive", "The worker was alive {seconds} s ago."),
            error(
                "never", "The worker has never run.", "Start `bridge serve`, or `bridge worker` where `web` runs alone."
            ),
            error(
                "late",
                "The worker was last alive {seconds} s ago.",
                "Start `bridge serve` again, and look into its log for how the worker ended.",
            ),
        ),
        _alive,
        ("database.schema",),
    ),
    Check(
        "worker.queue",
        "How long repos wait to be read anew, and which of them can't be read.",
        "It is how late a release shows.",
        (
            ok("keeps_up", "The worker keeps up ({depth} repos are planned)."),
            warning(
                "behind",
                "The worker is {minutes} minutes behind, with {depth} repos to read.",
                "Raise gitea.max_requests_per_second and worker.threads, as far as Gitea bears it.",
            ),
            warning(
                "failing",
                "{path} can't be read from Gitea: {reason}.",
                "Mend what the reason names; `bridge repo refresh {path}` tries at once.",
            ),
        ),
        _queue,
        ("database.schema",),
    ),
)
