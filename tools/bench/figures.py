"""The figures: what is measured against what, and how rounds become one number each."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BARE, OPEN = "bare", "feed_open"
NGINX, XACCEL, DIRECT = "download_nginx", "download_xaccel", "download_direct"
MEMORY = "worker_rss_mib"


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
    return f"{count // 1_000_000}m" if count >= 1_000_000 and count % 1_000_000 == 0 else str(count)


def rates(counts: Sequence[int]) -> list[str]:
    """Everything that is measured in answers a second, in the order of a round."""
    return [BARE, *(keyed(count) for count in sorted(counts)), OPEN, NGINX, XACCEL, DIRECT]


def wanted_rates(only: Iterable[str], counts: Sequence[int]) -> list[str]:
    """What has to be measured for the figures of these names (all, if none is named). Raises ``ValueError``."""
    known = rates(counts)
    sources = {f"{name}_rps": {name} for name in known}
    sources |= {ratio.name: {ratio.measured, ratio.against} for ratio in ratios(counts)}
    sources[MEMORY] = {keyed(max(counts)), DIRECT}
    needed: set[str] = set()
    for name in only:
        if name not in sources:
            raise ValueError(f"there is no figure {name}; there are {', '.join(sources)}")
        needed |= sources[name]
    return [name for name in known if name in needed] if needed else known


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median answers a second of everything that was measured."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def ratio_of(ratio: Ratio, rounds: Sequence[Mapping[str, float]]) -> float | None:
    """The median of each round's own ratio, so that a slow minute slows both sides; ``None`` if not measured."""
    if not {ratio.measured, ratio.against} <= set(rounds[0]):
        return None
    return statistics.median(each[ratio.measured] / each[ratio.against] for each in rounds)
