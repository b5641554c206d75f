"""Checks of what the ZIPs on offer say of themselves: where sites ask for updates, and how they send their key."""

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.models import Asset
from bridge.rules import listing
from bridge.rules.publication import Offer
from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.patient import Patient
from bridge.services.products import Product
from bridge.storage import stored_assets
from feeds.manifest_values import ExtensionManifest

_PREFIX = "dlid="


@dataclass(frozen=True, slots=True)
class _Line:
    """The living offers of one platform and edition, newest first, with their manifests."""

    product: Product
    edition: str
    offers: tuple[tuple[Offer, ExtensionManifest], ...]

    @property
    def newest(self) -> tuple[Offer, ExtensionManifest]:
        return self.offers[0]

    @property
    def gated(self) -> bool:
        return self.product.require_key(self.edition) != "false"


def _lines(patient: Patient, platform: str) -> Iterator[_Line]:
    for product, row in patient.products():
        with patient.open_session(read_only=True) as session:
            assets = {asset.uuid: asset for asset in stored_assets.read_assets(session, row.id)}
        for edition in ("", *product.settings.feed.editions):
            living = [offer for offer in product.offers(platform, edition) if not offer.withdrawn]
            found = [(offer, _manifest(assets.get(offer.asset.uuid), offer)) for offer in listing.newest_first(living)]
            offers = tuple((offer, manifest) for offer, manifest in found if manifest is not None)
            if offers:
                yield _Line(product, edition, offers)


def _manifest(asset: Asset | None, offer: Offer) -> ExtensionManifest | None:
    stored = [ExtensionManifest.from_dict(each) for each in asset.extensions] if asset else []
    return next((each for each in stored if each.platform == offer.platform), None)


def _joomla(patient: Patient) -> Iterator[Seen]:
    lines = list(_lines(patient, "joomla"))
    wrong = [each for line in lines for each in (*_server(line), *_key_line(line), *_parts(line))]
    yield from wrong
    if not wrong:
        yield seen("right", count=len(lines))


def _server(line: _Line) -> Iterator[Seen]:
    offer, manifest = line.newest
    name, wanted = line.product.full_name, line.product.labels.feed_url(line.edition)
    servers = [each.strip() for each in manifest.update_servers]
    if not servers:
        yield seen("no_server", name, version=offer.version, wanted=wanted)
    elif wanted not in servers and f"{line.product.labels.base}/updates/" not in servers[0]:
        yield seen("other_server", name, version=offer.version, found=servers[0], wanted=wanted)
    for older, before in line.offers[1:]:
        if before.update_servers and servers and set(before.update_servers).isdisjoint(manifest.update_servers):
            yield seen(
                "server_changed", name, version=offer.version, older=older.version, found=before.update_servers[0]
            )
            break


def _key_line(line: _Line) -> Iterator[Seen]:
    offer, manifest = line.newest
    name = line.product.full_name
    if line.gated and manifest.dlid_prefix is None:
        yield seen("no_key_field", name, version=offer.version)
    elif line.gated and manifest.dlid_prefix != _PREFIX:
        yield seen("key_prefix", name, version=offer.version, prefix=manifest.dlid_prefix)
    now = (manifest.dlid_prefix, manifest.dlid_suffix)
    for older, before in line.offers[1:]:
        was = (before.dlid_prefix, before.dlid_suffix)
        if None not in {was[0], now[0]} and was != now:
            yield seen("key_line_changed", name, version=offer.version, older=older.version)
            break


def _parts(line: _Line) -> Iterator[Seen]:
    offer, manifest = line.newest
    if parts := manifest.children_with_update_servers:
        yield seen("parts", line.product.full_name, version=offer.version, parts=", ".join(parts))


def _dolibarr(patient: Patient) -> Iterator[Seen]:
    lines = list(_lines(patient, "dolibarr"))
    wrong = [each for line in lines for each in _asks_elsewhere(line)]
    yield from wrong
    if not wrong:
        yield seen("right", count=len(lines))


def _asks_elsewhere(line: _Line) -> Iterator[Seen]:
    offer, manifest = line.newest
    name, wanted = line.product.full_name, f"{line.product.labels.base}/version.txt"
    if not manifest.url_last_version:
        yield seen("no_line", name, version=offer.version, repo=name)
    elif wanted not in manifest.url_last_version:
        yield seen("other_line", name, version=offer.version, wanted=wanted, repo=name)
    elif line.product.require_key(line.edition) == "true" and _PREFIX not in manifest.url_last_version:
        yield seen("no_key", name, version=offer.version, repo=name)


_BUILD = "Correct the manifest and publish a new version; what is installed goes on asking as it was told."

CHECKS = (
    Check(
        "repo.manifest",
        "Whether the manifest in the newest ZIP for Joomla names this feed as its update server, has a field for the"
        " key where one is required, and did not change either ([rules](update-clients.md) 11 and 37).",
        "Installed sites ask where the manifest says, and send the key as it says.",
        (
            ok("right", "The manifests of {count} products name the right address and key line."),
            error(
                "no_server",
                "The manifest of {version} names no update server, so sites never look for updates.",
                'Add <server type="extension">{wanted}</server> to <updateservers>, and publish a new version.',
            ),
            error(
                "other_server",
                "The manifest of {version} sends sites to {found} for updates.",
                "Let <server> be {wanted}, unless another is meant; this feed then serves those who have it set.",
            ),
            warning(
                "server_changed",
                "The manifest of {version} names another update server than {older}, which named {found}.",
                "Keep the address: sites would have two, and the key only at the old one.",
            ),
            error(
                "no_key_field",
                "A key is required, but the manifest of {version} has no <dlid>, so Joomla offers no field for it.",
                'Add <dlid prefix="dlid="/> to the manifest. ' + _BUILD,
            ),
            error(
                "key_prefix",
                "The manifest of {version} sends the key as {prefix!r}, which the bridge does not read.",
                'Write <dlid prefix="dlid="/>. ' + _BUILD,
            ),
            error(
                "key_line_changed",
                "The <dlid> of {version} has another prefix or suffix than that of {older}.",
                "Write it as it was: Joomla cuts the keys that sites have stored by the length of the new one.",
            ),
            warning(
                "parts",
                "In the package {version} the parts {parts} name update servers of their own.",
                "Leave <updateservers> to the manifest of the package, and publish a new version.",
            ),
        ),
        _joomla,
        ("database.schema",),
    ),
    Check(
        "repo.descriptor",
        "Whether the descriptor in the newest ZIP for Dolibarr asks this bridge for the last version, with its key.",
        "Dolibarr announces new versions only of what it can ask for.",
        (
            ok("right", "The descriptors of {count} modules ask this bridge."),
            warning(
                "no_line",
                "The descriptor of {version} has no url_last_version, so Dolibarr announces no new version.",
                "`bridge repo show {repo} --json` has the line to copy (descriptor_line).",
            ),
            warning(
                "other_line",
                "The url_last_version of {version} does not lead to {wanted}.",
                "`bridge repo show {repo} --json` has the line to copy (descriptor_line).",
            ),
            error(
                "no_key",
                "A key is required, but the url_last_version of {version} sends none.",
                "`bridge repo show {repo} --json` has the line to copy (descriptor_line).",
            ),
        ),
        _dolibarr,
        ("database.schema",),
    ),
)
