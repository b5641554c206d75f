"""The tables. Columns hold facts, never computed states; every race is decided by a named constraint.

Owners, repos and releases carry Gitea's own ids, so a name is only a label. ``docs/database.md`` shows the picture.
"""

from bridge.models.catalog import Asset, Owner, Release, Repo, RepoName
from bridge.models.licenses import KeyCode, KeyDomain, LicenseKey, Package, PackageRepo, Site
from bridge.models.machinery import Audit, Heartbeat, HookDelivery, Refresh, UsageDay
from bridge.models.replays import Replay

__all__ = [
    "Asset",
    "Audit",
    "Heartbeat",
    "HookDelivery",
    "KeyCode",
    "KeyDomain",
    "LicenseKey",
    "Owner",
    "Package",
    "PackageRepo",
    "Refresh",
    "Release",
    "Replay",
    "Repo",
    "RepoName",
    "Site",
    "UsageDay",
]
