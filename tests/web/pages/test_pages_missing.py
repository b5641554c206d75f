"""What is not there, is another owner's or belongs to another repo: no page tells one from the other, nor from nothing."""

import re
from types import SimpleNamespace

import pytest
from support.bridges import TESTER
from support.page_payments import account_of, event_of
from support.page_visits import Pages, hidden
from support.page_walk import OWNER, PUBLIC, SITE

from bridge.models import LicenseKey
from bridge.rules.scopes import Scope
from bridge.services import machine_tokens
from bridge.services.machine_tokens import TokenInput
from bridge.services.standings import Person
from bridge.web.pages.catalogue import ALL
from bridge.web.pages.visits import Page

BASES = {"repo": PUBLIC, "owner": OWNER, "site": SITE}
MISSING = 2_000_000_000
ABOUT_ONE = [page for page in ALL if "<id>" in page.path]


@pytest.fixture(scope="module")
def ids(shared: Pages):
    """By what a page's path begins with: numbers that are not to be found there, the missing one first."""
    made, api = shared.made, shared.api
    beta, secret = made.world.repo("beta", "gadget"), made.world.repo("acme", "secret")
    with made.parts.open_session() as session:
        maker, clock = Person(1, "root", site_admin=True), made.clock()
        tokens = [
            machine_tokens.make(
                session, place, maker, TokenInput("x", [Scope.STATS_READ], None), made.parts.entropy, TESTER, clock
            )[0].id
            for place in ((beta.owner_id, None), (secret.owner_id, secret.id))
        ]
        customer = session.get_one(LicenseKey, api.keys["foreign"].id).customer_id
        account_of(made, session, secret.owner_id)  # so that an account is found, and no event
        event = event_of(session, account_of(made, session, beta.owner_id), clock).id
    return {
        "keys": SimpleNamespace(foreign=api.keys["foreign"].id, elsewhere=api.keys["hidden"].id),
        "packages": SimpleNamespace(foreign=api.packages["Foreign"], elsewhere=api.packages["Hidden"]),
        "tokens": SimpleNamespace(foreign=tokens[0], elsewhere=tokens[1]),
        "customers": SimpleNamespace(foreign=customer),
        "payments": SimpleNamespace(foreign=event),
    }


def test_pages_about_one_thing_are_there_to_be_walked():
    assert {page.path.split("/")[0] for page in ABOUT_ONE} == {"keys", "packages", "tokens", "customers", "payments"}
    assert len(ABOUT_ONE) > 30


@pytest.mark.parametrize("page", ABOUT_ONE, ids=lambda page: page.name)
def test_what_is_not_to_be_found_here_is_the_same_nothing(shared: Pages, ids, page: Page):
    visitor, base = shared.visitor("site_admin"), BASES[page.level]
    found = ids[page.path.split("/")[0]]
    # At an owner, whatever is of a repo of theirs is found.
    numbers = [MISSING, found.foreign, *([found.elsewhere] if page.level == "repo" else [])]
    token = hidden(visitor.text(base))["csrf_token"]
    answers = []
    for number in numbers:
        path = page.path.replace("<id>", str(number)).replace("<site>", "1").replace("<source>", "stripe")
        address = f"{base}/{path}"
        answers.append(visitor.get(address))
        if page.posts:
            fields = {"how": "term", "overlap": "0", "step": "do", "package_id": str(shared.api.packages["Standard"])}
            answers.append(visitor.post(address, {**fields, "csrf_token": token}))
    assert {each.status_code for each in answers} == {404}
    assert len({plain(each.get_data(as_text=True)) for each in answers}) == 1


def plain(text: str) -> str:
    """Without the token, which is another in each page."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", text)
