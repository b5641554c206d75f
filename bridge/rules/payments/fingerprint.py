"""What makes two calls for one purchase the same call."""

import hashlib
import json


def fingerprint(
    source: str,
    payment_ref: str,
    package_id: int,
    quantity: int,
    amount_minor: int | None,
    currency: str,
    customer_email: str,
) -> str:
    """Return a SHA-256, in hexadecimal, of what a purchase is about; case and edges of the mail address don't count."""
    said = [
        source,
        payment_ref,
        package_id,
        quantity,
        amount_minor,
        currency.upper(),
        customer_email.strip().lower(),
    ]
    # JSON keeps the parts apart whatever they hold; escapes make a lone surrogate encodable.
    return hashlib.sha256(json.dumps(said, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()
