"""The servers that are measured: started side by side, waited for, weighed, stopped."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.bench.scene import OWNER, PUBLIC_URL, Scene
from tools.ports import free_port

WORKERS = 2
_START_SECONDS = 120  # on a machine that has much else to do
_ROOT = Path(__file__).resolve().parents[2]

# Gitea is nobody, where nobody asks it.
_NO_GITEA = "http://127.0.0.1:1"
_BRIDGE_TOML = """[gitea]
url = "{gitea}"
token = "{token}"
[bridge]
public_url = "{public_url}"
owners = ["{owner}"]
data_dir = "{directory}"
[database]
url = "sqlite:///{database}"
[web]
bind = "127.0.0.1:{port}"
workers = {workers}
downloads = "{downloads}"
[limits]
downloads_per_key_and_minute = 1000000
[log]
level = "{level}"
{more}"""
_NGINX_CONF = """daemon off;
worker_processes {workers};
pid {directory}/nginx.pid;
error_log stderr error;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /-/licensing/store/ {{ internal; alias {store}/; }}
        location /plain/ {{ alias {store}/; default_type application/zip; }}
        location / {{ proxy_pass http://127.0.0.1:{upstream}; proxy_set_header Host $host; }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"

    def worker_rss_mib(self) -> float:
        """Resident memory of its largest worker, in MiB."""
        table = subprocess.run(["ps", "-A", "-o", "ppid=,rss="], capture_output=True, check=True, text=True).stdout
        rows = (line.split() for line in table.splitlines())
        return max(int(kib) for parent, kib in rows if int(parent) == self.process.pid) / 1024


def start_bare() -> Server:
    """A Flask application with one route."""
    port = free_port()
    return _start("bare", port, [sys.executable, "-m", "tools.bench.bare", str(port), str(WORKERS)])


def start_bridge(name: str, scene: Scene, database: Path, directory: Path, *, downloads: str = "direct") -> Server:
    """``bridge web`` with a database."""
    port = free_port()
    config = directory / f"{name}.toml"
    write_config(config, home=Path(scene.directory), database=database, port=port, downloads=downloads)
    return start(name, port, config, "web")


def write_config(
    config: Path,
    *,
    home: Path,
    database: Path,
    port: int,
    gitea: str = _NO_GITEA,
    token: str = "",
    downloads: str = "direct",
    level: str = "warning",
    more: str = "",
) -> None:
    """Write the settings of a bridge. ``more``: further sections, as TOML."""
    text = _BRIDGE_TOML.format(
        gitea=gitea,
        token=token,
        public_url=PUBLIC_URL,
        owner=OWNER,
        directory=home,
        database=database,
        port=port,
        workers=WORKERS,
        downloads=downloads,
        level=level,
        more=more,
    )
    config.write_text(text, encoding="utf-8")


def start(name: str, port: int, config: Path, command: str) -> Server:
    """A command of the bridge that serves: ``web`` or ``serve``."""
    return _start(name, port, [sys.executable, "-m", "bridge.cli", "--config", str(config), command])


def nginx_path() -> str | None:
    """Where nginx is, or ``None``. Debian keeps it where only root's path leads."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def start_nginx(scene: Scene, upstream: Server, directory: Path) -> Server:
    """Serve the store itself under ``/plain/`` with nginx, and ask the bridge about everything else."""
    program = nginx_path()
    assert program is not None, "ask nginx_path first"
    home = directory / "nginx"
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    text = _NGINX_CONF.format(
        workers=WORKERS,
        directory=home,
        port=port,
        store=scene.store,
        upstream=upstream.port,
        user="user root;" if os.geteuid() == 0 else "",  # the store is closed to others
    )
    config = home / "nginx.conf"
    config.write_text(text, encoding="utf-8")
    return _start("nginx", port, [program, "-p", str(home), "-e", "stderr", "-c", str(config)])


def _start(name: str, port: int, command: list[str]) -> Server:
    return Server(name, port, subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.DEVNULL))


def wait_for(server: Server) -> None:
    """Wait until it listens. Raises ``RuntimeError`` if it ends instead, or takes too long."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server {server.name} did not start; its last words stand above")


@contextlib.contextmanager
def stopped_at_end(servers: dict[str, Server]) -> Iterator[None]:
    """Stop whatever has been put into ``servers`` by then."""
    try:
        yield
    finally:
        for server in servers.values():
            server.process.terminate()
        for server in servers.values():
            try:
                server.process.wait(15)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait()
