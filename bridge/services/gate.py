"""Asks the one yes-or-no for a request: finds the key, seats its site, decides."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bridge.rules import access, domains
from bridge.rules.access import NO_SITE, Code, Decision, Key, SiteClaim, Wanted
from bridge.rules.codes import Malformed, read_code
from bridge.rules.hosts import InvalidDomain
from bridge.rules.packages import Package
from bridge.services import sites
from bridge.services.products import Product, Products
from bridge.services.recollection import Recollection
from bridge.storage.lookups import HeldKey


@dataclass(frozen=True, slots=True)
class Stated:
    """What a request says of itself: a key or a feed token, and a domain. Texts as they came."""

    key: str | None = None
    feed_token: str | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, and for whom it was made. ``key`` is ``None`` where none was found."""

    decision: Decision
    key: Key | None = None
    package: Package | None = None
    host: str = ""
    site_id: int | None = None
    owned_until: datetime | None = None  # for an expired key that keeps what it owned


@dataclass(frozen=True, slots=True)
class GateRules:
    """The settings that decide here."""

    key_prefix: str
    allow_test_keys: bool
    new_sites_per_day: int


class Gate:
    """The door-keeper of one process."""

    def __init__(
        self,
        keys: Recollection,
        products: Products,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        rules: GateRules,
    ) -> None:
        self._keys = keys
        self._products = products
        self._open_session = open_session
        self._clock = clock
        self._rules = rules

    def ask(
        self,
        product: Product,
        stated: Stated,
        edition: str = "",
        wanted: Wanted | None = None,
        *,
        activate: bool = True,
        recall: bool = False,
    ) -> Verdict:
        """Decide for a request. A new site is stored durably before this returns, or (not ``activate``) only judged.

        ``recall``: where the database is away, decide by what is remembered of a key and a site that were seen lately.
        """
        held = self._find(stated, recall=recall)
        if isinstance(held, Decision):
            return Verdict(held)
        host, claim = self._domain(stated)
        verdicts = [self._judge(product, edition, each, wanted, host, claim) for each in held]
        if len(verdicts) > 1:
            verdicts.sort(key=lambda verdict: self._favour(verdict, recall=recall), reverse=True)
        best = verdicts[0] if verdicts else Verdict(Decision(False, Code.UNKNOWN, "no such key"))
        for verdict in verdicts:
            if not verdict.decision.allowed:
                break
            seated = self._seat(product, edition, verdict, wanted, activate=activate, recall=recall)
            if seated.decision.allowed:
                return seated
            best = seated
        return best

    def _favour(self, verdict: Verdict, *, recall: bool) -> tuple[int, bool]:
        """Of several keys behind one code the best decision counts; among equals the one that has the site already."""
        known = False
        if verdict.decision.allowed and verdict.key is not None and verdict.host:
            known = self._keys.site_id(verdict.key.id, verdict.host, recall=recall) is not None
        return access.rank(verdict.decision), known

    def _find(self, stated: Stated, *, recall: bool) -> Sequence[HeldKey] | Decision:
        if stated.feed_token is not None:
            held = self._keys.key_by_feed_token(stated.feed_token, recall=recall)
            return [held] if held else Decision(False, Code.UNKNOWN, "no such key")
        if not stated.key:
            return Decision(False, Code.MISSING, "no key was received")
        code = read_code(stated.key, self._rules.key_prefix)
        if isinstance(code, Malformed):
            return Decision(False, Code.MALFORMED, "what was received is not a key; it looks like a typo")
        return self._keys.keys_by_code(code.code, recall=recall)

    @staticmethod
    def _domain(stated: Stated) -> tuple[str | None, SiteClaim]:
        try:
            return domains.stated_domain(stated.domain), NO_SITE
        except InvalidDomain as error:
            return None, SiteClaim(invalid=str(error))

    def _judge(
        self, product: Product, edition: str, held: HeldKey, wanted: Wanted | None, host: str | None, claim: SiteClaim
    ) -> Verdict:
        key = held.key
        if key.owner_id != product.owner_id:
            return Verdict(Decision(False, Code.UNKNOWN, "no such key"))
        package = product.packages.get(held.package_id) or self._new_package(product, held.package_id)
        if package is None:
            return Verdict(Decision(False, Code.UNKNOWN, "no such key"))
        spoken = access.spoken_domain(key, host) if not claim.invalid else None
        site = claim if claim.invalid else SiteClaim(host=spoken)
        now = self._clock()
        decision = access.decide(key, package, self._asked(product, edition), wanted, site, now)
        return Verdict(decision, key, package, spoken or "", owned_until=access.owned_limit(key, package, now))

    def _asked(self, product: Product, edition: str) -> access.Product:
        return access.Product(product.owner_id, product.repo_id, edition, self._rules.allow_test_keys)

    def _new_package(self, product: Product, package_id: int) -> Package | None:
        """Look again: the package may be younger than the picture that is held."""
        newer = self._products.find(product.owner_name, product.name, newer_than=product)
        return newer.packages.get(package_id) if newer else None

    def _seat(
        self, product: Product, edition: str, verdict: Verdict, wanted: Wanted | None, *, activate: bool, recall: bool
    ) -> Verdict:
        if not verdict.host or verdict.key is None or verdict.package is None:
            return verdict
        site_id = self._keys.site_id(verdict.key.id, verdict.host, recall=recall)
        if site_id is not None:
            return replace(verdict, site_id=site_id)
        key, package, now = verdict.key, verdict.package, self._clock()
        limit = package.max_sites if key.max_sites is None else key.max_sites
        newcomer = sites.Newcomer(key.id, verdict.host, limit, package.local_sites)
        with self._open_session(read_only=not activate) as session:
            if activate:
                arrival = sites.arrive(session, newcomer, now, per_day=self._rules.new_sites_per_day)
            else:
                arrival = sites.look(session, newcomer)
        if arrival.admitted:
            if activate:
                self._keys.note_site(key.id, verdict.host, arrival.site_id)
            return replace(verdict, site_id=arrival.site_id)
        claim = SiteClaim(host=verdict.host, over_limit=True)
        decision = access.decide(key, package, self._asked(product, edition), wanted, claim, now)
        return replace(verdict, decision=decision)
