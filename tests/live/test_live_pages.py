"""The pages beside a real Gitea behind nginx, on one origin: a vendor signs in there, follows the tab, and sells a key."""

import contextlib
import re

import pytest
import requests
from support import joomla_client
from support.browsers import running_browser, visiting
from support.gitea_worlds import PASSWORD, GiteaUnderTest
from support.installed import PATIENCE_SECONDS, Installed
from support.journey import EMPTY_FEED, eventually
from support.proxies import Site, program, running_proxy
from support.zips import joomla_module

from bridge.services.installing.gitea_folder import GiteaFolder
from bridge.services.installing.gitea_texts import Where
from tools import live_gitea as harness
from tools.ports import free_port

ORG, NAME = "acme", "mod-weather"
HOME = f"/{ORG}/{NAME}/licenses"


@contextlib.contextmanager
def one_origin(directory):
    """A Gitea of its own with our tab in its templates, nginx before it and the bridge beside it; all that is installed."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"

    def furnish(custom):
        folder = GiteaFolder(custom)
        for each in folder.missing(Where(owners=(ORG,))):
            folder.settle(each)

    with harness.running(harness.wanted_version(), origin, furnish) as found:
        bridge = Installed(directory, found.base_url, found.admin_token, origin)
        site = Site(found.base_url, bridge.url, directory / "bridge" / "data" / "store", port=port)
        with running_proxy("nginx", site, directory / "proxy") as proxy:
            gitea = GiteaUnderTest(origin, found.admin, found.admin_token, version=())
            vendor = gitea.person("vendor")
            gitea.api("POST", "/orgs", token=vendor.token, json={"username": ORG, "visibility": "public"})
            repo = gitea.repo(vendor, org=ORG, name=NAME)
            bridge.init("--owner", ORG, "--gitea-public-url", origin)
            with bridge.serving():
                yield gitea, vendor, repo, bridge, proxy


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_vendor_signs_in_at_gitea_follows_the_tab_and_sells_a_key(tmp_path):
    program("nginx")
    with (
        running_browser() as browser,
        one_origin(tmp_path) as (gitea, vendor, repo, bridge, proxy),
        visiting(browser) as visit,
    ):
        page = visit.page
        page.goto(f"{proxy.url}/{ORG}/{NAME}")
        tab = page.locator(f'a.item[href="{HOME}"]')
        assert tab.count() == 0, "strangers see none"
        page.goto(f"{proxy.url}/user/login")
        page.locator("#user_name").fill(vendor.login)
        page.locator("#password").fill(PASSWORD)
        page.get_by_role("button", name="Sign In").click()
        page.wait_for_url(f"{proxy.url}/")
        page.goto(f"{proxy.url}/{ORG}/{NAME}")
        tab.click()
        page.get_by_role("button", name="Authorize Application").click()
        page.wait_for_url(f"{proxy.url}{HOME}")
        visit.complaints.clear()  # Gitea's own pages may complain of what they like
        failed: list[str] = []
        page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
        close_the_product(page, proxy.url)
        key = sell_a_key(page, proxy.url)
        # Gitea's theme, for one that was built without its style sheets.
        assert [url for url in failed if "/assets/css/theme-" not in url] == []
        assert len(visit.complaints) == len(failed)
        release = gitea.release(vendor, repo, "v1.2.0")
        gitea.upload(vendor, repo, release, "mod_weather-1.2.0.zip", joomla_module("weather", "1.2.0"))
        feed = f"{proxy.url}/{ORG}/{NAME}/updates.xml"

        def offered():
            content = requests.get(feed, params={"dlid": key}, timeout=10).content
            return joomla_client.check(content, installed="1.0.0").version == "1.2.0"

        eventually(offered, PATIENCE_SECONDS, bridge.log.read_text)
        assert EMPTY_FEED in requests.get(feed, timeout=10).content, "who has no key gets nothing"
        # One consent ever: signed out of the bridge and back without another question.
        page.goto(f"{proxy.url}{HOME}")
        page.get_by_label(f"Account of {vendor.login}").click()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_text("You are signed out").first.wait_for()
        page.goto(f"{proxy.url}{HOME}")
        page.wait_for_url(f"{proxy.url}{HOME}")
        page.get_by_role("heading", name="Keys").first.wait_for()
        logged = proxy.logged()
        for secret in (key, PASSWORD, *(each["value"] for each in page.context.cookies() if len(each["value"]) > 8)):
            assert secret not in logged


def close_the_product(page, origin):
    """Platform and required key, on the page; both end up in Gitea's variables."""
    page.goto(f"{origin}{HOME}/settings")
    page.get_by_label("Joomla", exact=True).check()
    page.get_by_label(re.compile("^Everybody")).check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved in Gitea, and in force now.").wait_for()


def sell_a_key(page, origin):
    """A package and a key of it; its code, as the page shows it."""
    page.goto(f"{origin}{HOME}/packages/new")
    page.get_by_label("Name", exact=False).first.fill("Standard")
    page.get_by_role("button", name="Make the package").click()
    page.get_by_text("The package “Standard” was made.").wait_for()
    page.goto(f"{origin}{HOME}/keys/new")
    page.get_by_label("Package").select_option(label="Standard")
    page.get_by_label("Customer").fill("Jane Journey")
    page.get_by_role("button", name="Issue").click()
    page.get_by_text("The key was issued.").wait_for()
    return re.search(r"[A-Z]+(-[0-9A-Z]{5}){5}", page.locator("main").inner_text())[0]
