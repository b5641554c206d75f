"""The price list of the doors: for every address, key situation and key mode the status, code and versions listed.

An address that is missing here fails the last tests of this file.
"""

import json
import re

import pytest
from flask.testing import FlaskClient
from web_shop import ALL, EARLY, FEW, MODES, NEWEST, Shop, Situation

from bridge.web.pages.catalogue import ALL as PAGES
from bridge.web.pages.visits import BASES

OPEN = FEW  # what a reader without a key sees where the feed is open: the stable versions

SITUATIONS = (
    *("no key", "malformed", "typo", "for another repo", "foreign owner's", "test key", "revoked", "suspended"),
    *("not started", "expired", "expired but owned", "grace", "valid", "master", "legacy for two"),
    *("replaced, overlapping", "replaced, ended"),
)

# Every rule of the URL map, with the methods that it answers and the kind of door it is.
ADDRESSES = {
    "/<owner>/<repo>/updates.xml": "feed",
    "/<owner>/<repo>/updates.xml/extension.xml": "feed",
    "/<owner>/<repo>/extension.xml": "feed",
    "/<owner>/<repo>/updates.<edition>.xml": "feed",
    "/<owner>/<repo>/updates/<token>.xml": "personal feed",
    "/<owner>/<repo>/changelog.xml": "changelog",
    "/<owner>/-/licensing/extensions.xml": "collection",
    "/<owner>/<repo>/version.txt": "version",
    "/<owner>/<repo>/updates/dolibarr.json": "json",
    "/<owner>/<repo>/downloads/<path:tag>/<name>": "download",
    "/<owner>/<repo>/downloads/~<token>/<path:tag>/<name>": "personal download",
    "/-/licensing/hooks/gitea": "hook",
    "/-/licensing/hooks/<provider>/<endpoint>": "hook",
    "/-/licensing/buy/<endpoint>/<int(max=2147483647):package>": "buyers",
    "/-/licensing/buy/<endpoint>/<int(max=2147483647):package>/cancelled": "buyers",
    "/-/licensing/thanks/<endpoint>": "buyers",
    "/-/licensing/my/": "customer's form",
    "/-/licensing/my/<link>": "customer",
    "/-/licensing/my/<link>/sites/<int(max=2147483647):number>/free": "customer's button",
    "/-/licensing/health": "operators",
    "/-/licensing/metrics": "operators",
    "/-/licensing/openapi.json": "operators",
    "/-/licensing/api": "operators",
    "/-/licensing/api/<file>": "operators",
    "/-/licensing/assets/<file>": "operators",
    "/-/licensing/sign-in": "person",
    "/-/licensing/oauth/callback": "person",
    "/-/licensing/sign-out": "sign-out",
    "/-/licensing/signed-out": "person",
    **{page.rule: "form" if page.posts else "page" for page in PAGES},
    **{f"{base}/<path:rest>": "nothing" for level, base in BASES.items() if level != "site"},
}
OF_PEOPLE = {"person", "sign-out", "page", "form", "nothing", "customer", "customer's form", "customer's button"}
OF_PRODUCTS = [rule for rule, kind in ADDRESSES.items() if kind not in {"hook", "operators", "buyers"} | OF_PEOPLE]


def address(rule: str, repo: str, situation: Situation, version: str = NEWEST) -> str:
    """Fill the blanks; the key goes into the query where the address has no token."""
    file = "weather-pro.zip" if "edition" in rule else "weather.zip"
    filled = {"owner": "acme", "repo": repo, "edition": "pro", "token": situation.token}
    filled |= {"path:tag": f"v{version}", "name": file}
    path = re.sub(r"<([a-z:]+)>", lambda blank: filled[blank[1]], rule)
    return f"{path}?dlid={situation.key}" if situation.key and "<token>" not in rule else path


def versions(body: bytes) -> tuple[str, ...]:
    return tuple(re.findall(r"<version>([^<]+)</version>", body.decode()))


def ask(client: FlaskClient, path: str, **headers: str):
    """GET and HEAD, which must agree in everything but the body."""
    answer, bare = client.get(path, headers=headers), client.head(path, headers=headers)
    assert bare.status_code == answer.status_code
    assert bare.data == b""
    for name in ("Content-Type", "Content-Length", "X-License-Code", "Cache-Control", "Content-Disposition"):
        assert bare.headers.get(name) == answer.headers.get(name), name
    return answer


def in_feed(mode: str, good: bool, sees: tuple[str, ...]) -> tuple[str, ...]:
    """What a feed lists: a good key decides alone, without one the mode does."""
    if good:
        return sees
    return () if mode == "true" else OPEN


@pytest.fixture(params=SITUATIONS)
def situation(request, shop: Shop) -> Situation:
    return shop.situations[request.param]


@pytest.fixture(params=MODES)
def repo(request) -> str:
    return request.param


@pytest.mark.rule(1, 35, 36, 40)
@pytest.mark.parametrize("rule", [rule for rule, kind in ADDRESSES.items() if kind == "feed"])
def test_a_feed_lists_what_the_key_opens_and_is_never_an_error(rule, repo, situation, visitor):
    answer = ask(visitor, address(rule, repo, situation))
    assert answer.status_code == 200
    assert answer.content_type == "application/xml; charset=utf-8"
    assert versions(answer.data) == in_feed(MODES[repo], situation.good, situation.sees)
    assert ("no-store" in answer.headers["Cache-Control"]) == (situation.key is not None)


@pytest.mark.rule(1)
def test_a_personal_feed_lists_what_its_key_opens_in_every_mode(repo, situation, visitor):
    answer = ask(visitor, address("/<owner>/<repo>/updates/<token>.xml", repo, situation))
    sees = situation.sees if situation.good else FEW if situation.token_good else ()
    assert (answer.status_code, versions(answer.data)) == (200, sees)
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.data.count(f"/downloads/~{situation.token}/v".encode()) == len(sees)


@pytest.mark.rule(47)
def test_the_changelog_is_open_to_everybody(repo, situation, visitor):
    answer = ask(visitor, address("/<owner>/<repo>/changelog.xml", repo, situation))
    assert (answer.status_code, versions(answer.data)) == (200, ALL)


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_collection_names_closed_products_to_good_keys_only(name, shop, visitor):
    situation = shop.situations[name]
    answer = ask(visitor, address("/<owner>/-/licensing/extensions.xml", "", situation))
    feeds = re.findall(r'detailsurl="https://git\.example\.com/acme/(\w+)/updates\.xml"', answer.data.decode())
    assert answer.status_code == 200
    assert feeds == [*(["closed"] if situation.good else []), "free", "gated"]


@pytest.mark.rule(50)
def test_version_txt_names_the_newest_stable_version_that_the_reader_may_have(repo, situation, visitor):
    answer = ask(visitor, address("/<owner>/<repo>/version.txt", repo, situation))
    seen = [each for each in in_feed(MODES[repo], situation.good, situation.sees) if each != EARLY]
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    assert answer.data.decode() == "".join(seen[:1])


def test_dolibarr_json_names_the_newest_version_and_what_the_key_is_worth(repo, situation, visitor):
    answer = ask(visitor, address("/<owner>/<repo>/updates/dolibarr.json", repo, situation))
    seen = in_feed(MODES[repo], situation.good, situation.sees)
    document = json.loads(answer.data)
    assert (answer.status_code, document["version"]) == (200, seen[0] if seen else None)
    assert document.get("license", {}).get("status") == (situation.by_key if situation.key else None)


@pytest.mark.rule(38, 40)
@pytest.mark.parametrize("rule", [rule for rule, kind in ADDRESSES.items() if kind.endswith("download")])
@pytest.mark.parametrize("version", ALL)
def test_a_download_needs_a_good_key_except_where_none_is_required(rule, version, repo, situation, visitor):
    answer = ask(visitor, address(rule, repo, situation, version))
    by = situation.by_token if "<token>" in rule else situation.by_key
    code = None if MODES[repo] == "false" else refusal_of(situation, by, version)
    assert (answer.status_code, answer.headers.get("X-License-Code")) == (403 if code else 200, code)
    assert answer.data.startswith(b"PK") == (code is None)


def refusal_of(situation: Situation, code: str, version: str) -> str | None:
    """The code with which one version is refused, by the code that the key as such has."""
    if code not in {"valid", "grace"}:
        return code
    sees = situation.sees or FEW
    if version in sees:
        return None
    return "expired" if situation.name == "expired but owned" else "stream_not_granted"


@pytest.mark.rule(2)
@pytest.mark.parametrize("rule", OF_PRODUCTS)
def test_what_was_never_served_is_404_with_any_key(rule, situation, visitor):
    asked = address(rule, "nothing", situation).replace("/acme/", "/nobody/")
    assert ask(visitor, asked).status_code == 404


@pytest.mark.parametrize(
    ("method", "status"), [("post", 405), ("put", 405), ("delete", 405), ("patch", 405), ("options", 200)]
)
@pytest.mark.parametrize("rule", OF_PRODUCTS)
def test_the_doors_of_sites_answer_get_and_head_only(rule, method, status, shop, visitor):
    answer = getattr(visitor, method)(address(rule, "closed", shop.situations["valid"]))
    assert answer.status_code == status
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_the_other_doors_have_one_method_each(visitor):
    assert visitor.get("/-/licensing/hooks/gitea").status_code == 405
    assert visitor.post("/-/licensing/hooks/gitea").status_code == 403
    assert visitor.get("/-/licensing/hooks/stripe/nobody").status_code == 405
    assert visitor.post("/-/licensing/hooks/stripe/nobody").status_code == 404
    assert visitor.get("/-/licensing/buy/nobody/1").status_code == 404
    assert visitor.post("/-/licensing/buy/nobody/1").status_code == 405
    assert visitor.get("/-/licensing/my/").status_code == 200
    assert visitor.post("/-/licensing/my/").status_code == 403
    assert visitor.get("/-/licensing/my/nobody").status_code == 404
    assert visitor.post("/-/licensing/my/nobody").status_code == 405
    assert visitor.get("/-/licensing/my/nobody/sites/1/free").status_code == 405
    assert visitor.post("/-/licensing/my/nobody/sites/1/free").status_code == 404
    assert visitor.get("/-/licensing/health").status_code == 200
    assert visitor.post("/-/licensing/health").status_code == 405
    assert visitor.get("/-/licensing/metrics").status_code == 404


def rules_of_sites(client):
    """All rules but those of the REST interface, which has a table of its own."""
    return [rule for rule in client.application.url_map.iter_rules() if not rule.rule.startswith("/api/")]


def test_the_table_has_every_address_and_no_other(visitor):
    assert {rule.rule for rule in rules_of_sites(visitor)} == set(ADDRESSES)


def test_every_address_answers_the_methods_of_its_kind_and_no_others(visitor):
    methods = {rule.rule: rule.methods - {"OPTIONS"} for rule in rules_of_sites(visitor)}
    posting = {"hook": {"POST"}, "sign-out": {"POST"}, "form": {"GET", "HEAD", "POST"}}
    posting |= {"customer's form": posting["form"], "customer's button": {"POST"}}
    wanted = {rule: posting.get(kind, {"GET", "HEAD"}) for rule, kind in ADDRESSES.items()}
    assert methods == wanted
