"""Checks of Gitea's webhooks: installed, telling everything, and really arriving."""

import time
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from bridge.errors import UnavailableError
from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.hook_places import Installed, find, is_default_only
from bridge.services.doctor.patient import HOOK_PATH, Patient
from bridge.services.installing.proving import Arrival, BridgesOwn, Trial, prove
from bridge.storage import catalog, refreshes
from gitea_client.errors import GiteaError
from gitea_client.webhooks import EVENTS

_LOOKS_BACK = timedelta(days=7)
_AROUND = timedelta(minutes=10)
_WAIT_SECONDS = 12.0


def _installed(patient: Patient) -> Iterator[Seen]:
    if not patient.settings.gitea.webhook_secrets:
        yield seen("no_secret")
    found, uncovered = find(patient)
    if uncovered and is_default_only(patient):
        yield seen("default_only")
    for owner in uncovered:
        yield seen("missing", owner=owner, url=patient.address(HOOK_PATH))
    for each in found:
        yield from _judged(each)
    by_place = [each.where for each in found if each.hook.active]
    for where in sorted({place for place in by_place if by_place.count(place) > 1}):
        yield seen("twice", where=where, count=by_place.count(where))


def _judged(each: Installed) -> Iterator[Seen]:
    hook, where = each.hook, each.where
    missing = EVENTS - hook.events
    if not hook.active:
        yield seen("inactive", where=where, id=hook.id)
    if missing:
        yield seen("events", where=where, id=hook.id, events=", ".join(sorted(missing)))
    if hook.branch_filter not in {"", "*", "**"}:
        yield seen("filtered", where=where, id=hook.id, filter=hook.branch_filter)
    if hook.active and not missing and hook.branch_filter in {"", "*", "**"}:
        yield seen("installed", where=where, url=hook.url)


def _last(patient: Patient) -> Iterator[Seen]:
    now = patient.clock()
    with patient.open_session(read_only=True) as session:
        last = refreshes.last_delivery(session)
        releases = catalog.released_since(session, now - _LOOKS_BACK)
        unheard = [
            (path, tag)
            for repo_id, path, tag, at in releases
            if not refreshes.heard_of(session, repo_id, at - _AROUND, at + _AROUND)
        ]
    if last is None:
        yield seen("never")
        return
    for path, tag in unheard[:3]:
        yield seen("missed", path, tag=tag)
    if not unheard:
        yield seen("arrived", at=f"{last:%Y-%m-%d %H:%M}")


def _fresh(patient: Patient) -> Iterator[Seen]:
    if not patient.wishes.deliver:
        yield seen("not_asked")
        return
    found = [each for each in find(patient)[0] if each.hook.active]
    if not found:
        yield seen("no_hook")
        return
    each = found[0]
    trial = Trial(each.level, each.hook.url, "", _WAIT_SECONDS, patient.entropy(4).hex())
    try:
        arrival = prove(patient.gitea, trial, BridgesOwn(patient.open_session, patient.clock, time.sleep))
    except (UnavailableError, GiteaError) as problem:
        yield seen("not_sent", reason=problem)
        return
    host = urlsplit(each.hook.url).hostname
    arrived = arrival is Arrival.PROVEN
    yield seen("arrived", where=each.where) if arrived else seen("lost", where=each.where, url=each.hook.url, host=host)


_EVENTS_FIX = (
    "Delete it and make it anew with `bridge init`: Gitea resets other things when a hook is changed by its API."
)

CHECKS = (
    Check(
        "hooks.installed",
        "Whether Gitea has a webhook that leads to the bridge, active and for all events, for every served owner.",
        "Without it a release shows when the clock comes round (`worker.reconcile_seconds`), not at once.",
        (
            ok("installed", "The hook of {where} leads to {url}, active and for all events."),
            error(
                "no_secret",
                "gitea.webhook_secrets is empty, so every delivery is refused.",
                "Run `bridge init`, or set one long random text there and as the secret of the hook in Gitea.",
            ),
            error(
                "missing",
                "No webhook tells the bridge of the releases of {owner}.",
                "Run `bridge init`, or make one in Gitea that sends {url} all events, as JSON, with a secret.",
            ),
            error(
                "default_only",
                "There is a default webhook in Gitea, which only repos get that are made after it.",
                "Delete it and run `bridge init`, or make a system webhook (Integrations, Webhooks).",
            ),
            error(
                "inactive",
                "The hook {id} of {where} is switched off.",
                "Tick Active at the hook in Gitea.",
            ),
            error(
                "events",
                "The hook {id} of {where} does not tell of {events}.",
                "Tick these events at the hook in Gitea. " + _EVENTS_FIX,
            ),
            warning(
                "filtered",
                "The hook {id} of {where} has the branch filter {filter}, which keeps tags out as well.",
                "Set the filter to * at the hook in Gitea.",
            ),
            warning(
                "twice",
                "{count} hooks of {where} lead to the bridge; each release is read as often.",
                "Delete all but one in Gitea.",
            ),
        ),
        _installed,
        ("gitea.token", "database.schema"),
    ),
    Check(
        "hooks.last",
        "When the last delivery arrived, and whether the releases of the last 7 days were told of by one. Gitea has no"
        " API for its own list of deliveries; it is shown in its settings, at the hook.",
        "Gitea retries nothing: a release whose hook was lost is found by the clock, later.",
        (
            ok("arrived", "The last delivery arrived on {at} (UTC), and every release of the last 7 days was told of."),
            warning(
                "never",
                "No delivery has arrived within the last 14 days.",
                "Let one be sent: `bridge doctor --deliver`.",
            ),
            warning(
                "missed",
                "The release {tag} was found by the clock: no hook told of it.",
                "Look at the hook's recent deliveries in Gitea for the reason, and try it: `bridge doctor --deliver`.",
            ),
        ),
        _last,
        ("database.schema",),
    ),
    Check(
        "hooks.fresh",
        "With `--deliver`: lets Gitea send a delivery now, and waits for it. For a hook of the system or an owner a"
        " private repo named `license-bridge-check-…` is made and deleted; a repo's hook has Gitea's own test.",
        "Gitea refuses to call inner addresses unless it is told to, and says so only in its log.",
        (
            ok("arrived", "A fresh delivery of the hook of {where} arrived."),
            ok("not_asked", "No delivery was tried; --deliver does."),
            error(
                "no_hook",
                "There is no active hook that could deliver.",
                "Run `bridge init`, which makes one.",
            ),
            error(
                "lost",
                "Gitea sent a delivery to {url}, and it did not arrive.",
                "Write into Gitea's app.ini, section [webhook]: ALLOWED_HOST_LIST = external,{host} and restart Gitea."
                " If that is so already, compare the secret of the hook with gitea.webhook_secrets.",
            ),
            error(
                "not_sent",
                "Gitea could not be made to send a delivery: {reason}.",
                "Give the token the scopes that config.example.toml lists, and its account the right to make repos.",
            ),
        ),
        _fresh,
        ("gitea.token", "database.schema"),
    ),
)
