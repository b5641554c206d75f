"""Turns a row of the outbox into a letter: looks at everything again, and says what is so now.

A row holds ids only. What was true when it was queued may be true no longer when it is sent: then nothing is said.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.mail.letters import Letter, one_line
from bridge.models import LicenseKey, Outbox, Owner, Purchase
from bridge.rules.customers import mail_key
from bridge.rules.letters import kinds, templates
from bridge.rules.letters.words import Words
from bridge.rules.payments.messages import TO_CUSTOMER, Message
from bridge.services import mail_checks, mail_keys, mail_settings, thanks
from bridge.services.customer_links import CustomerLinks
from bridge.services.mail_checks import About, NoAddressYetError, NoLongerTrueError, customer_of
from bridge.services.mail_keys import Shown
from bridge.services.mail_settings import Voice
from bridge.storage import customers, purchases

_MOST_GREETED = 60
# A name is typed by a stranger, and mailed to whatever address that stranger typed: it must be no message of theirs.
_NO_NAME = ("://", "www.", "@", "/", "\\", "{", "}")


@dataclass(frozen=True, slots=True)
class Post:
    """What all letters of an installation share."""

    sender: str
    sender_domains: list[str]
    public_url: str
    links: CustomerLinks


def write(session: Any, row: Outbox, post: Post, now: datetime) -> tuple[Letter, list[int]]:
    """The letter of a row, and the keys that it tells. Raises `NoLongerTrueError`, `NoAddressYetError`."""
    about = _about(session, row, now)
    mail_checks.look(about)
    to_customer = about.kind in TO_CUSTOMER
    to = _customers_address(about) if to_customer else _owners_address(about)
    if to_customer:
        about.keys[:] = [key for key in about.keys if mail_keys.is_for(session.get_one(LicenseKey, key.id), to)]
    voice = mail_settings.voice_of(about.owner, post.sender_domains)
    template, language = mail_settings.template_of(session, about.owner.id, about.kind, voice.language)
    values = _values(about, voice, kinds.words(language), post)
    if to_customer:
        # The link is of whoever reads at this address, whatever the mail is about.
        values["my_page"] = post.links.address(customers.by_mail(session, about.owner.id, to), now)
        if about.kind is Message.LINK and not values["my_page"]:
            raise NoLongerTrueError(
                "the customer is known no more, or oauth.client_secret is not set, which signs links"
            )
    if to_customer and not _is_buyers(about, to):
        values["page"] = ""  # it shows what else was bought
    filled = templates.filled(template, values)
    links = [values[name] for name in ("page", "my_page", "renewal_url") if values.get(name)]
    letter = Letter(
        to=to,
        subject=f"[Test] {filled.subject}" if _is_test(about) else filled.subject,
        text=filled.text,
        html=templates.as_html(filled.text, language, links),
        language=language,
        sender=voice.as_sender or post.sender,
        seller=voice.name,
        reply_to=voice.replies_to if to_customer else "",
    )
    return letter, [key.id for key in about.keys]


def _about(session: Any, row: Outbox, now: datetime) -> About:
    purchase = session.get(Purchase, row.purchase_id) if row.purchase_id is not None else None
    named = row.reference.get("keys") or ([row.reference["key"]] if "key" in row.reference else [])
    found = purchases.keys_by_id(session, named)
    rows = [found[each] for each in named if each in found and found[each].owner_id == row.owner_id]
    if named and not rows:
        raise NoLongerTrueError("the key is gone, or another owner's now")
    owner = session.get_one(Owner, row.owner_id)
    return About(session, row, Message(row.kind), owner, purchase, mail_keys.shown(session, rows, now), now)


def _is_test(about: About) -> bool:
    """Whether a mail is about a trial. A link is about all that a customer has, whichever key it was queued for."""
    if about.kind is Message.LINK:
        return False
    return any(key.is_test for key in about.keys) or (about.purchase is not None and about.purchase.is_test)


def _customers_address(about: About) -> str:
    """The key's own address goes before the purchase's: it is what people correct."""
    found = customer_of(about)[1]
    if not found:
        erased = about.purchase is not None and about.purchase.wanted.get("erased")
        if erased or about.purchase is None:
            raise NoLongerTrueError("no mail address is known of the customer")
        raise NoAddressYetError("no mail address is known of the customer yet")
    return found


def _is_buyers(about: About, to: str) -> bool:
    """Whether a mail goes to whoever bought; a key may be somebody else's by now."""
    return about.purchase is not None and mail_key(about.purchase.customer_email) == mail_key(to)


def _owners_address(about: About) -> str:
    found = mail_settings.told_at(about.session, about.owner, about.purchase)
    if not found:
        raise NoLongerTrueError("the owner named no address; say support in LICENSING_SELLER, or notify at the account")
    return found


def _values(about: About, voice: Voice, words: Words, post: Post) -> dict[str, str]:
    """What fills the blanks: one line each, but for what this program wrote."""
    name, email = customer_of(about)
    keys, sold = about.keys, about.purchase
    packages = mail_keys.names(keys) or _packages_of(about)
    values = {
        "customer": greeted(name),
        "seller": voice.name,
        "support": voice.support,
        "package": packages,
        "renewal_url": _renewal_url(about, voice),
        "purchase": sold.ref if sold is not None else "",
        "email": email,
        "page": thanks.address_of(about.session, sold, post.public_url, about.now) if sold is not None else "",
        "expires": _ends(keys, words),
    }
    plain = {blank: one_line(value) for blank, value in values.items()}
    return plain | _blocks(about, words)


def _blocks(about: About, words: Words) -> dict[str, str]:
    package_ids = {key.package_id for key in about.keys}
    joomla, dolibarr = mail_keys.platforms(about.session, about.owner.id, package_ids) if package_ids else (True, True)
    return {
        "keys": mail_keys.block(about.keys, words),
        "how_to_enter": mail_keys.how_to_enter(words, joomla=joomla, dolibarr=dolibarr),
        "state": _state(about, words),
        "what": _what(about),
    }


def _packages_of(about: About) -> str:
    if about.purchase is None:
        return ""
    ids = purchases.packages_of(about.session, [about.purchase.id or 0]).get(about.purchase.id or 0, set())
    found = purchases.packages_by_id(about.session, ids)
    return ", ".join(sorted(package.name for package in found.values()))


def _renewal_url(about: About, voice: Voice) -> str:
    found = purchases.packages_by_id(about.session, {key.package_id for key in about.keys})
    own = next((package.renewal_url for package in found.values() if package.renewal_url), "")
    # Nothing is to be renewed by hand that goes on by itself.
    by_itself = about.kind is Message.KEYS or any(key.renews for key in about.keys)
    return "" if by_itself else own or voice.renewal_url


def _ends(keys: list[Shown], words: Words) -> str:
    ends = [key.expires_at for key in keys if key.expires_at is not None]
    return min(ends).strftime(words.date) if ends else ""


def _state(about: About, words: Words) -> str:
    after = about.row.reference.get("after") or {}
    if not after.get("hold"):
        return words.free_again
    return words.held.get(after.get("reason") or "", words.held[""])


def _what(about: About) -> str:
    reference = about.row.reference
    if about.kind is Message.REVIEW:
        return "\n".join(f"- {one_line(each)}" for each in about.sold.reviews)
    if about.kind is Message.DOUBLE_PAYMENT:
        other = about.session.get(Purchase, reference.get("other"))
        return one_line(other.ref) if other is not None else ""
    return one_line(str(reference.get("why", "")))


def greeted(name: str) -> str:
    """A customer's name as a mail may say it; "" for what looks like anything else than a name."""
    plain = one_line(name)
    return "" if len(plain) > _MOST_GREETED or any(sign in plain.lower() for sign in _NO_NAME) else plain
