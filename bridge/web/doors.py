"""What the views are handed: they look nothing up."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.services.customer_desk import CustomerDesk
from bridge.services.doctor.patient import Patient, Wishes
from bridge.services.figures import Figures
from bridge.services.gate import Gate
from bridge.services.in_their_stead import InTheirStead
from bridge.services.makers import Makers
from bridge.services.payment_door import PaymentDoor
from bridge.services.payment_sales import PaymentSales
from bridge.services.people import People
from bridge.services.products import Products
from bridge.services.refresh import Catalog
from bridge.services.remembered import Remembered
from bridge.services.sign_in import SignIn
from bridge.services.thanks import ThanksDesk
from bridge.services.themes import Themes
from bridge.services.throttling import Counters, Throttle
from bridge.services.usage import UsageBuffer
from bridge.settings import Settings
from bridge.storage.files import FileStore
from bridge.storage.lookups import Lookups
from gitea_client.client import GiteaClient


@dataclass(frozen=True, slots=True)
class Doors:
    """The parts that answer requests."""

    settings: Settings
    figures: Figures
    products: Products
    gate: Gate
    usage: UsageBuffer
    counters: Counters
    unknown_keys: Throttle
    store: FileStore
    lookups: Lookups
    open_session: Callable[..., AbstractContextManager[Any]]
    clock: Callable[[], datetime]
    entropy: Callable[[int], bytes]
    # Opened by the first request that needs them: a process that only answers sites has no way to Gitea.
    gitea: Callable[[], GiteaClient]
    catalog: Callable[[], Catalog]
    people: Callable[[], People]
    makers: Callable[[], Makers]
    visitors: Callable[[], InTheirStead]
    sign_in: Callable[[], SignIn]
    themes: Callable[[], Themes]
    payments: Callable[[], PaymentDoor]
    sales: Callable[[], PaymentSales]
    thanks: Callable[[], ThanksDesk]
    customers: Callable[[], CustomerDesk]
    patient: Callable[[Wishes], Patient]
    numbers: Remembered = field(default_factory=Remembered)
