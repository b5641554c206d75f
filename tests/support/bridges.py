"""A whole installation in one process: a pretend Gitea on a loopback port, a bridge beside it, a clock to turn."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from bridge.app import create_app
from bridge.models import LicenseKey, Package
from bridge.parts import Edge, Parts
from bridge.rules.variables import OwnerSettings
from bridge.services import keys, packages
from bridge.services.key_inputs import KeyInput
from bridge.services.keys import Issuer
from bridge.services.packages import PackageInput, term_from_text
from bridge.settings import Settings
from bridge.storage import catalog, licenses
from bridge.storage.audits import Actor
from gitea_client.simulator import RunningSimulator, World, create_simulator, serve

HOOK_SECRET = "a secret for tests"
TESTER = Actor("test")
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    """Stands still until it is turned."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **ahead: float) -> datetime:
        """Turn by ``days=``, ``seconds=`` … (as ``timedelta`` takes them)."""
        self.now += timedelta(**ahead)
        return self.now


class _Client(FlaskClient):
    """Reads each answer whole, so that served files are closed."""

    def open(self, *args: Any, **options: Any) -> Any:
        options.setdefault("buffered", True)
        return super().open(*args, **options)


@dataclass
class Installation:
    """What a test drives."""

    world: World
    gitea: RunningSimulator
    parts: Parts
    clock: Clock
    settings: Settings

    def client(self) -> FlaskClient:
        """A client of a web side (in process) that remembers nothing yet."""
        app = create_app(self.settings, self.parts)
        app.test_client_class = _Client
        return app.test_client()

    def add_product(self, owner: str, name: str, *, private: bool = True, **variables: str) -> int:
        """A repo with variables, e.g. ``LICENSING_PLATFORM="joomla"``. Returns its id. Nothing is refreshed yet."""
        if self.world.account(owner) is None:
            self.world.add_user(f"{owner}-boss")
            self.world.add_org(owner, owner=f"{owner}-boss")
        repo = self.world.add_repo(owner, name, private=private)
        for variable, value in variables.items():
            self.world.set_variable(owner, variable, value, repo=name)
        return repo.id

    def publish(self, owner: str, name: str, version: str, files: dict[str, bytes], **more: Any) -> None:
        """Publish ``v<version>`` with files and read it at once."""
        self.world.publish_release(owner, name, f"v{version}", files=files, prerelease="-" in version, **more)
        self.refresh(owner, name)

    def refresh(self, owner: str, name: str) -> Any:
        """Read a repo from Gitea now."""
        return self.parts.catalog.refresh(self.world.repo(owner, name).id)

    def package(
        self, owner: str, name: str = "Standard", *, repo: str | None = None, term: str = "annual", **more: Any
    ) -> int:
        """A package of the owner or of one repo; returns its id."""
        with self.parts.open_session() as session:
            row = catalog.owner_by_name(session, owner)
            assert row is not None, "refresh a served repo of the owner first"
            found = catalog.repo_by_name(session, owner, repo) if repo else None
            wanted = PackageInput(name=name, term=term_from_text(term), repo_id=found[0].id if found else None, **more)
            settings = OwnerSettings.from_dict(row.settings)
            return packages.create(session, row.id, wanted, settings, TESTER, self.clock()).id or 0

    def issuer(self) -> Issuer:
        """Who issues keys in tests."""
        return Issuer(TESTER, self.clock(), self.parts.entropy, self.settings.bridge.key_prefix)

    def key(self, package_id: int, **stated: Any) -> "IssuedKey":
        """A key of a package."""
        with self.parts.open_session() as session:
            package = session.get_one(Package, package_id)
            key = keys.issue(session, package, KeyInput(**stated), self.issuer())[0]
            code = licenses.codes_of(session, [key.id or 0])[key.id or 0][0].code
            return IssuedKey(key.id or 0, code, key.feed_token)

    def revoke(self, key_id: int) -> None:
        """Revoke a key."""
        with self.parts.open_session() as session:
            keys.revoke(session, session.get_one(LicenseKey, key_id), "", self.issuer())

    def close(self) -> None:
        """Stop everything."""
        self.parts.close()
        self.gitea.stop()
        self.world.close()


@dataclass(frozen=True)
class IssuedKey:
    """A key as its customer knows it."""

    id: int
    code: str
    token: str


def install(database_url: str, directory: Path, **overrides: Any) -> Installation:
    """Set an installation up on a migrated database. ``overrides`` are settings by section: ``web={"workers": 1}``."""
    world = World()
    world.add_user("root", is_admin=True)
    token = world.add_token("root")
    gitea = serve(create_simulator(world))
    sections: dict[str, dict[str, Any]] = {
        "gitea": {
            "url": gitea.base_url,
            "token": token,
            "webhook_secrets": [HOOK_SECRET],
            "max_requests_per_second": 1000,
        },
        "bridge": {
            "public_url": "https://git.example.com",
            "owners": ["acme", "beta", "dora"],
            "data_dir": directory / "data",
        },
        "database": {"url": database_url},
        "web": {"workers": 8},  # tests call the API from several threads: a seat for each
    }
    for section, values in overrides.items():
        sections.setdefault(section, {}).update(values)
    settings = Settings(**sections)
    clock = Clock()
    return Installation(world, gitea, Parts(settings, Edge(clock=clock)), clock, settings)
