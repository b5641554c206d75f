"""What an owner says of itself and its people: ``LICENSING_SELLER`` and ``LICENSING_TEAMS``."""

import re
from dataclasses import dataclass
from typing import Literal

from bridge.rules.strict_toml import InvalidSetting, Table, is_web_address, parse

Role = Literal["manager", "support", "viewer"]

_ROLES: dict[str, Role] = {"manager": "manager", "support": "support", "viewer": "viewer"}
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")
_TEAM = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,253}[a-z0-9])?")
_SELLER_EXAMPLE = (
    'name = "Acme", support = "help@acme.example", renewal_url = "https://acme.example/renew", '
    'sender = "keys@acme.example", language = "en".'
)
_TEAMS_EXAMPLE = "write for example: sales: manager, helpdesk: support, auditors: viewer"


@dataclass(frozen=True, slots=True)
class Seller:
    """What customers read of the seller; "" means that nothing was said. ``support`` is a mail or web address."""

    name: str = ""
    support: str = ""
    renewal_url: str = ""
    sender: str = ""
    language: str = ""
    reminders: bool = True  # of keys that end


def parse_seller(text: str) -> Seller:
    """Read the TOML of `LICENSING_SELLER`; raises `InvalidSetting`."""
    top = parse(text, _SELLER_EXAMPLE)
    seller = Seller(
        name=top.text("name", max_length=100),
        support=top.text("support", max_length=320),
        renewal_url=top.url("renewal_url"),
        sender=top.text("sender", max_length=320),
        language=top.text("language", max_length=20),
        reminders=_yes_or_no(top),
    )
    if seller.support and not (_ADDRESS.fullmatch(seller.support) or is_web_address(seller.support)):
        raise top.refuse("support", "must be a mail address or an http or https address")
    if seller.sender and _ADDRESS.fullmatch(seller.sender) is None:
        raise top.refuse("sender", "must be a bare mail address")
    if seller.language and _LANGUAGE.fullmatch(seller.language) is None:
        raise top.refuse("language", "must be a language code")
    top.done()
    return seller


def _yes_or_no(top: Table) -> bool:
    said = top.choice("reminders")
    if said not in {"", "true", "false"}:
        raise top.refuse("reminders", "must be true or false")
    return said != "false"


def parse_teams(text: str) -> tuple[tuple[str, Role], ...]:
    """Read ``sales: manager, helpdesk: support`` as (team, role) pairs, names in lower case as Gitea compares them.

    Raises `InvalidSetting`.
    """
    teams: dict[str, Role] = {}
    for item in filter(None, (part.strip() for part in re.split(r"[,;\n]", text.casefold()))):
        name, _, role = (part.strip() for part in item.partition(":"))
        if role not in _ROLES or _TEAM.fullmatch(name) is None:
            raise InvalidSetting(f"“{item}” is not a team with the role manager, support or viewer; {_TEAMS_EXAMPLE}.")
        if name in teams:
            raise InvalidSetting(f"The team “{name}” is named twice; give each team one role.")
        teams[name] = _ROLES[role]
    if not teams:
        raise InvalidSetting(f"No team is named; {_TEAMS_EXAMPLE}.")
    return tuple(teams.items())
