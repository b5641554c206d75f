"""The way to PayPal: each kind of failure is told apart, in words that hold nothing secret."""

from collections.abc import Iterator

import pytest
import requests
import responses

from bridge.payments.paypal import PayPal
from bridge.payments.paypal_client import PayPalApi, Tokens
from bridge.payments.provider import (
    Access,
    Delivery,
    Desk,
    NoAccessError,
    NotTheirsError,
    ProviderAwayError,
    UnknownKeyError,
)

HOST = "https://api-m.sandbox.paypal.com"
ACCESS = Access("test", "a0client0secret0for0the0tests", client_id="a0client0id0for0the0tests", account_ref="M1")
ORDER = f"{HOST}/v2/checkout/orders/5O190127TN364715T"


@pytest.fixture
def paypal() -> Iterator[responses.RequestsMock]:
    """PayPal's sandbox, which gives a token to everybody."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(f"{HOST}/v1/oauth2/token", json={"access_token": "A21", "expires_in": 32400})
        yield mock


FAILURES = [
    ({"status": 401}, UnknownKeyError, "client id and secret"),
    ({"status": 403, "json": {"name": "NOT_AUTHORIZED"}}, NoAccessError, "GET /v2/checkout/orders/…"),
    ({"status": 404, "json": {"name": "RESOURCE_NOT_FOUND"}}, NotTheirsError, "no such object"),
    ({"status": 422, "json": {"details": [{"issue": "ORDER_NOT_APPROVED"}]}}, NoAccessError, "ORDER_NOT_APPROVED"),
    ({"status": 422, "json": {"details": [{"issue": "INVALID_RESOURCE_ID"}]}}, NotTheirsError, "no such object"),
    ({"status": 400, "json": {"name": "ann@example.com said"}}, NoAccessError, "refuses GET"),
    ({"status": 400, "body": "<html>"}, NoAccessError, "refuses GET"),
    ({"status": 429}, ProviderAwayError, "patience"),
    ({"status": 500, "body": "<html>"}, ProviderAwayError, "error 500"),
    ({"status": 302, "headers": {"Location": "https://evil.tld/"}}, ProviderAwayError, "error 302"),
    ({"body": "<html>Bad gateway</html>"}, ProviderAwayError, "something else than JSON"),
    ({"json": ["an array"]}, ProviderAwayError, "something else than an object"),
    ({"body": requests.ReadTimeout("ann@example.com")}, ProviderAwayError, "can't be reached"),
    ({"body": requests.ConnectionError("5O190127TN364715T")}, ProviderAwayError, "can't be reached"),
    ({"body": requests.exceptions.SSLError("another certificate")}, ProviderAwayError, "can't be reached"),
]


@pytest.mark.parametrize(("answer", "error", "words"), FAILURES)
def test_each_failure_has_its_kind_and_no_message_holds_what_came(paypal, answer, error, words):
    paypal.get(ORDER, **answer)
    with pytest.raises(error) as caught:
        PayPal().read(Delivery("WH-1", "CHECKOUT.ORDER.APPROVED", object_id="5O190127TN364715T"), ACCESS, Desk(1))
    assert words in str(caught.value)
    for secret in ("ann@", "5O1901", "A21", "a0client"):
        assert secret not in f"{caught.value} {caught.value.args}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_it_is_asked_for_patience_as_long_as_it_says(paypal):
    for told, waits in (("7", 7.0), ("99999", 3600.0), ("soon", None)):
        paypal.get(ORDER, status=429, headers={"Retry-After": told})
        with pytest.raises(ProviderAwayError) as caught:
            PayPalApi(ACCESS, Tokens()).get("/v2/checkout/orders/5O190127TN364715T")
        assert caught.value.wait_seconds == waits


@pytest.mark.parametrize("told", [{}, {"access_token": "x"}, {"access_token": 7, "expires_in": 9}, {"expires_in": 9}])
def test_an_answer_without_a_token_is_none(told):
    with responses.RequestsMock() as mock:
        mock.post(f"{HOST}/v1/oauth2/token", json=told)
        with pytest.raises(ProviderAwayError, match="without a token"):
            PayPalApi(ACCESS, Tokens()).get("/v1/x")


def test_a_token_is_kept_until_shortly_before_it_ends_and_for_its_account_only(paypal):
    paypal.get(f"{HOST}/v1/x", json={})
    tokens = Tokens()
    other = Access("test", "another0secret0000000000", client_id=ACCESS.client_id)
    for access in (ACCESS, ACCESS, other, ACCESS):
        PayPalApi(access, tokens).get("/v1/x")
    asked = [call.request.url for call in paypal.calls]
    assert asked.count(f"{HOST}/v1/oauth2/token") == 2
    tokens.keep("n", "short", 59.0)
    assert tokens.get("n") == ""


def test_a_netrc_of_this_machine_is_not_sent(paypal, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    paypal.get(f"{HOST}/v1/x", json={})
    PayPalApi(ACCESS, Tokens()).get("/v1/x")
    assert paypal.calls[-1].request.headers["Authorization"] == "Bearer A21"


def test_a_further_page_is_asked_of_paypal_whatever_its_link_says(paypal):
    link = {"rel": "next", "href": "https://evil.tld/v1/things?page=2"}
    paypal.get(f"{HOST}/v1/things", json={"rows": [{"id": 1}, "junk"], "links": [link]})
    paypal.get(f"{HOST}/v1/things?page=2", json={"rows": [{"id": 2}], "links": [{"rel": "next", "href": "/v1/other"}]})
    assert [row["id"] for row in PayPalApi(ACCESS, Tokens()).each("/v1/things", "rows")] == [1, 2]
    assert {call.request.url.split("/")[2] for call in paypal.calls} == {"api-m.sandbox.paypal.com"}


@pytest.mark.parametrize(("live", "sandbox", "mode"), [(200, 401, "live"), (401, 200, "test")])
def test_whether_credentials_are_live_is_found_out(live, sandbox, mode):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for host, status in (("https://api-m.paypal.com", live), (HOST, sandbox)):
            mock.post(f"{host}/v1/oauth2/token", status=status, json={"access_token": "A21", "expires_in": 32400})
            mock.get(f"{host}/v1/identity/oauth2/userinfo", json={"payer_id": "M1"})
            for path in ("notifications/webhooks", "billing/plans", "customer/disputes", "reporting/transactions"):
                mock.get(f"{host}/v1/{path}", json={})
        found = PayPal().standing(Access("", ACCESS.api_key, client_id=ACCESS.client_id))
    assert (found.mode, found.account_ref, found.lacks) == (mode, "M1", ())
