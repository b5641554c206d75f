"""Values that feed tests start from: a factory with defaults, and the products whose bytes are frozen in ``tests/golden``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feeds.dolibarr import DolibarrRelease, LicenseNote
from feeds.entries import ChangelogEntry, CollectionItem, Download, Identity, UpdateEntry, UpdateFeed

GOLDEN = Path(__file__).parent.parent / "golden"
SHA256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
HOST = "https://updates.example.com/acme"

PLUGIN = Identity("plugin", "acmeseo", folder="system")
PACKAGE = Identity("package", "pkg_acmeshop")
COMPONENT = Identity("component", "com_acmeforms")
TEMPLATE = Identity("template", "acmeonyx", client="site")

JOOMLA_4_TO_6 = r"(4\.4|5\.[0-9]|6\.[0-9])"
JOOMLA_5_AND_6 = r"(5\.[0-9]|6\.[0-9])"


def golden(name: str) -> bytes:
    """Return the frozen bytes."""
    return (GOLDEN / name).read_bytes()


def download(url: str = f"{HOST}/plg_acmeseo/downloads/v2.4.1/plg_system_acmeseo-2.4.1.zip", **facts: Any) -> Download:
    """Return a download with a checksum."""
    return Download(url, **{"sha256": SHA256, **facts})


def entry(**facts: Any) -> UpdateEntry:
    """Return an entry of the plugin, changed by what the test states."""
    defaults = {
        "identity": PLUGIN,
        "name": "Acme SEO (system plugin)",
        "version": "2.4.1",
        "stability": "stable",
        "download": download(),
        "target_platform": JOOMLA_4_TO_6,
    }
    return UpdateEntry(**{**defaults, **facts})


def feed(**facts: Any) -> UpdateFeed:
    """Return a feed of one such entry."""
    return UpdateFeed((entry(**facts),))


def plugin_feed() -> UpdateFeed:
    """Return one release with everything that can be said of it."""
    return feed(
        description="Acme SEO 2.4.1",
        infourl=f"{HOST}/plg_acmeseo/releases/tag/v2.4.1",
        infourl_title="Release notes",
        changelog_url=f"{HOST}/plg_acmeseo/changelog.xml",
        maintainer="Acme Ltd",
        maintainer_url="https://acme.example",
        php_minimum="8.1",
    )


def package_feed() -> UpdateFeed:
    """Return three streams of one package; the development build has no checksum."""

    def release(version: str, stability: str, tag: str, description: str, sha256: str = SHA256) -> UpdateEntry:
        return entry(
            identity=PACKAGE,
            name="Acme Shop",
            version=version,
            stability=stability,
            description=description,
            download=download(f"{HOST}/pkg_acmeshop/downloads/{tag}/pkg_acmeshop-{version}.zip", sha256=sha256),
            target_platform=JOOMLA_5_AND_6,
            php_minimum="8.1",
        )

    return UpdateFeed(
        (
            release("3.4.0-dev20261120", "dev", "nightly", "Acme Shop development build", sha256=""),
            release("3.3.0-rc2", "rc", "v3.3.0-rc2", "Acme Shop 3.3.0 release candidate 2"),
            release("3.2.0", "stable", "v3.2.0", "Acme Shop 3.2.0"),
        )
    )


def component_feed() -> UpdateFeed:
    """Return two releases of a component, each for Joomla versions of its own."""

    def release(version: str, platform: str, php_minimum: str, **facts: Any) -> UpdateEntry:
        url = f"{HOST}/com_acmeforms/downloads/v{version}/com_acmeforms-{version}.zip"
        return entry(
            identity=COMPONENT,
            name="Acme Forms",
            version=version,
            download=download(url, sha384="a" * 96, sha512="b" * 128),
            target_platform=platform,
            php_minimum=php_minimum,
            **facts,
        )

    databases = (("mysql", "8.0.13"), ("mariadb", "10.4"), ("postgresql", "12.0"))
    return UpdateFeed(
        (release("2.0.3", JOOMLA_5_AND_6, "8.2", databases=databases), release("1.9.8", r"4\.4", "7.4")),
    )


def template_feed() -> UpdateFeed:
    """Return a site template, described by the least there can be."""
    url = f"{HOST}/tpl_acmeonyx/downloads/v1.8.0/tpl_acmeonyx-1.8.0.zip"
    return feed(
        identity=TEMPLATE,
        name="Acme Onyx",
        version="1.8.0",
        download=download(url),
        target_platform=r"[56]\.[0-9]",
    )


def odd_feed() -> UpdateFeed:
    """Return texts as publishers really write them, and some that only an attacker would."""
    return feed(
        name=' A & <b> "quoted"\x0b\ud800 \ufffe Größe 日本 🎉\n',
        description="<script>alert('x')</script>\r\nsecond line & more ]]>",
        infourl="https://acme.example/notes?a=1&b=2",
        infourl_title='Notes & "news"\nof <today>',
        maintainer="Ærø & Søn\x00",
        download=download(f"{HOST}/a&b/downloads/v1.0/a&b-1.0.zip"),
    )


def changelog_entries() -> tuple[ChangelogEntry, ...]:
    """Return two versions; the items are HTML text, as release notes leave ``feeds.changelog``."""
    return (
        ChangelogEntry(
            PLUGIN,
            "2.4.1",
            {
                "note": ("Needs PHP 8.1",),
                "fix": ("Sitemap no longer lists unpublished articles", "Größe &amp; &lt;b&gt; stay as written"),
                "security": ("Titles are escaped in the back end",),
            },
        ),
        ChangelogEntry(PLUGIN, "2.4.0", {"addition": ("Canonical links",)}),
    )


def collection_items() -> tuple[CollectionItem, ...]:
    """Return a plugin and a component of one owner."""
    return (
        CollectionItem(PLUGIN, "Acme SEO & more", "2.4.1", f"{HOST}/plg_acmeseo/updates.xml", JOOMLA_4_TO_6),
        CollectionItem(COMPONENT, "Acme Forms", "2.0.3", f"{HOST}/com_acmeforms/updates.xml", JOOMLA_5_AND_6),
    )


def dolibarr_release(version: str = "2.5.6", **facts: Any) -> DolibarrRelease:
    """Return a release of a Dolibarr module, file name as Dolibarr wants it."""
    number = version.split("-", maxsplit=1)[0]
    filename = f"module_acmestock-{number}.zip"
    defaults = {
        "module": "acmestock",
        "numero": 510042,
        "name": "Acme Stock",
        "channel": "stable",
        "released_at": datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
        "download": download(f"{HOST}/acmestock/downloads/v{version}/{filename}", filename=filename),
        "editor_name": "Acme Ltd",
        "editor_url": "https://acme.example",
        "dolibarr_min": "17.0",
        "dolibarr_max": "24.0",
        "php_min": "7.4",
        "php_max": "8.4",
        "changelog_url": f"{HOST}/acmestock/changelog.xml",
    }
    return DolibarrRelease(version=version, **{**defaults, **facts})


LICENSE_NOTE = LicenseNote("valid", expires="2027-05-31")
