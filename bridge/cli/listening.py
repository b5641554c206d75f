"""A listener in the bridge's place, for the few seconds in which `bridge init` waits for a delivery of Gitea."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from bridge.errors import ConflictError
from bridge.services.installing.proving import Arrival, PostBox
from bridge.settings.schema import HOOK_PATH
from gitea_client import hooks

_HEALTH_SECONDS = 3
_POLL_SECONDS = 0.05
_LONGEST_BODY = 4 * 1024 * 1024
_READ_SECONDS = 5


class Listener:
    """Hears deliveries and answers them as the bridge does."""

    def __init__(self) -> None:
        self._heard: list[tuple[dict[str, str], bytes]] = []
        self._arrived = threading.Condition()

    def hear(self, headers: dict[str, str], body: bytes) -> None:
        """Take one delivery in."""
        with self._arrived:
            self._heard.append((headers, body))
            self._arrived.notify_all()

    def wait(self, repo_id: int, secret: str, seconds: float) -> Arrival:
        """Wait for one about a repo; others about it that are signed otherwise are remembered meanwhile."""
        deadline = time.monotonic() + seconds
        forged = False
        seen = 0
        while True:
            with self._arrived:
                while seen == len(self._heard):
                    left = deadline - time.monotonic()
                    if left <= 0 or not self._arrived.wait(left):
                        return Arrival.FORGED if forged else Arrival.NOTHING
                headers, body = self._heard[seen]
                seen += 1
            if _is_about(repo_id, headers, body):
                if hooks.verify(body, headers, [secret]):
                    return Arrival.PROVEN
                forged = True


def _is_about(repo_id: int, headers: dict[str, str], body: bytes) -> bool:
    try:
        return hooks.parse(body, headers).repository_id == repo_id
    except hooks.BadDelivery:
        return False


def refuse_taken_port(bind: str) -> bool:
    """Whether a bridge answers at ``bind``. Raises ``ConflictError`` where something else has the port."""
    host, port = _split(bind)
    try:
        with _Server((host, port), _handler_for(Listener())):
            return False
    except OSError as error:
        if _bridge_answers(bind):
            return True
        raise ConflictError(
            f"{bind} can't be listened at ({error.strerror}), and no bridge answers there: choose another address and"
            " port with --bind (web.bind in the configuration)"
        ) from None


def _bridge_answers(bind: str) -> bool:
    host, _, port = bind.rpartition(":")
    here = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104  names of all addresses
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(f"http://{here}:{port}/-/licensing/health", timeout=_HEALTH_SECONDS)
            return answer.json()["status"] in {"pass", "warn", "fail"}
        except (requests.RequestException, ValueError, KeyError, TypeError):
            return False


@contextmanager
def listening(bind: str, running: Callable[[], PostBox]) -> Iterator[PostBox]:
    """A post box at the bridge's own address: a listener, or ``running()`` where a bridge has the port already."""
    if refuse_taken_port(bind):
        yield running()
        return
    listener = Listener()
    with _Server(_split(bind), _handler_for(listener)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)


def _split(bind: str) -> tuple[str, int]:
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def _handler_for(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _READ_SECONDS

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if self.path != HOOK_PATH or length > _LONGEST_BODY:
                self.send_error(404)
                return
            listener.hear(dict(self.headers.items()), self.rfile.read(length))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return Handler
