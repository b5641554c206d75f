"""A pretend Stripe that people can pay at: its payment page, and its deliveries, signed, to whoever connected."""

import html
import json
import logging
import threading
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import requests

from bridge.payments import stripe_signature
from bridge.payments.pretend import paying
from bridge.payments.pretend.loopback import Answer
from bridge.payments.pretend.store import Thing
from bridge.payments.pretend.stripe_api import PretendStripe
from bridge.payments.pretend.subscriptions import StripeWorld

log = logging.getLogger(__name__)

_OK, _MISSING = 200, 404
_HTML = "text/html; charset=utf-8"
_TRIES, _PAUSE_SECONDS = 5, 1.0
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pretend checkout</title></head>
<body style="font-family: sans-serif; max-width: 30em; margin: 3em auto">
<h1>Pretend checkout</h1><p>{what}</p><form method="post">
<p><label>Mail address<br><input name="email" type="email" value="ann@customers.example" required></label></p>
<p><label>Name<br><input name="name" value="Ann"></label></p>
<p><button>Pay nothing, get everything</button></p></form></body></html>"""
_PAID = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={url}">
<title>Paid</title></head><body><p><a href="{url}">Go on</a></p></body></html>"""


class PretendCheckout(PretendStripe):
    """The API, and beside it ``/pay/{session}`` for buyers and ``/later/{what}/{session}`` for fate."""

    def __init__(self, world: StripeWorld, key: str) -> None:
        super().__init__(world, key)
        self._told = 0
        self._one_at_a_time = threading.Lock()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request."""
        parts = urlsplit(target).path.strip("/").split("/")
        if parts[0] == "pay" and len(parts) == 2 and self._is_session(parts[1]):  # noqa: PLR2004  door and name
            return self._pay(method, parts[1], headers, dict(parse_qsl(body.decode())))
        if method == "POST" and parts[0] == "later" and len(parts) == 3 and self._is_session(parts[2]):  # noqa: PLR2004
            if parts[1] not in paying.LATER:
                return Answer(_MISSING, b"{}")
            paying.happens(self.world, parts[1], parts[2])
            self.deliver()
            return Answer(_OK, b"{}")
        return super().answer(method, target, headers, body)

    def _is_session(self, name: str) -> bool:
        found = self.world.things.get(name)
        return found is not None and found["object"] == "checkout.session"

    def _pay(self, method: str, name: str, headers: Mapping[str, str], form: Mapping[str, str]) -> Answer:
        session = self.world.get(name)
        if method != "POST":
            price = f"{session['amount_total'] / 100:.2f} {session['currency'].upper()}"
            return Answer(_OK, _PAGE.format(what=html.escape(price)).encode(), _HTML)
        paying.pay(self.world, name, form.get("email", ""), form.get("name", ""))
        self.deliver()
        thanks = str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", name)
        if headers.get("Accept") == "application/json":
            return Answer(_OK, json.dumps({"session": name, "thanks": thanks}).encode())
        return Answer(_OK, _PAID.format(url=html.escape(thanks)).encode(), _HTML)

    def deliver(self) -> None:
        """Tell what happened to everybody who made an endpoint, in order, from another thread as Stripe does."""
        threading.Thread(target=self._deliver, daemon=True, name="pretend-deliveries").start()

    def _deliver(self) -> None:
        with self._one_at_a_time:
            events, self._told = self.world.events[self._told :], len(self.world.events)
            for event in events:
                for endpoint in self.world.of_kind("webhook_endpoint"):
                    self._tell(endpoint, event)

    def _tell(self, endpoint: Thing, event: Thing) -> None:
        if event["type"] not in endpoint["enabled_events"]:
            return
        body = json.dumps(event).encode()
        for _ in range(_TRIES):
            signature = stripe_signature.sign(body, endpoint["secret_for_tests"], self.world.clock())
            headers = {stripe_signature.HEADER: signature, "Content-Type": "application/json"}
            try:
                if requests.post(endpoint["url"], data=body, headers=headers, timeout=10).ok:
                    return
            except requests.RequestException as error:
                log.warning("a delivery did not arrive: %s", type(error).__name__)
            threading.Event().wait(_PAUSE_SECONDS)
