"""Checks of Gitea itself: is it there, is it the right one, do the clocks agree."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.patient import Patient
from bridge.services.doctor.visitor import NoAnswerError
from gitea_client.client import GiteaClient
from gitea_client.errors import BadAnswer, GiteaError, NotAllowed, NotAuthenticated, NotFound
from gitea_client.values_server import ServerVersion

_SKEW_SECONDS, _FAR_SECONDS = 10, 300


def _version(gitea: GiteaClient) -> ServerVersion:
    """Whatever the token is worth: Gitea tells its version to strangers too, unless it wants everybody signed in."""
    try:
        return gitea.version()
    except NotAuthenticated:
        return gitea.with_token("").version()


def _internal(patient: Patient) -> Iterator[Seen]:
    url, begun = patient.settings.gitea.url, time.monotonic()
    try:
        version = _version(patient.gitea)
    except (NotAuthenticated, NotAllowed):  # it wants everybody signed in, and the token is none: it is there
        yield seen("answers", url=url, version="unknown", ms=round((time.monotonic() - begun) * 1000))
        return
    except (BadAnswer, NotFound) as problem:
        yield seen("not_gitea", url=url, reason=problem.message)
        return
    except GiteaError as problem:
        yield seen("unreachable", url=url, reason=problem.message)
        return
    yield seen("answers", url=url, version=version.raw, ms=round((time.monotonic() - begun) * 1000))


def _public(patient: Patient) -> Iterator[Seen]:
    url = patient.settings.gitea.public_url
    try:
        reply = patient.visitor.ask(f"{url}/api/v1/version")
    except NoAnswerError as problem:
        yield seen("untrusted" if "certificate" in str(problem) else "unreachable", url=url, reason=problem)
        return
    told = reply.json()
    found = told.get("version") if isinstance(told, dict) else None
    if reply.status in {401, 403} and isinstance(told, dict):
        yield seen("answers", url=url)  # [service] REQUIRE_SIGNIN_VIEW
        return
    if not isinstance(found, str):
        yield seen("not_gitea", url=url, status=reply.status)
        return
    inside = _version(patient.gitea).raw
    yield seen("answers", url=url) if found == inside else seen("another", url=url, found=found, inside=inside)


def _supported(patient: Patient) -> Iterator[Seen]:
    version = _version(patient.gitea)
    if not version.supported:
        yield seen("too_old", version=version.raw)
    elif version.newer_than_known:
        yield seen("newer", version=version.raw)
    else:
        yield seen("supported", version=version.raw)


def _clock(patient: Patient) -> Iterator[Seen]:
    try:
        reply = patient.visitor.ask(f"{patient.settings.gitea.url}/api/v1/version")
        told = parsedate_to_datetime(reply.header("Date"))
    except (NoAnswerError, ValueError):
        yield seen("untold")
        return
    seconds = skew_seconds(patient.clock(), told.astimezone(UTC), reply.took_seconds)
    code = "far" if seconds > _FAR_SECONDS else "skewed" if seconds > _SKEW_SECONDS else "agree"
    yield seen(code, seconds=round(seconds))


def skew_seconds(here: datetime, there: datetime, took_seconds: float) -> float:
    """How far two clocks are apart; the way there and a header's whole seconds count for nothing."""
    return max(0.0, abs((here - there).total_seconds()) - took_seconds - 1.0)


CHECKS = (
    Check(
        "gitea.internal",
        "Whether Gitea answers at `gitea.url`, the address that the bridge itself uses.",
        "Without it nothing new is published; what is known goes on being served.",
        (
            ok("answers", "Gitea {version} answers at {url} within {ms} ms."),
            error(
                "unreachable",
                "Gitea does not answer at {url}: {reason}.",
                "Start Gitea, or set gitea.url in the configuration to the address where this machine reaches it.",
            ),
            error(
                "not_gitea",
                "What answers at {url} is not Gitea: {reason}.",
                "Set gitea.url to Gitea's address; with a sub-path as in http://127.0.0.1:3000/git where it has one.",
            ),
        ),
        _internal,
    ),
    Check(
        "gitea.public",
        "Whether Gitea answers at `gitea.public_url`, the address that people use, and whether it is the same Gitea.",
        "Links to release pages lead there, and sign-in goes through it.",
        (
            ok("answers", "Gitea answers at its public address {url}."),
            error(
                "unreachable",
                "Nobody answers at Gitea's public address {url}: {reason}.",
                "Set gitea.public_url to the address in people's browsers, and let this machine reach it too"
                " (by its name in /etc/hosts where the router does not lead back inside).",
            ),
            error(
                "untrusted",
                "The certificate of {url} is not trusted.",
                "Install a certificate of a public authority with its whole chain; customers' sites refuse others.",
            ),
            error(
                "not_gitea",
                "What answers at {url} is not Gitea (status {status}).",
                "Correct gitea.public_url, or the proxy that answers there.",
            ),
            error(
                "another",
                "At {url} answers a Gitea {found}, but at gitea.url one of {inside}.",
                "Let gitea.url and gitea.public_url name the same Gitea.",
            ),
        ),
        _public,
        ("gitea.internal",),
    ),
    Check(
        "gitea.version",
        "The version that Gitea says it is: 1.23 to 1.27 are supported.",
        "Older ones give every OAuth application all rights; newer ones may have changed what the bridge relies on.",
        (
            ok("supported", "Gitea {version} is supported."),
            error("too_old", "Gitea {version} is too old.", "Upgrade Gitea to 1.23 or later."),
            warning(
                "newer",
                "Gitea {version} is newer than what this version of the bridge is known to work with (up to 1.27).",
                "Look for a newer version of the bridge; until then watch the other checks after upgrades of Gitea.",
            ),
        ),
        _supported,
        ("gitea.internal",),
    ),
    Check(
        "gitea.clock",
        "How far Gitea's clock and this machine's are apart.",
        "Keys expire by this machine's clock, and sign-in refuses what seems to come from the future.",
        (
            ok("agree", "Gitea's clock and this one agree."),
            ok("untold", "Gitea did not say what time it is there."),
            warning(
                "skewed",
                "Gitea's clock and this one are {seconds} s apart.",
                "Let both machines take their time from the network (systemd-timesyncd, chrony).",
            ),
            error(
                "far",
                "Gitea's clock and this one are {seconds} s apart.",
                "Set the clock that is wrong, and let both machines take their time from the network.",
            ),
        ),
        _clock,
        ("gitea.internal",),
    ),
)
