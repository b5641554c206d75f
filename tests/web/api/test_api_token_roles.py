"""Every call by machines with every scope, compared with the table of scopes: the walk of roles, for tokens."""

from typing import Any

import pytest
from support.api_tokens import new_token
from support.api_walk import CALLS, OF_ACME, Scene, sent
from support.api_world import FOREIGN, FOREIGN_PRIVATE, OWN_ORG, PRIVATE, REPO, Api

from bridge.rules.permissions import Action, Grant, Standing
from bridge.rules.scopes import SCOPES, Scope, actions_of
from bridge.web.api.catalogue import ALL
from bridge.web.api.operations import Operation

# Each token by what it is bound to and its scopes; olga, who owns acme, made them.
TOKENS = [(bound, (scope,)) for bound in (REPO, OWN_ORG) for scope in Scope] + [(OWN_ORG, tuple(Scope))]
PLACES = {"repos": (REPO, PRIVATE, FOREIGN, FOREIGN_PRIVATE), "orgs": (OWN_ORG, "orgs/beta"), "users": ("users/dora",)}
REACHED = {REPO: {REPO}, OWN_ORG: {OWN_ORG, REPO, PRIVATE}}
WALK = [
    pytest.param(operation, place, of_owner, id=f"{operation.name}-{place}-{'owner' if of_owner else 'own'}")
    for operation in ALL
    for level in operation.levels
    for place in PLACES[level]
    for of_owner in ((True, False) if level == "repos" and CALLS[operation.name].thing else (level != "repos",))
]


@pytest.fixture(scope="module")
def tokens(shared: Api) -> dict[Any, str]:
    return {token: new_token(shared.made, token[0], "olga", token[1])[1] for token in TOKENS}


@pytest.mark.parametrize(("operation", "place", "of_owner"), WALK)
def test_each_scope_gets_what_the_table_says(
    operation: Operation, place: str, of_owner: bool, shared: Api, tokens: dict[Any, str]
):
    scene = Scene(shared, operation, place, of_owner)
    answers = {}
    for token, text in tokens.items():
        path, body = scene.request()
        answer = shared.ask(operation.method, path, token=text, **sent(body))
        answers[token] = answer.status_code
        if answer.status_code < 400 and operation.method != "GET":
            scene.made.clear()
        if answer.status_code >= 400:
            assert answer.get_json()["code"] in {"forbidden", "missing_scope", "not_found"}
    assert answers == {token: _expected(operation, place, of_owner, *token) for token in TOKENS}


def _expected(operation: Operation, place: str, of_owner: bool, bound: str, scopes: tuple[Scope, ...]) -> int:
    action = CALLS[operation.name].action
    if operation.public:
        return 200
    if place not in REACHED[bound]:
        return 404
    standing = _standing(bound, scopes)
    return operation.status if standing.may(action, of_owner=of_owner) > Grant.NO else 403


def _standing(bound: str, scopes: tuple[Scope, ...]) -> Standing:
    maker = OF_ACME["owner"]
    return (maker.only_on_repo() if bound == REPO else maker).limited_to(actions_of(scopes))


def test_the_walk_lets_each_scope_in_somewhere_and_keeps_every_machine_out_of_something():
    asked = {CALLS[operation.name].action for operation in ALL}
    for scope in set(Scope) - {Scope.STATS_READ}:
        assert asked & SCOPES[scope]
    assert asked - actions_of(Scope) >= {Action.TOKENS_WRITE, Action.KEYS_DELETE, Action.SETTINGS_WRITE}


@pytest.mark.parametrize(
    ("scope", "lacks"), [("keys:read", "purchases:write or keys:write"), ("stats:read", "keys:write")]
)
def test_a_token_is_told_which_scope_it_lacks(shared: Api, tokens: dict[Any, str], scope, lacks):
    text = tokens[OWN_ORG, (Scope(scope),)]
    answer = shared.post(f"{OWN_ORG}/license-keys", {"package_id": shared.packages["Standard"]}, token=text)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "missing_scope")
    assert lacks in answer.get_json()["message"]


def test_a_shops_token_sells_and_is_told_the_code_of_what_it_sold(api: Api):
    sale = {"package_id": api.packages["Standard"], "source": "shop", "payment_ref": "order-1", "customer_name": "Ann"}
    tokens = {scope: new_token(api.made, OWN_ORG, scopes=(scope,))[1] for scope in Scope}
    sold = api.post(f"{OWN_ORG}/license-keys", sale, token=tokens[Scope.PURCHASES_WRITE])
    assert sold.status_code == 201, sold.text
    (key,) = sold.get_json()["keys"]
    assert (key["masked"], key["code"].startswith("LIC-")) == (False, True)
    for scope in (Scope.KEYS_WRITE, Scope.KEYS_READ, Scope.STATS_READ):
        refused = api.post(f"{OWN_ORG}/license-keys", sale | {"payment_ref": f"order-{scope}"}, token=tokens[scope])
        assert (refused.status_code, refused.get_json()["code"]) == (403, "missing_scope")
        assert "purchases:write" in refused.get_json()["message"]
