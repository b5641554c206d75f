"""The main story of the product, told with real processes over HTTP and the command line, against any Gitea.

``tell_the_story`` is the one test body; the pretended and the real Gitea differ in how they are started and stopped, and
what stands in front of both in what their common address is.
"""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import requests
from support import joomla_client
from support.gitea_worlds import GiteaUnderTest, unique
from support.zips import joomla_module

from bridge.services.products import FRESH_SECONDS
from tools.ports import free_port

HOOK_SECRET = "the secret of the journey"
EMPTY_FEED = b"<updates></updates>"
READY_SECONDS = 150.0  # the patience for a busy machine; who has ended is not waited for
# What happens within a minute in production happens within these seconds here.
STEPS_SECONDS = [0, 1, 2, 4, 7, 10, 14, 18, 22, 26, 30]
UPLOAD_AFTER_SECONDS = 2.5
SEEN_WITHIN_SECONDS = 25.0  # mostly the patience for a busy machine
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Front:
    """What stands before the bridge: the address under which the world knows it, and the port where it is expected.

    ``seen``: called in the middle of the story, with the owner and a good key. ``downloads``: as in the settings.
    """

    url: str
    bridge_port: int
    seen: Callable[[str, str], None] = lambda _owner, _key: None
    downloads: str = "direct"


class BridgeProcess:
    """``bridge serve`` with a configuration file of its own, and the ``bridge`` command beside it."""

    def __init__(
        self, directory: Path, gitea_url: str, token: str, *owners: str, front: Front | None = None, more: str = ""
    ) -> None:
        self.url = f"http://127.0.0.1:{front.bridge_port if front else free_port()}"
        self.public_url = front.url if front else self.url
        self._log = directory / "bridge.log"
        self.config = directory / "config.toml"
        self.config.write_text(
            f"""[gitea]
url = "{gitea_url}"
public_url = "{front.url if front else gitea_url}"
token = "{token}"
webhook_secrets = ["{HOOK_SECRET}"]
max_requests_per_second = 50
[bridge]
public_url = "{self.public_url}"
owners = {json.dumps(owners)}
data_dir = "{directory / "data"}"
[web]
bind = "{self.url.removeprefix("http://")}"
workers = 2
downloads = "{front.downloads if front else "direct"}"
[worker]
refresh_steps_seconds = {STEPS_SECONDS}
{more}
""",
            encoding="utf-8",
        )
        self._command = [sys.executable, "-m", "bridge.cli", "--config", str(self.config)]
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
        self._process: subprocess.Popen[bytes] | None = None

    def cli(self, *words: str) -> str:
        """Run one command and return what it printed."""
        done = subprocess.run(
            [*self._command, *words], capture_output=True, text=True, env=self._environment, cwd=ROOT, check=False
        )
        assert done.returncode == 0, f"bridge {words[0]}: {done.stderr or done.stdout}"
        return done.stdout

    def start(self) -> None:
        """Start everything in a process group of its own, as a terminal would."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*self._command, "serve"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                cwd=ROOT,
                start_new_session=True,
            )
        eventually(self._is_ready, READY_SECONDS, lambda: f"the bridge is not ready: {self.log()}")

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):
            return bool(requests.get(f"{self.url}/-/licensing/health", timeout=5).json()["status"] == "pass")
        return False

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def press_ctrl_c(self) -> int:
        """Interrupt the whole group, as a terminal does, and return the exit code."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGINT)
        return self._process.wait(20)

    def left_running(self) -> bool:
        """Whether any process of the group is still there."""
        assert self._process is not None
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def put_away(self) -> None:
        """Leave nothing behind, however the test ended."""
        if self._process is not None and self.left_running():
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)


def eventually(holds: Callable[[], bool], seconds: float, otherwise: Callable[[], str] = lambda: "") -> float:
    """Wait until something holds; returns how many seconds that took."""
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < seconds, otherwise() or f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - start


class Customer:
    """A Joomla site: asks its feed, and downloads what the feed names."""

    def __init__(self, repo_url: str, code: str = "") -> None:
        self._query = {"dlid": code} if code else {}
        self._feed_url = f"{repo_url}/updates.xml"
        self.session = requests.Session()
        self.session.trust_env = False

    def feed(self) -> bytes:
        answer = self.session.get(self._feed_url, params=self._query, timeout=10)
        assert answer.status_code == 200
        ET.fromstring(answer.content)
        return answer.content

    def offered(self) -> str | None:
        return joomla_client.check(self.feed(), installed="1.0.0").version

    def is_always_offered(self, version: str) -> bool:
        """Whether every web process knows it: each looks at the database twice a second on its own."""
        return all(self.offered() == version for _ in range(8))

    def download(self, url: str) -> requests.Response:
        return self.session.get(url, params=self._query, timeout=10)


@contextlib.contextmanager
def running_bridge(
    directory: Path, gitea_url: str, token: str, *owners: str, front: Front | None = None, more: str = ""
) -> Iterator[BridgeProcess]:
    bridge = BridgeProcess(directory, gitea_url, token, *owners, front=front, more=more)
    try:
        bridge.cli("db", "upgrade")
        bridge.start()
        yield bridge
    finally:
        bridge.put_away()


def tell_the_story(
    gitea: GiteaUnderTest,
    way_to_gitea: str,
    stop_gitea: Callable[[], None],
    directory: Path,
    front: Front | None = None,
) -> None:
    """A release becomes a licensed update; a revoked key shuts both doors; without Gitea everything goes on.

    ``way_to_gitea`` is the address that the bridge knows; after ``stop_gitea`` nobody answers there.
    """
    vendor = gitea.person("vendor")
    org = gitea.org(vendor, "acme")
    with running_bridge(directory, way_to_gitea, gitea.admin_token, org, front=front) as bridge:
        hook = _create_system_hook(gitea, bridge)
        repo = gitea.repo(vendor, org=org, private=True, name="mod-weather")
        for name, value in (("PLATFORM", "joomla"), ("REQUIRE_KEY", "true")):
            path = f"/repos/{org}/mod-weather/actions/variables/LICENSING_{name}"
            gitea.api("POST", path, token=vendor.token, json={"value": value})
        bridge.cli("repo", "refresh", f"{org}/mod-weather")
        bridge.cli("package", "create", org, "Standard", "--streams", "stable")
        first, second = _issue(bridge, org, 2)
        repo_url = f"{bridge.public_url}/{org}/mod-weather"
        leaving, staying, stranger = Customer(repo_url, first), Customer(repo_url, second), Customer(repo_url)

        release = gitea.release(vendor, repo, "v1.2.0")
        time.sleep(UPLOAD_AFTER_SECONDS)  # CI builds the ZIP; Gitea tells nobody when it is uploaded
        assert EMPTY_FEED in leaving.feed()
        package = joomla_module("weather", "1.2.0", files={"sky.bin": os.urandom(200_000)})
        gitea.upload(vendor, repo, release, "mod_weather-1.2.0.zip", package)
        eventually(lambda: leaving.is_always_offered("1.2.0"), SEEN_WITHIN_SECONDS, bridge.log)
        time.sleep(2 * FRESH_SECONDS)  # a web worker that was not asked just now may hold its old picture for so long

        url = _assert_doors_are_open(leaving, package)
        assert EMPTY_FEED in stranger.feed()
        assert stranger.download(url).status_code == 403

        _revoke(bridge, first, leaving, url)
        assert staying.offered() == "1.2.0"
        if front:
            front.seen(org, second)

        gitea.api("DELETE", f"/admin/hooks/{hook}")
        stop_gitea()
        _assert_nobody_answers(way_to_gitea)
        for _ in range(30):
            _assert_doors_are_open(staying, package)
            assert EMPTY_FEED in leaving.feed()
            time.sleep(0.05)

        assert bridge.press_ctrl_c() == 0, bridge.log()
        eventually(lambda: not bridge.left_running(), 2, lambda: "a process outlived Ctrl-C")
        assert "Traceback" not in bridge.log()
        with contextlib.suppress(requests.ConnectionError):
            raise AssertionError(f"still answering: {requests.get(bridge.url, timeout=5)}")


def _create_system_hook(gitea: GiteaUnderTest, bridge: BridgeProcess) -> int:
    config = {
        "url": f"{bridge.public_url}/-/licensing/hooks/gitea",
        "content_type": "json",
        "secret": HOOK_SECRET,
        "is_system_webhook": "true",
    }
    events = ["release", "repository", "push", "create", "delete"]
    hook = {"type": "gitea", "active": True, "config": config, "events": events, "name": unique("licensing")}
    return int(gitea.api("POST", "/admin/hooks", json=hook)["id"])


def _issue(bridge: BridgeProcess, org: str, quantity: int) -> list[str]:
    rows: list[dict[str, Any]] = json.loads(
        bridge.cli("key", "issue", org, "Standard", "--quantity", str(quantity), "--json")
    )
    return [row["code"] for row in rows]


def _assert_doors_are_open(customer: Customer, package: bytes) -> str:
    """The feed offers the release, and its download delivers the very bytes; returns the download's address."""
    update = ET.fromstring(customer.feed()).find("update")
    assert update is not None
    assert update.findtext("version") == "1.2.0"
    url = update.findtext("downloads/downloadurl") or ""
    answer = customer.download(url)
    assert answer.status_code == 200
    assert update.findtext("sha256") == hashlib.sha256(answer.content).hexdigest()
    assert answer.content == package
    return url


def _revoke(bridge: BridgeProcess, code: str, customer: Customer, url: str) -> None:
    bridge.cli("key", "revoke", code)

    def are_shut() -> bool:
        return EMPTY_FEED in customer.feed() and customer.download(url).status_code == 403

    took = eventually(are_shut, 1.0, lambda: "a revoked key still opens a door after a second")
    assert took < 1.0


def _assert_nobody_answers(url: str) -> None:
    try:
        answer = requests.get(f"{url}/api/v1/version", timeout=5)
    except requests.ConnectionError:
        return
    raise AssertionError(f"Gitea still answers with {answer.status_code}")
