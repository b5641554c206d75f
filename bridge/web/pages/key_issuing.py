"""Issuing keys: one, several, or one for each domain; and the result, to copy or to download."""

import re
from collections.abc import Sequence
from typing import Any

from flask import Response

from bridge.rules.permissions import Action
from bridge.services import key_batches, keys
from bridge.services.key_inputs import KeyInput
from bridge.storage import key_search
from bridge.web.api.errors import invalid, not_found
from bridge.web.api.fields import MOST_LIMIT
from bridge.web.api.key_shapes import shapes
from bridge.web.api.keys import package_for
from bridge.web.api.reading import MOST_ID
from bridge.web.pages import packages
from bridge.web.pages.files_of_rows import csv_file
from bridge.web.pages.forms import Form, whole
from bridge.web.pages.visits import Page, Visit, at_each

_IDS = re.compile(r"[1-9][0-9]{0,9}(?:-[1-9][0-9]{0,9})?", re.ASCII)


def issue(visit: Visit) -> Response:
    """The form, and what comes of it."""
    form = visit.form({"package_id": visit.query.get("package", ""), "quantity": 1, "how": "same"})

    def send() -> Response:
        issued = _issue(visit, form)
        said = "The key was issued." if len(issued) == 1 else f"{len(issued)} keys were issued."
        return visit.done(f"keys/issued/{written(issued)}", said)

    if visit.posted and (done := visit.attempt(form, send, name="customer_name", email="customer_email")):
        return done
    offered = [each for each in packages.all_of(visit) if each.active and not each.master and _may_issue(visit, each)]
    return visit.show("key_issue.html", form=form, packages=offered, customers=_known(visit), most=keys.MOST_AT_ONCE)


def issued(visit: Visit) -> Response:
    """The keys that were issued, with all that goes into a mail."""
    return visit.show("key_issued.html", keys=_issued(visit), ids=visit.names["ids"])


def table(visit: Visit) -> Response:
    """The same as a table for spreadsheets."""
    rows = [["key", "domain", "customer", "email", "package", "expires"]]
    for key in _issued(visit):
        end = key.expires_at.date().isoformat() if key.expires_at else "never"
        rows.append([key.code, " ".join(key.domains), key.customer_name, key.customer_email, key.package.name, end])
    return csv_file("license-keys.csv", rows)


def written(ids: Sequence[int]) -> str:
    """Numbers as an address holds them: those in a row as ``3-17``."""
    parts: list[list[int]] = []
    for number in sorted(ids):
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return "_".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def read(text: str) -> list[int]:
    """The numbers again; whatever can't be some is not found."""
    ids: list[int] = []
    for part in text.split("_"):
        if not _IDS.fullmatch(part):
            raise not_found()
        first, _, last = part.partition("-")
        if int(last or first) > MOST_ID or int(last or first) - int(first) >= keys.MOST_AT_ONCE:
            raise not_found()
        ids += range(int(first), int(last or first) + 1)
    if not ids or len(ids) > keys.MOST_AT_ONCE:
        raise not_found()
    return ids


def _issue(visit: Visit, form: Form) -> list[int]:
    domains = form.words("domains")
    wanted = KeyInput(
        customer_name=form["customer_name"],
        customer_email=form["customer_email"],
        note=form.raw("note"),
        labels=tuple(form.lines("labels")),
        expires_at=form.day("expires_at"),
        max_sites=form.number("max_sites"),
        domains=() if form["how"] == "each" else tuple(domains),
        quantity=1 if form["how"] == "each" else _quantity(form),
    )
    call = visit.call
    with call.writing() as session:
        package = package_for(call, session, _package_id(form), Action.KEYS_ISSUE)
        if form["how"] == "each":
            if not domains:
                raise invalid("domains", "write one domain a line; each gets a key of its own")
            made = key_batches.issue_for_each(session, package, wanted, domains, call.issuer)
        else:
            made = keys.issue(session, package, wanted, call.issuer)
        return [key.id or 0 for key in made]


def _quantity(form: Form) -> int:
    number = form.number("quantity")
    if not number:
        raise invalid("quantity", "write how many keys, 1 at least")
    return number


def _package_id(form: Form) -> int:
    number = whole(form["package_id"])
    if not number:
        raise invalid("package_id", "choose the package that the key is of")
    return number


def _issued(visit: Visit) -> Any:
    with visit.reading() as session:
        found = [key_search.seen_key(session, visit.call.sight, number) for number in read(visit.names["ids"])]
        seen = [each for each in found if each is not None]
        if not seen:
            raise not_found()
        return shapes(visit.call, session, seen)


def _may_issue(visit: Visit, package: Any) -> bool:
    return visit.may(Action.KEYS_ISSUE, of_owner=package.level == "owner")


def _known(visit: Visit) -> list[tuple[str, str]]:
    """Customers to suggest: the newest, by name and mail address, for those who may see it."""
    if not visit.may_here(Action.KEYS_MAIL):
        return []
    found: Any = visit.fill("list_license_customers", query={"limit": MOST_LIMIT}).payload
    return [(each.email, each.name) for each in found if "…" not in each.email]


PAGES = at_each(
    ("repo", "owner"),
    Page("key_new", "keys/new", Action.KEYS_ISSUE, issue, posts=Action.KEYS_ISSUE),
    Page("keys_issued", "keys/issued/<ids>", Action.KEYS_READ, issued),
    Page("keys_issued_table", "keys/issued/<ids>/keys.csv", Action.KEYS_READ, table),
)
