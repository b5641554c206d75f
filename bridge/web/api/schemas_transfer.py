"""What is asked and answered about keys that come in a table, or leave in one."""

from typing import Literal

from pydantic import Field

from bridge.web.api.fields import Given, Line, Moment, Refusal, RowId, Taken
from bridge.web.api.schemas_keys import State


class ImportQuery(Taken):
    """How to import."""

    format: Literal["auto", "ours", "akeeba", "edd"] = "auto"
    """Whose table it is; ``auto``: by its header line."""
    dry_run: bool = False
    """Only tell what would happen."""
    on_error: Literal["stop", "skip"] = "stop"
    """When rows can't be taken: import nothing, or leave them out."""
    map: list[Line] = Field(default_factory=list, max_length=200)
    """``name:1`` for a product that is a package of another name here, ``name:1,2`` for one that is several."""


class ExportQuery(Taken):
    """Which keys to export, as with their list; none stated: all."""

    state: State | None = None
    package: RowId | None = None
    customer: Line = ""
    domain: Line = ""
    q: Line = ""
    expires_before: Moment | None = None


class ImportCounts(Given):
    """What becomes, or would become, of how many rows."""

    issue: int
    """New keys."""
    known: int
    """Keys that are there, and stay as they are."""
    adopt: int
    """Keys that are there, and are bound to the purchase of their subscription."""
    refused: int
    """Rows that can't be taken."""


class ImportVerdict(Given):
    """What becomes of a row; one that opens several packages has several."""

    line: int
    """Where it begins in the file; the header line is line 1."""
    action: Literal["issue", "known", "adopt", "refused"]
    sentence: str
    column: str
    """What to mend in a refused row; empty: the row as a whole."""
    package_id: int | None
    package: str
    key_id: int | None
    """The key; ``null`` while it is not made."""
    state: str
    """The state that the key is in, or will be."""


class ImportReport(Given):
    """What an import did, or would do."""

    format: Literal["ours", "akeeba", "edd"]
    encoding: str
    separator: str
    dry_run: bool
    rows: int
    counts: ImportCounts
    passed_over: list[str]
    """Columns that nothing was taken from, since they are not known."""
    verdicts: list[ImportVerdict]
    """Up to a thousand, refused rows before others."""
    complete: bool
    """Whether each verdict is among them."""


class ImportRefusal(Refusal):
    """Why nothing was imported, and what would become of the other rows."""

    report: ImportReport | None = None
