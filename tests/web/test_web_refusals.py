"""Why a download is refused, as a person reads it (rules 38, 39, 43), and files that are lost or sent by the proxy."""

import re
from html.parser import HTMLParser

import pytest
from support.bridges import START
from support.zips import joomla_module
from web_shop import NEWEST, add_product, files

from bridge.models import Package
from bridge.storage import refreshes

FILE = f"/acme/closed/downloads/v{NEWEST}/weather.zip"
REFUSED = (
    *("no key", "malformed", "typo", "for another repo", "foreign owner's", "test key", "revoked", "suspended"),
    *("not started", "expired", "expired but owned", "replaced, ended"),
)
WORDS = {
    "missing": "No license key was received",
    "malformed": "does not look like a license key",
    "unknown": "not known here",
    "wrong_product": "for another product",
    "test_key": "test purchase",
    "revoked": "was revoked",
    "suspended": "is suspended",
    "not_started": "not valid yet",
    "expired": "has expired",
}
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}{% x %}"


class _Page(HTMLParser):
    """The tags and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"}]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]


@pytest.mark.rule(38, 39)
@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml", "*/*", "", "application/json"])
def test_a_refusal_says_why_in_the_form_that_is_asked_for(name, accept, shop, visitor):
    situation = shop.situations[name]
    query = {"dlid": situation.key} if situation.key else {}
    answer = visitor.get(FILE, query_string=query, headers={"Accept": accept})
    code = answer.headers["X-License-Code"]
    assert answer.status_code == 403
    assert WORDS[code] in answer.text
    assert f"weather {NEWEST}" in answer.text
    assert answer.mimetype == ("text/html" if "html" in accept else "text/plain")
    assert ("2026-03-11" in answer.text) == (code == "expired")
    if answer.mimetype == "text/html":
        assert _Page(answer.text).tags.isdisjoint({"script", "style", "iframe", "img", "form", "object"})
    else:
        assert answer.text.count("\n") == 1
        assert len(answer.data) >= 30


@pytest.mark.rule(39)
@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_a_refusal_repeats_no_key_and_is_neither_stored_nor_named_to_others(name, accept, shop, visitor):
    situation = shop.situations[name]
    for path in (f"{FILE}?dlid={situation.key or ''}", FILE.replace("/v", f"/~{situation.token}/v")):
        answer = visitor.get(path, headers={"Accept": accept})
        if answer.status_code == 200:
            continue
        sent = answer.text + str(answer.headers)
        for secret in (situation.key, situation.token):
            assert secret in {None, "~", "nonsense"} or secret not in sent
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Location" not in answer.headers
        assert "WWW-Authenticate" not in answer.headers


@pytest.mark.rule(39)
def test_a_typo_is_refused_without_a_look_into_the_database(shop, visitor, monkeypatch):
    monkeypatch.setattr(shop.installation.parts.lookups, "keys_by_code", lambda _code: 1 / 0)
    answer = visitor.get(FILE, query_string={"dlid": shop.situations["typo"].key})
    assert answer.headers["X-License-Code"] == "malformed"


@pytest.mark.rule(38)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_hostile_names_stay_text(accept, installation):
    feed = f"name = '''{HOSTILE.replace(chr(39), '')}'''"
    add_product(installation, "acme", "weather", "true", LICENSING_FEED=feed)
    body = joomla_module("weather", "1.0.0", title=HOSTILE)
    installation.publish("acme", "weather", "1.0.0", {"weather.zip": body})
    answer = installation.client().get(
        "/acme/weather/downloads/v1.0.0/weather.zip?dlid=<script>alert(2)</script>", headers={"Accept": accept}
    )
    assert answer.status_code == 403
    assert "alert(2)" not in answer.text
    assert "49" not in answer.text
    if accept == "text/html":
        assert "script" not in _Page(answer.text).tags
        assert "&lt;script&gt;alert(1)" in answer.text
    else:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.rule(38)
@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://acme.example/renew?a=1&b=2", True),
        ("http://acme.example/", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://acme.example/\r\nX: y", False),
        ("https://acme.example/<b>", False),
        ("http:alert", False),
        ("//acme.example", False),
        ("https://user:pass@acme.example/", False),
    ],
)
def test_only_a_web_address_becomes_the_renewal_link(link, shown, installation):
    add_product(installation, "acme", "weather", "true")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
    package = installation.package("acme")
    with installation.parts.open_session() as session:  # past the checks of the form, as a restored backup would come
        session.get_one(Package, package).renewal_url = link
    key = installation.key(package, expires_at=START.replace(day=2))
    installation.clock.turn(days=10)
    client = installation.client()
    address = f"/acme/weather/downloads/v1.0.0/weather.zip?dlid={key.code}"
    page, line = client.get(address, headers={"Accept": "text/html"}), client.get(address)
    assert (page.headers["X-License-Code"], page.status_code) == ("expired", 403)
    assert _Page(page.text).links == ([link] if shown else [])
    assert (link in line.text) == shown
    assert line.text.count("\n") == 1


@pytest.mark.rule(38)
def test_the_seller_s_link_and_address_are_named_where_the_package_has_none(installation):
    add_product(installation, "acme", "weather", "true")
    seller = 'support = "help@acme.example"\nrenewal_url = "https://acme.example/renew"\n'
    installation.world.set_variable("acme", "LICENSING_SELLER", seller)
    installation.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
    text = installation.client().get("/acme/weather/downloads/v1.0.0/weather.zip", headers={"Accept": "text/html"}).text
    assert _Page(text).links == ["https://acme.example/renew"]
    assert "help@acme.example" in text


def test_a_file_that_was_lost_is_503_until_it_is_fetched_again(installation):
    add_product(installation, "acme", "weather", "false")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
    client, parts = installation.client(), installation.parts
    digest = re.findall("<sha256>(.+?)<", client.get("/acme/weather/updates.xml").text)[0]
    parts.store.remove(digest)
    lost = client.get("/acme/weather/downloads/v1.0.0/weather.zip")
    assert (lost.status_code, lost.headers["Retry-After"]) == (503, "60")
    with parts.open_session(read_only=True) as session:
        assert refreshes.depth(session) == 1
    installation.refresh("acme", "weather")
    assert parts.store.has(digest)
    assert client.get("/acme/weather/downloads/v1.0.0/weather.zip").status_code == 200


def test_a_proxy_is_told_which_file_to_send_and_the_file_stays_here(sqlite_url, tmp_path):
    from support.bridges import install

    made = install(sqlite_url, tmp_path, web={"downloads": "x-accel", "accel_prefix": "/-/store"})
    try:
        add_product(made, "acme", "weather", "download")
        made.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
        client, key = made.client(), made.key(made.package("acme"))
        digest = re.findall("<sha256>(.+?)<", client.get("/acme/weather/updates.xml").text)[0]
        path = "/acme/weather/downloads/v1.0.0/weather.zip"
        answer = client.get(f"{path}?dlid={key.code}")
        assert (answer.status_code, answer.data) == (200, b"")
        assert answer.headers["X-Accel-Redirect"] == f"/-/store/{digest[:2]}/{digest[2:4]}/{digest}"
        assert answer.headers["Content-Type"] == "application/zip"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="weather.zip"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer.headers["Cache-Control"]
        refused = client.get(path)
        assert (refused.status_code, "X-Accel-Redirect" in refused.headers) == (403, False)
        made.parts.store.remove(digest)
        lost = client.get(f"{path}?dlid={key.code}")
        assert (lost.status_code, "X-Accel-Redirect" in lost.headers) == (503, False)
    finally:
        made.close()
