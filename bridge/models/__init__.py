"""The tables. Columns hold facts, never computed states; every race is decided by a named constraint.

Owners, repos and releases carry Gitea's own ids, so a name is only a label. ``docs/database.md`` shows the picture.
"""

from bridge.models.catalog import Asset, Owner, Release, Repo, RepoName
from bridge.models.customers import Customer, CustomerPastKey, CustomerWord
from bridge.models.licenses import KeyCode, KeyDomain, LicenseKey, Package, PackageRepo, Site
from bridge.models.machinery import Audit, Heartbeat, HookDelivery, Refresh, UsageDay
from bridge.models.payments import (
    MailTemplate,
    Outbox,
    PaymentAccount,
    PaymentEvent,
    PaymentOrder,
    PriceMap,
    WebhookSecret,
)
from bridge.models.people import PersonSession
from bridge.models.purchases import (
    CancelFact,
    DisputeFact,
    FloorFact,
    KeySlot,
    LineFact,
    LinkFact,
    PeriodFact,
    Purchase,
    RefundFact,
    SaleFact,
    SnapshotFact,
)
from bridge.models.replays import Replay
from bridge.models.tokens import MachineToken

__all__ = [
    "Asset",
    "Audit",
    "CancelFact",
    "Customer",
    "CustomerPastKey",
    "CustomerWord",
    "DisputeFact",
    "FloorFact",
    "Heartbeat",
    "HookDelivery",
    "KeyCode",
    "KeyDomain",
    "KeySlot",
    "LicenseKey",
    "LineFact",
    "LinkFact",
    "MachineToken",
    "MailTemplate",
    "Outbox",
    "Owner",
    "Package",
    "PackageRepo",
    "PaymentAccount",
    "PaymentEvent",
    "PaymentOrder",
    "PeriodFact",
    "PersonSession",
    "PriceMap",
    "Purchase",
    "Refresh",
    "RefundFact",
    "Release",
    "Replay",
    "Repo",
    "RepoName",
    "SaleFact",
    "Site",
    "SnapshotFact",
    "UsageDay",
    "WebhookSecret",
]
