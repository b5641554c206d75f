"""What every form does: where it may come from, double clicks, two tabs, a session that is over, bad input."""

import sqlite3
from contextlib import closing

import pytest
from support.page_visits import HOME, PUBLIC, Pages, form_at

from bridge.services.themes import Themes
from bridge.storage import licenses

NEW = f"{HOME}/packages/new"
GOLD = {"name": "Gold", "term": "annual"}


def packages(pages: Pages) -> list[str]:
    with pages.made.parts.open_session(read_only=True) as session:
        repo = pages.made.world.repo("acme", "mod-weather")
        return [each.name for each in licenses.packages_of(session, repo.owner_id, repo.id)]


def filled(visitor, path=NEW, **fields):
    return {**form_at(visitor.text(path), path), **GOLD, **fields}


def test_a_form_has_its_effect_and_leads_on_with_a_sentence(pages: Pages):
    visitor = pages.visitor()
    answer = visitor.post(NEW, filled(visitor))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{HOME}/packages")
    assert "Gold" in packages(pages)
    assert "The package “Gold” was made." in visitor.text(f"{HOME}/packages")
    assert "was made" not in visitor.text(f"{HOME}/packages"), "it is said once"


@pytest.mark.parametrize("token", ["", "made up", "of another"])
def test_without_a_token_of_this_session_nothing_is_done_and_nothing_typed_is_lost(pages: Pages, token):
    visitor = pages.visitor()
    fields = filled(visitor, name="Gold & Co")
    if token == "of another":
        token = form_at(pages.visitor("manager").text(NEW), NEW)["csrf_token"]
    answer = visitor.post(NEW, fields | {"csrf_token": token})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 403
    assert 'value="Gold &amp; Co"' in text
    assert "Gold & Co" not in packages(pages)
    again = form_at(text, NEW)
    assert visitor.post(NEW, again).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": PUBLIC},
        {"Sec-Fetch-Site": "same-site", "Origin": PUBLIC},
        {"Sec-Fetch-Site": "none", "Origin": PUBLIC},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://git.example.com"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://git.example.com.evil.example"},
    ],
    ids=str,
)
def test_a_form_of_another_site_is_refused_even_with_a_good_token(shared: Pages, headers):
    visitor = shared.visitor()
    answer = visitor.post(NEW, filled(visitor, name="Foreign"), headers=headers)
    assert answer.status_code == 403
    assert "Foreign" not in answer.get_data(as_text=True), "what another site sent is not shown either"
    assert "Foreign" not in packages(shared)


def test_signing_out_is_guarded_too(pages: Pages):
    visitor = pages.visitor()
    fields = form_at(visitor.text(HOME), "/-/licensing/sign-out")
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert visitor.post("/-/licensing/sign-out", fields, headers=elsewhere).status_code == 403
    assert visitor.post("/-/licensing/sign-out", {}).status_code == 403
    assert visitor.get(HOME).status_code == 200


def test_a_double_click_has_one_effect(pages: Pages):
    visitor = pages.visitor()
    fields = filled(visitor)
    answers = [visitor.post(NEW, fields) for _ in range(3)]
    assert [(each.status_code, each.headers["Location"]) for each in answers] == [(303, f"{HOME}/packages")] * 3
    assert packages(pages).count("Gold") == 1
    assert "was sent before" in visitor.text(f"{HOME}/packages")


def test_going_back_and_sending_something_else_is_another_wish(pages: Pages):
    visitor = pages.visitor()
    fields = filled(visitor)
    visitor.post(NEW, fields)
    assert visitor.post(NEW, fields | {"name": "Silver"}).status_code == 303
    assert {"Gold", "Silver"} <= set(packages(pages))


def test_a_form_that_was_refused_may_be_sent_again_as_it_was(pages: Pages):
    visitor = pages.visitor()
    fields = filled(visitor, name="Standard of the house")
    pages.made.package("acme", "Standard of the house", repo="mod-weather")
    assert visitor.post(NEW, fields).status_code == 422
    assert visitor.post(NEW, fields).status_code == 422, "a refusal is no effect that happened once"


def test_the_second_of_two_tabs_is_told_and_overwrites_nothing(pages: Pages):
    visitor = pages.visitor()
    path = f"{HOME}/packages/{pages.api.packages['Local']}"
    first, second = (form_at(visitor.text(path), path) for _ in range(2))
    assert visitor.post(path, first | {"max_sites": "5"}).status_code == 303
    answer = visitor.post(path, second | {"max_sites": "9", "name": "Nine"})
    text = answer.get_data(as_text=True)
    assert (answer.status_code, "Somebody changed this" in text) == (409, True)
    assert 'value="Nine"' in text
    assert form_at(visitor.text(path), path)["max_sites"] == "5"
    assert visitor.post(path, form_at(text, path)).status_code == 303, "now it was seen"
    assert form_at(visitor.text(path), path)["max_sites"] == "9"


def test_bad_input_keeps_what_was_typed_names_the_field_and_says_what_is_wanted(shared: Pages):
    visitor = shared.visitor()
    answer = visitor.post(NEW, filled(visitor, name="Bad", max_sites="many", renewal_url="ftp://x"))
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'name="max_sites" type="number" value="many"' in text
    assert 'id="e-max_sites">Write a whole number, such as 3.' in text
    assert 'name="renewal_url" type="url" value="ftp://x"' in text
    assert "Bad" not in packages(shared)


def test_while_gitea_is_asked_for_the_theme_the_database_takes_other_writers(pages: Pages, monkeypatch):
    visitor, parts = pages.visitor(), pages.made.parts
    fields = filled(visitor, max_sites="many")
    transport, free = parts.gitea._transport, []
    ask, database = transport.ask, parts.settings.database.url.removeprefix("sqlite:///")

    def asked(request, token):
        if "user/login" in request.address:
            with closing(sqlite3.connect(database, timeout=0)) as other:
                other.execute("BEGIN IMMEDIATE")
                free.append(request.address)
        return ask(request, token)

    monkeypatch.setattr(transport, "ask", asked)
    parts.themes = Themes(parts.gitea, same_origin=True)  # which knows none yet
    assert visitor.post(NEW, fields).status_code == 422
    assert len(free) == 1


def test_a_form_that_came_after_the_session_waits_for_its_person(pages: Pages):
    visitor = pages.visitor()
    fields = filled(visitor, name="Half filled")
    pages.made.clock.turn(minutes=31)
    answer = visitor.post(NEW, fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, NEW)
    assert visitor.follow(visitor.get(NEW)).headers["Location"] == NEW
    text = visitor.text(NEW)
    assert 'value="Half filled"' in text
    assert "You were signed out meanwhile" in text
    assert "Half filled" not in packages(pages)
    assert visitor.post(NEW, form_at(text, NEW)).status_code == 303
    assert "Half filled" in packages(pages)
    assert 'value="Half filled"' not in visitor.text(NEW), "it waits no longer"


def test_nobody_else_gets_a_form_that_waits(pages: Pages):
    visitor = pages.visitor()
    fields = filled(visitor, name="Half filled")
    pages.made.clock.turn(minutes=31)
    visitor.post(NEW, fields)
    visitor.gitea.get(f"{visitor.gitea_url}/user/logout", timeout=20)
    visitor.sign_in("mona", NEW)
    assert 'value="Half filled"' not in visitor.text(NEW)


def test_a_form_of_somebody_unknown_is_not_kept(pages: Pages):
    answer = pages.browser().post(NEW, GOLD)
    assert (answer.status_code, answer.headers["Location"]) == (303, NEW)


def test_what_a_page_may_do_is_told_to_the_browser(shared: Pages):
    visitor = shared.visitor()
    for answer in (visitor.get(HOME), visitor.get(f"{HOME}/nothing"), shared.browser().get(HOME)):
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert (policy["script-src"], policy["style-src"]) == ("'self'", "'self'")
        assert (policy["object-src"], policy["base-uri"], policy["frame-ancestors"]) == ("'none'", "'none'", "'self'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
