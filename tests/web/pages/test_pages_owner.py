"""An owner's first page: what is served, what ends soon, what was sold, and what to do where there is nothing."""

from sqlmodel import delete, select
from support.page_visits import HOME, Pages

from bridge.errors import UnavailableError
from bridge.models import Owner, Repo, RepoName
from bridge.storage import refreshes

OVERVIEW = "/acme/-/licensing"


def test_the_overview_shows_each_repo_with_its_keys_and_what_is_wrong(pages: Pages):
    made = pages.made
    made.world.set_variable("acme", "LICENSING_REQUIRE_KEY", "perhaps", repo="mod-weather")
    made.refresh("acme", "mod-weather")
    text = pages.visitor().text(OVERVIEW)
    assert "2 repositories" in text
    assert 'href="/acme/mod-weather/licenses">mod-weather</a>' in text
    assert "1 to mend" in text
    assert "3 keys, 1 of packages for several repositories" in text


def test_keys_that_end_soon_and_sales_stand_there_for_those_who_may_see_them(pages: Pages):
    sold = {"package_id": pages.api.packages["Standard"], "source": "shop", "payment_ref": "42",
            "customer_name": "Bo Buyer", "amount": "49.00", "currency": "EUR"}  # fmt: skip
    assert pages.api.post("orgs/acme/license-keys", sold).status_code == 201
    text = pages.visitor().text(OVERVIEW)
    assert "No key ends within 30 days" in text
    assert "Bo Buyer" in text
    assert "49.00 EUR" in text
    assert "Bo Buyer" not in pages.visitor("viewer").text(OVERVIEW), "a viewer sees no purchases"
    pages.made.clock.turn(days=340)
    pages.visitors.clear()
    assert "keys?state=expiring" in pages.visitor().text(OVERVIEW)


def test_the_list_of_repos_is_searched_and_comes_in_pages(pages: Pages, monkeypatch):
    from bridge.web.pages import owner_home

    monkeypatch.setattr(owner_home, "REPOS_A_PAGE", 1)
    visitor = pages.visitor()
    first, second = visitor.text(OVERVIEW), visitor.text(f"{OVERVIEW}?page=2")
    assert ("mod-weather</a>" in first, "secret</a>" in first, "?page=2" in first) == (True, False, True)
    assert ("mod-weather</a>" in second, "secret</a>" in second) == (False, True)
    found = visitor.text(f"{OVERVIEW}?q=SECR")
    assert ("secret</a>" in found, "mod-weather</a>" in found) == (True, False)
    assert "No repository fits" in visitor.text(f"{OVERVIEW}?q=nothing")


def test_an_owner_without_a_repo_is_told_what_to_do(pages: Pages):
    visitor = pages.browser()
    visitor.sign_in("dora", "/dora/-/licensing")
    assert "solo</a>" in visitor.text("/dora/-/licensing")
    with pages.made.parts.open_session() as session:
        owner = session.exec(select(Owner).where(Owner.name == "dora")).one()
        owner.settings, repo = {}, session.exec(select(Repo).where(Repo.owner_id == owner.id)).one()
        repo.owner_id = session.exec(select(Owner.id).where(Owner.name == "acme")).one()
        session.exec(delete(RepoName).where(RepoName.repo_id == repo.id))
    text = visitor.text("/dora/-/licensing")
    assert "No repository is known here yet" in text
    assert '/dora"' in text


def test_a_repo_is_shown_while_the_database_takes_no_wish_to_read_it_again(pages: Pages, monkeypatch):
    wished = []

    def busy(*_args):
        wished.append("read it again")
        raise UnavailableError("the database is locked")

    monkeypatch.setattr(refreshes, "enqueue_quietly", busy)
    visitor = pages.visitor()
    pages.made.clock.turn(minutes=2)
    for path in (HOME, f"{HOME}/settings"):
        wished.clear()
        assert visitor.get(path).status_code == 200, path
        assert wished, path
