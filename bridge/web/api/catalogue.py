"""Every operation of the API."""

from bridge.web.api import (
    audit,
    customers,
    decisions,
    key_actions,
    keys,
    licensing,
    packages,
    purchases,
    stats,
    tokens,
    transfer,
)
from bridge.web.api.errors import DESCRIPTION
from bridge.web.api.operations import Level, Operation

__all__ = ["ALL", "BASES", "DESCRIPTION", "PREFIX", "address", "methods_at"]

ALL: tuple[Operation, ...] = (
    *licensing.OPERATIONS,
    *packages.OPERATIONS,
    *keys.OPERATIONS,
    *key_actions.OPERATIONS,
    *decisions.OPERATIONS,
    *audit.OPERATIONS,
    *customers.OPERATIONS,
    *purchases.OPERATIONS,
    *stats.OPERATIONS,
    *tokens.OPERATIONS,
    *transfer.OPERATIONS,
)
PREFIX = "/api/v1"
BASES: dict[Level, str] = {"repos": "repos/{owner}/{repo}", "orgs": "orgs/{owner}", "users": "users/{owner}"}


def address(operation: Operation, level: Level) -> str:
    """Where an operation is, with its blanks in braces."""
    return f"{PREFIX}/{BASES[level]}/{operation.path}"


def methods_at(path: str) -> set[str]:
    """Which methods an address below the prefix answers; empty where there is none."""
    asked = path.split("/")
    found: set[str] = set()
    for operation in ALL:
        for level in operation.levels:
            blanks = address(operation, level).split("/")
            if len(blanks) == len(asked) and all(map(_fits, blanks, asked)):
                found.add(operation.method)
    return found | ({"HEAD"} if "GET" in found else set())


def _fits(blank: str, text: str) -> bool:
    return blank == text or (blank.startswith("{") and text != "")
