"""``bridge payments``: a seller connects an account, says what is what, and looks after it."""

import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from bridge.payments.pretend.stripe_api import PretendStripe
from bridge.payments.pretend.subscriptions import StripeWorld
from bridge.payments.stripe import Stripe

KEY = "rk_live_a0key0for0the0tests"


@dataclass
class Till:
    """A pretend Stripe, a bridge that listens, and the command line."""

    shell: Any
    world: StripeWorld
    api: PretendStripe
    address: str
    key_file: Any
    now: list[datetime]

    def run(self, *words: object) -> Any:
        return self.shell.run("payments", *words)

    def ok(self, *words: object) -> Any:
        return self.shell.ok("payments", *words)

    def connect(self, *more: object) -> Any:
        return self.ok("connect", "stripe", "--owner", "acme", "--api-key-file", self.key_file, *more)


@pytest.fixture
def till(shell, tmp_path):
    now = [datetime.now(UTC)]
    world = StripeWorld(lambda: now[0])
    api = PretendStripe(world, KEY)
    api.start()
    server = make_server("127.0.0.1", 0, shell.installation.client().application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.port}"
    text = shell.config.read_text().replace("https://git.example.com", address)
    shell.config.write_text(f'{text}[payments]\nstripe_url = "{api.base_url}"\n')
    key_file = tmp_path / "stripe.key"
    key_file.write_text(f"{KEY}\n")
    shell.installation.package("acme", "Pro")
    yield Till(shell, world, api, address, key_file, now)
    server.shutdown()
    thread.join()
    server.server_close()
    api.stop()


def test_an_account_is_connected_tried_and_sells(till):
    said = till.connect().out
    assert "acme/stripe is connected, in live mode." in said
    assert "A trial delivery arrived." in said
    assert KEY not in said
    (endpoint,) = till.world.of_kind("webhook_endpoint")
    assert endpoint["api_version"] == "2026-10-28.endive"
    assert len(endpoint["enabled_events"]) == 20
    assert endpoint["url"].startswith(f"{till.address}/-/licensing/hooks/stripe/")
    assert f"Stripe: this program was tried {Stripe.tried}." in till.ok("status", "acme").out
    (row,) = till.ok("status", "acme", "--json").json
    assert (row["account"], row["status"], row["key"], row["address"]) == (
        "acme/stripe",
        "active",
        "stored",
        endpoint["url"],
    )
    content = Path(till.shell.installation.parts.engine.url.database).read_bytes()
    assert KEY.encode() not in content
    assert endpoint["secret_for_tests"].encode() not in content


def test_a_price_is_mapped_and_what_was_sold_meanwhile_is_issued(till):
    till.connect()
    price = till.world.price(till.world.product("The pro edition"), 4900)
    till.now[0] += timedelta(seconds=5)
    till.world.buy([(price, 2)])
    assert "events and" in till.ok("check", "acme/stripe").out
    (ignored,) = till.ok("events", "acme/stripe", "--status", "ignored", "--json", "--limit", "1").json
    assert price in ignored["why"]
    rows = till.ok("attention", "acme", "--json").json
    assert any("bridge payments map" in row["choices"] for row in rows)
    (shown,) = till.ok("map", "acme/stripe", "--json").json
    assert (shown["name"], shown["costs"], shown["package"]) == (price, "49.00 EUR", "")
    assert "Events that are read again" in till.ok("map", "acme/stripe", price, "Pro").out
    till.ok("check", "acme/stripe")
    keys = till.shell.ok("key", "list", "acme", "--json").json
    assert len([key for key in keys if key["package"] == "Pro"]) == 2
    (shown,) = till.ok("map", "acme/stripe", "--json").json
    assert shown["package"] == "Pro"
    till.ok("map", "acme/stripe", price, "--remove")
    assert till.run("map", "acme/stripe", price, "--remove").code == 3


def test_a_provider_that_is_away_when_the_endpoint_is_to_be_made_leaves_a_way_by_hand(till):
    till.api.fail("/v1/webhook_endpoints", 500, times=99)
    said = till.connect().out
    assert "is connected" in said
    assert "The endpoint could not be made" in said
    assert "bridge payments secret acme/stripe" in said


def test_what_the_key_lacks_is_said_and_an_endpoint_can_be_made_by_hand(till, tmp_path):
    till.api.hidden |= {"webhook_endpoints", "disputes"}
    said = till.connect().out
    assert "The key can't read: Disputes." in said
    assert "The endpoint could not be made" in said
    assert "2026-10-28.endive" in said
    assert any("no webhook secret" in row["what"] for row in till.ok("attention", "acme", "--json").json)
    secret = tmp_path / "secret"
    secret.write_text("whsec_made0by0hand")
    assert "A trial delivery arrived." in till.ok("secret", "acme/stripe", "--secret-file", secret).out


def test_subscriptions_from_before_are_listed_bound_or_accepted(till):
    price = till.world.price(till.world.product("Pro", licence_package="Pro"), 900, interval="month")
    till.now[0] -= timedelta(days=10)
    first, second = (till.world.subscribe([(price, 1)], email=f"{name}@example.com") for name in ("ann", "bob"))
    till.now[0] += timedelta(days=10)
    said = till.connect().out
    assert "2 subscriptions go on there that no key knows" in said
    assert first in said
    till.ok("check", "acme/stripe")
    assert till.shell.ok("key", "list", "acme", "--json").json == till.shell.ok("key", "list", "acme", "--json").json
    before = _keys(till)
    key = till.shell.installation.key(2)
    till.ok("bind", "acme/stripe", first, f"#{key.id}")
    till.ok("accept", "acme/stripe", second)
    till.ok("check", "acme/stripe")
    after = _keys(till)
    assert len(after) == len(before) + 2  # the one that was bound, and one that was made
    assert "bob@example.com" in json.dumps(after)
    assert "ann@example.com" not in json.dumps(after)


def _keys(till) -> list[dict]:
    return [key for key in till.shell.ok("key", "list", "acme", "--json").json if key["package"] == "Pro"]


def test_with_since_earlier_sales_are_issued(till):
    price = till.world.price(till.world.product("Pro", licence_package="Pro"), 4900)
    till.now[0] -= timedelta(days=60)
    till.world.buy([(price, 1)])
    till.now[0] += timedelta(days=60)
    till.connect("--since", f"{till.now[0] - timedelta(days=90):%Y-%m-%d}")
    till.ok("check", "acme/stripe")
    assert len(_keys(till)) == 1


def test_it_is_connected_once_and_goes_on_after_it_was_disconnected(till):
    till.connect()
    again = till.run("connect", "stripe", "--owner", "acme", "--api-key-file", till.key_file)
    assert (again.code, "connected already" in again.err) == (4, True)
    till.connect("--label", "shop2")
    names = [row["account"] for row in till.ok("status", "--json").json]
    assert names == ["acme/stripe", "acme/stripe-shop2"]
    till.ok("disconnect", "acme/stripe", "--yes")
    assert len(till.world.of_kind("webhook_endpoint")) == 1
    assert till.ok("status", "acme", "--json").json[0]["status"] == "disabled"
    till.connect()
    assert [row["account"] for row in till.ok("status", "--json").json] == names


def test_the_key_file_is_renewed_and_everything_still_opens(till):
    till.connect()
    file = till.shell.installation.settings.payment_key_file
    before = file.read_text()
    assert "2 secrets" in till.ok("rotate-key").out
    assert file.read_text() != before
    assert len(file.read_text().split()) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    till.ok("check", "acme/stripe")
    file.write_text(before)
    lost = till.run("check", "acme/stripe")
    assert (lost.code, "payments.key_file" in lost.err) == (6, True)


def test_settings_are_checked_and_kept(till):
    till.connect()
    till.ok("set", "acme/stripe", "grace_days=3", "partial_refund=revoke")
    assert till.ok("status", "--json").json[0]["settings"] == {"grace_days": 3, "partial_refund": "revoke"}
    for wrong in ("grace_days=-1", "grace_days=400", "partial_refund=perhaps", "colour=red", "notify=nobody"):
        assert till.run("set", "acme/stripe", wrong).code == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("status", "nobody"), 3),
        (("events", "acme"), 2),
        (("events", "acme/stripe"), 3),
        (("replay", "acme/stripe", "1"), 3),
        (("connect", "stripe", "--owner", "nobody"), 3),
    ],
)
def test_what_is_not_there_is_said(till, words, code, tmp_path):
    more = ("--api-key-file", till.key_file) if words[0] == "connect" else ()
    assert till.run(*words, *more).code == code


def test_a_wrong_key_is_refused_before_anything_is_stored(till):
    till.key_file.write_text("pk_live_not0a0secret0key")
    assert till.run("connect", "stripe", "--owner", "acme", "--api-key-file", till.key_file).code == 2
    till.key_file.write_text("rk_live_somebody0elses0key")
    refused = till.run("connect", "stripe", "--owner", "acme", "--api-key-file", till.key_file)
    assert (refused.code, "API key" in refused.err) == (4, True)
    assert till.ok("status", "--json").json == []
