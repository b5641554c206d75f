"""What is counted: once per download, by kind, code, version, Joomla and PHP; and nothing is lost on the way."""

from collections import Counter

import pytest
from sqlmodel import select
from web_shop import add_product, files

from bridge.models import Site, UsageDay
from bridge.storage.tallies import NO_REPO

FILE = "/acme/weather/downloads/v1.0.0/weather.zip"
JOOMLA = {"User-Agent": "Mozilla/5.0 Joomla!/5.3.2 Joomla"}


@pytest.fixture
def product(installation):
    """A gated product with one release."""
    add_product(installation, "acme", "weather", "download")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
    return installation


@pytest.fixture
def key(product):
    return product.key(product.package("acme"))


def rows(installation) -> list[UsageDay]:
    with installation.parts.open_session(read_only=True) as session:
        return list(session.exec(select(UsageDay).where(UsageDay.repo_id != NO_REPO).order_by(UsageDay.day)))


def counted(installation) -> Counter:
    """How often each (kind, code, version) was counted, once everything is written."""
    installation.parts.usage.flush()
    return Counter({(row.kind, row.code, row.version): row.count for row in rows(installation)})


@pytest.mark.parametrize(
    ("method", "headers", "times"),
    [
        ("get", {}, 1),
        ("get", {"Range": "bytes=0-"}, 1),
        ("get", {"Range": "bytes=0-99"}, 1),
        ("get", {"Range": "bytes=100-"}, 0),
        ("get", {"Range": "bytes=-5"}, 0),
        ("get", {"Range": "bytes=100-,0-5"}, 1),
        ("get", {"Range": "nonsense"}, 1),
        ("get", {"Range": "bytes=99999999-"}, 0),
        ("get", {"Range": "bytes=100-", "If-Range": '"another file"'}, 1),
        ("get", {"If-None-Match": "*"}, 0),
        ("head", {}, 0),
        ("head", {"Range": "bytes=0-"}, 0),
    ],
)
def test_a_download_counts_once_when_its_first_byte_goes_out(method, headers, times, product, key):
    getattr(product.client(), method)(f"{FILE}?dlid={key.code}", headers=headers)
    assert counted(product) == Counter({("download", "valid", "1.0.0"): times} if times else {})


@pytest.mark.parametrize(
    ("wanted", "times"),
    [("", 1), ("bytes=0-", 1), ("bytes=5-", 0), ("bytes=-5", 0), ("bytes=5-,0-1", 1), ("bytes=x", 1)],
)
def test_behind_a_proxy_the_request_says_whether_it_is_a_beginning(wanted, times, sqlite_url, tmp_path):
    from support.bridges import install

    made = install(sqlite_url, tmp_path, web={"downloads": "x-accel"})
    try:
        add_product(made, "acme", "weather", "false")
        made.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
        assert made.client().get(FILE, headers={"Range": wanted} if wanted else {}).status_code == 200
        assert sum(counted(made).values()) == times
    finally:
        made.close()


def test_a_download_that_is_cut_off_and_resumed_is_one(product, key):
    client = product.client()
    parts = [
        client.get(f"{FILE}?dlid={key.code}", headers={"Range": each}).data for each in ("bytes=0-99", "bytes=100-")
    ]
    assert b"".join(parts) == client.get(f"{FILE}?dlid={key.code}").data
    assert counted(product) == Counter({("download", "valid", "1.0.0"): 2})


def test_a_refusal_is_counted_with_its_code_and_a_head_request_is_not(product, key):
    client = product.client()
    product.revoke(key.id)
    for path in (FILE, FILE, f"{FILE}?dlid={key.code}", f"{FILE}?dlid=nonsense-key"):
        client.get(path)
        client.head(path)
    assert counted(product) == Counter(
        {("download", "missing", "1.0.0"): 2, ("download", "revoked", "1.0.0"): 1, ("download", "unknown", "1.0.0"): 1}
    )


def test_every_door_counts_under_its_kind(product, key):
    client = product.client()
    for door in ("updates.xml", f"updates/{key.token}.xml", "changelog.xml", "version.txt", "updates/dolibarr.json"):
        assert client.get(f"/acme/weather/{door}?dlid={key.code}").status_code == 200
    kinds = Counter()
    for (kind, _code, _version), count in counted(product).items():
        kinds[kind] += count
    assert kinds == Counter({"feed": 2, "changelog": 1, "version": 2})


@pytest.mark.parametrize(
    ("headers", "query", "cms", "php"),
    [
        (JOOMLA, "", "joomla 5.3", ""),
        (JOOMLA, "php=8.2.36", "joomla 5.3", "8.2"),
        ({}, "dolibarr=22.0.1&php=8.1.2-1ubuntu2", "dolibarr 22.0", "8.1"),
        ({"User-Agent": "Joomla!/6.0.0-beta2"}, "", "joomla 6.0", ""),
        ({"User-Agent": "curl/8"}, "php=eight&dolibarr=x", "", ""),
        ({"User-Agent": "Joomla!/" + "9" * 5000}, f"php={'9' * 500}.{'9' * 500}", "", ""),
        ({}, "dolibarr=%D9%A3.%D9%A4&php=%D9%A3.%D9%A4", "", ""),
    ],
)
def test_the_versions_that_a_site_states_are_counted_major_and_minor_only(headers, query, cms, php, product, key):
    product.client().get(f"{FILE}?dlid={key.code}&domain=example.com&{query}", headers=headers)
    counted(product)
    row = rows(product)[0]
    assert (row.cms, row.php, row.site, row.key_id, row.day) == (
        cms,
        php,
        "example.com",
        key.id,
        product.clock().date(),
    )


def test_a_refused_site_is_not_written_down(product):
    limited = product.key(product.package("acme", "One site", max_sites=1))
    client = product.client()
    for host in ("one.org", "two.org"):
        client.get(f"{FILE}?dlid={limited.code}&domain={host}")
    counted(product)
    assert {(row.site, row.code) for row in rows(product)} == {("one.org", "valid"), ("", "site_limit")}


def test_a_site_that_comes_again_was_seen_later(product, key):
    client = product.client()
    client.get(f"{FILE}?dlid={key.code}&domain=example.com")
    later = product.clock.turn(hours=5)
    client.get(f"{FILE}?dlid={key.code}&domain=example.com")
    product.parts.usage.flush()
    with product.parts.open_session(read_only=True) as session:
        site = session.exec(select(Site)).one()
    assert site.last_seen_at == later
    assert site.first_seen_at < later


def test_counts_are_written_when_the_process_ends(product, key):
    client = product.client()
    for _ in range(5):
        client.get(f"{FILE}?dlid={key.code}")
    product.parts.usage.close()
    assert [row.count for row in rows(product)] == [5]


def test_the_day_is_that_of_the_request(product, key):
    client = product.client()
    days = []
    for _ in range(2):
        client.get(f"{FILE}?dlid={key.code}")
        days.append(product.clock().date())
        product.clock.turn(days=1)
    counted(product)
    assert [(row.day, row.count) for row in rows(product)] == [(day, 1) for day in days]
