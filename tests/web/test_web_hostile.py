"""Hostile input at every door: nothing fails, nothing comes back unescaped, no key reaches a log."""

import logging
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.visitors import another_address
from web_shop import NEWEST, Shop
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from bridge.errors import UnavailableError

FILE = f"/downloads/v{NEWEST}/weather.zip"
DOORS = (
    *("/updates.xml", "/extension.xml", "/updates.pro.xml", "/changelog.xml", "/version.txt", "/updates/dolibarr.json"),
    FILE,
)
MARK = "<zz'\"&>"  # comes back from nowhere unless somebody echoes what was sent
HUGE = "A" * 8192
STRANGE = [
    "",
    " ",
    "\x00",
    "\x00" * 100,
    "\xff\xfe\x80",
    "%00",
    "%ff%fe",
    "%",
    "%zz",
    "%25%32%35",
    "../../../etc/passwd",
    "..%2f..%2f",
    "\\..\\",
    "' OR '1'='1",
    "'; DROP TABLE license_key; --",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "{0.__class__}",
    "%s%s%n",
    "\r\nSet-Cookie: a=b",
    "%0d%0aSet-Cookie:%20a=b",
    "<script>alert(1)</script>",
    MARK,
    HUGE,
    "%41" * 2700,
    "ü" * 2000,
    "\u202e\u200b\ufeff",
    "😀" * 500,
    "\ud800",
    "xn--" + "a" * 300,
    "[::1",
    "1" * 5000,
    "LIC-" + "-" * 500,
    "Key: " * 100,
    "&amp;dlid=x",
    "dlid=x&dlid=y",
]
NAMES = ("dlid", "amp;dlid", "key", "domain", "amp;domain", "channel", "dolibarr", "php")


@pytest.fixture(autouse=True)
def from_elsewhere(visitor):
    """Each test comes from an address of its own: whoever tries many keys from one is told to wait."""
    visitor.environ_base["HTTP_X_FORWARDED_FOR"] = another_address()


def raw(text: str) -> str:
    """The text as a server hands raw bytes to an application: one character a byte."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def fine(answer) -> None:
    """What holds for every answer, whatever was asked."""
    assert answer.status_code in {200, 206, 304, 400, 403, 404, 405, 410, 413, 414, 416}, answer.status_code
    assert "Set-Cookie" not in answer.headers
    assert "Location" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert MARK.encode() not in answer.data
    assert b"<script" not in answer.data
    assert b"Traceback" not in answer.data
    assert b"root:" not in answer.data


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", NAMES)
def test_a_strange_parameter_is_read_or_refused_and_never_a_failure(door, name, shop, visitor):
    key = shop.situations["valid"].key
    good = "" if name in {"dlid", "amp;dlid", "key"} else f"dlid={key}&"
    for text in STRANGE:
        answer = visitor.get(f"/acme/closed{door}", environ_overrides={"QUERY_STRING": f"{good}{name}={raw(text)}"})
        fine(answer)
        assert answer.status_code in ({200, 403} if door == FILE else {200}), text


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "header",
    [
        "HTTP_X_LICENSE_KEY",
        "HTTP_AUTHORIZATION",
        "HTTP_X_LICENSE_DOMAIN",
        "HTTP_RANGE",
        "HTTP_IF_RANGE",
        "HTTP_IF_NONE_MATCH",
        "HTTP_USER_AGENT",
        "HTTP_ACCEPT",
        "HTTP_HOST",
        "HTTP_COOKIE",
    ],
)
def test_a_strange_header_is_read_or_refused_and_never_a_failure(door, header, shop):
    app = shop.client().application  # not by the test client, which fails over such hosts itself
    for text in STRANGE:
        for value in (raw(text), f"Bearer {raw(text)}", f"bytes={raw(text)}"):
            environ = {header: value, "QUERY_STRING": f"dlid={shop.situations['valid'].key}"}
            environ.setdefault("HTTP_X_FORWARDED_FOR", another_address())
            if header in {"HTTP_X_LICENSE_KEY", "HTTP_AUTHORIZATION"}:
                environ["QUERY_STRING"] = ""
            fine(Response.from_app(app, EnvironBuilder(f"/acme/closed{door}").get_environ() | environ, buffered=True))


@pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
def test_a_strange_path_is_found_or_not_and_never_a_failure(text, visitor):
    for path in (
        f"/{text}",
        f"/{text}/closed/updates.xml",
        f"/acme/{text}/updates.xml",
        f"/acme/closed/updates.{text}.xml",
        f"/acme/closed/updates/{text}.xml",
        f"/{text}/-/licensing/extensions.xml",
        f"/acme/{text}/version.txt",
        f"/acme/closed/downloads/{text}/weather.zip",
        f"/acme/closed/downloads/v{NEWEST}/{text}",
        f"/acme/closed/downloads/~{text}/v{NEWEST}/weather.zip",
        f"/acme/closed/downloads/~{text}/{text}/{text}",
    ):
        fine(visitor.get("/", environ_overrides={"PATH_INFO": raw(path)}))


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ufffd"])
def test_no_kind_of_database_fails_over_a_character_that_it_can_t_hold(text, installation_on_both):
    installation_on_both.add_product("acme", "weather", LICENSING_PLATFORM="joomla", LICENSING_REQUIRE_KEY="true")
    installation_on_both.refresh("acme", "weather")
    client = installation_on_both.client()
    for path, status in (
        (f"/acme/{text}/updates.xml", 404),
        (f"/{text}/weather/updates.xml", 404),
        (f"/{text}/-/licensing/extensions.xml", 404),
        (f"/acme/weather/updates/{text}.xml", 200),
        (f"/acme/weather/downloads/~{text}/{text}/x.zip", 404),
    ):
        answer = client.get("/", environ_overrides={"PATH_INFO": raw(path)})
        assert answer.status_code == status, path
    for name in ("dlid", "domain"):
        answer = client.get("/acme/weather/updates.xml", environ_overrides={"QUERY_STRING": f"{name}={raw(text)}"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "query", ["a=b&" * 2000, "&" * 8000, "=" * 8000, ";" * 8000, "dlid=&" * 1300, "dlid=x&" * 1100, "domain=a&domain=b"]
)
def test_many_parameters_are_no_failure(query, visitor):
    for door in DOORS:
        fine(visitor.get(f"/acme/closed{door}?{query}"))


@pytest.fixture(scope="module")
def asked(shop: Shop):
    """Ask any door anything."""
    client = shop.client()

    def ask(path: str, query: str, headers: dict[str, str], method: str = "GET"):
        environ = {"PATH_INFO": raw(path), "QUERY_STRING": raw(query), **{k: raw(v) for k, v in headers.items()}}
        return client.open("/", method=method, environ_overrides=environ)

    return ask


TEXTS = st.one_of(
    st.sampled_from(STRANGE), st.text(max_size=60), st.binary(max_size=60).map(lambda b: b.decode("latin-1"))
)
PATHS = st.one_of(
    st.sampled_from([f"/acme/{repo}{door}" for repo in ("closed", "gated", "free", "none") for door in DOORS]),
    st.lists(
        st.one_of(
            TEXTS,
            st.sampled_from(["acme", "closed", "-", "licensing", "downloads", "updates", f"v{NEWEST}", "~", ".."]),
        ),
        max_size=6,
    ).map(lambda parts: "/" + "/".join(parts)),
)
QUERIES = st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=4).map(
    lambda pairs: "&".join(f"{k}={v}" for k, v in pairs)
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "HTTP_X_LICENSE_KEY",
            "HTTP_AUTHORIZATION",
            "HTTP_X_LICENSE_DOMAIN",
            "HTTP_RANGE",
            "HTTP_ACCEPT",
            "HTTP_USER_AGENT",
        ]
    ),
    TEXTS,
    max_size=3,
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(path=PATHS, query=QUERIES, headers=HEADERS, method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]))
def test_whatever_is_asked_nothing_fails(path, query, headers, method, asked):
    answer = asked(path, query, headers, method)
    assert answer.status_code < 500
    assert "Set-Cookie" not in answer.headers
    assert b"Traceback" not in answer.data
    assert all("\n" not in value and "\r" not in value for _, value in answer.headers)


SECRETS = ("LIC-ABCDE-FGHJK-MNPQR-STVWX-YZ234", "ft0123456789abcdefghjkmnpqrstv01", "legacy-secret-4711")


@pytest.mark.rule(39)
@pytest.mark.parametrize(
    "failure",
    [None, UnavailableError("the database is away"), RuntimeError("a fault of ours")],
    ids=["well", "away", "fault"],
)
def test_no_line_of_the_log_holds_a_key_or_a_token(failure, shop, visitor, caplog, monkeypatch):
    known = shop.situations["valid"]
    caplog.set_level(logging.DEBUG)
    if failure is not None:

        def fail(*_values):
            raise failure

        for name in ("keys_by_code", "key_by_feed_token"):
            monkeypatch.setattr(shop.installation.parts.lookups, name, fail)
    secrets = [*SECRETS, known.key, known.token]
    for secret in secrets:
        for path in (
            *(f"/acme/closed{door}?dlid={secret}" for door in DOORS),
            f"/acme/closed/updates/{secret}.xml",
            f"/acme/closed/downloads/~{secret}/v{NEWEST}/weather.zip",
            f"/acme/-/licensing/extensions.xml?key={secret}",
        ):
            visitor.get(path)
        for door in DOORS:
            visitor.get(f"/acme/closed{door}", headers={"X-License-Key": secret, "Authorization": f"Bearer {secret}"})
    shop.installation.parts.usage.flush()
    if failure is not None:
        assert "/<owner>/<repo>/downloads/" in caplog.text
        assert "'acme' 'closed'" in caplog.text
    lines = "\n".join([caplog.text, *(str(record.__dict__) for record in caplog.records if not record.exc_info)])
    assert [secret for secret in secrets if secret in lines] == []


def test_a_line_of_the_log_can_t_be_forged_by_an_address(shop, visitor, caplog, monkeypatch):
    monkeypatch.setattr(shop.installation.parts.lookups, "repo_stamp", lambda *_path: 1 / 0)
    visitor.get("/acme%0aINFO%20all%20is%20well/x/updates.xml")
    assert "unexpected error" in caplog.text
    assert not re.search(r"^INFO all is well", caplog.text, re.MULTILINE)
