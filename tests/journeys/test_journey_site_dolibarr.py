"""A Dolibarr site hears of a version, its owner downloads the ZIP and uploads it. By HTTP only."""

import io
import json
import zipfile
from urllib.parse import urlencode, urlsplit

import pytest
from support.dolibarr_client import deployable, filter_version, offers_update
from support.joomla_client import file_name_from
from support.zips import dolibarr_module

VERSION = "/acme/stock/version.txt"


def asked(key, domain="erp.example.org"):
    """The query of the line that goes into a module's descriptor."""
    return urlencode({"dlid": key, "domain": domain, "dolibarr": "22.0.1", "php": "8.2.10"})


@pytest.mark.rule(50, 53)
def test_a_customer_hears_of_a_version_downloads_it_and_can_upload_it(installation):
    installation.add_product("acme", "stock", LICENSING_PLATFORM="dolibarr", LICENSING_REQUIRE_KEY="true")
    installation.publish("acme", "stock", "1.2.0", {"stock v1.zip": dolibarr_module("stock", "1.2.0")})
    key = installation.key(installation.package("acme", max_sites=1))
    client = installation.client()
    told = client.get(f"{VERSION}?{asked(key.code)}")
    assert filter_version(told.status_code, told.data) == "1.2.0"
    assert offers_update(told.status_code, told.data, "1.1.9")
    document = json.loads(client.get(f"/acme/stock/updates/dolibarr.json?{asked(key.code)}").data)
    assert document["license"]["status"] == "valid"
    link = urlsplit(document["download_url"]).path
    answer = client.get(f"{link}?{asked(key.code)}")
    name = file_name_from(dict(answer.headers), link)
    assert name == document["filename"] == "module_stock-1.2.0.zip"
    assert deployable(name, zipfile.ZipFile(io.BytesIO(answer.data)).namelist()) == "stock"


@pytest.mark.rule(51)
def test_a_customer_without_a_right_hears_of_nothing_and_reads_why_at_the_download(installation):
    installation.add_product("acme", "stock", LICENSING_PLATFORM="dolibarr", LICENSING_REQUIRE_KEY="true")
    installation.publish("acme", "stock", "1.2.0", {"stock.zip": dolibarr_module("stock", "1.2.0")})
    key = installation.key(installation.package("acme", max_sites=1, term="30 days"))
    client = installation.client()
    assert client.get(f"{VERSION}?{asked(key.code)}").data == b"1.2.0"
    second = asked(key.code, "erp.example.net")
    file = "/acme/stock/downloads/v1.2.0/module_stock-1.2.0.zip"
    for query in ("", "dlid=nonsense", second):
        told = client.get(f"{VERSION}?{query}")
        assert not offers_update(told.status_code, told.data, "0.0.1")
    assert "in use on all its sites" in client.get(f"{file}?{second}").text
    installation.clock.turn(days=34)
    told = client.get(f"{VERSION}?{asked(key.code)}")
    assert (told.status_code, told.data) == (200, b"")
    assert "expired on 2026-03-31" in client.get(f"{file}?{asked(key.code)}").text
