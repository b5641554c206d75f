"""The commands of an operator beside a real Gitea, as processes: installed, serving, taken out."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import requests
from support.journey import ROOT, eventually

from tools.ports import free_port

PATIENCE_SECONDS = 60.0


class Installed:
    """The commands of an operator, with a configuration of their own.

    ``public_url``: the proxy's before it; without one, the bridge is asked directly.
    """

    def __init__(self, directory: Path, gitea_url: str, token: str, public_url: str = "") -> None:
        self.config = directory / "bridge" / "config.toml"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token_file = directory / "token"
        self.token_file.write_text(token)
        self.gitea_url, self.public_url = gitea_url, public_url or self.url
        self.log = directory / "serve.log"
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}

    def run(self, *words: str, code: int = 0) -> str:
        """``bridge`` with these words; what it printed. ``code``: how it has to end."""
        command = [sys.executable, "-m", "bridge.cli", "--config", str(self.config), *words]
        done = subprocess.run(command, capture_output=True, text=True, env=self._environment, cwd=ROOT, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def init(self, *words: str, code: int = 0) -> str:
        """The first of the three; the answers that every test gives are given."""
        where = ["--gitea-url", self.gitea_url, "--bind", f"127.0.0.1:{self.port}"]
        where += ["--public-url", self.public_url, "--token-file", str(self.token_file)]
        return self.run("init", "--yes", *where, *words, code=code)

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """``bridge serve``, from when it is well."""
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "bridge.cli", "--config", str(self.config), "serve"]
            running = subprocess.Popen(
                command, stdout=log, stderr=log, env=self._environment, cwd=ROOT, start_new_session=True
            )
        try:
            eventually(self._is_up, PATIENCE_SECONDS, self.log.read_text)
            yield
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(30)

    def _is_up(self) -> bool:
        with contextlib.suppress(requests.ConnectionError):
            return bool(requests.get(f"{self.url}/-/licensing/health", timeout=5).json()["status"] == "pass")
        return False
