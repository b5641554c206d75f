"""The table of all checks, in the order in which they are told. ``docs/doctor.md`` is made from it."""

from bridge.services.doctor import (
    deliveries,
    gitea,
    machinery,
    mails,
    packages,
    passing,
    proxy,
    readers,
    repos,
    rights,
    routes,
    storage,
    templates,
)
from bridge.services.doctor.findings import Check

CHECKS: tuple[Check, ...] = (
    *gitea.CHECKS,
    *rights.CHECKS,
    *templates.CHECKS,
    *deliveries.CHECKS,
    *routes.CHECKS,
    *proxy.CHECKS,
    *passing.CHECKS,
    *storage.CHECKS,
    *machinery.CHECKS,
    *mails.CHECKS,
    *repos.CHECKS,
    *packages.CHECKS,
    *readers.CHECKS,
)

GROUPS: dict[str, str] = {
    "gitea": "Gitea",
    "hooks": "Webhooks of Gitea",
    "routes": "The way to the bridge",
    "proxy": "The proxy",
    "database": "Database",
    "disk": "Disk",
    "store": "Store of release files",
    "worker": "Background worker",
    "mail": "Mail",
    "repo": "Repos",
}
