"""What is measured beside a real Gitea: an owner whose repos sell extensions, and a bridge that serves them."""

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from bridge.parts import Parts
from bridge.settings import load
from bridge.storage import catalog, schema
from tools.bench import filling, processes
from tools.bench.processes import Server
from tools.bench.scene import archive, sell
from tools.live_gitea import LiveGitea
from tools.ports import free_port

OWNER = "acme"
REPOS = 10
SITES = 10_000
SMALL_BYTES = 20_000
# Gitea's own file has the size of a feed with as many releases, which is what vendors put there by hand.
_UPDATES_XML = "<updates>\n" + "<update><name>Weather</name><version>1.0.0</version></update>\n" * 12 + "</updates>\n"
_SECRET = "the secret of the bench"

_TOML = """[gitea]
url = "{gitea}"
token = "{token}"
webhook_secrets = ["{secret}"]
[bridge]
public_url = "http://127.0.0.1:{port}"
owners = ["{owner}"]
data_dir = "{directory}"
[web]
bind = "127.0.0.1:{port}"
workers = {workers}
trusted_proxies = 0
[limits]
downloads_per_key_and_minute = 1000000
[log]
level = "warning"
"""


def element(repo: int) -> str:
    """The name of a repo's extension."""
    return f"mod_weather{repo}"


class Owner:
    """Acts in Gitea as the vendor does."""

    def __init__(self, gitea: LiveGitea) -> None:
        self._base = gitea.base_url + "/api/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"token {gitea.admin_token}"

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """One call of Gitea's API; raises ``requests.HTTPError``."""
        answer = self._session.request(method, self._base + path, timeout=30, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def build(self, bridge_port: int) -> None:
        """Make the organisation, its repos with their variables, and the hook."""
        self.ask("POST", "/orgs", json={"username": OWNER})
        for repo in range(REPOS):
            self.ask("POST", f"/orgs/{OWNER}/repos", json={"name": f"weather{repo}", "auto_init": True})
            for name, value in (("LICENSING_PLATFORM", "joomla"), ("LICENSING_REQUIRE_KEY", "true")):
                self.ask("POST", f"/repos/{OWNER}/weather{repo}/actions/variables/{name}", json={"value": value})
            self.publish(repo, "1.0.0")
        content = base64.b64encode(_UPDATES_XML.encode()).decode()
        path = f"/repos/{OWNER}/weather0/contents/updates.xml"
        self.ask("POST", path, json={"content": content, "message": "a feed by hand"})
        url = f"http://127.0.0.1:{bridge_port}/-/licensing/hooks/gitea"
        config = {"url": url, "content_type": "json", "secret": _SECRET}
        hook = {"type": "gitea", "active": True, "events": ["release"], "config": config}
        self.ask("POST", f"/orgs/{OWNER}/hooks", json=hook)

    def publish(self, repo: int, version: str) -> None:
        """Publish as the web page does: the file is there when the release becomes public. Returns when it is."""
        path = f"/repos/{OWNER}/weather{repo}/releases"
        release = {"tag_name": f"v{version}", "name": version, "draft": True, "body": "- better\n"}
        number = self.ask("POST", path, json=release)["id"]
        file = (f"{element(repo)}-{version}.zip", archive(element(repo), version, SMALL_BYTES), "application/zip")
        self.ask("POST", f"{path}/{number}/assets", files={"attachment": file})
        self.ask("PATCH", f"{path}/{number}", json={"draft": False})

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


@dataclass(frozen=True, slots=True)
class Beside:
    """A real Gitea and a running bridge. ``codes`` are keys that open everything; ``config`` is the bridge's."""

    gitea: LiveGitea
    owner: Owner
    bridge: Server
    config: Path
    codes: Path

    @property
    def gitea_port(self) -> int:
        """Where Gitea listens."""
        return int(self.gitea.base_url.rpartition(":")[2])


@contextmanager
def running(gitea: LiveGitea, directory: Path) -> Iterator[Beside]:
    """Put a bridge beside the Gitea, sell ten thousand keys, and serve."""
    directory.mkdir(parents=True)
    port = free_port()
    config = directory / "bridge.toml"
    config.write_text(
        _TOML.format(
            gitea=gitea.base_url, token=gitea.admin_token, secret=_SECRET, port=port, owner=OWNER,
            directory=directory, workers=processes.WORKERS,
        ), encoding="utf-8",
    )  # fmt: skip
    owner = Owner(gitea)
    owner.build(port)
    codes = _prepare(config, directory)
    servers = {"serve": processes.start("serve", port, config, "serve")}
    try:
        with processes.stopped_at_end(servers):
            processes.wait_for(servers["serve"])
            yield Beside(gitea, owner, servers["serve"], config, codes)
    finally:
        owner.close()


def _prepare(config: Path, directory: Path) -> Path:
    """Read the repos and sell the keys; returns the file of their codes."""
    parts = Parts(load(config))
    try:
        schema.upgrade(parts.engine)
        for repo in range(REPOS):
            parts.catalog.refresh(parts.gitea.repo(OWNER, f"weather{repo}").id)
        with parts.open_session(read_only=True) as session:
            assert catalog.owner_by_name(session, OWNER) is not None, "its repos were refreshed"
        key_id = sell(parts, OWNER)
    finally:
        parts.close()
    codes = directory / "codes.txt"
    sold = [code for batch in filling.batches(SITES) for code in batch]
    connection = sqlite3.connect(directory / "bridge.db")
    filling.copy_keys(connection, key_id, sold)
    connection.commit()
    connection.close()
    codes.write_text("\n".join(sold) + "\n", encoding="ascii")
    return codes
