"""What every provider is to the bridge: one set of questions, and the ways in which there may be no answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from bridge.errors import NotFoundError, RefusedError, UnavailableError
from bridge.rules.payments.facts import PaidPeriod
from bridge.rules.payments.reports import Offer, Reading

MOST_NAME = 255


class Verdict(StrEnum):
    """What a delivery's signature says."""

    GOOD = "good"
    STALE = "stale"  # rightly signed, too long ago: a replay, or a clock that is wrong
    BAD = "bad"


class UnreadableError(RefusedError):
    """It is signed, but it is not an event."""


class ForgedError(RefusedError):
    """It is not the provider's, as turns out once somebody could be asked; the message holds nothing of it."""


class UnknownShapeError(RefusedError):
    """It is of a shape that this version does not read; the message names what is missing, and no value."""


class NotTheirsError(NotFoundError):
    """The provider has no such object in this account."""


class NoAccessError(RefusedError):
    """The provider refuses what is asked with the account's key; the message names what that is."""


class UnknownKeyError(NoAccessError):
    """The provider does not know the account's key at all."""


class ProviderAwayError(UnavailableError):
    """The provider does not answer, or asks for patience. ``wait_seconds``: for how long, where it says so."""

    def __init__(self, message: str, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class ProofAwayError(ProviderAwayError):
    """What one delivery is to be proven with can't be had now; that says nothing about the provider's other answers."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as it came: its names, and the text itself.

    ``livemode`` ``None``: it does not say. ``text`` is what `Provider.read` gets back later; "" for an event that only
    names an object. ``proof`` is what the worker has yet to check.
    """

    event_id: str
    event_type: str
    object_type: str = ""
    object_id: str = ""
    created: datetime | None = None
    livemode: bool | None = None
    api_version: str = ""
    text: str = ""
    proof: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Access:
    """How one account is reached. ``api_key`` "": not at all, what is pushed is all there is.

    ``mode`` "": whichever it turns out to be. ``account_ref``: what the provider calls it. ``secrets``: those that a
    delivery may be signed with, where one is to be proven; ``verify``: in which way (`rules.payments.policy`).
    """

    mode: str
    api_key: str = field(default="", repr=False)
    client_id: str = ""
    webhook_ref: str = ""
    api_version: str = ""
    account_ref: str = ""
    secrets: Sequence[str] = field(default=(), repr=False)
    verify: str = "local"


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a purchase: the periods that were entered, and whether a person accepted it as it is."""

    periods: tuple[PaidPeriod, ...] = ()
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """What a reader is handed: the ticket drawn for it, and what is known already, so that it need not be fetched."""

    ticket: int
    knows_payment: Callable[[str], bool] = lambda _name: False
    is_mapped: Callable[[Offer], bool] = lambda _offer: False
    heard_of: Callable[[str], Heard] = lambda _ref: Heard()


@dataclass(frozen=True, slots=True)
class Sign:
    """With what a delivery is judged. ``secrets`` are those in force."""

    secrets: Sequence[str] = field(repr=False)
    now: datetime
    tolerance: timedelta
    mode: str = "live"


@dataclass(frozen=True, slots=True)
class SaleWish:
    """A sale to begin. ``order`` is our name for it, and makes the call idempotent."""

    order: str
    package_id: int
    price_ref: str
    recurring: bool
    success_url: str
    cancel_url: str
    amount_minor: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class BegunSale:
    """What the provider calls it, and where the buyer pays."""

    ref: str
    url: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place at the provider from which deliveries come."""

    ref: str
    api_version: str
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a key turns out to be good for. ``lacks`` names what it may not, in words for people."""

    account_ref: str = ""
    mode: str = ""
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """Something that can be bought, as the provider has it."""

    ref: str
    product_ref: str
    name: str
    amount_minor: int | None
    currency: str
    recurring: bool
    interval_unit: str = ""
    interval_count: int = 1


@dataclass(frozen=True, slots=True)
class Running:
    """A subscription that goes on."""

    ref: str
    status: str
    created: datetime
    email: str = ""


class Provider(Protocol):
    """One provider. All methods may be called from several threads, and none needs what an earlier call kept.

    Whatever asks the provider raises `NotTheirsError`, `NoAccessError`, `ProviderAwayError`.
    """

    name: str
    label: str  # what people call it
    api_version: str
    events: tuple[str, ...]
    tried: str  # against what this program was tried, and against what not yet, in words that go on "was tried …"
    proves_at_door: bool  # whether `judge` knows for sure; else anybody gets in, and `read` finds out

    def knows_version(self, version: str) -> bool:
        """Say whether this program was tried with a version of the provider's objects."""

    def judge(self, body: bytes, headers: Mapping[str, str], sign: Sign) -> Verdict:
        """Say whether the raw bytes are the provider's. Asks nobody, raises nothing, whatever the headers hold."""

    def needs_text(self, verify: str) -> bool:
        """Say whether `read` needs a delivery's text, where it is proven in this way (`rules.payments.policy`)."""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Delivery:
        """Name an event. Raises `UnreadableError`."""

    def read(self, delivery: Delivery, access: Access, desk: Desk) -> Reading:
        """Say what an event comes to; with a key only what was fetched counts.

        Raises `ForgedError` where its proof is wrong, `UnknownShapeError`.
        """

    def poll(self, access: Access, since: datetime) -> Iterator[Delivery]:
        """Tell the events since then, as they would have been delivered."""

    def sweep(self, access: Access, since: datetime) -> Iterator[Delivery]:
        """Tell the objects as they are now: those made since then, and what goes on. A name says the state too."""

    def begin_sale(self, access: Access, wish: SaleWish) -> BegunSale:
        """Begin a sale."""

    def standing(self, access: Access) -> Standing:
        """Find out what the key is good for."""

    def connect(self, access: Access, url: str) -> Endpoint:
        """Have deliveries sent to an address of ours."""

    def disconnect(self, access: Access) -> None:
        """Have no more deliveries sent; none were is fine too."""

    def prices(self, access: Access) -> Iterable[Price]:
        """Tell what is for sale."""

    def running(self, access: Access) -> Iterator[Running]:
        """Tell the subscriptions that go on."""

    def sample(self, secret: str, now: datetime, mode: str) -> tuple[bytes, Mapping[str, str]]:
        """Make a delivery that means nothing, to try the door with: signed, as far as it is judged there."""
