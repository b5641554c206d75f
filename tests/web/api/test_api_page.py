"""The page to try the API: it works, and nothing gets into it. A script there could do what its reader may in Gitea."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from support.api_world import Api, build_api
from support.bridges import Installation, install
from support.browsers import Visit, running_browser, served, visiting

from bridge.web.api.description import description
from bridge.web.tryout import ADDRESS, assets
from tools.ports import free_port

WEB = Path(__file__).parents[3] / "bridge" / "web"
OWN = [WEB / "templates" / "tryout.html", WEB / "static" / "tryout.js", WEB / "static" / "tryout.css"]
# Whatever Swagger UI could be told by an address, if it were listened to.
STRANGE_QUERY = (
    "?url=http://127.0.0.1:9/evil.json&urls.primaryName=x&configUrl=http://127.0.0.1:9/evil.json"
    "&spec=%7B%7D&validatorUrl=http://127.0.0.1:9/&persistAuthorization=true&withCredentials=true"
)


def test_the_page_may_run_scripts_of_this_server_only_and_be_framed_by_nobody(shared: Api):
    for path in (ADDRESS, *(f"{ADDRESS}/{name}" for name in assets())):
        answer = shared.client.get(path)
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' data:",
            "connect-src": "'self'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_what_is_ours_names_no_other_server_and_has_nothing_inline(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"//[a-z]|https?:", re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|\{\{|\{%", text)


def test_each_file_has_the_type_that_nosniff_insists_on(shared: Api):
    page = shared.client.get(ADDRESS).get_data(as_text=True)
    linked = re.findall(r'(?:src|href)="(api/[^"]+)"', page)
    assert {each.removeprefix("api/") for each in linked} == set(assets())
    for link in linked:
        answer = shared.client.get(urljoin(ADDRESS, link))
        kind = "text/javascript" if link.endswith(".js") else "text/css"
        assert (answer.status_code, answer.content_type) == (200, f"{kind}; charset=utf-8")
        again = shared.client.get(urljoin(ADDRESS, link), headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "name",
    ["", "nothing.js", "tryout.html", "__init__.py", "..%2ftryout.py", "../tryout.py", "%00", "TRYOUT.JS", "a/b"],
)
def test_no_other_file_is_handed_out(name, shared: Api):
    assert shared.client.get(f"{ADDRESS}/{name}").status_code == 404


def test_the_page_is_the_same_whatever_is_asked(shared: Api):
    plain, asked = shared.client.get(ADDRESS), shared.client.get(ADDRESS + STRANGE_QUERY)
    assert plain.data == asked.data
    assert plain.headers["Content-Security-Policy"] == asked.headers["Content-Security-Policy"]


def test_only_the_files_of_the_package_are_used(shared: Api):
    assert shared.client.get(f"{ADDRESS}/swagger-ui.css").status_code == 200
    assert not {name for name in sys.modules if name.startswith("flask_openapi3")}


@pytest.fixture(scope="module")
def browser():
    with running_browser() as found:
        yield found


@pytest.fixture
def visit(browser) -> Iterator[Visit]:
    with visiting(browser) as made:
        yield made


@pytest.fixture(scope="module", params=["", "/shop/licenses"], ids=["at the root", "below a path"])
def beside(request, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An installation that listens at its public address."""
    directory = tmp_path_factory.mktemp("page")
    shutil.copy(migrated_sqlite, directory / "bridge.db")
    port = free_port()
    url = f"http://127.0.0.1:{port}{request.param}"
    made = install(f"sqlite:///{directory / 'bridge.db'}", directory, bridge={"public_url": url})
    api = build_api(made)
    with served(api.client.application, port):
        yield api
    made.close()


def _url(made: Installation, query: str = "") -> str:
    return f"{made.settings.bridge.public_url}{ADDRESS}{query}"


@pytest.mark.parametrize("query", ["", STRANGE_QUERY], ids=["plainly", "with a query"])
def test_it_shows_every_operation_of_ours_and_asks_nobody_else(query, beside: Api, visit: Visit):
    visit.page.goto(_url(beside.made, query))
    visit.page.wait_for_selector(".opblock")
    assert visit.page.inner_text(".info .title").startswith("Gitea License Bridge")
    shown = visit.page.locator(".opblock .opblock-summary-path").evaluate_all("all => all.map(e => e.dataset.path)")
    assert sorted(set(shown)) == sorted(description()["paths"])
    assert visit.asked[-1] == f"{beside.made.settings.bridge.public_url}/-/licensing/openapi.json"
    assert (visit.elsewhere, visit.complaints) == ([], [])


def test_a_call_is_made_with_the_token_and_its_answer_is_shown(beside: Api, visit: Visit):
    page = visit.page
    page.goto(_url(beside.made))
    _authorize(visit, beside.tokens["owner"])
    found = page.locator("#operations-license-packages-repo_list_license_packages")
    found.locator("button.opblock-summary-control").click()
    found.get_by_placeholder("owner").fill("acme")
    found.get_by_placeholder("repo").fill("mod-weather")
    found.locator("button.execute").click()
    answer = found.locator(".live-responses-table")
    answer.wait_for()
    assert answer.locator(".response-col_status").nth(1).inner_text().startswith("200")
    assert '"name": "Standard"' in answer.inner_text()
    assert (visit.elsewhere, visit.complaints) == ([], [])


def test_the_token_is_forgotten_with_the_page(beside: Api, visit: Visit):
    page = visit.page
    page.goto(_url(beside.made))
    _authorize(visit, beside.tokens["owner"])
    assert page.locator(".auth-wrapper button.authorize.locked").count() == 1
    kept = "() => [...Object.entries(localStorage), ...Object.entries(sessionStorage), document.cookie]"
    assert page.evaluate(kept) == [""]
    page.reload()
    page.locator(".auth-wrapper button.authorize.unlocked").wait_for()


def _authorize(visit: Visit, token: str) -> None:
    page = visit.page
    page.locator(".auth-wrapper button.authorize").click()
    page.get_by_label("auth-bearer-value").fill(token)
    page.locator(".auth-container", has_text="bearer (http").locator("button.authorize").click()
    page.locator(".modal-ux button.btn-done").first.click()


# What markup, or a flaw of the library, could try; and the line of the policy that stops it.
ATTEMPTS = (
    ("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))", "script-src"),
    ("document.body.insertAdjacentHTML('beforeend', '<img src=data:, onerror=\"window.ran = 1\">')", "script-src"),
    (
        "document.body.append(Object.assign(document.createElement('script'), {src: 'http://127.0.0.1:9/'}))",
        "script-src",
    ),
    ("setTimeout('window.ran = 1', 0)", "script-src"),
    ("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')", "style-src"),
    ("fetch('http://127.0.0.1:9/').catch(() => 0)", "connect-src"),
    ("new Image().src = 'http://127.0.0.1:9/'", "img-src"),
    ("document.body.insertAdjacentHTML('beforeend', '<iframe src=\"http://127.0.0.1:9/\"></iframe>')", "frame-src"),
    ("document.head.append(Object.assign(document.createElement('base'), {href: 'http://127.0.0.1:9/'}))", "base-uri"),
)


def test_what_got_into_the_page_could_neither_run_nor_tell(beside: Api, visit: Visit):
    page = visit.page
    page.goto(_url(beside.made))
    page.wait_for_selector(".opblock")
    for what, directive in ATTEMPTS:
        with page.expect_console_message(lambda said, of=directive: said.text.startswith(f"policy enforced: {of}")):
            page.evaluate(f"() => {{ {what} }}")
    assert page.evaluate("window.ran") is None
