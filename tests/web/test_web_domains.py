"""Sites at the doors: stated, local, staging, assigned, required, invalid, one too many (rule 43)."""

import pytest
from support.joomla_client import check
from web_shop import add_product, files

from bridge.storage import sites

FILE = "/acme/weather/downloads/v1.0.0/weather.zip"
FEED = "/acme/weather/updates.xml"


@pytest.fixture
def product(installation):
    """A closed product; returns a function that issues a key of a new package with the given rules."""
    add_product(installation, "acme", "weather", "true")
    installation.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
    names = iter(f"Package {number}" for number in range(10))

    def issue(*, domains: tuple[str, ...] = (), **rules):
        return installation.key(installation.package("acme", next(names), **rules), domains=domains)

    return issue


def code(client, key, domain=None, **headers) -> str:
    """The code of a download with a key; a good one has none and is called valid. The feed must agree."""
    query = {"dlid": key.code} | ({} if domain is None else {"domain": domain})
    answer, feed = (
        client.get(FILE, query_string=query, headers=headers),
        client.get(FEED, query_string=query, headers=headers),
    )
    assert answer.status_code == (403 if "X-License-Code" in answer.headers else 200)
    assert (feed.status_code, b"<version>" in feed.data) == (200, answer.status_code == 200)
    return answer.headers.get("X-License-Code", "valid")


def hosts(installation, key) -> list[tuple[str, bool]]:
    """The live sites of a key, and whether each takes a slot."""
    with installation.parts.open_session(read_only=True) as session:
        return sorted((site.host, site.slot is not None) for site in sites.live_sites(session, key.id))


@pytest.mark.rule(43)
def test_one_site_in_many_spellings_takes_one_slot(installation, product):
    key, client = product(max_sites=1), installation.client()
    for spelling in (
        "Example.com",
        "https://www.EXAMPLE.com:8443/shop/?a=b",
        "example.com.",
        " example.com ",
        "www.example.com",
    ):
        assert code(client, key, spelling) == "valid", spelling
    assert code(client, key, **{"X-License-Domain": "example.COM"}) == "valid"
    assert hosts(installation, key) == [("example.com", True)]


@pytest.mark.rule(43)
def test_international_names_are_one_with_their_encoded_form(installation, product):
    key, client = product(max_sites=1), installation.client()
    assert code(client, key, "bücher.org") == "valid"
    assert code(client, key, "xn--bcher-kva.org") == "valid"
    assert hosts(installation, key) == [("xn--bcher-kva.org", True)]


@pytest.mark.rule(43)
def test_a_site_too_many_is_told_how_to_free_one_and_the_known_ones_go_on(installation, product):
    key, client = product(max_sites=2), installation.client()
    for host in ("one.org", "two.org"):
        assert code(client, key, host) == "valid"
    assert code(client, key, "three.org") == "site_limit"
    asked = {"dlid": key.code, "domain": "three.org"}
    assert b"Free a site" in client.get(FILE, query_string=asked).data
    page = client.get(FILE, query_string=asked, headers={"Accept": "text/html"}).data
    assert b'<a href="https://git.example.com/-/licensing/my/" rel="noreferrer">See your sites and free one</a>' in page
    assert code(client, key, "one.org") == "valid"
    assert code(client, key) == "valid"
    assert [host for host, _ in hosts(installation, key)] == ["one.org", "two.org"]


@pytest.mark.rule(43)
@pytest.mark.parametrize("host", ["joomla.invalid", "https://joomla.invalid/", "", " "])
def test_a_command_line_states_no_domain(host, installation, product):
    key, client = product(max_sites=1), installation.client()
    assert code(client, key, host) == "valid"
    assert hosts(installation, key) == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "192.168.1.20:8080", "erp.lan", "shop.test", "[::1]"])
def test_local_sites_are_free_unless_the_package_counts_them(host, installation, product):
    client = installation.client()
    free, counted = product(max_sites=1), product(max_sites=1, local_sites="count")
    for key, takes_slot in ((free, False), (counted, True)):
        assert code(client, key, host) == "valid"
        assert [slot for _, slot in hosts(installation, key)] == [takes_slot]
        assert code(client, key, "example.com") == ("site_limit" if takes_slot else "valid")


def test_a_staging_site_is_free_beside_its_production_site(installation, product):
    key, client = product(max_sites=1), installation.client()
    assert code(client, key, "staging.example.com") == "valid"
    assert hosts(installation, key) == [("staging.example.com", True)]
    assert code(client, key, "example.com") == "valid"
    assert hosts(installation, key) == [("example.com", True), ("staging.example.com", False)]
    assert code(client, key, "staging.other.org") == "site_limit"


@pytest.mark.parametrize(
    ("assigned", "host", "wanted"),
    [
        (("example.com",), "www.example.com", "valid"),
        (("example.com",), "shop.example.com", "domain_not_allowed"),
        (("example.com",), "example.com.evil.org", "domain_not_allowed"),
        (("*.example.com",), "shop.example.com", "valid"),
        (("*.example.com",), "example.com", "domain_not_allowed"),
        (("*.example.com",), "notexample.com", "domain_not_allowed"),
        (("a.org", "b.org"), "b.org", "valid"),
        (("a.org", "b.org"), "c.org", "domain_not_allowed"),
        (("example.com",), "localhost", "domain_not_allowed"),
    ],
)
def test_a_stated_domain_must_be_one_of_those_assigned(assigned, host, wanted, installation, product):
    assert code(installation.client(), product(domains=assigned), host) == wanted


def test_a_key_of_exactly_one_domain_speaks_for_it(installation, product):
    client = installation.client()
    one = product(domains=("example.com",), unstated_domain="refuse")
    two = product(domains=("a.org", "b.org"), unstated_domain="refuse")
    wild = product(domains=("*.example.com",), unstated_domain="refuse")
    assert [code(client, key) for key in (one, two, wild)] == ["valid", "domain_required", "domain_required"]
    assert hosts(installation, one) == [("example.com", True)]


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_whoever_has_too_many_sites_is_told_where_one_is_freed(accept, installation, product):
    key, client = product(max_sites=1), installation.client()
    assert code(client, key, "one.org") == "valid"
    query = {"dlid": key.code, "domain": "two.org"}
    answer = client.get(FILE, query_string=query, headers={"Accept": accept})
    assert answer.headers["X-License-Code"] == "site_limit"
    assert f"{installation.settings.bridge.public_url}/-/licensing/my/" in answer.text


@pytest.mark.rule(43)
def test_the_package_says_what_an_unstated_domain_means(installation, product):
    client = installation.client()
    assert code(client, product()) == "valid"
    refusing = product(unstated_domain="refuse")
    assert code(client, refusing) == "domain_required"
    assert code(client, refusing, "joomla.invalid") == "domain_required"
    assert code(client, refusing, "example.com") == "valid"


@pytest.mark.parametrize(
    "domain",
    ["exa mple.com", "a..b", "-x-.org", "http://", "user@", "1.2.3.400", "x" * 300, "a.com/../..", "%", "ex_\x00.com"],
)
def test_what_is_no_domain_is_refused_by_its_own_code_or_read_as_a_host(domain, installation, product):
    key = product(max_sites=1)
    outcome = code(installation.client(), key, domain)
    stored = [host for host, _ in hosts(installation, key)]
    assert (outcome, stored) in ([("domain_invalid", []), ("valid", ["a.com"])])
    assert (outcome == "valid") == (domain == "a.com/../..")


def test_domain_is_read_from_the_query_first_and_from_the_header_else(installation, product):
    key, client = product(domains=("a.org",)), installation.client()
    assert code(client, key, "a.org", **{"X-License-Domain": "b.org"}) == "valid"
    assert code(client, key, "", **{"X-License-Domain": "b.org"}) == "domain_not_allowed"
    amp = client.get(f"{FILE}?dlid={key.code}&amp;domain=b.org")
    assert amp.headers["X-License-Code"] == "domain_not_allowed"


def test_a_flood_of_made_up_sites_stores_a_hundred_a_day_and_is_still_answered(installation, product):
    key, client = product(), installation.client()
    for number in range(105):
        query = {"dlid": key.code, "domain": f"site-{number}.org"}
        assert client.get(FEED, query_string=query).data.count(b"<version>") == 1
    assert len(hosts(installation, key)) == 100
    installation.clock.turn(days=1, seconds=1)
    assert code(installation.client(), key, "site-of-tomorrow.org") == "valid"
    assert len(hosts(installation, key)) == 101


def test_a_refusal_for_another_reason_takes_no_slot(installation, product):
    key, client = product(streams=("beta",), max_sites=1), installation.client()
    answer = client.get(FILE, query_string={"dlid": key.code, "domain": "one.org"})
    assert answer.headers["X-License-Code"] == "stream_not_granted"
    installation.revoke(key.id)
    client.get(FEED, query_string={"dlid": key.code, "domain": "two.org"})
    assert hosts(installation, key) == []


@pytest.mark.rule(43)
def test_a_refused_site_sees_an_empty_feed_without_any_warning(installation, product):
    key, client = product(max_sites=1), installation.client()
    client.get(FEED, query_string={"dlid": key.code, "domain": "one.org"})
    answer = client.get(FEED, query_string={"dlid": key.code, "domain": "two.org"})
    offer = check(answer.data, status=answer.status_code)
    assert (offer.version, offer.warnings) == (None, ())
