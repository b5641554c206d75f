"""Refusals of the API, all of one shape: ``message`` for people, ``code`` for programs, ``url`` of the description."""

import json
import logging
from collections.abc import Mapping

from flask import Response, request
from werkzeug.exceptions import HTTPException

from bridge.errors import (
    BridgeError,
    BusyError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PaymentRefConflictError,
    RefusedError,
    UnavailableError,
)
from bridge.services.people_errors import ForbiddenError, HiddenError, UnprovenError

log = logging.getLogger(__name__)

NOTHING = "there is nothing here, or nothing for you"
DESCRIPTION = "/-/licensing/openapi.json"
# The closed list of codes, with the status that each one goes with.
STATUSES: dict[str, int] = {
    "token_in_query": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "missing_scope": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "payment_ref_conflict": 409,
    "refused": 409,
    "precondition_failed": 412,
    "too_large": 413,
    "unsupported_media_type": 415,
    "invalid": 422,
    "rate_limited": 429,
    "internal": 500,
    "unavailable": 503,
}
# The names that services know fields by, where the API says it otherwise.
_FIELDS = {
    "name": "name",
    "email": "customer_email",
    "expires": "expires_at",
    "edit": "expires_at",
    "repo_ids": "repos",
}
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}


class ApiError(Exception):
    """A refusal with one of the codes of ``STATUSES``; ``errors`` says what is wrong by field."""

    def __init__(
        self,
        code: str,
        message: str,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})


def not_found() -> ApiError:
    """What strangers get for whatever is not theirs, whether it exists or not."""
    return ApiError("not_found", NOTHING)


def invalid(field: str, message: str) -> ApiError:
    """One field is wrong."""
    return ApiError("invalid", f"{field}: {message}", {field: message})


def translated(error: Exception, *, unsafe: bool) -> ApiError:
    """What happened, as a refusal."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, InvalidInputError):
        return invalid(_FIELDS.get(error.field, error.field), str(error))
    if isinstance(error, UnavailableError):
        return _unavailable(error)
    if isinstance(error, UnprovenError):
        realm = {"WWW-Authenticate": 'Bearer realm="Gitea access token"'}
        return ApiError("unauthorized", f"{error}; send an access token of Gitea, or a machine token", headers=realm)
    if isinstance(error, ForbiddenError):
        return ApiError("missing_scope" if error.scope else "forbidden", str(error))
    if isinstance(error, HiddenError | NotFoundError):
        return not_found()
    if isinstance(error, PaymentRefConflictError):
        return ApiError("payment_ref_conflict", str(error))
    if isinstance(error, ConflictError):
        return ApiError("conflict", str(error))
    if isinstance(error, RefusedError):
        return ApiError("refused", str(error))
    return _unexpected(error, unsafe=unsafe)


def _unavailable(error: UnavailableError) -> ApiError:
    if isinstance(error, BusyError):
        return ApiError("unavailable", str(error), headers={"Retry-After": "2"})
    log.warning("%s was not answered: %s", _asked(), error)
    return ApiError("unavailable", "this can't be decided now; try again in a minute", headers={"Retry-After": "60"})


def _unexpected(error: Exception, *, unsafe: bool) -> ApiError:
    if isinstance(error, HTTPException) and error.code in _HTTP_CODES:
        return ApiError(_HTTP_CODES[error.code], (error.description or error.name).rstrip("."))
    known = isinstance(error, BridgeError)
    log.error("unexpected error at %s", _asked(), exc_info=None if known else error)
    done = "; look before you try again, since it may have been done" if unsafe else ""
    return ApiError("internal", f"the fault is ours and has been noted{done}")


def render(error: ApiError, description_url: str) -> Response:
    """The refusal as it is sent."""
    body: dict[str, object] = {"message": error.message, "code": error.code, "url": description_url}
    if error.errors:
        body["errors"] = error.errors
    response = Response(json.dumps(body), STATUSES[error.code], content_type="application/json")
    response.headers.update(error.headers)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _asked() -> str:
    """The kind of address, for the log; its text may hold anything."""
    return request.url_rule.rule if request.url_rule is not None else "an address that does not exist"
