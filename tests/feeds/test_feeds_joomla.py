"""The bytes Joomla receives, frozen: a site parses them with an untrimming parser of its own."""

import re
import xml.dom.minidom

import pytest
import xmltodict
from hypothesis import given, settings
from hypothesis import strategies as st
from support import feed_samples as samples

from feeds.entries import ChangelogEntry, Identity, UpdateFeed
from feeds.joomla import changelog, collection, update_feed
from feeds.xml import single_line

FEEDS = {
    "updates_plugin.xml": samples.plugin_feed,
    "updates_package_streams.xml": samples.package_feed,
    "updates_component_platforms.xml": samples.component_feed,
    "updates_template.xml": samples.template_feed,
    "updates_odd_characters.xml": samples.odd_feed,
    "updates_empty.xml": UpdateFeed,
}
POISON = ("stability", "extra_query", "downloadsource", "client_id", "channel")


def updates(feed):
    """Return the entries as a list of dictionaries, texts exactly as a parser hands them out."""
    parsed = xmltodict.parse(update_feed(feed), strip_whitespace=False, force_list=("update",))
    return parsed["updates"]["update"]


def leaves(document):
    for node in xml.dom.minidom.parseString(document).getElementsByTagName("*"):
        if not any(child.nodeType == child.ELEMENT_NODE for child in node.childNodes):
            yield node.tagName, "".join(child.data for child in node.childNodes)


def test_a_plugin_feed_is_frozen():
    """Joomla 4 to 6 would lose the plugin if folder or client changed, and refuse it with another checksum."""
    assert update_feed(samples.plugin_feed()) == samples.golden("updates_plugin.xml")


def test_a_package_feed_with_three_streams_is_frozen():
    """Sites of every minimum stability read this one; a tag with a line break would be stable to all of them."""
    assert update_feed(samples.package_feed()) == samples.golden("updates_package_streams.xml")


def test_a_component_feed_with_two_platforms_is_frozen():
    """Joomla 4.4 and 5 choose by the target platform, MariaDB sites need an attribute of their own."""
    assert update_feed(samples.component_feed()) == samples.golden("updates_component_platforms.xml")


def test_a_template_feed_is_frozen():
    """The least a feed can say; Joomla takes a template without client for the administrator's."""
    assert update_feed(samples.template_feed()) == samples.golden("updates_template.xml")


def test_an_empty_feed_is_frozen():
    """What every site without a right receives: any other body, and Joomla warns the owner on the dashboard."""
    assert update_feed(UpdateFeed()) == b'<?xml version="1.0" encoding="UTF-8"?>\n<updates></updates>\n'
    assert update_feed(UpdateFeed()) == samples.golden("updates_empty.xml")


@pytest.mark.rule(29)
def test_a_feed_with_odd_characters_is_frozen():
    """One character that XML does not know, and every Joomla says it could not parse the update site."""
    assert update_feed(samples.odd_feed()) == samples.golden("updates_odd_characters.xml")


def test_a_changelog_is_frozen():
    """Joomla splits an item at every entity and umlaut unless it stands in CDATA without whitespace around it."""
    assert changelog(samples.changelog_entries()) == samples.golden("changelog.xml")


def test_a_collection_is_frozen():
    """Joomla reads the attributes of a collection only; a missing client means site here, unlike in a feed."""
    assert collection(samples.collection_items()) == samples.golden("collection.xml")


def test_an_owner_or_product_with_nothing_to_show_has_empty_documents():
    assert xmltodict.parse(collection([])) == {"extensionset": None}
    assert xmltodict.parse(changelog([])) == {"changelogs": None}


@pytest.mark.rule(23)
@pytest.mark.parametrize("build", FEEDS.values(), ids=FEEDS.keys())
def test_no_feed_has_an_element_that_spoils_an_installation(build):
    document = update_feed(build())
    assert [name for name in POISON if f"<{name}".encode() in document] == []


@pytest.mark.rule(21, 24, 25)
@pytest.mark.parametrize("build", [build for name, build in FEEDS.items() if name != "updates_empty.xml"])
def test_every_entry_has_exactly_one_download_one_platform_and_one_tag(build):
    feed = build()
    for entry, update in zip(feed.entries, updates(feed), strict=True):
        assert update["downloads"]["downloadurl"]["#text"] == entry.download.url
        assert update["targetplatform"] == {"@name": "joomla", "@version": entry.target_platform}
        assert update["tags"] == {"tag": entry.stability}


@pytest.mark.rule(16)
def test_the_client_is_written_out_for_every_type():
    for identity in (samples.PLUGIN, samples.PACKAGE, samples.COMPONENT, samples.TEMPLATE, Identity("file", "acme")):
        (update,) = updates(samples.feed(identity=identity))
        assert update["client"] == identity.client


@pytest.mark.rule(17)
def test_only_a_plugin_has_a_folder():
    assert updates(samples.feed())[0]["folder"] == "system"
    assert "folder" not in updates(samples.feed(identity=samples.PACKAGE))[0]


@pytest.mark.rule(26)
def test_an_absent_checksum_leaves_no_element_behind():
    document = update_feed(samples.feed(download=samples.download(sha256="")))
    assert b"<sha" not in document


@pytest.mark.parametrize("nothing", ["", "  ", "\x0b"])
def test_what_is_not_stated_leaves_no_element_behind(nothing):
    (update,) = updates(samples.feed(description=nothing, maintainer=nothing))
    assert {"description", "maintainer", "infourl", "changelogurl", "php_minimum", "supported_databases"}.isdisjoint(
        update
    )


@pytest.mark.rule(28)
def test_a_description_is_text_even_where_joomla_prints_it_as_html():
    (update,) = updates(samples.feed(description="<img src=x onerror=alert(1)> & more"))
    assert update["description"] == "&lt;img src=x onerror=alert(1)&gt; &amp; more"


def test_entries_stand_in_the_order_of_the_feed():
    versions = ["1.0", "3.0", "2.0"]
    feed = UpdateFeed(tuple(samples.entry(version=version) for version in versions))
    assert [update["version"] for update in updates(feed)] == versions


@pytest.mark.rule(47)
def test_a_changelog_names_a_version_exactly_as_the_feed_does():
    version = "2.4.0-rc.01"
    document = changelog([ChangelogEntry(samples.PLUGIN, version, {"fix": ("x",)})])
    assert f"<version>{version}</version>".encode() in document
    assert f"<version>{version}</version>".encode() in update_feed(samples.feed(version=version))


@pytest.mark.rule(48)
def test_changelog_items_are_cdata_on_one_line_and_sections_stand_once():
    document = changelog(samples.changelog_entries()).decode()
    items = re.findall(r"<item>(.*?)</item>", document, re.DOTALL)
    assert len(items) == 5
    assert all(re.fullmatch(r"<!\[CDATA\[\S(.*\S)?\]\]>", item) for item in items)
    assert document.count("<fix>") == 1


@pytest.mark.rule(27, 28, 29)
@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters()), title=st.text(st.characters()))
def test_any_text_a_publisher_writes_gives_a_feed_that_parses_without_outer_whitespace(text, title):
    name = f"Acme {text}"[:100]
    document = update_feed(
        samples.feed(name=name, description=text, maintainer=text, infourl="https://a.example", infourl_title=title)
    )
    texts = list(leaves(document))
    assert dict(texts)["name"] == single_line(name)
    assert [(tag, leaf) for tag, leaf in texts if leaf != leaf.strip(" \t\r\n")] == []
    assert "<" not in dict(texts).get("description", "")
