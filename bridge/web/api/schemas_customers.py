"""What is sent and answered about customers."""

from typing import Any, Literal

from pydantic import Field

from bridge.web.api.cursors import MOST_CURSOR
from bridge.web.api.fields import Given, Line, Moment, PageQuery, Taken
from bridge.web.api.schemas_keys import Key

MOST_KEYS_SHOWN = 50


class CustomerQuery(PageQuery):
    """Which customers to list."""

    q: Line = ""
    """How a name or one of its words begins, or a mail address from one of its words on (for those who may see it)."""
    sort: Literal["id", "-id", "customer", "-customer"] = "-id"
    """``customer``: by name. With ``-``: the other way round."""
    after: str = Field(default="", max_length=MOST_CURSOR)
    """The place behind which the page begins, as ``Link`` says it; goes before ``page``."""
    before: str = Field(default="", max_length=MOST_CURSOR)
    """The place before which the page ends, as ``Link`` says it; goes before ``page``."""


class Customer(Given):
    """Who holds keys: a mail address, in whatever case it is written. Keys without one are nobody's."""

    id: int
    name: str
    """As it was stated last."""
    email: str
    masked: bool
    """Whether the mail address is left out, as for those who may not see it."""
    key_count: int
    """How many keys it has here."""
    keys: list[Key]
    """The newest of them, 50 at most; the list of keys has the others."""
    created_at: Moment


class CustomerExport(Given):
    """Everything that is stored about a customer. Times are RFC 3339 in UTC; names of fields are the database's."""

    made_at: Moment
    owner: str
    customer: dict[str, Any]
    keys: list[dict[str, Any]]
    """Each with its codes, domains and sites, also those that were freed."""
    purchases: list[dict[str, Any]]
    """Each with what was ordered, paid and refunded."""
    usage: list[dict[str, Any]]
    """What the keys did, by day, site, kind and version."""
    changes: list[dict[str, Any]]
    """What was done to customer, keys and purchases, and when; the staff who did it are left out."""


class Erasure(Taken):
    """That it is meant, and how far it goes."""

    confirm: str = Field(max_length=254)
    """The customer's mail address, since there is no way back."""
    domains: bool = False
    """Forget the sites and assigned domains of its keys too; they then work on any domain, up to their limit."""


class Erased(Given):
    """What became of the customer."""

    keys: int
    """Keys that go on without a name."""
    purchases: int
    """Purchases that stay in the books without a name."""
    audit_rows: int
    """Rows of the audit trail from which the person was taken out."""
    domains: bool
    """Whether sites and domains are forgotten too."""
