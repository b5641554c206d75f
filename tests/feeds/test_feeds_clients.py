"""Our feeds in the hands of simulated clients, and the clients themselves against what the real ones were seen to do."""

import hashlib

import pytest
from support import dolibarr_client, joomla_client
from support import feed_samples as samples
from support.php_versions import version_compare

from feeds.entries import UpdateFeed
from feeds.joomla import update_feed

JOOMLAS = ("4.4.9", "5.3.2", "5.4.1", "6.0.0", "6.1.0-beta2")
NONE = None  # no update is offered
PLUGIN, PACKAGE = update_feed(samples.plugin_feed()), update_feed(samples.package_feed())
COMPONENT, TEMPLATE = update_feed(samples.component_feed()), update_feed(samples.template_feed())
EMPTY = update_feed(UpdateFeed())
IDENTITIES = {
    PLUGIN: samples.PLUGIN,
    PACKAGE: samples.PACKAGE,
    COMPONENT: samples.COMPONENT,
    TEMPLATE: samples.TEMPLATE,
}


def who_gets_what():
    """Yield (feed, what the site is besides its Joomla, the version offered to each of JOOMLAS)."""
    rc, dev = "3.3.0-rc2", "3.4.0-dev20261120"
    yield PLUGIN, {}, ("2.4.1",) * 5
    yield PACKAGE, {}, (NONE, *("3.2.0",) * 4)
    for minimum in ("alpha", "beta", "rc"):
        yield PACKAGE, {"minimum": minimum}, (NONE, *(rc,) * 4)
    yield PACKAGE, {"minimum": "dev"}, (NONE, *(dev,) * 4)
    for new_enough in (("mysql", "8.0.36"), ("mariadb", "10.6.12"), ("postgresql", "15.1")):
        yield COMPONENT, {"database": new_enough}, ("1.9.8", *("2.0.3",) * 4)
    for too_old in (("mysql", "5.7.44"), ("mariadb", "10.3.39"), ("postgresql", "11.22")):
        yield COMPONENT, {"database": too_old}, ("1.9.8", *(NONE,) * 4)
    yield TEMPLATE, {}, (NONE, *("1.8.0",) * 4)
    yield EMPTY, {}, (NONE,) * 5


@pytest.mark.parametrize(("feed", "site", "offers"), list(who_gets_what()))
def test_every_joomla_is_offered_and_installs_what_is_meant_for_it(feed, site, offers):
    identity = IDENTITIES.get(feed)
    assert tuple(joomla_client.check(feed, joomla=it, identity=identity, **site).version for it in JOOMLAS) == offers
    assert tuple(joomla_client.install(feed, joomla=it, **site).version for it in JOOMLAS) == offers


def test_an_empty_feed_is_silent():
    assert joomla_client.check(EMPTY) == joomla_client.Offer(None, ())


def test_an_unmet_php_minimum_and_database_are_shown_to_the_administrator():
    assert joomla_client.check(PLUGIN, php="7.4.33").warnings == ("Acme SEO (system plugin) 2.4.1 needs PHP 8.1",)
    offer = joomla_client.check(COMPONENT, database=("mariadb", "10.3.39"))
    assert offer.warnings == ("Acme Forms 2.0.3 does not run on mariadb 10.3.39",)


@pytest.mark.parametrize(
    ("installed", "offered"), [("2.4.0", "2.4.1"), ("2.4.1-rc1", "2.4.1"), ("2.4.1", NONE), ("3.0", NONE)]
)
def test_only_a_newer_version_is_offered(installed, offered):
    assert joomla_client.check(PLUGIN, installed=installed, identity=samples.PLUGIN).version == offered


@pytest.mark.rule(18)
def test_an_update_of_another_identity_is_invisible():
    for identity in (samples.PACKAGE, samples.COMPONENT):
        assert joomla_client.check(PLUGIN, identity=identity) == joomla_client.Offer(None, ())


@pytest.mark.rule(26)
def test_an_installation_compares_the_bytes_with_every_checksum():
    package = b"PK\x05\x06"
    right = {name: hashlib.new(name, package).hexdigest() for name in ("sha256", "sha384", "sha512")}
    feed = update_feed(samples.feed(download=samples.download(**right)))
    wrong = update_feed(samples.feed(download=samples.download(**{**right, "sha512": "0" * 128})))
    assert joomla_client.install(feed, package=package).error is None
    assert joomla_client.install(wrong, package=package).error == "checksum verification failed"


@pytest.mark.rule(24)
def test_the_key_is_appended_to_the_link_and_nothing_else():
    link = samples.download().url
    assert joomla_client.install(PLUGIN, extra_query="dlid=K&dummy=my.zip").url == f"{link}?dlid=K&dummy=my.zip"
    assert joomla_client.install(PLUGIN).url == link


# From here on the simulated clients are judged, by what was observed of the real ones.


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        ("1.2", "1.2.0", -1),
        ("02.01.11", "2.1.11", 0),
        ("1.0.0rc1", "1.0.0-rc.1", 0),
        ("1.0.0-rc.1", "1.0.0-rc1", 0),
        ("1.0-dev", "1.0-alpha", -1),
        ("1.0-a", "1.0-beta", -1),
        ("1.0-b2", "1.0-RC1", -1),
        ("1.0-rc9", "1.0", -1),
        ("1.0", "1.0-pl1", -1),
        ("1.0-nightly", "1.0-dev", -1),
        ("1.0-hotfix", "1.0", -1),
        ("1.0+build.5", "1.0", -1),
        ("1.0-preview", "1.0", 1),
        ("1.0-patch", "1.0", 1),
        ("v1.3.0", "0.1", -1),
        ("1.0-Beta", "1.0-dev", -1),
        ("1.0-RC1", "1.0-rc1", 0),
        ("1.0.0-1", "1.0.0", 1),
        ("1.10", "1.9", 1),
        ("", "1", -1),
        ("", "", 0),
    ],
)
def test_versions_compare_as_in_php(left, right, result):
    assert version_compare(left, right) == result
    assert version_compare(right, left) == -result


def altered(old, new):
    assert old in PLUGIN
    return PLUGIN.replace(old, new)


NOT_OPEN, NOT_PARSED = ("Update: Could not open update site",), ("Update: Could not parse update site",)


@pytest.mark.parametrize(
    ("status", "feed", "version", "warnings"),
    [
        (200, b"", NONE, ()),
        (200, b" \n", NONE, ()),
        (200, b"<html><body>Sign in</body></html>", NONE, ()),
        (200, b"Sign in", NONE, NOT_PARSED),
        (200, b'{"message": "no"}', NONE, NOT_PARSED),
        (200, b"\x1f\x8b\x08", NONE, NOT_PARSED),
        (200, b"\n" + PLUGIN, NONE, NOT_PARSED),
        (200, PLUGIN.replace(b"Acme SEO", b"Acme\xff", 1), NONE, NOT_PARSED),
        (200, b"\xef\xbb\xbf" + PLUGIN, "2.4.1", ()),
        (200, PLUGIN.removesuffix(b"</updates>\n"), "2.4.1", ()),
        *((status, PLUGIN, NONE, NOT_OPEN) for status in (204, 304, 401, 403, 404, 429, 500)),
    ],
)
def test_joomla_reacts_to_each_answer_as_observed(status, feed, version, warnings):
    assert joomla_client.check(feed, status=status) == joomla_client.Offer(version, warnings)


@pytest.mark.parametrize("tag", [b"development", b"nightly", b"release-candidate", b" dev ", b"\ndev\n", b""])
def test_a_tag_joomla_does_not_know_is_offered_to_every_site(tag):
    assert joomla_client.check(altered(b"<tag>stable", b"<tag>" + tag)).version == "2.4.1"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"    <client>site</client>\n", b""),
        (b"<client>site", b"<client>administrator"),
        (b"<client>site", b"<client> site "),
        (b"<client>site", b"<client>admin"),
        (b"<folder>system", b"<folder>content"),
        (b"<element>acmeseo", b"<element>plg_system_acmeseo"),
        (b"<element>acmeseo", b"<element> acmeseo"),
        (b'name="joomla"', b'name="Joomla"'),
        (b'version="(4\\.4|5', b'version="(4/4|5'),
        (b'    <targetplatform name="joomla"', b"    <target"),
    ],
)
def test_small_mistakes_make_an_update_invisible_without_a_warning(old, new):
    assert joomla_client.check(altered(old, new), identity=samples.PLUGIN) == joomla_client.Offer(None, ())


@pytest.mark.rule(23)
def test_poison_passes_the_check_and_fails_the_installation():
    stability = altered(b"<tags>", b"<stability>stable</stability><tags>")
    assert joomla_client.check(stability).version == "2.4.1"
    assert joomla_client.install(stability).error == "Invalid extension update"
    extra_query = altered(b"<tags>", b"<extra_query>dlid=K</extra_query><tags>")
    assert joomla_client.check(extra_query).version == "2.4.1"
    assert joomla_client.install(extra_query).error == "Fatal error"
    assert joomla_client.install(extra_query, extra_query="dlid=K").error is None


@pytest.mark.rule(15)
def test_of_several_extensions_in_one_feed_the_highest_number_hides_the_others():
    other = PLUGIN.replace(b"acmeseo</element>", b"other</element>").replace(b"2.4.1</version>", b"9.0.0</version>")
    both = PLUGIN.removesuffix(b"</updates>\n") + other.split(b"<updates>")[1]
    assert joomla_client.check(both).version == "9.0.0"
    assert joomla_client.check(both, identity=samples.PLUGIN).version is NONE


def test_of_two_links_the_last_wins_and_of_equal_versions_the_first():
    two_links = altered(b"</downloads>", b"<downloadurl>https://x.example/x.tar.gz</downloadurl></downloads>")
    assert joomla_client.install(two_links).url == "https://x.example/x.tar.gz"
    links = (f"{samples.HOST}/first.zip", f"{samples.HOST}/second.zip")
    equals = UpdateFeed(tuple(samples.entry(download=samples.download(link)) for link in links))
    assert joomla_client.install(update_feed(equals)).url == links[0]


@pytest.mark.parametrize("sha", [b"sha256:" + samples.SHA256.encode(), b"", b"\n" + samples.SHA256.encode() + b"\n"])
def test_a_checksum_with_anything_around_it_aborts_the_installation(sha):
    package = b"x"
    real = hashlib.sha256(package).hexdigest().encode()
    feed = PLUGIN.replace(samples.SHA256.encode(), sha.replace(samples.SHA256.encode(), real))
    assert joomla_client.install(feed, package=package).error == "checksum verification failed"


def test_a_value_that_is_too_long_for_the_table_aborts_the_check():
    offer = joomla_client.check(altered(b"<folder>system", b"<folder>" + b"s" * 21))
    assert offer == joomla_client.Offer(None, ("Data too long for column 'folder'",))


def test_a_link_with_a_query_receives_the_key_behind_an_escaped_ampersand():
    feed = altered(b"acmeseo-2.4.1.zip<", b"acmeseo-2.4.1.zip?a=1<")
    assert joomla_client.install(feed, extra_query="dlid=K").url.endswith(".zip?a=1&amp;dlid=K")


@pytest.mark.parametrize(
    ("disposition", "url", "name"),
    [
        ('attachment; filename="x-1.2.3.zip"', "https://a/d", "x-1.2.3.zip"),
        ("attachment; filename=x.zip", "https://a/d", "x.zip"),
        ("attachment; filename=\"x.zip\"; filename*=UTF-8''y.zip", "https://a/d", "x.zip"),
        ("attachment; filename*=UTF-8''y.zip", "https://a/d/x.zip", "x.zip"),
        ("attachment; filename='x.zip'", "https://a/d", "'x.zip'"),
        (None, "https://a/d/x.zip", "x.zip"),
        (None, "https://a/d/x.zip?dlid=K", "x.zip_dlid_K"),
    ],
)
def test_joomla_names_the_file_by_the_header_or_the_last_piece_of_the_address(disposition, url, name):
    headers = {"content-disposition": disposition} if disposition else {}
    assert joomla_client.file_name_from(headers, url) == name


@pytest.mark.parametrize(
    ("body", "offered"),
    [
        (b"404 page not found", True),
        (b"403 Forbidden", True),
        (b"500 Internal Server Error", True),
        (b"502 Bad Gateway", True),
        (b"Unauthorized", False),
        (b"Forbidden", False),
        (b"Not Found", False),
        (b"", False),
        (b'{"v":1}', False),
        (b"v1.3.0", False),
        (b"\xef\xbb\xbf1.3.0\n", True),
        (b"1.2.0", False),
        (b"1.3.0-LICENSE_EXPIRED", True),
        (b"9" * 30, False),
    ],
)
def test_dolibarr_takes_any_short_body_for_a_version_whatever_the_status(body, offered):
    assert [dolibarr_client.offers_update(status, body, "1.2.0") for status in (200, 404, 500)] == [offered] * 3


@pytest.mark.parametrize(
    ("filename", "directory"),
    [
        ("module_acmestock-1.2.3.zip", "acmestock"),
        ("acmestock-1.2.3.zip", "acmestock"),
        ("module_acmestock-1.2.3 (1).zip", "acmestock"),
        ("module_acmestock-1.2.3-rc1.zip", NONE),
        ("module_acmestock-1.2.3rc1.zip", NONE),
        ("module_acmestock-v1.2.3.zip", NONE),
        ("module_acmestock_1.2.3.zip", NONE),
        ("acmestock-main.zip", NONE),
        ("v1.2.3.zip", NONE),
        ("module_acmestock-1.2.3-1.zip", NONE),
        ("module_AcmeStock-1.2.3.zip", NONE),
    ],
)
def test_dolibarr_deploys_a_zip_by_its_name_and_the_directory_inside(filename, directory):
    assert dolibarr_client.deployable(filename, ["README.md", "htdocs/acmestock/core/x.php"]) == directory
