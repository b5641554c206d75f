"""The way to Stripe's API: one account, one pinned version, short patience, plain JSON, four kinds of failure."""

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import stripe

from bridge.payments.provider import Access, NoAccessError, NotTheirsError, ProviderAwayError, UnknownKeyError
from bridge.payments.stripe_objects import API_VERSION, Json

# Seconds to connect, seconds to wait. The library's own 80 would hold a worker for minutes.
_PATIENCE = (3, 8)
_RETRIES = 1
_PAGE = 100
_MOST_PAGES = 1000

# It sends what machine this is, and leaves a file in the home directory.
stripe.enable_telemetry = False
# At DEBUG it would write requests and whole answers, customers included; STRIPE_LOG in the environment asks it to, past
# everybody's logging.
stripe.log = stripe._util.STRIPE_LOG = None  # noqa: SLF001  there is no other way to refuse
logging.getLogger("stripe").setLevel(logging.WARNING)


class StripeApi:
    """Stripe, asked with one account's key. Answers are parsed JSON. For use by one call at a time.

    Raises ``NotTheirsError``, ``NoAccessError``, ``ProviderAwayError``; none of their messages holds a value that came.
    """

    def __init__(self, access: Access, base_url: str = "") -> None:
        self._client = stripe.StripeClient(
            access.api_key,
            stripe_version=access.api_version or API_VERSION,
            http_client=_http(),
            max_network_retries=_RETRIES,
            base_addresses={"api": base_url} if base_url else {},
        )

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """Read one thing."""
        return self._ask("get", path, params)

    def post(self, path: str, params: Mapping[str, Any], idempotency_key: str = "") -> dict[str, Any]:
        """Change something; with a key of ours once, however often it is sent."""
        more = {"idempotency_key": idempotency_key} if idempotency_key else {}
        return self._ask("post", path, dict(params) | more)

    def delete(self, path: str) -> dict[str, Any]:
        """Take something away."""
        return self._ask("delete", path, {})

    def each(self, path: str, **params: Any) -> Iterator[Json]:
        """Read a list to its end, page by page."""
        after: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = self.get(path, limit=_PAGE, **params, **after)
            rows = [row for row in page.get("data", ()) if isinstance(row, dict)]
            yield from rows
            if not page.get("has_more") or not rows:
                return
            after = {"starting_after": str(rows[-1].get("id"))}

    def completed(self, holder: Json, name: str, path: str, **params: Any) -> Json:
        """An object with all of a list that Stripe shows ten of."""
        shown = holder.get(name)
        if not isinstance(shown, dict) or not shown.get("has_more"):
            return holder
        return dict(holder) | {name: {"object": "list", "data": list(self.each(path, **params)), "has_more": False}}

    def _ask(self, method: str, path: str, params: dict[str, Any]) -> dict[str, Any]:
        what = f"{method.upper()} {_without_ids(path)}"
        try:
            answer = self._client.raw_request(method, path, **params)
            found = json.loads(answer.body) if isinstance(answer.body, str) else answer.data
        except stripe.APIConnectionError:
            raise ProviderAwayError(f"Stripe can't be reached ({what})") from None
        except stripe.RateLimitError as error:
            raise ProviderAwayError(f"Stripe asks for patience ({what})", _wait(error)) from None
        except stripe.AuthenticationError:
            raise UnknownKeyError(
                "Stripe does not know the API key; take it anew from Stripe, and connect the account again"
            ) from None
        except stripe.PermissionError:
            raise NoAccessError(f"the account's API key may not do this: {what}") from None
        except stripe.InvalidRequestError as error:
            raise _refusal(error, what) from None
        except (stripe.StripeError, ValueError) as error:
            status = getattr(error, "http_status", None)
            raise ProviderAwayError(f"Stripe answered with an error{f' {status}' if status else ''} ({what})") from None
        if not isinstance(found, dict):
            raise ProviderAwayError(f"Stripe answered with something else than an object ({what})")
        return found


class RefusedRequestError(NoAccessError):
    """Stripe refuses what was asked for; ``param`` names the part that it does not like, ``code`` why."""

    def __init__(self, what: str, code: str, param: str) -> None:
        super().__init__(f"Stripe refuses {what}{f': {code}' if code else ''}{f' ({param})' if param else ''}")
        self.code, self.param = code, param


def _refusal(error: stripe.InvalidRequestError, what: str) -> Exception:
    if error.http_status == 404 or error.code == "resource_missing":  # noqa: PLR2004  HTTP, on the other side
        return NotTheirsError(f"Stripe has no such object in this account ({what})")
    return RefusedRequestError(what, str(error.code or ""), str(error.param or ""))


def _wait(error: stripe.StripeError) -> float | None:
    headers = error.headers or {}
    told = str(headers.get("Retry-After", headers.get("retry-after", "")))
    return min(float(told), 3600.0) if told.isdigit() else None


def _without_ids(path: str) -> str:
    """The kind of address; ids stay out of messages, since some open doors."""
    return "/".join("…" if "_" in part and any(sign.isdigit() for sign in part) else part for part in path.split("/"))


_local = threading.local()


def _http() -> stripe.RequestsClient:
    """Connections are kept, one set a thread."""
    if not hasattr(_local, "http"):
        _local.http = stripe.RequestsClient(timeout=_PATIENCE)
    return _local.http  # type: ignore[no-any-return]
