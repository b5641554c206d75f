"""The price list of roles. Whoever changes who may do what changes it here first."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.rules.permissions import LENT, TABLE, Action, Grant, Role, Standing, team_roles, within_grace

ROLES = ("site_admin", "owner", "repo_admin", "manager", "support", "viewer", "nobody", "lent")
MARKS = {"+": Grant.ALLOWED, "o": Grant.MASKED, "-": Grant.NO}
# One mark for each of ROLES: + allowed, o masked, - no.
PRICES = {
    "settings.read": "++++++--",
    "settings.write": "+++-----",
    "packages.read": "++++++-+",
    "packages.write": "++++----",
    "packages.delete": "+-------",
    "keys.read": "++++++-+",
    "keys.code": "++++oo-o",
    "keys.master_code": "++oooo-o",
    "keys.mail": "+++++o-o",
    "keys.issue": "++++----",
    "keys.edit": "++++----",
    "keys.domains": "+++++---",
    "keys.extend_by_grace": "+++++---",
    "keys.renew": "++++----",
    "keys.revoke": "++++----",
    "keys.replace": "++++----",
    "keys.resend": "+++++---",
    "keys.delete": "+-------",
    "keys.validate": "++++----",
    "keys.validate_by_code": "++++++++",
    "keys.explain": "++++++-+",
    "sites.read": "++++++-+",
    "sites.free": "+++++---",
    "usage.read": "++++++-+",
    "audit.read": "++++----",
    "stats.read": "++++++-+",
    "purchases.read": "+++++---",
    "purchases.write": "++++----",
    "keys.import": "++++----",
    "keys.export": "++++----",
    "customers.read": "++++++--",
    "customers.export": "++++----",
    "customers.erase": "++++----",
    "tokens.read": "+++-----",
    "tokens.write": "+++-----",
}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_price_list_is_complete():
    assert set(PRICES) == set(Action)
    assert set(TABLE) == set(LENT) == set(Action)
    assert ROLES[:-1] == tuple(Role)


@pytest.mark.parametrize("action", PRICES)
def test_each_role_may_do_what_the_price_list_says(action):
    marks = dict(zip(ROLES, PRICES[action], strict=True))
    lent = MARKS[marks.pop("lent")]
    assert {str(role): grant for role, grant in TABLE[Action(action)].items()} == {
        role: MARKS[mark] for role, mark in marks.items()
    }
    assert LENT[Action(action)] is lent


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_a_role_on_the_owner_reaches_the_things_of_the_owner_and_of_its_repos(action, role):
    standing = Standing(on_owner=frozenset({role}))
    assert standing.may(action, of_owner=True) is standing.may(action, of_owner=False) is TABLE[action][role]


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_a_role_on_a_repo_gets_of_the_owners_things_what_is_lent_at_most(action, role):
    standing = Standing(on_repo=frozenset({role}))
    assert standing.may(action, of_owner=False) is TABLE[action][role]
    expected = max(min(TABLE[action][role], LENT[action]), TABLE[action][Role.NOBODY])
    assert standing.may(action, of_owner=True) is expected


def test_the_best_of_several_roles_counts():
    both = Standing(on_owner=frozenset({Role.VIEWER}), on_repo=frozenset({Role.REPO_ADMIN}))
    assert both.may(Action.KEYS_REVOKE, of_owner=False) is Grant.ALLOWED
    assert both.may(Action.KEYS_REVOKE, of_owner=True) is Grant.NO
    assert both.may(Action.KEYS_CODE, of_owner=True) is Grant.MASKED


@pytest.mark.parametrize(
    ("standing", "nobody"),
    [
        (Standing(), True),
        (Standing(on_owner=frozenset({Role.NOBODY})), True),
        (Standing(on_repo=frozenset({Role.VIEWER})), False),
        (Standing(on_owner=frozenset({Role.SITE_ADMIN})), False),
    ],
)
def test_whoever_has_no_role_is_nobody(standing, nobody):
    assert standing.is_nobody is nobody


def test_teams_give_roles_by_name_in_any_case():
    mapping = (("sales", "manager"), ("helpdesk", "support"))
    assert team_roles(mapping, ["Sales", "Owners"]) == {Role.MANAGER}
    assert team_roles(mapping, []) == frozenset()


@pytest.mark.parametrize(
    ("paid_until", "until", "allowed"),
    [
        (NOW, NOW + timedelta(days=3), True),
        (NOW, NOW - timedelta(days=9), True),
        (NOW, NOW + timedelta(days=3, seconds=1), False),
        (NOW, None, False),
        (None, NOW, False),
    ],
)
def test_support_extends_by_the_grace_at_most(paid_until, until, allowed):
    assert within_grace(paid_until, timedelta(days=3), until) is allowed
