"""Log lines on standard error: as text for people, as JSON for machines. No line holds a key, a token or a query.

What is logged while a request is answered carries the request's id, in both forms.
"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

from bridge.settings.schema import LogSettings

# The id of the request that is being answered; empty where there is none.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class Facts:
    """A message of named values: a line of words in a text log, fields of their own in JSON."""

    def fields(self) -> dict[str, object]:
        """The values by name. What does not apply is left out."""
        raise NotImplementedError


class _TextLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the base class's name
        asked = request_id.get()
        return f"{super().formatMessage(record)} [{asked}]" if asked else super().formatMessage(record)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if isinstance(record.msg, Facts):
            line.update(record.msg.fields())
        else:
            line["message"] = record.getMessage()
        if asked := request_id.get():
            line["request_id"] = asked
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up_logging(settings: LogSettings) -> None:
    """Send everything to standard error in the wanted form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if settings.format == "json" else _TextLines())
    logging.basicConfig(level=settings.level.upper(), handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the schema's version
