"""A pretend Stripe on a loopback port: its world over HTTP, as far as the bridge asks, with faults on request."""

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bridge.payments.pretend.loopback import Answer, Loopback
from bridge.payments.pretend.store import Thing
from bridge.payments.pretend.subscriptions import StripeWorld

_OK, _BAD, _UNAUTHORIZED, _FORBIDDEN, _MISSING = 200, 400, 401, 403, 404
_KINDS = {
    "checkout/sessions": "checkout.session",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "invoice_payments": "invoice_payment",
    "refunds": "refund",
    "charges": "charge",
    "disputes": "dispute",
    "customers": "customer",
    "prices": "price",
    "products": "product",
    "payment_intents": "payment_intent",
    "radar/early_fraud_warnings": "radar.early_fraud_warning",
    "webhook_endpoints": "webhook_endpoint",
}
_PATH = re.compile(
    r"/v1/(?P<what>checkout/sessions|radar/early_fraud_warnings|[a-z_]+)(?:/(?P<id>\w+))?(?:/(?P<part>\w+))?"
)
_LONGEST_PAGE = 100


class Refused(Exception):  # noqa: N818 - named for what happened
    """The request is answered with an error."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class PretendStripe(Loopback):
    """The API of a world. ``hidden`` names what the key may not read, e.g. ``charges``."""

    def __init__(self, world: StripeWorld, key: str = "rk_test_pretend0key") -> None:
        super().__init__()
        self.world = world
        self.key = key
        self.hidden: set[str] = set()
        self._by_idempotency_key: dict[str, Thing] = {}

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request."""
        parts = urlsplit(target)
        params = _nested(parse_qsl(parts.query if method == "GET" else body.decode(), keep_blank_values=True))
        try:
            self._check(headers.get("Authorization"))
            found = self._route(method, parts.path, params, headers.get("Idempotency-Key", ""))
        except Refused as refused:
            kind = "invalid_request_error"
            error = {"error": {"type": kind, "code": refused.code, "message": refused.code}}
            return Answer(refused.status, json.dumps(error).encode())
        return Answer(_OK, json.dumps(found).encode())

    def _check(self, authorization: str | None) -> None:
        if authorization != f"Bearer {self.key}":
            raise Refused(_UNAUTHORIZED, "api_key_invalid")

    def _route(self, method: str, path: str, params: Thing, once: str) -> Thing:
        match = _PATH.fullmatch(path)
        if match is None:
            raise Refused(_MISSING, "resource_missing")
        what, name, part = match["what"], match["id"], match["part"]
        if what in self.hidden:
            raise Refused(_FORBIDDEN, "more_permissions_required")
        if method == "POST":
            return self._post(what, params, once)
        if method == "DELETE":
            self._thing(what, name or "")
            del self.world.things[name or ""]
            return {"id": name, "object": "webhook_endpoint", "deleted": True}
        expand = tuple(params.pop("expand", ()))
        if what == "account":
            return {"id": "acct_pretend", "object": "account"}
        if name is None:
            return self._page(
                what, self._list(what, params), params, tuple(each.removeprefix("data.") for each in expand)
            )
        self._thing(what, name)
        if part is None:
            return self.world.shown(name, expand)
        rows = self.world.lists.get((name, part), [])
        return self._page(what, rows, params, tuple(each.removeprefix("data.") for each in expand))

    def _thing(self, what: str, name: str) -> Thing:
        found = self.world.things.get(name)
        if found is None or found["object"] != _KINDS.get(what):
            raise Refused(_MISSING, "resource_missing")
        return found

    def _list(self, what: str, params: Thing) -> list[Thing]:
        if what == "events":
            wanted = set(params.get("types", ()))
            rows = [each for each in reversed(self.world.events) if each["type"] in wanted]
        elif what == "subscription_items":
            return self.world.items(params["subscription"])
        elif what in _KINDS:
            rows = self.world.of_kind(_KINDS[what])
        else:
            raise Refused(_MISSING, "resource_missing")
        return [each for each in rows if _fits(what, each, params)]

    def _page(self, what: str, rows: list[Thing], params: Thing, expand: tuple[str, ...]) -> Thing:
        after, most = params.get("starting_after"), min(int(params.get("limit", 10)), _LONGEST_PAGE)
        if after is not None:
            rows = rows[[row["id"] for row in rows].index(after) + 1 :]
        page = [self._in_list(row, expand) for row in rows[:most]]
        return {"object": "list", "data": page, "has_more": len(rows) > most, "url": f"/v1/{what}"}

    def _in_list(self, row: Thing, expand: tuple[str, ...]) -> Thing:
        known = self.world.things.get(row["id"])
        return self.world.shown(row["id"], expand) if known is row else self.world.expanded(row, expand)

    def _post(self, what: str, params: Thing, once: str) -> Thing:
        if once in self._by_idempotency_key and once:
            return self._by_idempotency_key[once]
        if what == "webhook_endpoints":
            made = self.world.new("we", "webhook_endpoint", **params, status="enabled")
            shown = {**made, "secret": f"whsec_{secrets.token_hex(16)}"}
            made["secret_for_tests"] = shown["secret"]
        elif what == "checkout/sessions":
            shown = self._begin(params)
        else:
            raise Refused(_BAD, "parameter_unknown")
        if once:
            self._by_idempotency_key[once] = shown
        return shown

    def _begin(self, params: Thing) -> Thing:
        """An open session. What was wanted of it is kept, so that somebody can finish it (`pay_session`)."""
        lines = [(line["price"], int(line.get("quantity", 1))) for line in params["line_items"]]
        if any(price not in self.world.things for price, _ in lines):
            raise Refused(_BAD, "resource_missing")
        made = self.world.session(
            lines,
            params["mode"],
            {},
            status="open",
            payment_status="unpaid",
            metadata=params.get("metadata", {}),
            client_reference_id=params.get("client_reference_id"),
            success_url=params.get("success_url"),
            cancel_url=params.get("cancel_url"),
            wanted=params,
        )
        made["url"] = f"{self.base_url}/pay/{made['id']}"
        return self.world.shown(made["id"])


def _fits(what: str, thing: Thing, params: Thing) -> bool:
    if what == "subscriptions" and "status" not in params and thing["status"] == "canceled":
        return False
    since = params.get("created", {}).get("gte") if isinstance(params.get("created"), dict) else None
    if since is not None and thing["created"] < int(since):
        return False
    payment = params.get("payment")
    if isinstance(payment, dict) and thing["payment"]["payment_intent"] != payment["payment_intent"]:
        return False
    if params.get("status", "all") != "all" and thing.get("status") != params["status"]:
        return False
    return all(thing.get(name) == params[name] for name in ("subscription", "payment_intent") if name in params)


def _nested(pairs: list[tuple[str, str]]) -> Thing:
    """``a[b][0]=c`` as Stripe reads it."""
    found: Thing = {}
    for name, value in pairs:
        *path, last = re.findall(r"[^\[\]]+", name)
        holder = found
        for word in path:
            holder = holder.setdefault(word, {})
        holder[last] = value
    return {name: _lists(value) for name, value in found.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(each) for name, each in value.items()}
    return list(inner.values()) if inner and all(name.isdigit() for name in inner) else inner
