"""Puts the operations at their addresses, and turns what they return or raise into answers."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from pydantic import BaseModel

from bridge.services.seats import Seats
from bridge.services.throttling import Throttle
from bridge.web import reading as site_reading
from bridge.web.api import reading, uploads
from bridge.web.api.catalogue import ALL, DESCRIPTION, PREFIX, address, methods_at
from bridge.web.api.entering import enter
from bridge.web.api.errors import ApiError, not_found, render, translated
from bridge.web.api.idempotency import once
from bridge.web.api.operations import Call, Level, Operation, Reply
from bridge.web.doors import Doors

# A minute and an address: mistakes of people and programs stay far below, guessing and floods do not.
MOST_WRONG_TOKENS = 30
_PIECE = 1 << 16
_EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def blueprint(doors: Doors) -> Blueprint:
    """All addresses of the API, and its description."""
    site = Blueprint("api", __name__)
    wrong_tokens = Throttle(doors.counters, "wrong-tokens", MOST_WRONG_TOKENS)
    unknown_keys = doors.unknown_keys
    seats = Seats(doors.settings.bridge.data_dir, doors.settings.web.workers)
    for operation in ALL:
        for level in operation.levels:
            rule = address(operation, level).replace("{", "<").replace("}", ">")
            view = _view(doors, operation, level, wrong_tokens, unknown_keys, seats)
            site.add_url_rule(
                rule, f"{level}_{operation.name}", view, methods=[operation.method], provide_automatic_options=False
            )

    @site.route(f"{PREFIX}/<path:rest>", methods=_EVERY_METHOD, provide_automatic_options=False)
    def elsewhere(rest: str) -> Response:
        """What is at no address of the API; the rest of ``/api/v1`` is Gitea's own, and does not come here."""
        allowed = methods_at(f"{PREFIX}/{rest}")
        if not allowed:
            return _refused(doors, not_found())
        headers = {"Allow": ", ".join(sorted(allowed))}
        return _refused(doors, ApiError("method_not_allowed", f"this address answers {headers['Allow']}", {}, headers))

    @site.get(DESCRIPTION)
    def description() -> Response:
        # Nobody asks for it often, and every worker would carry it.
        from bridge.web.api.description import description as describe  # noqa: PLC0415

        text = json.dumps(describe(doors.settings.bridge.public_url), indent=1)
        return Response(text, content_type="application/json", headers={"Cache-Control": "public, max-age=300"})

    return site


def _view(
    doors: Doors, operation: Operation, level: Level, wrong_tokens: Throttle, unknown_keys: Throttle, seats: Seats
) -> Callable[..., Response]:
    def answer(names: dict[str, str]) -> Response:
        call = _call(doors, operation, level, names)
        call.failures = lambda: _failed(unknown_keys, call.origin)
        with seats.offered():
            if not operation.public:
                enter(call, request, wrong_tokens)
                site_reading.current().place = _place(call)
            for name in set(names) - {"owner", "repo"}:
                (call.word if name in operation.texts else call.id)(name)
            call.query = reading.query(request, operation.query)
            with _body(operation) as call.body:
                return once(call, request, lambda: _answered(doors, call, operation.view(call)))

    def view(**names: str) -> Response:
        try:
            return answer(names)
        except Exception as error:  # noqa: BLE001  every refusal of the API has one shape, also that of a fault
            return _refused(doors, translated(error, unsafe=operation.unsafe))

    return view


def _body(operation: Operation) -> AbstractContextManager[Any]:
    if operation.upload:
        return uploads.taken(request, operation.upload)
    return nullcontext(reading.body(request, operation.body))


def _call(doors: Doors, operation: Operation, level: Level, names: dict[str, str]) -> Call:
    reading.check_path(request, names["owner"], *([names["repo"]] if "repo" in names else []))
    reading.refuse_token_in_query(request)
    return Call(
        doors=doors,
        operation=operation,
        level=level,
        names=names,
        now=doors.clock(),
        origin=reading.origin(request, doors.settings.web.trusted_proxies),
        if_match=request.headers.get("If-Match", ""),
    )


def _failed(throttle: Throttle, origin: str) -> None:
    """Note a key that nobody has; from an address with too many of them, nothing more is answered about such."""
    if throttle.is_over(origin):
        raise ApiError("rate_limited", "too many unknown keys came from there", headers={"Retry-After": "60"})
    throttle.note(origin)


def _answered(doors: Doors, call: Call, reply: Reply) -> Response:
    status = reply.status or call.operation.status
    if reply.file is not None:
        response = Response(_pieces(reply.file), status, content_type="application/json")
        response.headers["Content-Disposition"] = f'attachment; filename="{reply.filename}"'
    elif reply.lines is not None:
        response = Response(reply.lines, status, content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{reply.filename}"'
    elif reply.payload is None:
        response = Response(status=status)
        response.headers.pop("Content-Type", None)
    else:
        text = json.dumps(_plain(reply.payload), ensure_ascii=False)
        response = Response(text, status, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    if reply.etag:
        response.headers["ETag"] = reply.etag
    if reply.total is not None:
        response.headers["X-Total-Count"] = str(reply.total)
        if reply.capped:
            response.headers["X-Total-Count-Capped"] = "true"
        links = _links(doors, call, reply)
        if links:
            response.headers["Link"] = links
    return response


def _pieces(file: IO[str]) -> Iterator[str]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _plain(payload: BaseModel | list[BaseModel]) -> object:
    if isinstance(payload, list):
        return [each.model_dump(mode="json") for each in payload]
    return payload.model_dump(mode="json")


def _links(doors: Doors, call: Call, reply: Reply) -> str:
    """The other pages, below the public address, in Gitea's manner."""
    base = doors.settings.bridge.public_url + request.path[request.path.index(PREFIX) :]
    asked = [(name, value) for name, value in request.args.items() if name not in {"page", "after", "before"}]
    return ",".join(
        f'<{base}?{urlencode([*asked, *where.items()])}>; rel="{rel}"' for rel, where in _near(call, reply).items()
    )


def _near(call: Call, reply: Reply) -> dict[str, dict[str, object]]:
    """Where the other pages are. One is told by more than its number where the list says what it begins behind."""
    page, last = call.query.page, max(1, -(-(reply.total or 0) // call.query.limit))
    before, after = reply.around or ({} if page > 1 else None, {} if page < last else None)
    near: dict[str, dict[str, object]] = {}
    if after is not None:
        near["next"] = {"page": page + 1, **after}
        if not reply.capped and page < last:
            near["last"] = {"page": last}
    if page > 1 or before is not None:
        near["first"] = {"page": 1}
    if before is not None:
        # Without more to go by than its number, the page before one that lies beyond the end is the last one.
        near["prev"] = {"page": max(1, page - 1 if before else min(page - 1, last)), **before}
    return near


def _place(call: Call) -> str:
    """Where the caller was let in, by Gitea's names, for the log."""
    place = call.place
    return "" if place is None else f"{place.owner_name}/{place.repo_name}" if place.repo_name else place.owner_name


def _refused(doors: Doors, error: ApiError) -> Response:
    site_reading.current().code = error.code
    return render(error, doors.settings.bridge.public_url + DESCRIPTION)
