"""The tables that can be imported, by their header line.

``EDD`` is what “Export License Keys” of Easy Digital Downloads' Software Licensing writes: the columns of its class
``EDD_SL_License_Export``, of version 3.6 and later and of those before. Akeeba Release System exports nothing itself:
``AKEEBA`` are the columns of its table ``#__ars_dlidlabels`` joined with those of Akeeba Subscriptions, under their own
names, as the query in docs/import.md gives them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

FormName = Literal["ours", "akeeba", "edd"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``field``: where its cells go (``""``: nowhere, it is only for reading)."""

    name: str
    field: str
    says: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of table. ``marks``: it is this one where each of these fields has a column.

    ``needs``: without one of each of these groups of fields it can't be imported. ``open``: columns that are not named
    here are passed over.
    """

    name: FormName
    title: str
    columns: tuple[Column, ...]
    marks: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    open: bool = True

    def column_of(self, field: str) -> str:
        """The name that a field has here, for whoever has to mend it."""
        return next((column.name for column in self.columns if column.field == field), field)


@dataclass(frozen=True, slots=True)
class Header:
    """A header line that was understood: the field of each of its columns (``""``: passed over)."""

    form: Form
    fields: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def passed_over(self) -> tuple[str, ...]:
        """The columns that nothing is taken from, though somebody wrote them."""
        known = {_key(name) for column in self.form.columns for name in (column.name, *column.also)}
        return tuple(name for name in self.names if _key(name) not in known)


class BadHeader(ValueError):  # noqa: N818 - named for what happened
    """A header line that can't be used; the message is a sentence."""


# Every table may have these beside its own columns.
_ADDED = (
    Column("package", "packages", "The package, by its name here; several on lines of their own."),
    Column("package_id", "package_id", "The package, by its number here."),
    Column("subscription", "subscription", "`sub_…` of Stripe or `I-…` of PayPal: its payments extend this key."),
)

OURS = Form(
    "ours",
    "Ours",
    (
        Column("id", "", "The key's number."),
        Column("code", "code", "What the customer enters. Empty: a new one is made."),
        _ADDED[0],
        _ADDED[1],
        Column("repo", "repo", "The repo that the package is of; empty: the owner."),
        Column("state", "state", "`revoked`, `suspended` (or `disabled`); other states follow from the dates."),
        Column("customer_name", "customer_name", "The customer's name."),
        Column("customer_email", "customer_email", "The customer's mail address."),
        Column("domains", "domains", "Domains that the key is assigned to; none: any."),
        Column("sites", "sites", "Domains that use the key."),
        Column("max_sites", "max_sites", "How many sites; 0 or `unlimited`: any number. Empty: as the package says."),
        Column("starts_at", "starts_at", "From when it works. Empty: from now."),
        Column("expires_at", "expires_at", "What term or payments give; `never`. Empty: by the package's term."),
        Column("expiry_edit", "edit_kind", "A person's word beside it: `extend` or `fix`."),
        Column("expiry_edit_until", "edit_until", "Until when by that word; `never`."),
        Column("suspended_at", "suspended_at", "Since when a person holds it back."),
        Column("revoked_at", "revoked_at", "When it was revoked for good."),
        Column("revoke_reason", "revoke_reason", "Why."),
        Column("payment_ref", "payment_ref", "The invoice or order."),
        _ADDED[2],
        Column("note", "note", "For yourself."),
        Column("labels", "labels", "One a line."),
        Column("test", "test", "`yes`: a key for testing."),
        Column("created_at", "created_at", "When it was made. Empty: now."),
    ),
    marks=(),
    needs=(("packages", "package_id"),),
    open=False,
)

EDD = Form(
    "edd",
    "Easy Digital Downloads, Software Licensing",
    (
        Column("License ID", "row_ref", "Kept as payment reference: `edd-license-…`."),
        Column("License Key", "code", "The code, as it is."),
        Column(
            "License Status", "state", "`disabled`: suspended. `active`, `inactive`: works. `expired`: by its date."
        ),
        Column("Customer Email", "customer_email", "The customer's mail address.", ("Email",)),
        Column("Customer Name", "customer_name", "The customer's name."),
        Column("Product Name", "product", "The package, by `map` or the same name."),
        Column("Price ID", "", "Passed over; map by a column `package` where prices differ."),
        Column("Customer ID", "", "Passed over."),
        Column("User ID", "", "Passed over."),
        Column("Purchase Date", "starts_at", "From when it works, and when it was made."),
        Column("Expiration Date", "expires_at", "A date, seconds since 1970, or `lifetime`."),
        Column("Activation Limit", "max_sites", "How many sites; 0 or empty: any number."),
        Column("Activation Count", "", "Passed over; the addresses count."),
        Column("Activated URLs", "sites", "The sites that use it."),
        *_ADDED,
    ),
    marks=("code", "expires_at"),
    needs=(("code",), ("expires_at",), ("product", "packages", "package_id")),
)

AKEEBA = Form(
    "akeeba",
    "Akeeba Release System with Akeeba Subscriptions",
    (
        Column(
            "dlid", "code", "The Download ID: as it is where `primary` is 1, else `user_id:dlid`.", ("Download ID",)
        ),
        Column("user_id", "user_id", "Goes before an add-on Download ID."),
        Column("primary", "primary", "1: the customer's main Download ID."),
        Column("dlid_title", "labels", "The label of an add-on Download ID; kept as a label.", ("label",)),
        Column("published", "published", "0: a switched-off Download ID; suspended."),
        Column("name", "customer_name", "The customer's name."),
        Column("username", "", "Passed over."),
        Column("email", "customer_email", "The customer's mail address."),
        Column("level_title", "product", "The package, by `map` or the same name."),
        Column("akeebasubs_level_id", "level_id", "The package by `map`, where there is no `level_title`."),
        Column("akeebasubs_subscription_id", "row_ref", "Kept as payment reference: `akeebasubs-…`."),
        Column("publish_up", "starts_at", "From when it works, and when it was made."),
        Column("publish_down", "expires_at", "Until when."),
        Column("enabled", "enabled", "0 between the two dates: suspended."),
        Column("state", "state", "`C` (paid) only; rows with `N`, `P` and `X` are refused."),
        Column("processor", "", "Passed over."),
        Column("processor_key", "processor_key", "`sub_…` and `I-…`: the subscription; else the payment reference."),
        Column("notes", "note", "For yourself."),
        *_ADDED,
    ),
    marks=("code", "expires_at"),
    needs=(("code",), ("expires_at",), ("product", "level_id", "packages", "package_id")),
)

# The foreign ones first: they are known by columns that ours does not have.
FORMS = (EDD, AKEEBA, OURS)
BY_NAME: dict[str, Form] = {form.name: form for form in FORMS}


def recognised(names: Sequence[str], wanted: str = "auto") -> Header | None:
    """The header line as one of the forms, or as the wanted one; ``None`` where it is none of them.

    Raises `BadHeader` for one that is known, but can't be used: a column twice, unknown or missing.
    """
    named = [" ".join(name.split()) for name in names]
    for form in FORMS if wanted == "auto" else (BY_NAME[wanted],):
        header = _read(form, named)
        found = set(header.fields) - {""}
        if wanted != "auto" or (form.marks and found.issuperset(form.marks)):
            _check(header)
            return header
        if form is OURS and found & {"packages", "package_id"}:
            _check(header)
            return header
    return None


def _read(form: Form, names: Sequence[str]) -> Header:
    fields = {_key(name): column.field for column in form.columns for name in (column.name, *column.also)}
    return Header(form, tuple(fields.get(_key(name), "") for name in names), tuple(names))


def _check(header: Header) -> None:
    seen: set[str] = set()
    for name, field in zip(header.names, header.fields, strict=True):
        if field in seen:
            raise BadHeader(f"the header line has the column “{name[:80]}” twice; keep one")
        seen.update({field} - {""})
    if not header.form.open and header.passed_over:
        listed = ", ".join(f"“{name[:80]}”" for name in header.passed_over[:5])
        raise BadHeader(f"the header line has columns that are not known: {listed}; take them out or rename them")
    for group in header.form.needs:
        if not set(group) & seen:
            wanted = " or ".join(f"“{header.form.column_of(field)}”" for field in group)
            raise BadHeader(f"the header line of this kind of table needs a column {wanted}")


def _key(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").split())
