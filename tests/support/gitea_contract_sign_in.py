"""What we believe about signing people in. Run against the simulator and a real Gitea."""

import base64
import hashlib
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from support.gitea_worlds import PASSWORD, unique

from gitea_client.errors import Invalid

REDIRECT = "http://127.0.0.1:9/-/licensing/oauth/callback"
SCOPE = "openid profile read:user"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-0123456789"


class BrowserOf:
    """Somebody's browser, signed in at Gitea."""

    def __init__(self, gitea, login):
        self.base, self.session = gitea.base_url, requests.Session()
        self.session.trust_env = False
        form = {"user_name": login, "password": PASSWORD}
        answer = self.session.post(f"{self.base}/user/login", data=form, allow_redirects=False, timeout=20)
        assert answer.status_code in {302, 303}, answer.text[:300]

    def authorize(self, app, **more):
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": app["client_id"], "redirect_uri": REDIRECT, "response_type": "code", "scope": SCOPE,
            "state": "st", "nonce": "no", "code_challenge": challenge, "code_challenge_method": "S256", **more,
        }  # fmt: skip
        address = f"{self.base}/login/oauth/authorize"
        return self.session.get(address, params=asked, allow_redirects=False, timeout=20)

    def agree(self, page):
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
        form = {name: unescape(value) for name, value in fields} | {"granted": "true"}
        return self.session.post(f"{self.base}/login/oauth/grant", data=form, allow_redirects=False, timeout=20)


def code_in(answer):
    assert answer.status_code in {302, 303}, answer.status_code
    back = urlsplit(answer.headers["Location"])
    assert answer.headers["Location"].startswith(REDIRECT)
    found = parse_qs(back.query)
    assert found["state"] == ["st"]
    return found["code"][0]


class SignInContract:
    @pytest.fixture(scope="class")
    @classmethod
    def app(cls, gitea):
        body = {"name": unique("Licensing"), "redirect_uris": [REDIRECT], "confidential_client": True}
        return gitea.api("POST", "/user/applications/oauth2", json=body)

    def fields(self, app, code):
        return {
            "client_id": app["client_id"], "client_secret": app["client_secret"], "redirect_uri": REDIRECT,
            "code": code, "code_verifier": VERIFIER,
        }  # fmt: skip

    def test_the_configuration_names_what_we_need(self, gitea):
        client = gitea.client()
        found = client.openid_configuration()
        assert found.issuer.endswith("/") == (gitea.version < (1, 25))
        assert (found.token, found.keys) == (("login", "oauth", "access_token"), ("login", "oauth", "keys"))
        assert "RS256" in found.algorithms
        assert all(key["kid"] for key in client.openid_keys(found)["keys"])

    def test_consent_is_asked_once_and_the_code_tells_who_it_is(self, gitea, app):
        person = gitea.person()
        browser, client = BrowserOf(gitea, person.login), gitea.client()
        first = browser.authorize(app)
        assert first.status_code == 200
        tokens = client.exchange_code(client.openid_configuration(), self.fields(app, code_in(browser.agree(first))))
        theirs = client.with_token(tokens.access_token)
        assert theirs.me().login == person.login
        assert theirs.my_settings().theme
        assert code_in(browser.authorize(app)), "the second time nothing is asked"

    def test_the_token_reads_the_person_and_no_more(self, gitea, app):
        person = gitea.person()
        repo = gitea.repo(person, private=True)
        browser, client = BrowserOf(gitea, person.login), gitea.client()
        tokens = client.exchange_code(
            client.openid_configuration(), self.fields(app, code_in(browser.agree(browser.authorize(app))))
        )
        if gitea.version >= (1, 23):
            path = f"{gitea.base_url}/api/v1/repos/{repo[0]}/{repo[1]}"
            headers = {"Authorization": f"Bearer {tokens.access_token}"}
            assert requests.get(path, headers=headers, timeout=20).status_code == 403

    @pytest.mark.parametrize("wrong", ["client_secret", "code_verifier", "redirect_uri", "code"])
    def test_whatever_is_wrong_with_a_code_is_refused(self, gitea, app, wrong):
        browser, client = BrowserOf(gitea, gitea.person().login), gitea.client()
        code = code_in(browser.agree(browser.authorize(app)))
        with pytest.raises(Invalid):
            client.exchange_code(
                client.openid_configuration(), self.fields(app, code) | {wrong: "http://127.0.0.1:9/x"}
            )

    def test_a_page_for_all_names_its_stylesheets(self, gitea):
        page = gitea.client().page_for_all("user", "login")
        assert re.search(r'<link rel="stylesheet" href="[^"]*theme-gitea-auto[^"]*\.css', page)
