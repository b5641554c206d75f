"""Reads requests strictly: whatever is not exactly what the description says is refused, before anything is done."""

import base64
import binascii
import ipaddress
import json
import re
from typing import Any, TypeVar, get_origin

from flask import Request
from pydantic import BaseModel, ValidationError

from bridge.rules import machine_tokens
from bridge.rules.references import is_reference
from bridge.services.people import is_token
from bridge.services.people_errors import UnprovenError
from bridge.web.api.errors import ApiError, invalid, not_found

Model = TypeVar("Model", bound=BaseModel)

# Rows of keys, packages and sites are numbered with 32 bits; a larger number names nothing on any database.
MOST_ID = 2**31 - 1
_ID = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_NAME = re.compile(r"[-.\w]{1,100}", re.ASCII)
_NO_NAMES = frozenset({".", "..", "-"})
_NO_ENDINGS = (".git", ".wiki", ".rss", ".atom")
_QUERY_TOKENS = ("token", "access_token")
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json", re.ASCII | re.IGNORECASE)
_MOST_NESTED = 32


def check_path(request: Request, *names: str) -> None:
    """Refuse addresses that are written so that a proxy may read them otherwise, and names that Gitea can't have."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path
    path = raw.partition("?")[0]
    if "%" in path or "\\" in path or not request.path.isascii():
        raise not_found()  # nothing below this address needs an escape
    for name in names:
        if not _NAME.fullmatch(name) or name in _NO_NAMES or name.lower().endswith(_NO_ENDINGS):
            raise not_found()


def row_id(text: str) -> int:
    """A number out of an address; whatever can't be one is not found."""
    if not _ID.fullmatch(text) or int(text) > MOST_ID:
        raise not_found()
    return int(text)


def word(text: str) -> str:
    """A reference out of an address; whatever can't be one is not found."""
    if not is_reference(text):
        raise not_found()
    return text


def refuse_token_in_query(request: Request) -> None:
    """A token in an address ends up in logs, histories and referrers: it is burnt, and its owner should know."""
    values = (value for _, value in request.args.items(multi=True))
    if any(name in request.args for name in _QUERY_TOKENS) or any(map(machine_tokens.is_token, values)):
        message = "send the token in the header Authorization; one that stood in an address should be replaced"
        raise ApiError("token_in_query", message)


def token(request: Request) -> str:
    """The token of a request, a person's or a machine's; raises ``UnprovenError``.

    Basic counts where it carries one, as with Gitea.
    """
    scheme, _, rest = request.headers.get("Authorization", "").strip().partition(" ")
    found = rest.strip()
    if scheme.lower() == "basic":
        found = _from_basic(found)
    elif scheme.lower() not in {"token", "bearer"}:
        raise UnprovenError("a token is required")
    if found.startswith(machine_tokens.PREFIX) and not machine_tokens.is_token(found):
        raise UnprovenError("that machine token is not whole, or mistyped")
    if not (is_token(found) or machine_tokens.is_token(found)):
        raise UnprovenError("that is not an access token of Gitea")
    return found


def _from_basic(text: str) -> str:
    try:
        name, _, password = base64.b64decode(text, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return ""
    return name if password in {"", "x-oauth-basic"} else password


def origin(request: Request, trusted_proxies: int) -> str:
    """Where a request comes from, as far as our own proxies say; what is written before them is anybody's word."""
    hops = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",") if each.strip()]
    if trusted_proxies and len(hops) >= trusted_proxies:
        try:
            return str(ipaddress.ip_address(hops[-trusted_proxies]))
        except ValueError:
            pass
    return request.remote_addr or ""


def query(request: Request, model: type[Model]) -> Model:
    """The query, each field once but for lists. Raises ``ApiError``."""
    lists = {name for name, field in model.model_fields.items() if get_origin(field.annotation) is list}
    fields: dict[str, Any] = {}
    for name, value in request.args.items(multi=True):
        if name in lists:
            fields.setdefault(name, []).append(value)
            continue
        if name in fields:
            raise invalid(name[:80], "is given twice")
        fields[name] = value
    try:
        # Texts alone are read strictly as such; with lists among them that can't be told, and means the same.
        return model.model_validate(fields) if lists else model.model_validate_strings(fields)
    except ValidationError as error:
        raise refused(error) from None


def body(request: Request, model: type[Model]) -> Model:
    """The body: one JSON object whose fields are all known and given once. Raises ``ApiError``."""
    raw = request.get_data(cache=False)
    if not raw:
        raw = b"{}"
    elif not _JSON.fullmatch(request.mimetype):
        raise ApiError("unsupported_media_type", "send JSON, with Content-Type: application/json")
    _check_json(raw)
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise refused(error) from None


def _check_json(raw: bytes) -> None:
    try:
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except ApiError:
        raise
    except (ValueError, RecursionError):
        raise ApiError("invalid", "the body is not JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise ApiError("invalid", "the body is not a JSON object")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise invalid(ascii(name)[1:81], "is given twice")
        found[name] = value
    return found


def _no_constant(name: str) -> None:
    raise ApiError("invalid", f"{name} is not JSON")


def refused(error: ValidationError) -> ApiError:
    """By field, in sentences; what was sent is not repeated, since it may be a secret."""
    errors: dict[str, str] = {}
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        field = ".".join(str(part) for part in each["loc"])[:80] or "body"
        message = "is not known here" if each["type"] == "extra_forbidden" else each["msg"]
        errors.setdefault(field.encode("ascii", "replace").decode(), message.removeprefix("Value error, "))
    first = next(iter(errors.items()))
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ApiError("invalid", f"{first[0]}: {first[1]}{more}", dict(list(errors.items())[:50]))
