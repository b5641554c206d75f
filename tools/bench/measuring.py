"""One run: starts what is needed, makes sure that it answers rightly, asks in rounds, and counts again at the end."""

import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench import figures, filling, processes
from tools.bench.filling import Filled
from tools.bench.load import Generator, Outcome, Target
from tools.bench.processes import Server
from tools.bench.scene import FILE_BYTES, Scene

_WARM_UP_SECONDS = 1.0
# A few connections that a busy kernel resets are noise; more would make a figure worthless.
_BROKEN_SHARE, _BROKEN_AT_ALL = 0.002, 3
# Parts of the list of codes between two runs: the golden ratio spreads any number of starts evenly.
_STRIDE = 0.618034


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, with what, for how long. ``advance`` is told the name of each run that begins."""

    rates: Sequence[str]
    seconds: float
    rounds: int
    generator: Generator
    advance: Callable[[str], None]


@dataclass(slots=True)
class Measured:
    """Answers a second by round, and the memory of the largest worker in MiB."""

    rounds: list[dict[str, float]] = field(default_factory=list)
    worker_rss_mib: float = 0.0


class UnsoundError(RuntimeError):
    """The servers did not do what was to be measured, so there are no figures."""


def measure(plan: Plan, scene: Scene, databases: dict[int, Filled], directory: Path) -> Measured:
    """Run the plan. Raises ``UnsoundError`` where an answer was wrong, missing, or not counted by the bridge."""
    servers: dict[str, Server] = {}
    with processes.stopped_at_end(servers):
        _start(plan.rates, scene, databases, directory, servers)
        targets = _targets(plan.rates, scene, databases, servers)
        least = {name: _checked(name, target) for name, target in targets.items()}
        answers = dict.fromkeys(targets, 0)
        measured = Measured()
        for name, target in targets.items():
            answers[name] += _run(plan, name, target, min(plan.seconds, _WARM_UP_SECONDS), 0, least).answers
        for number in range(plan.rounds):
            # There and back again: whoever was measured first is last in the next round.
            order = list(targets) if number % 2 == 0 else list(reversed(targets))
            outcomes = {name: _run(plan, name, targets[name], plan.seconds, number + 1, least) for name in order}
            measured.rounds.append({name: outcomes[name].per_second for name in targets})
            for name, outcome in outcomes.items():
                answers[name] += outcome.answers
        bridges = [server for name, server in servers.items() if name.startswith("bridge")]
        measured.worker_rss_mib = max((server.worker_rss_mib() for server in bridges), default=0.0)
    _recount(answers, databases)
    return measured


def _start(
    rates: Sequence[str], scene: Scene, databases: dict[int, Filled], directory: Path, servers: dict[str, Server]
) -> None:
    most = databases[max(databases)]
    needed = {figures.keyed(count): count for count in databases}
    needed |= {figures.OPEN: min(databases), figures.DIRECT: max(databases)}
    for filled in databases.values():
        if filled.count in {needed.get(rate) for rate in rates}:
            name = f"bridge-{filled.count}"
            servers[name] = processes.start_bridge(name, scene, filled.database, directory)
    if figures.BARE in rates:
        servers["bare"] = processes.start_bare()
    if figures.NGINX in rates or figures.XACCEL in rates:
        servers["bridge-xaccel"] = processes.start_bridge(
            "bridge-xaccel", scene, most.database, directory, downloads="x-accel"
        )
        servers["nginx"] = processes.start_nginx(scene, servers["bridge-xaccel"], directory)
    for server in servers.values():
        processes.wait_for(server)


def _targets(
    rates: Sequence[str], scene: Scene, databases: dict[int, Filled], servers: dict[str, Server]
) -> dict[str, Target]:
    fewest, most = databases[min(databases)], databases[max(databases)]

    def target(name: str) -> Target:
        if name == figures.BARE:
            # The same requests as the keyed feed gets, so that the load generator's own work is the same.
            return Target(servers["bare"].port, "/", most.codes)
        if name == figures.OPEN:
            return Target(servers[f"bridge-{fewest.count}"].port, scene.open_feed)
        if name == figures.NGINX:
            return Target(servers["nginx"].port, f"/plain/{scene.sold_file}", most.codes)
        if name == figures.XACCEL:
            return Target(servers["nginx"].port, scene.download, most.codes)
        if name == figures.DIRECT:
            return Target(servers[f"bridge-{most.count}"].port, scene.download, most.codes)
        filled = next(each for each in databases.values() if figures.keyed(each.count) == name)
        return Target(servers[f"bridge-{filled.count}"].port, scene.keyed_feed, filled.codes)

    return {name: target(name) for name in rates}


def _checked(name: str, target: Target) -> int:
    """Ask once, see that the answer is the right one, and return its size in bytes."""
    query = f"?dlid={target.codes.read_text(encoding='ascii').partition(chr(10))[0]}" if target.codes else ""
    url = f"http://127.0.0.1:{target.port}{target.path}{query}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        body: bytes = answer.read()
    right = {
        "bare": body == b"hello\n",
        "feed": body.count(b"<update>") > 0,
        "download": len(body) == FILE_BYTES and body.startswith(b"PK"),
    }
    if not right[name.partition("_")[0]]:
        raise UnsoundError(f"{name}: {url} answered {body[:200]!r}")
    return len(body)


def _run(plan: Plan, name: str, target: Target, seconds: float, number: int, least: dict[str, int]) -> Outcome:
    plan.advance(name)
    outcome = plan.generator(target, seconds, number * _STRIDE)
    too_many = outcome.broken > max(_BROKEN_AT_ALL, outcome.answers * _BROKEN_SHARE)
    if not outcome.answers or outcome.refused or too_many:
        raise UnsoundError(
            f"{name}: {outcome.answers} answers, of them {outcome.refused} refused; {outcome.broken} connections broke"
        )
    # An empty feed is a 200 too, but a short one.
    if outcome.received < outcome.answers * least[name]:
        raise UnsoundError(f"{name}: {outcome.received} bytes are too few for {outcome.answers} right answers")
    return outcome


def _recount(answers: dict[str, int], databases: dict[int, Filled]) -> None:
    """The bridges, stopped by now, must have counted every answer of a keyed feed, and each as one for a good key."""
    for count, filled in databases.items():
        told = filling.counted(filled.database)
        asked = answers.get(figures.keyed(count), 0)
        strange = {kind_and_code for kind_and_code in told if kind_and_code[1] not in {"valid", "missing"}}
        if strange or told.get(("feed", "valid"), 0) < asked:
            raise UnsoundError(f"of {asked} answers with {count} keys the bridge counted {told}")
