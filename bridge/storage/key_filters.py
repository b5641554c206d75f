"""What a list of keys is asked for, as conditions, and as queries that find few candidates by an index."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from bridge.models import LicenseKey, Package
from bridge.rules.keys import State
from bridge.storage import key_texts
from bridge.storage.key_states import (
    Expression,
    before,
    ends_at,
    in_packages,
    in_state,
    paid_grace,
    unindexed,
)


@dataclass(frozen=True, slots=True)
class Sight:
    """Which keys somebody sees from where they stand, and by what they may find them.

    From a repo (``repo_id``) its own keys are seen and those that the owner lends to it. Whoever sees codes and mail
    masked must not find keys by them either, or a search would spell them out letter by letter.
    """

    owner_id: int
    repo_id: int | None = None
    finds_own_by_code: bool = False
    finds_own_by_mail: bool = False
    finds_lent_by_code: bool = False
    finds_lent_by_mail: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; empty and ``None``: anything. ``sort`` may begin with ``-``."""

    state: str = ""
    package_id: int | None = None
    customer: str = ""
    host: str = ""
    text: str = ""
    expires_before: datetime | None = None
    sort: str = "-id"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what, when, and which packages that can be of."""

    sight: Sight
    wanted: Filter
    now: datetime
    packages: Mapping[int, Package]

    def conditions(self, package_id: int | None = None, seen: Expression = unindexed) -> list[Any]:
        """What holds for each key that is wanted, of all packages or of one. ``seen``: see ``key_states.in_state``."""
        wanted, may = self.wanted, self._findable()
        packages = self.packages.values() if package_id is None else [self.packages[package_id]]
        found: list[Any] = [] if package_id is not None else [unindexed(col(LicenseKey.package_id)).in_(self.packages)]
        found += in_state(packages, wanted.state, self.now, seen) if wanted.state else []
        if wanted.expires_before is not None:
            found.append(seen(ends_at) < wanted.expires_before)
        if wanted.host:
            found.append(key_texts.on_host(wanted.host))
        if wanted.customer:
            found.append(key_texts.has_customer(wanted.customer, may))
        if wanted.text:
            found.append(key_texts.has_text(wanted.text, may))
        return found

    def candidates(self, session: Session) -> Iterator[list[Any]]:
        """For each filter, queries that together find all keys that it lets pass; the most selective ones first."""
        wanted, may, ids = self.wanted, self._findable(), list(self.packages)
        if wanted.host:
            yield key_texts.candidates_by_host(wanted.host)
        if wanted.text:
            yield key_texts.candidates_by_text(session, wanted.text, may, ids)
        if wanted.customer:
            yield key_texts.candidates_by_customer(session, wanted.customer, may, ids)
        if wanted.state:
            yield self._candidates_by_state()
        if wanted.expires_before is not None:
            yield [self._of_packages(ids).where(ends_at < wanted.expires_before)]
        if wanted.host or wanted.text or wanted.customer or wanted.state or wanted.expires_before is not None:
            yield [self._of_packages(ids)]

    def _candidates_by_state(self) -> list[Any]:
        of_all = self._of_packages(list(self.packages))
        if self.wanted.state not in {State.GRACE, State.EXPIRED}:
            return [of_all.where(*in_state(self.packages.values(), self.wanted.state, self.now))]
        by_grace: dict[int, list[int]] = {}
        for package in self.packages.values():
            by_grace.setdefault(package.grace_days, []).append(package.id or 0)
        if self.wanted.state == State.EXPIRED:
            return [self._of_packages(ids).where(ends_at <= before(self.now, days)) for days, ids in by_grace.items()]
        expired = [ends_at <= self.now]
        by_days = [
            self._of_packages(ids).where(ends_at > before(self.now, days), *expired) for days, ids in by_grace.items()
        ]
        return [*by_days, of_all.where(paid_grace(self.now), *expired)]

    def _findable(self) -> key_texts.Findable:
        sight, own, lent = self.sight, *self._levels()
        by_mail = (own if sight.finds_own_by_mail else []) + (lent if sight.finds_lent_by_mail else [])
        by_code = (own if sight.finds_own_by_code else []) + (lent if sight.finds_lent_by_code else [])
        return key_texts.Findable(in_packages(by_mail), in_packages(by_code), bool(by_mail), bool(by_code))

    def _levels(self) -> tuple[list[int], list[int]]:
        """Ids of the packages that are the place's own, and of those that the owner lends to it."""
        at_repo = self.sight.repo_id is not None
        lent = [number for number, package in self.packages.items() if at_repo and package.repo_id is None]
        return [number for number in self.packages if number not in lent], lent

    @staticmethod
    def _of_packages(ids: list[int]) -> Any:
        return select(col(LicenseKey.id)).where(in_packages(ids))
