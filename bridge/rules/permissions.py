"""Who may do what: one table of role and action that the API, the pages and the command line share.

A person may hold several roles at once, on the owner and on one repo of it; the best of them counts. A role that is
held on a repo only reaches the things of that repo (its own packages, their keys); what the owner level lends to the
repo it sees, read-only and masked, as ``LENT`` says. A machine stands where its token's maker stands, within the limit
of the token's scopes (``bridge/rules/scopes.py``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from bridge.rules.sellers import Role as TeamRole


class Role(StrEnum):
    """What a person is to an owner or a repo, the mightiest first."""

    SITE_ADMIN = "site_admin"
    OWNER = "owner"  # in the organisation's Owners team, or the account itself
    REPO_ADMIN = "repo_admin"  # whom Gitea calls admin of the repo
    MANAGER = "manager"  # these three by LICENSING_TEAMS
    SUPPORT = "support"
    VIEWER = "viewer"
    NOBODY = "nobody"


class Grant(IntEnum):
    """The answer; higher is more. ``MASKED``: it is shown, with the secret part left out."""

    NO = 0
    MASKED = 1
    ALLOWED = 2


class Action(StrEnum):
    """Everything that is decided by role."""

    SETTINGS_READ = "settings.read"
    SETTINGS_WRITE = "settings.write"
    PACKAGES_READ = "packages.read"
    PACKAGES_WRITE = "packages.write"
    PACKAGES_DELETE = "packages.delete"
    KEYS_READ = "keys.read"
    KEYS_CODE = "keys.code"
    KEYS_MASTER_CODE = "keys.master_code"
    KEYS_MAIL = "keys.mail"
    KEYS_ISSUE = "keys.issue"
    KEYS_EDIT = "keys.edit"
    KEYS_DOMAINS = "keys.domains"
    KEYS_EXTEND_BY_GRACE = "keys.extend_by_grace"
    KEYS_RENEW = "keys.renew"
    KEYS_REVOKE = "keys.revoke"
    KEYS_REPLACE = "keys.replace"
    KEYS_RESEND = "keys.resend"
    KEYS_DELETE = "keys.delete"
    KEYS_VALIDATE = "keys.validate"
    KEYS_VALIDATE_BY_CODE = "keys.validate_by_code"
    KEYS_EXPLAIN = "keys.explain"
    SITES_READ = "sites.read"
    SITES_FREE = "sites.free"
    USAGE_READ = "usage.read"
    AUDIT_READ = "audit.read"
    STATS_READ = "stats.read"
    PURCHASES_READ = "purchases.read"
    PURCHASES_WRITE = "purchases.write"
    KEYS_IMPORT = "keys.import"
    KEYS_EXPORT = "keys.export"
    CUSTOMERS_READ = "customers.read"
    CUSTOMERS_EXPORT = "customers.export"
    CUSTOMERS_ERASE = "customers.erase"
    TOKENS_READ = "tokens.read"
    TOKENS_WRITE = "tokens.write"


_EVERY = tuple(Role)
_TEAM = (Role.SITE_ADMIN, Role.OWNER, Role.REPO_ADMIN, Role.MANAGER, Role.SUPPORT, Role.VIEWER)
_SUPPORT = _TEAM[:-1]
_MANAGER = _TEAM[:-2]
_REPO_ADMIN = _TEAM[:3]
_OWNER = _TEAM[:2]
_SITE_ADMIN = _TEAM[:1]

# Each action with the roles that may do it in full; of the actions in MASKED, the rest of the team gets the mask.
_ALLOWED: dict[Action, tuple[Role, ...]] = {
    Action.SETTINGS_READ: _TEAM,
    Action.SETTINGS_WRITE: _REPO_ADMIN,
    Action.PACKAGES_READ: _TEAM,
    Action.PACKAGES_WRITE: _MANAGER,
    Action.PACKAGES_DELETE: _SITE_ADMIN,
    Action.KEYS_READ: _TEAM,
    Action.KEYS_CODE: _MANAGER,
    Action.KEYS_MASTER_CODE: _OWNER,
    Action.KEYS_MAIL: _SUPPORT,
    Action.KEYS_ISSUE: _MANAGER,
    Action.KEYS_EDIT: _MANAGER,
    Action.KEYS_DOMAINS: _SUPPORT,
    Action.KEYS_EXTEND_BY_GRACE: _SUPPORT,
    Action.KEYS_RENEW: _MANAGER,
    Action.KEYS_REVOKE: _MANAGER,
    Action.KEYS_REPLACE: _MANAGER,
    Action.KEYS_RESEND: _SUPPORT,
    Action.KEYS_DELETE: _SITE_ADMIN,
    Action.KEYS_VALIDATE: _MANAGER,
    Action.KEYS_VALIDATE_BY_CODE: _EVERY,
    Action.KEYS_EXPLAIN: _TEAM,
    Action.SITES_READ: _TEAM,
    Action.SITES_FREE: _SUPPORT,
    Action.USAGE_READ: _TEAM,
    Action.AUDIT_READ: _MANAGER,
    Action.STATS_READ: _TEAM,
    Action.PURCHASES_READ: _SUPPORT,
    Action.PURCHASES_WRITE: _MANAGER,
    Action.KEYS_IMPORT: _MANAGER,
    Action.KEYS_EXPORT: _MANAGER,
    Action.CUSTOMERS_READ: _TEAM,
    Action.CUSTOMERS_EXPORT: _MANAGER,
    Action.CUSTOMERS_ERASE: _MANAGER,
    Action.TOKENS_READ: _REPO_ADMIN,
    Action.TOKENS_WRITE: _REPO_ADMIN,
}
_MASKED = frozenset({Action.KEYS_CODE, Action.KEYS_MASTER_CODE, Action.KEYS_MAIL})


def _cell(action: Action, role: Role) -> Grant:
    if role in _ALLOWED[action]:
        return Grant.ALLOWED
    return Grant.MASKED if action in _MASKED and role in _TEAM else Grant.NO


TABLE: dict[Action, dict[Role, Grant]] = {action: {role: _cell(action, role) for role in Role} for action in Action}
# What a role that is held on a repo only may do with what the owner lends to that repo: look, and no more.
LENT: dict[Action, Grant] = dict.fromkeys(Action, Grant.NO) | {
    Action.PACKAGES_READ: Grant.ALLOWED,
    Action.KEYS_READ: Grant.ALLOWED,
    Action.KEYS_CODE: Grant.MASKED,
    Action.KEYS_MASTER_CODE: Grant.MASKED,
    Action.KEYS_MAIL: Grant.MASKED,
    Action.KEYS_VALIDATE_BY_CODE: Grant.ALLOWED,
    Action.KEYS_EXPLAIN: Grant.ALLOWED,
    Action.SITES_READ: Grant.ALLOWED,
    Action.USAGE_READ: Grant.ALLOWED,
    Action.STATS_READ: Grant.ALLOWED,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """The roles of one person: those that reach everything of the owner, and those on one repo of it.

    ``limit``: of a machine, the only actions that its token was made for; ``None``: whatever the roles allow.
    """

    on_owner: frozenset[Role] = frozenset()
    on_repo: frozenset[Role] = frozenset()
    limit: frozenset[Action] | None = None

    @property
    def is_nobody(self) -> bool:
        """Whether the person has nothing to do with owner and repo."""
        return not (self.on_owner | self.on_repo) - {Role.NOBODY}

    def may(self, action: Action, *, of_owner: bool) -> Grant:
        """What may be done with a thing of the owner (``of_owner``), or with one of the repo."""
        row = TABLE[action]
        grants = [row[role] for role in self.on_owner]
        grants += [min(row[role], LENT[action]) if of_owner else row[role] for role in self.on_repo]
        by_role = max([*grants, row[Role.NOBODY]])
        if self.limit is None or action in self.limit:
            return by_role
        # What is read anyway is masked, not hidden, as for people.
        return min(by_role, Grant.MASKED) if action in _MASKED else row[Role.NOBODY]

    def only_on_repo(self) -> "Standing":
        """The same person, reaching one repo only: what the owner lends to it is seen, and no more."""
        return replace(self, on_owner=frozenset(), on_repo=self.on_owner | self.on_repo)

    def limited_to(self, actions: frozenset[Action]) -> "Standing":
        """The same person, for these actions only."""
        return replace(self, limit=actions if self.limit is None else actions & self.limit)


def team_roles(mapping: Iterable[tuple[str, TeamRole]], teams: Iterable[str]) -> frozenset[Role]:
    """The roles that ``LICENSING_TEAMS`` (team in lower case, role) gives to the members of these teams."""
    named = dict(mapping)
    return frozenset(Role(named[team.lower()]) for team in teams if team.lower() in named)


def within_grace(paid_until: datetime | None, grace: timedelta, until: datetime | None) -> bool:
    """Whether support may extend a key until then: at most the package's grace beyond what was paid for.

    Counted from what the term or the payments give, so that doing it again does not add up.
    """
    if paid_until is None or until is None:
        return False
    return until - paid_until <= grace
