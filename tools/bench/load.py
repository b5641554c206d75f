"""The load: sixteen connections that ask as fast as they are answered, by ``wrk`` or else by Python."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.bench import python_load

CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True)
class Target:
    """What to ask for. ``codes``: a file of keys, one a line, of which each request takes another."""

    port: int
    path: str
    codes: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run: answers, seconds it took, bytes received with headers.

    ``refused`` counts the answers that were no 2xx, ``broken`` the connections that failed.
    """

    answers: int
    seconds: float
    received: int
    refused: int = 0
    broken: int = 0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


# (target, seconds, where in the list of codes to begin: a fraction) -> what came of it
Generator = Callable[[Target, float, float], Outcome]


def generators() -> dict[str, Generator]:
    """The generators that work here, the best one first."""
    found: dict[str, Generator] = {"wrk": by_wrk} if shutil.which("wrk") else {}
    return found | {"python": by_python}


def by_wrk(target: Target, seconds: float, start: float) -> Outcome:
    """Run ``wrk`` for a whole number of seconds."""
    threads = 2
    environment = os.environ | {
        "BENCH_PATH": target.path,
        "BENCH_START": str(start),
        "BENCH_THREADS": str(threads),
    }
    environment.pop("BENCH_CODES", None)
    if target.codes:
        environment["BENCH_CODES"] = str(target.codes)
    command = ["wrk", "-t", str(threads), "-c", str(CONNECTIONS), "-d", f"{max(1, round(seconds))}s"]
    command += ["-s", str(_SCRIPT), f"http://127.0.0.1:{target.port}"]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return read_wrk(printed)


def read_wrk(printed: str) -> Outcome:
    """The line that the script adds to what wrk prints. Its duration is in microseconds."""
    line = next(line for line in printed.splitlines() if line.startswith("bench "))
    answers, duration, received, refused, broken = (int(word) for word in line.split()[1:])
    return Outcome(answers, duration / 1_000_000, received, refused, broken)


def by_python(target: Target, seconds: float, start: float) -> Outcome:
    """Ask from processes of our own: slower, so the figures are lower than they could be."""
    codes = target.codes.read_text(encoding="ascii").split() if target.codes else []
    shares = python_load.run(target.port, target.path, codes, seconds, start, CONNECTIONS)
    return Outcome(
        answers=sum(share.answers for share in shares),
        seconds=max(share.seconds for share in shares),
        received=sum(share.received for share in shares),
        refused=sum(share.refused for share in shares),
        broken=sum(share.broken for share in shares),
    )
