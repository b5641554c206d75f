"""What Dolibarr makes of our answers, above all of the bad ones (rules 50, 51, 53 and 54)."""

import io
import json
import zipfile
from urllib.parse import urlsplit

import pytest
from support.dolibarr_client import deployable, filter_version, offers_update
from support.zips import descriptor, dolibarr_module, make_zip
from web_shop import add_product, files, later
from werkzeug.exceptions import default_exceptions

from bridge.errors import UnavailableError
from bridge.web.errors import register

INSTALLED = "0.0.1"


def module(installation, require_key="false"):
    installation.add_product("acme", "stock", LICENSING_PLATFORM="dolibarr", LICENSING_REQUIRE_KEY=require_key)
    installation.refresh("acme", "stock")


@pytest.mark.rule(50)
def test_the_newest_stable_version_is_told_as_bare_digits(installation):
    module(installation)
    for version in ("1.2.0", "1.10.0", "1.9.0", "2.0.0-beta1"):
        installation.publish("acme", "stock", version, {"stock.zip": dolibarr_module("stock", version)})
    client = installation.client()
    answer = client.get("/acme/stock/version.txt")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "text/plain", b"1.10.0")
    assert offers_update(200, answer.data, "1.9.0")
    assert not offers_update(200, answer.data, "1.10.0")
    master = installation.key(installation.package("acme")).code
    assert client.get(f"/acme/stock/version.txt?dlid={master}").data == b"1.10.0"
    assert json.loads(client.get(f"/acme/stock/updates/dolibarr.json?dlid={master}").data)["version"] == "2.0.0-beta1"


@pytest.mark.rule(50)
def test_a_version_too_long_for_dolibarr_is_held_back_and_the_door_stays_well(installation):
    module(installation)
    installation.publish("acme", "stock", "1.0.0", {"stock.zip": dolibarr_module("stock", "1.0.0")})
    long = "20261123.20261123.20261123.2026"
    installation.publish("acme", "stock", long, {"stock.zip": dolibarr_module("stock", long)})
    answer = installation.client().get("/acme/stock/version.txt")
    assert (answer.status_code, answer.data) == (200, b"1.0.0")
    held = installation.parts.products.find("acme", "stock").publication.held
    assert [(each.tag, each.code) for each in held] == [(f"v{long}", "not_presentable")]
    assert "30 bytes" in held[0].reason


@pytest.mark.parametrize(
    ("dolibarr", "php", "version"),
    [
        ("", "", "3.0.0"),
        ("22.0.1", "8.2", "3.0.0"),
        ("19.0.0", "8.2", "2.0.0"),
        ("22.0.0", "7.4", "2.0.0"),
        ("10.0.0", "8.2", ""),
        ("22.0.0-beta", "8.2", "3.0.0"),
        ("nonsense", "\xff", "3.0.0"),
        ("9" * 500, "9" * 500, "3.0.0"),
    ],
)
def test_the_newest_that_fits_the_asking_dolibarr_is_answered(dolibarr, php, version, installation):
    module(installation)
    installation.publish("acme", "stock", "2.0.0", {"stock.zip": dolibarr_module("stock", "2.0.0")})
    text = (
        descriptor("modStock", "'3.0.0'").replace("array(7, 4)", "array(8, 1)").replace("array(11, -3)", "array(20, 0)")
    )
    newer = make_zip({"stock/core/modules/modStock.class.php": text})
    installation.publish("acme", "stock", "3.0.0", {"stock.zip": newer})
    query = {"dlid": "", "domain": "erp.lan", "dolibarr": dolibarr, "php": php}
    answer = installation.client().get("/acme/stock/version.txt", query_string=query)
    assert (answer.status_code, answer.text) == (200, version)


@pytest.mark.rule(53)
@pytest.mark.parametrize(
    ("version", "uploaded", "delivered"),
    [
        ("1.2.3", "stock.zip", "module_stock-1.2.3.zip"),
        ("1.2", "whatever v1.zip", "module_stock-1.2.0.zip"),
        ("1.2.3.4", "stock.zip", "module_stock-1.2.3.zip"),
        ("2.0.0-rc1", "module_stock-2.0.0-rc1.zip", "module_stock-2.0.0.zip"),
    ],
)
def test_the_file_is_delivered_under_the_name_that_dolibarr_deploys(version, uploaded, delivered, installation):
    module(installation)
    installation.world.set_variable("acme", "LICENSING_STREAMS", "stable, rc+")
    installation.publish("acme", "stock", version, {uploaded: dolibarr_module("stock", version)})
    client = installation.client()
    document = json.loads(client.get("/acme/stock/updates/dolibarr.json").data)
    assert document["filename"] == delivered
    answer = client.get(urlsplit(document["download_url"]).path)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{delivered}"'
    names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert deployable(delivered, names) == "stock"


@pytest.mark.rule(54)
def test_a_version_that_is_no_plain_text_is_taken_from_the_file_and_then_from_the_tag(installation, tmp_path):
    module(installation)
    trap = f"file_put_contents('{tmp_path}/ran', 'x') . '9.9.9'"
    by_file = dolibarr_module("stock", version_php=trap, version_file="1.1.0\n")
    installation.publish("acme", "stock", "1.1.0", {"stock.zip": by_file})
    assert installation.client().get("/acme/stock/version.txt").data == b"1.1.0"
    by_tag = dolibarr_module("stock", version_php=trap)
    installation.publish("acme", "stock", "1.2.0", {"stock.zip": by_tag})
    assert later(installation).get("/acme/stock/version.txt").data == b"1.2.0"
    neither = dolibarr_module("stock", version_php=trap)
    installation.world.publish_release("acme", "stock", "latest", files={"stock.zip": neither})
    installation.refresh("acme", "stock")
    assert later(installation).get("/acme/stock/version.txt").data == b"1.2.0"
    held = installation.parts.products.find("acme", "stock").publication.held
    assert [(each.tag, each.code) for each in held] == [("latest", "no_version")]
    assert not (tmp_path / "ran").exists()


def every_failure(client):
    """Answers of every kind of failure that a site's version check can meet."""
    for path in (
        "/acme/nothing/version.txt",
        "/acme/stock/version.tx",
        "/",
        "/acme/stock/version.txt/",
        "/%00/%ff/version.txt",
    ):
        yield client.get(path)
    yield client.get("/acme/stock/version.txt?dlid=nonsense")
    for method in ("post", "put", "delete", "patch"):
        yield getattr(client, method)("/acme/stock/version.txt")
    yield client.get("/acme/stock/downloads/v1/x.zip")
    yield client.post("/-/licensing/hooks/gitea", data=b"x" * (1024 * 1024 + 1))
    yield client.get("/-/licensing/metrics")


@pytest.mark.rule(51)
@pytest.mark.parametrize("accept", ["", "*/*", "text/html"])
def test_no_failure_is_taken_for_a_version(accept, installation):
    module(installation, require_key="true")
    client = installation.client()
    client.environ_base["HTTP_ACCEPT"] = accept
    answers = list(every_failure(client))
    assert {answer.status_code for answer in answers} >= {200, 404, 405, 413}
    for answer in answers:
        assert not offers_update(answer.status_code, answer.data, INSTALLED), answer.data
        assert filter_version(answer.status_code, answer.data) in {None, ""}


@pytest.mark.rule(51)
@pytest.mark.parametrize("status", sorted(default_exceptions))
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_no_error_page_of_any_status_is_taken_for_a_version(status, accept):
    from flask import Flask, abort

    app = Flask("errors")
    register(app)
    app.add_url_rule("/", view_func=lambda: abort(status))
    answer = app.test_client().get("/", headers={"Accept": accept})
    assert answer.status_code == status
    assert filter_version(status, answer.data) is None
    assert answer.mimetype == ("text/html" if accept == "text/html" else "text/plain")


@pytest.mark.rule(51)
@pytest.mark.parametrize(("error", "status"), [(UnavailableError("x"), 503), (RuntimeError("x"), 500)])
def test_no_failure_of_ours_is_taken_for_a_version(error, status):
    from flask import Flask

    def fail():
        raise error

    app = Flask("errors")
    register(app)
    app.add_url_rule("/", view_func=fail)
    answer = app.test_client().get("/")
    assert (answer.status_code, filter_version(status, answer.data)) == (status, None)
    assert (answer.headers.get("Retry-After") == "60") == (status == 503)


def test_a_product_for_both_platforms_serves_each_its_own_file(installation):
    add_product(installation, "acme", "both", "false")
    installation.publish("acme", "both", "1.0.0", files("1.0.0", pro=False))
    client = installation.client()
    assert client.get("/acme/both/version.txt").data == b"1.0.0"
    assert b"mod_weather" in client.get("/acme/both/downloads/v1.0.0/weather.zip").data
    named = client.get("/acme/both/downloads/v1.0.0/stock.zip")
    assert named.headers["Content-Disposition"] == 'attachment; filename="module_stock-1.0.0.zip"'
