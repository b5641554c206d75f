"""Whether a stored moment has come, by clocks that may differ and may be put back."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_

# Clocks of several machines differ less than this. What is even further off was set before a clock was put back.
MOST_SKEW = timedelta(minutes=10)


def has_come(moment: Any, now: datetime, longest_wait: timedelta) -> ColumnElement[bool]:
    """Whether the moment is past, or so far off that it can't be meant: nobody waits longer than ``longest_wait``."""
    return or_(moment <= now, moment > now + longest_wait + MOST_SKEW)
