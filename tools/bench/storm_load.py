"""One process of the storm, run as a program: work comes as JSON on standard input, answers go to standard output.

It imports nothing of the bridge, so that it starts at once.
"""

import json
import socket
import sys
import threading
import time
from typing import NamedTuple

_ANSWER_SECONDS = 30.0


class Answer(NamedTuple):
    """``began`` is the wall clock's time; ``status`` 0: none came. ``listed``: the feed offered something."""

    site: int
    began: float
    seconds: float
    status: int
    listed: bool


def ask(port: int, path: str, site: int, code: str) -> Answer:
    """One check of one site, over a connection of its own, as sites do."""
    address = f"{path}?dlid={code}&domain=site-{site}.example.com"
    request = f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    began, clock = time.time(), time.perf_counter()
    body = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_SECONDS) as connection:
            connection.sendall(request.encode("ascii"))
            while piece := connection.recv(65536):
                body += piece
    except OSError:
        body = b""
    status = int(body[9:12]) if body.startswith(b"HTTP/1.1 ") and body[9:12].isdigit() else 0
    complete = body.rstrip().endswith((b"</updates>", b"<updates></updates>"))
    return Answer(
        site, began, time.perf_counter() - clock, status if complete or status != 200 else 0, b"<update>" in body
    )


def main(port: int, path: str, sites: list[tuple[int, str]], times: int, connections: int) -> list[Answer]:
    """Let every site check so many times, so many connections at a time, all sites once before any comes again."""
    waiting = iter([each for _ in range(times) for each in sites])
    answers: list[Answer] = []
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                following = next(waiting, None)
            if following is None:
                return
            answer = ask(port, path, *following)
            with lock:
                answers.append(answer)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


if __name__ == "__main__":
    print(json.dumps(main(*json.load(sys.stdin))))
