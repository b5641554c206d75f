"""A Joomla site checks, installs and downloads, over the years of a subscription. By HTTP only."""

import re
import time
from urllib.parse import urlsplit

import pytest
from support.joomla_client import Identity, check, file_name_from, install
from support.zips import joomla_module

from bridge.services.products import FRESH_SECONDS
from feeds.entries import Identity as ModuleIdentity

WEATHER: Identity = ModuleIdentity("module", "mod_weather", client="site")
FEED = "/acme/mod-weather/updates.xml"
SITE = {"User-Agent": "Mozilla/5.0 Joomla!/5.3.2 Joomla"}


class Site:
    """A site with the module installed. ``extra_query`` is what it stores behind the download key field."""

    def __init__(self, client, feed=FEED, *, key="", minimum="stable", installed="0.9.0"):
        self.client, self.feed, self.minimum, self.installed = client, feed, minimum, installed
        self.extra_query = f"dlid={key}" if key else ""

    def check(self):
        answer = self.client.get(self.feed, headers=SITE)
        return check(
            answer.data, status=answer.status_code, minimum=self.minimum, installed=self.installed, identity=WEATHER
        )

    def update(self):
        """Ask again, download, verify: the version, or what the administrator sees."""
        feed = self.client.get(self.feed, headers=SITE).data
        plan = install(feed, minimum=self.minimum, extra_query=self.extra_query)
        if plan.error:
            return plan.error
        parts = urlsplit(plan.url)
        assert (parts.scheme, parts.netloc) == ("https", "git.example.com")
        answer = self.client.get(f"{parts.path}?{parts.query}", headers=SITE)
        if answer.status_code != 200:
            return f"Error connecting to the server: {answer.status_code}"
        assert file_name_from(dict(answer.headers), plan.url).endswith(".zip")
        done = install(feed, minimum=self.minimum, extra_query=self.extra_query, package=answer.data)
        if done.error is None:
            self.installed = done.version
        return done.error or done.version


def publish(installation, version, repo="mod-weather", **more):
    zips = {f"mod_weather-{version}.zip": joomla_module("weather", version)}
    installation.publish("acme", repo, version, zips, **more)


def product(installation, require_key="download", repo="mod-weather", **variables):
    installation.add_product("acme", repo, LICENSING_PLATFORM="joomla", LICENSING_REQUIRE_KEY=require_key, **variables)
    installation.refresh("acme", repo)


@pytest.mark.rule(24, 26, 35, 38, 41)
def test_a_site_with_a_key_updates_and_one_without_is_told_at_the_download(installation):
    product(installation)
    publish(installation, "1.2.0")
    key = installation.key(installation.package("acme"))
    client = installation.client()
    paying, other = Site(client, key=key.code), Site(client)
    assert (paying.check().version, other.check().version) == ("1.2.0", "1.2.0")
    assert paying.update() == "1.2.0"
    assert other.update() == "Error connecting to the server: 403"
    assert (paying.check().version, paying.check().warnings) == (None, ())


@pytest.mark.rule(1, 35)
def test_a_closed_feed_shows_a_stock_site_nothing_and_its_personal_address_everything(installation):
    product(installation, "true")
    publish(installation, "1.2.0")
    key = installation.key(installation.package("acme"))
    client = installation.client()
    stock, personal = Site(client, key=key.code), Site(client, f"/acme/mod-weather/updates/{key.token}.xml")
    assert (stock.check().version, stock.check().warnings) == (None, ())
    assert personal.check().version == "1.2.0"
    assert personal.update() == "1.2.0"
    installation.revoke(key.id)
    personal.installed = "0.9.0"
    assert (personal.check().version, personal.check().warnings) == (None, ())


@pytest.mark.rule(20, 34)
def test_the_highest_version_by_php_s_order_is_the_latest_and_stands_first(installation):
    product(installation, "false")
    for version in ("1.9.0", "1.10.0", "1.10", "1.2.0"):
        publish(installation, version)
    client = installation.client()
    listed = re.findall("<version>(.+?)<", client.get(FEED).text)
    assert listed[0] == "1.10.0"
    assert listed == ["1.10.0", "1.2.0"]
    site = Site(client, installed="1.10")
    assert site.check().version == "1.10.0"
    site.installed = "1.10.0"
    assert site.check().version is None


@pytest.mark.rule(22)
def test_a_pre_release_reaches_only_sites_that_want_to_test_and_may(installation):
    product(installation, "true")
    publish(installation, "1.2.0")
    publish(installation, "1.3.0-rc1")
    testers = installation.key(installation.package("acme", "Testers"))
    others = installation.key(installation.package("acme", "Others", streams=("stable",)))
    client = installation.client()
    for key, minimum, sees in (
        (testers, "rc", "1.3.0-rc1"),
        (testers, "stable", "1.2.0"),
        (others, "dev", "1.2.0"),
    ):
        site = Site(client, f"/acme/mod-weather/updates/{key.token}.xml", minimum=minimum)
        assert (site.check().version, site.update()) == (sees, sees)


@pytest.mark.rule(40)
def test_after_the_subscription_ends_the_last_owned_version_stays_and_newer_ones_do_not_show(installation):
    product(installation, "true")
    publish(installation, "1.2.0")
    key = installation.key(installation.package("acme", term="30 days", grace_days=3, after_expiry="owned"))
    site = Site(installation.client(), f"/acme/mod-weather/updates/{key.token}.xml")
    installation.clock.turn(days=31)
    publish(installation, "1.3.0")
    graced = Site(installation.client(), site.feed)
    assert graced.update() == "1.3.0"
    installation.clock.turn(days=3)
    late = Site(installation.client(), site.feed)
    assert (late.check().version, late.check().warnings) == ("1.2.0", ())
    assert late.update() == "1.2.0"


@pytest.mark.rule(11, 12)
def test_a_renamed_and_a_transferred_product_keep_their_old_addresses(installation):
    product(installation)
    publish(installation, "1.2.0")
    package = installation.package("acme", repo="mod-weather")
    key = installation.key(package)
    repo_id = installation.world.repo("acme", "mod-weather").id
    installation.world.rename_repo("acme", "mod-weather", "weather-module")
    installation.parts.catalog.refresh(repo_id)
    renamed = Site(installation.client(), key=key.code)
    assert renamed.update() == "1.2.0"
    if installation.world.account("beta") is None:
        installation.world.add_user("beta-boss")
        installation.world.add_org("beta", owner="beta-boss")
    installation.world.transfer("acme", "weather-module", "beta")
    installation.parts.catalog.refresh(repo_id)
    time.sleep(FRESH_SECONDS + 0.1)  # so long may a process take what it remembers for the truth
    for feed in (FEED, "/acme/weather-module/updates.xml", "/beta/weather-module/updates.xml"):
        assert Site(installation.client(), feed, key=key.code).update() == "1.2.0", feed


@pytest.mark.rule(12)
def test_a_site_that_waits_for_hours_can_still_install_what_it_was_shown(installation):
    product(installation)
    publish(installation, "1.2.0")
    key = installation.key(installation.package("acme"))
    client = installation.client()
    shown = install(client.get(FEED).data, extra_query=f"dlid={key.code}")
    assert client.get(FEED).data == client.get(FEED).data
    installation.clock.turn(hours=20)
    publish(installation, "1.2.1")
    publish(installation, "1.3.0")
    parts = urlsplit(shown.url)
    assert installation.client().get(f"{parts.path}?{parts.query}").status_code == 200


@pytest.mark.rule(44)
def test_each_edition_is_installed_with_its_own_bytes(installation):
    product(installation, LICENSING_FEED='[edition.pro]\nasset = "*-pro.zip"\nrequire_key = "download"\n')
    zips = {
        "weather.zip": joomla_module("weather", "1.2.0"),
        "weather-pro.zip": joomla_module("weather", "1.2.0", files={"pro.php": "<?php\n"}),
    }
    installation.publish("acme", "mod-weather", "1.2.0", zips)
    key = installation.key(installation.package("acme"))
    client = installation.client()
    for feed in (FEED, "/acme/mod-weather/updates.pro.xml"):
        assert Site(client, feed, key=key.code).update() == "1.2.0"
