"""All repos of an owner at a glance: what each is for, what is on offer, what is wrong, and how many keys there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.models import Owner, Repo
from bridge.services import publisher
from bridge.services.products import Hosts, Product, load_product
from bridge.storage import catalog, key_stats, licenses

Find = Callable[[str, str], Product | None]


@dataclass(frozen=True, slots=True)
class RepoLine:
    """One repo. ``keys``: of its own packages. ``newest``: the highest version on offer, empty where there is none."""

    name: str
    private: bool
    served: bool
    platform: str
    require_key: str
    newest: str
    held: int
    problems: Sequence[str]
    keys: int


@dataclass(frozen=True, slots=True)
class Overview:
    """A part of an owner's repos, how many there are of them in all, and the keys of the owner's own packages."""

    lines: Sequence[RepoLine]
    total: int
    owner_keys: int
    all_keys: int


def of(session: Any, owner: Owner, find: Find, hosts: Hosts, *, text: str, limit: int, offset: int) -> Overview:
    """The repos whose name has ``text`` in it, by name. ``find``: what this process holds of a repo already."""
    rows = [row for row, _ in catalog.repos_of(session, owner.id) if text.lower() in row.name.lower()]
    packages = [each for each in licenses.packages_of(session, owner.id) if not each.is_master]
    counts = key_stats.held(session, packages)
    by_repo: dict[int | None, int] = {}
    for package in packages:
        by_repo[package.repo_id] = by_repo.get(package.repo_id, 0) + counts.get(package.id or 0, 0)
    lines = []
    for row in rows[offset : offset + limit]:
        product = (find(owner.name, row.name) if row.served else None) or load_product(session, row, owner, hosts)
        lines.append(_line(product, row, by_repo.get(row.id, 0)))
    return Overview(lines, len(rows), by_repo.get(None, 0), sum(by_repo.values()))


def _line(product: Product, row: Repo, keys: int) -> RepoLine:
    told = publisher.overview(product, row)
    return RepoLine(
        row.name,
        row.private,
        row.served,
        told["platform"],
        told["require_key"],
        told["newest"] or "",
        told["held_back"],
        publisher.warnings(product, row),
        keys,
    )
