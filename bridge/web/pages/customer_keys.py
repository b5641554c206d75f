"""What is done to many keys of one customer at once: domains in one table, a site from key to key, terms, the end.

Each is first tried, shown and taken back: what a preview says is what the operations did, in a transaction that ended.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response

from bridge.errors import ConflictError, InvalidInputError, RefusedError
from bridge.models import LicenseKey
from bridge.rules.permissions import Action
from bridge.web.api import schemas_customers as shown
from bridge.web.api import schemas_keys, tags
from bridge.web.api.errors import ApiError, invalid, translated
from bridge.web.pages import customers
from bridge.web.pages.forms import Form, OnlyLooking
from bridge.web.pages.key import one_year_on
from bridge.web.pages.visits import Page, Visit

HOWS = (
    ("term", "One more term of its package", ""),
    ("year", "One more year", ""),
    ("until", "At least until the day below", "A payment that reaches further still counts."),
    ("revoke", "Revoke for good", "Its sites get nothing any more. This can't be taken back."),
)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a key, one line of the preview."""

    key: schemas_keys.Key
    what: str
    before: str
    after: str


@dataclass(slots=True)
class _Table:
    """A customer's keys on this page, with the ETag of each as it is now, and one of all of them."""

    visit: Visit
    customer: shown.Customer
    keys: list[schemas_keys.Key]
    tags: dict[int, str]
    version: str

    @classmethod
    def read(cls, visit: Visit) -> "_Table":
        customer = customers.find(visit)
        keys = [each for each in customers.keys_of(visit, customer) if not each.master]
        with visit.reading() as session:
            found = {each.id: tags.key_tag(session, session.get_one(LicenseKey, each.id)) for each in keys}
        return cls(visit, customer, keys, found, tags.tag(found))

    def now(self) -> list[schemas_keys.Key]:
        """The same keys as they have become."""
        found: list[Any] = [self.visit.fill("get_license_key", id=each.id).payload for each in self.keys]
        return found

    def edit(self, key: schemas_keys.Key, **body: object) -> None:
        """Change one of them, if it is what it was."""
        self.visit.fill("edit_license_key", id=key.id, body=body, version=self.tags.pop(key.id, ""))


def domains(visit: Visit) -> Response:
    """Which key is for which domains, all in one table."""
    table = _Table.read(visit)
    form = visit.form({f"domains_{key.id}": "\n".join(key.domains) for key in table.keys}, table.version)

    def change() -> str:
        changed = 0
        for key in table.keys:
            name = f"domains_{key.id}"
            wanted = form.words(name)
            if set(wanted) != set(key.domains):
                _named(key, name, lambda key=key, wanted=wanted: table.edit(key, domains=wanted))  # type: ignore[misc]
                changed += 1
        return f"Domains of {changed} key{'' if changed == 1 else 's'} were changed."

    return _answer(table, form, "domains", change)


def move(visit: Visit) -> Response:
    """A site from one key to another."""
    table = _Table.read(visit)
    sites = _sites(table)
    form = visit.form({}, table.version)

    def change() -> str:
        chosen = next((each for each in sites if each[0] == form["site"]), None)
        target = next((key for key in table.keys if str(key.id) == form["to"]), None)
        if chosen is None:
            raise invalid("site", "choose the site that moves")
        if target is None or target.id == chosen[1].id:
            raise invalid("to", "choose another key for it")
        _move(table, chosen[1], target, chosen[2])
        return f"{chosen[2]} belongs to the key …{target.code[-5:]} now."

    targets = [(key.id, label(key)) for key in table.keys if key.state != "revoked"]
    options = [(value, f"{host} (key …{key.code[-5:]})") for value, key, host in sites]
    return _answer(table, form, "move", change, sites=options, targets=targets)


def change_many(visit: Visit) -> Response:
    """Several keys get more time, or end."""
    table = _Table.read(visit)
    form = visit.form({"how": "term"}, table.version)

    def change() -> str:
        chosen = [key for key in table.keys if str(key.id) in form.all("keys")]
        if not chosen:
            raise invalid("keys", "choose one key at least")
        if form["how"] not in {value for value, _, _ in HOWS}:
            raise invalid("how", "choose what shall happen")
        if form["how"] == "revoke" and form["step"] == "do" and form["confirm"] != table.customer.email:
            raise invalid("confirm", f"write the customer's mail address, {table.customer.email}, to confirm")
        for key in chosen:
            _named(key, "keys", lambda key=key: _apply(table, form, key))  # type: ignore[misc]
        done = "revoked" if form["how"] == "revoke" else "extended"
        return f"{len(chosen)} key{' was' if len(chosen) == 1 else 's were'} {done}."

    return _answer(table, form, "change", change, options=[(key.id, label(key)) for key in table.keys], hows=HOWS)


def label(key: schemas_keys.Key) -> str:
    """A key in a list of choices."""
    end = f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never"
    return f"…{key.code[-5:]} · {key.package.name} · {key.state.replace('_', ' ')} · expires {end}"


def _apply(table: _Table, form: Form, key: schemas_keys.Key) -> None:
    visit, how = table.visit, form["how"]
    if how == "revoke":
        visit.fill("revoke_license_key", id=key.id, body={"reason": form.raw("reason")})
    elif how == "term":
        visit.fill("renew_license_key", id=key.id)
    else:
        table.edit(key, expiry_mode="extend", expires_at=_end(visit, form, key))


def _end(visit: Visit, form: Form, key: schemas_keys.Key) -> datetime:
    if form["how"] == "year":
        return one_year_on(key, visit.now)
    until = form.day("until")
    if until is None:
        raise invalid("until", "write the day until which they work, such as 2027-03-31")
    return until


def _move(table: _Table, source: schemas_keys.Key, target: schemas_keys.Key, host: str) -> None:
    visit = table.visit
    used = _live(visit, target)
    # Without a domain it would work on any, which nobody means who takes one away. Held back, it works on none.
    if source.domains == [host] and source.state not in {"suspended", "revoked"}:
        ending = source.code[-5:]
        way = f"assign another domain to the key …{ending} first, or suspend it"
        raise invalid("site", f"{host} is its only domain, and without one it would work on any; {way}")
    if host in source.domains:
        table.edit(source, domains=[each for each in source.domains if each != host])
    for site in _live(visit, source):
        if site.host == host:
            visit.fill("free_license_key_site", id=source.id, site=site.id)
    # A key without domains works on any; naming one would shut out the other sites that use it.
    if host not in target.domains and (target.domains or not used):
        _named(target, "to", lambda: table.edit(target, domains=[*target.domains, host]))


def _sites(table: _Table) -> list[tuple[str, schemas_keys.Key, str]]:
    """What may be moved: each domain that a key is assigned to or used on."""
    found = []
    for key in table.keys:
        hosts = dict.fromkeys([*key.domains, *(site.host for site in _live(table.visit, key))])
        found += [(f"{key.id} {host}", key, host) for host in hosts]
    return found


def _live(visit: Visit, key: schemas_keys.Key) -> Sequence[schemas_keys.Site]:
    sites: Any = visit.fill("list_license_key_sites", id=key.id, query={"limit": 50}).payload
    return list(sites)


def _named(key: schemas_keys.Key, field: str, do: Callable[[], None]) -> None:
    """Do it; a refusal says of which key it is, at a field of this form."""
    try:
        do()
    except (ApiError, InvalidInputError, RefusedError, ConflictError) as error:
        said = translated(error, unsafe=True)
        if said.code in {"not_found", "forbidden", "precondition_failed"} or "until" in said.errors:
            raise
        reason = next(iter(said.errors.values()), said.message)
        raise invalid(field, f"key …{key.code[-5:]}: {reason}") from None


def _answer(table: _Table, form: Form, what: str, change: Callable[[], str], **context: Any) -> Response:
    """The form; with a preview where one was asked for; or on to the customer, where it was done."""
    visit, preview = table.visit, list[Change]()

    def send() -> Response:
        tags.check(form.version, table.version)
        said = change()
        preview.extend(_differences(table.keys, table.now()))
        if form["step"] != "do":
            raise OnlyLooking
        return visit.done(f"customers/{table.customer.id}", said)

    if visit.posted and (done := visit.attempt(form, send)):
        return done
    if form.conflict:
        form.version = table.version
    looked = visit.posted and not form.errors and not form.problem and not form.conflict
    return visit.show(
        f"customer_{what}.html", form=form, customer=table.customer, keys=table.keys, preview=preview, looked=looked,
        links=customers.key_pages(visit, table.customer), **context,
    )  # fmt: skip


def _differences(before: Sequence[schemas_keys.Key], after: Sequence[schemas_keys.Key]) -> list[Change]:
    found = []
    for old, new in zip(before, after, strict=True):
        for what, was, becomes in (
            ("Domains", old.domains, new.domains),
            ("Expires", old.expires_at, new.expires_at),
            ("State", old.state, new.state),
        ):
            if was != becomes:
                found.append(Change(old, what, _words(was), _words(becomes)))
    return found


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "any domain"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    return str(value or "never").replace("_", " ")


def _page(name: str, action: Action, view: Callable[[Visit], Response], **more: Any) -> Page:
    return Page(f"owner_customer_{name}", f"customers/<id>/{name}", action, view, level="owner", posts=action, **more)


PAGES = (
    _page("domains", Action.KEYS_DOMAINS, domains),
    _page("move", Action.KEYS_DOMAINS, move),
    # Extending and revoking: the operations ask for each again.
    _page("change", Action.KEYS_RENEW, change_many, anew=True),
)
