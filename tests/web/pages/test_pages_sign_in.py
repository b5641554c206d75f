"""Sign-in through Gitea: the whole way, everything that may be wrong on it, and how it ends."""

import pytest
from support.page_visits import CALLBACK, COOKIE, HOME, PUBLIC, Pages

from bridge.models import PersonSession
from bridge.services import person_sessions

SIGN_IN = "/-/licensing/sign-in"


def to_gitea(answer) -> bool:
    return answer.status_code == 303 and "/login/oauth/authorize?" in answer.headers["Location"]


def test_one_comes_back_to_where_one_wanted_to_go(shared: Pages):
    visitor = shared.browser()
    answer = visitor.sign_in("olga", f"{HOME}/packages?page=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{HOME}/packages?page=1")
    assert "Signed in as <strong>olga</strong>" in visitor.text(HOME)


def test_only_what_is_needed_is_asked_of_gitea(shared: Pages):
    location = shared.browser().get(HOME).headers["Location"]
    asked = dict(part.split("=", 1) for part in location.partition("?")[2].split("&"))
    assert asked["scope"] == "openid+profile+read%3Auser"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert all(len(asked[name]) == 43 for name in ("state", "nonce", "code_challenge"))
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3


def test_the_cookie_is_this_hosts_own_and_no_scripts(shared: Pages):
    kept = shared.browser().sign_in("olga").headers.getlist("Set-Cookie")
    session = next(each for each in kept if each.startswith(f"{COOKIE}="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(session.split("; "))
    assert "Domain" not in session
    assert "Max-Age" not in session


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "",
    ],
)
def test_nobody_is_led_elsewhere(shared: Pages, to):
    visitor = shared.browser()
    visitor.gitea.post(f"{visitor.gitea_url}/user/login", data={"user_name": "olga"}, timeout=20)
    answer = visitor.follow(visitor.client.get(SIGN_IN, query_string={"to": to}, base_url=PUBLIC))
    assert answer.headers["Location"] == "/-/licensing/signed-out"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": ["another"]},
        {"exp": 1},
        {"iat": 9_999_999_999},
        {"nonce": "of another attempt"},
        {"sub": "1"},
        {"nonce": None},
        {"azp": "another", "aud": ["licensing", "another"]},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_proof_that_does_not_hold_lets_nobody_in(shared: Pages, claims):
    shared.made.world.id_token_overrides = claims
    visitor = shared.browser()
    answer = visitor.sign_in("olga")
    shared.made.world.id_token_overrides = {}
    assert (answer.status_code, visitor.cookie) == (403, "")
    assert to_gitea(visitor.get(HOME))


def test_a_proof_signed_by_another_key_lets_nobody_in(pages: Pages):
    visitor = pages.browser()
    visitor.sign_in("olga")
    other = type(pages.made.world)().signing_key
    pages.made.world.__dict__["signing_key"] = other
    fresh = pages.browser()
    assert fresh.sign_in("olga").status_code == 303, "a new key of Gitea's is looked up once more"
    keys = pages.made.parts.sign_in._keys
    pages.made.parts.sign_in._keys = {"keys": [dict(keys["keys"][0], n="AQAB")]}
    assert pages.browser().sign_in("olga").status_code == 403


def test_an_answer_that_nobody_waits_for_is_refused(shared: Pages):
    visitor = shared.browser()
    started = visitor.get(HOME).headers["Location"]
    state = started.partition("state=")[2].partition("&")[0]
    for query in (f"code=x&state={'a' * 43}", "code=x", f"state={state}", "", f"code={'<' * 5}&state={state}"):
        assert visitor.get(f"/-/licensing/oauth/callback?{query}").status_code == 400, query
    other = shared.browser()
    assert other.get(f"/-/licensing/oauth/callback?code=x&state={state}").status_code == 400, "another browser"
    assert visitor.get(f"/-/licensing/oauth/callback?code=wrong&state={state}").status_code == 403


def test_a_code_is_good_once(shared: Pages):
    visitor = shared.browser()
    visitor.sign_in("olga")
    first = visitor.get(f"{SIGN_IN}?to={HOME}")
    found = visitor.gitea.get(first.headers["Location"], allow_redirects=False, timeout=20).headers["Location"]
    path = found.removeprefix(PUBLIC)
    assert visitor.get(path).status_code == 303
    assert visitor.get(path).status_code == 400


def test_who_says_no_at_gitea_is_told_and_may_try_again(shared: Pages):
    visitor = shared.browser()
    started = visitor.get(f"{HOME}/packages").headers["Location"]
    state = started.partition("state=")[2].partition("&")[0]
    answer = visitor.get(f"/-/licensing/oauth/callback?error=access_denied&state={state}")
    assert answer.status_code == 403
    assert f"{SIGN_IN}?to=%2Facme%2Fmod-weather%2Flicenses%2Fpackages" in answer.get_data(as_text=True)


def test_two_tabs_may_sign_in_at_once(shared: Pages):
    visitor = shared.browser()
    visitor.gitea.post(f"{visitor.gitea_url}/user/login", data={"user_name": "olga"}, timeout=20)
    first, second = visitor.get(HOME), visitor.get(f"{HOME}/packages")
    assert visitor.follow(second).headers["Location"] == f"{HOME}/packages"
    assert visitor.follow(first).headers["Location"] == HOME


def test_a_session_that_was_idle_goes_on_by_itself(pages: Pages):
    visitor = pages.visitor()
    before = visitor.cookie
    pages.made.clock.turn(minutes=29)
    assert visitor.get(HOME).status_code == 200
    pages.made.clock.turn(minutes=31)
    answer = visitor.get(f"{HOME}/packages")
    assert to_gitea(answer)
    assert visitor.follow(answer).headers["Location"] == f"{HOME}/packages"
    assert visitor.get(HOME).status_code == 200
    assert visitor.cookie != before


def test_a_session_ends_after_half_a_day_however_busy(pages: Pages):
    visitor = pages.visitor()
    for _ in range(26):
        pages.made.clock.turn(minutes=27)
        assert visitor.get(f"{HOME}/packages").status_code == 200
    pages.made.clock.turn(minutes=27)
    assert to_gitea(visitor.get(HOME))


def test_signing_out_ends_the_session_on_the_server(pages: Pages):
    visitor = pages.visitor()
    cookie = visitor.cookie
    answer = visitor.fill("/-/licensing/sign-out", {}, shown_at=HOME)
    assert (answer.status_code, answer.headers["Location"], visitor.cookie) == (303, "/-/licensing/signed-out", "")
    assert "You are signed out" in visitor.text("/-/licensing/signed-out")
    visitor.client.set_cookie(COOKIE, cookie, domain="git.example.com", secure=True)
    assert to_gitea(visitor.get(HOME)), "the cookie alone opens nothing any more"


@pytest.mark.parametrize("change", [{"prohibit_login": True}, {"active": False}])
def test_who_is_blocked_is_out_within_a_minute_everywhere(pages: Pages, change):
    visitor, other = pages.visitor(), pages.browser()
    other.sign_in("olga")
    person = pages.made.world.person("olga")
    for name, value in change.items():
        setattr(person, name, value)
    pages.made.clock.turn(seconds=61)
    answer = visitor.get(HOME)
    assert (answer.status_code, "may not sign in" in answer.get_data(as_text=True)) == (403, True)
    assert to_gitea(other.get(HOME)), "all their sessions have ended"


def test_who_is_deleted_is_out_within_a_minute(pages: Pages):
    visitor = pages.visitor("viewer")
    pages.made.world.remove_user("vera")
    pages.made.clock.turn(seconds=61)
    assert visitor.get(HOME).status_code == 403


def test_who_lost_the_role_sees_nothing_more_within_a_minute(pages: Pages):
    visitor = pages.visitor("viewer")
    assert visitor.get(HOME).status_code == 200
    world = pages.made.world
    for team in world.teams.values():
        team.members.discard(world.person("vera").id)
    pages.made.clock.turn(seconds=61)
    assert visitor.get(HOME).status_code == 403


def test_who_was_renamed_stays_signed_in_and_whoever_took_the_name_does_not_come_in_their_stead(pages: Pages):
    visitor = pages.visitor("viewer")
    pages.made.world.rename_account("vera", "veronica")
    pages.made.world.add_user("vera")
    pages.made.clock.turn(seconds=61)
    assert "veronica" in visitor.text(HOME)


def test_what_a_person_chose_in_gitea_comes_along(pages: Pages):
    person = pages.made.world.person("olga")
    person.theme, person.language = "gitea-dark", "de-DE"
    visitor = pages.browser()
    visitor.sign_in("olga")
    page = visitor.text(HOME)
    assert '<html lang="en" data-theme="gitea-dark">' in page
    assert '<body data-language="de-DE">' in page


def test_while_gitea_is_away_a_page_says_so(pages: Pages):
    visitor = pages.visitor()
    pages.made.clock.turn(seconds=61)
    pages.made.world.faults.inject("status", 503)
    answer = visitor.get(HOME)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def test_without_a_registration_a_page_says_what_to_do(sqlite_url, tmp_path):
    from support.bridges import install

    made = install(sqlite_url, tmp_path)
    answer = made.client().get(HOME)
    assert (answer.status_code, "bridge init" in answer.get_data(as_text=True)) == (503, True)
    made.close()


def test_a_cookie_is_kept_as_a_digest_only(pages: Pages):
    visitor = pages.visitor()
    with pages.made.parts.open_session(read_only=True) as session:
        row = session.get(PersonSession, person_sessions.digest_of(visitor.cookie))
        assert row.login == "olga"
        assert session.get(PersonSession, visitor.cookie) is None


def test_sessions_that_nobody_uses_are_forgotten_after_a_day(pages: Pages):
    visitor = pages.visitor()
    digest = person_sessions.digest_of(visitor.cookie)
    pages.made.clock.turn(hours=25)
    pages.made.parts.worker.tidy()
    with pages.made.parts.open_session(read_only=True) as session:
        assert session.get(PersonSession, digest) is None


def test_the_callback_is_the_address_that_gitea_knows():
    assert CALLBACK.endswith("/-/licensing/oauth/callback")
