"""From offers to what feeds show: addresses, names, entries. An offer that no client could digest is held back here."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bridge.rules.publication import Held, Offer, Publication
from bridge.rules.variables import OwnerSettings, RepoSettings
from feeds.dolibarr import DolibarrRelease, package_filename, version_txt
from feeds.entries import Download, Identity, InvalidEntry, UpdateEntry
from feeds.xml import single_line

# Where a personal feed's token goes in a body that is shared by all who may see the same.
TOKEN_PLACEHOLDER = "@@"  # noqa: S105  no token: the place of one
_UNSAFE_IN_FILE_NAME = re.compile(r"[^A-Za-z0-9._+~() -]")
_PHP = re.compile(r"[0-9]+(\.[0-9]+)*")
_LONGEST_DESCRIPTION = 300
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Labels:
    """What the entries of one repo have in common."""

    public_url: str
    gitea_url: str
    owner: str
    repo: str
    private: bool
    settings: RepoSettings
    owner_settings: OwnerSettings

    @property
    def base(self) -> str:
        """The product's address, without a slash at the end."""
        return f"{self.public_url}/{quote(self.owner)}/{quote(self.repo)}"

    def feed_url(self, edition: str = "") -> str:
        """The address of a feed: permanent, ending in ``.xml``, without a query."""
        return f"{self.base}/updates.{edition}.xml" if edition else f"{self.base}/updates.xml"

    def changelog_url(self) -> str:
        """The address of the changelog."""
        return f"{self.base}/changelog.xml"

    def download_url(self, offer: Offer, token: str = "") -> str:
        """The address of an offer's file; with the token of a personal feed, which then stands before the tag."""
        before = f"~{token}/" if token else ""
        tag = quote(offer.release.tag, safe="/")
        return f"{self.base}/downloads/{before}{tag}/{quote(file_name(offer), safe='()~')}"


def file_name(offer: Offer) -> str:
    """The name under which the file is delivered: Dolibarr insists on its form, Joomla unpacks by the ending."""
    if offer.platform == "dolibarr":
        return package_filename(offer.extension.module, offer.version)
    stem = _UNSAFE_IN_FILE_NAME.sub("_", offer.asset.name[: -len(".zip")]).lstrip("._+~() -")
    return f"{stem or offer.extension.element.replace('/', '_')}.zip"


def product_name(labels: Labels, offer: Offer) -> str:
    """What administrators read: the configured name, the manifest's, else the repo's."""
    return single_line(labels.settings.feed.name or offer.extension.name or labels.repo)[:_LONGEST_NAME].strip()


def joomla_entry(labels: Labels, offer: Offer, *, personal: bool = False) -> UpdateEntry:
    """One entry of ``updates.xml``. Raises ``InvalidEntry`` where a site could not digest it."""
    name = product_name(labels, offer)
    feed, extension = labels.settings.feed, offer.extension
    infourl = feed.infourl or _release_page(labels, offer)
    return UpdateEntry(
        identity=Identity(extension.type, extension.element, extension.folder, extension.client),
        name=name,
        version=offer.version,
        stability=offer.stream.stability,
        download=_download(labels, offer, personal=personal),
        description=single_line(feed.description or f"{name} {offer.version}")[:_LONGEST_DESCRIPTION].strip(),
        infourl=infourl,
        infourl_title="Release notes" if infourl else "",
        changelog_url=labels.changelog_url(),
        maintainer=single_line(labels.owner_settings.seller.name or extension.author),
        maintainer_url=_web_address(extension.author_url),
        target_platform=offer.target_platform,
        php_minimum=offer.php_minimum if _PHP.fullmatch(offer.php_minimum) else "",
    )


def dolibarr_release(labels: Labels, offer: Offer) -> DolibarrRelease:
    """One release of a Dolibarr module. Raises ``InvalidEntry``."""
    extension = offer.extension
    return DolibarrRelease(
        module=extension.module,
        name=product_name(labels, offer),
        version=offer.version,
        channel=offer.stream.name,
        released_at=offer.release.first_seen_at,
        download=_download(labels, offer, personal=False),
        numero=extension.numero,
        editor_name=extension.author,
        editor_url=_web_address(extension.author_url),
        dolibarr_min=extension.dolibarr_min,
        dolibarr_max=extension.dolibarr_max,
        php_min=extension.php_min,
        php_max=extension.php_max,
        changelog_url=labels.changelog_url(),
    )


def vetted(labels: Labels, publication: Publication) -> Publication:
    """Move every offer that can't be rendered, or whose address another file has, to the releases held back."""
    offers: list[Offer] = []
    held = list(publication.held)
    taken: dict[tuple[str, str], str] = {}
    for offer in publication.offers:
        problem = _problem(labels, offer, taken)
        if problem is None:
            offers.append(offer)
        elif not offer.withdrawn:
            held.append(Held(offer.release.id, offer.release.tag, offer.platform, offer.edition, *problem))
    return Publication(tuple(offers), tuple(held))


def _problem(labels: Labels, offer: Offer, taken: dict[tuple[str, str], str]) -> tuple[str, str] | None:
    try:
        _present(labels, offer)
    except InvalidEntry as error:
        return ("not_presentable", f"customers' sites could not digest it: {error.message}")
    name = file_name(offer)
    if taken.setdefault((offer.release.tag, name), offer.asset.uuid) != offer.asset.uuid:
        return ("file_name_taken", f"another file of the release would be delivered as {name} too; rename one of them")
    return None


def _present(labels: Labels, offer: Offer) -> None:
    """Build all that is ever made of an offer. Raises ``InvalidEntry``."""
    if offer.platform == "joomla":
        joomla_entry(labels, offer)
        return
    dolibarr_release(labels, offer)
    if offer.stream.stability == "stable":
        version_txt(offer.version)


def _download(labels: Labels, offer: Offer, *, personal: bool) -> Download:
    asset = offer.asset
    return Download(
        url=labels.download_url(offer, TOKEN_PLACEHOLDER if personal else ""),
        sha256=asset.sha256,
        sha384=asset.sha384,
        sha512=asset.sha512,
        size=asset.size,
        filename=file_name(offer),
    )


def _release_page(labels: Labels, offer: Offer) -> str:
    if labels.private:  # a stranger would see a sign-in page there
        return ""
    tag = quote(offer.release.tag, safe="/")
    return f"{labels.gitea_url}/{quote(labels.owner)}/{quote(labels.repo)}/releases/tag/{tag}"


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    usable = (
        parts.scheme in {"http", "https"}
        and parts.hostname
        and text.isascii()
        and not any(c in text for c in " <>\"'\\`{}|^")
    )
    return text if usable else ""
