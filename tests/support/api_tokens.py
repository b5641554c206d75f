"""Machine tokens, made below the API, so that a test may choose whose they are."""

from datetime import datetime

from support.bridges import TESTER, Installation

from bridge.models import MachineToken
from bridge.rules.scopes import Scope
from bridge.services import machine_tokens
from bridge.services.machine_tokens import TokenInput
from bridge.services.standings import Person
from bridge.storage import catalog, tokens


def new_token(
    made: Installation,
    place: str,
    maker: str | Person = "olga",
    scopes: tuple[str, ...] = tuple(Scope),
    expires_at: datetime | None = None,
    name: str = "Shop",
) -> tuple[int, str]:
    """A token for ``repos/acme/mod-weather`` or ``orgs/acme``, of somebody: its number and its text."""
    level, owner_name, *rest = place.split("/")
    if isinstance(maker, str):
        account = made.world.person(maker)
        maker = Person(account.id, account.login, account.is_admin)
    with made.parts.open_session() as session:
        owner = catalog.owner_by_name(session, owner_name)
        assert owner is not None
        repo = catalog.repo_by_name(session, owner_name, rest[0]) if level == "repos" else None
        row, text = machine_tokens.make(
            session,
            (owner.id, repo[0].id if repo else None),
            maker,
            TokenInput(name, [Scope(each) for each in scopes], expires_at),
            made.parts.entropy,
            TESTER,
            made.clock(),
        )
        return row.id or 0, text


def stored(made: Installation, token_id: int) -> MachineToken:
    """The token as it is stored now."""
    with made.parts.open_session(read_only=True) as session:
        row = tokens.by_id(session, token_id)
        assert row is not None
        return row
