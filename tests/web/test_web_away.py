"""The database is locked or away: feeds answer 200, downloads say when to come again, counts are kept."""

import contextlib
import json
import sqlite3
from collections import Counter
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import event
from sqlmodel import select
from support.dolibarr_client import offers_update
from support.joomla_client import check
from web_shop import add_product, files, later

from bridge.errors import UnavailableError
from bridge.models import UsageDay
from bridge.storage import tallies
from bridge.storage.tallies import NO_REPO

FILE = "/acme/weather/downloads/v1.0.0/weather.zip"


@pytest.fixture
def product(installation):
    """A closed product with one release, and databases that give up at once instead of after ten seconds."""
    event.listen(installation.parts.engine, "connect", lambda wire, _record: wire.execute("PRAGMA busy_timeout = 20"))
    installation.parts.engine.dispose()
    add_product(installation, "acme", "weather", "true")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
    return installation


@pytest.fixture
def away(product, tmp_path):
    """Return a function after which the database can't be opened any more."""

    def go() -> None:
        product.parts.usage.flush()
        product.parts.lookups.close()
        product.parts.engine.dispose()
        for name in ("bridge.db", "bridge.db-wal", "bridge.db-shm"):
            with contextlib.suppress(FileNotFoundError):
                (tmp_path / name).rename(tmp_path / f"{name}.away")
        (tmp_path / "bridge.db").mkdir()

    return go


@contextlib.contextmanager
def locked(tmp_path):
    """Somebody else writes, and does not stop."""
    wire = sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)
    wire.execute("BEGIN IMMEDIATE")
    yield
    wire.execute("ROLLBACK")
    wire.close()


@pytest.mark.rule(1, 6, 51)
@pytest.mark.parametrize("query", ["", "?dlid={key}", "?dlid={key}&domain=example.com"])
def test_with_the_database_away_every_feed_is_200_and_empty(query, product, away):
    key = product.key(product.package("acme"))
    client, filled = later(product), query.format(key=key.code)
    away()
    for door in ("updates.xml", "extension.xml", "updates.pro.xml", f"updates/{key.token}.xml", "changelog.xml"):
        answer = client.get(f"/acme/weather/{door}{filled}")
        assert (answer.status_code, len(ET.fromstring(answer.data))) == (200, 0), door
        assert check(answer.data).warnings == ()
        assert "no-store" in answer.headers["Cache-Control"]
    assert client.get(f"/acme/-/licensing/extensions.xml{filled}").status_code == 200
    version = client.get(f"/acme/weather/version.txt{filled}")
    assert (version.status_code, version.data) == (200, b"")
    assert not offers_update(200, version.data, "0.1")
    document = client.get(f"/acme/weather/updates/dolibarr.json{filled}")
    assert (document.status_code, json.loads(document.data)["version"]) == (200, None)


def test_with_the_database_away_a_download_says_when_to_come_again(product, away):
    key = product.key(product.package("acme"))
    client = later(product)
    away()
    for path in (f"{FILE}?dlid={key.code}", FILE.replace("/v1", f"/~{key.token}/v1")):
        for accept in ("text/html", "*/*"):
            answer = client.get(path, headers={"Accept": accept})
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
            assert len(answer.data) >= 30
    assert client.get("/-/licensing/health").status_code == 503


@pytest.mark.rule(6)
def test_an_open_feed_that_was_asked_for_before_goes_on_from_memory(product, away):
    product.world.set_variable("acme", "LICENSING_REQUIRE_KEY", "false", repo="weather")
    product.refresh("acme", "weather")
    client = later(product)
    before = client.get("/acme/weather/updates.xml").data
    assert b"<version>1.0.0</version>" in before
    away()
    product.parts.products._monotonic = lambda: 10**9  # the last look at the database is long ago
    assert client.get("/acme/weather/updates.xml").data == before
    assert client.get(FILE).status_code == 200


def test_a_locked_database_lets_known_sites_pass_and_makes_new_ones_wait(product, tmp_path):
    key, client = product.key(product.package("acme")), product.client()
    known, new = (f"{FILE}?dlid={key.code}&domain={host}" for host in ("known.org", "new.org"))
    assert client.get(known).status_code == 200
    product.parts.usage.flush()
    with locked(tmp_path):
        assert client.get(known).status_code == 200
        refused = client.get(new)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
        feed = client.get(f"/acme/weather/updates.xml?dlid={key.code}&domain=new.org")
        assert (feed.status_code, b"<updates></updates>" in feed.data) == (200, True)
    assert client.get(new).status_code == 200


def test_a_locked_database_keeps_the_counts_for_later(product, tmp_path):
    key, client = product.key(product.package("acme")), product.client()
    with locked(tmp_path):
        for _ in range(3):
            assert client.get(f"{FILE}?dlid={key.code}").status_code == 200
        product.parts.usage.flush()
    client.get(f"{FILE}?dlid={key.code}")
    product.parts.usage.close()
    with product.parts.open_session(read_only=True) as session:
        rows = session.exec(select(UsageDay).where(UsageDay.repo_id != NO_REPO))
        assert [(row.kind, row.count) for row in rows] == [("download", 4)]
        told = Counter[str]()  # how long answers took stands in a row for each bound
        for each in tallies.read(session):
            told[each.code] += each.times if each.code != tallies.MICROSECONDS else 0
        assert +told == {"valid": 4, "took": 4}


def test_a_hook_that_can_t_be_kept_is_not_called_kept(product, tmp_path):
    from test_web_hooks import body_for, headers_for

    body = body_for(product.world.repo("acme", "weather").id)
    client, headers = product.client(), headers_for(body)
    with locked(tmp_path):
        assert client.post("/-/licensing/hooks/gitea", data=body, headers=headers).status_code == 503
    assert client.post("/-/licensing/hooks/gitea", data=body, headers=headers).status_code == 204


def test_a_revoked_key_stops_at_the_next_request(product):
    key, client = product.key(product.package("acme")), product.client()
    assert client.get(f"{FILE}?dlid={key.code}").status_code == 200
    product.revoke(key.id)
    assert client.get(f"{FILE}?dlid={key.code}").headers["X-License-Code"] == "revoked"
    assert b"<version>" not in client.get(f"/acme/weather/updates.xml?dlid={key.code}").data
    assert b"<version>" not in client.get(f"/acme/weather/updates/{key.token}.xml").data


def test_a_lookup_that_fails_in_the_middle_is_an_empty_feed_and_a_503(product, monkeypatch):
    key, client = product.key(product.package("acme")), product.client()
    client.get("/acme/weather/updates.xml")

    def fail(_code):
        raise UnavailableError("gone in the middle")

    monkeypatch.setattr(product.parts.lookups, "keys_by_code", fail)
    assert b"<updates></updates>" in client.get(f"/acme/weather/updates.xml?dlid={key.code}").data
    assert client.get(f"{FILE}?dlid={key.code}").status_code == 503
