"""Ask Gitea what it is and what the token may do. Nothing here changes anything."""

from collections.abc import Iterable

from bridge.errors import RefusedError, SettingsError, UnavailableError
from bridge.services.installing.values import (
    NAME,
    ApplicationsFound,
    GiteaFacts,
    HooksFound,
    OwnerFacts,
    Record,
    TokenFacts,
)
from gitea_client.client import GiteaClient
from gitea_client.errors import BadAnswer, Moved, NotAllowed, NotAuthenticated, NotFound, Unreachable
from gitea_client.levels import Level
from gitea_client.scopes import Category
from gitea_client.values import Hook, ServerVersion
from gitea_client.webhooks import EVENTS

CATEGORIES: tuple[Category, ...] = ("repository", "organization", "user", "admin")
_NAMES_SINCE = (1, 26)
_JWT_DOTS = 2


def look(client: GiteaClient, url: str, token: str, owners: Iterable[str]) -> GiteaFacts:
    """What there is.

    Raises ``UnavailableError`` where no Gitea answers, ``SettingsError`` for a token that is no good, ``RefusedError``
    for a Gitea that is too old.
    """
    if token.count(".") == _JWT_DOTS:
        raise SettingsError(
            "this is a token from signing in with OAuth2, which expires within an hour; make an access token in Gitea"
            " under Settings, Applications"
        )
    version = version_at(client, url)
    if not version.supported:
        raise RefusedError(
            f"this is Gitea {version.raw}; the bridge needs 1.23 or later. Up to 1.22, whoever signs in to an"
            " application hands it all their rights, since tokens for sign-in could not be limited. Upgrade Gitea first"
        )
    facts = _token(client)
    return GiteaFacts(version, facts, tuple(_owner(client, facts, name) for name in owners))


def version_at(client: GiteaClient, url: str) -> ServerVersion:
    """Which Gitea answers there. Raises ``UnavailableError`` that says what to check."""
    try:
        return client.version()
    except NotAuthenticated:
        raise SettingsError(_UNKNOWN) from None
    except NotAllowed as refused:
        raise _refused_account(refused) from None
    except (NotFound, BadAnswer, Moved):
        raise UnavailableError(
            f"something answers at {url}, but it is not Gitea's API; where Gitea lives below a path, the path belongs"
            " to the address, for example https://example.com/git"
        ) from None
    except Unreachable as error:
        raise UnavailableError(
            f"Gitea does not answer at {url} ({error.message}); is it running, and does this machine reach it there?"
        ) from None


_UNKNOWN = (
    "Gitea does not know this token: it is mistyped, was deleted, or has expired. Make a new one in Gitea under"
    " Settings, Applications, as a site administrator"
)


def _token(client: GiteaClient) -> TokenFacts:
    try:
        reads = frozenset(each for each in CATEGORIES if client.may_read(each))
        changes = frozenset(each for each in CATEGORIES if client.may_change(each))
        if "user" not in reads:
            return TokenFacts("", False, reads, changes, sees_private=True)
        me = client.me()
        return TokenFacts(me.login, me.is_admin, reads, changes, client.sees_private_things())
    except NotAuthenticated:
        raise SettingsError(_UNKNOWN) from None
    except NotAllowed as refused:
        raise _refused_account(refused) from None


def _refused_account(refused: NotAllowed) -> SettingsError:
    return SettingsError(
        f"Gitea refuses the account of this token: {refused.message}. Sign in to Gitea as that account and put it"
        " right, or take a token of another site administrator"
    )


def _owner(client: GiteaClient, token: TokenFacts, name: str) -> OwnerFacts:
    try:
        account = client.owner(name)
    except Moved as moved:
        return OwnerFacts(name, None, new_name=moved.new_account or "")
    except (NotFound, NotAllowed, ValueError):
        return OwnerFacts(name, None)
    if account.kind == "org":
        owned = token.is_admin or _is_org_owner(client, name, token.login)
        return OwnerFacts(name, "org", _readable(client, Level.org(name)), owned)
    own = token.login.casefold() == name.casefold()
    level = Level("user", ("user",)) if own else Level.user(name)
    return OwnerFacts(name, "user", _readable(client, level), own or token.is_admin)


def _is_org_owner(client: GiteaClient, org: str, login: str) -> bool:
    try:
        return bool(login) and client.is_org_owner(org, login)
    except NotAllowed:
        return False


def _readable(client: GiteaClient, level: Level) -> bool:
    try:
        client.variables(level)
    except (NotAllowed, NotFound):
        return False
    return True


def hook_levels(client: GiteaClient, facts: GiteaFacts) -> tuple[Level, ...]:
    """Where hooks are to be: one for all of Gitea, else one for each org that lets us, else one for each repo."""
    if facts.may_hook_system:
        return (Level.system(),)
    levels: list[Level] = []
    for owner in facts.owners:
        if owner.kind == "org" and owner.owned and "organization" in facts.token.changes:
            levels.append(Level.org(owner.name))
        elif owner.kind is not None and "repository" in facts.token.changes:
            levels += _repos_of(client, owner.name)
    return tuple(levels)


def _repos_of(client: GiteaClient, owner: str) -> list[Level]:
    found = client.search_owner_repos(client.owner(owner).id)
    return [Level.repo(owner, repo.name) for repo in found if repo.permissions and repo.permissions.admin]


def hooks_seen(
    client: GiteaClient, level: Level, address: str, record: Record, version: ServerVersion, *, holds_secret: bool
) -> HooksFound:
    """As ``find_hooks``; none where the token may not look, or where the repo or organisation is gone."""
    try:
        return find_hooks(client, level, address, record, version, holds_secret=holds_secret)
    except (NotAllowed, NotFound, Moved):
        return HooksFound(level)


def find_hooks(
    client: GiteaClient, level: Level, address: str, record: Record, version: ServerVersion, *, holds_secret: bool
) -> HooksFound:
    """Our own hooks at a level, and others that send to the same address.

    Ours is what is written down, and what has our name. Where Gitea keeps no names, and nothing is written down but the
    secret is held, what looks exactly like ours is it.
    """
    own, foreign = [], []
    for hook in client.hooks(level):
        nameless = (
            version.parts < _NAMES_SINCE and not record.hooks and holds_secret and _looks_like_ours(hook, address)
        )
        if record.knows(level, hook.id) or (hook.url == address and (hook.name == NAME or nameless)):
            own.append(hook)
        elif hook.url == address:
            foreign.append(hook)
    return HooksFound(level, tuple(own), tuple(foreign))


def _looks_like_ours(hook: Hook, address: str) -> bool:
    return hook.url == address and hook.content_type == "json" and hook.events == EVENTS


def find_applications(
    client: GiteaClient, token: TokenFacts, callback: str, client_id: str, record: Record
) -> ApplicationsFound:
    """Our own applications, found by what is written down, or by name and address; others of that name."""
    if "user" not in token.reads or not token.sees_private:
        return ApplicationsFound(allowed=False)
    own, foreign = [], []
    for each in client.oauth_applications():
        known = each.client_id == client_id or each.id == record.application_id
        if known or (each.name == NAME and callback in each.redirect_uris):
            own.append(each)
        elif each.name == NAME:
            foreign.append(each)
    return ApplicationsFound(tuple(own), tuple(foreign), allowed="user" in token.changes)


def spelled(client: GiteaClient, names: Iterable[str]) -> tuple[str, ...]:
    """Owners' names as Gitea writes them; those that it does not know as they are."""

    def spell(name: str) -> str:
        try:
            return client.owner(name).login
        except (NotFound, Moved, NotAllowed):
            return name

    return tuple(map(spell, names))
