"""Signs deliveries as PayPal does, with a key and a certificate of its own."""

import base64
import functools
import uuid
import zlib
from dataclasses import replace
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bridge.payments.paypal_signature import ALGORITHM, Transmission, headers_of, signed_text

NAME = "messageverificationcerts.paypal.com"
_FIRST, _LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)


@functools.cache
def the_key() -> rsa.RSAPrivateKey:
    """One for a process: to make one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Signer:
    """A key, and a certificate for it: of another ``name``, or of other times, where something is to be wrong."""

    def __init__(self, name: str = NAME, first: datetime = _FIRST, last: datetime = _LAST) -> None:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(the_key().public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(first)
            .not_valid_after(last)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        )
        self.certificate = made.sign(the_key(), SHA256())

    @property
    def pem(self) -> bytes:
        """The certificate, as it is fetched."""
        return self.certificate.public_bytes(Encoding.PEM)

    def headers(self, body: bytes, webhook_id: str, at: datetime, cert_url: str) -> dict[str, str]:
        """What is sent along with a delivery."""
        sent = Transmission(
            id=str(uuid.uuid4()),
            time=f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z",
            sig="",
            cert=cert_url,
            algo=ALGORITHM,
            crc=zlib.crc32(body),
        )
        return headers_of(replace(sent, sig=self.signature(signed_text(sent, webhook_id))))

    def signature(self, text: bytes) -> str:
        """A signature over a text."""
        return base64.b64encode(the_key().sign(text, padding.PKCS1v15(), SHA256())).decode()
