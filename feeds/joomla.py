"""What Joomla reads: the update feed, the changelog, and the collection of an owner's extensions.

The elements below are all there are. Never added, because sites break on them (rule 23): ``<stability>`` and
``<extra_query>`` (they spoil the installation), ``<downloadsource>``, ``<client_id>`` and ``<channel>`` (dead, or
core's own).
"""

from collections.abc import Iterable, Iterator
from html import escape

from feeds.entries import ChangelogEntry, CollectionItem, Download, Identity, UpdateEntry, UpdateFeed
from feeds.xml import Element, render, single_line


def update_feed(feed: UpdateFeed) -> bytes:
    """Return ``updates.xml``, entries in the order given; without entries exactly ``<updates></updates>``."""
    return render(Element("updates", children=tuple(_update(entry) for entry in feed.entries)))


def changelog(entries: Iterable[ChangelogEntry]) -> bytes:
    """Return ``changelog.xml``. A site picks its entry by the version alone, as an exact string."""
    return render(Element("changelogs", children=tuple(_changelog(entry) for entry in entries)))


def collection(items: Iterable[CollectionItem]) -> bytes:
    """Return the ``<extensionset>`` that names one feed per extension (Joomla 5.3 ``CollectionAdapter``)."""
    return render(Element("extensionset", children=tuple(_extension(item) for item in items)))


def _update(entry: UpdateEntry) -> Element:
    return Element("update", children=tuple(_update_children(entry)))


def _update_children(entry: UpdateEntry) -> Iterator[Element]:
    yield Element("name", entry.name)
    # Joomla echoes the description as HTML in the administrator: what is text here must still be text there.
    yield from _stated(Element("description", escape(entry.description)))
    yield from _identity(entry.identity)
    yield Element("version", entry.version)
    title = {"title": entry.infourl_title} if entry.infourl_title else {}
    yield from _stated(Element("infourl", entry.infourl, attributes=title))
    yield _downloads(entry.download)
    yield Element("tags", children=(Element("tag", entry.stability),), inline=True)
    yield from _stated(Element("changelogurl", entry.changelog_url))
    yield from _stated(Element("maintainer", entry.maintainer))
    yield from _stated(Element("maintainerurl", entry.maintainer_url))
    for name in ("sha256", "sha384", "sha512"):
        yield from _stated(Element(name, getattr(entry.download, name)))
    yield Element("targetplatform", attributes={"name": "joomla", "version": entry.target_platform})
    yield from _stated(Element("php_minimum", entry.php_minimum))
    if entry.databases:
        yield Element("supported_databases", attributes=dict(entry.databases))


def _identity(identity: Identity) -> Iterator[Element]:
    yield Element("element", identity.element)
    yield Element("type", identity.type)
    yield from _stated(Element("folder", identity.folder))
    # Never left out: without <client> Joomla looks among the administrator's extensions, and finds nothing.
    yield Element("client", identity.client)


def _downloads(download: Download) -> Element:
    link = Element("downloadurl", download.url, attributes={"type": "full", "format": "zip"})
    return Element("downloads", children=(link,))


def _changelog(entry: ChangelogEntry) -> Element:
    sections = tuple(
        Element(name, children=tuple(Element("item", item, cdata=True) for item in items))
        for name, items in entry.sections.items()
    )
    head = (
        Element("element", entry.identity.element),
        Element("type", entry.identity.type),
        Element("version", entry.version),
    )
    return Element("changelog", children=head + sections)


def _extension(item: CollectionItem) -> Element:
    folder = {"folder": item.identity.folder} if item.identity.folder else {}
    attributes = {
        "name": item.name,
        "element": item.identity.element,
        "type": item.identity.type,
        **folder,
        "client": item.identity.client,
        "version": item.version,
        "detailsurl": item.details_url,
        "targetplatform": "joomla",
        "targetplatformversion": item.target_platform_version,
    }
    return Element("extension", attributes=attributes)


def _stated(element: Element) -> Iterator[Element]:
    """Yield the leaf unless it is empty: an empty ``<sha256>`` aborts an installation, the others only confuse."""
    if single_line(element.text):
        yield element
