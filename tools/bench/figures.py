"""The figures: what is measured against what, and how rounds become one number each."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BARE, OPEN = "bare", "feed_open"
NGINX, XACCEL, DIRECT = "download_nginx", "download_xaccel", "download_direct"
MEMORY = "worker_rss_mib"
HOOKS, HOOK_P99 = "hooks_accepted_rps", "hook_p99_ms"
_INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class Ratio:
    """One measured thing over another, and what is wanted of it. The bounds belong to the full run."""

    name: str
    measured: str
    against: str
    least: float
    most: float = float("inf")


def keyed(count: int) -> str:
    """The name of the feed with a key, in a database with so many."""
    return f"feed_keyed_{count}"


def ratios(counts: Sequence[int]) -> list[Ratio]:
    """All ratios, for these numbers of keys. The largest database stands for the keyed feed: no better one is shown."""
    fewest, most = min(counts), max(counts)
    flat = f"ratio_feed_keyed_{_short(most)}_vs_{_short(fewest)}"
    return [
        Ratio("ratio_feed_keyed_vs_bare", keyed(most), BARE, 0.7),
        Ratio(flat, keyed(most), keyed(fewest), 0.9, 1.1),
        Ratio("ratio_feed_open_vs_bare", OPEN, BARE, 0.85),
        Ratio("ratio_download_xaccel_vs_nginx", XACCEL, NGINX, 0.9),
        Ratio("ratio_download_direct_vs_nginx", DIRECT, NGINX, 0.3),
    ]


def _short(count: int) -> str:
    for many, letter in ((1_000_000, "m"), (1000, "k")):
        if count and count % many == 0:
            return f"{count // many}{letter}"
    return str(count)


def recompute(purchases: int) -> str:
    """The name of what one purchase takes among so many, against a hundred."""
    return f"ratio_recompute_{_short(purchases)}_vs_100"


def page(keys: int) -> str:
    """The name of what a repo's page with so many keys takes."""
    return f"page_keys_{_short(keys)}_p95_ms"


def groups(counts: Sequence[int], purchases: int, keys: int) -> dict[str, list[str]]:
    """The figures that are measured without a real Gitea, by what they are about."""
    return {
        "sites": [*(f"{name}_rps" for name in rates(counts)), *(ratio.name for ratio in ratios(counts)), MEMORY],
        "payments": [HOOKS, HOOK_P99, recompute(purchases)],
        "pages": [page(keys)],
    }


def chosen(only: Iterable[str], of: Mapping[str, Sequence[str]]) -> list[str]:
    """The figures of these names or groups (all, if none is named). Raises ``ValueError``."""
    every = [name for names in of.values() for name in names]
    found: set[str] = set()
    for name in only:
        if name not in of and name not in every:
            raise ValueError(
                f"there is no figure {name}; there are the groups {', '.join(of)}, with {', '.join(every)}"
            )
        found |= set(of.get(name, [name]))
    return [name for name in every if name in found] if found else every


def wanted_of(name: str) -> tuple[float, float]:
    """Between what a figure of payments or of the pages should be. The bounds belong to the full run."""
    bounds = {HOOKS: (500.0, _INFINITE), HOOK_P99: (0.0, 200.0)}
    if name.startswith("ratio_recompute_"):
        return 0.9, 1.1
    return bounds.get(name, (0.0, 150.0))


def rates(counts: Sequence[int]) -> list[str]:
    """Everything that is measured in answers a second, in the order of a round."""
    return [BARE, *(keyed(count) for count in sorted(counts)), OPEN, NGINX, XACCEL, DIRECT]


def needed_rates(wanted: Iterable[str], counts: Sequence[int]) -> list[str]:
    """What has to be measured in answers a second for these figures."""
    sources = {f"{name}_rps": {name} for name in rates(counts)}
    sources |= {ratio.name: {ratio.measured, ratio.against} for ratio in ratios(counts)}
    sources[MEMORY] = memory_of(counts)
    needed = {source for name in wanted for source in sources.get(name, ())}
    return [name for name in rates(counts) if name in needed]


def memory_of(counts: Sequence[int]) -> set[str]:
    """What a worker must have answered before its memory is a figure."""
    return {keyed(max(counts)), DIRECT}


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median answers a second of everything that was measured."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def ratio_of(ratio: Ratio, rounds: Sequence[Mapping[str, float]]) -> float | None:
    """The median of each round's own ratio, so that a slow minute slows both sides; ``None`` if not measured."""
    if not {ratio.measured, ratio.against} <= set(rounds[0]):
        return None
    return statistics.median(each[ratio.measured] / each[ratio.against] for each in rounds)
