"""How often a customer may free a site without asking: enough for a move, too little to pass a license around."""

from datetime import timedelta

SPAN = timedelta(days=30)
MORE_THAN_SEATS = 3


def most(limit: int) -> int | None:
    """How many sites of a key may be freed within the span; ``None``: any number, as where any number may use it."""
    return limit + MORE_THAN_SEATS if limit else None


def left(limit: int, freed: int) -> int | None:
    """How many more may be freed now, after ``freed`` within the span."""
    allowed = most(limit)
    return None if allowed is None else max(0, allowed - freed)
