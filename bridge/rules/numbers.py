"""What is counted, made into what is shown: when keys were lost, what a renewal is, which sites run what."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from bridge.rules.versions import version_key

Loss = Literal["expired", "revoked"]
_ENDS = ("expires", "paid_until")


class Stated(NamedTuple):
    """What was stated with a key at a repo, and on which day last. Empty: nothing of the kind.

    ``version`` is what was downloaded; ``cms`` is a name and a version, such as ``joomla 5.3``.
    """

    key_id: int
    repo_id: int
    site: str
    version: str
    cms: str
    php: str
    last: date


class Spread(NamedTuple):
    """How many sites run what; of versions, at each repo. ``""``: it is not known."""

    versions: Counter[tuple[int, str]]
    cms: Counter[str]
    php: Counter[str]


def lost(
    expiry: date | None, paid_grace: date | None, revoked: date | None, grace_days: int
) -> tuple[date, Loss] | None:
    """On which day a key that works no more was lost, and why: revoked, or at the end of its grace, what came first.

    ``paid_grace``: payments left it at least until then. ``None`` for a key that neither ends nor was revoked.
    """
    end = None
    if expiry is not None:
        try:
            end = max(expiry + timedelta(days=grace_days), paid_grace or expiry)
        except OverflowError:
            end = date.max
    if revoked is not None and (end is None or revoked <= end):
        return revoked, "revoked"
    return None if end is None else (end, "expired")


def is_renewal(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
    """Whether a change of a key gave it more time, by a person (``expires``) or by what was paid (``paid_until``).

    Both as the audit trail has them: moments in ISO, ``None`` for never.
    """
    if before is None or after is None:
        return False
    return any(_is_later(before[name], after[name]) for name in _ENDS if name in before and name in after)


def is_hold(after: Mapping[str, Any] | None) -> bool:
    """Whether a change of a key, as the audit trail has it, revoked it because of the money."""
    return after is not None and after.get("hold") == "revoke"


def _is_later(old: str | None, new: str | None) -> bool:
    if old is None or new is None:
        return old is not None
    return datetime.fromisoformat(new) > datetime.fromisoformat(old)


def spread(stated: Iterable[Stated], since: date) -> Spread:
    """The sites that were there on ``since`` or later, by what each of them stated last.

    A site is a domain that uses a key; a key that came without any domain counts as one (stock Joomla states none).
    Of several things that were stated on the same day, the newest version counts. ``stated`` comes key by key, so that
    it may be longer than the memory.
    """
    found = Spread(Counter(), Counter(), Counter())
    for _, group in groupby(stated, key=attrgetter("key_id")):
        rows = list(group)
        by_repo: dict[int, list[Stated]] = {}
        for row in rows:
            by_repo.setdefault(row.repo_id, []).append(row)
        for repo_id, here in by_repo.items():
            found.versions.update((repo_id, _last(site, "version")) for site in _sites(here, since))
        for site in _sites(rows, since):
            found.cms[_last(site, "cms")] += 1
            found.php[_last(site, "php")] += 1
    return found


def _sites(rows: list[Stated], since: date) -> list[list[Stated]]:
    """What each site of a key stated. What came without a domain is the only site's, if there is only one."""
    by_site: dict[str, list[Stated]] = {}
    for row in rows:
        by_site.setdefault(row.site, []).append(row)
    present = {row.site for row in rows if row.last >= since}
    named = sorted(present - {""})
    if len(named) == 1:
        return [by_site[named[0]] + by_site.get("", [])]
    return [by_site[site] for site in named or sorted(present)]


def _last(site: list[Stated], name: str) -> str:
    said = [(row.last, getattr(row, name)) for row in site if getattr(row, name)]
    return max(said, key=lambda each: (each[0], version_key(each[1]), each[1]))[1] if said else ""
