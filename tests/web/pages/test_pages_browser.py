"""The pages in a real browser: journeys, accessibility on both grounds and both widths, and what hostile texts do there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.browsers import running_browser
from support.page_sites import HOME, Site, running_site, sign_in

from bridge.web.pages.catalogue import ALL


@pytest.fixture(scope="module")
def site(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_browser() as browser, running_site(migrated_sqlite, tmp_path_factory.mktemp("site"), browser) as made:
        yield made


def paths(site: Site) -> list[str]:
    """Every page that shows something, filled in; what stands at a repo and at its owner alike, at the repo only."""
    key, package = site.api.keys["annual"].id, site.api.packages["Standard"]
    once = {page.view: page for page in reversed(ALL)}
    shown = [page for page in once.values() if not page.path.endswith((".csv", ".ndjson", ".svg", "check"))]
    bases = {"repo": HOME, "owner": "/acme/-/licensing", "site": "/-/licensing"}
    return [
        f"{bases[page.level]}/{page.path}".rstrip("/" if page.level != "site" else "")
        .replace("packages/<id>", f"packages/{package}")
        .replace("customers/<id>", "customers/1")
        .replace("tokens/<id>", "tokens/1")
        .replace("events/<id>", "events/1")
        .replace("<source>", "stripe")
        .replace("<id>", str(key))
        .replace("<ids>", str(key))
        .replace("<site>", "1")
        for page in shown
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_page_is_accessible_fits_and_keeps_its_policy(site: Site):
    """Light and wide, then dark and narrow: colours know nothing of the width, nor places of the colours."""
    faults: dict[str, list[str]] = {}
    with site.visited_by("site_admin") as guest:
        for path in paths(site):
            guest.visit.complaints.clear()
            guest.look(1280, dark=False)
            guest.open(path)
            found = guest.faults()
            guest.look(390, dark=True)
            found += guest.faults()
            if found:
                faults[path] = found
    assert faults == {}


def test_from_nothing_to_a_key_in_a_mail(site: Site):
    with site.visited_by("repo_admin") as guest:
        page = guest.page
        page.get_by_role("link", name="Packages", exact=True).nth(1).click()
        page.get_by_role("link", name="New package").click()
        page.get_by_label("Name", exact=False).first.fill("Journey")
        page.get_by_role("button", name="Make the package").click()
        page.get_by_text("The package “Journey” was made.").wait_for()
        guest.open(f"{HOME}/keys/new")
        page.get_by_label("Package").select_option(label="Journey")
        page.get_by_label("Customer").fill("Jane Journey")
        page.get_by_label("Domains", exact=True).fill("HTTPS://Shop.Example.org/x")
        page.get_by_text("is taken as shop.example.org").wait_for()
        page.get_by_role("button", name="Issue").click()
        page.get_by_text("The key was issued.").wait_for()
        page.get_by_role("link", name="Mail").click()
        text = page.get_by_label("Text of the mail").inner_text()
        assert re.search(r"LIC(-[0-9A-Z]{5}){5}", text)
        assert "Hello Jane Journey" in text
        assert guest.visit.complaints == []
        assert [each for each in guest.visit.elsewhere if "/assets/img/logo.svg" not in each] == []


def test_a_key_is_extended_assigned_suspended_and_explained(site: Site):
    key = site.api.new_key("Local", customer_name="Kay")
    with site.visited_by("manager", to=f"{HOME}/keys/{key.id}") as guest:
        page = guest.page
        page.goto(f"{site.url}{HOME}/keys/{key.id}/expiry")
        page.get_by_label("One more year").check()
        page.get_by_role("button", name="Change the expiry").click()
        page.get_by_text("It now expires 2028-03-01.").wait_for()
        page.goto(f"{site.url}{HOME}/keys/{key.id}/domains")
        page.get_by_label("Domains", exact=True).fill("one.example.com\ntwo.example.com")
        page.get_by_role("button", name="Assign").click()
        page.get_by_text("It now works on 2 domains.").wait_for()
        page.goto(f"{site.url}{HOME}/keys/{key.id}/suspend")
        page.get_by_role("button", name="Suspend it").click()
        page.get_by_role("link", name="Let it go on").click()
        page.get_by_role("button", name="Let it go on").click()
        page.get_by_text("It goes on.").wait_for()
        page.goto(f"{site.url}{HOME}/keys/{key.id}/package")
        page.get_by_role("button", name="Show what changes").click()
        page.get_by_role("columnheader", name="now", exact=True).wait_for()
        assert guest.visit.complaints == []


def test_it_works_without_script(site: Site):
    context = site.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}{HOME}/packages/new")
    sign_in(page, "olga")
    page.get_by_label("Name", exact=False).first.fill("No script")
    page.get_by_role("button", name="Make the package").click()
    page.get_by_text("The package “No script” was made.").wait_for()
    context.close()


HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'-alert(1)-'", "{{ 7*7 }}", "javascript:alert(1)",
    "</textarea><script>alert(1)</script>", "&lt;b&gt;", '=HYPERLINK("http://evil.example")',
)  # fmt: skip


def test_hostile_texts_are_inert_everywhere(site: Site):
    keys = [site.api.new_key("Local", customer_name=text, note=text, labels=(text,)) for text in HOSTILE]
    package = site.api.made.package("acme", HOSTILE[0], repo="mod-weather")
    with site.visited_by("owner") as guest:
        alerts: list[str] = []
        guest.page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        shown = [HOME, f"{HOME}?q=%3Cscript%3Ealert(1)%3C/script%3E", f"{HOME}/packages", f"{HOME}/packages/{package}"]
        shown += [f"{HOME}/keys/{key.id}{what}" for key in keys for what in ("", "/mail", "/describe")]
        for path in shown:
            guest.open(path)
            assert guest.page.locator("main script, main img[src='x'], main b").count() == 0, path
        assert (alerts, guest.visit.complaints) == ([], [])
        assert "49" not in guest.open(f"{HOME}/keys/{keys[3].id}").locator("h1").inner_text()
