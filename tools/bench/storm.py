"""A storm: ten thousand sites check while releases are published and keys are revoked; every answer is judged."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bridge.parts import Parts
from bridge.services import keys
from bridge.services.keys import Issuer
from bridge.settings import load
from bridge.storage import licenses
from bridge.storage.audits import Actor
from tools.bench import senders, storm_load
from tools.bench.beside import UnsoundError, percentile
from tools.bench.live_scene import OWNER, Beside
from tools.bench.storm_load import Answer

ERRORS, P99 = "storm_errors", "storm_p99_ms"
CHECKS_PER_SITE = 2
# Ten thousand sites within three minutes, at even distances, whether those before have their answers or not.
PER_SECOND = 55.0
_PROCESSES, _CONNECTIONS = 2, 64
# A revoked key stops in every worker within this time.
_REVOKED_WITHIN_SECONDS = 1.0


@dataclass(slots=True)
class Weather:
    """What went on meanwhile: when each key was revoked (its number in the list), and how many releases came."""

    revoked: dict[int, float]
    releases: int = 0


def storm(beside: Beside, sites: int, say: Callable[[str], None]) -> dict[str, float]:
    """Let each of so many sites check twice. Returns errors, the 99th percentile in ms, and checks a second.

    Raises ``UnsoundError`` where nothing went on meanwhile: then it was no storm.
    """
    codes = beside.codes.read_text(encoding="ascii").split()[:sites]
    weather, stop = Weather({}), threading.Event()
    changes = [
        threading.Thread(target=_publish, args=(beside, weather, stop)),
        threading.Thread(target=_revoke, args=(beside, codes, weather, stop)),
    ]
    for each in changes:
        each.start()
    began = time.time()
    try:
        answers = _blow(beside.bridge.port, codes)
    finally:
        stop.set()
        for each in changes:
            each.join()
    wrong = [why for answer in answers if (why := _fault(answer, weather))]
    for why in sorted(set(wrong)):
        say(f"storm: {wrong.count(why)} times: {why}")
    say(f"storm: {len(answers)} checks, {len(weather.revoked)} keys revoked and {weather.releases} releases meanwhile")
    if not weather.revoked or not weather.releases:
        raise UnsoundError("the storm was too short for a release or a revoked key; take more sites")
    return {
        ERRORS: len(wrong),
        P99: percentile([answer.late + answer.seconds for answer in answers], 99) * 1000,
        "storm_checks_per_s": len(answers) / (time.time() - began),
    }


def _fault(answer: Answer, weather: Weather) -> str:
    """What is wrong with an answer; empty if nothing is."""
    if answer.status != 200:
        return f"status {answer.status}" if answer.status else "no answer"
    revoked_at = weather.revoked.get(answer.site)
    if revoked_at is None or answer.began + answer.seconds < revoked_at - 1:
        return "" if answer.listed else "an empty feed for a good key"
    if answer.listed and answer.began > revoked_at + _REVOKED_WITHIN_SECONDS:
        return "a full feed a second after the key was revoked"
    return ""


def _blow(port: int, codes: list[str]) -> list[Answer]:
    works = []
    for number in range(_PROCESSES):
        sites = [(index, code) for index, code in enumerate(codes) if index % _PROCESSES == number]
        work = [port, f"/{OWNER}/weather0/updates.xml", sites, CHECKS_PER_SITE]
        works.append([*work, _CONNECTIONS // _PROCESSES, PER_SECOND / _PROCESSES])
    return [Answer(*row) for rows in senders.run(storm_load.__name__, works) for row in rows]


def _publish(beside: Beside, weather: Weather, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        beside.owner.publish(weather.releases % 3, f"9.{weather.releases}.0")
        weather.releases += 1


def _revoke(beside: Beside, codes: list[str], weather: Weather, stop: threading.Event) -> None:
    """Every fifth of a second another key, from another process than those that answer."""
    parts = Parts(load(beside.config))
    try:
        for index in range(0, len(codes), 37):
            if stop.wait(0.2):
                return
            by = Issuer(Actor("bench"), parts.clock(), parts.entropy, parts.settings.bridge.key_prefix)
            with parts.open_session() as session:
                [held] = licenses.keys_by_code(session, codes[index])
                keys.revoke(session, held, "", by)
            weather.revoked[index] = time.time()
    finally:
        parts.close()
