"""One process that delivers, run as a program: see ``senders``."""

import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tools.bench import senders


class Answer(NamedTuple):
    """``began`` is the wall clock's time; ``seconds`` count from when it was due; ``status`` 0: none came."""

    began: float
    seconds: float
    status: int


def main(port: int, path: str, file: str, lines: list[int], connections: int, per_second: float) -> list[Answer]:
    """Deliver lines of a file (from, until, every so many; signature, blank, body), so many connections at a time.

    ``per_second``: as for ``senders.at_pace``.
    """

    def deliver(request: bytes, due: float) -> Answer:
        at = time.time()
        status, _ = senders.answer_to(port, request)
        return Answer(at, time.perf_counter() - due, status)

    return senders.at_pace(_requests(path, Path(file), lines), connections, per_second, deliver)


def _requests(path: str, file: Path, lines: list[int]) -> Iterator[bytes]:
    with file.open("rb") as opened:
        for line in islice(opened, *lines):
            signature, _, body = line.rstrip(b"\n").partition(b" ")
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
            head += f"Content-Length: {len(body)}\r\nStripe-Signature: "
            yield head.encode("ascii") + signature + b"\r\n\r\n" + body


if __name__ == "__main__":
    print(json.dumps(main(*json.load(sys.stdin))))
