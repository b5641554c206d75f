"""A pretend Gitea on a loopback port, on threads of this process."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

_HOST = "127.0.0.1"
_POLL_SECONDS = 0.02


class RunningSimulator:
    """A server that runs until ``stop``; also a context manager."""

    def __init__(self, server: BaseWSGIServer) -> None:
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, args=(_POLL_SECONDS,), name="pretend-gitea", daemon=True
        )
        self._thread.start()

    @property
    def base_url(self) -> str:
        """Where it listens, without a trailing slash."""
        return f"http://{_HOST}:{self._server.port}"

    def stop(self) -> None:
        """Stop listening and wait for it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()


class _QuietHandler(WSGIRequestHandler):
    """Keep connections alive, as Go does, and write no access log."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def serve(app: Flask, port: int = 0) -> RunningSimulator:
    """Serve a simulator on 127.0.0.1; port 0 takes a free one. Its world's links point there."""
    server = make_server(_HOST, port, app, threaded=True, request_handler=_QuietHandler)
    running = RunningSimulator(server)
    app.extensions["pretend_gitea"].public_url = running.base_url
    return running
