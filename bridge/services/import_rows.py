"""A row of an import as a key of this installation: its package, its dates, its sites, in stored spelling."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import InvalidInputError
from bridge.models import Package
from bridge.rules import domains, terms
from bridge.rules.hosts import InvalidDomain
from bridge.rules.imports.forms import Form
from bridge.rules.imports.rows import BadRow, Fault, ImportRow
from bridge.rules.keys import KeyFacts, state
from bridge.rules.packages import name_key
from bridge.rules.sites import SiteFacts, admit
from bridge.rules.terms import ExpiryEdit
from bridge.services import key_inputs
from bridge.services.key_inputs import KeyInput
from bridge.storage import catalog, licenses

MOST_SITES_OF_A_ROW = 1000
_DAY = timedelta(days=1)
# The columns that the checks of one key know by another name.
_FIELDS = {"email": "customer_email", "name": "customer_name", "legacy_code": "code", "reason": "revoke_reason"}
# Codes that are none, at the place of a code where there is none.
_REF = "ref "

Bound = tuple[str, str]
Mapped = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key that a row asks for. ``identity``: what makes it the same key when the row comes again.

    ``key``: the columns of ``LicenseKey`` that the row decides about. A mapped row costs ten times what a dict costs.
    """

    line: int
    key: dict[str, Any]
    package: Package
    code: str
    domains: tuple[str, ...]
    sites: list[dict[str, Any]]
    subscription: str
    left_out: int

    @property
    def identity(self) -> tuple[str, int]:
        """Its code, or its payment reference, with the package."""
        return self.code or _REF + self.ref, self.package.id or 0

    @property
    def ref(self) -> str:
        """Its payment reference."""
        return str(self.key["payment_ref"])

    @property
    def purchase(self) -> Bound:
        """Who is paid for its subscription, and its name there."""
        return ("stripe" if self.subscription.startswith("sub_") else "paypal"), self.subscription

    def state(self, now: datetime) -> str:
        """The state that it will be in."""
        key = self.key
        edit = ExpiryEdit(key["edit_kind"], key["edit_until"]) if key["edit_kind"] else None
        expiry = terms.effective_expiry(key["expires_at"], edit)
        facts = KeyFacts(key["starts_at"], expiry, key["revoked_at"], key["suspended_at"])
        return str(state(facts, timedelta(days=self.package.grace_days), now))


class Packages:
    """The packages that rows may name, as they are seen from an owner or from one repo."""

    def __init__(self, session: Any, owner_id: int, repo_id: int | None, mapped: Mapped) -> None:
        self._repo_id = repo_id
        rows = licenses.packages_of(session, owner_id, repo_id)
        self.by_id = {row.id or 0: row for row in rows}
        self._repos = {repo.id: repo.name for repo, _ in catalog.repos_of(session, owner_id)}
        self._mapped = {name_key(name): tuple(numbers) for name, numbers in mapped.items()}
        strange = sorted({number for numbers in self._mapped.values() for number in numbers} - set(self.by_id))
        if strange:
            raise InvalidInputError("map", f"there is no package {strange[0]} here")

    def of(self, row: ImportRow, form: Form) -> list[Package]:
        """The packages of a row. Raises `BadRow`."""
        column = form.column_of("packages" if form.name == "ours" else "product")
        found: list[Package] = []
        for name in row.products:
            found += self._named(name, row, column)
        if row.package_id is not None and not found:
            numbered = self.by_id.get(row.package_id)
            if numbered is None:
                raise BadRow(Fault("package_id", f"there is no package {row.package_id} here"))
            found = [numbered]
        for package in found:
            self._check(package, column)
        return list({package.id: package for package in found}.values())

    def _named(self, name: str, row: ImportRow, column: str) -> list[Package]:
        mapped = self._mapped.get(name_key(name))
        if mapped:
            return [self.by_id[number] for number in mapped]
        same = [each for each in self.by_id.values() if each.name_key == name_key(name)]
        if row.package_id is not None:
            chosen = [each for each in same if each.id == row.package_id]
            if not chosen:
                raise BadRow(Fault("package_id", f"the package {row.package_id} is not called “{name[:80]}” here"))
            return chosen
        if row.repo:
            same = [each for each in same if self._repos.get(each.repo_id or 0, "").lower() == row.repo.lower()]
        else:
            # What belongs to the place itself goes before what only has the same name.
            same = [each for each in same if each.repo_id == self._repo_id] or same
        if not same:
            raise BadRow(Fault(column, f"there is no package “{name[:80]}” here; make it, or say which one by map"))
        if len(same) > 1:
            raise BadRow(Fault(column, f"there are several packages “{name[:80]}”; say which one by package_id or map"))
        return same

    def _check(self, package: Package, column: str) -> None:
        if package.is_master:
            raise BadRow(Fault(column, "is the master package; its keys are made by the bridge"))
        if not package.active:
            raise BadRow(Fault(column, f"the package “{package.name}” is not active; activate it first"))


def wanted_keys(row: ImportRow, line: int, packages: Sequence[Package], prefix: str, now: datetime) -> list[Wanted]:
    """The keys that a row asks for, one for each of its packages. Raises `BadRow`."""
    plain, reason = _checked(row, prefix)
    hosts, left_out = _hosts(row.sites)
    reference = plain.payment_ref or row.subscription
    made = []
    for package in packages:
        starts_at, expires_at = _window(row, package, now)
        key = {
            "owner_id": package.owner_id,
            "package_id": package.id or 0,
            "customer_name": plain.customer_name,
            "customer_email": plain.customer_email,
            "note": plain.note,
            "payment_ref": reference or ("" if plain.legacy_code else _made_up_reference(row)),
            "labels": list(plain.labels),
            "max_sites": plain.max_sites,
            "is_test": plain.is_test,
            "starts_at": starts_at,
            "expires_at": expires_at,
            "edit_kind": row.edit_kind,
            "edit_until": row.edit_until,
            "suspended_at": (row.suspended_at or now) if row.suspended else None,
            "revoked_at": (row.revoked_at or now) if row.revoked else None,
            "revoke_reason": reason,
            "created_at": row.created_at or now,
        }
        made.append(
            Wanted(
                line, key, package, plain.legacy_code, plain.domains, seated(hosts, package), row.subscription, left_out
            )
        )
    return made


def seated(hosts: Sequence[str], package: Package) -> list[dict[str, Any]]:
    """The columns of sites, but for their times, as if they had come one after the other.

    There is no limit: nobody loses a site by moving here.
    """
    facts: list[SiteFacts] = []
    kinds: dict[str, str] = {}
    for host in hosts:
        admission = admit(host, facts, 0, package.local_sites)  # type: ignore[arg-type]
        if admission.outcome == "known":
            continue
        moved = set(admission.reclassified)
        facts = [SiteFacts(each.host, counts=each.counts and each.host not in moved) for each in facts]
        kinds.update(dict.fromkeys(moved, "staging"))
        facts.append(SiteFacts(host, counts=admission.outcome == "counted"))
        kinds[host] = admission.kind
    slots = iter(range(1, len(facts) + 1))
    return [
        {
            "host": each.host,
            "kind": kinds[each.host],
            "slot": next(slots) if each.counts else None,
            "registrable": domains.registrable_domain(each.host) or "",
        }
        for each in facts
    ]


def _checked(row: ImportRow, prefix: str) -> tuple[KeyInput, str]:
    stated = KeyInput(
        customer_name=row.customer_name,
        customer_email=row.customer_email,
        domains=row.domains,
        max_sites=row.max_sites,
        note=row.note,
        payment_ref=row.payment_ref,
        labels=row.labels,
        is_test=row.is_test,
        legacy_code=row.code,
    )
    try:
        return key_inputs.checked(stated, prefix), key_inputs.plain_text("reason", row.revoke_reason)
    except InvalidInputError as error:
        raise BadRow(Fault(_FIELDS.get(error.field, error.field), str(error))) from None


def _hosts(stated: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """The sites that can be read, each once, and how many others there are: those come again when they are used."""
    found: dict[str, None] = {}
    left_out = 0
    for text in stated[:MOST_SITES_OF_A_ROW]:
        try:
            found[domains.normalize_host(text)] = None
        except InvalidDomain:
            left_out += 1
    return tuple(found), left_out + max(0, len(stated) - MOST_SITES_OF_A_ROW)


def _window(row: ImportRow, package: Package, now: datetime) -> tuple[datetime, datetime | None]:
    if row.expires_stated:
        starts_at = row.starts_at or row.created_at or now
        if row.starts_at is None and row.expires_at is not None and row.expires_at <= starts_at:
            starts_at = row.expires_at - _DAY  # it is over already, and only that is known
        return starts_at, row.expires_at
    try:
        first, last = terms.first_window(licenses.package_value(package).term, row.starts_at or now)
    except terms.InvalidTerm as error:
        raise BadRow(Fault("expires_at", str(error))) from None
    starts_at = row.starts_at or first
    if last is not None and last <= starts_at:
        raise BadRow(Fault("starts_at", "lies behind the end of the package's term"))
    return starts_at, last


def _made_up_reference(row: ImportRow) -> str:
    """A reference out of what the row says, so that the same row is known when it comes again."""
    stated = {each.name: getattr(row, each.name) for each in fields(row)}
    # What is not stated is left out: columns that a later version knows change no reference.
    said = json.dumps(
        {name: str(value) for name, value in stated.items() if value not in {None, False, "", ()}}, sort_keys=True
    )
    return "import:" + hashlib.sha256(said.encode()).hexdigest()[:24]
