"""What several processes do at the same moment. Each function runs in a process of its own, started afresh.

The moment is a time by the clock of the machine: every process prepares its connections, waits for it, and then lets its
threads go together.
"""

import multiprocessing
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine

from bridge.models import LicenseKey, MachineToken
from bridge.services import keys, machine_tokens, masters, sites
from bridge.services.keys import OVERLAPS, Issuer
from bridge.services.sites import Newcomer
from bridge.storage import schema, tokens, usage
from bridge.storage.audits import Actor
from bridge.storage.engine import open_engine, session_scope
from bridge.storage.usage import Use

PROCESSES = 5
_PREPARE_SECONDS = 0.4


@contextmanager
def several_processes() -> Iterator["Processes"]:
    """Processes that are kept for many races, since starting one takes a second."""
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        ready = [
            pool.submit(time.sleep, 0.2) for _ in range(PROCESSES)
        ]  # each process takes one while the others start
        for each in ready:
            each.result()
        yield Processes(pool)


def _be_ready() -> None:
    """Nothing: what this module imports is loaded now, and every process gets one of these."""
    time.sleep(0.2)


class Processes:
    """Runs one function in all of them at the same moment."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def race(self, run: Callable[..., Any], url: str, shares: Sequence[Any]) -> list[Any]:
        """``run(url, moment, share)`` for each share in a process of its own; the results together, in no order."""
        moment = time.time() + _PREPARE_SECONDS
        futures: list[Future[list[Any]]] = [self._pool.submit(run, url, moment, share) for share in shares]
        return [result for future in futures for result in future.result(60)]


def split(things: Sequence[Any], parts: int = PROCESSES) -> list[list[Any]]:
    """Deal the things out."""
    return [list(things[start::parts]) for start in range(parts)]


def _together(url: str, moment: float, jobs: Sequence[Callable[[Engine], Any]]) -> list[Any]:
    """Run the jobs in threads that start at the moment. An exception is a result."""
    engine = open_engine(url)
    results: list[Any] = []

    def run(job: Callable[[Engine], Any]) -> None:
        with engine.connect():
            pass
        time.sleep(max(0.0, moment - time.time()))
        try:
            results.append(job(engine))
        except Exception as error:
            results.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    return results


def arrive(url: str, moment: float, newcomers: Sequence[tuple[Newcomer, datetime]]) -> list[Any]:
    """Each newcomer asks for a seat; whether it was let in."""

    def job(newcomer: Newcomer, now: datetime) -> Callable[[Engine], bool]:
        def ask(engine: Engine) -> bool:
            with session_scope(engine) as session:
                return sites.arrive(session, newcomer, now, per_day=100).admitted

        return ask

    return _together(url, moment, [job(*each) for each in newcomers])


def _issuer(now: datetime) -> Issuer:
    return Issuer(Actor("racer"), now, secrets.token_bytes, "LIC")


def revoke(url: str, moment: float, wanted: tuple[int, datetime]) -> list[Any]:
    """Revoke the key; the successor's id, or None."""

    def job(engine: Engine) -> int | None:
        with session_scope(engine) as session:
            successor = keys.revoke(session, session.get_one(LicenseKey, wanted[0]), "lost", _issuer(wanted[1]))
            return successor.id if successor else None

    return _together(url, moment, [job])


def replace(url: str, moment: float, wanted: tuple[int, datetime]) -> list[Any]:
    """Replace the key's code at once; the new one."""

    def job(engine: Engine) -> str:
        with session_scope(engine) as session:
            key = session.get_one(LicenseKey, wanted[0])
            return keys.replace_code(session, key, OVERLAPS["0"], _issuer(wanted[1]))

    return _together(url, moment, [job])


def ensure_master(url: str, moment: float, wanted: tuple[int, datetime]) -> list[Any]:
    """Ask for the owner's master package, twice in each process; its id."""

    def job(engine: Engine) -> int:
        with session_scope(engine) as session:
            by = _issuer(wanted[1])
            return masters.ensure(session, wanted[0], by.prefix, by.entropy, by.now, by.actor).id or 0

    return _together(url, moment, [job, job])


def count(url: str, moment: float, wanted: tuple[date, int, int]) -> list[Any]:
    """Add one to the same two lines, ``times`` in each of ten threads, in an order that differs."""
    day, repo_id, times = wanted

    def job(number: int) -> Callable[[Engine], None]:
        lines = [Use(day, repo_id, "feed", code) for code in ("valid", "missing")][:: 1 if number % 2 else -1]

        def add(engine: Engine) -> None:
            for _ in range(times):
                with session_scope(engine) as session:
                    usage.add(session, dict.fromkeys(lines, 1))

        return add

    return _together(url, moment, [job(number) for number in range(10)])


def make_token(url: str, moment: float, wanted: Sequence[tuple[int, int, datetime]]) -> list[Any]:
    """Make a machine token for each number, owner and time; whether there was a slot."""

    def job(number: int, owner_id: int, now: datetime) -> Callable[[Engine], bool]:
        def make(engine: Engine) -> bool:
            maker = {"maker_id": 5, "maker_login": "olga", "created_at": now}
            row = MachineToken(owner_id=owner_id, name="Racer", digest=f"{number:064x}", hint="", **maker)
            with session_scope(engine) as session:
                return tokens.insert(session, row, now)

        return make

    return _together(url, moment, [job(*each) for each in wanted])


def revoke_token(url: str, moment: float, wanted: Sequence[tuple[int, datetime]]) -> list[Any]:
    """Revoke the machine token, once for each; whether it was this time."""

    def job(token_id: int, now: datetime) -> Callable[[Engine], bool]:
        def end(engine: Engine) -> bool:
            with session_scope(engine) as session:
                return machine_tokens.revoke(session, session.get_one(MachineToken, token_id), Actor("racer"), now)

        return end

    return _together(url, moment, [job(*each) for each in wanted])


def upgrade(url: str, moment: float, _share: Any) -> list[Any]:
    """Upgrade the schema."""
    return _together(url, moment, [schema.upgrade])
