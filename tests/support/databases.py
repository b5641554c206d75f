"""Databases for tests: a PostgreSQL server of this run's own, and an empty database of the present schema for each test.

The server listens on a socket in a directory of its own, so that runs beside each other (several workers of pytest-xdist,
several people) never meet. It lives in another time zone than ours, so that a time stored without its zone is noticed.
"""

import contextlib
import functools
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from support.temporary import temporary_root

from bridge.cli.stopping import end_with_parent
from bridge.storage import schema
from bridge.storage.engine import open_engine

REQUIRE_POSTGRES = "BRIDGE_REQUIRE_POSTGRES"
_INSTALLED = Path("/usr/lib/postgresql")
_SERVER_OPTIONS = {
    "listen_addresses": "",
    "timezone": "America/St_Johns",
    "max_connections": "200",
    "shared_buffers": "32MB",
    # The data is thrown away: nothing needs to survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
}
_KNOWS_STRATEGIES = 150_000

# For a test that would learn nothing from the second database: `@ONLY_SQLITE` on one that uses `database_url`.
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ONLY_POSTGRES = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def postgres_binaries() -> Path | None:
    """The directory of ``initdb`` and ``postgres``, the newest where there are several; ``None`` without them."""
    for directory in sorted(
        _INSTALLED.glob("*/bin"), key=lambda path: int(path.parent.name.split(".")[0]), reverse=True
    ):
        if (directory / "initdb").exists() and (directory / "postgres").exists():
            return directory
    found = shutil.which("initdb")
    return Path(found).parent if found and shutil.which("postgres") else None


class PostgresServer:
    """A server that starts with its first use and ends with the run."""

    def __init__(self, binaries: Path) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="bridge-pg-", dir=temporary_root()))
        self._numbers = itertools.count(1)
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            account = _other_account()
            self._as = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(self._directory, account.pw_uid, account.pw_gid)
        data = self._directory / "data"
        initdb = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "bridge",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=self._directory, **self._as)
        options = [word for name, value in _SERVER_OPTIONS.items() for word in ("-c", f"{name}={value}")]
        self._command = [binaries / "postgres", "-D", data, "-k", self._directory, *options]
        self._start()
        self._make_template()

    def _start(self) -> None:
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                # The server ends even where the test run is killed.
                preexec_fn=functools.partial(end_with_parent, signal.SIGQUIT),  # noqa: PLW1509  takes no lock
                **self._as,
            )
        deadline = time.monotonic() + 120
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError((self._directory / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def _make_template(self) -> None:
        self._run("CREATE DATABASE {}", "template_bridge")
        engine = open_engine(self.url("template_bridge"))
        schema.upgrade(engine)
        engine.dispose()  # a database with connections can't be a template

    def url(self, name: str) -> str:
        """The URL of a database."""
        return f"postgresql://bridge@/{name}?host={self._directory}"

    def create(self, *, empty: bool = False) -> str:
        """A new database of the present schema, or (``empty``) without any table. Returns its URL."""
        name = f"test_{next(self._numbers)}"
        self._run(self._copy, name, "template0" if empty else "template_bridge")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Throw a database away, whoever is connected to it."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", url.partition("@/")[2].partition("?")[0])

    @functools.cached_property
    def _copy(self) -> str:
        """Copying files is twice as fast as writing them through the log; older servers know nothing else."""
        with psycopg.connect(self.url("postgres")) as connection:
            strategy = " STRATEGY FILE_COPY" if connection.info.server_version >= _KNOWS_STRATEGIES else ""
        return "CREATE DATABASE {} TEMPLATE {}" + strategy

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def cut(self, url: str) -> None:
        """End every connection to a database, as a restart of the server does."""
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name]
            )

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Stop the server, as for a restart, and start it again at the end."""
        self._end(signal.SIGINT)
        try:
            yield
        finally:
            self._start()

    def stop(self) -> None:
        """End the server and remove its files."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        self._process.send_signal(how)
        self._process.wait(120)


def _other_account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL refuses to run as root, and there is neither an account postgres nor nobody")


def start_postgres() -> PostgresServer:
    """Start a server, or skip (fail, where the run says that it must not skip) without its binaries."""
    binaries = postgres_binaries()
    if binaries is not None:
        return PostgresServer(binaries)
    reason = "PostgreSQL's initdb and postgres were not found (apt-get install postgresql)"
    if os.environ.get(REQUIRE_POSTGRES) == "1":
        pytest.fail(f"{reason}, and {REQUIRE_POSTGRES}=1 forbids to skip")
    pytest.skip(reason)


def make_sqlite_template(directory: Path) -> Path:
    """An empty SQLite database of the present schema, to be copied."""
    path = directory / "empty.db"
    engine = open_engine(f"sqlite:///{path}")
    schema.upgrade(engine)
    engine.dispose()  # closing the last connection folds the write-ahead log into the file
    return path
