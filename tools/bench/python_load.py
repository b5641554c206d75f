"""A load generator of plain sockets, for machines without ``wrk``: some processes of some threads, a request each.

Run as a program it is one of these processes: see ``senders``.
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tools.bench import senders

_PROCESSES = 2
_ANSWER_SECONDS = 10.0
_BUFFER_BYTES = 256 * 1024


@dataclass(slots=True)
class Share:
    """What one process has done, as in ``load.Outcome``."""

    answers: int = 0
    seconds: float = 0.0
    received: int = 0
    refused: int = 0
    broken: int = 0


def run(port: int, path: str, codes: list[str], seconds: float, start: float, connections: int) -> list[Share]:
    """Ask for so many seconds, ``connections`` at a time. ``start``: where in the codes to begin, as a fraction."""
    # Each process takes a part of the list of its own, begun elsewhere in every run.
    offset = int(len(codes) * (start % 1))
    turned = codes[offset:] + codes[:offset]
    each = max(1, connections // _PROCESSES)
    works = [[port, path, turned[number::_PROCESSES], seconds, each] for number in range(_PROCESSES)]
    return [Share(**share) for share in senders.run("tools.bench.python_load", works)]


def _ask_all(port: int, path: str, codes: list[str], seconds: float, connections: int) -> Share:
    share, lock = Share(), threading.Lock()
    requests = _requests(path, codes)
    began = time.perf_counter()

    def ask() -> None:
        buffer = bytearray(_BUFFER_BYTES)
        while time.perf_counter() - began < seconds:
            with lock:
                request = next(requests)
            good, received = _answer(port, request, buffer)
            with lock:
                share.answers += received > 0
                share.broken += received == 0
                share.refused += received > 0 and not good
                share.received += received

    senders.at_once(connections, ask)
    share.seconds = time.perf_counter() - began
    return share


def _requests(path: str, codes: list[str]) -> Iterator[bytes]:
    number = 0
    while True:
        query = f"?dlid={codes[number % len(codes)]}" if codes else ""
        yield f"GET {path}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode("ascii")
        number += 1


def _answer(port: int, request: bytes, buffer: bytearray) -> tuple[bool, int]:
    """Whether the answer is a 2xx, and its size in bytes; 0 where none came, or not all of it."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_SECONDS) as connection:
            connection.sendall(request)
            size = connection.recv_into(buffer)
            head, _, _ = bytes(buffer[:size]).partition(b"\r\n\r\n")
            received = size
            while size:
                size = connection.recv_into(buffer)
                received += size
    except OSError:
        return False, 0
    complete = received >= len(head) + 4 + _content_length(head)
    return head.startswith(b"HTTP/1.1 2"), received if complete else 0


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


if __name__ == "__main__":
    print(json.dumps(asdict(_ask_all(*json.load(sys.stdin)))))
