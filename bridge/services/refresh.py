"""Keeps the catalog true to Gitea: re-reads a repo, brings its files in, decides when it has seen enough."""

import hashlib
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.models import Asset, Owner, Repo
from bridge.services import assets, bookkeeping, masters
from bridge.services.assets import AssetLimits
from bridge.services.looks import Look, Looker
from bridge.services.masters import Entropy
from bridge.services.products import Hosts, load_product
from bridge.storage import catalog, refreshes, stored_assets
from bridge.storage.audits import WORKER
from bridge.storage.files import FileStore

log = logging.getLogger(__name__)

OpenSession = Callable[..., AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of one refresh. ``complete``: every published release has a fit file. ``served``: it is a product."""

    digest: str
    complete: bool
    served: bool = True
    look_again: bool = False


@dataclass(frozen=True, slots=True)
class CatalogRules:
    """The settings that matter here."""

    serves: Callable[[str], bool]
    hosts: Hosts
    limits: AssetLimits
    key_prefix: str
    reconcile_seconds: float
    settings_seconds: float


class Catalog:
    """Refreshes repos. Gitea is asked while no transaction is open; each write is one short transaction."""

    def __init__(
        self,
        looker: Looker,
        store: FileStore,
        open_session: OpenSession,
        clock: Callable[[], datetime],
        entropy: Entropy,
        rules: CatalogRules,
    ) -> None:
        self._looker = looker
        self._store = store
        self._open_session = open_session
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def serves(self, owner: str) -> bool:
        """Whether the owner of this name may have products."""
        return self._rules.serves(owner)

    def refresh(self, repo_id: int, still_busy: Callable[[], None] = lambda: None) -> Seen:
        """Read a repo anew. Raises ``GiteaError`` where Gitea does not answer; the catalog then stays as it was.

        ``still_busy`` is called before each file that is fetched: a repo with many of them takes its time.
        """
        look = self._looker.look(repo_id)
        now = self._clock()
        if look is None:
            with self._open_session() as session:
                again = bookkeeping.note_absent(session, repo_id, now)
            return Seen("absent", complete=True, served=False, look_again=again)
        with self._open_session() as session:
            served = self._save(session, look, now)
        if served:
            self._check_former_names(look)
            self._fetch_files(repo_id, still_busy)
        return self._sum_up(repo_id, look)

    def _save(self, session: Any, look: Look, now: datetime) -> bool:
        known = session.get(Repo, look.repo.id)
        owner_served = self.serves(look.repo.owner.login) and not self._is_impostor(session, look)
        if known is None and not owner_served:
            return False
        owner = bookkeeping.save_owner(session, look)
        repo, _ = bookkeeping.save_repo(session, look, owner, owner_served=owner_served, now=now)
        # A repo that is not served is looked at in the slow sweep; the next ten seconds' jitter spreads a herd.
        spread = timedelta(seconds=self._entropy(1)[0] / 25)
        repo.next_refresh_at = now + timedelta(seconds=self._rules.reconcile_seconds) + spread
        wait = self._rules.settings_seconds if repo.served else self._rules.reconcile_seconds
        repo.next_settings_at = now + timedelta(seconds=wait)
        if repo.served:
            masters.ensure(session, owner.id, self._rules.key_prefix, self._entropy, now, WORKER)
        return repo.served

    @staticmethod
    def _is_impostor(session: Any, look: Look) -> bool:
        """Whether the owner took a name below which customers know repos of another owner that still has them.

        Anybody may take the old name of a renamed organisation in Gitea, also one that the configuration names.
        """
        account = look.repo.owner
        owner = session.get(Owner, account.id)
        if owner is not None and owner.name.lower() == account.login.lower():
            return False
        holders = catalog.holders_of_name(session, account.login)
        if not holders or account.id in holders:
            return False
        log.warning(
            "%s is not served: the name %s was that of another owner (id %s) whose customers still ask below it",
            look.repo.full_name,
            account.login,
            ", ".join(map(str, sorted(holders))),
        )
        return True

    def _check_former_names(self, look: Look) -> None:
        with self._open_session(read_only=True) as session:
            former = [
                (row.owner_name, row.repo_name) for row in catalog.names_of(session, look.repo.id) if not row.current
            ]
        checks = [self._looker.check_name(owner, name, look.repo) for owner, name in former]
        if not checks:
            return
        with self._open_session() as session:
            repo = session.get_one(Repo, look.repo.id)
            for check in checks:
                bookkeeping.note_name(session, repo, check)
                if check.taken_by is not None:
                    refreshes.enqueue_quietly(
                        session,
                        check.taken_by,
                        f"{check.owner_name}/{check.repo_name}",
                        "took a former name",
                        self._clock(),
                    )

    def _fetch_files(self, repo_id: int, still_busy: Callable[[], None]) -> None:
        with self._open_session(read_only=True) as session:
            read = stored_assets.read_assets(session, repo_id)
            lost = [each for each in read if not self._store.has(each.sha256 or "")]
            wanted = [*stored_assets.unread_assets(session, repo_id, self._clock()), *lost]
            owner_id = session.get_one(Repo, repo_id).owner_id
        for asset in wanted:
            still_busy()
            with self._open_session(read_only=True) as session:
                used = stored_assets.stored_bytes(session, owner_id)
            fetched = assets.fetch(self._looker.gitea, self._store, asset, self._rules.limits, used)
            with self._open_session() as session:
                assets.note(session.get_one(Asset, asset.uuid), fetched, self._clock())
                catalog.raise_repo_revision(session, repo_id)
        with self._open_session() as session:
            repo, retry_at = session.get_one(Repo, repo_id), stored_assets.next_retry(session, repo_id)
            if retry_at is not None and repo.next_refresh_at is not None:
                repo.next_refresh_at = min(repo.next_refresh_at, retry_at)

    def _sum_up(self, repo_id: int, look: Look) -> Seen:
        text = repr(
            [(each.id, each.tag, each.prerelease, [file.uuid for file in each.assets]) for each in look.releases]
        )
        digest = hashlib.sha256(text.encode()).hexdigest()
        with self._open_session(read_only=True) as session:
            repo = session.get(Repo, repo_id)
            if repo is None or not repo.served:
                return Seen(digest, complete=True, served=False)
            product = load_product(session, repo, session.get_one(Owner, repo.owner_id), self._rules.hosts)
        for held in product.publication.held:
            log.info("%s: release %s is held back (%s): %s", product.full_name, held.tag, held.code, held.reason)
        return Seen(digest, complete=not product.publication.held)

    def sweep(self, owner: str) -> int:
        """Put the repos of an owner (``*``: of all) that were never looked at into the queue. Returns how many.

        Raises ``NotFound`` or ``Moved`` where Gitea has no such owner any more.
        """
        gitea = self._looker.gitea
        repos = gitea.search_all_repos() if owner == "*" else gitea.search_owner_repos(gitea.owner(owner).id)
        now = self._clock()
        with self._open_session() as session:
            fresh = [repo for repo in repos if session.get(Repo, repo.id) is None]
            for repo in fresh:
                refreshes.enqueue_quietly(session, repo.id, repo.full_name, "found in the sweep", now)
        return len(fresh)
