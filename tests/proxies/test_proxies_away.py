"""What is answered in the bridge's place while it is stopped or hangs: no feed is ever an error."""

import json
import re
import socket
import time
from xml.etree import ElementTree as ET

import pytest
from support.echoes import ask
from support.proxies import Site, running_proxy

from bridge.services.feeds import EMPTY_CHANGELOG, EMPTY_FEED
from feeds import dolibarr, joomla

XML, TEXT, JSON = "application/xml; charset=utf-8", "text/plain; charset=utf-8", "application/json; charset=utf-8"
FEEDS = (
    ("/acme/mod/updates.xml?dlid=KEY", EMPTY_FEED, XML),
    ("/acme/mod/updates.xml/extension.xml", EMPTY_FEED, XML),
    ("/acme/mod/extension.xml", EMPTY_FEED, XML),
    ("/acme/mod/updates.pro.xml", EMPTY_FEED, XML),
    ("/acme/mod/updates.pro.xml/extension.xml", EMPTY_FEED, XML),
    ("/acme/mod/updates/TOKEN.xml", EMPTY_FEED, XML),
    ("/acme/downloads/updates.xml", EMPTY_FEED, XML),
    ("/acme/mod/changelog.xml", EMPTY_CHANGELOG, XML),
    ("/acme/-/licensing/extensions.xml", joomla.collection(()), XML),
    ("/acme/mod/version.txt?key=KEY", b"", TEXT),
    ("/acme/mod/updates/dolibarr.json", dolibarr.dolibarr_json(None), JSON),
)
DOWNLOADS = (
    "/acme/mod/downloads/v1/mod.zip?dlid=KEY",
    "/acme/mod/downloads/a%2Fb/mod.zip",
    "/acme/mod/downloads/~TOKEN/v1/mod.zip",
)
PAGES = ("/-/licensing/health", "/-/licensing/my/x", "/acme/-/licensing/keys", "/acme/mod/licenses")
OF_API = ("/api/v1/orgs/acme/license-keys", "/api/v1/repos/acme/mod/licensing")
# What Dolibarr takes for a version: see docs/update-clients.md.
_LONGEST_VERSION = 29


def same(kind: str, body: bytes, wanted: bytes) -> bool:
    """Whether two bodies say the same."""
    if kind == JSON:
        return bool(json.loads(body) == json.loads(wanted))
    if kind == XML:
        assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
        return ET.canonicalize(body.decode()) == ET.canonicalize(wanted.decode())
    return body == wanted


@pytest.mark.rule(1)
@pytest.mark.parametrize(("path", "wanted", "kind_of_body"), FEEDS)
def test_a_feed_is_200_and_empty_while_the_bridge_is_stopped(without_bridge, path, wanted, kind_of_body):
    answer = ask(without_bridge.url, path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind_of_body)
    assert answer.headers.get_all("Content-Type") == [kind_of_body]
    assert same(kind_of_body, answer.body, wanted)
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert answer.headers["Cache-Control"] == "private, no-store, no-transform"


@pytest.mark.rule(3, 4, 7)
@pytest.mark.parametrize(("path", "wanted", "kind_of_body"), FEEDS)
def test_it_is_neither_304_nor_compressed_and_head_is_answered_too(without_bridge, path, wanted, kind_of_body):
    conditions = {"If-None-Match": "*", "If-Modified-Since": "Fri, 01 Jan 2038 00:00:00 GMT"}
    answer = ask(without_bridge.url, path, Accept_Encoding="gzip, br", **conditions)
    assert answer.status == 200
    assert "Content-Encoding" not in answer.headers
    assert same(kind_of_body, answer.body, wanted)
    bare = ask(without_bridge.url, path, method="HEAD")
    assert (bare.status, bare.body, bare.headers["Content-Type"]) == (200, b"", kind_of_body)


@pytest.mark.rule(51)
@pytest.mark.parametrize("path", DOWNLOADS)
def test_a_download_is_503_and_says_when_to_come_again(without_bridge, path):
    answer = ask(without_bridge.url, path)
    assert (answer.status, answer.headers["Content-Type"], answer.headers["Retry-After"]) == (503, TEXT, "60")
    assert b"try again in a minute" in answer.body


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_503_and_says_what_to_do(without_bridge, path):
    answer = ask(without_bridge.url, path)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert b"<h1>In a moment</h1>" in answer.body


@pytest.mark.parametrize("path", OF_API)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_the_api_is_503_in_its_own_manner(without_bridge, path, method):
    answer = ask(without_bridge.url, path, method=method, body=b"")
    assert (answer.status, answer.headers["Content-Type"]) == (503, "application/json")
    assert answer.headers["Retry-After"] == "60"
    told = json.loads(answer.body)
    assert (told["code"], set(told)) == ("unavailable", {"message", "code", "url"})


def test_gitea_goes_on_while_the_bridge_is_stopped(without_bridge):
    for path in ("/acme/mod", "/acme/mod/src/branch/main/updates.xml", "/api/v1/version"):
        assert ask(without_bridge.url, path).who == "gitea"


def test_the_bridge_goes_on_while_gitea_is_stopped_and_gitea_s_pages_say_502(without_gitea):
    assert ask(without_gitea.url, "/acme/mod/updates.xml").who == "bridge"
    assert ask(without_gitea.url, "/acme/mod").status == 502


@pytest.mark.rule(51)
def test_whatever_the_proxy_itself_says_at_version_txt_is_no_version(proxy, without_bridge):
    for running in (proxy, without_bridge):
        answers = [
            ask(running.url, f"/acme/mod/version.txt?key={'x' * 9000}"),
            ask(running.url, f"/acme/mod/version.txt?key={'x' * 70_000}"),
            ask(running.url, "/acme/mod/version.txt", X_Big="x" * 70_000),
            ask(running.url, "/acme/mod/version.txt", Cookie="x" * 1_200_000),
        ]
        for answer in answers:
            if answer.who != "bridge":
                text = answer.body.decode()
                assert not re.fullmatch(r"\s*[^\s].{0,28}\s*", text), text
                assert not 0 < len(text.strip()) <= _LONGEST_VERSION, text


@pytest.mark.slow
@pytest.mark.rule(6)
@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_a_bridge_that_hangs_is_as_good_as_stopped_after_five_seconds(kind, echoes, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are taken, and nothing is ever said
        site = Site(echoes[0].url, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with running_proxy(kind, site, tmp_path) as proxy:
            begun = time.monotonic()
            answer = ask(proxy.url, "/acme/mod/updates.xml?dlid=KEY")
            took = time.monotonic() - begun
    assert (answer.status, ET.fromstring(answer.body).findall("update")) == (200, [])
    assert 4 < took < 15
