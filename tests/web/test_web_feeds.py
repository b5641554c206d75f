"""How feeds are answered: rules 1 to 8 of docs/update-clients.md, as bytes and headers."""

import re
from xml.etree import ElementTree as ET

import pytest
from support.joomla_client import check
from web_shop import EARLY, NEWEST, add_product, files, later

EMPTY = b'<?xml version="1.0" encoding="UTF-8"?>\n<updates></updates>\n'
FEEDS = (
    "/acme/gated/updates.xml",
    "/acme/gated/updates.pro.xml",
    "/acme/gated/changelog.xml",
    "/acme/-/licensing/extensions.xml",
    "/acme/closed/updates.xml",
)


@pytest.mark.rule(3)
@pytest.mark.parametrize("path", [*FEEDS, "/acme/gated/version.txt", "/acme/gated/updates/dolibarr.json"])
@pytest.mark.parametrize(
    "headers",
    [{"If-None-Match": "*"}, {"If-Modified-Since": "Fri, 31 Dec 2027 23:59:59 GMT"}, {"If-None-Match": 'W/"1", "2"'}],
)
def test_a_feed_is_never_answered_with_not_modified(path, headers, visitor):
    plain, conditional = visitor.get(path), visitor.get(path, headers=headers)
    assert (conditional.status_code, conditional.data) == (200, plain.data)
    assert "ETag" not in plain.headers
    assert "Last-Modified" not in plain.headers


@pytest.mark.rule(4)
@pytest.mark.parametrize("path", FEEDS)
@pytest.mark.parametrize("accepts", [{}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "br, zstd;q=1"}])
def test_a_feed_leaves_here_uncompressed_and_forbids_the_way_to_change_that(path, accepts, visitor):
    answer = visitor.get(path, headers=accepts)
    assert "Content-Encoding" not in answer.headers
    assert "no-transform" in answer.headers["Cache-Control"]
    assert answer.data.startswith(b"<?xml")


@pytest.mark.rule(5)
@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_is_complete_utf_8_xml_with_its_length(path, visitor):
    answer = visitor.get(path)
    assert answer.data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert answer.content_type == "application/xml; charset=utf-8"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert ET.fromstring(answer.data.decode("utf-8")) is not None


@pytest.mark.rule(5)
def test_an_internal_failure_is_a_500_and_no_shortened_feed(installation, monkeypatch):
    add_product(installation, "acme", "weather", "false")
    client = installation.client()
    monkeypatch.setattr(installation.parts.lookups, "repo_stamp", lambda *_path: 1 / 0)
    answer = client.get("/acme/weather/updates.xml")
    assert (answer.status_code, b"<updates" in answer.data) == (500, False)


@pytest.mark.rule(6)
def test_feeds_and_downloads_go_on_while_gitea_is_down(installation):
    add_product(installation, "acme", "weather", "false")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0"))
    installation.gitea.stop()
    client = installation.client()
    assert b"<version>1.0.0</version>" in client.get("/acme/weather/updates.xml").data
    assert client.get("/acme/weather/version.txt").data == b"1.0.0"
    assert client.get("/acme/weather/downloads/v1.0.0/weather.zip").status_code == 200


@pytest.mark.rule(7)
@pytest.mark.parametrize("path", FEEDS)
@pytest.mark.parametrize("query", ["?", "?utm_source=x", "?a=1&a=2&=&&%zz", "?j=5.3.2&p=8.2&m=8.0&v=1.0.0"])
def test_parameters_that_mean_nothing_change_nothing(path, query, visitor):
    assert visitor.get(path + query).data == visitor.get(path).data


@pytest.mark.rule(8)
@pytest.mark.parametrize("key", ["valid", "revoked", "no key"])
def test_the_retry_forms_give_the_same_feed(key, shop, visitor):
    said = shop.situations[key].key
    query = f"?dlid={said}" if said else "?x=1"
    feed = visitor.get(f"/acme/closed/updates.xml{query}")
    for retried in (
        f"/acme/closed/updates.xml/extension.xml{query}",
        f"/acme/closed/extension.xml{query}",
        f"/acme/closed/updates.xml{query}/extension.xml",
    ):
        answer = visitor.get(retried)
        assert (answer.status_code, answer.data) == (200, feed.data), retried


@pytest.mark.rule(8)
@pytest.mark.parametrize("query", ["channel=rc", "channel=rc/extension.xml", "channel=%20rc"])
def test_a_channel_is_understood_behind_the_retry_suffix_too(query, shop, visitor):
    key = shop.situations["master"].key
    body = visitor.get(f"/acme/closed/updates.xml?dlid={key}&{query}").data
    assert re.findall(rb"<version>(.+?)</version>", body) == [EARLY.encode()]


@pytest.mark.parametrize("channel", ["stable", "rc", "nightly", "STABLE", "x" * 5000, "%00", "%ff"])
def test_a_channel_takes_away_and_never_adds(channel, shop, visitor):
    key = shop.situations["valid"].key
    body = visitor.get(f"/acme/closed/updates.xml?dlid={key}&channel={channel}").data
    assert (NEWEST.encode() in body) == (channel == "stable")
    assert EARLY.encode() not in body
    if channel != "stable":
        assert body == EMPTY


def test_made_up_channels_do_not_push_real_bodies_out_of_the_memory(installation):
    add_product(installation, "acme", "weather", "false")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0"))
    client = installation.client()
    client.get("/acme/weather/updates.xml")
    product = installation.parts.products.find("acme", "weather")
    before = list(product.bodies)
    for number in range(300):
        client.get(f"/acme/weather/updates.xml?channel=made-up-{number}")
    assert list(product.bodies) == before


@pytest.mark.rule(2)
def test_private_absent_and_not_served_look_alike_to_the_byte(installation):
    add_product(installation, "acme", "weather", "true")
    installation.add_product("acme", "secret", private=True)
    installation.add_product("acme", "open", private=False)
    installation.add_product("stranger", "shop", LICENSING_PLATFORM="joomla")
    for owner, repo in (("acme", "secret"), ("acme", "open"), ("stranger", "shop")):
        installation.refresh(owner, repo)
    client = installation.client()
    for door in ("updates.xml", "version.txt", "changelog.xml", "updates/x.xml", "downloads/v1/x.zip"):
        answers = {
            (answer.status_code, answer.data, tuple(sorted(answer.headers.items())))
            for path in ("acme/secret", "acme/open", "acme/absent", "nobody/absent", "stranger/shop")
            for answer in [client.get(f"/{path}/{door}", headers={"X-Request-ID": "0" * 8})]
        }
        assert len(answers) == 1, door
        assert answers.pop()[0] == 404


@pytest.mark.rule(1)
@pytest.mark.parametrize(
    "door", ["updates.xml", "updates.pro.xml", "updates.gone.xml", "updates/x.xml", "extension.xml"]
)
def test_a_product_without_a_release_has_an_empty_feed(door, installation):
    add_product(installation, "acme", "weather", "false")
    answer = installation.client().get(f"/acme/weather/{door}")
    assert (answer.status_code, answer.data) == (200, EMPTY)
    assert check(answer.data).warnings == ()


@pytest.mark.rule(1, 11)
@pytest.mark.parametrize("platform", ["none", "dolibarr"])
def test_a_feed_that_is_no_longer_served_is_empty_and_no_error(platform, installation):
    add_product(installation, "acme", "weather", "false")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0"))
    assert b"1.0.0" in installation.client().get("/acme/weather/updates.xml").data
    installation.world.set_variable("acme", "LICENSING_PLATFORM", platform, repo="weather")
    installation.refresh("acme", "weather")
    for door in ("updates.xml", "updates.pro.xml"):
        answer = later(installation).get(f"/acme/weather/{door}")
        assert (answer.status_code, answer.data) == (200, EMPTY)


def test_an_open_answer_may_be_cached_but_not_for_requests_that_bring_a_key_in_a_header(visitor, shop):
    headers = {"X-License-Key": shop.situations["master"].key}
    stranger = visitor.get("/acme/gated/updates.xml")
    customer = visitor.get("/acme/gated/updates.xml", headers=headers)
    assert stranger.headers["Cache-Control"].startswith("public")
    assert set(stranger.headers["Vary"].split(", ")) == {"Authorization", "X-License-Key"}
    assert "no-store" in customer.headers["Cache-Control"]
    assert EARLY in customer.text
    assert EARLY not in stranger.text
