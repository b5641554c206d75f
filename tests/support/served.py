"""``bridge serve`` as an operator runs it, its processes, and what may be done to them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from support.bridges import HOOK_SECRET, Installation

from tools.ports import free_port

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 300


def until(condition: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:
    """Wait for something that other processes do; the sole thing that can't be had by turning a clock."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"{what}: not within {seconds} s")


def children(pid: int) -> dict[int, str]:
    """The processes that this one started and that still run: their ids and command lines."""
    found = {}
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        try:
            for child in (thread / "children").read_text().split():
                command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                if alive(child):
                    found[int(child)] = command
        except (FileNotFoundError, ProcessLookupError):  # it ended while it was looked at
            continue
    return found


def family(pid: int) -> list[int]:
    """All processes below this one."""
    return [each for child in children(pid) for each in (child, *family(child))]


def alive(pid: int | str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Served:
    """A running ``bridge serve``."""

    def __init__(self, config: Path, port: int, log: Path) -> None:
        self._command = [sys.executable, "-m", "bridge.cli", "--config", str(config), "serve"]
        self._log = log
        self.base = f"http://127.0.0.1:{port}"
        self.url = f"{self.base}/-/licensing/health"
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, cwd=ROOT, stdout=log, stderr=log)

    def health(self) -> Any:
        try:
            return requests.get(self.url, timeout=2).json()
        except (requests.RequestException, ValueError):
            return None

    def well(self) -> bool:
        said = self.health()
        return said is not None and said["status"] == "pass"

    def answers(self) -> bool:
        """Whether the web side is there, whatever the worker does."""
        return self.health() is not None

    def named(self, word: str) -> list[int]:
        return [pid for pid, command in children(self.process.pid).items() if command.endswith(f" {word}")]

    def web_workers(self) -> list[int]:
        assert self.process.poll() is None, "it ended by itself"
        return [child for web in self.named("web") for child in children(web)]

    def kill(self, what: str, choose: Callable[[list[int]], int] = min) -> None:
        """``kill -9`` a ``web worker``, the ``web`` master, the ``worker`` or ``serve``; returns when it is replaced.

        After ``serve`` itself, what is left is waited for and it is started anew, as systemd does.
        """
        if what == "serve":
            below = family(self.process.pid)
            self.process.kill()
            self.process.wait()
            until(lambda: not [pid for pid in below if alive(pid)], "the end of what serve had started")
            self.start()
        else:
            pids = self.web_workers if what == "web worker" else lambda: self.named(what)
            before = until(pids, f"a {what}")
            os.kill(choose(sorted(before)), signal.SIGKILL)
            until(lambda: len(pids()) >= len(before) and pids() != before, f"a new {what}")
        if what != "worker":
            until(self.answers, f"an answer after a killed {what}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(WAIT_SECONDS)

    def stop_at_once(self) -> None:
        """Without waiting for what it is doing."""
        below = family(self.process.pid)
        self.process.kill()
        self.process.wait()
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def serve(made: Installation, directory: Path, *, name: str = "serve", **sections: dict[str, Any]) -> Served:
    """Run ``bridge serve`` on an installation's database and pretend Gitea, on a port of its own, with two web workers.

    ``sections`` are settings as the file has them.
    """
    port, settings = free_port(), made.settings
    wanted: dict[str, dict[str, Any]] = {
        "gitea": {
            "url": settings.gitea.url,
            "token": settings.gitea.token.get_secret_value(),
            "webhook_secrets": [HOOK_SECRET],
            "max_requests_per_second": 1000,
        },
        "bridge": {
            "public_url": "https://git.example.com",
            "owners": ["acme", "beta"],
            "data_dir": str(settings.bridge.data_dir),
        },
        "database": {"url": settings.database.url},
        "web": {"bind": f"127.0.0.1:{port}", "workers": 2},
        "worker": {"refresh_steps_seconds": [0.0, 1.0]},
    }
    for section, values in sections.items():
        wanted.setdefault(section, {}).update(values)
    config = directory / f"{name}.toml"
    config.write_text("\n".join(f"[{section}]\n{_lines(values)}" for section, values in wanted.items()))
    return Served(config, port, directory / f"{name}.log")


def _lines(values: dict[str, Any]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
