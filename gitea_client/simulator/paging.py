"""Lists as the pretend Gitea pages them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify, request

from gitea_client.simulator.auth import world

_DEFAULT_SIZE = 30


def page_bounds() -> tuple[int, int]:
    """Page (from 1) and size asked for; sizes above the maximum are cut silently."""
    page = max(request.args.get("page", 1, type=int), 1)
    asked = request.args.get("limit", 0, type=int)
    return page, min(asked if asked > 0 else _DEFAULT_SIZE, world().max_response_items)


def paged(items: Sequence[Any], *, total: bool = True, wrap: bool = False) -> Response:
    """One page of a list, with its total; ``wrap`` as the search does.

    With the fault ``endless`` every page is full of new items and no total is told.
    """
    page, size = page_bounds()
    endless = world().faults.striking(request.path, "endless") if items else None
    if endless is not None:
        # New ids on each page, and none that any other page has.
        shown = [{**items[0], "id": page * 1_000 + n, "name": f"ENDLESS_{page}_{n}"} for n in range(size)]
    else:
        shown = list(items[(page - 1) * size : page * size])
    answer = jsonify({"ok": True, "data": shown} if wrap else shown)
    if total and endless is None:
        answer.headers["X-Total-Count"] = str(len(items))
        answer.headers["Access-Control-Expose-Headers"] = "X-Total-Count"
    return answer
