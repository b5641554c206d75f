"""A real Gitea for tests: obtain it, start it on loopback, throw it away.

``python -m tools.live_gitea`` runs one until Ctrl-C and prints its address and an admin's token; with ``build`` it is
only built. That happens once, from the Go module ``code.gitea.io/gitea``, and is kept below
``$XDG_CACHE_HOME/gitea-license-bridge``. Needs ``go`` and ``git``.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

DEFAULT_VERSION = "1.26.4"
MODULE = "code.gitea.io/gitea"
ADMIN = "root1"
START_SECONDS = 60.0

_SETTINGS = """\
APP_NAME = Gitea for tests
RUN_MODE = prod
WORK_PATH = {work}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = {root_url}/
STATIC_ROOT_PATH = {static}
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = {work}/gitea.db
SQLITE_JOURNAL_MODE = WAL
[security]
INSTALL_LOCK = true
SECRET_KEY = {secret}
PASSWORD_COMPLEXITY = off
[repository]
ROOT = {work}/repositories
DEFAULT_BRANCH = main
[webhook]
ALLOWED_HOST_LIST = loopback
[service]
DISABLE_REGISTRATION = true
[log]
MODE = file
LEVEL = Warn
ROOT_PATH = {work}/log
[cron]
ENABLED = false
[indexer]
ISSUE_INDEXER_TYPE = db
[actions]
ENABLED = true
"""


class CannotObtainError(Exception):
    """There is no Gitea and no way to build one; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class LiveGitea:
    """A running Gitea: its address, a site admin's name and token."""

    base_url: str
    admin: str
    admin_token: str


def wanted_version() -> str:
    """The version asked for in the environment, or the usual one."""
    return os.environ.get("BRIDGE_LIVE_GITEA_VERSION") or DEFAULT_VERSION


def cache_dir() -> Path:
    """Where built servers are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "gitea-license-bridge"


def obtain(version: str) -> Path:
    """Return the path of a server of that version; builds it the first time, which takes minutes."""
    binary = cache_dir() / f"gitea-{version}"
    if binary.exists():
        return binary
    source = module_dir(version)
    binary.parent.mkdir(parents=True, exist_ok=True)
    unfinished = binary.with_suffix(f".part{os.getpid()}")
    command = ["go", "build", "-C", str(source), "-tags", "sqlite sqlite_unlock_notify"]
    command += ["-ldflags", f"-X main.Version={version}", "-o", str(unfinished), "."]
    try:
        _checked(command)
        unfinished.rename(binary)
    finally:
        unfinished.unlink(missing_ok=True)
    return binary


def module_dir(version: str) -> Path:
    """Return the directory of Gitea's source, which also holds the templates that the server reads."""
    if shutil.which("go") is None:
        raise CannotObtainError("there is no 'go' on the PATH to build Gitea with")
    found = json.loads(_checked(["go", "mod", "download", "-json", f"{MODULE}@v{version}"]))
    return Path(found["Dir"])


@contextlib.contextmanager
def running(
    version: str, root_url: str = "", furnish: Callable[[Path], None] = lambda _custom: None
) -> Iterator[LiveGitea]:
    """Run a fresh Gitea with one site admin; all it holds is thrown away at the end.

    ``root_url``: the address of a proxy before it, under which it knows itself. ``furnish`` is called with its custom
    directory before it starts.
    """
    if shutil.which("git") is None:
        raise CannotObtainError("there is no 'git' on the PATH for Gitea to use")
    binary, static = obtain(version), module_dir(version)
    with tempfile.TemporaryDirectory(prefix="gitea-") as work:
        port = _free_port()
        settings = Path(work) / "app.ini"
        secret = secrets.token_hex(32)
        root = root_url or f"http://127.0.0.1:{port}"
        settings.write_text(_SETTINGS.format(work=work, port=port, root_url=root, static=static, secret=secret))
        gitea = [str(binary), "--config", str(settings), "--work-path", work]
        environment = _environment(work)
        _checked([*gitea, "migrate"], environment)
        _make_admin(gitea, environment)
        custom = Path(work) / "custom"
        custom.mkdir(exist_ok=True)
        furnish(custom)
        command = ["admin", "user", "generate-access-token", "-u", ADMIN, "-t", "tests", "--scopes", "all", "--raw"]
        token = _checked([*gitea, *command], environment).split()[-1]
        with _served([*gitea, "web"], environment, f"http://127.0.0.1:{port}") as base_url:
            yield LiveGitea(base_url=base_url, admin=ADMIN, admin_token=token)


def _make_admin(gitea: list[str], environment: dict[str, str]) -> None:
    names = ["--username", ADMIN, "--email", f"{ADMIN}@example.org", "--password", secrets.token_hex(16)]
    _checked([*gitea, "admin", "user", "create", "--admin", *names, "--must-change-password=false"], environment)


@contextlib.contextmanager
def _served(command: list[str], environment: dict[str, str], base_url: str) -> Iterator[str]:
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdin=silent, stdout=silent, stderr=silent) as server:
        try:
            _wait_for(f"{base_url}/api/v1/version", server)
            yield base_url
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise CannotObtainError(f"Gitea ended at once with exit code {server.returncode}")
        with contextlib.suppress(urllib.error.URLError, OSError), opener.open(url, timeout=2):
            return
        time.sleep(0.2)
    raise CannotObtainError(f"Gitea did not answer within {START_SECONDS:.0f} seconds")


def _environment(work: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": work, "GITEA_WORK_DIR": work, "GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT": "true"}


def _checked(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotObtainError(f"'{Path(command[0]).name}' failed: {(done.stderr or done.stdout)[-500:]}")
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Build one, or run one until interrupted or terminated; either way it is cleaned up."""
    if sys.argv[1:] == ["build"]:
        print(obtain(wanted_version()))
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with running(wanted_version()) as gitea:
        print(f"{gitea.base_url} admin {gitea.admin} token {gitea.admin_token}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
