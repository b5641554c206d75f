"""Figures for operators, read from the database, so that every process of every machine tells the same."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bridge.services.holdbacks import HoldBacks
from bridge.services.hooks import LAST_REFUSED
from bridge.services.products import Hosts
from bridge.services.usage import BOUNDS
from bridge.storage import refreshes, stored_assets, tallies, usage
from bridge.storage.tallies import Tally

WORKER_LATE_SECONDS = 30.0
HEARTBEAT, BACKUP = "worker", "backup"
_DAY = timedelta(days=1)

OpenSession = Callable[..., AbstractContextManager[Any]]


def worker_lag_seconds(session: Any, now: datetime) -> float | None:
    """Seconds since the worker was last alive; ``None`` if it never was."""
    beat = usage.last_beat(session, HEARTBEAT)
    return None if beat is None else max(0.0, (now - beat).total_seconds())


class Figures(Collector):
    """The figures of one installation, for one process that is asked for them again and again."""

    def __init__(self, open_session: OpenSession, clock: Callable[[], datetime], hosts: Hosts) -> None:
        self._open_session = open_session
        self._clock = clock
        self._hold_backs = HoldBacks(open_session, hosts)

    def exposition(self) -> bytes:
        """The figures in Prometheus' text form."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """Everything that ``docs/metrics.md`` lists."""
        now = self._clock()
        with self._open_session(read_only=True) as session:
            found = [*_of_worker(session, now), *_of_requests(session), *_of_hooks(session, now), *_of_store(session)]
        held = self._hold_backs.by_code()
        if held is not None:
            found.append(
                _labelled("bridge_releases_held_back", "Releases not offered, by reason", "code", held.items())
            )
        yield from found


def _of_worker(session: Any, now: datetime) -> Iterator[Metric]:
    lag, oldest = worker_lag_seconds(session, now), refreshes.oldest_due(session)
    late = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    yield _gauge("bridge_worker_lag_seconds", "Since the worker was last alive", -1.0 if lag is None else lag)
    yield _gauge("bridge_refresh_queue_depth", "Repos that wait to be re-read", refreshes.depth(session))
    yield _gauge("bridge_refresh_queue_age_seconds", "Since the first of them is due", late)
    yield _gauge(
        "bridge_refresh_failing", "Repos that could not be read when last tried", refreshes.count_failing(session)
    )


def _of_requests(session: Any) -> Iterator[Metric]:
    counts = tallies.read(session)
    requests = CounterMetricFamily("bridge_requests", "Requests of sites by kind and decision", labels=("kind", "code"))
    for each in counts:
        if each.code not in {tallies.TOOK, tallies.MICROSECONDS}:
            requests.add_metric((each.kind, each.code), each.times)
    yield requests
    yield _durations(counts)


def _durations(counts: Sequence[Tally]) -> Metric:
    took: dict[str, dict[str, int]] = defaultdict(dict)
    micros: dict[str, int] = {}
    for each in counts:
        if each.code == tallies.TOOK:
            took[each.kind][each.detail] = each.times
        elif each.code == tallies.MICROSECONDS:
            micros[each.kind] = each.times
    family = HistogramMetricFamily(
        "bridge_request_duration_seconds", "How long answers to sites took, without sending them", labels=("kind",)
    )
    for kind, by_bound in sorted(took.items()):
        buckets, sum_so_far = [], 0
        for bound in BOUNDS:
            sum_so_far += by_bound.get(f"{bound:g}", 0)
            buckets.append(("+Inf" if bound == float("inf") else f"{bound:g}", sum_so_far))
        family.add_metric((kind,), buckets, micros.get(kind, 0) / 1_000_000)
    return family


def _of_hooks(session: Any, now: datetime) -> Iterator[Metric]:
    yield _labelled(
        "bridge_hook_deliveries_last_day",
        "Deliveries of Gitea within 24 hours",
        "event",
        refreshes.deliveries_since(session, now - _DAY),
    )
    last, refused = refreshes.last_delivery(session), usage.last_beat(session, LAST_REFUSED)
    yield _moment("bridge_hook_last_delivery_timestamp_seconds", "When Gitea last delivered", last)
    yield _moment("bridge_hook_last_refused_timestamp_seconds", "When a delivery was last refused", refused)


def _of_store(session: Any) -> Iterator[Metric]:
    yield _gauge("bridge_store_bytes", "Bytes of release files in the store", stored_assets.all_stored_bytes(session))
    backup = usage.last_beat(session, BACKUP)
    yield _moment("bridge_backup_last_timestamp_seconds", "When `bridge backup` last succeeded", backup)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value)


def _moment(name: str, words: str, at: datetime | None) -> Metric:
    """Seconds since the epoch; 0 for never, so that it counts as long ago."""
    return GaugeMetricFamily(name, words, at.timestamp() if at else 0.0)


def _labelled(name: str, words: str, label: str, values: Iterable[tuple[str, int]]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=(label,))
    for value, count in sorted(values):
        family.add_metric((value,), count)
    return family
