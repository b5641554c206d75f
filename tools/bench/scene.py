"""What is measured: an owner with a sold and an open extension, published in a pretend Gitea and read by the bridge."""

import io
import json
import random
import shutil
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import SecretStr

from bridge.parts import Parts
from bridge.rules.variables import OwnerSettings
from bridge.services import keys, packages
from bridge.services.key_inputs import KeyInput
from bridge.services.keys import Issuer
from bridge.services.packages import PackageInput, term_from_text
from bridge.settings import Settings
from bridge.settings.schema import BridgeSettings, GiteaSettings
from bridge.storage import catalog, licenses, schema
from bridge.storage.audits import Actor
from gitea_client.simulator import World, create_simulator, serve

OWNER, SOLD, OPEN = "acme", "mod-weather", "mod-clock"
VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0-rc1", "2.0.0-beta1")
DOWNLOADED = "1.3.0"
FILE_BYTES = 5 * 1024 * 1024
PUBLIC_URL = "https://git.example.com"
# Raise it when what is made here changes: scenes that were kept from earlier runs are made again.
FORM = 1

_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<extension type="module" client="site" method="upgrade">
  <name>{name}</name><author>Acme Extensions</author><version>{version}</version>
  <description>An extension of the bench.</description>
  <files><filename module="{element}">{element}.php</filename></files>
  <updateservers><server type="extension" name="{name}">{feed}</server></updateservers>
  <dlid prefix="dlid=" suffix=""/>
</extension>
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A prepared directory. ``sold_file`` is the stored file of 5 MiB, below ``store``; ``key_id`` a key like all."""

    directory: str
    sold_file: str
    key_id: int

    @property
    def database(self) -> Path:
        """The database with the catalog and one key."""
        return Path(self.directory) / "bridge.db"

    @property
    def store(self) -> Path:
        """The asset store that all bridges share."""
        return Path(self.directory) / "store"

    @property
    def open_feed(self) -> str:
        """The path of the feed that needs no key."""
        return f"/{OWNER}/{OPEN}/updates.xml"

    @property
    def keyed_feed(self) -> str:
        """The path of the feed that needs one."""
        return f"/{OWNER}/{SOLD}/updates.xml"

    @property
    def download(self) -> str:
        """The path of the file that needs one."""
        return f"/{OWNER}/{SOLD}/downloads/v{DOWNLOADED}/mod_weather-{DOWNLOADED}.zip"


def prepare(directory: Path, *, fresh: bool) -> Scene:
    """The scene, from an earlier run where it still fits this version."""
    noted = directory / "scene.json"
    mark = {"form": FORM, "schema": schema.head()}
    if noted.exists() and not fresh:
        kept = json.loads(noted.read_text(encoding="utf-8"))
        if kept["mark"] == mark and kept["scene"]["directory"] == str(directory):
            return Scene(**kept["scene"])
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    scene = _make(directory)
    noted.write_text(json.dumps({"mark": mark, "scene": asdict(scene)}), encoding="utf-8")
    return scene


def _make(directory: Path) -> Scene:
    world = World()
    world.add_user("root", is_admin=True)
    world.add_user("olga")
    token = world.add_token("root")
    world.add_org(OWNER, owner="olga")
    _add_repo(world, SOLD, "mod_weather", LICENSING_PLATFORM="joomla", LICENSING_REQUIRE_KEY="true")
    _add_repo(world, OPEN, "mod_clock", LICENSING_PLATFORM="joomla", LICENSING_REQUIRE_KEY="download")
    with serve(create_simulator(world)) as gitea:
        settings = Settings(
            gitea=GiteaSettings(url=gitea.base_url, token=SecretStr(token), max_requests_per_second=1000),
            bridge=BridgeSettings(public_url=PUBLIC_URL, owners=[OWNER], data_dir=directory),
        )
        parts = Parts(settings)
        try:
            schema.upgrade(parts.engine)
            for name in (SOLD, OPEN):
                parts.catalog.refresh(world.repo(OWNER, name).id)
            key_id = sell(parts)
            return Scene(str(directory), _stored_file(parts), key_id)
        finally:
            parts.close()
            world.close()


def _add_repo(world: World, name: str, element: str, **variables: str) -> None:
    world.add_repo(OWNER, name, private=name == SOLD)
    for variable, value in variables.items():
        world.set_variable(OWNER, variable, value, repo=name)
    for version in VERSIONS:
        size = FILE_BYTES if (name, version) == (SOLD, DOWNLOADED) else 20_000
        files = {f"{element}-{version}.zip": archive(element, version, size)}
        world.publish_release(OWNER, name, f"v{version}", notes="## Fixed\n- a fault\n", files=files,
                              prerelease="-" in version)  # fmt: skip


def archive(element: str, version: str, size: int) -> bytes:
    """An installable ZIP of exactly ``size`` bytes, most of them noise, as compressed code is."""
    feed = f"{PUBLIC_URL}/{OWNER}/{element}/updates.xml"
    manifest = _MANIFEST.format(name=element.title(), element=element, version=version, feed=feed)

    def zipped(noise: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(f"{element}.xml", manifest)
            archive.writestr(f"{element}.php", "<?php\n")
            archive.writestr("data.bin", noise)
        return buffer.getvalue()

    return zipped(random.Random(version).randbytes(size - len(zipped(b""))))


def sell(parts: Parts, owner_name: str = OWNER) -> int:
    """A package that opens everything, and the key that all others are copies of."""
    actor, now = Actor("bench"), parts.clock()
    with parts.open_session() as session:
        owner = catalog.owner_by_name(session, owner_name)
        assert owner is not None, "its repos were refreshed"
        wanted = PackageInput(name="Standard", term=term_from_text("lifetime"), streams=("stable", "rc"))
        package = packages.create(session, owner.id, wanted, OwnerSettings.from_dict(owner.settings), actor, now)
        by = Issuer(actor, now, parts.entropy, parts.settings.bridge.key_prefix)
        wanted_key = KeyInput(customer_name="A Customer", customer_email="customer@customers.example")
        issued = keys.issue(session, package, wanted_key, by)[0]
        session.flush()
        assert licenses.codes_of(session, [issued.id or 0]), "an issued key has a code"
        return issued.id or 0


def _stored_file(parts: Parts) -> str:
    product = parts.products.find(OWNER, SOLD)
    assert product is not None, "it is served"
    offer = next(each for each in product.offers("joomla") if each.version == DOWNLOADED)
    return parts.store.relative(offer.asset.sha256)
