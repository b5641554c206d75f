"""The main story once more, on one origin with a real Gitea: through nginx, and through Caddy."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from support.gitea_worlds import PASSWORD, GiteaUnderTest
from support.journey import EMPTY_FEED, ROOT, Front, tell_the_story
from support.mortals import mortal
from support.proxies import KINDS, Proxy, Site, program, running_proxy

from tools.ports import free_port

LICENSES = b"<!-- a file of the repo, not a feed -->\n"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_gitea_and_the_bridge_share_one_origin(kind, live_gitea, tmp_path):
    program(kind)
    port, bridge_port = free_port(), free_port()
    origin = f"http://127.0.0.1:{port}"
    with mortal(live_gitea, origin) as (gitea, way, stop):
        site = Site(way, f"http://127.0.0.1:{bridge_port}", tmp_path / "data" / "store", port=port)
        with running_proxy(kind, site, tmp_path / "proxy") as proxy:
            visit = _Visit(gitea, proxy, tmp_path)
            tell_the_story(gitea, way, stop, tmp_path, Front(origin, bridge_port, visit.look_around, "x-accel"))
            visit.assert_the_proxy_answers_for_the_stopped_bridge()
            visit.assert_the_log_holds_no_secret()


class _Visit:
    """What a developer does in between, and what is left afterwards."""

    def __init__(self, gitea: GiteaUnderTest, proxy: Proxy, directory: Path) -> None:
        self.gitea, self.proxy, self.directory = gitea, proxy, directory
        self.secrets = [gitea.admin_token]
        self.repo_path = ""

    def look_around(self, owner: str, key: str) -> None:
        self.owner, self.key = owner, key
        developer = self.gitea.person("developer")
        repo = "/".join(self.gitea.repo(developer, name="licenses")[:2])
        self.secrets += [key, developer.token]
        self._push_a_branch_called_licenses(developer, repo)
        self._read_pages_of_gitea(repo)
        self._sign_in(developer.login)
        self._use_both_apis(repo, developer.token)
        self._ask_with_the_key_everywhere()
        self._ask_the_doctor()

    def _push_a_branch_called_licenses(self, developer, repo: str) -> None:
        address = self.proxy.url.replace("://", f"://{developer.login}:{developer.token}@")
        clone = self.directory / "clone"
        self._git("clone", "-q", f"{address}/{repo}.git", str(clone))
        (clone / "updates.xml").write_bytes(LICENSES)
        (clone / "downloads").mkdir()
        (clone / "downloads" / "big.bin").write_bytes(bytes(range(256)) * 20_000)
        self._git("-C", str(clone), "checkout", "-q", "-b", "licenses")
        self._git("-C", str(clone), "add", ".")
        who = ("-c", "user.name=dev", "-c", "user.email=dev@example.org")
        self._git("-C", str(clone), *who, "commit", "-q", "-m", "a branch called licenses")
        self._git("-C", str(clone), "push", "-q", "origin", "licenses")
        again = self.directory / "again"
        self._git("clone", "-q", "--branch", "licenses", f"{self.proxy.url}/{repo}.git", str(again))
        assert (again / "updates.xml").read_bytes() == LICENSES

    def _git(self, *words: str) -> None:
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.directory), "GIT_TERMINAL_PROMPT": "0"}
        done = subprocess.run(["git", *words], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def _get(self, path: str, **options) -> requests.Response:
        return requests.get(f"{self.proxy.url}{path}", timeout=20, **options)

    def _read_pages_of_gitea(self, repo: str) -> None:
        assert self._get(f"/{repo}/raw/branch/licenses/updates.xml").content == LICENSES
        assert len(self._get(f"/{repo}/raw/branch/licenses/downloads/big.bin").content) == 256 * 20_000
        for path in (
            f"/{repo}",
            f"/{repo}/src/branch/licenses",
            f"/{repo}/src/branch/licenses/updates.xml",
            "/explore/repos",
        ):
            page = self._get(path)
            assert (page.status_code, "Powered by Gitea" in page.text) == (200, True), path

    def _sign_in(self, login: str) -> None:
        """Gitea compares the page's origin with the host that it is asked for."""
        with requests.Session() as browser:
            page = browser.get(f"{self.proxy.url}/user/login", timeout=20).text
            form = {"user_name": login, "password": PASSWORD}
            found = re.search(r'name="_csrf" value="([^"]+)"', page)  # of Gitea before 1.26
            form |= {"_csrf": found[1]} if found else {}
            headers = {"Origin": self.proxy.url, "Referer": f"{self.proxy.url}/user/login?token={self.key}"}
            answer = browser.post(f"{self.proxy.url}/user/login", data=form, headers=headers, timeout=20)
            assert f"/{login}" in answer.text
            assert browser.get(f"{self.proxy.url}/user/settings", allow_redirects=False, timeout=20).status_code == 200
            assert "i_like_gitea" in browser.cookies
            self.secrets += list(browser.cookies.get_dict().values())
            # With Gitea's cookies, the bridge's addresses are asked too: they are all sent to one origin.
            assert browser.get(f"{self.proxy.url}/-/licensing/health", timeout=20).json()["status"] == "pass"

    def _use_both_apis(self, repo: str, token: str) -> None:
        headers = {"Authorization": f"token {token}"}
        made = self.gitea.api("GET", f"/repos/{repo}", token=token)
        if "BRIDGE_LIVE_GITEA_URL" not in os.environ:  # another's knows itself by an address of its own
            assert made["clone_url"] == f"{self.proxy.url}/{repo}.git"
        assert self._get(f"/api/v1/repos/{repo}/licenses", headers=headers).json() == []  # Gitea's: of the source
        ours = self._get(f"/api/v1/repos/{self.owner}/mod-weather/license-keys", headers=headers)
        assert (ours.status_code, ours.json()["code"]) == (404, "not_found")  # not his, so not there
        admin = {"Authorization": f"token {self.gitea.admin_token}"}
        ours = self._get(f"/api/v1/orgs/{self.owner}/license-keys", headers=admin)
        assert (ours.status_code, ours.headers["X-Total-Count"]) == (200, "3")  # two of customers and the master's
        first = self._get(f"/api/v1/orgs/{self.owner}/license-keys?limit=1", headers=admin)
        assert first.headers["Link"].startswith(f"<{self.proxy.url}/api/v1/")
        personal = next(each["feed_token"] for each in ours.json() if each["code"] == self.key)
        self.secrets.append(personal)
        feed = self._get(f"/{self.owner}/mod-weather/updates/{personal}.xml")
        url = re.search(r"<downloadurl[^>]*>([^<]+)<", feed.text)[1]
        assert f"/downloads/~{personal}/" in url
        assert requests.get(url, timeout=20).content.startswith(b"PK")

    def _ask_with_the_key_everywhere(self) -> None:
        referer = {"Referer": f"https://shop.example/?dlid={self.key}"}
        for path in (
            "updates.xml",
            "changelog.xml",
            "version.txt",
            "updates/dolibarr.json",
            "src/branch/main/updates.xml",
        ):
            for headers in (referer, {"X-License-Key": self.key}, {"Authorization": f"Bearer {self.key}"}):
                self._get(f"/{self.owner}/mod-weather/{path}?dlid={self.key}", headers=headers)

    def _ask_the_doctor(self) -> None:
        """Of the product he says what he likes; of the way to it nothing but good."""
        command = [sys.executable, "-m", "bridge.cli", "--config", str(self.directory / "config.toml")]
        done = subprocess.run([*command, "doctor", "--json"], cwd=ROOT, capture_output=True, text=True, check=False)
        found = json.loads(done.stdout)["findings"]
        told = {each["check"]: each for each in found if each["check"].startswith(("routes.", "proxy."))}
        assert {"routes.doors", "routes.gitea", "proxy.headers", "proxy.slash", "proxy.webauth"} < set(told)
        assert [each for each in told.values() if each["level"] != "ok"] == []
        assert told["routes.gitea"]["code"] == "left"

    def assert_the_proxy_answers_for_the_stopped_bridge(self) -> None:
        base = f"/{self.owner}/mod-weather"
        for path in ("updates.xml", f"updates/{self.key}.xml", "updates.pro.xml"):
            answer = self._get(f"{base}/{path}?dlid={self.key}")
            assert (answer.status_code, EMPTY_FEED in answer.content) == (200, True)
        assert (self._get(f"{base}/version.txt").status_code, self._get(f"{base}/version.txt").content) == (200, b"")
        gone = self._get(f"{base}/downloads/v1.2.0/mod_weather-1.2.0.zip?dlid={self.key}")
        assert (gone.status_code, gone.headers["Retry-After"]) == (503, "60")

    def assert_the_log_holds_no_secret(self) -> None:
        logged = self.proxy.logged()
        assert f"/{self.owner}/mod-weather/updates.xml" in logged
        for secret in self.secrets:
            assert len(secret) > 8 or secret in {"", "en-US"}, secret
            assert len(secret) <= 8 or secret not in logged
