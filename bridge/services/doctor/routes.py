"""Checks of the way from the public address to the bridge: every door reaches it, and Gitea keeps what is Gitea's."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from bridge.services.doctor import tickets
from bridge.services.doctor.addresses import GITEAS, doors, filled
from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.gitea import skew_seconds
from bridge.services.doctor.patient import Patient, answered_by, told_by
from bridge.services.doctor.visitor import NoAnswerError

_AT_ONCE = 8
_MOST_NAMED = 5
_HEALTH = "/-/licensing/health"


def _health(patient: Patient) -> Iterator[Seen]:
    url = patient.address(_HEALTH)
    try:
        reply = patient.visitor.ask(url)
    except NoAnswerError as problem:
        code = "untrusted" if "certificate" in str(problem) else "unreachable"
        yield seen(code, url=patient.settings.bridge.public_url, reason=problem)
        return
    told = reply.json()
    if not isinstance(told, dict) or told.get("status") not in {"pass", "warn", "fail"}:
        yield seen("astray", url=url, who=answered_by(reply))
    elif told["status"] == "fail":
        yield seen("database_away")
    else:
        yield seen("answers", url=patient.settings.bridge.public_url)


def _known(patient: Patient) -> Iterator[Seen]:
    patient.take_ticket()
    reply = patient.probe(patient.address(_HEALTH))
    told = told_by(reply)
    if told is None:
        yield seen("stranger")
        return
    here, there = patient.clock(), datetime.fromisoformat(told["now"])
    yield seen("known")
    if told["fingerprint"] != tickets.fingerprint(patient.settings, patient.ticket):
        yield seen("other_settings")
    seconds = skew_seconds(here, there, reply.took_seconds)
    if seconds > 1:
        yield seen("skewed", seconds=round(seconds))


def _doors(patient: Patient) -> Iterator[Seen]:
    every = list(doors(*patient.sample))

    def ask(door: tuple[str, str]) -> Seen | None:
        method, path = door
        reply = patient.probe(patient.address(path), method=method)
        if method == "HEAD":  # an echo has no body then, but its type and its refusal to be kept
            here = reply.header("Content-Type") == "application/json" and "no-store" in reply.header("Cache-Control")
            return None if here else seen("astray", path=path, who=answered_by(reply))
        told = told_by(reply)
        if told is None:
            return seen("astray", path=path, who=answered_by(reply))
        arrived = (told["method"], told["target"])
        wanted = urlsplit(patient.address(path)).path
        return None if arrived == (method, wanted) else seen("changed", path=wanted, arrived=" ".join(arrived))

    wrong = [each for each in _all(ask, every) if each is not None]
    yield from wrong or [seen("all", count=len(every))]


def _giteas(patient: Patient) -> Iterator[Seen]:
    if not patient.shares_origin:
        yield seen("own_host")
        return
    base = patient.settings.gitea.public_url
    every = [filled(path, *patient.sample) for path in GITEAS]

    def ask(path: str) -> Seen | None:
        return seen("shadowed", path=path) if told_by(patient.probe(base + path)) is not None else None

    wrong = [each for each in _all(ask, every) if each is not None]
    yield from wrong or [seen("left", count=len(every))]


def _all(ask: Callable[[Any], Seen | None], questions: Iterable[Any]) -> list[Seen | None]:
    """Ask many things at once; what nobody answers is said too."""

    def asked(question: Any) -> Seen | None:
        try:
            return ask(question)
        except NoAnswerError as problem:
            path = question if isinstance(question, str) else question[1]
            return seen("astray", path=path, who=str(problem))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(asked, questions))


def _metrics(patient: Patient) -> Iterator[Seen]:
    bind = patient.settings.web.metrics_bind
    reply = patient.visitor.ask(patient.address("/-/licensing/metrics"))
    if reply.status == 200 and b"bridge_" in reply.body:  # noqa: PLR2004  a status
        yield seen("public")
        return
    host = bind.rpartition(":")[0].strip("[]")
    if host in {"0.0.0.0", "::"}:  # noqa: S104  it is what is warned of
        yield seen("wide", bind=bind)
    else:
        yield seen("hidden")


CHECKS = (
    Check(
        "routes.health",
        "Whether the bridge answers at `bridge.public_url`.",
        "That address stands in every feed.",
        (
            ok("answers", "The bridge answers at {url}."),
            error(
                "unreachable",
                "Nobody answers at {url}: {reason}.",
                "Start `bridge serve` and the proxy, and let bridge.public_url name the address that leads there (by"
                " its name in /etc/hosts where the router does not lead back inside).",
            ),
            error(
                "untrusted",
                "The certificate of {url} is not trusted.",
                "Install a certificate of a public authority with its whole chain; Joomla accepts no other.",
            ),
            error(
                "astray",
                "{url} does not lead to the bridge: {who}.",
                "Take the proxy's configuration from deploy/, and start `bridge serve`.",
            ),
            error(
                "database_away",
                "The bridge answers, but its database does not.",
                "Look at the checks of the database below, and at the log of `bridge serve`.",
            ),
        ),
        _health,
    ),
    Check(
        "routes.known",
        "Whether the web workers behind the public address share this database, this configuration and this clock. The"
        f" doctor shows them a ticket in the header `{tickets.HEADER}` that it has put into the database; only then"
        " they tell how a request arrived.",
        "A worker that was not restarted goes on with the old configuration.",
        (
            ok("known", "The web workers work on this database."),
            error(
                "stranger",
                "A bridge answers that does not know this doctor.",
                "Give this command the configuration that `bridge serve` runs with (--config), start that again if it"
                f" was upgraded, and let the proxy hand on the header {tickets.HEADER}.",
            ),
            warning(
                "other_settings",
                "The web workers run with another configuration or version than this command.",
                "Restart `bridge serve`; compare its environment (BRIDGE_…) with that of this command.",
            ),
            warning(
                "skewed",
                "The clock of the web workers and this one are {seconds} s apart.",
                "Let all machines take their time from the network (systemd-timesyncd, chrony).",
            ),
        ),
        _known,
        ("routes.health", "database.schema"),
    ),
    Check(
        "routes.doors",
        "Whether each address of the bridge ([doors](doors.md)) reaches it over the public address, unchanged.",
        "An address that Gitea answers is a 404 there, which Dolibarr takes for a version.",
        (
            ok("all", "All {count} addresses of the bridge reach it."),
            error(
                "astray",
                "{path} does not reach the bridge: {who}.",
                "Take the proxy's configuration from deploy/ anew; it routes all of them.",
            ),
            error(
                "changed",
                "{path} arrives as {arrived}.",
                "Let the proxy hand paths on as they are: with nginx nothing stands behind the port in proxy_pass.",
            ),
        ),
        _doors,
        ("routes.known",),
    ),
    Check(
        "routes.gitea",
        "Whether Gitea's own addresses stay Gitea's: repos, branches and files whose names look like the bridge's.",
        "A rule of the proxy that is too wide takes pages away from Gitea.",
        (
            ok("left", "{count} addresses of Gitea stay Gitea's."),
            ok("own_host", "The bridge has a host name of its own."),
            error(
                "shadowed",
                "{path} is Gitea's, but the proxy leads it to the bridge.",
                "Take the proxy's configuration from deploy/ anew: its rules are anchored and name the whole segment.",
            ),
            error(
                "astray",
                "Nobody answers at {path}: {who}.",
                "Look at the proxy's log for this address.",
            ),
        ),
        _giteas,
        ("routes.known", "gitea.public"),
    ),
    Check(
        "routes.metrics",
        "Whether strangers can read the figures for Prometheus.",
        "They tell how many customers check for updates.",
        (
            ok("hidden", "Strangers don't see the figures."),
            error(
                "public",
                "Everybody can read the figures at /-/licensing/metrics.",
                "Take the Authorization header out of the proxy's configuration of that address.",
            ),
            warning(
                "wide",
                "The figures listen on {bind}, on every network of this machine, without a password.",
                "Set web.metrics_bind to an inner address, such as 127.0.0.1:9090.",
            ),
        ),
        _metrics,
        ("routes.health",),
    ),
)
