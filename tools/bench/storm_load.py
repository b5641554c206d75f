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
    """``began`` is the wall clock's time; ``status`` 0: none came. ``listed``: the feed offered something.

    ``late``: seconds for which the check had to wait, since all connections were waiting for answers.
    """

    site: int
    began: float
    seconds: float
    status: int
    listed: bool
    late: float = 0.0


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


def main(
    port: int, path: str, sites: list[tuple[int, str]], times: int, connections: int, per_second: float
) -> list[Answer]:
    """Let every site check so many times, all sites once before any comes again.

    They come when their time has come, so many a second, and wait for nobody: who is answered slowly does not put the
    next one off, as long as one of the connections is free.
    """
    waiting = enumerate([each for _ in range(times) for each in sites])
    answers: list[Answer] = []
    lock = threading.Lock()
    begin = time.perf_counter()

    def work() -> None:
        while True:
            with lock:
                number, following = next(waiting, (0, None))
            if following is None:
                return
            due = begin + number / per_second
            time.sleep(max(0.0, due - time.perf_counter()))
            late = time.perf_counter() - due
            answer = ask(port, path, *following)._replace(late=late)
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
