"""nginx and Caddy with the very files of ``deploy/``: only addresses, ports and directories are put in.

Both are started on free ports of this machine and write below a directory of the test. Without the program, the test is
skipped visibly.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tools.ports import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
KINDS = ("nginx", "caddy")
_START_SECONDS = 20.0
# As generous with compression as an operator could be: what is below must not inherit it for feeds.
_NGINX_MAIN = """daemon off;
pid {directory}/nginx.pid;
error_log {logs}/error.log notice;
{user}
events {{ worker_connections 256; }}
http {{
    include {types};
    default_type application/octet-stream;
    access_log {logs}/access.log;
    sendfile on;
    gzip on;
    gzip_proxied any;
    gzip_min_length 1;
    gzip_types *;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include conf.d/*.conf;
}}
"""
_TYPES = Path("/etc/nginx/mime.types")


@dataclass(frozen=True)
class Site:
    """What stands behind the proxy. ``name``: which of the examples of ``deploy/``: gitea, subpath or own-host."""

    gitea: str
    bridge: str
    store: Path = Path("/nonexistent")
    name: str = "gitea"
    port: int = field(default_factory=free_port)
    plain_port: int = field(default_factory=free_port)  # where nginx only says that it is elsewhere
    certificate: Path | None = None


@dataclass(frozen=True)
class Proxy:
    """A running proxy."""

    kind: str
    port: int
    plain_port: int
    logs: Path

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def logged(self) -> str:
        """All that it has written so far, into whatever file."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.logs.iterdir()))


def program(kind: str) -> str:
    """Where it is; skips the test without it. Debian keeps nginx where only root's path leads."""
    found = shutil.which(kind) or shutil.which(kind, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{kind} is not installed")
    return found


@contextlib.contextmanager
def running_proxy(kind: str, site: Site, directory: Path) -> Iterator[Proxy]:
    """One of ``KINDS`` in front of a site."""
    started = program(kind)
    logs = directory / "logs"
    logs.mkdir(parents=True)
    command, environment = (_nginx if kind == "nginx" else _caddy)(started, site, directory, logs)
    with (logs / "stderr.log").open("wb") as errors:
        process = subprocess.Popen(
            command, env=environment, cwd=directory, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
        )
    proxy = Proxy(kind, site.port, site.plain_port, logs)
    try:
        _wait_for(proxy, process)
        yield proxy
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(proxy: Proxy, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", proxy.port), timeout=5):
            return
        time.sleep(0.05)
    raise AssertionError(f"{proxy.kind} did not start: {proxy.logged()}")


def _nginx(started: str, site: Site, directory: Path, logs: Path) -> tuple[list[str], dict[str, str]]:
    home = directory / "nginx"
    shutil.copytree(DEPLOY / "nginx", home)
    example = "gitea.conf.example" if site.name == "gitea" else f"{_NAMES[site.name]}.conf.example"
    shutil.copy(home / example, home / "conf.d" / "site.conf")
    if site.name == "subpath":
        adapt("sed", (home / example).read_text(), home / "license-bridge")
    for path in (*home.glob("conf.d/*.conf"), *home.glob("license-bridge/*.conf")):
        path.write_text(_with_addresses(path.read_text(), site, logs), encoding="utf-8")
    main = _NGINX_MAIN.format(
        directory=directory, logs=logs, types=_TYPES, user="user root;" if os.geteuid() == 0 else ""
    )
    (home / "nginx.conf").write_text(main, encoding="utf-8")
    command = [started, "-p", str(home), "-e", str(logs / "early.log"), "-c", str(home / "nginx.conf")]
    return command, dict(os.environ)


_NAMES = {"subpath": "gitea-subpath", "own-host": "own-host"}


def _with_addresses(text: str, site: Site, logs: Path) -> str:
    text = text.replace("server 127.0.0.1:3000;", f"server {_address(site.gitea)};")
    text = text.replace("server 127.0.0.1:8080;", f"server {_address(site.bridge)};")
    text = text.replace("/var/log/nginx/", f"{logs}/").replace("/var/lib/license-bridge/store", str(site.store))
    text = re.sub(r"(?m)^ *listen \[::\].*\n", "", text).replace("listen 80;", f"listen 127.0.0.1:{site.plain_port};")
    if site.certificate:
        text = re.sub(r"(ssl_certificate(?:_key)?) .*;", rf"\1 {site.certificate};", text)
        return text.replace("listen 443 ", f"listen 127.0.0.1:{site.port} ")
    text = re.sub(r"(?m)^ *ssl_.*\n", "", text)
    return text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{site.port};")


def _caddy(started: str, site: Site, directory: Path, logs: Path) -> tuple[list[str], dict[str, str]]:
    home = directory / "caddy"
    shutil.copytree(DEPLOY / "caddy", home)
    example = home / ("Caddyfile.example" if site.name == "gitea" else f"Caddyfile.{site.name}.example")
    if site.name == "subpath":
        adapt("sed", example.read_text(), home)
    environment = {
        **os.environ,
        "HOME": str(directory),
        "XDG_CONFIG_HOME": str(directory / "config"),
        "XDG_DATA_HOME": str(directory / "data"),
        "GITEA": _address(site.gitea),
        "GITEA_HOST": f"http://127.0.0.1:{site.port}",
        "LICENSE_BRIDGE_HOST": f"http://127.0.0.1:{site.port}",
        "GITEA_LOG": str(logs / "gitea.log"),
        "LICENSE_BRIDGE": _address(site.bridge),
        "LICENSE_BRIDGE_STORE": str(site.store),
    }
    adapt_command = [started, "adapt", "--config", str(example), "--adapter", "caddyfile"]
    adapted = subprocess.run(adapt_command, env=environment, capture_output=True, text=True, check=False, cwd=home)
    assert adapted.returncode == 0, adapted.stderr
    # Its console has a port of its own that another Caddy of this machine may hold.
    config = {**json.loads(adapted.stdout), "admin": {"disabled": True, "config": {"persist": False}}}
    (directory / "caddy.json").write_text(json.dumps(config), encoding="utf-8")
    return [started, "run", "--config", str(directory / "caddy.json")], environment


def adapt(word: str, text: str, directory: Path) -> None:
    """Run the one command that an example tells to run, as it stands in its comment."""
    commands = re.findall(rf"(?m)^# +({word} .*)$", text)
    assert len(commands) == 1, commands
    subprocess.run(commands[0], shell=True, check=True, cwd=directory)


def _address(url: str) -> str:
    return url.removeprefix("http://").rstrip("/")
