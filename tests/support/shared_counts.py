"""A Redis or Valkey server for tests, where its program is found, on a port of its own."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.ports import free_port


class SharedStore:
    """A server that can be stopped and started again at the same address."""

    def __init__(self, program: str, directory: Path, password: str) -> None:
        self._port = free_port()
        self._command = [program, "--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--dir"]
        self._command += [str(directory), "--requirepass", password, "--daemonize", "no"]
        self.url = f"redis://:{password}@127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return
            time.sleep(0.02)
        raise AssertionError("the store for shared counts did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@contextlib.contextmanager
def running(directory: Path, password: str) -> Iterator[SharedStore]:
    """A running one; the test is skipped where there is none to run."""
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        reason = "neither valkey-server nor redis-server is installed"
        if os.environ.get("BRIDGE_NO_SKIPS"):
            pytest.fail(reason)
        pytest.skip(reason)
    store = SharedStore(program, directory, password)
    store.start()
    try:
        yield store
    finally:
        store.stop()
