"""How a key is read at the doors, and in which streams of releases it ends: rules 22, 35 to 37, 40 and 44."""

import re

import pytest
from support.bridges import START
from support.zips import joomla_module
from web_shop import FEW, NEWEST, add_product, files


def listed(client, path: str, **headers: str) -> list[str]:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return re.findall(r"<version>(.+?)</version>", answer.text)


@pytest.mark.rule(36)
@pytest.mark.parametrize(
    "query",
    [
        "dlid={key}",
        "amp;dlid={key}",
        "a=b&amp;dlid={key}",
        "key={key}",
        "dlid=&key={key}",
        "dlid=&dlid={key}",
        "dlid=%20&amp;dlid={key}",
        "dlid=%20{key}%20",
        "dlid=%22{key}%22",
        "dlid={spaced}",
        "dlid={lower}",
        "dlid={key}&dummy=my.zip",
        "dlid={key}&dlid=nonsense",
        "dlid=%E2%80%9C{key}%E2%80%9D",
        "dlid={key}%0D%0A",
        "dlid=Key%3A%20{key}",
    ],
)
@pytest.mark.parametrize("door", ["updates.xml", f"downloads/v{NEWEST}/weather.zip"])
def test_a_key_in_the_query_is_read_forgivingly(query, door, shop, visitor):
    key = shop.situations["valid"].key
    filled = query.format(key=key, spaced=key.replace("-", "%20-"), lower=key.lower())
    answer = visitor.get(f"/acme/closed/{door}?{filled}")
    assert answer.status_code == 200
    assert NEWEST.encode() in answer.data or answer.data.startswith(b"PK")


@pytest.mark.rule(36)
@pytest.mark.parametrize(
    "headers",
    [
        {"X-License-Key": "{key}"},
        {"X-License-Key": " '{key}' "},
        {"Authorization": "Bearer {key}"},
        {"Authorization": "bearer   {key} "},
        {"Authorization": "Basic {key}", "X-License-Key": "{key}"},
    ],
)
def test_a_key_in_a_header_is_read_too(headers, shop, visitor):
    key = shop.situations["valid"].key
    filled = {name: value.format(key=key) for name, value in headers.items()}
    assert listed(visitor, "/acme/closed/updates.xml", **filled) == list(FEW)


@pytest.mark.rule(36)
def test_the_first_key_that_is_not_empty_decides(shop, visitor):
    good, bad = shop.situations["valid"].key, shop.situations["revoked"].key
    assert listed(visitor, f"/acme/closed/updates.xml?dlid={bad}", **{"X-License-Key": good}) == []
    assert listed(visitor, f"/acme/closed/updates.xml?key={bad}&dlid={good}") == list(FEW)


@pytest.mark.rule(36)
def test_an_escaped_colon_in_an_imported_key_is_decoded(installation):
    add_product(installation, "acme", "weather", "true")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0"))
    installation.key(installation.package("acme"), legacy_code="12:abcDEF")
    client = installation.client()
    for spelling in ("12:abcDEF", "12%3AabcDEF", "12%253AabcDEF"):
        assert listed(client, f"/acme/weather/updates.xml?dlid={spelling}") == ["1.0.0"], spelling
    assert listed(client, "/acme/weather/updates.xml?dlid=12:abcdef") == []


@pytest.mark.rule(37)
def test_issued_keys_need_no_encoding_by_people(shop):
    issued = [each.key for each in shop.situations.values() if each.key and each.key.startswith("LIC-")]
    assert len(issued) > 10
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", key) for key in issued)


@pytest.mark.rule(35)
def test_an_open_feed_is_the_same_for_all_without_a_good_key(shop, visitor):
    bodies = {
        visitor.get("/acme/gated/updates.xml", query_string={"dlid": shop.situations[name].key or ""}).data
        for name in ("no key", "malformed", "revoked", "foreign owner's", "expired", "not started")
    }
    assert len(bodies) == 1


@pytest.mark.rule(35)
def test_without_the_variable_the_feed_is_open_and_the_download_is_not(installation):
    installation.add_product("acme", "weather", LICENSING_PLATFORM="joomla")
    installation.publish("acme", "weather", "1.0.0", {"weather.zip": joomla_module("weather", "1.0.0")})
    client = installation.client()
    assert listed(client, "/acme/weather/updates.xml") == ["1.0.0"]
    assert client.get("/acme/weather/downloads/v1.0.0/weather.zip").status_code == 403


@pytest.mark.rule(22)
def test_a_pre_release_is_nobody_s_stable_and_a_draft_is_nobody_s_at_all(installation):
    add_product(installation, "acme", "weather", "false")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0"))
    world = installation.world
    world.publish_release("acme", "weather", "v1.1.0", files=files("1.1.0"), prerelease=True)
    world.publish_release("acme", "weather", "v1.2.0", files=files("1.2.0"), draft=True)
    installation.refresh("acme", "weather")
    client = installation.client()
    master = installation.key(installation.package("acme")).code
    assert listed(client, "/acme/weather/updates.xml") == ["1.0.0"]
    assert listed(client, f"/acme/weather/updates.xml?dlid={master}") == ["1.1.0", "1.0.0"]
    assert re.findall("<tag>(.+?)</tag>", client.get(f"/acme/weather/updates.xml?dlid={master}").text) == [
        "rc",
        "stable",
    ]
    assert client.get("/acme/weather/downloads/v1.2.0/weather.zip").status_code == 404
    assert b"1.2.0" not in client.get("/acme/weather/changelog.xml").data
    assert client.get("/acme/weather/version.txt").data == b"1.0.0"
    assert client.get(f"/acme/weather/version.txt?dlid={master}").data == b"1.0.0"


def test_streams_of_the_package_decide_exactly_and_nothing_cascades(installation):
    add_product(installation, "acme", "weather", "true")
    for version in ("1.0.0", "1.1.0-rc1", "1.2.0-beta1", "1.3.0-alpha1"):
        installation.publish("acme", "weather", version, files(version, pro=False))
    client = installation.client()
    for streams, sees in (
        (("stable",), ["1.0.0"]),
        (("beta",), ["1.2.0-beta1"]),
        (("stable", "alpha"), ["1.3.0-alpha1", "1.0.0"]),
        (None, ["1.3.0-alpha1", "1.2.0-beta1", "1.1.0-rc1", "1.0.0"]),
    ):
        key = installation.key(installation.package("acme", f"For {streams}", streams=streams)).code
        assert listed(client, f"/acme/weather/updates.xml?dlid={key}") == sees
        for version in ("1.0.0", "1.1.0-rc1", "1.2.0-beta1", "1.3.0-alpha1"):
            answer = client.get(f"/acme/weather/downloads/v{version}/weather.zip?dlid={key}")
            assert answer.status_code == (200 if version in sees else 403)
            assert answer.headers.get("X-License-Code") == (None if version in sees else "stream_not_granted")


def test_streams_marked_with_a_plus_are_listed_in_open_feeds_too(installation):
    add_product(installation, "acme", "weather", "download")
    installation.world.set_variable("acme", "LICENSING_STREAMS", "stable, rc, beta+")
    for version in ("1.0.0", "1.1.0-rc1", "1.2.0-beta1"):
        installation.publish("acme", "weather", version, files(version, pro=False))
    client = installation.client()
    assert listed(client, "/acme/weather/updates.xml") == ["1.2.0-beta1", "1.0.0"]
    assert listed(client, "/acme/weather/updates.xml?channel=beta") == ["1.2.0-beta1"]
    assert listed(client, "/acme/weather/updates.xml?channel=rc") == []
    assert client.get("/acme/weather/version.txt").data == b"1.0.0"


@pytest.mark.rule(40)
def test_the_day_of_expiry_divides_what_is_owned_from_what_is_not(installation):
    add_product(installation, "acme", "weather", "true")
    package = installation.package("acme", after_expiry="owned", grace_days=0)
    key = installation.key(package, expires_at=START.replace(day=11)).code
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        installation.publish("acme", "weather", version, files(version, pro=False))
        installation.clock.turn(days=5)
    client = installation.client()  # 1.2.0 was first seen at the very moment of the expiry
    assert listed(client, f"/acme/weather/updates.xml?dlid={key}") == ["1.1.0", "1.0.0"]
    assert client.get(f"/acme/weather/downloads/v1.1.0/weather.zip?dlid={key}").status_code == 200
    refused = client.get(f"/acme/weather/downloads/v1.2.0/weather.zip?dlid={key}")
    assert (refused.status_code, refused.headers["X-License-Code"]) == (403, "expired")


@pytest.mark.rule(44)
def test_each_edition_has_a_feed_with_its_own_file_and_checksum(shop, visitor):
    key = shop.situations["valid"].key
    plain = visitor.get(f"/acme/closed/updates.xml?dlid={key}").text
    pro = visitor.get(f"/acme/closed/updates.pro.xml?dlid={key}").text
    for feed, element, file in ((plain, "mod_weather", "weather.zip"), (pro, "mod_weatherpro", "weather-pro.zip")):
        assert set(re.findall("<element>(.+?)<", feed)) == {element}
        assert {address.rpartition("/")[2] for address in re.findall("downloadurl.*?>(.+?)<", feed)} == {file}
    assert set(re.findall("<sha256>(.+?)<", plain)).isdisjoint(re.findall("<sha256>(.+?)<", pro))


@pytest.mark.rule(44)
def test_a_key_for_one_edition_opens_that_one_only(installation):
    edition = '[edition.pro]\nasset = "*-pro.zip"\n[edition.lite]\nasset = "*-lite.zip"\nrequire_key = "false"\n'
    add_product(installation, "acme", "weather", "true", LICENSING_FEED=edition)
    lite = {"weather-lite.zip": joomla_module("weatherlite", "1.0.0")}
    installation.publish("acme", "weather", "1.0.0", files("1.0.0") | lite)
    client = installation.client()
    key = installation.key(installation.package("acme", editions=("pro",))).code
    for edition_name, file, with_key, without in (
        ("", "weather.zip", 403, 403),
        (".pro", "weather-pro.zip", 200, 403),
        (".lite", "weather-lite.zip", 200, 200),
    ):
        feed = f"/acme/weather/updates{edition_name}.xml"
        assert bool(listed(client, f"{feed}?dlid={key}")) == (with_key == 200)
        assert bool(listed(client, feed)) == (without == 200)
        assert client.get(f"/acme/weather/downloads/v1.0.0/{file}?dlid={key}").status_code == with_key
        assert client.get(f"/acme/weather/downloads/v1.0.0/{file}").status_code == without


@pytest.mark.rule(47)
def test_the_changelog_holds_every_version_of_every_feed_as_it_is_spelled_there(installation):
    add_product(installation, "acme", "weather", "false")
    world = installation.world
    world.publish_release("acme", "weather", "v1.0.0", files=files("1.0.0"), notes="## Fixed\n- a bug\n")
    world.publish_release("acme", "weather", "v1.1.0", files=files("1.1.0"), notes="")
    only_pro = {"weather-pro.zip": joomla_module("weatherpro", "1.2")}
    world.publish_release("acme", "weather", "v1.2", files=only_pro, notes="- news")
    installation.refresh("acme", "weather")
    client = installation.client()
    in_feeds = listed(client, "/acme/weather/updates.xml") + listed(client, "/acme/weather/updates.pro.xml")
    assert set(in_feeds) == {"1.0.0", "1.1.0", "1.2"}
    assert listed(client, "/acme/weather/changelog.xml") == ["1.2", "1.1.0", "1.0.0"]
    assert "<item><![CDATA[a bug]]></item>" in client.get("/acme/weather/changelog.xml").text
