"""A bridge with a product behind the proxies: feeds stay as they are, files go out by the proxy itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest
from support.bridges import Installation, install
from support.echoes import Echo, ask
from support.proxies import Proxy, Site, running_proxy
from support.zips import dolibarr_module, joomla_module
from werkzeug.serving import WSGIRequestHandler, make_server

from bridge.app import create_app
from gitea_client.simulator import RunningSimulator
from tools.ports import free_port

TAGS = ("v1.2.0", "release/v1.3.0")
PACKAGE = joomla_module("weather", "1.2.0", files={"sky.bin": bytes(range(256)) * 400})


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_said: object) -> None:
        """Say nothing."""


@dataclass
class Shop:
    """A proxy before a real bridge, whose public address it is."""

    proxy: Proxy
    direct: str
    key: str
    token: str

    def download(self, key: str | None = None) -> str:
        """The path of the file, as the feed names it."""
        feed = ask(self.proxy.url, f"/acme/mod/updates.xml?dlid={self.key}")
        url = ET.fromstring(feed.body).findtext("update/downloads/downloadurl")
        assert url.startswith(self.proxy.url)
        return f"{url.removeprefix(self.proxy.url)}?dlid={self.key if key is None else key}"


def _fill(installation: Installation) -> tuple[str, str]:
    installation.add_product("acme", "mod", LICENSING_PLATFORM="both", LICENSING_REQUIRE_KEY="true")
    files = {"mod_weather.zip": PACKAGE, "stock.zip": dolibarr_module("stock", "1.2.0")}
    installation.publish("acme", "mod", "1.2.0", files)
    key = installation.key(installation.package("acme"))
    return key.code, key.token


@pytest.fixture(scope="module", params=["direct", "x-accel"])
def shop(request, kind, migrated_sqlite, tmp_path_factory) -> Iterator[Shop]:
    directory = tmp_path_factory.mktemp("shop")
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    port = free_port()
    installation = install(
        f"sqlite:///{directory / 'bridge.db'}",
        directory,
        bridge={"public_url": f"http://127.0.0.1:{port}"},
        web={"downloads": request.param},
    )
    key, token = _fill(installation)
    app = create_app(installation.settings, installation.parts)
    served = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    with Echo("gitea") as gitea, RunningSimulator(served) as bridge:
        site = Site(gitea.url, bridge.base_url, installation.settings.store_dir.resolve(), port=port)
        with running_proxy(kind, site, directory / "proxy") as proxy:
            yield Shop(proxy, bridge.base_url, key, token)
    installation.close()


FEEDS = ("updates.xml", "updates/{token}.xml", "changelog.xml", "version.txt", "updates/dolibarr.json")


@pytest.mark.rule(3, 4, 5)
@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_comes_as_the_bridge_sent_it_never_compressed_and_never_304(shop, feed):
    path = f"/acme/mod/{feed.format(token=shop.token)}?dlid={shop.key}"
    wanted = ask(shop.direct, path)
    conditions = {"If-None-Match": "*", "If-Modified-Since": "Fri, 01 Jan 2038 00:00:00 GMT"}
    for sent in ({}, {"Accept-Encoding": "gzip, deflate, br"}, conditions):
        answer = ask(shop.proxy.url, path, **sent)
        assert (answer.status, answer.body) == (200, wanted.body)
        assert b"1.2.0" in answer.body
        assert "Content-Encoding" not in answer.headers
        for name in ("Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options", "Referrer-Policy"):
            assert answer.headers.get_all(name) == wanted.headers.get_all(name), name
        assert "no-transform" in answer.headers["Cache-Control"]


@pytest.mark.rule(7)
@pytest.mark.parametrize("feed", FEEDS)
def test_head_is_answered_as_get_without_the_body(shop, feed):
    path = f"/acme/mod/{feed.format(token=shop.token)}?dlid={shop.key}"
    whole, bare = ask(shop.proxy.url, path), ask(shop.proxy.url, path, method="HEAD")
    assert (bare.status, bare.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert bare.headers[name] == whole.headers[name]


@pytest.mark.rule(41)
def test_a_file_goes_out_whole_with_its_name_and_guards(shop):
    answer = ask(shop.proxy.url, shop.download(), Accept_Encoding="gzip")
    assert (answer.status, answer.body) == (200, PACKAGE)
    for name, value in {
        "Content-Type": "application/zip",
        "Content-Length": str(len(PACKAGE)),
        "Content-Disposition": 'attachment; filename="mod_weather.zip"',
        "Cache-Control": "private, no-store, no-transform",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Referrer-Policy": "no-referrer",
        "Accept-Ranges": "bytes",
    }.items():
        assert answer.headers.get_all(name) == [value], name
    assert "X-Accel-Redirect" not in answer.headers
    assert "Content-Encoding" not in answer.headers
    bare = ask(shop.proxy.url, shop.download(), method="HEAD")
    assert (bare.status, bare.headers["Content-Length"], bare.body) == (200, str(len(PACKAGE)), b"")


def test_a_broken_download_is_resumed(shop):
    path = shop.download()
    tag = ask(shop.proxy.url, path, method="HEAD").headers["ETag"]
    part = ask(shop.proxy.url, path, Range="bytes=100-", If_Range=tag)
    assert (part.status, part.body) == (206, PACKAGE[100:])
    assert part.headers["Content-Range"] == f"bytes 100-{len(PACKAGE) - 1}/{len(PACKAGE)}"
    assert ask(shop.proxy.url, path, Range="bytes=-10").body == PACKAGE[-10:]
    assert ask(shop.proxy.url, path, Range=f"bytes={len(PACKAGE)}-").status == 416


def test_without_a_good_key_no_byte_of_the_file_goes_out(shop):
    for key in ("", "nonsense"):
        for sent in ({}, {"Range": "bytes=0-9"}):
            answer = ask(shop.proxy.url, shop.download(key), **sent)
            assert (answer.status, b"PK" in answer.body) == (403, False)
            assert "X-License-Code" in answer.headers


def test_what_says_where_the_file_lies_can_not_be_asked_for(shop):
    told = ask(shop.direct, shop.download()).headers.get("X-Accel-Redirect", "/-/licensing/store/ab/cd/abcd")
    for path in (told, f"{told}?dlid={shop.key}", told.replace("/store/", "//store/"), f"{told}/", f"/-/.{told}"):
        answer = ask(shop.proxy.url, path, X_Accel_Redirect=told)
        assert b"PK" not in answer.body
        assert answer.status == 404 or answer.who == "gitea", path


def test_how_the_file_goes_out_is_what_the_setting_says(shop, request):
    accelerated = "X-Accel-Redirect" in ask(shop.direct, shop.download()).headers
    assert accelerated == (request.node.callspec.params["shop"] == "x-accel")
    # The proxies make an ETag of their own for what they send themselves; the bridge's is the file's SHA-256.
    tag = ask(shop.proxy.url, shop.download(), method="HEAD").headers["ETag"]
    assert (len(tag.strip('"')) == 64) == (not accelerated)


def test_what_gitea_answers_leads_to_no_file(kind, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "secret").write_bytes(b"PK paid for")
    with (
        Echo("gitea", {"X-Accel-Redirect": "/-/licensing/store/secret"}) as gitea,
        running_proxy(kind, Site(gitea.url, gitea.url, tmp_path / "store"), tmp_path / "proxy") as proxy,
    ):
        answer = ask(proxy.url, "/acme/mod/raw/branch/main/x")
    assert (answer.status, b"paid for" in answer.body) == (200, False)
