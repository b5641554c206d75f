"""The bytes of a download: headers, ranges, conditions, names (rules 12, 24, 26, 38, 41, 42)."""

import hashlib
import re
from urllib.parse import quote, urlsplit

import pytest
from support.joomla_client import file_name_from
from support.zips import joomla_module
from web_shop import NEWEST, add_product, files, later

from bridge.web import downloads

FILE = f"/acme/free/downloads/v{NEWEST}/weather.zip"
BYTES = files(NEWEST)["weather.zip"]
SIZE = len(BYTES)
ETAG = f'"{hashlib.sha256(BYTES).hexdigest()}"'


BOTH_WAYS = pytest.mark.usefixtures("way")


@pytest.fixture(params=[0, 1 << 30], ids=["from the disk", "from memory"])
def way(request, monkeypatch):
    """Small files are sent from memory, all others by the server from the disk; nobody may see a difference."""
    monkeypatch.setattr(downloads, "_SMALL_BYTES", request.param)


@pytest.mark.rule(41)
@BOTH_WAYS
def test_a_download_has_every_header_that_clients_need(visitor):
    answer = visitor.get(FILE)
    assert (answer.status_code, answer.data) == (200, BYTES)
    assert {name: answer.headers[name] for name in answer.headers.keys() & WANTED.keys()} == WANTED
    assert "Content-Encoding" not in answer.headers
    assert "Location" not in answer.headers


WANTED = {
    "Content-Type": "application/zip",
    "Content-Length": str(SIZE),
    "Content-Disposition": 'attachment; filename="weather.zip"',
    "Accept-Ranges": "bytes",
    "ETag": ETAG,
    "Cache-Control": "private, no-store, no-transform",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
}


@pytest.mark.rule(41)
@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=0-9", 206, BYTES[:10]),
        ("bytes=10-", 206, BYTES[10:]),
        ("bytes=-7", 206, BYTES[-7:]),
        (f"bytes=5-{SIZE * 2}", 206, BYTES[5:]),
        (f"bytes=-{SIZE * 2}", 200, BYTES),
        ("bytes=0-0", 206, BYTES[:1]),
        ("bytes=0-1,5-6", 200, BYTES),
        ("bytes=5-6, 0-1", 200, BYTES),
        ("bytes=9-5", 200, BYTES),
        ("bytes=abc", 200, BYTES),
        ("bytes=", 200, BYTES),
        ("bytes=-", 200, BYTES),
        ("lines=0-5", 200, BYTES),
        ("\xff\x80", 200, BYTES),
        ("bytes=" + "9" * 20 + "-", 416, None),
        ("bytes=" + "9" * 4000 + "-", 200, BYTES),
        (f"bytes={SIZE}-", 416, None),
        ("bytes=-0", 416, None),
    ],
)
@BOTH_WAYS
def test_one_range_is_cut_out_and_anything_else_is_the_whole_or_416(wanted, status, body, visitor):
    answer = visitor.get(FILE, headers={"Range": wanted})
    assert answer.status_code == status
    if body is None:
        assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
        assert len(answer.data) >= 30
        return
    assert answer.data == body
    assert int(answer.headers["Content-Length"]) == len(body)
    if status == 206:
        start = BYTES.index(body) if body != BYTES else 0
        assert answer.headers["Content-Range"].endswith(f"/{SIZE}")
        assert int(re.findall(r"\d+", answer.headers["Content-Range"])[0]) in {start, SIZE - len(body)}


@pytest.mark.parametrize(
    ("condition", "status"),
    [(ETAG, 206), ('"something else"', 200), (f"W/{ETAG}", 200), ("Mon, 01 Jan 2001 00:00:00 GMT", 200)],
)
@BOTH_WAYS
def test_a_part_is_given_only_of_the_file_that_was_begun(condition, status, visitor):
    answer = visitor.get(FILE, headers={"Range": "bytes=5-", "If-Range": condition})
    assert (answer.status_code, answer.data) == (status, BYTES[5:] if status == 206 else BYTES)


@pytest.mark.parametrize(("condition", "status"), [(ETAG, 304), (f'"x", {ETAG}', 304), ("*", 304), ('"x"', 200)])
@BOTH_WAYS
def test_a_file_that_is_there_already_is_not_sent_again(condition, status, visitor):
    answer = visitor.get(FILE, headers={"If-None-Match": condition})
    assert (answer.status_code, answer.data) == (status, b"" if status == 304 else BYTES)


def test_not_modified_is_no_way_around_the_key(visitor, shop):
    answer = visitor.get(FILE.replace("/free/", "/closed/"), headers={"If-None-Match": ETAG})
    assert (answer.status_code, answer.headers["X-License-Code"]) == (403, "missing")


@BOTH_WAYS
def test_head_tells_the_length_and_sends_nothing(visitor):
    answer = visitor.head(FILE)
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", str(SIZE))


@pytest.mark.rule(42)
@pytest.mark.parametrize("agent", ["", "curl/8.0", "Mozilla/5.0 Joomla!/5.3.2 Joomla", "\xff\x00".replace("\x00", "")])
def test_no_client_is_refused_for_its_user_agent(agent, visitor):
    assert visitor.get(FILE, headers={"User-Agent": agent}).status_code == 200


@pytest.mark.rule(42)
def test_a_client_without_any_user_agent_is_served(visitor):
    answer = visitor.get(FILE, environ_overrides={"HTTP_USER_AGENT": ""})
    assert answer.status_code == 200
    assert visitor.get(FILE, environ_base={}).status_code == 200


@pytest.mark.rule(24, 26)
def test_every_link_of_a_feed_delivers_what_the_feed_says(shop, visitor):
    key = shop.situations["master"].key
    for feed in ("updates.xml", "updates.pro.xml"):
        text = visitor.get(f"/acme/closed/{feed}?dlid={key}").text
        links = re.findall("<downloadurl[^>]*>(.+?)<", text)
        assert len(links) == 3
        for link, digest in zip(links, re.findall("<sha256>(.*?)</sha256>", text), strict=True):
            parts = urlsplit(link)
            assert (parts.scheme, parts.netloc, parts.query) == ("https", "git.example.com", "")
            assert parts.path.endswith(".zip")
            assert re.fullmatch("[0-9a-f]{64}", digest)
            body = visitor.get(f"{parts.path}?dlid={key}")
            assert (body.status_code, hashlib.sha256(body.data).hexdigest()) == (200, digest)


@pytest.mark.rule(41)
@pytest.mark.parametrize(
    ("uploaded", "delivered"),
    [
        ("weather.zip", "weather.zip"),
        ("Wetter für Zürich.zip", "Wetter f_r Z_rich.zip"),
        ('a"; filename="evil.exe.zip', "a__ filename__evil.exe.zip"),
        ("..hidden.zip", "hidden.zip"),
        ("天気.ZIP", "mod_weather.zip"),
        ("a+b (1)~2.zip", "a+b (1)~2.zip"),
        ("50%.zip", "50_.zip"),
        ("semi;colon.zip", "semi_colon.zip"),
    ],
)
def test_a_file_has_an_ascii_name_that_joomla_can_unpack(uploaded, delivered, installation):
    add_product(installation, "acme", "weather", "false")
    body = joomla_module("weather", "1.0.0")
    installation.publish("acme", "weather", "1.0.0", {uploaded: body})
    client = installation.client()
    link = re.findall("<downloadurl[^>]*>(.+?)<", client.get("/acme/weather/updates.xml").text)[0]
    answer = client.get(urlsplit(link).path)
    assert (answer.status_code, answer.data) == (200, body)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{delivered}"'
    assert file_name_from(dict(answer.headers), link) == delivered
    assert client.get(f"/acme/weather/downloads/v1.0.0/{quote(uploaded)}").status_code == 200


@pytest.mark.parametrize(
    "tag", ["v1.0.0", "release/1.0.0", "a/b/c/1.0.0", "weather+one", "x%AAy", "v1.0.0_ü", "downloads/1.0.0", "@1.0.0"]
)
def test_a_tag_of_any_form_leads_to_its_file(tag, installation):
    add_product(installation, "acme", "weather", "download")
    body = joomla_module("weather", "1.0.0")
    installation.world.publish_release("acme", "weather", tag, files={"weather.zip": body})
    installation.refresh("acme", "weather")
    client, key = installation.client(), installation.key(installation.package("acme"))
    link = re.findall("<downloadurl[^>]*>(.+?)<", client.get("/acme/weather/updates.xml").text)[0]
    personal = re.findall("<downloadurl[^>]*>(.+?)<", client.get(f"/acme/weather/updates/{key.token}.xml").text)[0]
    assert client.get(f"{urlsplit(link).path}?dlid={key.code}").data == body
    assert client.get(urlsplit(link).path).status_code == 403
    assert client.get(urlsplit(personal).path).data == body
    assert f"/downloads/~{key.token}/" in personal


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("v1.1.0/nothing.zip", 404),
        ("v9.9.9/weather.zip", 404),
        ("v1.1.0/WEATHER.zip", 404),
        ("v1.1.0//weather.zip", 404),
        ("v1.1.0/../v1.1.0/weather.zip", 404),
        ("v1.1.0/..%2F..%2Fweather.zip", 404),
        ("/weather.zip", 404),
        ("~/v1.1.0/weather.zip", 404),
        ("~~/v1.1.0/weather.zip", 403),
        ("~nonsense/v1.1.0/weather.zip", 403),
        ("~nonsense/v9.9.9/weather.zip", 404),
    ],
)
def test_a_path_is_taken_literally(path, status, visitor):
    assert visitor.get(f"/acme/closed/downloads/{path}").status_code == status


def test_a_token_is_no_key_and_a_key_no_token(shop, visitor):
    known = shop.situations["valid"]
    assert visitor.get(f"/acme/closed/downloads/v{NEWEST}/weather.zip?dlid={known.token}").status_code == 403
    assert visitor.get(f"/acme/closed/downloads/~{known.key}/v{NEWEST}/weather.zip").status_code == 403
    assert b"<version>" not in visitor.get(f"/acme/closed/updates/{known.key}.xml").data
    assert b"<version>" not in visitor.get(f"/acme/closed/updates.xml?dlid={known.token}").data


@pytest.mark.rule(12)
def test_what_was_superseded_stays_and_what_was_withdrawn_is_gone_for_good(installation):
    add_product(installation, "acme", "weather", "download")
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
        installation.publish("acme", "weather", version, files(version, pro=False))
    key = installation.key(installation.package("acme"))
    installation.world.unpublish("acme", "weather", "v1.3.0")
    installation.refresh("acme", "weather")
    client = later(installation)
    feed = client.get("/acme/weather/updates.xml").data
    assert b"1.1.0" not in feed
    assert b"1.3.0" not in feed

    def ask(version, query=f"?dlid={key.code}"):
        answer = client.get(f"/acme/weather/downloads/v{version}/weather.zip{query}")
        return answer.status_code, answer.headers.get("X-License-Code")

    assert [ask(version) for version in ("1.0.0", "1.1.0", "1.2.0")] == [(200, None)] * 3
    assert ask("1.3.0") == (410, "release_withdrawn")
    assert ask("1.3.0", "") == (403, "missing")


@pytest.mark.rule(12)
def test_a_withdrawn_release_is_gone_without_a_key_where_none_is_required(installation):
    add_product(installation, "acme", "weather", "false")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
    repo, release = installation.world.found_release("acme", "weather", "v1.0.0")
    installation.world.delete_release(repo, release, installation.world.actor_for(repo, None))
    installation.refresh("acme", "weather")
    answer = later(installation).get("/acme/weather/downloads/v1.0.0/weather.zip")
    assert (answer.status_code, answer.headers["X-License-Code"]) == (410, "release_withdrawn")
    assert b"withdrawn" in answer.data


@pytest.mark.rule(12)
def test_a_tag_that_is_published_again_is_served_again(installation):
    add_product(installation, "acme", "weather", "false")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
    installation.world.unpublish("acme", "weather", "v1.0.0")
    installation.refresh("acme", "weather")
    repo, release = installation.world.found_release("acme", "weather", "v1.0.0")
    installation.world.edit_release(repo, release, installation.world.actor_for(repo, None), draft=False)
    installation.refresh("acme", "weather")
    assert later(installation).get("/acme/weather/downloads/v1.0.0/weather.zip").status_code == 200
