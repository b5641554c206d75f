"""gunicorn's own log lines, without the addresses that it would quote: they may hold keys and feed tokens."""

import logging
import re
from typing import Any

from gunicorn.glogging import Logger

# A path with its query, wherever a message quotes one: after a space, a quotation mark or a bracket.
_ADDRESS = re.compile(r"(?<=[\s'\"(])/[^\s'\")]*")


class _Discreet(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, its addresses cut to a slash."""
        record.msg, record.args = _ADDRESS.sub("/…", record.getMessage()), None
        return True


class DiscreetLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """The same log, discreet."""

    def setup(self, cfg: Any) -> None:
        """Set the log up as gunicorn does, then put the filter before everything that writes."""
        super().setup(cfg)
        if not any(isinstance(each, _Discreet) for each in self.error_log.filters):
            self.error_log.addFilter(_Discreet())
