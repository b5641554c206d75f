"""What the values of a feed refuse to hold."""

import dataclasses

import pytest
from support import feed_samples as samples

from feeds.entries import CHANGELOG_SECTIONS, ChangelogEntry, CollectionItem, Identity, InvalidEntry, UpdateFeed


def refused(rule, build, *args, **facts):
    with pytest.raises(InvalidEntry) as caught:
        build(*args, **facts)
    assert caught.value.rule == rule
    assert caught.value.message in str(caught.value)


def refused_entry(rule, **facts):
    refused(rule, samples.entry, **facts)


@pytest.mark.rule(15)
def test_a_feed_with_two_identities_is_refused():
    other = samples.entry(identity=Identity("plugin", "acmeseo", folder="content"))
    refused(15, UpdateFeed, (samples.entry(), other))


def test_a_feed_keeps_the_order_of_its_caller():
    entries = (samples.entry(version="1.0"), samples.entry(version="3.0"), samples.entry(version="2.0"))
    assert UpdateFeed(entries).entries == entries


def test_values_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        samples.entry().version = "9.9"


@pytest.mark.rule(16)
@pytest.mark.parametrize(
    ("type_", "element", "folder", "stated", "client"),
    [
        ("component", "com_x", "", "", "administrator"),
        ("component", "com_x", "", "administrator", "administrator"),
        ("plugin", "x", "system", "", "site"),
        ("package", "pkg_x", "", "", "site"),
        ("library", "vendor/x", "", "", "site"),
        ("file", "x", "", "", "site"),
        ("module", "mod_x", "", "", "site"),
        ("module", "mod_x", "", "administrator", "administrator"),
        ("template", "x", "", "", "site"),
        ("template", "x", "", "administrator", "administrator"),
        ("language", "de-DE", "", "", "site"),
        ("language", "de-DE", "", "api", "api"),
    ],
)
def test_every_type_has_the_client_joomla_stores_it_under(type_, element, folder, stated, client):
    assert Identity(type_, element, folder=folder, client=stated).client == client


@pytest.mark.rule(16)
@pytest.mark.parametrize(
    ("type_", "element", "folder", "client"),
    [
        ("component", "com_x", "", "site"),
        ("plugin", "x", "system", "administrator"),
        ("package", "pkg_x", "", "administrator"),
        ("module", "mod_x", "", "admin"),
        ("module", "mod_x", "", "0"),
        ("module", "mod_x", "", " site "),
        ("module", "mod_x", "", "Site"),
        ("Plugin", "x", "", "site"),
        ("widget", "x", "", ""),
        ("", "x", "", ""),
    ],
)
def test_a_client_that_sites_would_never_match_is_refused(type_, element, folder, client):
    refused(16, Identity, type_, element, folder=folder, client=client)


@pytest.mark.rule(17)
@pytest.mark.parametrize(
    ("type_", "element", "folder"),
    [
        ("plugin", "x", ""),
        ("component", "com_x", "system"),
        ("plugin", "x", "s" * 21),
        ("plugin", "x", " system"),
        ("plugin", "x", "two words"),
    ],
)
def test_a_folder_belongs_to_plugins_only_and_has_at_most_20_characters(type_, element, folder):
    refused(17, Identity, type_, element, folder=folder)


def test_a_folder_of_20_characters_is_taken():
    assert Identity("plugin", "x", folder="s" * 20).folder == "s" * 20


@pytest.mark.rule(18)
@pytest.mark.parametrize(
    ("type_", "element"),
    [
        ("component", "acmeforms"),
        ("component", "com_AcmeForms"),
        ("package", "acmeshop"),
        ("module", "mod_" + "x" * 97),
        ("module", ""),
        ("module", "mod x"),
        ("module", "mod_x\n"),
    ],
)
def test_an_element_that_no_installer_would_have_stored_is_refused(type_, element):
    refused(18, Identity, type_, element)


@pytest.mark.rule(19)
@pytest.mark.parametrize(
    "version",
    ["1", "2.4.1", "1.2.3.4", "3.4.0-dev20261120", "3.3.0-rc2", "3.3.0rc2", "1.0-beta.3", "1.0.a1", "1.0-pl1", "1.0b"],
)
def test_versions_that_php_ranks_as_meant_are_taken(version):
    assert samples.entry(version=version).version == version


@pytest.mark.rule(19)
@pytest.mark.parametrize(
    "version",
    [
        "v1.3.0",
        "1.0+build.5",
        "1.0-nightly",
        "1.0-preview",
        "1.0-hotfix",
        "1.0-RC1",
        "1.0-Beta",
        "1.0-1",
        "1..0",
        "1.0\n",
        " 1.0",
        "",
        "1." + "0" * 31,
        "١.٠",
    ],
)
def test_versions_that_sites_would_misjudge_are_refused(version):
    refused_entry(19, version=version)
    refused(19, ChangelogEntry, samples.PLUGIN, version, {})


@pytest.mark.rule(21)
@pytest.mark.parametrize("tag", ["development", "nightly", "release-candidate", "Stable", " rc ", "rc\n", ""])
def test_a_tag_that_joomla_would_read_as_stable_is_refused(tag):
    refused_entry(21, stability=tag)


@pytest.mark.rule(24)
@pytest.mark.parametrize(
    "url",
    [
        "",
        "/acme/x/downloads/v1/x.zip",
        "http://updates.example.com/x.zip",
        "ftp://updates.example.com/x.zip",
        "https:///x.zip",
        "https://updates.example.com/x.tar.gz",
        "https://updates.example.com/download?file=x.zip",
        "https://updates.example.com/x.zip?dlid=K",
        "https://updates.example.com/x.zip#top",
        "https://updates.example.com/x y.zip",
        "https://updates.example.com/x.zip\n",
        "https://updates.example.com/Größe.zip",
        'https://updates.example.com/"x.zip',
        "https://[updates/x.zip",
    ],
)
def test_a_download_link_that_joomla_could_not_use_is_refused(url):
    refused(24, samples.download, url)


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/x.zip", "http://127.0.0.1:5000/x.zip", "https://u.example/a%20b.zip"]
)
def test_plain_http_is_for_this_machine_and_odd_names_are_percent_encoded(url):
    assert samples.download(url).url == url


def test_a_negative_size_is_refused():
    refused(24, samples.download, size=-1)


@pytest.mark.rule(25)
@pytest.mark.parametrize("pattern", ["", "5", "5/6", r"4\.1", ".*", r"4\.4|5\.[0-9]"])
def test_a_target_platform_that_takes_more_than_it_says_is_refused(pattern):
    refused_entry(25, target_platform=pattern)
    url = f"{samples.HOST}/x/updates.xml"
    refused(25, CollectionItem, samples.PLUGIN, "Acme", "1.0", url, pattern)


@pytest.mark.rule(26)
@pytest.mark.parametrize(
    "digests",
    [
        {"sha256": f"sha256:{samples.SHA256}"},
        {"sha256": samples.SHA256.upper()},
        {"sha256": f"{samples.SHA256}\n"},
        {"sha256": f" {samples.SHA256}"},
        {"sha256": samples.SHA256[:-1]},
        {"sha384": samples.SHA256},
        {"sha512": "x" * 128},
    ],
)
def test_a_checksum_that_could_not_match_is_refused(digests):
    refused(26, samples.download, **digests)


@pytest.mark.rule(28)
@pytest.mark.parametrize("name", ["", " \n ", "\x0b", "x" * 101])
def test_a_name_is_there_and_has_at_most_100_characters(name):
    refused_entry(28, name=name)
    refused(28, CollectionItem, samples.PLUGIN, name, "1.0", f"{samples.HOST}/x/updates.xml", r"5\.[0-9]")


def test_a_name_is_measured_as_it_will_be_shown():
    assert samples.entry(name="x" * 100 + "\n\x0b").name.startswith("x")


@pytest.mark.rule(28)
@pytest.mark.parametrize("field", ["infourl", "changelog_url", "maintainer_url"])
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//acme.example",
        "acme.example",
        'https://a.example/"onclick=',
        "https://a b",
    ],
)
def test_a_link_that_an_administrator_might_click_is_a_web_address(field, url):
    refused_entry(28, **{field: url})


@pytest.mark.parametrize("php", ["8.x", ">=8.1", "8.1 ", "v8"])
def test_a_php_minimum_is_plain_digits(php):
    refused_entry(31, php_minimum=php)


@pytest.mark.parametrize(
    "databases",
    [
        (("mysql", "8.0"),),
        (("mariadb", "10.4"), ("postgresql", "12")),
        (("sqlite", "3"),),
        (("mysql", "8.0+"), ("mariadb", "10.4")),
        (("postgresql", "12"), ("postgresql", "13")),
    ],
)
def test_databases_are_known_ones_and_mysql_brings_mariadb_along(databases):
    refused_entry(32, databases=databases)


def test_a_file_name_is_one_that_a_header_can_carry():
    for name in ("x.tar.gz", "größe.zip", 'a".zip', "../x.zip", "x.zip\n"):
        refused(41, samples.download, filename=name)


@pytest.mark.rule(48)
@pytest.mark.parametrize(
    "item",
    ["", " x", "x ", "two\nlines", "<b>bold</b>", "a > b", "x\x0b"],
)
def test_a_changelog_item_that_joomla_would_mangle_is_refused(item):
    refused(48, ChangelogEntry, samples.PLUGIN, "1.0", {"fix": (item,)})


@pytest.mark.rule(48)
def test_each_changelog_section_is_one_joomla_knows_and_stands_once_in_its_order():
    refused(48, ChangelogEntry, samples.PLUGIN, "1.0", {"fixed": ("x",)})
    shuffled = dict.fromkeys(reversed(CHANGELOG_SECTIONS), ("x",)) | {"note": ()}
    assert tuple(ChangelogEntry(samples.PLUGIN, "1.0", shuffled).sections) == CHANGELOG_SECTIONS[:-1]


def test_a_changelog_entry_does_not_follow_later_changes_of_what_it_was_made_from():
    sections = {"fix": ("x",)}
    entry = ChangelogEntry(samples.PLUGIN, "1.0", sections)
    sections["fix"] = ("<script>",)
    assert entry.sections == {"fix": ("x",)}


@pytest.mark.rule(9)
@pytest.mark.parametrize("url", [f"{samples.HOST}/x/updates", f"{samples.HOST}/x/updates.xml?channel=rc"])
def test_a_collection_names_feeds_that_end_in_xml_without_a_query(url):
    refused(9, CollectionItem, samples.PLUGIN, "Acme", "1.0", url, r"5\.[0-9]")
