"""The figures beside a real Gitea: how much faster than Gitea's own files, and how soon a release is in the feed."""

import statistics
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from tools.bench.live_scene import OWNER, REPOS, SMALL_BYTES, Beside, element
from tools.bench.load import Generator, Target

FEED, DOWNLOAD = "ratio_feed_keyed_vs_gitea_raw", "ratio_download_vs_gitea"
P50, P95 = "hook_to_feed_p50_s", "hook_to_feed_p95_s"
_LONGEST_SECONDS = 120.0
_LOOK_EVERY_SECONDS = 0.02


class UnsoundError(RuntimeError):
    """Something did not answer as it should, so there is no figure."""


def rates(beside: Beside, generator: Generator, seconds: float, rounds: int) -> dict[str, float]:
    """The two ratios and what they are made of, in answers a second: medians of rounds that go there and back."""
    targets = _targets(beside)
    for name, target in targets.items():
        _check(name, target)
    told: dict[str, list[float]] = {name: [] for name in targets}
    for number in range(rounds + 1):
        order = list(targets) if number % 2 else list(reversed(targets))
        for name in order:
            outcome = generator(targets[name], seconds, number * 0.618)
            if not outcome.answers or outcome.refused:
                raise UnsoundError(f"{name}: {outcome.refused} of {outcome.answers} answers were refused")
            if number:  # the first one warms up
                told[name].append(outcome.per_second)
    median = {f"{name}_rps": statistics.median(values) for name, values in told.items()}
    return median | {
        FEED: _ratio(told["feed_beside_gitea"], told["gitea_raw"]),
        DOWNLOAD: _ratio(told["download_beside_gitea"], told["gitea_attachment"]),
    }


def _targets(beside: Beside) -> dict[str, Target]:
    port, gitea, name = beside.bridge.port, beside.gitea_port, f"{element(0)}-1.0.0.zip"
    return {
        "gitea_raw": Target(gitea, f"/{OWNER}/weather0/raw/branch/main/updates.xml"),
        "feed_beside_gitea": Target(port, f"/{OWNER}/weather0/updates.xml", beside.codes),
        "gitea_attachment": Target(gitea, f"/{OWNER}/weather0/releases/download/v1.0.0/{name}"),
        "download_beside_gitea": Target(port, f"/{OWNER}/weather0/downloads/v1.0.0/{name}", beside.codes),
    }


def _check(name: str, target: Target) -> None:
    query = f"?dlid={target.codes.read_text(encoding='ascii').split()[0]}" if target.codes else ""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{target.port}{target.path}{query}", timeout=30) as answer:
            body: bytes = answer.read()
    except urllib.error.HTTPError as error:
        raise UnsoundError(f"{name}: {target.path} answered {error.code}") from None
    right = len(body) == SMALL_BYTES if target.path.endswith(".zip") else b"<update>" in body
    if not right:
        raise UnsoundError(f"{name}: {target.path} answered {body[:200]!r}")


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def hook_to_feed(beside: Beside, releases: int, advance: Callable[[], None]) -> dict[str, float]:
    """Seconds from when Gitea has published a release until the feed lists it, one release after the other."""
    code = beside.codes.read_text(encoding="ascii").split()[0]
    took = []
    for number in range(releases):
        repo, version = number % REPOS, f"1.{number // REPOS + 1}.0"
        beside.owner.publish(repo, version)
        took.append(_until_listed(beside.bridge.port, repo, version, code))
        advance()
    return {P50: statistics.median(took), P95: percentile(took, 95)}


def _until_listed(port: int, repo: int, version: str, code: str) -> float:
    url = f"http://127.0.0.1:{port}/{OWNER}/weather{repo}/updates.xml?dlid={code}"
    wanted, began = f"<version>{version}</version>".encode(), time.perf_counter()
    while time.perf_counter() - began < _LONGEST_SECONDS:
        with urllib.request.urlopen(url, timeout=30) as answer:
            if wanted in answer.read():
                return time.perf_counter() - began
        time.sleep(_LOOK_EVERY_SECONDS)
    raise UnsoundError(f"weather{repo} {version} did not reach the feed within {_LONGEST_SECONDS:.0f} seconds")


def percentile(values: list[float], share: int) -> float:
    """The smallest value that so many percent of all do not exceed."""
    return sorted(values)[max(0, -(-len(values) * share // 100) - 1)]
