"""What of a request arrives at the bridge, and at Gitea, whatever a stranger writes into it."""

import pytest
from support.echoes import ask

DOORS = (
    "/acme/mod/updates.xml",
    "/acme/mod/downloads/v1/mod.zip",
    "/acme/-/licensing/keys",
    "/-/licensing/my/x",
    "/api/v1/orgs/acme/license-keys",
)
FORGED = {
    "Sudo": "root",
    "X-WEBAUTH-USER": "root",
    "X-WEBAUTH-EMAIL": "root@example.org",
    "X-WEBAUTH-FULLNAME": "Root",
    "X-Real-IP": "9.9.9.9",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-User": "root",
    "Forwarded": "for=9.9.9.9;host=evil.example",
}
GITEAS_COOKIES = "i_like_gitea=SESSION; gitea_incredible=REMEMBERED; redirect_to=%2F; _csrf=TOKEN"


@pytest.mark.parametrize("path", DOORS)
def test_nothing_forged_arrives_at_the_bridge(proxy, path):
    headers = ask(proxy.url, path, **{**FORGED, "X-Forwarded-Proto": "https"}).arrived()["headers"]
    # Caddy says the host that it was itself asked for; the bridge does not look at it.
    assert headers.get("x-forwarded-host", "") in {"", f"127.0.0.1:{proxy.port}"}
    for name in set(FORGED) - {"X-Forwarded-Host"}:
        assert name.lower() not in headers, name
    assert headers["x-forwarded-proto"] == "http"
    assert headers["host"] == f"127.0.0.1:{proxy.port}"


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("sent", ["9.9.9.9", "9.9.9.9, 8.8.8.8", "1.1.1.1,2.2.2.2,3.3.3.3", "garbage", ""])
def test_the_address_of_who_asks_is_what_the_proxy_saw(proxy, path, sent):
    assert ask(proxy.url, path, X_Forwarded_For=sent).arrived()["headers"]["x-forwarded-for"] == "127.0.0.1"


def test_underscores_do_not_bring_a_forged_header_to_the_bridge(proxy):
    connection = ask(proxy.url, DOORS[0], **{"X-WEBAUTH-USER": "root"})
    assert "root" not in str(connection.arrived()["headers"])


def test_a_request_id_of_the_proxy_s_own_goes_to_both(proxy):
    for path in ("/acme/mod/updates.xml", "/acme/mod"):
        said = [ask(proxy.url, path, X_Request_ID="forged").arrived()["headers"]["x-request-id"] for _ in range(2)]
        assert "forged" not in said
        assert len(set(said)) == 2


def test_gitea_keeps_its_sudo_and_its_cookies_but_nobody_signs_in_by_a_header(proxy):
    headers = ask(proxy.url, "/api/v1/user", **FORGED, Cookie=GITEAS_COOKIES).arrived()["headers"]
    assert headers["sudo"] == "root"
    assert headers["cookie"] == GITEAS_COOKIES
    assert not [name for name in headers if name.startswith("x-webauth-")]
    assert headers["x-forwarded-for"] == headers["x-real-ip"] == "127.0.0.1"
    assert headers["x-forwarded-host"] == headers["host"] == f"127.0.0.1:{proxy.port}"
    assert headers["x-forwarded-proto"] == "http"


SESSION, FLOW, THIRD = "__Host-licensing=abc.def-_", "__Host-licensing-flow=x=y", "__Host-licensing-notice=1"
TABS = "; ".join(f"__Host-licensing-go-tab{number}=x" for number in range(5))
COOKIES = [
    (GITEAS_COOKIES, ""),
    (SESSION, SESSION),
    (f"{GITEAS_COOKIES}; {SESSION}", SESSION),
    (f"{SESSION}; {GITEAS_COOKIES}", SESSION),
    (f"a=1; {SESSION};{GITEAS_COOKIES};{FLOW}; b=2; {THIRD}", f"{SESSION}; {FLOW}; {THIRD}"),
    (
        f"gitea_theme=gitea-dark; i_like_gitea=S; lang=de-DE; {SESSION}",
        f"{SESSION}; gitea_theme=gitea-dark; lang=de-DE",
    ),
    (f"{SESSION}; {GITEAS_COOKIES}; {TABS}", f"{SESSION}; {TABS}"),
    (f"licensing=abc; {GITEAS_COOKIES}; licensing-go-tab1=x", "licensing=abc; licensing-go-tab1=x"),  # without https
    ("x__Host-licensing=no; mylicensing=no; licensing_not=ours; slang=en; my_gitea_theme=x", ""),
    ("i_like_gitea=__Host-licensing=no", ""),
    ("", ""),
]


@pytest.mark.parametrize(("sent", "wanted"), COOKIES)
@pytest.mark.parametrize("path", DOORS)
def test_of_the_cookies_the_bridge_gets_its_own_and_how_gitea_looks(proxy, path, sent, wanted):
    arrived = ask(proxy.url, path, Cookie=sent).arrived()["headers"].get("cookie", "")
    assert arrived.rstrip("; ") == wanted


def test_what_sites_and_gateways_send_arrives(proxy):
    sent = {
        "Authorization": "Bearer LIC-KEY",
        "X-License-Key": "LIC-KEY",
        "X-License-Domain": "shop.example",
        "Range": "bytes=0-9",
        "If-Range": '"x"',
        "If-Match": '"x"',
        "Idempotency-Key": "once",
        "User-Agent": "Mozilla/5.0",
        "Origin": "https://git.example.com",
        "Sec-Fetch-Site": "same-origin",
        "Stripe-Signature": "t=1,v1=x",
        "X-Gitea-Signature": "abc",
        "X-Gitea-Delivery": "uuid",
    }
    arrived = ask(proxy.url, "/-/licensing/hooks/gitea", method="POST", body=b"{}", **sent).arrived()
    assert {name: arrived["headers"].get(name.lower()) for name in sent} == sent
    assert (arrived["method"], arrived["length"]) == ("POST", 2)


def test_tables_of_keys_are_let_through_and_floods_are_not(proxy):
    table = b"x" * (2 * 1024 * 1024)
    for path in ("/api/v1/orgs/acme/license-keys/import", "/acme/-/licensing/import"):
        assert ask(proxy.url, path, method="POST", body=table).arrived()["length"] == len(table)


def test_a_push_of_any_size_gets_to_gitea(proxy):
    pack = b"x" * (20 * 1024 * 1024)
    arrived = ask(proxy.url, "/acme/mod.git/git-receive-pack", method="POST", body=pack).arrived()
    assert (arrived["who"], arrived["length"]) == ("gitea", len(pack))
