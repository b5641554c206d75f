"""Assigned patterns, stated domains, and what hosts tell of their sites."""

import pytest

from bridge.rules import domains
from bridge.rules.domains import InvalidDomain


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("*.Example.com", "*.example.com"),
        ("https://*.example.com/", "*.example.com"),
        ("*.www.example.com", "*.www.example.com"),
        ("*.münchen.de", "*.xn--mnchen-3ya.de"),
        ("*.alice.github.io", "*.alice.github.io"),
        ("https://www.example.com/x", "example.com"),
        ("*.erp.lan", "*.erp.lan"),
    ],
)
def test_an_assigned_domain_becomes_a_pattern(text: str, pattern: str) -> None:
    assert domains.normalize_pattern(text) == pattern
    assert domains.normalize_pattern(pattern) == pattern


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "*.",
        "*.com",
        "*.co.uk",
        "*.github.io",
        "*.localhost",
        "*.127.0.0.1",
        "*.[::1]",
        "*.*.example.com",
        "a.*.example.com",
        "*example.com",
        "",
        "x" * 2049,
    ],
)
def test_a_wildcard_over_what_nobody_owns_is_refused(text: str) -> None:
    with pytest.raises(InvalidDomain):
        domains.normalize_pattern(text)


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "badexample.com", False),
        ("*.example.com", ".example.com", False),
        ("*.example.com", "example.com.evil.org", False),
        ("example.com", "example.com", True),
        ("example.com", "a.example.com", False),
    ],
)
def test_a_pattern_covers_sub_domains_only(pattern: str, host: str, covered: bool) -> None:
    assert domains.matches(pattern, host) is covered


@pytest.mark.parametrize(
    "text",
    [
        "localhost:8080",
        "joomla.localhost",
        "192.168.1.7",
        "10.0.0.5:8443",
        "[::1]",
        "intranet",
        "shop.test",
        "mysite.ddev.site",
        "a.lndo.site",
        "127.8.8.8",
        "172.16.0.1",
        "172.31.255.255",
        "100.64.0.1",
        "169.254.1.1",
        "[fe80::1]",
        "[fd00::1]",
        "erp.lan",
        "x.home.arpa",
        "nas.local",
        "a.internal",
        "a.example",
        "a.invalid",
    ],
)
def test_local_hosts_are_local(text: str) -> None:
    assert domains.is_local(domains.normalize_host(text))


@pytest.mark.parametrize(
    "text",
    [
        "www.developer.com",
        "shop.localgrocer.com",
        "www.testing.org",
        "devices.example.com",
        "acme.dev",
        "a.app",
        "a.zip",
        "localhost.com",
        "8.8.8.8",
        "test.com",
        "dev.com",
        "staging.other.com",
        "172.32.0.1",
        "100.128.0.1",
        "11.0.0.1",
        "[2001:db8::1]",
        "home.arpa.com",
        "myddev.site",
        "example.com",
    ],
)
def test_public_hosts_are_not_local(text: str) -> None:
    assert not domains.is_local(domains.normalize_host(text))


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.example.co.uk", "example.co.uk"),
        ("alice.github.io", "alice.github.io"),
        ("shop.alice.github.io", "alice.github.io"),
        ("a.xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"),
        ("co.uk", None),
        ("github.io", None),
        ("localhost", None),
        ("10.0.0.1", None),
        ("[::1]", None),
        ("a.erp.lan", "erp.lan"),
    ],
)
def test_the_registrable_domain_is_what_somebody_registered(host: str, domain: str | None) -> None:
    assert domains.registrable_domain(host) == domain


@pytest.mark.parametrize(
    ("host", "staging"),
    [
        *[(f"{label}.example.com", True) for label in ("staging", "stage", "stg", "dev", "test", "testing", "preprod")],
        *[
            (f"{label}.example.com", True)
            for label in ("uat", "qa", "demo", "sandbox", "preview", "beta", "dev2", "qa-3")
        ],
        *[
            (f"{label}.example.com", False)
            for label in ("devices", "x-staging", "dev-", "dev-a", "tester", "2dev", "dev--2")
        ],
        *[
            (host, False)
            for host in ("test.com", "dev.com", "beta.co.uk", "staging", "example-staging.com", "example.dev")
        ],
        ("dev.alice.github.io", True),
        ("dev.github.io", False),
        ("shop.staging.example.com", False),
    ],
)
def test_only_the_left_most_label_makes_a_staging_host(host: str, staging: bool) -> None:
    assert domains.is_staging_host(host) is staging


@pytest.mark.parametrize(
    ("host", "preview"),
    [
        ("acme.plesk.page", True),
        ("a.b.sg-host.com", True),
        ("plesk.page", False),
        ("notplesk.page", False),
        ("plesk.page.example.com", False),
        ("x.app.github.dev", True),
        ("app.github.dev", False),
    ],
)
def test_addresses_that_hosting_companies_give_out_are_previews(host: str, preview: bool) -> None:
    assert domains.is_hosting_preview(host) is preview


@pytest.mark.parametrize(
    "text", [None, "", "  ", "\u200b", "joomla.invalid", "https://JOOMLA.invalid:443/administrator"]
)
def test_an_absent_domain_and_joomlas_command_line_state_none(text: str | None) -> None:
    assert domains.stated_domain(text) is None


def test_a_stated_domain_is_normalised_or_refused() -> None:
    assert domains.stated_domain("https://www.Example.com/") == "example.com"
    assert domains.stated_domain("www.joomla.invalid.example.com") == "joomla.invalid.example.com"
    with pytest.raises(InvalidDomain):
        domains.stated_domain("ftp://example.com")
