"""What each process holds of the catalog: one picture a repo, thrown away when the database says that it is old."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import UnavailableError
from bridge.models import Owner, Repo
from bridge.rules.packages import Package
from bridge.rules.publication import Offer, Publication, publish
from bridge.rules.variables import OwnerSettings, RepoSettings
from bridge.services.offers import Labels, vetted
from bridge.storage import catalog, licenses
from bridge.storage.lookups import Lookups

# A change shows in every process after this long at most; a revoked key does not wait for it (see lookups.py).
FRESH_SECONDS = 0.5
MOST_PRODUCTS = 512
MOST_BODIES = 256

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Hosts:
    """The public addresses of the bridge and of Gitea, without a slash at the end."""

    public_url: str
    gitea_url: str


OpenSession = Callable[[], AbstractContextManager[Any]]


@dataclass(slots=True)
class Product:
    """A repo that customers know, as of one stamp. ``retired``: once served and no longer; its feeds are empty."""

    stamp: Stamp
    repo_id: int
    owner_id: int
    owner_name: str
    name: str
    retired: bool
    labels: Labels
    publication: Publication
    packages: Mapping[int, Package]
    bodies: OrderedDict[Hashable, bytes] = field(default_factory=OrderedDict)

    @property
    def settings(self) -> RepoSettings:
        """The settings in force."""
        return self.labels.settings

    @property
    def full_name(self) -> str:
        """``owner/repo`` as Gitea spells it now."""
        return f"{self.owner_name}/{self.name}"

    def offers(self, platform: str, edition: str = "") -> list[Offer]:
        """What is on offer for a platform, withdrawn releases included."""
        return [each for each in self.publication.offers if (each.platform, each.edition) == (platform, edition)]

    def require_key(self, edition: str = "") -> str:
        """``true``, ``download`` or ``false`` for the plain product or an edition."""
        named = self.settings.feed.editions.get(edition)
        return (named.require_key if named else None) or self.settings.require_key

    def serves(self, platform: str, edition: str = "") -> bool:
        """Whether there is such a feed at all."""
        if edition and edition not in self.settings.feed.editions:
            return False
        return self.settings.platform in {platform, "both"}

    def body(self, key: Hashable, build: Callable[[], bytes]) -> bytes:
        """A rendered body, built once for all readers who may see the same."""
        found = self.bodies.get(key)
        if found is None:
            found = self.bodies[key] = build()
            while len(self.bodies) > MOST_BODIES:
                self.bodies.popitem(last=False)
        return found


class Products:
    """Finds products by path, from memory while their stamp is the database's."""

    def __init__(
        self, lookups: Lookups, open_session: OpenSession, hosts: Hosts, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._lookups = lookups
        self._open_session = open_session
        self._hosts = hosts
        self._monotonic = monotonic
        self._held: OrderedDict[tuple[str, str], tuple[float, Product]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, owner: str, name: str, *, newer_than: Product | None = None) -> Product | None:
        """The product at a path, or ``None`` where there is none and was none.

        ``newer_than``: look at the database even if the last look was a moment ago. Raises ``UnavailableError`` where
        the database is away and nothing is held.
        """
        path = (owner.lower(), name.lower())
        held = self._held.get(path)
        now = self._monotonic()
        if held is not None and newer_than is None and now - held[0] < FRESH_SECONDS:
            return held[1]
        try:
            stamp = self._lookups.repo_stamp(*path)
            if stamp is None:
                self._held.pop(path, None)
                return None
            product = held[1] if held is not None and held[1].stamp == stamp else self._load(path, stamp)
        except UnavailableError:
            if held is None:
                raise
            return held[1]
        if product is not None:
            self._keep(path, now, product)
        return product

    def _keep(self, path: tuple[str, str], now: float, product: Product) -> None:
        with self._lock:
            self._held[path] = (now, product)
            self._held.move_to_end(path)
            while len(self._held) > MOST_PRODUCTS:
                self._held.popitem(last=False)

    def _load(self, path: tuple[str, str], stamp: Stamp) -> Product | None:
        with self._open_session() as session:
            found = catalog.repo_by_name(session, *path)
            if found is None:
                return None
            repo, name = found
            if not (repo.served or repo.once_served or name.once_served):
                return None
            owner = session.get_one(Owner, repo.owner_id)
            product = load_product(session, repo, owner, self._hosts, stamp)
            product.retired = product.retired or name.dead
            return product


def load_product(session: Any, repo: Repo, owner: Owner, hosts: Hosts, stamp: Stamp = (0, 0, 0)) -> Product:
    """Put the picture together from the database."""
    settings = RepoSettings.from_dict(repo.settings)
    labels = Labels(
        public_url=hosts.public_url,
        gitea_url=hosts.gitea_url,
        owner=owner.name,
        repo=repo.name,
        private=repo.private,
        settings=settings,
        owner_settings=OwnerSettings.from_dict(owner.settings),
    )
    releases = catalog.release_facts(session, repo.id) if repo.served else ()
    return Product(
        stamp=stamp,
        repo_id=repo.id,
        owner_id=owner.id,
        owner_name=owner.name,
        name=repo.name,
        retired=not repo.served,
        labels=labels,
        publication=vetted(labels, publish(settings, releases)),
        packages=licenses.package_values(session, owner.id),
    )
