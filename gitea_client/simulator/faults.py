"""What can go wrong with a pretend Gitea, on purpose."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["down", "status", "html", "slow", "redirect", "endless", "truncate", "broken-json"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault. It strikes requests whose path begins with ``path``, ``times`` times (None: always).

    ``value``: the status of ``status``, the seconds of ``slow``, the address of ``redirect``.
    """

    kind: Kind
    value: Any = None
    path: str = "/"
    times: int | None = None
    retry_after_seconds: int | None = None


class Faults:
    """The faults of a world.

    ``down`` drops the connection, ``html`` answers 200 with a page, ``endless`` makes lists go on forever without a
    total, ``truncate`` ends a file half way, ``broken-json`` ends JSON half way.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def inject(
        self,
        kind: Kind,
        value: Any = None,
        *,
        path: str = "/",
        times: int | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        """Let a fault strike from now on."""
        fault = Fault(kind=kind, value=value, path=path, times=times, retry_after_seconds=retry_after_seconds)
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Heal everything."""
        with self._lock:
            self._faults.clear()

    def striking(self, path: str, *kinds: Kind) -> Fault | None:
        """Return the first fault of these kinds that strikes this path, and use it up by one."""
        with self._lock:
            for fault in self._faults:
                if fault.kind in kinds and path.startswith(fault.path):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self._faults.remove(fault)
                    return fault
        return None


def hang_up(environ: Mapping[str, Any]) -> None:
    """End the connection of a request after what was sent so far; without a real connection nothing happens."""
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
