"""Checks of the bridge's token: whose it is, what its scopes allow, and which owners it can look after."""

from collections.abc import Callable, Iterator

from bridge.services import variables
from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.patient import Patient
from bridge.storage import catalog
from gitea_client.errors import GiteaError, NotAllowed, NotAuthenticated, NotFound
from gitea_client.levels import Level

_MOST_OWNERS = 20
# Names that Gitea gives to nobody: scopes are looked at before anything else, so 404 means that the scope is there.
_NOBODY, _NOTHING = "ghost", "license-bridge-doctor"


def _token(patient: Patient) -> Iterator[Seen]:
    if not patient.settings.gitea.token.get_secret_value():
        yield seen("missing")
        return
    try:
        me = patient.gitea.me()
    except NotAuthenticated:
        yield seen("refused")
    except NotAllowed as problem:
        yield (
            seen("no_scope", scope=problem.missing_scope)
            if problem.missing_scope
            else seen("blocked", reason=problem.message)
        )
    else:
        yield seen("site_admin" if me.is_admin else "not_admin", login=me.login)


def _scopes(patient: Patient) -> Iterator[Seen]:
    gitea = patient.gitea
    asked: dict[str, Callable[[], object]] = {
        "read:repository": lambda: gitea.repo(_NOBODY, _NOTHING),
        "read:organization": lambda: gitea.org_account(_NOBODY),
        "read:admin": lambda: gitea.hooks(Level.system(), "system"),
        "write:repository": lambda: gitea.has_write_scope(Level.repo(_NOBODY, _NOTHING)),
        "write:organization": lambda: gitea.has_write_scope(Level.org(_NOBODY)),
        "write:user": lambda: gitea.has_write_scope(Level.user(gitea.me().login)),
    }
    missing = [scope for scope, ask in asked.items() if _lacks(ask)]
    yield seen("missing", scopes=", ".join(missing)) if missing else seen("enough")


def _lacks(ask: Callable[[], object]) -> bool:
    """Whether Gitea refuses for want of a scope. Other refusals are about the person, whom another check is about."""
    try:
        return ask() is False
    except NotAllowed as refusal:
        return refusal.missing_scope is not None
    except NotFound:
        return False


def _owners(patient: Patient) -> Iterator[Seen]:
    names = [name for name in patient.settings.bridge.owners if name != "*"]
    if not patient.settings.bridge.owners:
        yield seen("nobody")
        return
    if not names:
        with patient.open_session(read_only=True) as session:
            names = sorted({owner.name for _, owner in catalog.repos_of(session, served_only=True)})
    readable = 0
    for name in names[:_MOST_OWNERS]:
        try:
            account = patient.gitea.owner(name)
            reading = variables.read(patient.gitea, variables.owner_level(account.login, account.kind))
        except GiteaError as problem:
            yield seen("absent", owner=name, reason=problem.message)
            continue
        if reading.values is None:
            yield seen("unreadable", owner=name)
        else:
            readable += 1
    if readable:
        yield seen("readable", count=readable)


CHECKS = (
    Check(
        "gitea.token",
        "Whether Gitea takes `gitea.token`, and whether it is a site administrator's.",
        "The bridge reads releases, variables and people's rights with it.",
        (
            ok("site_admin", "The token is that of {login}, a site administrator."),
            error(
                "missing",
                "There is no gitea.token in the configuration.",
                "Make an access token of a site administrator in Gitea (Settings, Applications) and set gitea.token.",
            ),
            error(
                "refused",
                "Gitea does not know the token.",
                "It was deleted, or mistyped: make a new one in Gitea (Settings, Applications) and set gitea.token.",
            ),
            error(
                "no_scope",
                "The token lacks the scope {scope}, so that even its owner is hidden.",
                "Make a token with all the scopes that config.example.toml lists at gitea.token.",
            ),
            error(
                "blocked",
                "The account of the token may not be used: {reason}.",
                "Let the account sign in again in Gitea, or set gitea.token to another one's.",
            ),
            warning(
                "not_admin",
                "The token's account {login} is no site administrator: the bridge can't act for people, read the"
                " variables of personal accounts, or use one hook for everything.",
                "Make {login} a site administrator; or add it to the Owners team of each served organization, whose"
                " repos then work with hooks of their own.",
            ),
        ),
        _token,
        ("gitea.internal",),
    ),
    Check(
        "gitea.scopes",
        "Which scopes the token has, asked by requests that Gitea refuses in any case.",
        "A missing scope shows much later otherwise, as a setting that can't be read or written.",
        (
            ok("enough", "The token has all scopes."),
            error(
                "missing",
                "The token lacks the scopes {scopes}.",
                "Gitea can't add scopes to a token: make a new one with them, set gitea.token, and delete the old one.",
            ),
        ),
        _scopes,
        ("gitea.token",),
    ),
    Check(
        "gitea.owners",
        "Whether each served owner exists and its `LICENSING_` variables can be read.",
        "What can't be read keeps its last value, and where there was none, everything needs a key.",
        (
            ok("readable", "The variables of {count} served owners can be read."),
            error(
                "nobody",
                "bridge.owners is empty, so nothing is served.",
                'List the owners whose repos may be products: owners = ["acme"].',
            ),
            error(
                "absent",
                "The owner {owner} of bridge.owners can't be found in Gitea: {reason}.",
                "Correct the name in bridge.owners; it changes when the owner is renamed in Gitea.",
            ),
            error(
                "unreadable",
                "Gitea does not show the variables of {owner} to the token.",
                "Use a site administrator's token, or add its account to the Owners team of {owner}.",
            ),
        ),
        _owners,
        ("gitea.token", "database.schema"),
    ),
)
