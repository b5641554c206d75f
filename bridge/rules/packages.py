"""A package as the rules see it, and which repos and editions it opens."""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bridge.rules.terms import Term

# More is a typing mistake; databases and screens stay within their bounds.
MOST_SITES = MOST_DAYS = 1_000_000

AfterExpiry = Literal["nothing", "owned"]
LocalSites = Literal["free", "count"]
UnstatedDomain = Literal["accept", "refuse"]


@dataclass(frozen=True, slots=True)
class Package:
    """A tier that is sold. ``streams`` and ``editions`` of ``None`` mean all; ``max_sites`` 0 means unlimited."""

    id: int
    owner_id: int
    name: str
    term: Term
    repo_id: int | None = None  # the level: an owner's package, or this repo's
    repo_ids: frozenset[int] = frozenset()  # repos that an owner-level package lists; none listed: all of the owner
    streams: frozenset[str] | None = None
    editions: frozenset[str] | None = None
    max_sites: int = 0
    local_sites: LocalSites = "free"
    unstated_domain: UnstatedDomain = "accept"
    grace: timedelta = timedelta(days=3)
    after_expiry: AfterExpiry = "nothing"
    renewal_url: str = ""
    active: bool = True
    is_master: bool = False

    def opens(self, repo_id: int, edition: str) -> bool:
        """Whether a key of this package is for this repo (of the same owner) and edition (``""``: the plain one)."""
        if self.editions is not None and edition not in self.editions:
            return False
        return self.names(repo_id) or self.opens_all

    def names(self, repo_id: int) -> bool:
        """Whether it is a package of this very repo, or lists it."""
        return repo_id == self.repo_id or (self.repo_id is None and repo_id in self.repo_ids)

    @property
    def opens_all(self) -> bool:
        """Whether it opens every repo of the owner, also later ones."""
        return self.repo_id is None and not self.repo_ids

    def grants(self, stream: str) -> bool:
        """Whether the stream is in the package: an exact set, nothing cascades."""
        return self.streams is None or stream in self.streams


def plain_name(name: str) -> str:
    """The name as it is shown: one spelling of each letter, single spaces, nothing around it."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def name_key(name: str) -> str:
    """What makes two names the same to people: neither case nor spaces tell packages apart."""
    return plain_name(name).casefold()
