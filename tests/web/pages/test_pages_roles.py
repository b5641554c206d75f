"""Each page by each role: what the table of permissions says, and strangers learn nothing."""

import pytest
from support.page_visits import Pages
from support.page_walk import (
    MORE,
    OF_PLACE,
    ONCE_A_THING,
    OWNER,
    PAGES,
    PRIVATE,
    PUBLIC,
    ROLES,
    SITE,
    STANDINGS,
    Things,
    may_see,
    needs_of,
    refusal,
)

from bridge.rules.permissions import Grant
from bridge.web.pages.catalogue import ALL

WALK = [
    pytest.param(base, of_owner, id=f"{base}-{'owner' if of_owner else 'own'}")
    for base, of_owner in ((PUBLIC, True), (PUBLIC, False), (PRIVATE, False), (OWNER, True), (SITE, True))
]


# Who comes to a private repo: its doors are the same, and what differs is who sees that there is one.
OF_PRIVATE = ("owner", "repo_admin", "viewer", "stranger", "anonymous")


def roles_of(base: str):
    return OF_PRIVATE if base == PRIVATE else ROLES


def pages_of(base: str):
    level = {OWNER: "owner", SITE: "site"}.get(base, "repo")
    return [page for page in ALL if page.level == level]


def visitor_of(pages: Pages, role: str):
    return pages.browser() if role == "anonymous" else pages.visitor(role)


def test_the_walk_has_every_page_and_no_other():
    assert {page.name for page in ALL} == set(PAGES)
    assert {page.name: (page.action, page.posts) for page in ALL} == {
        name: (needs.action, needs.posts) for name, needs in PAGES.items()
    }


@pytest.mark.parametrize(("base", "of_owner"), WALK)
def test_each_role_sees_what_the_table_says(base, of_owner, shared: Pages):
    things = Things(shared, base, of_owner=of_owner)
    for page in pages_of(base):
        about_thing = "<id>" in page.path
        if not about_thing and (base, of_owner) == (PUBLIC, False):
            continue  # whosever the thing is makes no difference, and the walk was here
        for role in roles_of(base):
            status = visitor_of(shared, role).get(things.path(page, base)).status_code
            # A form about a thing is shown to those who may send it.
            about = page.posts == page.action and about_thing
            sees = allowed(base, role, page.action, of_owner) if about else may_see(base, role, page.action)
            wanted = 303 if role == "anonymous" else 200 if sees else refusal(base, role)
            assert status == wanted, (page.name, role)


@pytest.mark.parametrize(("base", "of_owner"), WALK)
def test_each_role_does_what_the_table_says(base, of_owner, shared: Pages):
    things = Things(shared, base, of_owner=of_owner)
    tokens = {role: token(visitor_of(shared, role), base) for role in roles_of(base)}
    for page in (each for each in pages_of(base) if each.posts):
        needs, name = needs_of(page), page.name.partition("_")[2]
        of = base == OWNER if name in OF_PLACE else of_owner
        for role in roles_of(base):
            may = allowed(base, role, MORE.get(name, needs.posts), of)
            if may and name in ONCE_A_THING:
                things = Things(shared, base, of_owner=of_owner)
            sent = {**things.sent(needs), "csrf_token": tokens[role]}
            status = visitor_of(shared, role).post(things.path(page, base), sent).status_code
            wanted = 303 if role == "anonymous" else needs.status if may else refusal(base, role)
            assert status == wanted, (page.name, role)


def allowed(base, role, action, of_owner) -> bool:
    standing = STANDINGS[base].get(role)
    return standing is not None and standing.may(action, of_owner=of_owner) is Grant.ALLOWED


def token(visitor, base) -> str:
    from support.page_visits import hidden

    for path in (base, f"{base}/packages"):
        answer = visitor.get(path)
        if answer.status_code in {200, 403, 404}:
            found = hidden(answer.get_data(as_text=True)).get("csrf_token", "")
            if found:
                return found
    return ""


def test_a_private_repo_and_none_look_the_same_to_a_stranger(shared: Pages):
    stranger = shared.visitor("stranger")
    for page in pages_of(PRIVATE):
        paths = [f"/{place}/licenses/{page.path}".rstrip("/").replace("<id>", "1").replace("<site>", "1").replace("<ids>", "1")
                 for place in ("acme/secret", "acme/nothing", "nobody-at-all/nothing")]  # fmt: skip
        answers = [stranger.get(path) for path in paths]
        texts = {strip(each.get_data(as_text=True)) for each in answers}
        assert ({each.status_code for each in answers}, len(texts)) == ({404}, 1), page.name


def strip(text: str) -> str:
    """Without the token, which is another in each page."""
    import re

    return re.sub(r'name="csrf_token" value="[^"]*"', "", text)


def test_without_a_sign_in_every_repo_looks_the_same(shared: Pages):
    for place in ("acme/mod-weather", "acme/secret", "acme/nothing"):
        answer = shared.browser().get(f"/{place}/licenses")
        assert (answer.status_code, "/login/oauth/authorize" in answer.headers["Location"]) == (303, True)


def test_codes_are_masked_for_those_who_may_not_see_them(shared: Pages):
    key = shared.api.keys["local"]
    assert key.code in shared.visitor("manager").text(f"{PUBLIC}/keys/{key.id}")
    for role in ("support", "viewer"):
        for path in (
            "",
            f"/keys/{key.id}",
            f"/keys/{key.id}/mail",
            f"/keys/issued/{key.id}",
            f"/keys/issued/{key.id}/keys.csv",
        ):
            text = shared.visitor(role).text(f"{PUBLIC}{path}")
            assert key.code not in text, (role, path)
            assert key.token not in text, (role, path)


def test_a_refusal_says_who_can(shared: Pages):
    text = shared.visitor("viewer").get(f"{PUBLIC}/packages/new").get_data(as_text=True)
    assert "Who can: site admins, owners, admins of the repository, managers" in text
