"""One process that delivers, run as a program: work comes as JSON on standard input, answers go to standard output.

It imports nothing of the bridge, so that it starts at once.
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

_ANSWER_SECONDS = 30.0


class Answer(NamedTuple):
    """``began`` is the wall clock's time; ``seconds`` count from when it was due; ``status`` 0: none came."""

    began: float
    seconds: float
    status: int


def main(port: int, path: str, file: str, lines: list[int], connections: int, per_second: float) -> list[Answer]:
    """Deliver lines of a file (from, until, every so many; signature, blank, body), so many connections at a time.

    ``per_second``: one after the other is due at this pace, whether or not the former ones were answered; 0: as fast as
    they are answered.
    """
    waiting = enumerate(_requests(path, Path(file), lines))
    answers: list[Answer] = []
    lock = threading.Lock()
    began = time.perf_counter()

    def work() -> None:
        while True:
            with lock:
                following = next(waiting, None)
            if following is None:
                return
            due = began + following[0] / per_second if per_second else time.perf_counter()
            time.sleep(max(0.0, due - time.perf_counter()))
            at = time.time()
            status = _status(port, following[1])
            with lock:
                answers.append(Answer(at, time.perf_counter() - due, status))

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _requests(path: str, file: Path, lines: list[int]) -> Iterator[bytes]:
    with file.open("rb") as opened:
        for line in islice(opened, *lines):
            signature, _, body = line.rstrip(b"\n").partition(b" ")
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
            head += f"Content-Length: {len(body)}\r\nStripe-Signature: "
            yield head.encode("ascii") + signature + b"\r\n\r\n" + body


def _status(port: int, request: bytes) -> int:
    """What a delivery is answered with, over a connection of its own, as Stripe's machines do; 0: nothing."""
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_SECONDS) as connection:
            connection.sendall(request)
            while piece := connection.recv(65536):
                answer += piece
    except OSError:
        return 0
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") and answer[9:12].isdigit() else 0


if __name__ == "__main__":
    print(json.dumps(main(*json.load(sys.stdin))))
