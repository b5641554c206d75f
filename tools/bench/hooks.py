"""The door for a payment provider's deliveries: how many it takes, and how soon it answers while thousands wait.

Each is signed, each is of another purchase, and all go through ``bridge serve`` as an operator runs it: two web
workers, SQLite, and the background worker at work on what came in before.
"""

import os
import statistics
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import col, func, select

from bridge.models import PaymentEvent
from bridge.parts import Parts
from bridge.payments import stripe_signature
from tools.bench import figures, hook_load, processes, shop
from tools.bench.beside import percentile
from tools.bench.hook_load import Answer
from tools.bench.measuring import UnsoundError
from tools.bench.senders import run
from tools.bench.shop import Shop
from tools.ports import free_port

_PROCESSES, _CONNECTIONS = 2, 16
# Deliveries of a round, for each second that it is to last about.
_AT_A_TIME = 500
# While many wait: so many a second, for as long as this. A shop that sells eight million times a day.
_PACE, _PACED_SECONDS = 100, 10
_SYNCS = 100


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is delivered: rounds of so many seconds, and then so many that wait while others come."""

    seconds: float
    rounds: int
    queued: int

    @property
    def of_round(self) -> int:
        """Deliveries of one round."""
        return max(20, round(self.seconds * _AT_A_TIME))

    @property
    def paced(self) -> int:
        """Deliveries that come while others wait."""
        return min(_PACE * _PACED_SECONDS, self.queued)

    @property
    def all(self) -> int:
        """Deliveries of all rounds, with one to warm up, and those that come while others wait."""
        return (self.rounds + 1) * self.of_round + self.paced


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told: ``advance`` that a part is done, ``say`` what the page should tell of the circumstances."""

    advance: Callable[[], None]
    say: Callable[[str], None]


def hooks(directory: Path, sizes: Sizes, wanted: Collection[str], ears: Ears) -> dict[str, float]:
    """Measure what is wanted of the two. Raises ``UnsoundError`` where a delivery was refused, or is in no inbox."""
    parts = shop.parts_of(directory)
    try:
        opened = shop.open_shop(parts, directory)
        file = directory / "deliveries.txt"
        _write(parts, opened, file, sizes.all)
        port = free_port()
        config = directory / "serve.toml"
        processes.write_config(config, home=directory, database=directory / "bridge.db", port=port, level="error")
        servers = {"serve": processes.start("serve", port, config, "serve")}
        told = {}
        with processes.stopped_at_end(servers):
            processes.wait_for(servers["serve"])
            desk = _Desk(parts, opened, port, file, ears)
            if figures.HOOKS in wanted:
                ears.say(f"deliveries: each waits until the disk has it, which takes {_sync_ms(directory):.1f} ms here")
                told[figures.HOOKS] = desk.accepted_a_second(sizes)
            if figures.HOOK_P99 in wanted:
                told[figures.HOOK_P99] = desk.p99_while_queued(sizes)
        desk.recount()
        return told
    finally:
        parts.close()


def _write(parts: Parts, opened: Shop, file: Path, many: int) -> None:
    """Deliveries, one a line, signed now: a signature is good for five minutes."""
    with file.open("w", encoding="ascii") as lines:
        for text in opened.sales(1, many):
            lines.write(f"{stripe_signature.sign(text.encode(), shop.SECRET, parts.clock())} {text}\n")


def _sync_ms(directory: Path) -> float:
    """Milliseconds until a page of a database that was written there would survive a power cut, the median of many."""
    took = []
    with (directory / "sync").open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            began = time.monotonic()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            took.append(time.monotonic() - began)
    return statistics.median(took) * 1000


class _Desk:
    """Delivers, and keeps count."""

    def __init__(self, parts: Parts, opened: Shop, port: int, file: Path, ears: Ears) -> None:
        self._parts, self._shop, self._port, self._file = parts, opened, port, file
        self._ears = ears
        self._delivered = self._put = 0

    def accepted_a_second(self, sizes: Sizes) -> float:
        """The median of the rounds; a first one warms up."""
        rates = [self._rate(sizes.of_round) for _ in range(sizes.rounds + 1)]
        return statistics.median(rates[1:])

    def _rate(self, many: int) -> float:
        answers = self._deliver(many, _PROCESSES, 0)
        self._ears.advance()
        first = min(answer.began for answer in answers)
        return many / (max(answer.began + answer.seconds for answer in answers) - first)

    def p99_while_queued(self, sizes: Sizes) -> float:
        """Milliseconds that 99 of 100 answers took at most, from when each was due."""
        self._put = max(0, sizes.queued - self._counted("new"))
        shop.tell(self._parts, self._shop, self._shop.sales(10_000_000, self._put))
        before = self._counted("processed")
        answers = self._deliver(sizes.paced, 1, _PACE)
        self._ears.advance()
        read, left = self._counted("processed") - before, self._counted("new")
        if not read:
            raise UnsoundError("the worker did nothing meanwhile")
        if not left:
            raise UnsoundError("nothing was waiting any more at the end; let more be queued")
        self._ears.say(f"deliveries: {sizes.queued:,} were queued, {read:,} were worked on while {len(answers):,} came")
        return percentile([answer.seconds for answer in answers], 99) * 1000

    def _deliver(self, many: int, senders: int, per_second: float) -> list[Answer]:
        """Deliver the next ones of the file."""
        end = self._delivered + many
        works = []
        for number in range(senders):
            lines = [self._delivered + number, end, senders]
            works.append([self._port, self._shop.door, str(self._file), lines, _CONNECTIONS // senders, per_second])
        self._delivered = end
        answers = [Answer(*row) for rows in run(hook_load.__name__, works) for row in rows]
        return judged(answers, many)

    def _counted(self, *statuses: str) -> int:
        with self._parts.open_session(read_only=True) as session:
            query = select(func.count()).select_from(PaymentEvent)
            return int(session.exec(query.where(col(PaymentEvent.status).in_(statuses)) if statuses else query).one())

    def recount(self) -> None:
        """Everything that was answered with 200 is in the inbox, once."""
        kept = self._counted()
        if kept != self._delivered + self._put:
            raise UnsoundError(f"{self._delivered} deliveries were accepted, {self._put} put there, and {kept} kept")


def judged(answers: list[Answer], many: int) -> list[Answer]:
    """The answers, if there are so many and each says yes. Raises ``UnsoundError``."""
    refused = [answer.status for answer in answers if answer.status != 200]
    if refused or len(answers) != many:
        raise UnsoundError(f"of {many} deliveries {len(answers)} came back, and these not with 200: {refused[:5]}")
    return answers
