"""Servers of others for tests, built from the Go module registry once, kept in the cache, run on loopback.

They are kept below ``$XDG_CACHE_HOME/gitea-license-bridge``. Needs ``go``.
"""

from __future__ import annotations

import contextlib
import http
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 60.0


class CannotObtainError(Exception):
    """There is no such server and no way to build or start one; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is a Go module. ``name``: what people call it, and its file in the cache."""

    name: str
    module: str

    def obtain(self, version: str, *flags: str) -> Path:
        """Return the path of a server of that version; builds it the first time, which takes a while."""
        binary = cache_dir() / f"{self.name}-{version}"
        if binary.exists():
            return binary
        source = self.source_dir(version)
        binary.parent.mkdir(parents=True, exist_ok=True)
        unfinished = binary.with_name(f"{binary.name}.part{os.getpid()}")
        try:
            checked(["go", "build", "-C", str(source), *flags, "-o", str(unfinished), "."])
            unfinished.rename(binary)
        finally:
            unfinished.unlink(missing_ok=True)
        return binary

    def source_dir(self, version: str) -> Path:
        """Return the directory of the server's source, which is downloaded the first time."""
        if shutil.which("go") is None:
            raise CannotObtainError(f"there is no 'go' on the PATH to build {self.name} with")
        found = json.loads(checked(["go", "mod", "download", "-json", f"{self.module}@v{version}"]))
        return Path(found["Dir"])


def cache_dir() -> Path:
    """Where built servers are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "gitea-license-bridge"


@contextlib.contextmanager
def served(command: Sequence[str], url: str, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run a server from when it answers at ``url``, be it with a refusal, and stop it in the end."""
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdin=silent, stdout=silent, stderr=silent) as server:
        try:
            _wait_for(url, server)
            yield
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    name = Path(str(server.args[0] if isinstance(server.args, list) else server.args)).name
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise CannotObtainError(f"{name} ended at once with exit code {server.returncode}")
        try:
            opener.open(url, timeout=2).close()
        except urllib.error.HTTPError as answer:
            if answer.code < http.HTTPStatus.INTERNAL_SERVER_ERROR:
                return
        except OSError:
            pass
        else:
            return
        time.sleep(0.1)
    raise CannotObtainError(f"{name} did not answer within {START_SECONDS:.0f} seconds")


def checked(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Run a command and return what it prints. Raises ``CannotObtainError`` with the end of what it complained of."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotObtainError(f"'{Path(command[0]).name}' failed: {(done.stderr or done.stdout)[-500:]}")
    return done.stdout
