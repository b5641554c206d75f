"""The database is away: keys that were seen lately get their feed, others an empty one; all else says when to come again."""

import contextlib
import time
from pathlib import Path

import pytest
import requests
from support.crowds import OWNER, PATH, REPO, Crowd, content_of
from support.databases import ONLY_POSTGRES
from support.served import until
from support.zips import joomla_module

from bridge.models import LicenseKey
from bridge.services import keys
from bridge.services.recollection import Recollection

FILE = f"{PATH}/downloads/v1.0.0/mod_weather.zip"
EMPTY_FEED = (Path(__file__).parents[1] / "golden" / "updates_empty.xml").read_bytes()
CLOSED = {"LICENSING_PLATFORM": "joomla", "LICENSING_REQUIRE_KEY": "true"}


@pytest.fixture
def product(installation):
    installation.add_product(OWNER, REPO, **CLOSED)
    installation.publish(OWNER, REPO, "1.0.0", {"mod_weather.zip": joomla_module("weather", "1.0.0")})
    return installation


@pytest.fixture
def away(request, product, tmp_path):
    """Return a context in which the database can't be reached; PostgreSQL is stopped, SQLite's file is elsewhere."""
    url = product.settings.database.url

    @contextlib.contextmanager
    def sqlite_away():
        product.parts.usage.flush()
        product.parts.lookups.close()
        product.parts.engine.dispose()
        files = [each for each in tmp_path.glob("bridge.db*") if each.is_file()]
        for each in files:
            each.rename(each.with_name(f"away-{each.name}"))
        (tmp_path / "bridge.db").mkdir()
        try:
            yield
        finally:
            (tmp_path / "bridge.db").rmdir()
            for each in files:
                each.with_name(f"away-{each.name}").rename(each)
            time.sleep(0.6)  # after which the database is asked again

    if url.startswith("sqlite"):
        return sqlite_away
    server = request.getfixturevalue("postgres_server")

    @contextlib.contextmanager
    def postgres_away():
        with server.down():
            yield
        time.sleep(0.6)

    return postgres_away


def test_keys_seen_lately_get_their_feed_and_all_others_an_empty_one(product, away):
    client, package = product.client(), product.package(OWNER, term="30 days")
    seen, never, sites = product.key(package), product.key(package), product.key(package)
    fading = product.key(package, expires_at=product.clock.now.replace(day=20))
    revoked, by_token = product.key(package), product.key(package)
    feeds = {
        "by key": f"{PATH}/updates.xml?dlid={seen.code}",
        "by token": f"{PATH}/updates/{seen.token}.xml",
        "with its site": f"{PATH}/updates.xml?dlid={sites.code}&domain=a.example",
    }
    full = {name: client.get(path).data for name, path in feeds.items()}
    assert all(b"<version>1.0.0" in body for body in full.values())
    for key in (fading, revoked):
        assert client.get(f"{PATH}/updates.xml?dlid={key.code}").data == full["by key"]
    client.get(f"{PATH}/updates.xml?dlid={revoked.code}&domain=b.example")
    client.get(f"{PATH}/updates/{revoked.token}.xml")
    product.revoke(revoked.id)
    assert client.get(f"{PATH}/updates.xml?dlid={revoked.code}").data == EMPTY_FEED  # the database has answered
    with away():
        for name, path in feeds.items():
            answer = client.get(path)
            assert (answer.status_code, answer.data) == (200, full[name]), name
            assert "no-store" in answer.headers["Cache-Control"]
        others = [
            f"updates.xml?dlid={never.code}",
            f"updates.xml?dlid={sites.code}&domain=new.example",
            f"updates/{by_token.token}.xml",
            *(f"updates{rest}" for rest in (f".xml?dlid={revoked.code}", f"/{revoked.token}.xml")),
            f"updates.xml?dlid={revoked.code}&domain=b.example",
        ]
        for path in others:
            answer = client.get(f"{PATH}/{path}")
            assert (answer.status_code, answer.data) == (200, EMPTY_FEED), path
        product.clock.turn(days=30)  # beyond the expiry of one and its grace: facts go on being judged
        assert client.get(f"{PATH}/updates.xml?dlid={fading.code}").data == EMPTY_FEED
    product.clock.turn(days=-30)
    assert client.get(f"{PATH}/updates.xml?dlid={never.code}").data == full["by key"]


def test_downloads_and_writes_say_when_to_come_again_and_write_nothing(product, away):
    client, package = product.client(), product.package(OWNER)
    key = product.key(package)
    token = {"Authorization": f"token {product.settings.gitea.token.get_secret_value()}"}
    buying = {"path": f"/api/v1/orgs/{OWNER}/license-keys", "json": {"package_id": package}, "headers": token}
    asking = {"path": f"/api/v1/repos{PATH}/license-keys/validate", "json": {"key": key.code}}
    assert client.get(f"{FILE}?dlid={key.code}").status_code == 200
    assert client.post(**asking).get_json()["valid"]
    before = content_of(product)
    with away():
        refused = [client.get(f"{FILE}?dlid={key.code}"), client.post(**buying), client.post(**asking)]
        assert [(each.status_code, each.headers["Retry-After"]) for each in refused] == [(503, "60")] * 3
    after = content_of(product)
    assert (after["keys"], after["hosts"]) == (before["keys"], before["hosts"])
    assert client.post(**buying).status_code == 201
    assert client.get(f"{FILE}?dlid={key.code}").status_code == 200


def test_what_is_remembered_has_an_end_in_time_and_number(product, away):
    now = [0.0]
    made = Recollection(product.parts.lookups, 2, 100, lambda: now[0])
    product.parts.gate._keys = made
    client, package = product.client(), product.package(OWNER)
    first, second, third = (product.key(package) for _ in range(3))
    for key in (first, second, third, second):
        client.get(f"{PATH}/updates.xml?dlid={key.code}")
        now[0] += 10
    with away():

        def remembered():
            paths = [f"{PATH}/updates.xml?dlid={key.code}" for key in (first, second, third)]
            return [client.get(path).data != EMPTY_FEED for path in paths]

        assert remembered() == [False, True, True]
        now[0] = 125
        assert remembered() == [False, True, False]
        now[0] = 135
        assert remembered() == [False, False, False]
    assert len(made._keys) == 2


def test_a_replaced_code_ends_also_while_the_database_is_away(product, away):
    client, key = product.client(), product.key(product.package(OWNER))
    with product.parts.open_session() as session:
        row = session.get_one(LicenseKey, key.id)
        new = keys.replace_code(session, row, keys.OVERLAPS["24h"], product.issuer())
    for code in (key.code, new):
        assert client.get(f"{PATH}/updates.xml?dlid={code}").data != EMPTY_FEED
    with away():
        assert client.get(f"{PATH}/updates.xml?dlid={key.code}").data != EMPTY_FEED
        product.clock.turn(days=2)
        assert client.get(f"{PATH}/updates.xml?dlid={key.code}").data == EMPTY_FEED
        assert client.get(f"{PATH}/updates.xml?dlid={new}").data != EMPTY_FEED


def test_a_key_that_was_deleted_is_not_remembered_by_its_other_names(product, away):
    from bridge.storage import removals

    client, key = product.client(), product.key(product.package(OWNER))
    for path in (f"updates.xml?dlid={key.code}", f"updates/{key.token}.xml"):
        assert client.get(f"{PATH}/{path}").data != EMPTY_FEED
    with product.parts.open_session() as session:
        removals.remove_key(session, session.get_one(LicenseKey, key.id))
    assert client.get(f"{PATH}/updates.xml?dlid={key.code}").data == EMPTY_FEED
    with away():
        assert client.get(f"{PATH}/updates/{key.token}.xml").data == EMPTY_FEED


def test_remembering_costs_little(product, figure):
    """Compared within one run and by this thread's own time, since the machine may be busy."""
    key = product.key(product.package(OWNER))
    lookups = product.parts.lookups
    remembering = Recollection(lookups, 20_000, 86_400)

    def seconds(look):
        best = float("inf")
        for _ in range(7):
            begin = time.thread_time()
            for _ in range(300):
                look(key.code)
            best = min(best, (time.thread_time() - begin) / 300)
        return best

    bare, with_memory = seconds(lookups.keys_by_code), seconds(remembering.keys_by_code)
    figure("a look-up of a key, µs", round(bare * 1e6, 1))
    figure("the same, remembered, µs", round(with_memory * 1e6, 1))
    assert with_memory < bare * 2


@ONLY_POSTGRES
@pytest.mark.slow
def test_a_restart_of_the_server_under_load_is_wrong_for_nobody(product, start, postgres_server, figure):
    """``bridge serve`` with two web workers. One dies while the database is away: its successor has seen no key."""
    package = product.package(OWNER, term="lifetime")
    key, never = product.key(package), product.key(package)
    served = start()
    until(served.well, "health")
    feed = f"{served.base}{PATH}/updates.xml?dlid="

    def versions(code):
        answer = requests.get(feed + code, timeout=30)
        assert answer.status_code == 200
        return answer.content.count(b"<version>")

    for _ in range(40):  # so that both workers have seen it
        assert versions(key.code) == 1
    crowd = Crowd(product, key, package, served.base)
    crowd.files = {file.name: "1.0.0" for file in product.settings.store_dir.glob("??/??/*")}
    crowd.start()
    time.sleep(1)
    with postgres_server.down():
        begin = time.monotonic()
        known = [versions(key.code) for _ in range(40)]
        unknown = [versions(never.code) for _ in range(10)]
        answers = [requests.get(f"{served.base}{FILE}?dlid={key.code}", timeout=30) for _ in range(5)]
        seconds = (time.monotonic() - begin) / 55
        crowd.book.wrong, wrong_before = [], crowd.book.wrong
        served.kill("web worker")
        after = [versions(key.code) for _ in range(20)]
    begin = time.monotonic()
    until(lambda: versions(never.code) == versions(key.code) == 1, "full feeds")
    back = time.monotonic() - begin
    time.sleep(1)  # a worker that found the database away asks it again after half a second at the latest
    crowd.book.wrong = []  # until then, an empty feed of the new worker is right, and no complete one
    time.sleep(1)
    crowd.stop()
    figure("feeds of a key seen lately, full", f"{known.count(1)} of {len(known)}")
    figure("an answer while the database is away, ms", round(seconds * 1000, 1))
    figure("until all is well after the start, s", round(back, 2))
    figure("answers", dict(crowd.book.answers))
    assert wrong_before == crowd.book.wrong == []
    assert set(known) == {1}
    assert set(unknown) == {0}
    assert set(after) <= {0, 1}
    assert {(each.status_code, each.headers.get("Retry-After")) for each in answers} == {(503, "60")}
    found = content_of(product)
    assert {id_: code for id_, code in crowd.book.keys.items() if found["keys"].get(id_) != code} == {}
    assert crowd.book.hosts <= found["hosts"]
    assert crowd.book.hooks <= found["hooks"]
