"""The walk of roles over the pages: each page by each role at a public and a private repo, and at their owner.

``PAGES`` says anew what each page needs, so that one that asks the table of permissions for the wrong thing is found; a
page that is missing here fails the walk.
"""

import itertools
from dataclasses import dataclass, field
from typing import Any

from support.api_walk import OF_ACME, REPO_ADMIN
from support.api_world import PEOPLE
from support.bridges import TESTER
from support.page_payments import account_of, event_of
from support.page_visits import Pages

from bridge.models import LicenseKey, Package
from bridge.rules.permissions import Action, Grant, Standing
from bridge.rules.scopes import Scope
from bridge.services import machine_tokens, sites
from bridge.services.machine_tokens import TokenInput
from bridge.services.sites import Newcomer
from bridge.services.standings import Person
from bridge.web.pages.visits import Page

PUBLIC, PRIVATE, OWNER = "/acme/mod-weather/licenses", "/acme/secret/licenses", "/acme/-/licensing"
SITE = "/-/licensing"
ROLES = (*PEOPLE, "anonymous")
STANDINGS: dict[str, dict[str, Standing]] = {
    PUBLIC: OF_ACME | REPO_ADMIN,
    PRIVATE: OF_ACME | REPO_ADMIN,
    OWNER: OF_ACME,
    SITE: {"site_admin": OF_ACME["site_admin"]},
}


@dataclass(frozen=True)
class Needs:
    """What a page needs: to be seen, and (``posts``) for its form; ``sent`` is what makes the form a good one.

    ``status``: what whoever may is then answered: 303, or 422 where something is to be confirmed and the walk does not,
    so that the thing stays.
    """

    action: Action
    posts: Action | None = None
    sent: dict[str, Any] = field(default_factory=dict)
    status: int = 303


def _form(action: Action, status: int = 303, **sent: Any) -> Needs:
    return Needs(action, action, sent, status)


_BOTH = {
    "packages": Needs(Action.PACKAGES_READ),
    "package_new": _form(Action.PACKAGES_WRITE, name="?", term="annual"),
    "package": Needs(Action.PACKAGES_READ, Action.PACKAGES_WRITE, {"name": "", "term": "annual"}, 422),
    "package_delete": _form(Action.PACKAGES_DELETE, 422, confirm="wrong"),
    "key_new": _form(Action.KEYS_ISSUE, package_id="PACKAGE", quantity="1", how="same"),
    "keys_issued": Needs(Action.KEYS_READ),
    "keys_issued_table": Needs(Action.KEYS_READ),
    "key": Needs(Action.KEYS_READ),
    "key_chart": Needs(Action.USAGE_READ),
    "key_expiry": _form(Action.KEYS_EXTEND_BY_GRACE, how="fix", until="2027-01-01"),
    "key_domains": _form(Action.KEYS_DOMAINS, domains="example.com"),
    "key_describe": _form(Action.KEYS_EDIT, note="walked"),
    "key_suspend": _form(Action.KEYS_EDIT),
    "key_revoke": _form(Action.KEYS_REVOKE, 422, confirm="wrong"),
    "key_code": _form(Action.KEYS_REPLACE, overlap="0"),
    "key_feed": _form(Action.KEYS_REPLACE),
    "key_move": _form(Action.KEYS_EDIT, package_id="PACKAGE", step="do"),
    "key_site_free": _form(Action.SITES_FREE),
    "key_resend": _form(Action.KEYS_RESEND),
    "key_delete": _form(Action.KEYS_DELETE, 422, confirm="wrong"),
    "key_mail": Needs(Action.KEYS_READ),
    "numbers": Needs(Action.STATS_READ),
    "numbers_chart": Needs(Action.STATS_READ),
    "numbers_table": Needs(Action.STATS_READ),
    "tokens": Needs(Action.TOKENS_READ),
    "token_new": _form(Action.TOKENS_WRITE, 201, name="walk", scopes="stats:read", lasts="30"),
    "token_revoke": _form(Action.TOKENS_WRITE),
    "audit": Needs(Action.AUDIT_READ),
    "audit_csv": Needs(Action.AUDIT_READ),
    "audit_ndjson": Needs(Action.AUDIT_READ),
    "domains_check": Needs(Action.KEYS_DOMAINS),
}
PAGES: dict[str, Needs] = {
    **{f"site_{name}": Needs(Action.KEYS_DELETE) for name in ("home", "queue", "doctor", "deletions")},
    "repo_home": Needs(Action.KEYS_READ),
    "owner_home": Needs(Action.KEYS_READ),
    "owner_keys": Needs(Action.KEYS_READ),
    "owner_customers": Needs(Action.CUSTOMERS_READ),
    "owner_customer": Needs(Action.CUSTOMERS_READ),
    "owner_customer_export": _form(Action.CUSTOMERS_EXPORT, 200),
    "owner_customer_erase": _form(Action.CUSTOMERS_ERASE, 422, confirm="wrong"),
    "owner_customer_link": _form(Action.KEYS_RESEND, how="mail"),
    "owner_customer_domains": _form(Action.KEYS_DOMAINS, step="do"),
    "owner_customer_move": _form(Action.KEYS_DOMAINS, 422, site="none"),
    "owner_customer_change": _form(Action.KEYS_RENEW, how="term", keys="KEY", step="do"),
    "repo_addresses": Needs(Action.SETTINGS_READ),
    "repo_settings": Needs(
        Action.SETTINGS_READ,
        Action.SETTINGS_WRITE,
        {"platform": "joomla", "require_key": "true", "which_streams": "all", "feed_how": "keep"},
    ),
    "repo_key_why": Needs(Action.KEYS_EXPLAIN),
    "owner_settings": Needs(Action.SETTINGS_READ, Action.SETTINGS_WRITE, {"which_streams": "usual"}),
    "owner_mails": Needs(Action.SETTINGS_READ),
    "owner_mail": Needs(
        Action.SETTINGS_READ, Action.SETTINGS_WRITE, {"source": "Subject: Walked\n\n{keys}", "step": "do"}
    ),
    "owner_import": _form(Action.KEYS_IMPORT, 422),
    "owner_payments": Needs(Action.PURCHASES_READ),
    "owner_payment": Needs(Action.PURCHASES_READ),
    "owner_payment_event": Needs(Action.PURCHASES_READ),
    "owner_payment_map": _form(Action.PURCHASES_WRITE, value="price_walk", package="PACKAGE"),
    "owner_payment_unmap": _form(Action.PURCHASES_WRITE, 422, value="price_none"),
    "owner_payment_bind": _form(Action.PURCHASES_WRITE, ref="sub_walk", key="KEY"),
    "owner_payment_accept": _form(Action.PURCHASES_WRITE, ref="sub_other"),
    "owner_payment_replay": _form(Action.PURCHASES_WRITE, which="named", events="EVENT"),
    "owner_payment_pause": _form(Action.PURCHASES_WRITE, paused="no"),
    **{f"{level}_{name}": needs for level in ("repo", "owner") for name, needs in _BOTH.items()},
}
# What needs more than its page: support may open the page, and not set just any date.
MORE = {"key_expiry": Action.KEYS_EDIT}
# What belongs to the place itself, whatever else the walk is about.
OF_PLACE = {"package_new", "settings", "token_new"}
# What can be done once to a thing, so that each role needs one of its own.
ONCE_A_THING = {"key_site_free", "key_resend", "customer_link"}

_numbers = itertools.count(1)


class Things:
    """What pages are about: a key with a site, of a package of the repo or of the owner."""

    def __init__(self, pages: Pages, base: str, *, of_owner: bool) -> None:
        made = pages.made
        repo = None if of_owner else base.split("/")[2]
        self.package = made.package("acme", f"Walk {made.parts.entropy(6).hex()}", repo=repo)
        self.key = made.key(self.package, customer_name="Wanda", customer_email=f"wanda{self.package}@example.com").id
        with made.parts.open_session() as session:
            repo_id = session.get_one(Package, self.package).repo_id
            owner_id = session.get_one(Package, self.package).owner_id
            wanted = TokenInput("walked", [Scope.STATS_READ], None)
            maker, clock = Person(1, "root", site_admin=True), made.clock()
            place = (owner_id, repo_id)
            token, _ = machine_tokens.make(session, place, maker, wanted, made.parts.entropy, TESTER, clock)
            self.token = token.id
            machine_tokens.revoke(session, token, TESTER, clock)  # an owner has a hundred that live, and no more
            self.event = event_of(session, account_of(made, session, owner_id), clock).id
            self.customer = session.get_one(LicenseKey, self.key).customer_id
            newcomer = Newcomer(self.key, "example.com", 0, "free")
            self.site = sites.arrive(session, newcomer, made.clock(), per_day=9).site_id or 0

    def path(self, page: Page, base: str) -> str:
        """The address of a page."""
        things = {"payments": self.event, "tokens": self.token, "packages": self.package, "customers": self.customer}
        thing = things.get(page.path.split("/")[0], self.key)
        filled = page.path.replace("<id>", str(thing)).replace("<site>", str(self.site)).replace("<ids>", str(self.key))
        filled = filled.replace("<name>", "sites").replace("<source>", "stripe")
        filled = filled.replace("<kind>", "keys").replace("<language>", "en")
        return f"{base}/{filled}" if filled or base == SITE else base

    def sent(self, needs: Needs) -> dict[str, str]:
        """What the form of a page sends, with these things in the place of their names."""
        names = {
            "PACKAGE": str(self.package),
            "KEY": str(self.key),
            "EVENT": str(self.event),
            "?": f"Walk {next(_numbers)}",
        }
        return {name: names.get(text, text) for name, text in needs.sent.items()} | {"package_id": str(self.package)}


def needs_of(page: Page) -> Needs:
    """What the page needs, by this table."""
    return PAGES[page.name]


def may_see(base: str, role: str, action: Action) -> bool:
    """Whether the table of permissions lets the role see the page there."""
    standing = STANDINGS[base].get(role)
    of = (True,) if base in {OWNER, SITE} else (True, False)
    return standing is not None and any(standing.may(action, of_owner=each) > Grant.NO for each in of)


def refusal(base: str, role: str) -> int:
    """What a role gets that has nothing to do there: whoever does not see the repo in Gitea learns nothing."""
    hidden = base == PRIVATE and role == "stranger"
    return 404 if hidden else 403
