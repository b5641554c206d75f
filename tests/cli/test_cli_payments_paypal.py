"""``bridge payments`` with PayPal: connected, mapped, asked, and what is missing is said."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from bridge.payments.pretend.paypal_api import PretendPayPal
from bridge.payments.pretend.paypal_subscriptions import PayPalSubscriptions
from bridge.payments.registry import providers

CLIENT_ID, SECRET = "a0client0id0for0the0tests", "a0client0secret0for0the0tests"


class Till:
    """A pretend PayPal, a bridge that listens, and the command line."""

    def __init__(self, shell: Any, folder: Path) -> None:
        self.shell = shell
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.world = PayPalSubscriptions(lambda: self.now)
        self.api = PretendPayPal(self.world, CLIENT_ID, SECRET)
        self.key_file = folder / "paypal.secret"
        self.key_file.write_text(f"{SECRET}\n")

    def run(self, *words: object) -> Any:
        return self.shell.run("payments", *words)

    def ok(self, *words: object) -> Any:
        return self.shell.ok("payments", *words)

    def words(self, *more: object, client_id: str = CLIENT_ID) -> tuple[object, ...]:
        secret = ("--client-id", client_id, "--api-key-file", self.key_file)
        return ("connect", "paypal", "--owner", "acme", *secret, *more)

    def keys(self) -> list[dict]:
        rows = self.shell.ok("key", "list", "acme", "--json").json
        return [key for key in rows if key["package"] == "Pro"]


@pytest.fixture
def till(shell, tmp_path):
    found = Till(shell, tmp_path)
    found.api.start()
    # The bridge that listens reads no file of its own.
    shell.installation.parts.__dict__["providers"] = providers(paypal_url=found.api.base_url)
    server = make_server("127.0.0.1", 0, shell.installation.client().application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.port}"
    text = shell.config.read_text().replace("https://git.example.com", address)
    shell.config.write_text(f'{text}[payments]\npaypal_url = "{found.api.base_url}"\n')
    shell.installation.package("acme", "Pro")
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
    found.api.stop()


def test_from_an_empty_account_to_the_first_sale(till):
    """The way that docs/payments.md describes."""
    plan = till.world.plan(till.world.product("The pro edition"), 900)
    till.now -= timedelta(days=10)
    old = till.world.subscribe(plan)
    till.now += timedelta(days=10)
    said = till.ok(*till.words("--test")).out
    assert "acme/paypal-test is connected, in test mode." in said
    assert "A trial delivery arrived." in said
    assert f"1 subscriptions go on there that no key knows:\n  {old}" in said
    assert SECRET not in said
    (webhook,) = till.world.all_of("webhook")
    assert len(webhook["event_types"]) == 27
    (row,) = till.ok("status", "acme", "--json").json
    assert (row["status"], row["key"], row["address"]) == ("active", "stored", webhook["url"])
    content = Path(till.shell.installation.parts.engine.url.database).read_bytes()
    assert SECRET.encode() not in content
    (shown,) = till.ok("map", "acme/paypal-test", "--json").json
    assert (shown["name"], shown["costs"], shown["package"]) == (plan, "9.00 EUR every 1 month", "")
    till.ok("map", "acme/paypal-test", plan, "Pro")
    till.ok("map", "acme/paypal-test", "pro-once", "Pro", "--price", "49.00 EUR")
    rows = till.ok("map", "acme/paypal-test", "--json").json
    assert [(row["name"], row["costs"], row["package"]) for row in rows] == [
        (plan, "9.00 EUR every 1 month", "Pro"),
        ("pro-once", "49.00 EUR", "Pro"),
    ]
    till.now += timedelta(seconds=5)
    till.world.buy([("pro-once", 1, 4900)])
    till.world.buy([("pro-once", 1, 1)])
    assert "events and" in till.ok("check", "acme/paypal-test").out
    assert len(till.keys()) == 1
    choices = " ".join(row["choices"] for row in till.ok("attention", "acme", "--json").json)
    assert "bridge payments accept acme/paypal-test" in choices
    till.ok("accept", "acme/paypal-test", old)
    till.ok("check", "acme/paypal-test")
    assert len(till.keys()) == 2
    till.ok("disconnect", "acme/paypal-test", "--yes")
    assert till.world.all_of("webhook") == []


def test_what_the_app_may_not_do_is_said_and_a_webhook_can_be_made_by_hand(till, tmp_path):
    till.api.hidden |= {"/v1/notifications/webhooks", "/v1/reporting"}
    said = till.ok(*till.words()).out
    assert "The key can't read: Webhooks, Transaction search." in said
    assert "PAYMENT.CAPTURE.COMPLETED" in said
    file = tmp_path / "id"
    file.write_text("9WEBHOOK0MADE0BY0HAND")
    assert "A trial delivery arrived." in till.ok("secret", "acme/paypal", "--secret-file", file).out


def test_whose_account_it_is_has_to_be_known(till):
    till.api.tells_merchant = False
    refused = till.run(*till.words())
    assert (refused.code, "--merchant-id" in refused.err) == (2, True)
    till.ok(*till.words("--merchant-id", "MERCHANT00001"))
    till.api.tells_merchant = True
    other = till.run(*till.words("--merchant-id", "MERCHANT66666", "--label", "shop2"))
    assert (other.code, "another merchant's" in other.err) == (2, True)


def test_what_can_not_be_is_said_before_anything_is_stored(till):
    assert till.run("connect", "paypal", "--owner", "acme", "--api-key-file", till.key_file).code == 2
    assert till.run(*till.words("--no-api-key")).code == 2
    assert till.run(*till.words(client_id="x")).code == 2
    wrong = till.run(*till.words(client_id="somebody0elses0client0id"))
    assert (wrong.code, "client id" in wrong.err) == (4, True)
    assert till.ok("status", "--json").json == []
    till.ok(*till.words())
    for price in ("", "49.00", "49.00 XXX", "-1 EUR", "49.001 EUR"):
        assert till.run("map", "acme/paypal", "pro-once", "Pro", "--price", price).code == 2
    plan = till.world.plan(till.world.product("Pro"), 900)
    assert till.run("map", "acme/paypal", plan, "Pro", "--price", "9.00 EUR").code == 2
    assert till.run("map", "acme/paypal", "P-UNKNOWN", "Pro").code == 2
