"""Machine tokens: shown this once, made once, and gone at once."""

import re

import pytest
from support.page_visits import Pages, form_at

REPO, OWNER = "/acme/mod-weather/licenses/tokens", "/acme/-/licensing/tokens"


def make(visitor, base=OWNER, **fields):
    path = f"{base}/new"
    sent = {**form_at(visitor.text(path), path), "name": "shop", "scopes": ["stats:read"], **fields}
    return visitor.post(path, sent), sent


def test_a_token_is_shown_once_works_and_is_revoked(shared: Pages):
    visitor = shared.visitor()
    answer, sent = make(visitor, name="Numbers", scopes=["stats:read", "keys:read"])
    text = answer.get_data(as_text=True)
    found = re.search(r'aria-label="Machine token">([^<]+)</code>', text)
    assert (answer.status_code, found is not None) == (201, True)
    token = found[1]
    assert shared.api.get("orgs/acme/license-stats", token=token).status_code == 200
    assert shared.api.post("orgs/acme/license-keys", {}, token=token).status_code == 403
    listed = visitor.text(OWNER)
    assert token not in listed
    assert "Numbers" in listed
    again = visitor.post(f"{OWNER}/new", sent)
    assert (again.status_code, again.headers["Location"]) == (303, OWNER)
    assert visitor.text(OWNER).count(">Numbers <code") == 1, "sent twice, made once"
    revoke = re.search(rf'href="({OWNER}/\d+/revoke)" aria-label="Revoke Numbers"', listed)
    assert revoke is not None
    assert visitor.fill(revoke[1], {}).status_code == 303
    assert shared.api.get("orgs/acme/license-stats", token=token).status_code == 401
    assert "Numbers" in visitor.text(f"{OWNER}?state=revoked")


def test_a_repo_admin_makes_tokens_of_the_repo_and_sees_no_others(shared: Pages):
    make(shared.visitor(), name="Of the owner")
    visitor = shared.visitor("repo_admin")
    answer, _ = make(visitor, REPO, name="Of the repo", lasts="30")
    assert answer.status_code == 201
    text = visitor.text(REPO)
    assert ("Of the repo" in text, "Of the owner" in text) == (True, False)
    assert visitor.get(OWNER).status_code == 403
    assert "Of the owner" in shared.visitor().text(REPO)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"scopes": []}, "scopes"),
        ({"lasts": "day", "until": ""}, "until"),
        ({"lasts": "day", "until": "2020-01-01"}, "until"),
        ({"lasts": "soon"}, "lasts"),
    ],
)
def test_what_is_missing_is_said_at_its_field(shared: Pages, fields, field):
    answer, _ = make(shared.visitor(), **{"name": "Kept", **fields})
    text = answer.get_data(as_text=True)
    assert (answer.status_code, f'id="e-{field}"' in text) == (422, True)
    assert 'value="Kept"' in text or fields.get("name") == ""


def test_nobody_has_a_token_and_is_told_what_one_is_for(shared: Pages):
    dora = shared.browser()
    dora.sign_in("dora", "/dora/-/licensing/tokens")
    text = dora.text("/dora/-/licensing/tokens")
    assert "No machine tokens" in text
    assert "/dora/-/licensing/tokens/new" in text
