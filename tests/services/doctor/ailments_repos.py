"""Ailments of repos: settings, releases held back, and what the ZIPs say."""

from ailments import Ailment
from support.zips import dolibarr_module, joomla_package, joomla_plugin

PLATFORMS = r"""
[[platform]]
version_range = ">=2.0"
target_platform = "(5\\.[0-9]+|6\\.[0-9]+)"
[[platform]]
version_range = "<2.0"
target_platform = "4\\.4"
"""


def _set(name, value):
    return lambda clinic, _patch: clinic.set(name, value)


def _deleted(clinic, _patch):
    repo_id = clinic.made.world.repo("acme", "mod-weather").id
    clinic.made.world.delete_repo("acme", "mod-weather")
    clinic.made.parts.catalog.refresh(repo_id)


def _made_public(clinic, _patch):
    clinic.made.world.repo("acme", "mod-weather").private = False


def _empty_releases(*versions):
    def breaks(clinic, _patch):
        for version in versions:
            clinic.made.world.publish_release("acme", "mod-weather", f"v{version}")
        clinic.made.refresh("acme", "mod-weather")

    return breaks


def _publish(*releases):
    """Each release a version with options of its manifest."""

    def breaks(clinic, _patch):
        for version, options in releases:
            clinic.publish(version, **options)

    return breaks


def _package_with_servers(clinic, _patch):
    part = joomla_plugin("seo", "1.0.0", update_servers=["https://elsewhere.example/updates.xml"])
    servers = [f"{clinic.proxy.url}/acme/pkg-shop/updates.xml"]
    package = joomla_package({"plg_seo.zip": part}, name="shop", version="1.0.0", update_servers=servers)
    clinic.made.add_product("acme", "pkg-shop", LICENSING_PLATFORM="joomla")
    clinic.made.publish("acme", "pkg-shop", "1.0.0", {"pkg_shop.zip": package})


def _module(line=""):
    def breaks(clinic, _patch):
        body = line.replace("HERE", f"{clinic.proxy.url}/acme/stock/version.txt")
        clinic.made.add_product("acme", "stock", LICENSING_PLATFORM="dolibarr", LICENSING_REQUIRE_KEY="true")
        clinic.made.publish("acme", "stock", "1.0.0", {"stock.zip": dolibarr_module("stock", "1.0.0", body=body)})

    return breaks


def _only_candidates(clinic, _patch):
    clinic.made.add_product("acme", "mod-new", LICENSING_PLATFORM="joomla")
    clinic.made.publish("acme", "mod-new", "1.0.0-rc1", {"new.zip": clinic.manifest("1.0.0-rc1")})


def _two_worlds(clinic, _patch):
    clinic.publish("2.0.0")
    clinic.set("FEED", PLATFORMS)


NAMED = {"repos": ("acme/mod-weather",)}
AILMENTS = (
    Ailment("repo.served", "none", "bridge repo set", _set("PLATFORM", "none")),
    Ailment(
        "repo.served", "unknown", "bridge repo refresh acme/nothing", lambda *_: None, {"repos": ("acme/nothing",)}
    ),
    Ailment("repo.served", "not_served", "bridge repo set acme/mod-weather", _set("PLATFORM", "none"), NAMED),
    Ailment("repo.served", "gone", "made anew", _deleted),
    Ailment("repo.settings", "invalid", "Correct the variable", _set("REQUIRE_KEY", "perhaps")),
    Ailment("repo.assets", "open", "Make the repo private", _made_public),
    Ailment("repo.held", "held", "in Gitea", _empty_releases("1.1.0")),
    Ailment("repo.held", "more", "bridge repo show", _empty_releases(*(f"1.{minor}.0" for minor in range(1, 8)))),
    Ailment("repo.held", "behind", "higher version", _publish(("2.0.0", {}), ("1.5.0", {}))),
    Ailment("repo.manifest", "no_server", "updates.xml</server>", _publish(("1.1.0", {"update_servers": []}))),
    Ailment(
        "repo.manifest",
        "other_server",
        "/acme/mod-weather/updates.xml",
        _publish(("1.1.0", {"update_servers": ["https://old.example/feed.xml"]})),
    ),
    Ailment(
        "repo.manifest",
        "server_changed",
        "Keep the address",
        _publish(("1.1.0", {"update_servers": ["https://old.example/feed.xml"]})),
    ),
    Ailment("repo.manifest", "no_key_field", '<dlid prefix="dlid="/>', _publish(("1.1.0", {"dlid": None}))),
    Ailment("repo.manifest", "key_prefix", '<dlid prefix="dlid="/>', _publish(("1.1.0", {"dlid": "code="}))),
    Ailment("repo.manifest", "key_line_changed", "as it was", _publish(("1.1.0", {"dlid_suffix": "&x=1.zip"}))),
    Ailment("repo.manifest", "parts", "manifest of the package", _package_with_servers),
    Ailment("repo.descriptor", "no_line", "bridge repo show acme/stock", _module()),
    Ailment(
        "repo.descriptor",
        "other_line",
        "descriptor_line",
        _module("$this->url_last_version = 'https://elsewhere.example/version.txt';"),
    ),
    Ailment("repo.descriptor", "no_key", "descriptor_line", _module("$this->url_last_version = 'HERE';")),
    Ailment("repo.audience", "nobody", "Publish a stable release", _only_candidates),
    Ailment("repo.audience", "left_out", "$minimumJoomla", _set("FEED", PLATFORMS)),
    Ailment("repo.audience", "php", "rarely", _publish(("1.1.0", {"minimum_php": "8.3"}))),
    Ailment("repo.audience", "no_stepping_stone", "runs on both", _two_worlds),
)
