"""What operators watch: the same from every process, true, and cheap to ask for."""

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event
from test_web_hooks import body_for, headers_for
from web_shop import add_product, files

from bridge.parts import Edge, Parts
from bridge.services import holdbacks
from bridge.services.figures import BACKUP
from bridge.storage import usage

FILE = "/acme/weather/downloads/v1.0.0/weather.zip"


def told(parts):
    """``{(name, labels…): value}`` of one scrape."""
    text = parts.figures.exposition().decode()
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def product(installation_on_both):
    """A product with one release, and one that is held back."""
    made = installation_on_both
    add_product(made, "acme", "weather", "true", LICENSING_FEED="")
    made.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
    return made


def elsewhere(made):
    """The parts of another process, or machine, with the same database."""
    return Parts(made.settings, Edge(clock=made.clock))


def test_every_process_tells_the_same_of_requests_and_how_long_they_took(product):
    key, client = product.key(product.package("acme")), product.client()
    for _ in range(3):
        client.get(f"/acme/weather/updates.xml?dlid={key.code}")
    client.get(FILE)
    product.parts.usage.flush()
    product.clock.turn(days=1)
    client.get(f"/acme/weather/updates.xml?dlid={key.code}")
    product.parts.usage.flush()
    other = elsewhere(product)
    found = told(other)
    other.close()
    assert found == told(product.parts)
    assert found["bridge_requests_total", "feed", "valid"] == 4
    assert found["bridge_requests_total", "download", "missing"] == 1
    assert found["bridge_request_duration_seconds_count", "feed"] == 4
    assert found["bridge_request_duration_seconds_bucket", "+Inf", "feed"] == 4
    assert 0 < found["bridge_request_duration_seconds_sum", "feed"] < 400
    bounds = [found[name] for name in found if name[0] == "bridge_request_duration_seconds_bucket" and "feed" in name]
    assert len(bounds) == 12
    assert max(bounds) == 4


def test_how_long_answers_took_is_sorted_by_bounds(product):
    for seconds in (0.001, 0.002, 0.0021, 0.3, 77.0):
        product.parts.usage.took("feed", seconds, product.clock().date())
    product.parts.usage.flush()
    found = told(product.parts)
    by_bound = {bound: found["bridge_request_duration_seconds_bucket", bound, "feed"] for bound in (
        "0.002", "0.005", "0.25", "0.5", "10", "+Inf")}  # fmt: skip
    assert by_bound == {"0.002": 2, "0.005": 3, "0.25": 3, "0.5": 4, "10": 4, "+Inf": 5}
    assert found["bridge_request_duration_seconds_sum", "feed"] == pytest.approx(77.3051)


def test_releases_held_back_are_counted_by_reason_and_looked_at_anew_only_where_something_changed(product, monkeypatch):
    monkeypatch.setattr(holdbacks, "MOST_AT_ONCE", 1)
    assert told(product.parts).get(("bridge_releases_held_back", "no_zip")) is None
    product.publish("acme", "weather", "1.1.0", {})
    add_product(product, "acme", "clock", "true", LICENSING_FEED="")
    product.publish("acme", "clock", "1.0.0", {})
    names = set()
    for _ in range(3):
        names |= {name for name, *_ in told(product.parts)}
    assert told(product.parts)["bridge_releases_held_back", "no_zip"] == 2
    asked = []
    event.listen(product.parts.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    assert told(product.parts)["bridge_releases_held_back", "no_zip"] == 2
    assert [statement for statement in asked if "FROM release" in statement] == []
    product.publish("acme", "clock", "1.0.0-rc1", {})
    assert told(product.parts)["bridge_releases_held_back", "no_zip"] == 3


def test_until_every_repo_was_looked_at_nothing_is_told_of_releases_held_back(product, monkeypatch):
    monkeypatch.setattr(holdbacks, "MOST_AT_ONCE", 1)
    for name in ("clock", "radio"):
        add_product(product, "acme", name, "true", LICENSING_FEED="")
        product.publish("acme", name, "1.0.0", {})
    scrapes = [told(product.parts).get(("bridge_releases_held_back", "no_zip")) for _ in range(3)]
    assert scrapes == [None, None, 2]


def test_hooks_the_store_and_backups_are_told(product):
    found = told(product.parts)
    assert found["bridge_hook_last_refused_timestamp_seconds",] == 0
    assert found["bridge_backup_last_timestamp_seconds",] == 0
    stored = sum(map(len, files("1.0.0", pro=False).values()))
    assert found["bridge_store_bytes",] == stored
    client, now = product.client(), product.clock()
    body = body_for(product.world.repo("acme", "weather").id)
    assert client.post("/-/licensing/hooks/gitea", data=body, headers=headers_for(body)).status_code == 204
    assert client.post("/-/licensing/hooks/gitea", data=body, headers=headers_for(body, "wrong")).status_code == 403
    with product.parts.open_session() as session:
        usage.beat(session, BACKUP, now)
    found = told(product.parts)
    assert found["bridge_hook_deliveries_last_day", "release"] == 1
    assert found["bridge_hook_last_delivery_timestamp_seconds",] == now.timestamp()
    assert found["bridge_hook_last_refused_timestamp_seconds",] == now.timestamp()
    assert found["bridge_backup_last_timestamp_seconds",] == now.timestamp()
    product.clock.turn(hours=25)
    assert ("bridge_hook_deliveries_last_day", "release") not in told(product.parts)


def test_a_flood_of_refused_deliveries_writes_once_in_ten_seconds(product):
    client, written = product.client(), []
    event.listen(product.parts.engine, "before_cursor_execute", lambda *call: written.append(call[2]))
    for _ in range(20):
        client.post("/-/licensing/hooks/gitea", data=b"{}")
    assert len([statement for statement in written if "heartbeat" in statement]) == 1
    product.clock.turn(seconds=11)
    client.post("/-/licensing/hooks/gitea", data=b"{}")
    found = told(product.parts)
    assert found["bridge_hook_last_refused_timestamp_seconds",] == product.clock().timestamp()


def test_repos_that_can_t_be_read_are_told(product):
    product.clock.turn(seconds=1)
    with product.parts.open_session() as session:
        from bridge.storage import refreshes

        refreshes.enqueue(session, product.world.repo("acme", "weather").id, "acme/weather", "test", product.clock())
        claim = refreshes.claim(session, product.clock(), for_seconds=60, longest_wait=timedelta(hours=1))
        later = product.clock() + timedelta(seconds=5)
        refreshes.again(session, claim, later, step=0, digest="", attempts=1, error="no")
    assert told(product.parts)["bridge_refresh_failing",] == 1
