"""What a process remembers of the keys that it has seen lately, for the feeds while the database is away.

Facts are remembered, not answers: a key that expires while the database is away is refused all the same, and whatever
the database said of a key last replaces what it said before, by whichever name the key was asked for. So a key that
this process has seen revoked never comes back from here.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bridge.errors import UnavailableError
from bridge.storage.lookups import HeldKey, Lookups


@dataclass(slots=True)
class _Known:
    """A key as the database showed it at ``seen_at``, and by which codes or tokens it was asked for."""

    held: HeldKey
    seen_at: float
    names: set[str] = field(default_factory=set)


class Recollection:
    """Looks keys and sites up, and keeps what it found: of so many keys and as many sites, the latest.

    ``recall=True`` answers from memory where the database is away; else, and for what is not remembered or was seen
    longer than ``seconds`` ago, that is ``UnavailableError``. Safe to share among threads.
    """

    def __init__(
        self, lookups: Lookups, most: int, seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._lookups = lookups
        self._most = most
        self._seconds = seconds
        self._monotonic = monotonic
        self._keys: OrderedDict[int, _Known] = OrderedDict()
        # A replaced code has an end of its own, which is no fact about the key.
        self._names: dict[str, tuple[tuple[int, datetime | None], ...]] = {}
        self._sites: OrderedDict[tuple[int, str], tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def keys_by_code(self, code: str, *, recall: bool = False) -> Sequence[HeldKey]:
        """The keys that a code stands for."""
        try:
            held = self._lookups.keys_by_code(code)
        except UnavailableError:
            if not recall:
                raise
            return self._remembered(code)
        self._note(code, held)
        return held

    def key_by_feed_token(self, token: str, *, recall: bool = False) -> HeldKey | None:
        """The key whose personal feed has this token."""
        name = f"~{token}"  # no code begins so
        try:
            held = self._lookups.key_by_feed_token(token)
        except UnavailableError:
            if not recall:
                raise
            return self._remembered(name)[0]
        self._note(name, [held] if held else [])
        return held

    def site_id(self, key_id: int, host: str, *, recall: bool = False) -> int | None:
        """The live site of a key that has this host."""
        try:
            found = self._lookups.site_id(key_id, host)
        except UnavailableError:
            known = self._sites.get((key_id, host)) if recall else None
            if known is None or self._is_old(known[1]):
                raise
            return known[0]
        self.note_site(key_id, host, found)
        return found

    def note_site(self, key_id: int, host: str, site_id: int | None) -> None:
        """A site as it is in the database now; ``None``: there is none."""
        with self._lock:
            if site_id is None:
                self._sites.pop((key_id, host), None)
            elif self._most:
                self._sites[key_id, host] = (site_id, self._monotonic())
                self._sites.move_to_end((key_id, host))
                if len(self._sites) > self._most:
                    self._sites.popitem(last=False)

    def _note(self, name: str, held: Sequence[HeldKey]) -> None:
        if not self._most:
            return
        now = self._monotonic()
        with self._lock:
            for each in held:
                known = self._keys.get(each.key.id)
                if known is None:
                    known = self._keys[each.key.id] = _Known(each, now)
                else:
                    self._keys.move_to_end(each.key.id)
                known.held, known.seen_at = each, now
                known.names.add(name)
            if held:
                self._names[name] = tuple([(each.key.id, each.key.code_valid_until) for each in held])
            else:
                for key_id, _ in self._names.pop(name, ()):
                    self._forget(key_id)  # deleted, so it is nothing by its other names either
            while len(self._keys) > self._most:
                self._forget(next(iter(self._keys)))

    def _forget(self, key_id: int) -> None:
        known = self._keys.pop(key_id, None)
        for name in known.names if known else ():
            self._names.pop(name, None)

    def _remembered(self, name: str) -> list[HeldKey]:
        found = []
        with self._lock:
            for key_id, code_valid_until in self._names.get(name, ()):
                known = self._keys[key_id]
                if not self._is_old(known.seen_at):
                    key = replace(known.held.key, code_valid_until=code_valid_until)
                    found.append(replace(known.held, key=key))
        if not found:
            raise UnavailableError("the database does not answer, and this key was not seen lately")
        return found

    def _is_old(self, seen_at: float) -> bool:
        return self._monotonic() - seen_at > self._seconds
