"""The price list of scopes. Whoever changes what a machine may do changes it here first."""

import pytest

from bridge.rules.permissions import TABLE, Action, Grant, Role, Standing
from bridge.rules.scopes import SCOPES, Scope, actions_of, scopes_for

COLUMNS = (Scope.KEYS_READ, Scope.KEYS_WRITE, Scope.PURCHASES_WRITE, Scope.STATS_READ)
# One mark for each of COLUMNS: + the scope covers it, - it does not.
PRICES = {
    "settings.read": "----",
    "settings.write": "----",
    "packages.read": "+++-",
    "packages.write": "----",
    "packages.delete": "----",
    "keys.read": "++--",
    "keys.code": "+++-",
    "keys.master_code": "----",
    "keys.mail": "+++-",
    "keys.issue": "-++-",
    "keys.edit": "-+--",
    "keys.domains": "-+--",
    "keys.extend_by_grace": "-+--",
    "keys.renew": "-+--",
    "keys.revoke": "-+--",
    "keys.replace": "-+--",
    "keys.resend": "-++-",
    "keys.delete": "----",
    "keys.validate": "-+--",
    "keys.validate_by_code": "----",  # everybody may, with the key itself
    "keys.explain": "++--",
    "sites.read": "++--",
    "sites.free": "-+--",
    "usage.read": "++--",
    "audit.read": "----",
    "stats.read": "---+",
    "purchases.read": "--+-",
    "purchases.write": "--+-",
    "keys.import": "-+--",
    "keys.export": "++--",
    "customers.read": "++--",
    "customers.export": "----",
    "customers.erase": "----",
    "tokens.read": "----",
    "tokens.write": "----",
}
OWNER = Standing(frozenset({Role.OWNER}), frozenset({Role.REPO_ADMIN}))


def test_the_price_list_is_complete():
    assert set(PRICES) == set(Action)
    assert set(COLUMNS) == set(SCOPES) == set(Scope)


@pytest.mark.parametrize("action", PRICES)
def test_each_scope_covers_what_the_price_list_says(action):
    covered = dict(zip(COLUMNS, PRICES[action], strict=True))
    assert {scope for scope, mark in covered.items() if mark == "+"} == set(scopes_for(Action(action)))


def test_writing_keys_includes_reading_them():
    assert SCOPES[Scope.KEYS_READ] < SCOPES[Scope.KEYS_WRITE]
    assert scopes_for(Action.KEYS_READ) == (Scope.KEYS_READ, Scope.KEYS_WRITE)


def test_several_scopes_add_up_and_unknown_ones_add_nothing():
    both = actions_of(["stats:read", "keys:read", "keys:delete", ""])
    assert both == SCOPES[Scope.STATS_READ] | SCOPES[Scope.KEYS_READ]
    assert actions_of([]) == frozenset()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.NOBODY])
@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("action", Action)
def test_a_token_never_does_more_than_its_maker_nor_than_its_scopes(role, scope, action):
    maker = Standing(on_owner=frozenset({role}))
    found = maker.limited_to(SCOPES[scope]).may(action, of_owner=True)
    assert found <= maker.may(action, of_owner=True)
    if action not in SCOPES[scope]:
        masked = {Action.KEYS_CODE, Action.KEYS_MASTER_CODE, Action.KEYS_MAIL}
        assert found <= (Grant.MASKED if action in masked else TABLE[action][Role.NOBODY])
    else:
        assert found is maker.may(action, of_owner=True)


def test_the_code_of_a_master_key_is_masked_for_every_machine():
    everything = OWNER.limited_to(actions_of(Scope))
    assert everything.may(Action.KEYS_CODE, of_owner=True) is Grant.ALLOWED
    assert everything.may(Action.KEYS_MASTER_CODE, of_owner=True) is Grant.MASKED


def test_a_token_of_a_repo_stands_on_that_repo_only_whoever_made_it():
    at_repo = OWNER.only_on_repo()
    assert at_repo.on_owner == frozenset()
    assert at_repo.may(Action.KEYS_REVOKE, of_owner=False) is Grant.ALLOWED
    assert at_repo.may(Action.KEYS_REVOKE, of_owner=True) is Grant.NO
    assert at_repo.may(Action.KEYS_CODE, of_owner=True) is Grant.MASKED


def test_limits_only_ever_get_narrower():
    reading, writing = SCOPES[Scope.KEYS_READ], SCOPES[Scope.KEYS_WRITE]
    assert OWNER.limited_to(reading).limited_to(writing).limit == reading
    assert not OWNER.limited_to(frozenset()).is_nobody
    assert Standing().limited_to(writing).is_nobody
