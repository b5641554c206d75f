"""One process of the storm, run as a program: see ``senders``."""

import json
import sys
import time
from typing import NamedTuple

from tools.bench import senders


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
    """One check of one site."""
    address = f"{path}?dlid={code}&domain=site-{site}.example.com"
    request = f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    began, clock = time.time(), time.perf_counter()
    status, answer = senders.answer_to(port, request.encode("ascii"))
    complete = answer.rstrip().endswith((b"</updates>", b"<updates></updates>"))
    return Answer(
        site, began, time.perf_counter() - clock, status if complete or status != 200 else 0, b"<update>" in answer
    )


def main(
    port: int, path: str, sites: list[tuple[int, str]], times: int, connections: int, per_second: float
) -> list[Answer]:
    """Let every site check so many times, all sites once before any comes again, so many checks a second."""

    def check(site: tuple[int, str], due: float) -> Answer:
        late = time.perf_counter() - due
        return ask(port, path, *site)._replace(late=late)

    return senders.at_pace([each for _ in range(times) for each in sites], connections, per_second, check)


if __name__ == "__main__":
    print(json.dumps(main(*json.load(sys.stdin))))
