"""Write ``docs/screenshots/`` (``python -m tools.screenshots``): the pages of the demo as people see them.

Starts the demo on free ports, signs in through the pretended Gitea, and takes each picture in Chromium. It fails where
a page complains, so the pictures are of pages that work.
"""

import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tools import busy_shop
from tools.ports import free_port

PICTURES = Path(__file__).parent.parent / "docs" / "screenshots"
HOME = "/acme/mod-weather/licenses"
MOST_BYTES = 100_000
_DRAW_WHAT_IS_SEEN = """Promise.all([...document.images]
    .filter(each => each.getBoundingClientRect().top < innerHeight).map(each => each.decode().catch(() => null)))"""
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_START_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: whom it is of, where, how wide, and in which colours."""

    name: str
    path: str
    login: str = "olga"
    width: int = 1280
    height: int = 800
    dark: bool = False


OWNER = "/acme/-/licensing"
SHOTS = (
    Shot("repo-licenses", HOME, height=640),
    Shot("repo-licenses-phone", HOME, width=390),
    Shot("repo-checklist", "/acme/pkg-seo/licenses"),
    Shot("package-new", f"{HOME}/packages/new"),
    Shot("issue-keys", f"{HOME}/keys/new"),
    Shot("key", f"{HOME}/keys/KEY", height=720),
    Shot("key-dark", f"{HOME}/keys/KEY", height=720, dark=True),
    Shot("key-why", f"{HOME}/keys/KEY/why?domain=shop.example"),
    Shot("settings", f"{HOME}/settings"),
    Shot("owner", OWNER, height=680),
    Shot("owner-phone", OWNER, width=390),
    Shot("customer", f"{OWNER}/customers/CUSTOMER"),
    Shot("customer-domains", f"{OWNER}/customers/CUSTOMER/domains"),
    Shot("numbers", f"{HOME}/numbers", height=740),
    Shot("numbers-dark", f"{HOME}/numbers", height=740, dark=True),
    Shot("teams-and-streams", f"{OWNER}/settings"),
    Shot("tokens", f"{OWNER}/tokens/new"),
    Shot("audit", f"{OWNER}/audit", height=560),
    Shot("import", f"{OWNER}/import"),
    Shot("payments", f"{OWNER}/payments"),
    Shot("mail-words", f"{OWNER}/settings/mails/keys/en"),
    Shot("customers-own-page", "MY"),
    Shot("customers-own-page-phone", "MY", width=390),
    Shot("site-admin", "/-/licensing/", "root"),
    Shot("site-doctor", "/-/licensing/doctor", "root"),
)


def main() -> int:
    """Take them all; the names of those that complained, where any did."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[1:]
    complaints: list[str] = []
    with running_demo() as url, sync_playwright() as driver:
        path = next(filter(None, map(shutil.which, _NAMES)))
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for shot in SHOTS:
            if not wanted or any(each in shot.name for each in wanted):
                complaints += [f"{shot.name}: {each}" for each in take(browser, url, shot)]
        browser.close()
    print("\n".join(complaints) or f"Written: {PICTURES}.")
    return 1 if complaints else 0


def take(browser: Browser, url: str, shot: Shot) -> list[str]:
    """One picture, and what the browser complained about."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme="dark" if shot.dark else "light",
        locale="en-US",
        timezone_id="UTC",
    )
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, f"{url}{HOME}", shot.login)
    complaints.clear()  # of the pretended Gitea's own pages, and of a refusal on the way
    page.goto(f"{url}{_filled(page, url, shot.path)}")
    page.evaluate(_DRAW_WHAT_IS_SEEN)
    file = PICTURES / f"{shot.name}.png"
    page.screenshot(path=file)
    if file.stat().st_size > MOST_BYTES:
        complaints.append(f"its picture has {file.stat().st_size:,} bytes, more than {MOST_BYTES:,}")
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        complaints.append("it is wider than the screen")
    context.close()
    return [each for each in complaints if "403" not in each]


def sign_in(page: Page, address: str, login: str) -> None:
    """As somebody of the demo, with consent."""
    page.goto(address)
    page.get_by_role("button", name=re.compile(rf"^{login}\b")).click()
    consent = page.get_by_role("button", name="Authorize application")
    if consent.count():
        consent.click()
    page.wait_for_load_state()


def _filled(page: Page, url: str, path: str) -> str:
    """A path with the numbers of Ann's key, and of a customer with many sites; or the link to Ann's own page."""
    if path == "MY":
        page.goto(f"{url}{HOME}?q=Ann")
        page.locator("tbody th a").first.click()
        code = page.get_by_label("License key", exact=True).inner_text()
        for domain in ("shop.example.com", "blog.example.com"):
            page.request.get(f"{url}/acme/mod-weather/updates.xml", params={"dlid": code, "domain": domain})
        page.get_by_role("link", name="Customer's page").click()
        page.get_by_role("button", name="Show a link").click()
        return page.get_by_label("Link to the customer's own page", exact=True).inner_text().removeprefix(url)
    for blank, listed in (("KEY", f"{HOME}?q=Ann"), ("CUSTOMER", f"{OWNER}/customers?q=Web")):
        if blank in path:
            page.goto(f"{url}{listed}")
            link = page.locator("tbody th a").first.get_attribute("href") or ""
            path = path.replace(blank, link.rpartition("/")[2])
    return path


@contextlib.contextmanager
def running_demo() -> Iterator[str]:
    """The demo, on ports of its own; where it is."""
    port, gitea_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "bridge.cli", "demo", "--port", str(port), "--gitea-port", str(gitea_port)]
        demo = subprocess.Popen([*command, "--dir", f"{directory}/demo"], stdout=subprocess.PIPE, text=True)
        try:
            _wait(demo)
            url = f"http://127.0.0.1:{port}"
            busy_shop.fill(Path(directory) / "demo" / "config.toml")
            _use_keys(url, directory)
            yield url
        finally:
            demo.terminate()
            demo.wait(60)


def _wait(demo: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    assert demo.stdout is not None
    for line in demo.stdout:
        if line.startswith("ready:"):
            return
        assert time.monotonic() < deadline, "the demo did not become ready"
    raise AssertionError("the demo ended by itself")


def _use_keys(url: str, directory: str) -> None:
    """Let some sites use a key, so that there is something to see."""
    import requests  # noqa: PLC0415  only here

    config = f"{directory}/demo/config.toml"
    command = [sys.executable, "-m", "bridge.cli", "-c", config, "key", "list", "acme", "--customer", "Ann", "--json"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    code = next(key["code"] for key in json.loads(listed.stdout) if key["customer"].split()[0] == "Ann")
    for domain, times in (("shop.example.com", 4), ("blog.example.com", 2), ("localhost", 1)):
        for _ in range(times):
            query = {"dlid": code, "domain": domain}
            requests.get(f"{url}/acme/mod-weather/updates.xml", params=query, timeout=20)


if __name__ == "__main__":
    sys.exit(main())
