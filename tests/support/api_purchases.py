"""What tests of purchases say again and again."""

from sqlmodel import func, select
from support.api_keys import KEYS
from support.api_world import REPO, Api

from bridge.models import LicenseKey

SOLD = f"{REPO}/license-purchases"
AT = f"{SOLD}/shop/G-123"
PAID = "2026-02-20T10:00:00Z"
UNTIL = "2027-02-20T10:00:00Z"
# A life as a shop may tell it, from the year 2027 on.
LIFE = (
    ("periods", {"period_ref": "a", "paid_at": "2027-02-01T00:00:00Z", "amount": "49.00", "currency": "EUR"}),
    ("periods", {"period_ref": "b", "paid_at": "2028-02-01T00:00:00Z", "amount": "49.00", "currency": "EUR"}),
    ("periods", {"period_ref": "c", "paid_at": "2028-03-01T00:00:00Z", "paid_until": "2029-05-01T00:00:00Z"}),
    ("refunds", {"refund_ref": "r", "status": "pending", "amount": "49.00", "payment_ref": "b"}),
    ("refunds", {"refund_ref": "r", "status": "succeeded", "amount": "49.00", "payment_ref": "b"}),
    ("refunds", {"refund_ref": "s", "status": "failed", "amount": "49.00"}),
    ("disputes", {"dispute_ref": "d", "status": "needs_response"}),
    ("disputes", {"dispute_ref": "d", "status": "won"}),
    ("cancel", {"at": "2029-01-01T00:00:00Z"}),
    ("cancel", {"at": "2029-02-01T00:00:00Z"}),
)


def order(api: Api, package: str = "Standard", **more):
    stated = {
        "package_id": api.packages[package],
        "source": "shop",
        "payment_ref": "G-123",
        "customer_name": "Ann",
        "customer_email": "ann@example.com",
        "amount": "49.00",
        "currency": "EUR",
        "paid_at": PAID,
    }
    return {name: value for name, value in (stated | more).items() if value is not ...}


def sell(api: Api, role: str = "owner", path: str = KEYS, **more):
    return api.post(path, order(api, **more), role)


def count(api: Api, table=LicenseKey) -> int:
    with api.made.parts.open_session(read_only=True) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def told(api: Api, what: str, where: str = AT, /, role: str = "owner", **body):
    answer = api.post(f"{where}/{what}", body, role)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def key_of(api: Api, at: str = AT):
    (key,) = api.get(at).get_json()["keys"]
    return api.get(f"{KEYS}/{key['id']}").get_json()
