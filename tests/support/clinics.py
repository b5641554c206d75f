"""A whole installation to be examined: a pretend Gitea and a bridge that listens, behind one proxy, all on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from support.bad_proxies import Proxy
from support.bridges import HOOK_SECRET, Installation, install
from support.zips import joomla_module
from werkzeug.serving import WSGIRequestHandler, make_server

from bridge.app import create_app
from bridge.parts import Parts, utc_now
from bridge.services.doctor import running
from bridge.services.doctor.findings import Check, Finding
from bridge.services.doctor.patient import HOOK_PATH, Wishes
from bridge.services.doctor.registry import CHECKS
from bridge.services.figures import HEARTBEAT
from bridge.settings import Settings
from bridge.storage import usage
from gitea_client.simulator.serving import RunningSimulator

BY_NAME = {check.name: check for check in CHECKS}


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@dataclass
class Clinic:
    """What a test breaks, and how it asks what the doctor says."""

    made: Installation
    proxy: Proxy
    web: RunningSimulator
    web_parts: Parts

    def manifest(self, version: str, **options: Any) -> bytes:
        """A module that asks for updates where it should."""
        address = f"{self.proxy.url}/acme/mod-weather/updates.xml"
        return joomla_module("weather", version, **{"update_servers": [address], **options})

    def publish(self, version: str, **options: Any) -> None:
        """A release of acme/mod-weather, read by the bridge once its hook has arrived."""
        self.made.world.publish_release(
            "acme",
            "mod-weather",
            f"v{version}",
            files={f"mod_weather-{version}.zip": self.manifest(version, **options)},
        )
        self.made.world.settle()
        self.made.refresh("acme", "mod-weather")

    def set(self, name: str, value: str) -> None:
        """A variable of acme/mod-weather, in force."""
        self.made.world.set_variable("acme", f"LICENSING_{name}", value, repo="mod-weather")
        self.made.refresh("acme", "mod-weather")

    def examine(self, *names: str, **wishes: Any) -> list[Finding]:
        """What these checks find, and those that they need; without names all."""
        wanted = _with_needs(names) if names else set(BY_NAME)
        patient = self.made.parts.patient(Wishes(**wishes))
        try:
            return running.examine([check for check in CHECKS if check.name in wanted], patient)
        finally:
            patient.close()

    def codes(self, name: str, **wishes: Any) -> list[str]:
        """The codes that one check finds."""
        return [finding.code for finding in self.examine(name, **wishes) if finding.check == name]

    def one(self, name: str, code: str, **wishes: Any) -> Finding:
        """The finding of that code; it must be there."""
        found = [finding for finding in self.examine(name, **wishes) if finding.check == name]
        assert code in [finding.code for finding in found], found
        return next(finding for finding in found if finding.code == code)


def _with_needs(names: Any) -> set[str]:
    found: set[str] = set()
    for name in names:
        check: Check = BY_NAME[name]
        found |= {name} | _with_needs(check.needs)
    return found


def serve_web(settings: Settings) -> tuple[RunningSimulator, Parts]:
    """The web side on a free port, on threads of this process, with parts of its own."""
    parts = Parts(settings)
    server = make_server("127.0.0.1", 0, create_app(settings, parts), threaded=True, request_handler=_Quiet)
    return RunningSimulator(server), parts


@contextmanager
def clinic(database_url: str, directory: Path, **overrides: Any) -> Iterator[Clinic]:
    """A healthy installation with one product, acme/mod-weather, private and gated, with one release."""
    proxy = Proxy()
    sections = {"bridge": {"public_url": proxy.url, "owners": ["acme"]}, "gitea": {"public_url": proxy.url}}
    for section, values in overrides.items():
        sections[section] = sections.get(section, {}) | values
    made = install(database_url, directory, **sections)
    made.parts.clock = utc_now
    made.clock.now = datetime.now(UTC)
    web, web_parts = serve_web(made.settings)
    proxy.bridge_url, proxy.gitea_url = web.base_url, made.gitea.base_url
    made.world.public_url = proxy.url
    built = Clinic(made, proxy, web, web_parts)
    try:
        made.world.add_hook(proxy.url + HOOK_PATH, HOOK_SECRET, branch_filter="*")
        made.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla", LICENSING_REQUIRE_KEY="true")
        built.publish("1.0.0")
        with made.parts.open_session() as session:
            usage.beat(session, HEARTBEAT, utc_now() + timedelta(hours=1))  # however slow the test is
        yield built
    finally:
        web.stop()
        web_parts.close()
        proxy.stop()
        made.close()
