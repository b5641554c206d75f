"""PayPal, as the house sees every provider."""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from bridge.errors import InvalidInputError
from bridge.payments import paypal_listing, paypal_selling, paypal_signature
from bridge.payments import paypal_objects as objects
from bridge.payments.paypal_certificates import NAMES, Certificates
from bridge.payments.paypal_client import PayPalApi, Tokens
from bridge.payments.paypal_reading import READ, Reader
from bridge.payments.paypal_signature import SIMULATOR, Transmission
from bridge.payments.provider import (
    MOST_NAME,
    Access,
    BegunSale,
    Delivery,
    Desk,
    Endpoint,
    ForgedError,
    NoAccessError,
    NotTheirsError,
    Price,
    Running,
    SaleWish,
    Sign,
    Standing,
    UnknownKeyError,
    UnreadableError,
    Verdict,
)
from bridge.payments.told import Json, inner, read_json, text
from bridge.rules.payments.reports import Reading

API_VERSION = "1.0"
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_TYPE = re.compile(r"[A-Z0-9._-]{1,120}", re.ASCII)
_CREDENTIAL = re.compile(r"[A-Za-z0-9_.-]{20,200}", re.ASCII)
_MERCHANT = re.compile(r"[A-Z0-9]{1,20}", re.ASCII)
_WEBHOOKS = "/v1/notifications/webhooks"


class PayPal:
    """Asks PayPal, at its own addresses or (for tests and the demo) at another one."""

    name = "paypal"
    label = "PayPal"
    api_version = API_VERSION
    events = tuple(READ)
    tried = (
        "against a pretend PayPal of its own, after PayPal's documentation, but not yet against PayPal or its sandbox"
    )
    proves_at_door = False

    def __init__(self, base_url: str = "") -> None:
        self._base_url = base_url
        self._certificates = Certificates(base_url)
        self._tokens = Tokens()

    def knows_version(self, version: str) -> bool:
        """Whether a version's shapes were tried: of the events, since every object is fetched."""
        return version == API_VERSION

    def judge(self, body: bytes, headers: Mapping[str, str], sign: Sign) -> Verdict:
        """By the form: all headers there, a certificate of PayPal's for this mode, sent of late.

        The signature itself wants the certificate, and so the network: that is the worker's.
        """
        sent = paypal_signature.of_headers(body, headers)
        if sent is None or sent.at is None or not any(sign.secrets):
            return Verdict.BAD
        if not self._certificates.is_allowed(sent.cert, sign.mode):
            return Verdict.BAD
        return Verdict.STALE if sign.now - sent.at > paypal_signature.OLDEST else Verdict.GOOD

    def needs_text(self, verify: str) -> bool:
        """Only to have PayPal check it: the object is fetched, and the checksum is kept apart."""
        return verify != "local"

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Delivery:
        """An event, with what is left to check of it."""
        shown, event = read_json(body, "the delivery is no JSON")
        sent = paypal_signature.of_headers(body, headers)
        if not isinstance(event, dict) or sent is None:
            raise UnreadableError("the delivery is no event")
        return _delivery(event, shown, sent)

    def read(self, delivery: Delivery, access: Access, desk: Desk) -> Reading:
        """Prove what was delivered, then fetch and tell."""
        if not access.api_key:
            raise NoAccessError(
                "without its client secret an account at PayPal can't be asked, and nothing is believed"
            )
        if delivery.proof:
            self._prove(delivery, access)
        return READ[delivery.event_type](Reader(self._api(access), desk, access.account_ref), delivery.object_id)

    def poll(self, access: Access, since: datetime) -> Iterator[Delivery]:
        """The events that PayPal keeps for 30 days. They are asked for, so there is nothing left to prove."""
        for event in paypal_listing.events(self._api(access), since):
            with suppress(UnreadableError):
                yield _delivery(event, json.dumps(event), None)

    def sweep(self, access: Access, since: datetime) -> Iterator[Delivery]:
        """Subscriptions, disputes, and what moved money."""
        yield from paypal_listing.objects_now(self._api(access), since)

    def begin_sale(self, access: Access, wish: SaleWish) -> BegunSale:
        """An order, or a subscription where the price is a plan."""
        return paypal_selling.begin(self._api(access), wish)

    def standing(self, access: Access) -> Standing:
        """Try the credentials: at PayPal itself, then in its sandbox. Raises ``InvalidInputError``."""
        _check(access)
        if access.mode or self._base_url:
            return paypal_selling.standing(self._api(access), access.mode or "live", access.account_ref)
        for mode in ("live", "test"):
            with suppress(UnknownKeyError):
                asked = Access(mode=mode, api_key=access.api_key, client_id=access.client_id)
                return paypal_selling.standing(self._api(asked), mode, access.account_ref)
        raise UnknownKeyError("PayPal knows the client id and secret neither live nor in its sandbox; copy both anew")

    def connect(self, access: Access, url: str) -> Endpoint:
        """Make a webhook for the events that mean something. Its id is what deliveries are signed for."""
        wanted = {"url": url, "event_types": [{"name": name} for name in self.events]}
        made = objects.must_ref(self._api(access).post(_WEBHOOKS, wanted), "id", "the webhook")
        return Endpoint(made, "", made)

    def disconnect(self, access: Access) -> None:
        """Take the webhook away."""
        if access.webhook_ref and access.api_key:
            with suppress(NotTheirsError):
                self._api(access).delete(f"{_WEBHOOKS}/{access.webhook_ref}")

    def prices(self, access: Access) -> Iterator[Price]:
        """The plans that are active. What is sold once has its price from us (`bridge payments map`)."""
        yield from paypal_listing.plans(self._api(access))

    def running(self, access: Access) -> Iterator[Running]:
        """Every subscription that did not end."""
        yield from paypal_listing.running(self._api(access))

    def sample(self, secret: str, now: datetime, mode: str) -> tuple[bytes, Mapping[str, str]]:
        """An event of a type that nobody acts on, in the form of PayPal's; nobody but PayPal could sign it."""
        event = {
            "id": f"WH-BRIDGE-{int(now.timestamp())}",
            "event_version": API_VERSION,
            "event_type": "BRIDGE.TEST",
            "resource_type": "bridge-test",
            "create_time": f"{now:%Y-%m-%dT%H:%M:%S}Z",
            "resource": {"id": "test"},
        }
        body = json.dumps(event).encode()
        sent = Transmission(
            id=hashlib.sha256(secret.encode() + body).hexdigest()[:36],
            time=str(event["create_time"]),
            sig=base64.b64encode(bytes(256)).decode(),
            cert=self._certificates.example(mode),
            algo=paypal_signature.ALGORITHM,
            crc=zlib.crc32(body),
        )
        return body, paypal_signature.headers_of(sent)

    def _prove(self, delivery: Delivery, access: Access) -> None:
        """Check the signature; with PayPal itself too, where the seller wants it so (and did when it came)."""
        sent = paypal_signature.of_proof(delivery.proof)
        webhook_ids = [each for each in access.secrets if each != SIMULATOR or access.mode == "test"]
        if access.verify != "postback" or not delivery.text:
            certificate = self._certificates.get(sent.cert, access.mode)
            paypal_signature.check(sent, webhook_ids, certificate, NAMES[access.mode])
        if access.verify != "local" and delivery.text:
            self._ask_back(delivery, sent, webhook_ids, access)

    def _ask_back(self, delivery: Delivery, sent: Transmission, webhook_ids: list[str], access: Access) -> None:
        """Have PayPal check its own signature. The event goes back byte by byte: written anew it would not fit."""
        api = self._api(access)
        for webhook_id in webhook_ids:
            told = {
                "auth_algo": sent.algo,
                "cert_url": sent.cert,
                "transmission_id": sent.id,
                "transmission_sig": sent.sig,
                "transmission_time": sent.time,
                "webhook_id": webhook_id,
            }
            body = f'{json.dumps(told)[:-1]}, "webhook_event": {delivery.text}}}'.encode()
            answer = api.post("/v1/notifications/verify-webhook-signature", body)
            if answer.get("verification_status") == "SUCCESS":
                return
        raise ForgedError("PayPal says that it did not sign the delivery for this account")

    def _api(self, access: Access) -> PayPalApi:
        return PayPalApi(access, self._tokens, self._base_url)


def _delivery(event: Json, shown: str, sent: Transmission | None) -> Delivery:
    """The names of an event. Whether it is a live one is known by its certificate alone."""
    thing = inner(event, "resource")
    kept = {name: objects.ref(thing.get(name)) for name in ("id", "dispute_id", "order_id")}
    object_id = kept["dispute_id"] or kept["id"] or kept["order_id"]
    event_id, event_type = event.get("id"), event.get("event_type")
    if not isinstance(event_id, str) or _EVENT_ID.fullmatch(event_id) is None:
        raise UnreadableError("the event's id is not what PayPal writes there")
    if not isinstance(event_type, str) or _TYPE.fullmatch(event_type) is None:
        raise UnreadableError("the event's event_type is not what PayPal writes there")
    if not object_id:
        raise UnreadableError("the event shows no object")
    live = {"https://api.paypal.com": True, "https://api-m.paypal.com": True}
    host = "/".join(sent.cert.split("/")[:3]) if sent else ""
    return Delivery(
        event_id=event_id,
        event_type=event_type,
        object_type=text(event.get("resource_type"))[:MOST_NAME],
        object_id=object_id,
        created=objects.moment(event.get("create_time")),
        livemode=live.get(host, False) if host.endswith("paypal.com") else None,
        api_version=text(event.get("event_version"))[:MOST_NAME],
        text=shown,
        proof=sent.proof() if sent else {},
    )


def _check(access: Access) -> None:
    for name, value in (("client id", access.client_id), ("client secret", access.api_key)):
        if _CREDENTIAL.fullmatch(value) is None:
            raise InvalidInputError(
                "api_key", f"that is no {name} of PayPal's; copy it from the app at developer.paypal.com"
            )
    if access.account_ref and _MERCHANT.fullmatch(access.account_ref) is None:
        raise InvalidInputError("merchant_id", "a merchant id of PayPal's is capital letters and digits")
