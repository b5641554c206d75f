"""One line a request tells an operator what happened, and nobody's key, token, query, mail or address."""

import json
import logging
import re

import pytest
from support.bridges import install
from web_shop import add_product, files

from bridge.settings.logs import set_up_logging
from bridge.settings.schema import LogSettings

FILE = "/acme/weather/downloads/v1.0.0/weather.zip"
RULE = "/<owner>/<repo>/downloads/<path:tag>/<name>"
MADE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def shop(sqlite_url, tmp_path):
    """A shop with a closed product that tells every request; ``shop(requests=...)`` sets its log up otherwise."""
    opened = []

    def build(**log):
        made = install(sqlite_url, tmp_path, log={"requests": "all"} | log)
        opened.append(made)
        add_product(made, "acme", "weather", "true")
        made.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
        return made

    yield build
    for made in opened:
        made.close()


@pytest.fixture
def logged(capsys):
    """Set the log up in a form; returns how to read what JSON came since. Afterwards everything is as before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def set_up(written):
        root.handlers.clear()  # those of the test runner would be closed
        set_up_logging(LogSettings(format=written))
        capsys.readouterr()
        return read

    def read(logger="bridge.requests"):
        written = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        return [line for line in written if line["logger"] == logger]

    yield set_up
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_download_is_told_by_rule_repo_decision_size_and_the_key_s_number(shop, logged):
    made, lines = shop(), logged("json")
    key = made.key(made.package("acme"))
    answer = made.client().get(f"{FILE}?dlid={key.code}&domain=example.com")
    [line] = lines()
    assert line.pop("ms") >= 0
    assert MADE.fullmatch(line["request_id"])
    assert line.pop("request_id") == answer.headers["X-Request-ID"]
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "bridge.requests",
        "method": "GET",
        "route": RULE,
        "repo": "acme/weather",
        "status": 200,
        "code": "valid",
        "bytes": len(answer.data),
        "key_id": key.id,
    }


def test_every_door_tells_its_decision(shop, logged):
    made, lines = shop(), logged("json")
    key, client = made.key(made.package("acme")), made.client()
    made.revoke(key.id)
    for door in ("updates.xml?dlid=x", f"updates.xml?dlid={key.code}", f"updates/{key.token}.xml", "changelog.xml"):
        client.get(f"/acme/weather/{door}")
    client.head(f"{FILE}?dlid={key.code}")
    client.get("/acme/-/licensing/extensions.xml")
    client.post("/api/v1/repos/acme/weather/license-keys/validate", json={"key": key.code})
    client.get("/api/v1/repos/acme/weather/license-keys")
    client.post("/-/licensing/hooks/gitea", data=b"{}")
    told = [(each.get("repo"), each["status"], each.get("code"), each.get("key_id")) for each in lines()]
    assert told == [
        ("acme/weather", 200, "malformed", None),
        ("acme/weather", 200, "revoked", key.id),
        ("acme/weather", 200, "revoked", key.id),
        ("acme/weather", 200, "missing", None),
        ("acme/weather", 403, "revoked", key.id),
        ("acme", 200, None, None),
        ("acme/weather", 200, "revoked", key.id),
        (None, 401, "unauthorized", None),
        (None, 403, None, None),
    ]


SECRET = "LIC-SECRE-TSECR-ETSEC-RETSE-CRETS"


@pytest.mark.parametrize("written", ["json", "text"])
@pytest.mark.parametrize(
    "path",
    [
        f"/acme/weather/updates.xml?dlid={SECRET}&mail={SECRET}",
        f"/acme/weather/updates/{SECRET}.xml",
        f"/acme/weather/updates.{SECRET}.xml",
        f"/acme/weather/downloads/~{SECRET}/v1.0.0/weather.zip",
        f"/acme/weather/downloads/{SECRET}/{SECRET}",
        f"/{SECRET}/weather/updates.xml",
        f"/acme/{SECRET}/updates.xml",
        f"/{SECRET}",
        f"/{SECRET}/-/licensing/extensions.xml",
        f"/api/v1/repos/{SECRET}/{SECRET}/license-keys/{SECRET}",
        f"/api/v1/orgs/{SECRET}/license-packages",
        f"/api/v1/{SECRET}",
    ],
)
def test_no_line_holds_what_an_address_or_a_header_says(path, written, shop, logged, capsys):
    client = shop().client()
    logged(written)
    client.get(path, headers={"X-Request-ID": SECRET, "X-License-Key": SECRET, "Authorization": f"token {SECRET}"})
    client.open(path, method=SECRET)
    log = capsys.readouterr().err
    assert log.count("bridge.requests") == 2
    assert SECRET[4:] not in log


@pytest.mark.parametrize(
    ("stated", "proxies", "taken"),
    [
        ("0123456789abcdef0123456789ABCDEF", 1, True),
        ("9b0b6ad4-7c1f-4e0c-8a5b-0c2f4f5d6e7f", 1, True),
        ("0123456789abcdef0123456789abcdef", 0, False),
        ("short", 1, False),
        ("g" * 32, 1, False),
        ("0" * 65, 1, False),
        ("00000000\r\nX: y", 1, False),
        ("", 1, False),
    ],
)
def test_the_proxy_s_id_is_taken_where_it_is_one_and_there_is_a_proxy(stated, proxies, taken, sqlite_url, tmp_path):
    made = install(sqlite_url, tmp_path, web={"trusted_proxies": proxies})
    try:
        client = made.client()
        answers = [client.get("/-/licensing/health", environ_base={"HTTP_X_REQUEST_ID": stated}) for _ in range(2)]
        first, second = (answer.headers["X-Request-ID"] for answer in answers)
        if taken:
            assert first == second == stated
        else:
            assert MADE.fullmatch(first)
            assert first != second
    finally:
        made.close()


def test_what_is_logged_meanwhile_carries_the_id_and_what_comes_later_does_not(shop, logged):
    lines = logged("json")
    client = shop().client()
    answer = client.post("/-/licensing/hooks/gitea", data=b"{}")
    logging.getLogger("bridge.later").info("on its own")
    written = lines("bridge.web.hooks")
    assert [line["request_id"] for line in written] == [answer.headers["X-Request-ID"]]
    client.get("/-/licensing/health")
    logging.getLogger("bridge.later").info("on its own")
    assert [line.get("request_id") for line in lines("bridge.later")] == [None]


@pytest.mark.parametrize(
    ("requests", "slow_seconds", "levels"),
    [
        ("all", 3600, ["info"]),
        ("all", 0.000001, ["warning"]),
        ("slow", 3600, []),
        ("slow", 0.000001, ["warning"]),
        ("none", 0.000001, []),
    ],
)
def test_which_requests_are_told_is_a_setting_and_slow_ones_stand_out(requests, slow_seconds, levels, shop, logged):
    lines = logged("json")
    client = shop(requests=requests, slow_seconds=slow_seconds).client()
    client.get("/acme/weather/updates.xml")
    assert [line["level"] for line in lines()] == levels


def test_a_text_line_reads_as_words(shop, logged, capsys):
    made = shop()
    key, client = made.key(made.package("acme")), made.client()
    logged("text")
    answer = client.get(f"{FILE}?dlid={key.code}", headers={"X-Request-ID": "0" * 16})
    line = capsys.readouterr().err
    words = (
        rf"GET {re.escape(RULE)} acme/weather 200 valid [\d.]+ ms {len(answer.data)} bytes key {key.id} \[0{{16}}\]\n"
    )
    assert re.search(f"INFO    bridge.requests: {words}$", line)


def test_gitea_is_told_the_id_of_the_request_that_it_is_asked_for(shop):
    made = shop()
    token = made.world.add_token("acme-boss")
    seen = []
    transport = made.parts.gitea._transport
    send = transport._session().send
    transport._session().send = lambda request, **options: (seen.append(request), send(request, **options))[1]
    client = made.client()
    answer = client.get(
        "/api/v1/repos/acme/weather/license-keys",
        headers={"Authorization": f"token {token}", "X-Request-ID": "feedbeef" * 4},
    )
    assert answer.status_code == 200
    assert {request.headers["X-Request-ID"] for request in seen} == {"feedbeef" * 4}
    seen.clear()
    made.refresh("acme", "weather")
    assert seen
    assert all("X-Request-ID" not in request.headers for request in seen)
