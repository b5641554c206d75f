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
from bridge.payments.provider import ForgedError, ProofAwayError

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
# An address that holds none is not asked again at once, whatever is delivered; and whoever makes addresses up has so
# many of them looked up meanwhile, and no more.
_MISSING_SECONDS = 60.0
MOST_MISSES = 10
_OK, _BUSY, _BROKEN = 200, 429, 500
_NONE_THERE = "PayPal has no certificate at the address that the delivery names"


class Certificates:
    """Safe to share among threads. ``base_url``: a pretend PayPal's address, which is the only one that counts then."""

    def __init__(self, base_url: str = "") -> None:
        self._base_url = base_url
        self._kept: OrderedDict[str, x509.Certificate] = OrderedDict()
        self._missing: dict[str, float] = {}
        self._missed_at: list[float] = []
        self._lock = threading.Lock()

    def is_allowed(self, url: str, mode: str) -> bool:
        """Whether PayPal keeps certificates for that mode there. Asks nobody."""
        host = re.escape(self._base_url) if self._base_url else _HOSTS.get(mode, r"(?!)")
        return re.fullmatch(host + _PATH, url, re.ASCII) is not None

    def example(self, mode: str) -> str:
        """An address where one could be."""
        return f"{self._base_url or HOSTS[mode]}/v1/notifications/certs/CERT-bridge"

    def get(self, url: str, mode: str) -> x509.Certificate:
        """The certificate at an address. Raises `ForgedError`, and `ProofAwayError` where trying again may help."""
        if not self.is_allowed(url, mode):
            raise ForgedError("the delivery names a certificate that is not at PayPal's address")
        with self._lock:
            kept = self._kept.get(url)
            if kept is not None:
                return kept
            self._forget_misses()
            if url in self._missing:
                raise ForgedError(_NONE_THERE)
            if len(self._missed_at) >= MOST_MISSES:
                raise ProofAwayError("many certificates were asked for in vain; this one has to wait")
        return self._looked_up(url)

    def _looked_up(self, url: str) -> x509.Certificate:
        found, asked = None, False
        try:
            found, asked = _fetched(url), True
        finally:
            with self._lock:
                if found is not None:
                    self._kept[url] = found
                    while len(self._kept) > _MOST_KEPT:
                        self._kept.popitem(last=False)
                else:
                    self._missed_at.append(time.monotonic())
                    self._missing.update({url: time.monotonic()} if asked else {})
        if found is None:
            raise ForgedError(_NONE_THERE)
        return found

    def _forget_misses(self) -> None:
        """Those of long ago."""
        since = time.monotonic() - _MISSING_SECONDS
        self._missed_at = [at for at in self._missed_at if at > since]
        self._missing = {url: at for url, at in self._missing.items() if at > since}


def _fetched(url: str) -> x509.Certificate | None:
    """Only the first certificate counts: PayPal shows a single one, and its address is proven by TLS."""
    try:
        with requests.get(url, timeout=_PATIENCE, allow_redirects=False, stream=True) as answer:
            pieces = islice(answer.iter_content(_PIECE), _MOST_PIECES) if answer.status_code == _OK else ()
            content = b"".join(pieces)
    except requests.RequestException:
        raise ProofAwayError("PayPal's certificate can't be fetched") from None
    if answer.status_code == _BUSY or answer.status_code >= _BROKEN:
        raise ProofAwayError(f"PayPal's certificate can't be fetched: error {answer.status_code}")
    try:
        return x509.load_pem_x509_certificate(content)
    except ValueError:
        return None
