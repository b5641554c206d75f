"""Every page in a real browser: accessible on both grounds and both widths, and what hostile texts do there."""

import pytest
from support.page_sites import HOME, Site

from bridge.web.pages.catalogue import ALL

OWNER = "/acme/-/licensing"


def paths(site: Site) -> list[str]:
    """Every page that shows something, filled in; what stands at a repo and at its owner alike, at the repo only."""
    key, package = site.api.keys["annual"].id, site.api.packages["Standard"]
    once = {page.view: page for page in reversed(ALL)}
    shown = [page for page in once.values() if not page.path.endswith((".csv", ".ndjson", ".svg", "check"))]
    bases = {"repo": HOME, "owner": OWNER, "site": "/-/licensing"}
    return [
        f"{bases[page.level]}/{page.path}".rstrip("/" if page.level != "site" else "")
        .replace("packages/<id>", f"packages/{package}")
        .replace("customers/<id>", "customers/1")
        .replace("tokens/<id>", "tokens/1")
        .replace("events/<id>", "events/1")
        .replace("<source>", "stripe")
        .replace("<kind>/<language>", "keys/en")
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
        shown += [
            OWNER,
            f"{OWNER}/customers",
            f"{OWNER}/audit",
            f"{OWNER}/numbers",
            f"{OWNER}/packages",
            f"{HOME}/audit",
        ]
        shown += [f"{HOME}/keys/{key.id}{what}" for key in keys for what in ("", "/mail", "/describe")]
        for path in shown:
            guest.open(path)
            assert guest.page.locator("main script, main img[src='x'], main b").count() == 0, path
        assert (alerts, guest.visit.complaints) == ([], [])
        assert "49" not in guest.open(f"{HOME}/keys/{keys[3].id}").locator("h1").inner_text()
