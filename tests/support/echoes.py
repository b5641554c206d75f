"""Servers that tell what arrived at them, to stand behind a proxy in place of Gitea and of the bridge."""

import json
import threading
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Echo:
    """Answers each request with its name, and with the method, path, headers and length of the body that arrived.

    ``more``: headers that every answer has.
    """

    def __init__(self, name: str, more: dict[str, str] | None = None) -> None:
        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                told = {"who": name, "method": self.command, "path": self.path, "length": len(body)}
                text = json.dumps(told | {"headers": [list(item) for item in self.headers.items()]}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                for header, value in {"X-Who": name, **(more or {})}.items():
                    self.send_header(header, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text)

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self.handle_any
                raise AttributeError(name)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass(frozen=True)
class Answer:
    """What came back through a proxy."""

    status: int
    headers: Any
    body: bytes

    @property
    def who(self) -> str:
        """Who answered: an echo's name, or "" where none did."""
        return str(self.headers.get("X-Who") or "")

    def arrived(self) -> dict[str, Any]:
        """What the echo saw, its headers by lower-case name."""
        told = json.loads(self.body)
        return {**told, "headers": {name.lower(): value for name, value in told["headers"]}}


def ask(url: str, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """One request, its path as it stands: not a dot, slash or percent sign is put right on the way."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=30)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer: HTTPResponse = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()
