"""Every call by every role, over HTTP, with real users, teams, collaborators and tokens of a real Gitea.

The walk is the one of ``support/api_walk.py``, thinned where nothing is the caller's own; what is added here is what only a real Gitea can say of its tokens and of
people who were just sent away.
"""

import time
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("support.api_walk")

from support.api_live import LEAVERS, LiveApi, live_api  # noqa: E402 -- after the line above
from support.api_walk import CALLS, HIDDEN, OPERATIONS, WALK, Scene, ask_as_each_role, expected  # noqa: E402
from support.api_world import OWN_ORG, PRIVATE, REPO  # noqa: E402

from bridge.web.api.operations import Operation  # noqa: E402

pytestmark = [pytest.mark.live, pytest.mark.slow]
OF_ACME = (REPO, PRIVATE, OWN_ORG)
BELIEVED_SECONDS = 60  # for so long a verdict of Gitea is remembered
READING = ("read:user", "read:repository", "read:organization")
# What an owner's token may, by its scopes and place: everything that an owner may, only reading, or what status.
EVERYTHING, READS = "everything", "reads"
SCOPES = [
    (READING, REPO, READS),
    (READING, PRIVATE, READS),
    (READING, OWN_ORG, READS),
    (("read:user", "write:organization"), REPO, 403),
    (("read:user", "write:organization"), PRIVATE, 403),
    (("read:user", "write:organization"), OWN_ORG, EVERYTHING),
    (("read:user", "write:repository"), REPO, EVERYTHING),
    (("read:user", "write:repository"), OWN_ORG, 403),
    (("all", "public-only"), REPO, EVERYTHING),
    (("all", "public-only"), PRIVATE, 404),
    (("all", "public-only"), OWN_ORG, EVERYTHING),
]


def _is_walked(operation: Operation, level: str, place: str, of_owner: bool) -> bool:
    """All of it at the own repo and org. Elsewhere Gitea's part is the same for all calls of one action: one is asked."""
    if place in {REPO, OWN_ORG}:
        return True
    if level == "repos" and of_owner:
        return False
    action = CALLS[operation.name].action
    return place == PRIVATE or operation is next(
        each for each in OPERATIONS.values() if CALLS[each.name].action is action
    )


THINNED = [case for case in WALK if _is_walked(*case.values)]


def test_every_operation_is_walked():
    assert set(CALLS) == set(OPERATIONS)


@pytest.fixture(scope="module")
def live(gitea, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApi]:
    """The world, in which three owners are known and then sent away while the walk goes on."""
    with live_api(gitea, tmp_path_factory.mktemp("live-api")) as api:
        yield api


@pytest.fixture(scope="module")
def sent_away(live: LiveApi) -> float:
    """When it was, by the monotonic clock. Until then, the bridge believed in them."""
    for login in LEAVERS:
        for _ in range(8):  # each worker has a memory of its own
            assert live.get(f"{live.real(PRIVATE)}/license-keys", login).status_code == 200
    _send_away(live)
    return time.monotonic()


def _send_away(live: LiveApi) -> None:
    gitea, acme = live.gitea, live.owners["acme"]
    blocked, deleted, demoted = (live.people[login].login for login in LEAVERS)
    gitea.api("PATCH", f"/admin/users/{blocked}", json={"prohibit_login": True, "login_name": blocked, "source_id": 0})
    gitea.api("DELETE", f"/admin/users/{deleted}", params={"purge": "true"})
    gitea.api("DELETE", f"/orgs/{acme}/members/{demoted}")


def test_whoever_is_sent_away_is_refused_at_once_what_destroys(live: LiveApi, sent_away: float):
    destroying = [operation for operation in OPERATIONS.values() if operation.anew]
    assert {"delete_license_key", "revoke_license_key", "edit_licensing"} <= {each.name for each in destroying}
    for operation in destroying:
        for place in OF_ACME:
            if _level(place) in operation.levels:
                assert _by_leavers(live, operation, place) == _refused(place), f"{operation.name} at {place}"


@pytest.mark.parametrize(("operation", "level", "place", "of_owner"), THINNED)
def test_each_role_gets_what_the_table_says(operation: Operation, level, place, of_owner, live: LiveApi, sent_away):
    answers = ask_as_each_role(Scene(live, operation, live.real(place), of_owner))
    wanted = {role: expected(operation, place, of_owner, role) for role in answers}
    assert {role: answer.status_code for role, answer in answers.items()} == wanted


@pytest.mark.parametrize(("scopes", "place", "may"), SCOPES)
def test_an_owner_may_no_more_than_the_scopes_of_the_token(scopes, place, may, live: LiveApi):
    live.tokens["scoped"] = live.token_of("olga", *scopes)
    wanted, answered = {}, {}
    for operation in OPERATIONS.values():
        if _level(place) in operation.levels and not operation.public:
            scene = Scene(live, operation, live.real(place), _is_of_owner(place))
            answered[operation.name] = scene.ask("scoped").status_code
            wanted[operation.name] = _by_scope(operation, place, may)
    assert answered == wanted


def _by_scope(operation: Operation, place: str, may: object) -> int:
    if may is EVERYTHING or (may is READS and not operation.unsafe):
        return expected(operation, place, _is_of_owner(place), "owner")
    return 403 if may is READS else int(str(may))


def test_whoever_is_sent_away_is_out_everywhere_within_a_minute(live: LiveApi, sent_away: float):
    time.sleep(max(0.0, sent_away + BELIEVED_SECONDS + 1 - time.monotonic()))
    for operation in OPERATIONS.values():
        for place in OF_ACME:
            if _level(place) in operation.levels and not operation.public:
                assert _by_leavers(live, operation, place) == _refused(place), f"{operation.name} at {place}"


def _by_leavers(live: LiveApi, operation: Operation, place: str) -> dict[str, int]:
    scene = Scene(live, operation, live.real(place), _is_of_owner(place))
    return {login: scene.ask(login).status_code for login in LEAVERS}


def _refused(place: str) -> dict[str, int]:
    return {"blocked": 401, "deleted": 401, "demoted": 404 if place in HIDDEN else 403}


def _level(place: str) -> str:
    return place.split("/", maxsplit=1)[0]


def _is_of_owner(place: str) -> bool:
    return _level(place) != "repos"
