"""Licenses at the doors, over HTTP and on both databases: what changes in the office shows at the next request."""

from datetime import timedelta

import pytest
from sqlmodel import select
from support.zips import joomla_module

from bridge.models import LicenseKey, Package
from bridge.services import keys, sites
from bridge.services.keys import OVERLAPS
from bridge.storage import licenses
from bridge.storage.sites import live_sites

FEED, FILE = "/acme/mod-weather/updates.xml", "/acme/mod-weather/downloads/v1.0.0/mod_weather-1.0.0.zip"


@pytest.fixture
def door(installation):
    """What a key gets: the code of the refusal, or ``ok``; feed and download must say the same."""
    installation.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla", LICENSING_REQUIRE_KEY="true")
    installation.publish("acme", "mod-weather", "1.0.0", {"mod_weather-1.0.0.zip": joomla_module("weather", "1.0.0")})
    client = installation.client()

    def ask(code, **stated):
        query = {"dlid": code, **stated}
        listed = b"<version>1.0.0</version>" in client.get(FEED, query_string=query).data
        file = client.get(FILE, query_string=query)
        assert listed == (file.status_code == 200)
        return "ok" if listed else file.headers["X-License-Code"]

    return ask


def change(installation, key_id, what):
    with installation.parts.open_session() as session:
        return what(session, session.get_one(LicenseKey, key_id), installation.issuer())


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_a_replaced_code_works_until_its_overlap_ends_to_the_millisecond(installation, door, overlap):
    key = installation.key(installation.package("acme"))
    replaced_at = installation.clock.now
    fresh = change(installation, key.id, lambda s, k, by: keys.replace_code(s, k, OVERLAPS[overlap], by))
    before_and_after = []
    for ahead in (timedelta(milliseconds=-1), timedelta(0)):
        installation.clock.now = max(replaced_at, replaced_at + OVERLAPS[overlap] + ahead)
        before_and_after.append((door(key.code), door(fresh)))
    last_moment = "unknown" if overlap == "0" else "ok"
    assert before_and_after == [(last_moment, "ok"), ("unknown", "ok")]


def test_suspended_resumed_and_revoked_show_at_once(installation, door):
    key = installation.key(installation.package("acme"))
    seen = [door(key.code)]
    for what in (
        lambda s, k, by: keys.suspend(s, k, True, by.actor, by.now),
        lambda s, k, by: keys.suspend(s, k, False, by.actor, by.now),
        lambda s, k, by: keys.revoke(s, k, "", by),
    ):
        change(installation, key.id, what)
        seen.append(door(key.code))
    assert seen == ["ok", "suspended", "ok", "revoked"]


def test_a_replaced_feed_token_closes_the_old_address_and_opens_the_new(installation, door):
    key = installation.key(installation.package("acme"))
    client = installation.client()

    def listed(token):
        return b"<version>1.0.0</version>" in client.get(f"/acme/mod-weather/updates/{token}.xml").data

    assert listed(key.token)
    fresh = change(installation, key.id, keys.replace_feed_token)
    assert (listed(key.token), listed(fresh), door(key.code)) == (False, True, "ok")


def test_the_best_key_behind_a_legacy_code_counts(installation, door):
    package = installation.package("acme")
    first = installation.key(package, legacy_code="OLD-CODE-1")
    second = installation.key(package, legacy_code="OLD-CODE-1")
    assert door("OLD-CODE-1") == "ok"
    for key, left in ((first, "ok"), (second, "revoked")):
        installation.revoke(key.id)
        assert door("OLD-CODE-1") == left


def test_a_full_key_gives_way_to_another_behind_the_same_code(installation, door):
    package = installation.package("acme", max_sites=1)
    ids = [installation.key(package, legacy_code="OLD-CODE-1").id for _ in range(2)]
    assert [door("OLD-CODE-1", domain=f"{name}.com") for name in "abc"] == ["ok", "ok", "site_limit"]
    with installation.parts.open_session(read_only=True) as session:
        assert sorted(site.host for id_ in ids for site in live_sites(session, id_)) == ["a.com", "b.com"]


def test_a_site_of_one_key_takes_no_seat_on_another_behind_the_same_code(installation, door):
    package = installation.package("acme", max_sites=1)
    first, second = (installation.key(package, legacy_code="OLD-CODE-1").id for _ in range(2))
    assert [door("OLD-CODE-1", domain=f"{name}.com") for name in "ab"] == ["ok", "ok"]
    change(installation, first, lambda s, k, by: sites.free(s, k, "a.com", by.actor, by.now))
    assert door("OLD-CODE-1", domain="b.com") == "ok"
    with installation.parts.open_session(read_only=True) as session:
        assert [[site.host for site in live_sites(session, id_)] for id_ in (first, second)] == [[], ["b.com"]]


def test_the_master_key_opens_everything_of_its_owner(installation, door):
    installation.package("acme", max_sites=1)
    with installation.parts.open_session(read_only=True) as session:
        master = session.exec(select(LicenseKey.id).where(LicenseKey.is_master)).one()
        code = licenses.codes_of(session, [master])[master][0].code
    assert [door(code, domain=f"s{n}.com") for n in range(5)] == ["ok"] * 5


def test_a_freed_site_makes_room_at_once(installation, door):
    key = installation.key(installation.package("acme", max_sites=1))
    assert [door(key.code, domain=f"{name}.com") for name in "ab"] == ["ok", "site_limit"]
    change(installation, key.id, lambda s, k, by: sites.free(s, k, "a.com", by.actor, by.now))
    assert [door(key.code, domain=f"{name}.com") for name in "ba"] == ["ok", "site_limit"]


def test_keys_of_an_inactive_package_work_on(installation, door):
    package = installation.package("acme")
    key = installation.key(package)
    with installation.parts.open_session() as session:
        session.get_one(Package, package).active = False
    assert door(key.code) == "ok"
