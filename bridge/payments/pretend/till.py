"""What makes a pretend provider one that people can pay at: a payment page, fate, and deliveries to who wants them."""

import html
import json
import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from bridge.payments.pretend.loopback import Answer, Loopback
from bridge.payments.pretend.store import Thing

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


class Till(Loopback):
    """Beside the API, ``/pay/{sale}`` for buyers and ``/later/{what}/{sale}`` for fate. Goes before the API's class."""

    world: Any

    def __init__(self, *api: Any) -> None:
        super().__init__(*api)
        self._delivered = 0
        self._one_at_a_time = threading.Lock()

    def costs(self, name: str) -> str:
        """What a sale that was begun costs, as people write it; "" where there is no such sale."""
        raise NotImplementedError

    def pay(self, name: str, email: str, buyer: str) -> str:
        """Pay; paying twice is paying once. Returns the address of the page to go on to."""
        raise NotImplementedError

    def happen(self, what: str, name: str) -> bool:
        """Let something happen to a sale that was paid; ``False`` for what nobody knows."""
        raise NotImplementedError

    def listeners(self, event: Thing) -> Iterable[Thing]:
        """The endpoints, with their ``url``, that want to hear of an event."""
        raise NotImplementedError

    def signed(self, endpoint: Thing, body: bytes) -> Mapping[str, str]:
        """The headers of a delivery."""
        raise NotImplementedError

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request; what happened by it is told."""
        found = self._answered(method, target, headers, body)
        if method == "POST" and len(self.world.events) > self._delivered:
            # From another thread, as a provider does.
            threading.Thread(target=self._deliver, daemon=True, name="pretend-deliveries").start()
        return found

    def _answered(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        match urlsplit(target).path.strip("/").split("/"):
            case ["pay", name] if self.costs(name):
                return self._payment_page(method, name, headers, dict(parse_qsl(body.decode())))
            case ["later", what, name] if method == "POST" and self.costs(name):
                return Answer(_OK if self.happen(what, name) else _MISSING, b"{}")
            case _:
                return super().answer(method, target, headers, body)

    def _payment_page(self, method: str, name: str, headers: Mapping[str, str], form: Mapping[str, str]) -> Answer:
        if method != "POST":
            return Answer(_OK, _PAGE.format(what=html.escape(self.costs(name))).encode(), _HTML)
        thanks = self.pay(name, form.get("email", ""), form.get("name", ""))
        if headers.get("Accept") == "application/json":
            return Answer(_OK, json.dumps({"sale": name, "thanks": thanks}).encode())
        return Answer(_OK, _PAID.format(url=html.escape(thanks)).encode(), _HTML)

    def _deliver(self) -> None:
        """Tell what happened to everybody who wants to hear it, in order."""
        with self._one_at_a_time:
            first, self._delivered = self._delivered, len(self.world.events)
            for event in self.world.events[first : self._delivered]:
                for endpoint in self.listeners(event):
                    self._tell(endpoint, json.dumps(event).encode())

    def _tell(self, endpoint: Thing, body: bytes) -> None:
        for _ in range(_TRIES):
            headers = {**self.signed(endpoint, body), "Content-Type": "application/json"}
            try:
                if requests.post(endpoint["url"], data=body, headers=headers, timeout=10).ok:
                    return
            except requests.RequestException as error:
                log.warning("a delivery did not arrive: %s", type(error).__name__)
            threading.Event().wait(_PAUSE_SECONDS)
