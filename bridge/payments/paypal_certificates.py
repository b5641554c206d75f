"""The certificates with which PayPal signs deliveries: from PayPal's own addresses only, and each fetched once.

A delivery says where its certificate is. Whoever fetched whatever it says could be sent anywhere, and shown any key.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from itertools import islice

import requests
from cryptography import x509

from bridge.payments.paypal_client import HOSTS
from bridge.payments.provider import ForgedError, ProviderAwayError

_PATH = r"/v1/notifications/certs/[A-Za-z0-9_-]{1,200}"
_HOSTS: Mapping[str, str] = {
    "live": r"https://(?:api|api-m)\.paypal\.com",
    "test": r"https://(?:api|api-m)\.sandbox\.paypal\.com",
}
# For whom the certificate has to be made out.
NAMES: Mapping[str, tuple[str, ...]] = {
    "live": ("messageverificationcerts.paypal.com",),
    "test": ("messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com"),
}
_PATIENCE = (3.05, 5)
_PIECE, _MOST_PIECES = 8 * 1024, 16
_MOST_KEPT = 32
# An address that holds none is not asked again at once, whatever is delivered.
_MISSING_SECONDS = 60.0
_OK, _BUSY, _BROKEN = 200, 429, 500


class Certificates:
    """Safe to share among threads. ``base_url``: a pretend PayPal's address, which is the only one that counts then."""

    def __init__(self, base_url: str = "") -> None:
        self._base_url = base_url
        self._kept: OrderedDict[str, tuple[x509.Certificate | None, float]] = OrderedDict()
        self._lock = threading.Lock()

    def is_allowed(self, url: str, mode: str) -> bool:
        """Whether PayPal keeps certificates for that mode there. Asks nobody."""
        host = re.escape(self._base_url) if self._base_url else _HOSTS.get(mode, r"(?!)")
        return re.fullmatch(host + _PATH, url, re.ASCII) is not None

    def example(self, mode: str) -> str:
        """An address where one could be."""
        return f"{self._base_url or HOSTS[mode]}/v1/notifications/certs/CERT-bridge"

    def get(self, url: str, mode: str) -> x509.Certificate:
        """The certificate at an address. Raises `ForgedError`, and `ProviderAwayError` where trying again may help."""
        if not self.is_allowed(url, mode):
            raise ForgedError("the delivery names a certificate that is not at PayPal's address")
        with self._lock:
            found, known_at = self._kept.get(url, (None, float("-inf")))
        if found is None:
            if time.monotonic() - known_at > _MISSING_SECONDS:
                found = _fetched(url)
                self._keep(url, found)
            if found is None:
                raise ForgedError("PayPal has no certificate at the address that the delivery names")
        return found

    def _keep(self, url: str, found: x509.Certificate | None) -> None:
        with self._lock:
            self._kept[url] = (found, time.monotonic())
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)


def _fetched(url: str) -> x509.Certificate | None:
    """Only the first certificate counts: PayPal shows a single one, and its address is proven by TLS."""
    try:
        with requests.get(url, timeout=_PATIENCE, allow_redirects=False, stream=True) as answer:
            pieces = islice(answer.iter_content(_PIECE), _MOST_PIECES) if answer.status_code == _OK else ()
            content = b"".join(pieces)
    except requests.RequestException:
        raise ProviderAwayError("PayPal's certificate can't be fetched") from None
    if answer.status_code == _BUSY or answer.status_code >= _BROKEN:
        raise ProviderAwayError(f"PayPal's certificate can't be fetched: error {answer.status_code}")
    try:
        return x509.load_pem_x509_certificate(content)
    except ValueError:
        return None
