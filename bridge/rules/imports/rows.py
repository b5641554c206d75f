"""What one row says: its cells, read by the form that its table has."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar

from bridge.rules.imports import cells
from bridge.rules.imports.cells import BadCell
from bridge.rules.imports.forms import OURS, Form
from bridge.rules.packages import MOST_SITES

Value = TypeVar("Value")
EditKind = Literal["extend", "fix"]

_SUBSCRIPTION = re.compile(r"(?:sub_[A-Za-z0-9_]{4,200}|I-[A-Z0-9]{6,40})", re.ASCII)
_WORKS = frozenset({"", "active", "inactive", "grace", "expired", "not_started", "publish"})
_HELD = frozenset({"suspended", "disabled", "draft", "private"})
_DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)
_UNPAID = {"n": "was never paid", "p": "waits for its payment", "x": "was cancelled"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a row, with the column to mend (``""``: the row as a whole)."""

    column: str
    sentence: str


class BadRow(ValueError):  # noqa: N818 - named for what happened
    """A row that can't be taken."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.sentence for fault in faults))
        self.faults = faults


@dataclass(slots=True)
class ImportRow:
    """A row in our terms. ``expires_stated`` false: by the package's term. ``left_out``: sites that are none."""

    code: str = ""
    products: tuple[str, ...] = ()
    package_id: int | None = None
    repo: str = ""
    customer_name: str = ""
    customer_email: str = ""
    domains: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    max_sites: int | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    expires_stated: bool = False
    edit_kind: EditKind | None = None
    edit_until: datetime | None = None
    suspended: bool = False
    suspended_at: datetime | None = None
    revoked: bool = False
    revoked_at: datetime | None = None
    revoke_reason: str = ""
    payment_ref: str = ""
    subscription: str = ""
    note: str = ""
    labels: tuple[str, ...] = ()
    is_test: bool = False
    created_at: datetime | None = None


@dataclass(slots=True)
class _Reader:
    """Reads cells by field, and collects what is wrong with them."""

    form: Form
    values: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)

    def text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def read(self, name: str, how: Callable[[str], Value], default: Value) -> Value:
        cell = self.values.get(name, "")
        if not cell.strip():
            return default
        try:
            return how(cell)
        except BadCell as error:
            self.refuse(name, str(error))
            return default

    def refuse(self, name: str, sentence: str) -> None:
        self.faults.append(Fault(self.form.column_of(name), sentence))

    def only(self, name: str, allowed: Mapping[str, Value], default: Value, sentence: str) -> Value:
        word = self.text(name).lower()
        if word in allowed:
            return allowed[word]
        self.refuse(name, sentence)
        return default


def is_subscription(text: str) -> bool:
    """Whether a text is the name that Stripe or PayPal gives a subscription."""
    return _SUBSCRIPTION.fullmatch(text) is not None


def read_row(form: Form, values: Mapping[str, str], now: datetime) -> ImportRow:
    """One row, by the field of each cell. Raises `BadRow` with everything that is wrong in it."""
    if form is OURS:
        values = {name: cells.unguarded(cell) for name, cell in values.items()}
    reader = _Reader(form, values)
    row = _shared(reader)
    {"ours": _ours, "edd": _edd, "akeeba": _akeeba}[form.name](reader, row, now)
    _check_dates(reader, row, now)
    if not (row.products or row.package_id):
        reader.refuse("packages" if form is OURS else "product", "names no package")
    if reader.faults:
        raise BadRow(*reader.faults)
    return row


def _shared(reader: _Reader) -> ImportRow:
    """What every form has alike."""
    row = ImportRow(
        code=reader.text("code"),
        products=reader.read("packages", cells.lines, ()),
        package_id=reader.read("package_id", _number, None),
        customer_name=reader.text("customer_name"),
        customer_email=reader.text("customer_email"),
        sites=reader.read("sites", cells.hosts, ()),
        max_sites=reader.read("max_sites", lambda cell: cells.count(cell, MOST_SITES), None),
        starts_at=reader.read("starts_at", cells.moment, None),
        expires_at=reader.read("expires_at", cells.moment, None),
        expires_stated=bool(reader.text("expires_at")),
        subscription=reader.text("subscription"),
        note=reader.text("note"),
        labels=reader.read("labels", cells.lines, ()),
    )
    if row.subscription and not is_subscription(row.subscription):
        reader.refuse("subscription", "is not a subscription; those of Stripe begin with sub_, those of PayPal with I-")
    return row


def _ours(reader: _Reader, row: ImportRow, now: datetime) -> None:
    row.repo = reader.text("repo")
    row.domains = reader.read("domains", cells.hosts, ())
    kinds: dict[str, EditKind | None] = {"": None, "extend": "extend", "fix": "fix"}
    row.edit_kind = reader.only("edit_kind", kinds, None, "is neither extend nor fix")
    row.edit_until = reader.read("edit_until", cells.moment, None)
    if (row.edit_kind is None) == bool(reader.text("edit_until")) and not reader.faults:
        reader.refuse("edit_until", "goes with expiry_edit (extend or fix), and the other way round")
    row.suspended_at = reader.read("suspended_at", cells.moment, None)
    row.revoked_at = reader.read("revoked_at", cells.moment, None)
    row.revoke_reason = reader.text("revoke_reason")
    row.payment_ref = reader.text("payment_ref")
    row.is_test = reader.read("test", cells.flag, default=False)
    row.created_at = reader.read("created_at", cells.moment, None)
    _state(reader, row, now)


def _edd(reader: _Reader, row: ImportRow, now: datetime) -> None:
    _by_product(reader, row)
    if row.max_sites is None:
        row.max_sites = 0
    if not row.expires_stated:
        reader.refuse("expires_at", "says no date; write one, or lifetime")
    if reader.text("row_ref"):
        row.payment_ref = f"edd-license-{reader.text('row_ref')}"
    _state(reader, row, now)
    row.created_at = row.starts_at


def _akeeba(reader: _Reader, row: ImportRow, now: datetime) -> None:
    _by_product(reader, row)
    level = reader.text("level_id")
    if level and not row.products:
        row.products = (level,)
    if not row.expires_stated:
        reader.refuse("expires_at", "says no date")
    if reader.text("row_ref"):
        row.payment_ref = f"akeebasubs-{reader.text('row_ref')}"
    paid_by = reader.text("processor_key")
    if is_subscription(paid_by):
        row.subscription = row.subscription or paid_by
    elif paid_by:
        row.payment_ref = paid_by
    if row.code and ":" not in row.code and not reader.read("primary", cells.flag, default=True):
        user = reader.text("user_id")
        if not _DIGITS.fullmatch(user):
            reader.refuse("user_id", "is no number; an add-on Download ID is entered as user_id:dlid")
        row.code = f"{user}:{row.code}"
    word = reader.text("state").lower()
    if word not in {"", "c"}:
        reader.refuse("state", f"says that the subscription {_UNPAID.get(word, 'is in no known state')}; leave it out")
    enabled = reader.read("enabled", cells.flag, default=True)
    running = (row.starts_at is None or row.starts_at <= now) and (row.expires_at is None or now < row.expires_at)
    row.suspended = not reader.read("published", cells.flag, default=True) or (not enabled and running)
    row.created_at = row.starts_at


def _by_product(reader: _Reader, row: ImportRow) -> None:
    """The product's name counts where no column of one's own says the package."""
    if not row.products and row.package_id is None and reader.text("product"):
        row.products = (" ".join(reader.text("product").split()),)
    if not row.code:
        reader.refuse("code", "is empty")


def _state(reader: _Reader, row: ImportRow, now: datetime) -> None:
    word = reader.text("state").lower()
    if word in _HELD:
        row.suspended = True
    elif word == "revoked":
        row.revoked = True
    elif word not in _WORKS:
        reader.refuse("state", "is no state; known are active, inactive, expired, disabled, suspended and revoked")
    if word == "expired" and row.edit_kind is None and (row.expires_at is None or row.expires_at > now):
        reader.refuse("state", "says expired, and the expiry does not; correct one of the two")


def _check_dates(reader: _Reader, row: ImportRow, now: datetime) -> None:
    if row.starts_at is not None and row.expires_at is not None and row.expires_at <= row.starts_at:
        reader.refuse("expires_at", "must lie after the start")
    row.suspended = row.suspended or row.suspended_at is not None
    row.revoked = row.revoked or row.revoked_at is not None
    for name in ("suspended_at", "revoked_at", "created_at"):
        stated: datetime | None = getattr(row, name)
        if stated is not None and stated > now and reader.text(name):
            reader.refuse(name, "lies in the future")
    if row.created_at is not None and row.created_at > now:
        row.created_at = now


def _number(cell: str) -> int:
    text = cell.strip().removeprefix("#")
    if not _DIGITS.fullmatch(text) or not int(text):
        raise BadCell("is not the number of a package")
    return int(text)
