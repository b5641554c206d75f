"""The figures on an address of their own, for a scraper that is not let through the public door."""

import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CONTENT_TYPE_LATEST

from bridge.parts import Parts
from bridge.settings import Settings


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
        """Say nothing."""


def serve_metrics(settings: Settings) -> Callable[[], None]:
    """Serve ``web.metrics_bind`` where it is set. Returns how to stop."""
    if not settings.web.metrics_bind:
        return lambda: None
    parts = Parts(settings)

    def answer(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = parts.figures.exposition()
        start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST), ("Content-Length", str(len(body)))])
        return [body]

    host, _, port = settings.web.metrics_bind.rpartition(":")
    server = make_server(host.strip("[]"), int(port), answer, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()

    def stop() -> None:
        server.shutdown()
        parts.close()

    return stop
