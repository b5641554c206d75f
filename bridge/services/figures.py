"""Figures for operators, read from the database, so that every process of every machine tells the same."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bridge.storage import refreshes, usage

WORKER_LATE_SECONDS = 30.0
HEARTBEAT = "worker"


def worker_lag_seconds(session: Any, now: datetime) -> float | None:
    """Seconds since the worker was last alive; ``None`` if it never was."""
    beat = usage.last_beat(session, HEARTBEAT)
    return None if beat is None else max(0.0, (now - beat).total_seconds())


def exposition(open_session: Callable[..., AbstractContextManager[Any]], clock: Callable[[], datetime]) -> bytes:
    """The figures in Prometheus' text form."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(open_session, clock))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, open_session: Callable[..., AbstractContextManager[Any]], clock: Callable[[], datetime]) -> None:
        self._open_session = open_session
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        now = self._clock()
        with self._open_session(read_only=True) as session:
            lag = worker_lag_seconds(session, now)
            waiting = refreshes.depth(session)
            oldest = refreshes.oldest_due(session)
            counts = usage.totals(session)
        yield GaugeMetricFamily(
            "bridge_worker_lag_seconds", "Since the worker was last alive", -1.0 if lag is None else lag
        )
        yield GaugeMetricFamily("bridge_refresh_queue_depth", "Repos that wait to be re-read", waiting)
        late = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
        yield GaugeMetricFamily("bridge_refresh_queue_age_seconds", "Since the first of them is due", late)
        requests = CounterMetricFamily(
            "bridge_requests", "Requests of sites by kind and decision", labels=("kind", "code")
        )
        for kind, code, count in counts:
            requests.add_metric((kind, code), count)
        yield requests
