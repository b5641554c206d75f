"""What is sent and answered about keys, their sites and their use."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from bridge.rules.packages import MOST_DAYS, MOST_SITES
from bridge.services.key_inputs import MOST_DOMAINS, MOST_LABELS
from bridge.services.keys import MOST_AT_ONCE
from bridge.web.api.cursors import MOST_CURSOR
from bridge.web.api.fields import Amount, Currency, Given, Line, Moment, PageQuery, Reference, RowId, Taken, Text

State = Literal["active", "grace", "expired", "not_started", "suspended", "revoked"]
Domains = list[Line]
Cursor = Annotated[str, Field(max_length=MOST_CURSOR)]


class KeyQuery(PageQuery):
    """Which keys to list."""

    state: State | None = None
    """Only keys in this state."""
    package: RowId | None = None
    """Only keys of the package with this id."""
    customer: Line = ""
    """Part of a customer's name or mail address (of the address only for those who may see it), as with ``q``."""
    domain: Line = ""
    """Only keys that are assigned to this domain or used on it."""
    q: Line = ""
    """Part of a name, mail address, note, payment reference, domain or code, as far as one may see them, in capitals or
    not. One or two characters: the beginning of a name."""
    expires_before: Moment | None = None
    """Only keys whose expiry lies before this moment."""
    sort: Literal["id", "-id", "expires_at", "-expires_at", "customer", "-customer"] = "-id"
    """With ``-``: the other way round."""
    after: Cursor = ""
    """The page that begins behind this key of the list, as ``Link`` says; ``page`` is then only its number."""
    before: Cursor = ""
    """The page that ends before it."""


class PackageOfKey(Given):
    """The package that a key is of."""

    id: int
    name: str
    level: Literal["owner", "repo"]


class Key(Given):
    """A license key. What the caller may not see is masked, and ``masked`` says so."""

    id: int
    code: str
    """What the customer enters; masked: its last five symbols."""
    masked: bool
    feed_token: str | None
    """The secret part of the personal feed's address; ``null`` where the code is masked."""
    state: State
    master: bool
    package: PackageOfKey
    customer_name: str
    customer_email: str
    domains: list[str]
    """The domains that it is assigned to; none: any."""
    max_sites: int
    """How many sites may use it; 0: any number."""
    max_sites_override: int | None
    """The number that was set for this key; ``null``: the package's counts."""
    starts_at: Moment
    expires_at: Moment | None
    """The expiry that counts; ``null``: never."""
    paid_until: Moment | None
    """The expiry that the term or the payments give."""
    expiry_mode: Literal["paid", "extend", "fix"]
    """Whether a person's word stands beside that."""
    grace_until: Moment | None
    """Until when it keeps working after its expiry."""
    note: str
    labels: list[str]
    payment_ref: str
    test: bool
    created_at: Moment
    suspended_at: Moment | None
    revoked_at: Moment | None
    revoke_reason: str
    state_reason: str
    """Why it is suspended or revoked: ``person``, or what came of its payment: ``refunded``, ``chargeback``,
    ``dispute``, ``unpaid``, ``paused``, ``seat_removed``; otherwise empty."""


class KeyIssue(Taken):
    """Keys to issue."""

    package_id: RowId
    customer_name: Line = ""
    customer_email: str = Field(default="", max_length=254)
    domains: Domains = Field(default_factory=list, max_length=MOST_DOMAINS)
    """Domains that the key works on; none: any. ``*.example.com`` stands for all below it."""
    starts_at: Moment | None = None
    """``null``: now."""
    expires_at: Moment | None = None
    """``null``: as the term says."""
    term: Literal["lifetime", "annual", "monthly", "days"] | None = None
    """Instead of the package's, until the first renewal; goes without ``expires_at``."""
    term_days: int | None = Field(default=None, ge=1, le=MOST_DAYS)
    """With the term ``days``."""
    max_sites: int | None = Field(default=None, ge=0, le=MOST_SITES)
    """Instead of the package's; 0: any number."""
    note: Text = ""
    labels: list[Line] = Field(default_factory=list, max_length=MOST_LABELS)
    quantity: int = Field(default=1, ge=1, le=MOST_AT_ONCE)
    """Several keys at once, for a customer with several sites."""
    source: Reference | None = None
    """Where it was sold, in a word of your own such as ``shop``; with ``payment_ref`` the keys are a purchase."""
    payment_ref: Reference | None = None
    """The order's number there. The same again answers 200 with the same keys, another order 409."""
    paid: bool = True
    """``false``: ordered and not paid yet; keys are made when it is sent again as paid."""
    paid_at: Moment | None = None
    """When it was paid; ``null``: now. The term counts from then."""
    valid_until: Moment | None = None
    """Paid until then; ``null``: as the package's term says."""
    amount: Amount | None = None
    """What was paid, in the currency's own units: ``"49.00"``."""
    currency: Currency | None = None
    test: bool = False
    """A purchase made to try things out; its keys work only where test keys are allowed."""


class IssuedKeys(Given):
    """The keys that were issued."""

    keys: list[Key]


class KeyEdit(Taken):
    """What to change; what is left out stays as it is."""

    package_id: RowId | None = None
    customer_name: Line | None = None
    customer_email: str | None = Field(default=None, max_length=254)
    domains: Domains | None = Field(default=None, max_length=MOST_DOMAINS)
    expires_at: Moment | None = None
    """A moment, or ``null`` for never."""
    expiry_mode: Literal["extend", "fix", "paid"] = "extend"
    """``extend``: at least until ``expires_at``; ``fix``: exactly; ``paid``: take an earlier edit back."""
    max_sites: int | None = Field(default=None, ge=0, le=MOST_SITES)
    """``null``: the package's."""
    note: Text | None = None
    labels: list[Line] | None = Field(default=None, max_length=MOST_LABELS)
    suspended: bool | None = None
    dry_run: bool = False
    """Only show what the key would be."""


class Revocation(Taken):
    """Why a key is revoked."""

    reason: Text = ""


class Revoked(Given):
    """The revoked key. A master key has a successor at once."""

    key: Key
    successor: Key | None


class Replacement(Taken):
    """How long the old code works on."""

    overlap: Literal["0", "24h", "7d"] = "0"


class Resent(Given):
    """A mail that is on its way: where it goes, and the keys in it."""

    to: str
    keys: list[int]


class Site(Given):
    """A domain that has used a key."""

    id: int
    host: str
    kind: Literal["production", "local", "staging"]
    counts: bool
    """Whether it takes up one of the key's sites."""
    first_seen_at: Moment
    last_seen_at: Moment


class UsageQuery(PageQuery):
    """Which counts to list."""

    days: int = Field(default=30, ge=1, le=366)
    """How many days back."""


class Usage(Given):
    """How often a key did something on a day (UTC)."""

    day: date
    repo_id: int
    kind: str
    code: str
    site: str
    version: str
    cms: str
    php: str
    count: int
