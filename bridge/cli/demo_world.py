"""The world of the demo: the same organisations, releases, packages and keys at every start."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.models import LicenseKey, Package
from bridge.parts import Parts
from bridge.rules.variables import OwnerSettings
from bridge.services import keys, packages
from bridge.services.key_inputs import KeyInput
from bridge.services.keys import Issuer
from bridge.services.packages import PackageInput, term_from_text
from bridge.storage import catalog, licenses
from bridge.storage.audits import Actor
from gitea_client.simulator import World

ADMIN_TOKEN = hashlib.sha1(b"the demo's site admin", usedforsecurity=False).hexdigest()
HOOK_SECRET = "the demo signs its hooks with this"  # noqa: S105  of a pretend Gitea on loopback
# The bridge as an application of the pretended Gitea, so that people can sign in to its pages.
CLIENT_ID, CLIENT_SECRET = "the-demos-license-bridge", "the demo's secret of the bridge"
PEOPLE = {
    "rita": "Rita Repo",
    "mona": "Mona Manager",
    "susi": "Susi Support",
    "vera": "Vera Viewer",
    "nobody": "Nobody of Note",
}
_FIXED_DATE = (2026, 1, 1, 0, 0, 0)

_MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<extension type="module" client="site" method="upgrade">
  <name>Weather</name><author>Acme Extensions</author><version>{version}</version>
  <description>Shows the weather of a place.</description>
  <files><filename module="mod_weather">mod_weather.php</filename></files>
  <updateservers><server type="extension" name="Weather">{feed}</server></updateservers>
  <dlid prefix="dlid=" suffix=""/>
</extension>
"""
_PLUGIN = """<?xml version="1.0" encoding="UTF-8"?>
<extension type="plugin" group="system" method="upgrade">
  <name>Acme SEO</name><author>Acme Extensions</author><version>{version}</version>
  <files><filename plugin="acmeseo">acmeseo.php</filename></files>
</extension>
"""
_PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<extension type="package" method="upgrade">
  <name>Acme SEO Suite</name><packagename>acmeseo</packagename><author>Acme Extensions</author>
  <version>{version}</version>
  <files folder="packages"><file type="plugin" id="acmeseo" group="system">plg_system_acmeseo.zip</file></files>
  <updateservers><server type="extension" name="Acme SEO">{feed}</server></updateservers>
</extension>
"""
_DESCRIPTOR = """<?php
class modStock extends DolibarrModules
{{
    public function __construct($db)
    {{
        $this->db = $db;
        $this->numero = 510042;
        $this->rights_class = 'stock';
        $this->name = preg_replace('/^mod/i', '', get_class($this));
        $this->description = 'Counts what is on the shelves';
        $this->editor_name = 'Acme Extensions';
        $this->version = '{version}';
        $this->phpmin = array(7, 4);
        $this->need_dolibarr_version = array(17, 0);
    }}
}}
"""


def _zip(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _FIXED_DATE), content)
    return buffer.getvalue()


def weather(version: str, feed: str) -> dict[str, bytes]:
    """A Joomla module."""
    files: dict[str, str | bytes] = {
        "mod_weather.xml": _MODULE.format(version=version, feed=feed),
        "mod_weather.php": "<?php\n",
    }
    return {f"mod_weather-{version}.zip": _zip(files)}


def seo(version: str, feed: str) -> dict[str, bytes]:
    """A Joomla package with a plugin inside."""
    plugin = _zip({"acmeseo.xml": _PLUGIN.format(version=version), "acmeseo.php": "<?php\n"})
    manifest = _PACKAGE.format(version=version, feed=feed)
    return {
        f"pkg_acmeseo-{version}.zip": _zip({"pkg_acmeseo.xml": manifest, "packages/plg_system_acmeseo.zip": plugin})
    }


def stock(version: str, _feed: str) -> dict[str, bytes]:
    """A Dolibarr module."""
    files: dict[str, str | bytes] = {
        "stock/core/modules/modStock.class.php": _DESCRIPTOR.format(version=version),
        "stock/README.md": "# Stock\n",
    }
    return {f"module_stock-{version}.zip": _zip(files)}


Builder = Callable[[str, str], dict[str, bytes]]


@dataclass(frozen=True, slots=True)
class DemoRepo:
    """A repo of the demo."""

    owner: str
    name: str
    build: Builder
    variables: dict[str, str]
    versions: tuple[str, ...]
    private: bool = True

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.name}"


REPOS = (
    DemoRepo("acme", "mod-weather", weather, {"LICENSING_PLATFORM": "joomla", "LICENSING_REQUIRE_KEY": "true"},
             ("1.0.0", "1.1.0", "1.2.0", "1.3.0-rc1", "1.4.0-beta1")),
    DemoRepo("acme", "pkg-seo", seo, {"LICENSING_PLATFORM": "joomla"}, ("2.0.0", "2.1.0"), private=False),
    DemoRepo("acme", "dolibarr-stock", stock, {"LICENSING_PLATFORM": "dolibarr"}, ("2.5.5", "2.5.6")),
    DemoRepo("dora", "mod-weather-lite", weather, {"LICENSING_PLATFORM": "joomla", "LICENSING_REQUIRE_KEY": "true"},
             ("0.9.0",)),
)  # fmt: skip


def build_world(bridge_url: str) -> World:
    """The pretend Gitea's content, with a system hook that leads to the bridge."""
    world = World()
    world.add_user("root", is_admin=True, full_name="Site Admin")
    world.add_user("olga", full_name="Olga Owner")
    world.add_user("dora", full_name="Dora Dev")
    for login, name in PEOPLE.items():
        world.add_user(login, full_name=name)
    world.add_token("root", text=ADMIN_TOKEN)
    callback = f"{bridge_url}/-/licensing/oauth/callback"
    world.add_application("Licensing", [callback], client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    world.add_org("acme", owner="olga", full_name="Acme Extensions")
    world.set_variable("acme", "LICENSING_STREAMS", "stable, rc, beta, dev")
    world.set_variable("acme", "LICENSING_SELLER", 'name = "Acme Extensions"\nsupport = "help@acme.example"\n'
                       'renewal_url = "https://acme.example/renew"')  # fmt: skip
    for team, login in (("Sales", "mona"), ("Helpdesk", "susi"), ("Auditors", "vera")):
        world.add_team("acme", team, permission="read", includes_all=True, members=[login])
    world.set_variable("acme", "LICENSING_TEAMS", "sales: manager, helpdesk: support, auditors: viewer")
    for repo in REPOS:
        world.add_repo(repo.owner, repo.name, private=repo.private, description=f"The demo's {repo.name}")
        for name, value in repo.variables.items():
            world.set_variable(repo.owner, name, value, repo=repo.name)
        for version in repo.versions:
            files = repo.build(version, f"{bridge_url}/{repo.full_name}/updates.xml")
            early = "-" in version
            notes = f"## Added\n- What is new in {version}\n"
            world.publish_release(repo.owner, repo.name, f"v{version}", notes=notes, prerelease=early, files=files)
    world.set_collaborator("acme", "mod-weather", "rita", "admin")
    world.add_hook(f"{bridge_url}/-/licensing/hooks/gitea", HOOK_SECRET)
    return world


class FixedEntropy:
    """Bytes that are the same at every start, so that the printed keys stay good. For the demo only."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, size: int) -> bytes:
        """The next bytes."""
        self._count += 1
        return hashlib.shake_256(f"demo {self._count}".encode()).digest(size)


def issue_keys(parts: Parts, now: datetime) -> dict[str, str]:
    """Packages and keys for everything that is worth trying. Returns the codes by what they show."""
    actor = Actor("demo")
    with parts.open_session() as session:
        acme, dora = (catalog.owner_by_name(session, name) for name in ("acme", "dora"))
        assert acme is not None, "the demo's repos were refreshed"
        assert dora is not None, "the demo's repos were refreshed"

        def package(owner_id: int, name: str, term: str, *streams: str, **more: int) -> Package:
            owner = acme if owner_id == acme.id else dora
            wanted = PackageInput(name=name, term=term_from_text(term), streams=streams or None, **more)  # type: ignore[arg-type]
            return packages.create(session, owner_id, wanted, OwnerSettings.from_dict(owner.settings), actor, now)

        standard = package(acme.id, "Standard", "annual", "stable")
        early = package(acme.id, "Early Access", "annual", "stable", "rc", "beta")
        single = package(acme.id, "Single Site", "annual", "stable", max_sites=1)
        foreign = package(dora.id, "Lite", "lifetime")

        def issue(of: Package, customer: str, at: datetime) -> LicenseKey:
            by = Issuer(actor, at, parts.entropy, parts.settings.bridge.key_prefix)
            wanted = KeyInput(customer_name=customer, customer_email=f"{customer.lower()}@customers.example")
            return keys.issue(session, of, wanted, by)[0]

        issued = {
            "annual": issue(standard, "Ann", now),
            "beta": issue(early, "Ben", now),
            "single": issue(single, "Sue", now),
            "expired": issue(standard, "Eve", now - timedelta(days=500)),
            "revoked": issue(standard, "Rob", now),
            "foreign": issue(foreign, "Fay", now),
        }
        keys.revoke(session, issued["revoked"], "the demo's revoked key", Issuer(actor, now, parts.entropy, "LIC"))
        session.flush()
        codes = licenses.codes_of(session, [each.id or 0 for each in issued.values()])
        named = {name: codes[each.id or 0][0].code for name, each in issued.items()}
        return named | {"feed token": issued["annual"].feed_token}
