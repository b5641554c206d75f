"""Makes all checks: those that need nothing first, many at a time, and never an exception at the end."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from bridge.errors import BridgeError
from bridge.services.doctor.findings import Check, Finding, Level
from bridge.services.doctor.visitor import NoAnswerError
from gitea_client.errors import GiteaError

log = logging.getLogger(__name__)

MOST_AT_ONCE = 8
_UNEXPECTED_FIX = "Run the command again; if it happens again, report the sentence above, it is a fault of the bridge."


def examine(
    checks: Sequence[Check], patient: Any, made: Callable[[Check, Sequence[Finding]], None] = lambda *_: None
) -> list[Finding]:
    """Make the checks and return what they found, in the order of the table. ``made`` is told of each as it is done."""
    found: dict[str, list[Finding]] = {}
    waiting = list(checks)
    working: dict[Future[list[Finding]], Check] = {}
    with ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="doctor") as pool:
        while waiting or working:
            ready = [check for check in waiting if all(need in found for need in check.needs)]
            waiting = [check for check in waiting if check not in ready]
            working |= {pool.submit(_make, check, patient, dict(found)): check for check in ready}
            for done in wait(working, return_when=FIRST_COMPLETED).done:
                check = working.pop(done)
                found[check.name] = done.result()
                made(check, found[check.name])
    return [finding for check in checks for finding in found[check.name]]


def _make(check: Check, patient: Any, found: dict[str, list[Finding]]) -> list[Finding]:
    broken = [need for need in check.needs if _fails(found[need])]
    if broken:
        sentence = f"Not looked at, because of {broken[0]}."
        return [Finding(check.name, "skipped", Level.SKIPPED, sentence, "Mend that first.")]
    try:
        return [check.finding(said) for said in check.run(patient)]
    except (BridgeError, GiteaError, NoAnswerError) as error:
        fix = "Look at what the sentence names, and run the command again."
        return [Finding(check.name, "unfinished", Level.ERROR, f"The check could not be finished: {error}.", fix)]
    except Exception as error:
        log.debug("the check %s failed", check.name, exc_info=error)
        sentence = f"The check itself failed: {type(error).__name__}: {error}"
        return [Finding(check.name, "failed", Level.ERROR, sentence, _UNEXPECTED_FIX)]


def _fails(findings: Iterable[Finding]) -> bool:
    return any(finding.level in {Level.ERROR, Level.SKIPPED} for finding in findings)


def worst(findings: Iterable[Finding]) -> Level:
    """The level that decides how the command ends."""
    levels = {finding.level for finding in findings}
    return next((level for level in (Level.ERROR, Level.WARNING) if level in levels), Level.OK)


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings of each level there are."""
    every = [finding.level for finding in findings]
    return {level.value: every.count(level) for level in Level}


def grouped(checks: Sequence[Check]) -> Iterator[tuple[str, list[Check]]]:
    """The table by group, in its order."""
    names = list(dict.fromkeys(check.group for check in checks))
    for name in names:
        yield name, [check for check in checks if check.group == name]
