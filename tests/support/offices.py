"""Owners and repos in the database alone, for tests of licenses that need no Gitea and no doors."""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, select

from bridge.models import Audit, LicenseKey, Owner, Package, Repo, RepoName
from bridge.rules.variables import OwnerSettings
from bridge.services import keys, masters, packages
from bridge.services.key_inputs import KeyInput
from bridge.services.keys import Issuer
from bridge.services.packages import PackageInput, term_from_text
from bridge.storage import licenses
from bridge.storage.audits import Actor
from bridge.storage.engine import open_engine, session_scope

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ACME, OTHER = 7, 8
MODULE, PLUGIN, FOREIGN = 70, 71, 80
ACTOR = Actor("test", "here")
SETTINGS = OwnerSettings()


class Office:
    """Two owners: acme with a module and a plugin, other with one repo. ``now`` may be turned."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = open_engine(url)
        self.now = NOW
        with self.session() as session:
            for id_, name in ((ACME, "acme"), (OTHER, "other")):
                session.add(Owner(id=id_, name=name, kind="org"))
            session.flush()
            for id_, owner, owner_id, name in (
                (MODULE, "acme", ACME, "mod-weather"),
                (PLUGIN, "acme", ACME, "plg-seo"),
                (FOREIGN, "other", OTHER, "thing"),
            ):
                session.add(Repo(id=id_, owner_id=owner_id, name=name, served=True, once_served=True))
                session.flush()
                session.add(RepoName(owner_name=owner, repo_name=name, repo_id=id_, once_served=True))

    def session(self, *, read_only: bool = False) -> AbstractContextManager[Session]:
        """One transaction."""
        return session_scope(self.engine, read_only=read_only)

    @contextmanager
    def changing(self, key_id: int) -> Iterator[tuple[Session, LicenseKey]]:
        """A transaction with a key at hand."""
        with self.session() as session:
            yield session, session.get_one(LicenseKey, key_id)

    def issuer(self, **limits: int) -> Issuer:
        """Who issues."""
        return Issuer(ACTOR, self.now, secrets.token_bytes, "LIC", **limits)

    def package(self, name: str = "Standard", term: str = "annual", owner_id: int = ACME, **more: Any) -> int:
        """A package; returns its id."""
        with self.session() as session:
            wanted = PackageInput(name=name, term=term_from_text(term), **more)
            return packages.create(session, owner_id, wanted, SETTINGS, ACTOR, self.now).id or 0

    def issue(self, package_id: int, **stated: Any) -> list[int]:
        """Keys of a package; returns their ids."""
        with self.session() as session:
            package = session.get_one(Package, package_id)
            return [key.id or 0 for key in keys.issue(session, package, KeyInput(**stated), self.issuer())]

    def key(self, package_id: int | None = None, **stated: Any) -> int:
        """One key, of a package of its own where none is named; returns its id."""
        package = package_id or self.package(f"Package {secrets.token_hex(4)}")
        return self.issue(package, **stated)[0]

    def master(self, owner_id: int = ACME) -> tuple[int, int]:
        """The owner's master package and its live key, by id."""
        with self.session() as session:
            package = masters.ensure(session, owner_id, "LIC", secrets.token_bytes, self.now, ACTOR)
            live = licenses.live_master_key(session, package.id or 0)
            assert live is not None
            return package.id or 0, live.id or 0

    def read(self, key_id: int) -> LicenseKey:
        """The key as it is stored now."""
        with self.session(read_only=True) as session:
            return session.get_one(LicenseKey, key_id)

    def codes(self, key_id: int) -> list[str]:
        """The key's codes, the present one first."""
        with self.session(read_only=True) as session:
            return [each.code for each in licenses.codes_of(session, [key_id])[key_id]]

    def trail(self, subject: str = "", action: str = "") -> list[Audit]:
        """What was written into the audit trail, oldest first."""
        with self.session(read_only=True) as session:
            rows = session.exec(select(Audit).order_by(Audit.id)).all()
        return [row for row in rows if subject in {"", row.subject} and action in {"", row.action}]

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()
