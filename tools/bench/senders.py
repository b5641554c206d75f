"""Programs that only ask, many connections at a time, so that no load is held up by what measures it.

A program's work comes as JSON on its standard input, and what it did goes to its standard output. Nothing of the bridge
is imported here, so that they start at once.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

_ROOT = Path(__file__).resolve().parents[2]
_ANSWER_SECONDS = 30.0
Thing = TypeVar("Thing")
Answer = TypeVar("Answer")


def run(module: str, works: Sequence[Sequence[Any]]) -> list[Any]:
    """Run a module once for each piece of work, all at the same time; what each printed."""
    command = [sys.executable, "-m", module]
    processes = []
    for work in works:
        process = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None, "it was asked for"
        with process.stdin as pipe:
            json.dump(work, pipe)
        process.stdin = None
        processes.append(process)
    return [json.loads(process.communicate()[0]) for process in processes]


def at_once(connections: int, work: Callable[[], None]) -> None:
    """Let so many do the same, until all have ended."""
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def at_pace(
    things: Iterable[Thing], connections: int, per_second: float, send: Callable[[Thing, float], Answer]
) -> list[Answer]:
    """Send one thing after the other, each when its time has come, if one of the connections is free.

    Nobody waits for the answer to a former one. ``per_second`` 0: as fast as they are answered. ``send`` is told when
    its thing was due, by ``time.perf_counter``.
    """
    waiting, lock, answers = enumerate(things), threading.Lock(), list[Answer]()
    began = time.perf_counter()

    def work() -> None:
        while True:
            with lock:
                following = next(waiting, None)
            if following is None:
                return
            number, thing = following
            due = began + number / per_second if per_second else time.perf_counter()
            time.sleep(max(0.0, due - time.perf_counter()))
            answer = send(thing, due)
            with lock:
                answers.append(answer)

    at_once(connections, work)
    return answers


def answer_to(port: int, request: bytes) -> tuple[int, bytes]:
    """The status and the whole answer, over a connection of its own, as others' machines ask; 0 where none came."""
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_SECONDS) as connection:
            connection.sendall(request)
            while piece := connection.recv(65536):
                answer += piece
    except OSError:
        return 0, b""
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") and answer[9:12].isdigit() else 0, answer
