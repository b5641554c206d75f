"""How keys look in a mail, and on the page after a purchase: code, package, how long, how to enter them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.models import LicenseKey, Package, Purchase
from bridge.rules.customers import mail_key
from bridge.rules.keys import State
from bridge.rules.letters.words import Words
from bridge.rules.payments.outcome import Flag
from bridge.rules.variables import RepoSettings
from bridge.services import keys as key_service
from bridge.storage import catalog, licenses, purchases

# In these states a key is, or will be, good for something.
USABLE = frozenset({State.ACTIVE, State.GRACE, State.NOT_STARTED})


@dataclass(frozen=True, slots=True)
class Shown:
    """A key as it is told to its customer."""

    id: int
    code: str
    package: str
    package_id: int
    state: State
    expires_at: datetime | None
    renews: bool
    is_test: bool

    @property
    def usable(self) -> bool:
        """Whether it opens something, or will."""
        return self.state in USABLE


def shown(session: Any, rows: Iterable[LicenseKey], now: datetime) -> list[Shown]:
    """Keys with what is told of them, in their order."""
    listed = [key for key in rows if not key.is_master]
    codes = licenses.codes_of(session, [key.id or 0 for key in listed])
    packages = purchases.packages_by_id(session, {key.package_id for key in listed})
    return [
        Shown(
            id=key.id or 0,
            code=codes[key.id or 0][0].code,
            package=packages[key.package_id].name,
            package_id=key.package_id,
            state=State(key_service.state_of(key, packages[key.package_id], now)),
            expires_at=licenses.expiry_of(key),
            renews=renews_itself(session, key),
            is_test=key.is_test,
        )
        for key in listed
    ]


def is_for(key: LicenseKey, address: str) -> bool:
    """Whether a key may be told to whoever reads at an address: it is nobody's yet, or theirs."""
    return not key.customer_email or mail_key(key.customer_email) == mail_key(address)


def renews_itself(session: Any, key: LicenseKey) -> bool:
    """Whether a subscription goes on that pays for the key."""
    slot = purchases.slot_of_key(session, key.id or 0)
    return slot is not None and goes_on(purchases.purchase_of_slot(session, slot))


def goes_on(purchase: Purchase) -> bool:
    """Whether a purchase is a subscription of which further payments are expected."""
    return purchase.subscription and purchase.status == "paid" and Flag.ENDS_AT not in purchase.flags


def block(keys: Sequence[Shown], words: Words) -> str:
    """The keys as the text of a mail has them."""
    return "\n\n".join(f"    {key.code}\n{key.package}: {how_long(key, words)}" for key in keys)


def how_long(key: Shown, words: Words) -> str:
    """Until when a key works, in words."""
    if key.is_test:
        return words.on_trial
    if key.expires_at is None:
        return words.never
    text = words.renews if key.renews else words.until
    return text.format(date=key.expires_at.strftime(words.date))


def names(keys: Iterable[Shown]) -> str:
    """The packages of keys, each once."""
    return ", ".join(dict.fromkeys(key.package for key in keys))


def platforms(session: Any, owner_id: int, package_ids: Iterable[int]) -> tuple[bool, bool]:
    """Whether there is something for Joomla, and for Dolibarr, among what these packages open; both, if unknown."""
    packages: list[Package] = list(purchases.packages_by_id(session, set(package_ids)).values())
    listed = licenses.repos_of_packages(session, [package.id or 0 for package in packages])
    served = {repo.id: repo for repo, _ in catalog.repos_of(session, owner_id, served_only=True)}
    named: set[str] = set()
    for package in packages:
        opens = {package.repo_id} if package.repo_id is not None else listed.get(package.id or 0, set(served))
        found = [RepoSettings.from_dict(served[each].settings) for each in opens & served.keys() if each is not None]
        named |= {each.platform or "none" for each in found}
    joomla, dolibarr = bool(named & {"joomla", "both"}), bool(named & {"dolibarr", "both"})
    return (joomla, dolibarr) if joomla or dolibarr else (True, True)


def how_to_enter(words: Words, *, joomla: bool, dolibarr: bool) -> str:
    """How a key is entered, as the text of a mail has it."""
    return "\n\n".join([*([words.joomla] if joomla else []), *([words.dolibarr] if dolibarr else [])])
