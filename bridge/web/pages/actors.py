"""Who is meant by the numbers of the audit trail: people by the login they had here last, tokens by their name."""

from collections.abc import Iterable
from typing import Any

from bridge.storage import person_sessions, tokens


def names(session: Any, actors: Iterable[str], owner_id: int) -> dict[str, str]:
    """``gitea:7`` as ``olga``, ``token:3`` as ``the token “shop”``; who is not known is left out.

    Logins change hands, and a number does not: pages show both.
    """
    numbers: dict[str, set[int]] = {}
    for actor in actors:
        kind, _, number = actor.partition(":")
        if number.isascii() and number.isdigit():
            numbers.setdefault(kind, set()).add(int(number))
    people = person_sessions.logins_of(session, numbers.get("gitea", set()))
    machines = tokens.names_of(session, owner_id, numbers.get("token", set()))
    found = {f"gitea:{number}": login for number, login in people.items()}
    found |= {f"customer:{number}": "the customer" for number in numbers.get("customer", ())}
    return found | {f"token:{number}": f"the token “{name}”" for number, name in machines.items()}
