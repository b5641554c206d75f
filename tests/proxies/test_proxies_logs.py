"""The logs of the proxies hold no key, token or session, also where something fails; and they still tell something."""

import contextlib

import pytest
from support.echoes import ask
from support.journey import eventually

SECRET = "S3CR3T"
HEADERS = {
    "Authorization": f"Bearer {SECRET}",
    "Cookie": f"i_like_gitea={SECRET}; __Host-licensing={SECRET}; gitea_theme={SECRET}",
    "Referer": f"https://shop.example/administrator?dlid={SECRET}",
    "X-License-Key": SECRET,
    "X-Gitea-Signature": SECRET,
    "Idempotency-Key": SECRET,
}
PATHS = (
    f"/acme/mod/updates.xml?dlid={SECRET}",
    f"/acme/mod/updates.xml?dlid={SECRET}/extension.xml",
    f"/acme/mod/updates.xml&dlid={SECRET}",
    f"/acme/mod/updates/{SECRET}.xml",
    f"/acme/mod/updates/{SECRET}",
    f"/acme/mod/%75pdates/{SECRET}.xml",
    f"/acme/mod/changelog.xml?key={SECRET}",
    f"/acme/mod/version.txt?key={SECRET}&domain=shop.example",
    f"/acme/mod/updates/dolibarr.json?key={SECRET}",
    f"/acme/-/licensing/extensions.xml?dlid={SECRET}",
    f"/acme/mod/downloads/v1/mod.zip?dlid={SECRET}&dummy=my.zip",
    f"/acme/mod/downloads/v1/mod.zip&dlid={SECRET}",
    f"/acme/mod/downloads/v1/mod.zip;{SECRET}",
    f"/acme/mod/downloads/~{SECRET}/v1/mod.zip",
    f"/acme/mod/downloads/%7E{SECRET}/v1/mod.zip",
    f"/-/licensing/my/{SECRET}",
    f"/-/licensing/my/{SECRET}?said=done",
    f"/-/licensing/my/{SECRET}/sites/3/free",
    f"/-/licensing/%6dy/{SECRET}",
    f"/-/licensing/thanks/{SECRET}",
    f"/-/licensing/buy/shop/{SECRET}",
    f"/-/licensing/hooks/stripe/{SECRET}",
    f"/-/licensing/oauth/callback?code={SECRET}&state={SECRET}",
    f"/acme/mod/licenses/keys/{SECRET}",
    f"/acme/-/licensing/keys/{SECRET}",
    f"/api/v1/orgs/acme/license-purchases/stripe/{SECRET}",
    f"/api/v1/orgs/acme/license-keys?q={SECRET}",
    f"/api/v1/user?token={SECRET}",
    f"/api/v1/user?access_token={SECRET}",
    f"/user/activate?code={SECRET}",
    f"/login/oauth/authorize?state={SECRET}",
    f"/acme/mod.git/info/refs?service={SECRET}",
)


@pytest.mark.parametrize("state", ["proxy", "without_bridge", "without_gitea"])
@pytest.mark.usefixtures("kind")  # so that each state is there once for each proxy
def test_no_log_holds_a_secret_whether_who_is_asked_answers_or_not(state, request):
    proxy = request.getfixturevalue(state)
    for path in PATHS:
        ask(proxy.url, path, **HEADERS)
        ask(proxy.url, path, method="POST", body=b"secret=" + SECRET.encode(), **HEADERS)
    ask(proxy.url, f"/acme/mod.git/info/refs?x={SECRET}", Authorization=f"Basic {SECRET}")
    with contextlib.suppress(OSError):  # nginx hangs up on an address that is too long, and on such a body
        ask(proxy.url, f"/acme/mod/updates.xml?dlid={SECRET}{'x' * 9000}")
    with contextlib.suppress(OSError):
        ask(proxy.url, "/-/licensing/hooks/gitea", method="POST", body=b"x" * 2_000_000, Referer=f"https://{SECRET}/")
    assert SECRET not in proxy.logged()


def test_basic_credentials_are_not_in_the_log(proxy):
    # Gitea takes a token as the name: S3CR3T:x-oauth-basic
    ask(proxy.url, "/acme/mod.git/info/refs", Authorization="Basic UzNDUjNUOngtb2F1dGgtYmFzaWM=")
    assert SECRET not in proxy.logged()
    assert "UzNDUjNU" not in proxy.logged()


def test_the_log_still_says_who_asked_for_which_door_and_how_it_ended(proxy):
    asked = {
        f"/acme/logged/updates.xml?dlid={SECRET}": "/acme/logged/updates.xml",
        f"/acme/logged/updates/{SECRET}.xml": "/acme/logged/updates/",
        f"/acme/logged/downloads/~{SECRET}/v1/mod.zip": "/acme/logged/downloads/",
        f"/acme/logged/src/branch/main/README.md?token={SECRET}": "/acme/logged/src/branch/main/README.md",
        "/api/v1/orgs/logged/license-keys/17": "/api/v1/orgs/logged/license-keys/",
    }
    for path in asked:
        ask(proxy.url, path)
    # A line is written when its answer is out, so it may come a moment later.
    eventually(lambda: all(wanted in proxy.logged() for wanted in asked.values()), 10)
    lines = proxy.logged().splitlines()
    for wanted in asked.values():
        told = [line for line in lines if wanted in line]
        assert len(told) == 1, wanted
        assert "127.0.0.1" in told[0]
        assert "200" in told[0]
        assert "GET" in told[0]
