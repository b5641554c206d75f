"""What an owner has for its mails: who it is, in which language it writes, and where it is told things."""

from dataclasses import dataclass
from typing import Any

from bridge.models import Owner, PaymentAccount, Purchase
from bridge.rules.letters import kinds
from bridge.rules.letters.templates import InvalidTemplate, Template, parse
from bridge.rules.payments.messages import Message
from bridge.rules.sellers import Seller
from bridge.rules.variables import OwnerSettings
from bridge.services import payment_access
from bridge.storage import mail_templates, payment_accounts


@dataclass(frozen=True, slots=True)
class Voice:
    """Who writes. ``replies_to`` "": nobody reads answers; ``as_sender`` "": under the installation's address."""

    name: str
    support: str
    renewal_url: str
    language: str
    replies_to: str
    as_sender: str


def seller_of(owner: Owner) -> Seller:
    """What `LICENSING_SELLER` says."""
    return OwnerSettings.from_dict(owner.settings).seller if owner.settings else Seller()


def voice_of(owner: Owner, sender_domains: list[str]) -> Voice:
    """How an owner appears in its mails. Its own address is the sender's only in a domain that the settings name."""
    seller = seller_of(owner)
    by_mail = _mail_of_support(seller)
    domain = seller.sender.rpartition("@")[2].lower()
    allowed = bool(domain) and domain in {each.lower() for each in sender_domains}
    return Voice(
        name=seller.name or owner.name,
        support=seller.support,
        renewal_url=seller.renewal_url,
        language=seller.language or kinds.DEFAULT_LANGUAGE,
        replies_to=by_mail or ("" if allowed else seller.sender),
        as_sender=seller.sender if allowed else "",
    )


def told_at(session: Any, owner: Owner, purchase: Purchase | None) -> str:
    """The address at which the owner is told what needs a person; "" where it named none."""
    account: PaymentAccount | None = None
    if purchase is not None:
        account = payment_accounts.by_source(session, purchase.owner_id, purchase.source)
    named = payment_access.policy_of(account).notify if account is not None else ""
    seller = seller_of(owner)
    return named or _mail_of_support(seller) or seller.sender


def _mail_of_support(seller: Seller) -> str:
    """The support's address where it is one for mails, and no page."""
    return seller.support if "@" in seller.support and "://" not in seller.support else ""


def template_of(session: Any, owner_id: int, kind: Message, wanted: str) -> tuple[Template, str]:
    """The words of a mail, and their language: the owner's own, else the usual ones."""
    own = {row.language: row.source for row in mail_templates.of_owner(session, owner_id, kind)}
    language = kinds.chosen(wanted, own)
    return words_of(kind, language, own.get(language))[0], language


def words_of(kind: Message, language: str, source: str | None) -> tuple[Template, bool]:
    """The words of a mail, and whether they are the owner's own (``source``) and not the usual ones."""
    if source is not None:
        try:
            return parse(source, kinds.blanks(kind)), True
        except InvalidTemplate:  # written for a version that knew another blank; better usual words than no mail
            pass
    return kinds.usual(kind, language), False
