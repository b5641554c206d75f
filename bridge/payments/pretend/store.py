"""What is in a pretend Stripe: objects by id, lists that are shown on request only, and the events that were told."""

import copy
import itertools
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Thing = dict[str, Any]

API_VERSION = "2026-10-28.endive"
_SHOWN_AT_ONCE = 10


class Store:
    """Objects refer to each other by id, as Stripe's do; whoever asks may have them expanded."""

    def __init__(self, clock: Callable[[], datetime], *, livemode: bool = True) -> None:
        self.clock = clock
        self.livemode = livemode
        self.things: dict[str, Thing] = {}
        self.lists: dict[tuple[str, str], list[Thing]] = {}
        self.events: list[Thing] = []
        self.lock = threading.RLock()
        self._numbers = itertools.count(1)

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.clock().timestamp())

    def new(self, prefix: str, kind: str, **fields: Any) -> Thing:
        """Make an object."""
        name = f"{prefix}_{next(self._numbers):08d}"
        thing = {"id": name, "object": kind, "created": self.now, "livemode": self.livemode, "metadata": {}, **fields}
        with self.lock:
            self.things[name] = thing
        return thing

    def get(self, name: str) -> Thing:
        """An object, to be changed."""
        return self.things[name]

    def of_kind(self, kind: str) -> list[Thing]:
        """All objects of a kind, newest first."""
        with self.lock:
            return [thing for thing in reversed(self.things.values()) if thing["object"] == kind]

    def emit(self, event_type: str, name: str, **previous: Any) -> Thing:
        """Tell what an object is like now."""
        with self.lock:
            event = {
                "id": f"evt_{next(self._numbers):08d}",
                "object": "event",
                "api_version": API_VERSION,
                "created": self.now,
                "data": {"object": self.shown(name), **({"previous_attributes": previous} if previous else {})},
                "livemode": self.livemode,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
                "type": event_type,
            }
            self.events.append(event)
        return event

    def shown(self, name: str, expand: tuple[str, ...] = ()) -> Thing:
        """An object as the API shows it: with the start of its lists, expanded as asked."""
        with self.lock:
            thing = copy.deepcopy(self.things[name])
            for (owner, field), rows in self.lists.items():
                always = field in {"lines", "items"}
                if owner == name and (always or any(path.split(".")[0] == field for path in expand)):
                    thing[field] = self.listed(rows, f"/v1/{thing['object']}s/{name}/{field}", _SHOWN_AT_ONCE)
            for path in expand:
                self._expand(thing, path.split("."))
            return thing

    @staticmethod
    def listed(rows: list[Thing], url: str, most: int) -> Thing:
        """A list, as much of it as is shown at once."""
        return {"object": "list", "data": copy.deepcopy(rows[:most]), "has_more": len(rows) > most, "url": url}

    def expanded(self, thing: Mapping[str, Any], expand: tuple[str, ...]) -> Thing:
        """A copy of a part of something, expanded as asked."""
        found = copy.deepcopy(dict(thing))
        for path in expand:
            self._expand(found, path.split("."))
        return found

    def _expand(self, thing: Any, path: list[str]) -> None:
        if isinstance(thing, list):
            for each in thing:
                self._expand(each, path)
            return
        if not path or not isinstance(thing, dict) or thing.get(path[0]) is None:
            return
        value = thing[path[0]]
        if isinstance(value, str) and value in self.things:
            value = thing[path[0]] = self.shown(value)
        self._expand(value, path[1:])
