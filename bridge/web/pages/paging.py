"""The ways to the page before and the page after, for lists of every kind."""

from collections.abc import Mapping
from urllib.parse import urlencode

from bridge.web.api.operations import Reply
from bridge.web.pages.visits import Visit

Links = Mapping[str, str]


def around(visit: Visit, path: str, kept: Mapping[str, str], reply: Reply) -> Links:
    """Of a list whose operation says what its neighbours begin with. ``kept``: what else was asked."""
    before, after = reply.around or (None, None)
    number = visit.page_number
    return {
        "before": _address(visit, path, kept, max(1, number - 1), before) if before is not None else "",
        "after": _address(visit, path, kept, number + 1, after) if after is not None else "",
    }


def numbered(visit: Visit, path: str, kept: Mapping[str, str], total: int, limit: int) -> Links:
    """Of a list that is found by the number of its page alone."""
    number = visit.page_number
    return {
        "before": _address(visit, path, kept, number - 1, {}) if number > 1 else "",
        "after": _address(visit, path, kept, number + 1, {}) if number * limit < total else "",
    }


def query(kept: Mapping[str, str]) -> str:
    """What was asked, as the end of an address."""
    asked = {name: text for name, text in kept.items() if text}
    return f"?{urlencode(asked)}" if asked else ""


def _address(visit: Visit, path: str, kept: Mapping[str, str], page: int, more: Mapping[str, str]) -> str:
    asked = {name: text for name, text in kept.items() if text}
    return visit.to(f"{path}?{urlencode({**asked, 'page': page, **more})}")
