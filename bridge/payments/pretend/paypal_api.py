"""A pretend PayPal on a loopback port: its world over HTTP, as far as the bridge asks, with its own certificate."""

import base64
import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bridge.payments import paypal_signature
from bridge.payments.pretend.loopback import Answer, Loopback
from bridge.payments.pretend.paypal_signing import NAME, Signer
from bridge.payments.pretend.paypal_subscriptions import PayPalSubscriptions
from bridge.payments.pretend.paypal_world import Thing
from bridge.payments.provider import ForgedError
from bridge.rules.payments import money

CERTIFICATES = "/v1/notifications/certs/"
_OK, _CREATED, _GONE, _UNAUTHORIZED, _FORBIDDEN, _MISSING, _REFUSED = 200, 201, 204, 401, 403, 404, 422
_TOKEN = "/v1/oauth2/token"  # noqa: S105  an address
_THINGS = {
    "/v2/checkout/orders/": "checkout-order",
    "/v2/payments/captures/": "capture",
    "/v2/payments/refunds/": "refund",
    "/v1/payments/sale/": "sale",
    "/v1/payments/refund/": "sale-refund",
    "/v1/billing/subscriptions/": "subscription",
    "/v1/billing/plans/": "plan",
    "/v1/customer/disputes/": "dispute",
    "/v1/notifications/webhooks/": "webhook",
}


class Refused(Exception):  # noqa: N818 - named for what happened
    """The request is answered with an error."""

    def __init__(self, status: int, issue: str) -> None:
        super().__init__(issue)
        self.status = status
        self.issue = issue


class PretendPayPal(Loopback):
    """The API of a world. ``hidden`` holds beginnings of paths that the app may not ask for."""

    def __init__(
        self,
        world: PayPalSubscriptions,
        client_id: str = "pretend0client0id000",
        secret: str = "pretend0secret000000",  # noqa: S107  nobody's
    ) -> None:
        super().__init__()
        self.world = world
        self.client_id = client_id
        self.secret = secret
        self.hidden: set[str] = set()
        self.signers = {"CERT-pretend": Signer()}
        self.tells_merchant = True
        self._tokens: set[str] = set()
        self._once: dict[str, Thing] = {}

    def cert_url(self, name: str = "CERT-pretend") -> str:
        """Where a certificate is."""
        return f"{self.base_url}{CERTIFICATES}{name}"

    def headers(self, body: bytes, webhook_id: str, at: datetime, signer: str = "CERT-pretend") -> dict[str, str]:
        """What is sent along with a delivery."""
        return self.signers[signer].headers(body, webhook_id, at, self.cert_url(signer))

    def end_tokens(self) -> None:
        """All tokens end now."""
        self._tokens.clear()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request."""
        parts = urlsplit(target)
        if parts.path.startswith(CERTIFICATES):
            found = self.signers.get(parts.path.removeprefix(CERTIFICATES))
            return Answer(_OK, found.pem, "text/plain") if found else Answer(_MISSING, b"{}")
        try:
            status, made = self._routed(method, parts.path, dict(parse_qsl(parts.query)), dict(headers), body)
        except Refused as refused:
            status, made = refused.status, {"name": refused.issue, "details": [{"issue": refused.issue}]}
        return Answer(status, b"" if status == _GONE else json.dumps(made).encode())

    def _routed(
        self, method: str, path: str, params: dict[str, str], headers: dict[str, str], body: bytes
    ) -> tuple[int, Thing]:
        if path == _TOKEN:
            return _OK, self._token(headers.get("Authorization", ""))
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            raise Refused(_UNAUTHORIZED, "invalid_token")
        if any(path.startswith(each) for each in self.hidden):
            raise Refused(_FORBIDDEN, "NOT_AUTHORIZED")
        if method == "DELETE":
            self._thing(path)
            del self.world.things["webhook"][path.rpartition("/")[2]]
            return _GONE, {}
        if method == "POST":
            once = headers.get("PayPal-Request-Id", "")
            if once not in self._once or not once:
                self._once[once] = self._post(path, body)
            return _CREATED, self._once[once]
        return _OK, self._get(path, params)

    def _token(self, authorization: str) -> Thing:
        wanted = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        if authorization != f"Basic {wanted}":
            raise Refused(_UNAUTHORIZED, "invalid_client")
        token = secrets.token_urlsafe(24)
        self._tokens.add(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": 32400}

    def _thing(self, path: str) -> Thing:
        for prefix, kind in _THINGS.items():
            name = path.removeprefix(prefix)
            if path.startswith(prefix) and name in self.world.things.get(kind, {}):
                return self.world.shown(kind, name)
        raise Refused(_MISSING, "RESOURCE_NOT_FOUND")

    def _get(self, path: str, params: dict[str, str]) -> Thing:
        if path == "/v1/identity/oauth2/userinfo":
            return {"payer_id": self.world.merchant} if self.tells_merchant else {}
        if path == "/v1/notifications/webhooks":
            return {"webhooks": self.world.all_of("webhook")}
        found = re.fullmatch(r"/v1/billing/subscriptions/([A-Z0-9-]+)/transactions", path)
        if found:
            self._thing(path.removesuffix("/transactions"))
            return self._page(path, "transactions", self.world.transactions(found[1]), params)
        lists = {
            "/v1/notifications/webhooks-events": ("events", self._told),
            "/v1/billing/subscriptions": ("subscriptions", self._subscriptions),
            "/v1/billing/plans": ("plans", lambda _params: self.world.all_of("plan")),
            "/v1/customer/disputes": ("items", lambda _params: self.world.all_of("dispute")),
            "/v1/reporting/transactions": ("transaction_details", self._moved),
        }
        if path in lists:
            name, rows = lists[path]
            return self._page(path, name, rows(params), params)
        return self._thing(path)

    def _told(self, params: dict[str, str]) -> list[Thing]:
        """The newest first, as PayPal lists them."""
        return [each for each in reversed(self.world.events) if each["create_time"] >= params["start_time"]]

    def _subscriptions(self, params: dict[str, str]) -> list[Thing]:
        """As the list shows them, which is less than they are."""
        wanted = params.get("statuses", "").split(",")
        shown = [each for each in self.world.all_of("subscription") if each["status"] in wanted]
        return [{name: value for name, value in each.items() if name != "billing_info"} for each in shown]

    def _moved(self, params: dict[str, str]) -> list[Thing]:
        """Payments and refunds, as the search for transactions shows them."""
        codes = {"capture": "T0006", "refund": "T1107", "sale": "T0002", "sale-refund": "T1107"}
        return [
            {
                "transaction_info": {
                    "transaction_id": each["id"],
                    "transaction_event_code": code,
                    "transaction_status": "S",
                }
            }
            for kind, code in codes.items()
            for each in self.world.all_of(kind)
            if params["start_date"] <= each["create_time"] < params["end_date"]
        ]

    def _page(self, path: str, name: str, rows: list[Thing], params: dict[str, str]) -> Thing:
        """Pages, whose next one is a link to PayPal's own address."""
        size, number = int(params.get("page_size", 20)), int(params.get("page", 1))
        shown = {name: rows[(number - 1) * size : number * size], "links": []}
        if number * size < len(rows):
            query = "&".join(f"{key}={value}" for key, value in (params | {"page": str(number + 1)}).items())
            shown["links"] = [{"rel": "next", "href": f"https://api-m.paypal.com{path}?{query}"}]
        return shown

    def _post(self, path: str, body: bytes) -> Thing:
        told: Any = json.loads(body)
        if path == "/v1/notifications/webhooks":
            return self.world.put("webhook", self.world.name("9W"), **told)
        if path == "/v1/notifications/verify-webhook-signature":
            return {"verification_status": "SUCCESS" if self._is_signed(told, body) else "FAILURE"}
        if path == "/v2/checkout/orders":
            return self._begun(self._order(told["purchase_units"][0], told), "approve")
        if path == "/v1/billing/subscriptions":
            if told["plan_id"] not in self.world.things.get("plan", {}):
                raise Refused(_REFUSED, "INVALID_PARAMETER_VALUE")
            name = self.world.begin(told["plan_id"], custom_id=told["custom_id"], wanted=told)
            return self._begun(self.world.get("subscription", name), "approve")
        if path.endswith("/capture"):
            return self._capture(path.removesuffix("/capture"))
        raise Refused(_MISSING, "RESOURCE_NOT_FOUND")

    def _order(self, unit: Thing, told: Thing) -> Thing:
        currency = unit["amount"]["currency_code"]
        lines = [
            (each["sku"], int(each["quantity"]), money.parse(each["unit_amount"]["value"], currency).minor)
            for each in unit["items"]
        ]
        name = self.world.order(lines, custom_id=unit["custom_id"], currency=currency, wanted=told)
        return self.world.get("checkout-order", name)

    def _begun(self, thing: Thing, rel: str) -> Thing:
        return dict(thing) | {"links": [{"rel": rel, "href": f"{self.base_url}/pay/{thing['id']}"}]}

    def _capture(self, path: str) -> Thing:
        order = self._thing(path)
        if order["status"] != "APPROVED":
            raise Refused(
                _REFUSED, "ORDER_ALREADY_CAPTURED" if order["status"] == "COMPLETED" else "ORDER_NOT_APPROVED"
            )
        self.world.capture(order["id"])
        return self._thing(path)

    def _is_signed(self, told: Thing, raw: bytes) -> bool:
        """Check as PayPal does: over the bytes of the event as they came back."""
        event = raw.partition(b'"webhook_event": ')[2].removesuffix(b"}")
        names = {
            "PAYPAL-TRANSMISSION-ID": "transmission_id",
            "PAYPAL-TRANSMISSION-TIME": "transmission_time",
            "PAYPAL-TRANSMISSION-SIG": "transmission_sig",
            "PAYPAL-CERT-URL": "cert_url",
            "PAYPAL-AUTH-ALGO": "auth_algo",
        }
        sent = paypal_signature.of_headers(event, {header: told[name] for header, name in names.items()})
        signer = self.signers.get(str(told["cert_url"]).rpartition("/")[2])
        if sent is None or signer is None:
            return False
        try:
            paypal_signature.check(sent, [told["webhook_id"]], signer.certificate, [NAME])
        except ForgedError:
            return False
        return True
