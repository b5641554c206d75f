"""The published vectors of domain normalisation."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules import domains
from bridge.rules.domains import InvalidDomain

VECTORS = [
    ("HTTP://WWW.Example.COM:80/shop/?a=1#x", "example.com"),
    ("https://user:pw@shop.example.com:8443/administrator/", "shop.example.com"),
    ("example.com.", "example.com"),
    ("  https://example.com \u200b", "example.com"),
    ("\ufeff\u00a0example.com\u2003", "example.com"),
    ("//example.com/x", "example.com"),
    ("http:\\\\example.com\\x", "example.com"),
    ("http:example.com", "example.com"),
    ("münchen.de", "xn--mnchen-3ya.de"),
    ("MÜNCHEN.de", "xn--mnchen-3ya.de"),
    ("straße.de", "xn--strae-oqa.de"),
    ("faß.de", "xn--fa-hia.de"),
    ("ÖBB.at", "xn--bb-eka.at"),
    ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
    ("例え。jp", "xn--r8jz45g.jp"),
    ("ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"),
    ("İstanbul.com", "xn--istanbul-o0e.com"),
    ("Bücher.Example.COM", "xn--bcher-kva.example.com"),
    ("xn--bcher-kva.example.com", "xn--bcher-kva.example.com"),
    ("XN--BCHER-KVA.example.com", "xn--bcher-kva.example.com"),
    ("exa%6Dple.com", "example.com"),
    ("www.com", "www.com"),
    ("www.co.uk", "www.co.uk"),
    ("www.github.io", "www.github.io"),
    ("www.localhost", "www.localhost"),
    ("www.www.example.com", "www.example.com"),
    ("www.example.co.uk", "example.co.uk"),
    ("0x7f.1", "127.0.0.1"),
    ("2130706433", "127.0.0.1"),
    ("127.1", "127.0.0.1"),
    ("0177.0.0.1", "127.0.0.1"),
    ("1.2.3", "1.2.0.3"),
    ("1.2.3.4.", "1.2.3.4"),
    ("[2001:DB8::0:1]", "[2001:db8::1]"),
    ("http://[2001:DB8::0:1]:8443/x", "[2001:db8::1]"),
    ("2001:db8::1", "[2001:db8::1]"),
    ("[::ffff:10.0.0.1]", "10.0.0.1"),
    ("[fe80::1%25eth0]", "[fe80::1]"),
    ("my_shop.example.com", "my_shop.example.com"),
    ("☃.net", "xn--n3h.net"),
    ("blog.example.com", "blog.example.com"),
    ("alice.github.io", "alice.github.io"),
    ("example.com/joomla1", "example.com"),
    ("localhost:8080", "localhost"),
    ("r3---sn-x.example.com", "r3---sn-x.example.com"),
    ("a" * 63 + ".com", "a" * 63 + ".com"),
]

INVALID = [
    *("", "   ", "http://", "https:", "http:///", ".", "a..b", ".example.com", "example.com.."),
    *("ftp://x.com", "javascript:1", "mailto:a@example.com", "file:///etc/passwd", "data:text/html,x"),
    *("-bad.com", "bad-.com", "a" * 64 + ".com", ".".join(["a" * 60] * 5)),
    *("a\u200db.com", "xn--a.com", "xn--.com", "xn--example-.com", "\u0301a.com", "a\u05d0.com", "xn--\u00fc.com"),
    *("a b.com", "exa\tmple.com", "example.com\x00", "exa%ff.com", "exa%20mple.com", "*.example.com", "a*.com"),
    *(
        "example.com:99999",
        "example.com:x",
        "[::1",
        "[::1]x",
        "[::g]",
        "1.2.3.4.5",
        "256.1.1.1",
        "foo.09",
        "4294967296",
    ),
    "x" * 2049,
]


@pytest.mark.parametrize(("text", "host"), VECTORS)
def test_a_stated_address_becomes_the_identity_of_its_site(text: str, host: str) -> None:
    assert domains.normalize_host(text) == host


@pytest.mark.parametrize("host", sorted({host for _, host in VECTORS if host != "www.example.com"}))
def test_normalising_twice_changes_nothing(host: str) -> None:
    assert domains.normalize_host(host) == host


@pytest.mark.parametrize("text", INVALID)
def test_what_is_no_host_is_refused_with_a_reason_each_time(text: str) -> None:
    for _ in range(2):
        with pytest.raises(InvalidDomain) as refusal:
            domains.normalize_host(text)
        assert refusal.value.reason.startswith(("it ", "its ", "one ", "only "))


LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789üßλж", min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(
    labels=st.lists(LABELS, min_size=1, max_size=3),
    scheme=st.sampled_from(["", "http://", "HTTPS://", "//"]),
    port=st.sampled_from(["", ":80", ":8443"]),
    path=st.sampled_from(["", "/", "/a/b?c#d"]),
)
def test_scheme_port_path_and_case_never_make_another_site(labels, scheme, port, path) -> None:
    name = ".".join([*labels, "com"])
    host = domains.normalize_host(name)
    assert host.isascii()
    assert domains.normalize_host(f"{scheme}{name}{port}{path}") == host
    assert domains.normalize_host(host.upper()) == host
    assert domains.normalize_host(f"www.{name}") == host


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_either_a_stable_host_or_an_invalid_domain(text: str) -> None:
    try:
        host = domains.normalize_host(text)
    except InvalidDomain:
        return
    assert host.startswith("www.") or domains.normalize_host(host) == host
