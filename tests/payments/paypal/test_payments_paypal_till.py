"""The demo's pretend PayPal: somebody pays at its page, something happens later, and who wants to hear of it does."""

import json
from datetime import UTC, datetime

import pytest
import requests
from support.journey import eventually

from bridge.payments.pretend.loopback import Answer, Loopback
from bridge.payments.pretend.paypal_checkout import PretendPayPalCheckout
from bridge.payments.pretend.paypal_subscriptions import PayPalSubscriptions

CLIENT_ID, SECRET = "a0client0id0for0the0tests", "a0client0secret0for0the0tests"
WANTED = {"application_context": {"return_url": "https://git.example/thanks?session_id=1"}}
HEARD = (
    "CHECKOUT.ORDER.APPROVED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.REFUNDED",
    "BILLING.SUBSCRIPTION.ACTIVATED",
    "PAYMENT.SALE.COMPLETED",
    "CUSTOMER.DISPUTE.CREATED",
)


class Ear(Loopback):
    """Who is told."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def answer(self, _method, _target, headers, body):
        self.heard.append((json.loads(body)["event_type"], headers["PAYPAL-TRANSMISSION-SIG"]))
        return Answer(200, b"{}")


@pytest.fixture
def ear():
    made = Ear()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def till(ear):
    made = PretendPayPalCheckout(PayPalSubscriptions(lambda: datetime(2026, 3, 1, tzinfo=UTC)), CLIENT_ID, SECRET)
    made.start()
    made.world.put("webhook", "9W1", url=f"{ear.base_url}/hook", event_types=[{"name": name} for name in HEARD])
    yield made
    made.stop()


def _pay(till, sale):
    form = {"email": "bob@example.com", "name": "Bob Builder"}
    return requests.post(f"{till.base_url}/pay/{sale}", form, headers={"Accept": "application/json"}, timeout=10).json()


def _later(till, what, sale):
    return requests.post(f"{till.base_url}/later/{what}/{sale}", timeout=10).status_code


def _capture(till, order):
    token = requests.post(f"{till.base_url}/v1/oauth2/token", auth=(CLIENT_ID, SECRET), timeout=10).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    requests.post(
        f"{till.base_url}/v2/checkout/orders/{order}/capture", json={}, headers=headers, timeout=10
    ).raise_for_status()


def test_an_order_is_paid_once_and_taken_and_given_back(till, ear):
    order = till.world.order([("pro", 1, 4900)], wanted=WANTED)
    assert "49.00 EUR" in requests.get(f"{till.base_url}/pay/{order}", timeout=10).text
    thanks = f"https://git.example/thanks?session_id=1&token={order}"
    assert _pay(till, order) == _pay(till, order) == {"sale": order, "thanks": thanks}
    assert till.world.get("checkout-order", order)["payer"]["name"] == {"given_name": "Bob", "surname": "Builder"}
    _capture(till, order)
    assert (_later(till, "refund", order), _later(till, "miracle", order)) == (200, 404)
    eventually(lambda: len(ear.heard) == 3, 10, lambda: f"heard {ear.heard}")
    assert [name for name, signed in ear.heard if signed] == list(HEARD[:3])


def test_a_subscription_is_charged_at_once_and_may_be_contested(till, ear):
    plan = till.world.plan(till.world.product("Pro"), 900)
    subscription = till.world.begin(plan, wanted=WANTED)
    assert "9.00 EUR" in requests.get(f"{till.base_url}/pay/{subscription}", timeout=10).text
    assert _pay(till, subscription)["sale"] == _pay(till, subscription)["sale"] == subscription
    assert _later(till, "dispute", subscription) == 200
    eventually(lambda: len(ear.heard) == 3, 10, lambda: f"heard {ear.heard}")
    assert [name for name, signed in ear.heard if signed] == list(HEARD[3:])


def test_a_sale_that_was_never_begun_has_no_page(till):
    assert requests.get(f"{till.base_url}/pay/5O0", timeout=10).status_code == 401
