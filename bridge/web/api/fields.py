"""The kinds of values that the API takes and gives."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from bridge.rules.references import REFERENCE, SENTENCE, is_reference
from bridge.web.api.reading import MOST_ID

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_FRACTION = re.compile(r"\.(\d{1,9})")
_FIRST_YEAR = 2000
MOST_LIMIT = 50


class Taken(BaseModel):
    """What is sent: unknown fields are refused, and no value is bent into another type."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


class Given(BaseModel):
    """What is answered."""

    model_config = ConfigDict(use_attribute_docstrings=True)


def moment(value: Any) -> Any:
    """A point in time as RFC 3339 has it, in UTC; ``None`` stays. Raises ``ValueError``."""
    if value is None or isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("must be a time with its zone, such as 2027-03-31T00:00:00Z")
    text = _FRACTION.sub(lambda part: "." + part[1][:6].ljust(6, "0"), value.upper())
    try:
        found = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no time in the calendar") from None
    if found.year < _FIRST_YEAR:
        raise ValueError(f"lies before the year {_FIRST_YEAR}")
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, str) and not value.isprintable():
        raise ValueError("must be printable text")
    return value


def _reference(value: str) -> str:
    if not is_reference(value):
        raise ValueError(SENTENCE)
    return value


def _written(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_SCHEMA = WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2027-03-31T00:00:00Z"]})
Moment = Annotated[datetime, BeforeValidator(moment), PlainSerializer(_written, return_type=str), _SCHEMA]
RowId = Annotated[int, Field(ge=1, le=MOST_ID)]
Line = Annotated[str, BeforeValidator(_plain), Field(max_length=200)]
Text = Annotated[str, Field(max_length=10_000)]
# What comes to stand in an address: no escape is needed there, and none is taken.
Reference = Annotated[str, AfterValidator(_reference), WithJsonSchema({"type": "string", "pattern": f"^{REFERENCE}$"})]
Amount = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,4})?$", examples=["49.00"])]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]


class NoQuery(Taken):
    """No parameters."""


class PageQuery(Taken):
    """One page of a list."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    """The first page is 1."""
    limit: int = Field(default=30, ge=1, le=MOST_LIMIT)
    """Items a page."""


class NoBody(Taken):
    """No fields."""


class Refusal(Given):
    """Every refusal looks like this."""

    message: str
    """What happened, for people. It may be reworded."""
    code: str
    """What happened, for programs. It never changes its meaning."""
    url: str
    """Where this API is described."""
    errors: dict[str, str] | None = None
    """What is wrong, by field."""
