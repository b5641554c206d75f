"""Which address reaches the bridge and which stays Gitea's, through the proxies of ``deploy/``."""

import re

import pytest
from support.bridges import install
from support.echoes import ask
from support.proxies import Site, running_proxy

TOKEN = "ft_" + "a1B2" * 8
OURS = (
    "/acme/mod/updates.xml",
    "/acme/mod/updates.xml?dlid=KEY/extension.xml",
    "/acme/mod/updates.xml/extension.xml",
    "/acme/mod/extension.xml",
    "/acme/mod/updates.pro.xml",
    "/acme/mod/updates.pro-2.xml/extension.xml",
    f"/acme/mod/updates/{TOKEN}.xml",
    "/acme/mod/updates/dolibarr.json",
    "/acme/mod/changelog.xml",
    "/acme/mod/version.txt",
    "/acme/mod/downloads/v1.0.0/mod.zip",
    "/acme/mod/downloads/release/v1.0.0/mod.zip",
    "/acme/mod/downloads/release%2Fv1.0.0/mod.zip",
    f"/acme/mod/downloads/~{TOKEN}/v1.0.0/mod.zip",
    "/acme/mod/licenses",
    "/acme/mod/licenses/",
    "/acme/mod/licenses/keys/17",
    "/acme/mod/licenses/keys/17/sites/shop.example%2Fde",
    "/A-c.m_e/mod.weather-2/licenses?page=2",
    "/licenses/licenses/licenses",
    "/acme/updates.xml/updates.xml",
    "/acme/-/licensing",
    "/acme/-/licensing/extensions.xml",
    "/acme/-/licensing/",
    "/acme/-/licensing/keys",
    "/acme/-/licensing/packages/1/edit?page=2",
    "/-/licensing",
    "/-/licensing/",
    "/-/licensing/sign-in?to=%2Facme%2Fmod%2Flicenses",
    "/-/licensing/sign-out",
    "/-/licensing/assets/style.css",
    "/-/licensing/admin/owners",
    "/-/licensing/health",
    "/-/licensing/hooks/gitea",
    "/-/licensing/hooks/stripe/acct",
    "/-/licensing/hooks/paypal/acme-1",
    "/-/licensing/oauth/callback?code=abc&state=def",
    "/-/licensing/my/eyJhbGciOi.signed",
    "/-/licensing/thanks/17",
    "/-/licensing/buy/shop/standard",
    "/api/v1/repos/acme/mod/licensing",
    "/api/v1/repos/acme/mod/license-keys",
    "/api/v1/repos/acme/mod/license-keys/17/sites/3",
    "/api/v1/repos/acme/mod/license-keys.csv",
    "/api/v1/repos/acme/mod/license-packages/1",
    "/api/v1/orgs/acme/licensing",
    "/api/v1/orgs/acme/license-keys/validate",
    "/api/v1/orgs/acme/license-purchases/stripe/pi_1%2F2",
    "/api/v1/orgs/acme/license-stats",
    "/api/v1/orgs/acme/license-audit",
    "/api/v1/orgs/acme/license-customers/1/erase",
    "/api/v1/orgs/acme/license-tokens",
    "/api/v1/users/dora/license-keys",
    "/api/v1/users/dora/licensing",
)
GITEAS = (
    "/",
    "/acme",
    "/acme/mod",
    "/acme/mod.git/info/refs?service=git-upload-pack",
    "/acme/mod.git/git-upload-pack",
    "/acme/mod/releases/download/v1.0.0/mod.zip",
    "/acme/mod/src/branch/main/updates.xml",
    "/acme/mod/src/branch/licenses",
    "/acme/mod/src/branch/licenses/downloads/updates.xml",
    "/acme/mod/src/tag/updates.xml",
    "/acme/mod/raw/branch/main/updates.xml",
    "/acme/mod/raw/branch/main/changelog.xml",
    "/acme/mod/raw/branch/main/version.txt",
    "/acme/mod/media/branch/main/updates/dolibarr.json",
    "/acme/mod/raw/branch/main/downloads/mod.zip",
    "/acme/mod/branches/licenses",
    "/acme/mod/licensesx",
    "/acme/mod/license",
    "/acme/mod/updates",
    "/acme/mod/updates.xml.gz",
    "/acme/mod/updates.txt",
    "/acme/mod/updates.xml/x",
    "/acme/mod/updatesxml",
    "/acme/mod/version.txt/x",
    "/acme/mod/downloads",
    "/acme/mod/wiki/licenses",
    "/acme/mod/pulls/1",
    "/acme/mod.wiki.git/info/lfs/objects/batch",
    "/licenses",
    "/acme/licenses",
    "/acme/updates.xml",
    "/acme/-/packages",
    "/acme/-/packages/generic/licensing/1.0",
    "/acme/-/licensingx",
    "/-/admin",
    "/-/licensingx",
    "/-/markup",
    "/api/v1/version",
    "/api/v1/licenses",
    "/api/v1/licenses/MIT",
    "/api/v1/repos/acme/mod/licenses",
    "/api/v1/repos/acme/mod/licensingx",
    "/api/v1/repos/acme/mod/license-keysx",
    "/api/v1/repos/acme/mod/license-templates",
    "/api/v1/repos/acme/mod/contents/license-keys",
    "/api/v1/repos/acme/mod/branches/licensing",
    "/api/v1/orgs/licensing/repos",
    "/api/v1/user/licensing",
    "/api/packages/downloads/generic/x/1/y",
    "/api/healthz",
    "/assets/css/index.css",
    "/attachments/6a1b2c3d-0000-0000-0000-000000000000",
    "/avatars/x/updates.xml",
    "/v2/acme/downloads/manifests/latest",
    "/v2/acme/updates/blobs/sha256:00",
    "/user/login",
    "/user/settings/licenses",
    "/user/oauth2/updates.xml",
    "/org/acme/licenses",
    "/repo/acme/updates.xml",
    "/explore/repos/downloads/",
    "/login/oauth/authorize",
    "/metrics",
    "/.well-known/openid-configuration",
    "/robots.txt",
)


@pytest.mark.parametrize("path", OURS)
def test_an_address_of_the_bridge_reaches_it_as_it_was_sent(proxy, path):
    answer = ask(proxy.url, path)
    assert (answer.status, answer.who) == (200, "bridge")
    assert answer.arrived()["path"] == path


@pytest.mark.parametrize("path", GITEAS)
def test_everything_else_stays_gitea_s(proxy, path):
    answer = ask(proxy.url, path)
    assert (answer.status, answer.who) == (200, "gitea")
    assert answer.arrived()["path"] == path


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_goes_the_same_way(proxy, method):
    assert ask(proxy.url, "/api/v1/orgs/acme/license-keys", method=method, body=b"").who == "bridge"
    assert ask(proxy.url, "/api/v1/orgs/acme/repos", method=method, body=b"").who == "gitea"


def test_every_route_of_the_bridge_reaches_it(proxy, sqlite_url, tmp_path):
    installation = install(sqlite_url, tmp_path)
    try:
        rules = [rule.rule for rule in installation.client().application.url_map.iter_rules()]
    finally:
        installation.close()
    known = [rule for rule in rules if rule != "/api/v1/<path:rest>"]  # what no proxy brings here
    assert len(known) > 40
    strangers = {rule for rule in known if ask(proxy.url, re.sub(r"<[^>]+>", "x1", rule)).who != "bridge"}
    assert strangers == set()


def test_the_store_is_no_address_from_outside(proxy):
    # nginx has it for itself; Caddy has no such address, and asks the bridge, which has none either.
    wanted = (404, "") if proxy.kind == "nginx" else (200, "bridge")
    for path in ("/-/licensing/store/", "/-/licensing/store/ab/cd/abcd", "/-/licensing/store/../store/x"):
        answer = ask(proxy.url, path)
        assert (answer.status, answer.who) == wanted, path


def test_slashes_dots_and_percent_signs_arrive_as_they_were_sent(proxy):
    for path in ("/acme/mod/downloads/a%2Fb/c%20d.zip", "/acme/mod/src/branch/a%2Fb%252F/c%3Fd"):
        assert ask(proxy.url, path).arrived()["path"] == path


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_gitea_below_a_path_has_the_bridge_below_the_same(kind, echoes, tmp_path):
    gitea, bridge = echoes
    with running_proxy(kind, Site(gitea.url, bridge.url, name="subpath"), tmp_path) as proxy:
        for path in OURS:
            answer = ask(proxy.url, f"/git{path}")
            assert (answer.who, answer.arrived()["path"]) == ("bridge", f"/git{path}")
        for path in (*GITEAS, "/acme/mod/src/branch/a%2Fb"):
            answer = ask(proxy.url, f"/git{path}")
            assert (answer.who, answer.arrived()["path"]) == ("gitea", path)
        assert ask(proxy.url, "/git").headers["Location"].endswith("/git/")
        for path in ("/acme/mod/updates.xml", "/-/licensing/health", "/api/v1/orgs/acme/license-keys"):
            assert ask(proxy.url, path).who == "", "outside of the path is nobody"


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_on_a_host_of_its_own_everything_is_the_bridge_s(kind, echoes, tmp_path):
    gitea, bridge = echoes
    with running_proxy(kind, Site(gitea.url, bridge.url, name="own-host"), tmp_path) as proxy:
        for path in (*OURS, "/", "/api/v1/version", "/acme/mod"):
            answer = ask(proxy.url, path, Cookie="i_like_gitea=SESSION", Sudo="root")
            assert (answer.who, answer.arrived()["path"]) == ("bridge", path)
            assert "sudo" not in answer.arrived()["headers"]
            assert "SESSION" not in str(answer.arrived())
