"""Gitea's own templates with our part in them: the real one starts, shows the tab, and starts without it as well."""

import contextlib
import re

import pytest
import requests

from bridge.services.installing import gitea_texts
from bridge.services.installing.gitea_folder import GiteaFolder
from bridge.services.installing.gitea_texts import Where
from tools import live_gitea as harness

PASSWORD = "a password for tests"


@pytest.fixture(scope="module")
def own_gitea():
    """A Gitea that starts with our part in its templates, beside what somebody else wrote there."""

    def furnish(custom):
        footer = custom / gitea_texts.FOOTER
        footer.parent.mkdir(parents=True)
        footer.write_text("<i>somebody else's</i>\n")
        folder = GiteaFolder(custom)
        for each in folder.missing(Where(owners=("acme",))):
            folder.settle(each)
        assert list(folder.faults()) == []

    with harness.running(harness.wanted_version(), furnish=furnish) as gitea:
        api, ask = f"{gitea.base_url}/api/v1", requests.Session()
        ask.headers["Authorization"] = f"token {gitea.admin_token}"
        login = {"password": PASSWORD, "must_change_password": False, "source_id": 0, "login_name": gitea.admin}
        ask.patch(f"{api}/admin/users/{gitea.admin}", json=login).raise_for_status()
        for org in ("acme", "beta"):
            ask.post(f"{api}/orgs", json={"username": org}).raise_for_status()
            ask.post(f"{api}/orgs/{org}/repos", json={"name": "mod-x", "auto_init": True}).raise_for_status()
        yield gitea


@pytest.fixture(scope="module")
def signed_in(own_gitea):
    with contextlib.closing(requests.Session()) as visitor:
        login = f"{own_gitea.base_url}/user/login"
        token = re.search(r'name="_csrf" value="([^"]*)"', visitor.get(login).text)
        form = {"user_name": own_gitea.admin, "password": PASSWORD, "_csrf": token[1] if token else ""}
        visitor.post(login, data=form).raise_for_status()
        yield visitor


def test_the_tab_stands_on_the_repos_of_served_owners_for_those_who_signed_in(own_gitea, signed_in):
    page = signed_in.get(f"{own_gitea.base_url}/acme/mod-x")
    assert page.status_code == 200
    tab = re.search(r'<a class="item" href="/acme/mod-x/licenses">.*?</a>', page.text, re.DOTALL)
    assert tab, page.text
    assert "octicon-key" in tab[0]
    assert "Licenses" in tab[0]
    assert "mod-x/licenses" not in signed_in.get(f"{own_gitea.base_url}/beta/mod-x").text
    assert "mod-x/licenses" not in requests.get(f"{own_gitea.base_url}/acme/mod-x").text


@pytest.mark.parametrize(
    "path", ["/acme/mod-x/releases", "/acme/mod-x/settings", "/acme", "/explore/repos", "/-/admin"]
)
def test_every_kind_of_page_still_answers(own_gitea, signed_in, path):
    page = signed_in.get(f"{own_gitea.base_url}{path}")
    assert page.status_code == 200
    assert 'href="/-/licensing/"' in page.text, "the site administrator's link"


def test_an_organisation_has_its_link_and_the_script_that_moves_it(own_gitea, signed_in):
    page = (
        signed_in.get(f"{own_gitea.base_url}/org/acme/members").text + signed_in.get(f"{own_gitea.base_url}/acme").text
    )
    assert 'href="/acme/-/licensing" data-license-bridge="organization"' in page
    assert "<i>somebody else's</i>" in page
    [address] = set(re.findall(r'<script src="([^"]*licensing/menus\.js)" defer>', page))
    assert requests.get(f"{own_gitea.base_url}{address}").text == gitea_texts.script()


def test_pages_without_a_repo_or_an_organisation_answer_strangers(own_gitea):
    for path in ("/", "/user/login", "/explore/repos", "/acme", "/no-such-thing"):
        assert requests.get(f"{own_gitea.base_url}{path}").status_code in {200, 404}
