"""The orders of a list of keys, and a place within one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from bridge.models import LicenseKey
from bridge.storage.key_states import CUSTOMER_KEY, NEVER, ends_at
from bridge.storage.licenses import expiry_of

_COLUMNS: dict[str, Any] = {"id": None, "expires_at": ends_at, "customer": CUSTOMER_KEY}


@dataclass(frozen=True, slots=True)
class Position:
    """Where a key stands: by what the list is sorted by (nothing for ids; ``None``: never expires), then by its id."""

    value: datetime | str | None
    key_id: int


@dataclass(frozen=True, slots=True)
class Order:
    """``name`` is one of id, expires_at and customer."""

    name: str
    descending: bool = False

    @classmethod
    def of(cls, sort: str) -> "Order":
        """As a list says it: ``-expires_at``."""
        return cls(sort.removeprefix("-"), sort.startswith("-"))

    @property
    def reversed(self) -> "Order":
        """The same from the other end."""
        return Order(self.name, not self.descending)

    @property
    def column(self) -> Any:
        """What is sorted by before the id; ``None``: nothing is."""
        return _COLUMNS[self.name]

    def terms(self, *columns: Any) -> list[Any]:
        """For ORDER BY."""
        return [each.desc() if self.descending else each.asc() for each in columns if each is not None]

    def beyond(self, position: Position | None) -> list[list[ColumnElement[bool]]]:
        """Conditions for what stands behind a position. Each alternative is one range of an index of its own."""
        if position is None:
            return [[]]
        key_id = col(LicenseKey.id)
        by_id = key_id < position.key_id if self.descending else key_id > position.key_id
        if self.column is None:
            return [[by_id]]
        value = NEVER if position.value is None else position.value
        further = self.column < value if self.descending else self.column > value
        return [[self.column == value, by_id], [further]]

    def is_beyond(self, position: Position) -> ColumnElement[bool]:
        """The same as one condition."""
        return or_(*(and_(*each) for each in self.beyond(position)))

    def position(self, key: LicenseKey, customer_key: str) -> Position:
        """Where a key stands."""
        values = {"id": None, "expires_at": expiry_of(key), "customer": customer_key}
        return Position(values[self.name], key.id or 0)
