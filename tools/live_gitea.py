"""A real Gitea for tests: obtain it, start it on loopback, throw it away.

``python -m tools.live_gitea`` runs one until Ctrl-C and prints its address and an admin's token; with ``build`` it is
only built. That happens once, from the Go module ``code.gitea.io/gitea``, and is kept below
``$XDG_CACHE_HOME/gitea-license-bridge``. Needs ``go`` and ``git``.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.go_servers import HOST, CannotObtainError, Server, checked, served
from tools.ports import free_port

DEFAULT_VERSION = "1.26.4"
GITEA = Server("gitea", "code.gitea.io/gitea")
ADMIN = "root1"

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


@dataclass(frozen=True, slots=True)
class LiveGitea:
    """A running Gitea: its address, a site admin's name and token."""

    base_url: str
    admin: str
    admin_token: str


def wanted_version() -> str:
    """The version asked for in the environment, or the usual one."""
    return os.environ.get("BRIDGE_LIVE_GITEA_VERSION") or DEFAULT_VERSION


def obtain(version: str) -> Path:
    """Return the path of a server of that version; builds it the first time, which takes minutes."""
    return GITEA.obtain(version, "-tags", "sqlite sqlite_unlock_notify", "-ldflags", f"-X main.Version={version}")


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
    binary, static = obtain(version), GITEA.source_dir(version)
    with tempfile.TemporaryDirectory(prefix="gitea-") as work:
        port = free_port()
        settings = Path(work) / "app.ini"
        secret = secrets.token_hex(32)
        here = f"http://{HOST}:{port}"
        root = root_url or here
        settings.write_text(_SETTINGS.format(work=work, port=port, root_url=root, static=static, secret=secret))
        gitea = [str(binary), "--config", str(settings), "--work-path", work]
        environment = _environment(work)
        checked([*gitea, "migrate"], environment)
        _make_admin(gitea, environment)
        custom = Path(work) / "custom"
        custom.mkdir(exist_ok=True)
        furnish(custom)
        command = ["admin", "user", "generate-access-token", "-u", ADMIN, "-t", "tests", "--scopes", "all", "--raw"]
        token = checked([*gitea, *command], environment).split()[-1]
        with served([*gitea, "web"], f"{here}/api/v1/version", environment):
            yield LiveGitea(base_url=here, admin=ADMIN, admin_token=token)


def _make_admin(gitea: list[str], environment: dict[str, str]) -> None:
    names = ["--username", ADMIN, "--email", f"{ADMIN}@example.org", "--password", secrets.token_hex(16)]
    checked([*gitea, "admin", "user", "create", "--admin", *names, "--must-change-password=false"], environment)


def _environment(work: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": work, "GITEA_WORK_DIR": work, "GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT": "true"}


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
