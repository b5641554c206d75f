"""An HTTP server on a loopback port for what answers requests by itself, with faults on request."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_HOST = "127.0.0.1"


@dataclass
class Fault:
    """What goes wrong with the next requests whose path begins so. ``wait_seconds`` before the answer."""

    path: str
    status: int
    times: int
    wait_seconds: float = 0.0
    body: bytes = b"<html>Bad gateway</html>"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Answer:
    """What is sent back."""

    status: int
    body: bytes
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Loopback:
    """Answers requests; whoever inherits says how (`answer`). ``asked`` lists what was asked, e.g. ``GET /v1/x``."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._faults: list[Fault] = []
        self._server: ThreadingHTTPServer | None = None

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request."""
        raise NotImplementedError

    def fail(self, path: str, status: int, times: int = 1, **more: Any) -> None:
        """Let the next requests below a path fail."""
        self._faults.append(Fault(path, status, times, **more))

    def _serve(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path = urlsplit(target).path
        self.asked.append(f"{method} {path}")
        fault = next((each for each in self._faults if each.times and path.startswith(each.path)), None)
        if fault is None:
            return self.answer(method, target, headers, body)
        fault.times -= 1
        time.sleep(fault.wait_seconds)
        return Answer(fault.status, fault.body, "text/html", fault.headers)

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://{_HOST}:{self._server.server_port}" if self._server else ""

    def start(self, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        serve = self._serve

        class _Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = serve(self.command, self.path, dict(self.headers), body)
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.kind)
                self.send_header("Content-Length", str(len(answer.body)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_DELETE = _handle  # noqa: N815  the names that the library calls

            def log_message(self, *_words: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((_HOST, port), _Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True, name="pretend")
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and wait for it."""
        if self._server is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
