"""PayPal's signature: RSA over ``<transmission id>|<time>|<webhook id>|<CRC-32 of the body>``, by a certificate's key.

It binds a checksum and not the body, so whoever has seen one delivery can make another body that it fits: it keeps out
strangers and proves nothing. What an event says is never believed, only what is fetched with the account's own key.

The certificate has to be fetched, so the door looks at the form only, and the worker checks the signature itself.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from bridge.payments.paypal_objects import moment
from bridge.payments.provider import ForgedError

# A delivery is tried again for three days, and nobody knows whether with the time of the first attempt.
OLDEST = timedelta(days=4)
ALGORITHM = "SHA256withRSA"
# What the simulator signs with: everybody's, so it counts in test mode only, and only where somebody stored it.
SIMULATOR = "WEBHOOK_ID"

_PREFIX = "paypal-"
_NAMES = {
    "id": "transmission-id",
    "time": "transmission-time",
    "sig": "transmission-sig",
    "cert": "cert-url",
    "algo": "auth-algo",
}
_WORD = re.compile(r"[A-Za-z0-9:.+_-]{1,128}", re.ASCII)
_MOST = 2048
_LEAST_KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class Transmission:
    """What the headers of a delivery say, and the checksum of its body."""

    id: str
    time: str
    sig: str
    cert: str
    algo: str
    crc: int

    @property
    def at(self) -> datetime | None:
        """When it was sent."""
        return moment(self.time)

    def proof(self) -> dict[str, Any]:
        """The same as the inbox keeps it, for the worker."""
        return {name: getattr(self, name) for name in (*_NAMES, "crc")}


def of_headers(body: bytes, headers: Mapping[str, str]) -> Transmission | None:
    """What was sent along; ``None`` where something of it is missing, or can't be PayPal's."""
    told = {name.lower(): value for name, value in headers.items() if name.lower().startswith(_PREFIX)}
    found = {name: told.get(_PREFIX + word, "") for name, word in _NAMES.items()}
    if any(not value or len(value) > _MOST or not value.isascii() for value in found.values()):
        return None
    made = Transmission(**found, crc=zlib.crc32(body))
    formed = _WORD.fullmatch(made.id) and _WORD.fullmatch(made.time) and _raw(made.sig)
    return made if formed and made.at is not None and made.algo == ALGORITHM else None


def of_proof(proof: Mapping[str, Any]) -> Transmission:
    """The same as it was kept."""
    return Transmission(**{name: str(proof.get(name, "")) for name in _NAMES}, crc=int(proof.get("crc", -1)))


def check(sent: Transmission, webhook_ids: Sequence[str], certificate: x509.Certificate, names: Sequence[str]) -> None:
    """Check that the certificate is one of PayPal's, was valid then, and that its key signed. Raises `ForgedError`."""
    at, key = sent.at, certificate.public_key()
    if at is None or not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise ForgedError("the certificate was not valid when the delivery was signed")
    if not set(names) & set(_names_of(certificate)):
        raise ForgedError("the certificate is another one's than PayPal's for deliveries")
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _LEAST_KEY_BITS:
        raise ForgedError("the certificate's key is not one that PayPal signs with")
    if not any(_signed(sent, webhook_id, key) for webhook_id in webhook_ids if webhook_id):
        raise ForgedError("the delivery is not signed for the webhook of this account")


def signed_text(sent: Transmission, webhook_id: str) -> bytes:
    """What the signature is over."""
    return f"{sent.id}|{sent.time}|{webhook_id}|{sent.crc}".encode()


def headers_of(sent: Transmission) -> dict[str, str]:
    """The headers, as PayPal writes them."""
    return {f"{_PREFIX}{word}".upper(): getattr(sent, name) for name, word in _NAMES.items()}


def _signed(sent: Transmission, webhook_id: str, key: rsa.RSAPublicKey) -> bool:
    try:
        key.verify(_raw(sent.sig), signed_text(sent, webhook_id), padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _names_of(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return [name.lower() for name in found.get_values_for_type(x509.DNSName)]
    except (x509.ExtensionNotFound, ValueError):
        return []


def _raw(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""
