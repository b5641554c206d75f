"""The shop that the tables of this folder ask: one owner, a product in every key mode, a key in every situation.

Every product has the releases of ``RELEASES`` for Joomla and for Dolibarr, and an edition ``pro``. ``1.0.0`` was there
before the keys of the past expired, the others came after.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from support.bridges import START, TESTER, Installation, IssuedKey
from support.zips import dolibarr_module, joomla_module

from bridge.models import LicenseKey, Package
from bridge.services import keys
from bridge.storage import catalog, licenses

MODES = {"closed": "true", "gated": "download", "free": "false"}
FEED = '[edition.pro]\nasset = "*-pro.zip"\n'
NEWEST, OLDEST, EARLY = "1.1.0", "1.0.0", "1.2.0-rc1"
FEW = (NEWEST, OLDEST)
ALL = (EARLY, NEWEST, OLDEST)
NONSENSE = "nonsense"


@dataclass(frozen=True)
class Situation:
    """What a site sends, and what that is worth: the code at its door, and the versions that its feed lists."""

    name: str
    key: str | None
    token: str
    by_key: str
    by_token: str
    sees: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return self.by_key in {"valid", "grace"}

    @property
    def token_good(self) -> bool:
        return self.by_token in {"valid", "grace"}


@dataclass
class Shop:
    """The installation and its situations by name."""

    installation: Installation
    situations: dict[str, Situation] = field(default_factory=dict)

    def client(self) -> Any:
        return self.installation.client()


def files(version: str, pro: bool = True) -> dict[str, bytes]:
    """The ZIPs of one release: a Joomla module, its pro edition, and a Dolibarr module."""
    plain = {"weather.zip": joomla_module("weather", version), "stock.zip": dolibarr_module("stock", version)}
    return plain | ({"weather-pro.zip": joomla_module("weatherpro", version)} if pro else {})


def add_product(made: Installation, owner: str, repo: str, require_key: str, **more: str) -> None:
    """A product for both platforms, known to the bridge, without a release."""
    variables = {
        "LICENSING_PLATFORM": "both",
        "LICENSING_REQUIRE_KEY": require_key,
        "LICENSING_FEED": FEED,
        **more,
    }
    made.add_product(owner, repo, **variables)
    made.refresh(owner, repo)


def later(made: Installation) -> Any:
    """A client of the same installation that remembers nothing: the picture in memory may be half a second old."""
    for name in ("products", "gate", "recollection"):
        vars(made.parts).pop(name, None)
    return made.client()


def build(made: Installation) -> Shop:
    """Fill an installation; afterwards it is thirty days later than at the start."""
    for repo, mode in {**MODES, "other": "download"}.items():
        add_product(made, "acme", repo, mode)
    add_product(made, "beta", "gadget", "true")
    for repo in MODES:
        made.publish("acme", repo, OLDEST, files(OLDEST))
    shop = Shop(made)
    _issue(shop)
    made.clock.turn(days=30)
    for repo in MODES:
        for version in (NEWEST, EARLY):
            made.publish("acme", repo, version, files(version))
    _replace_codes(shop)
    return shop


def _issue(shop: Shop) -> None:
    made = shop.installation
    stable = made.package("acme", "Standard", streams=("stable",))
    owned = made.package("acme", "Owned", streams=("stable",), after_expiry="owned")
    other = made.package("acme", "Other", repo="other")
    past, lately = START + timedelta(days=10), START + timedelta(days=29)

    def add(name: str, key: Any, code: str, sees: tuple[str, ...] = ()) -> None:
        shop.situations[name] = Situation(name, key.code, key.token, code, code, sees)

    shop.situations["no key"] = Situation("no key", None, NONSENSE, "missing", "unknown")
    shop.situations["malformed"] = Situation("malformed", "wh@t?", "~", "malformed", "unknown")
    add("valid", made.key(stable), "valid", FEW)
    add("expired", made.key(stable, expires_at=past), "expired")
    add("expired but owned", made.key(owned, expires_at=past), "valid", (OLDEST,))
    add("grace", made.key(stable, expires_at=lately), "grace", FEW)
    add("not started", made.key(stable, starts_at=START + timedelta(days=60)), "not_started")
    add("test key", made.key(stable, is_test=True), "test_key")
    add("for another repo", made.key(other), "wrong_product")
    add("foreign owner's", made.key(made.package("beta")), "unknown")
    revoked, suspended = made.key(stable), made.key(stable)
    made.revoke(revoked.id)
    with made.parts.open_session() as session:
        keys.suspend(session, session.get_one(LicenseKey, suspended.id), True, TESTER, made.clock())
    add("revoked", revoked, "revoked")
    add("suspended", suspended, "suspended")
    add("master", _master(made, "acme"), "valid", ALL)
    typo = _with_typo(shop.situations["valid"].key or "")
    shop.situations["typo"] = Situation("typo", typo, NONSENSE, "malformed", "unknown")
    made.key(stable, legacy_code="old-code-17", expires_at=past)
    add("legacy for two", made.key(stable, legacy_code="old-code-17"), "valid", FEW)


def _replace_codes(shop: Shop) -> None:
    made = shop.installation
    with made.parts.open_session() as session:
        owner = catalog.owner_by_name(session, "acme")
        assert owner is not None
        stable = licenses.package_by_name(session, owner.id, None, "Standard")
        assert stable is not None
        package = stable.id or 0
    overlapping, ended = made.key(package), made.key(package)
    with made.parts.open_session() as session:
        for key, overlap in ((overlapping, "7d"), (ended, "0")):
            row = session.get_one(LicenseKey, key.id)
            keys.replace_code(session, row, keys.OVERLAPS[overlap], made.issuer())
    for name, key, code, sees in (
        ("replaced, overlapping", overlapping, "valid", FEW),
        ("replaced, ended", ended, "unknown", ()),
    ):
        shop.situations[name] = Situation(name, key.code, key.token, code, "valid", sees)


def _master(made: Installation, owner: str) -> IssuedKey:
    with made.parts.open_session() as session:
        row = catalog.owner_by_name(session, owner)
        assert row is not None
        package: Package | None = licenses.master_package(session, row.id)
        assert package is not None
        key = licenses.live_master_key(session, package.id or 0)
        assert key is not None
        code = licenses.codes_of(session, [key.id or 0])[key.id or 0][0].code
        return IssuedKey(key.id or 0, code, key.feed_token)


def _with_typo(code: str) -> str:
    return code[:-1] + ("A" if code[-1] != "A" else "B")
