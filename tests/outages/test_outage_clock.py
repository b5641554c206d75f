"""The clock of the machine is put back by an hour."""

import pytest
from sqlmodel import select
from support.catalog_worlds import Story
from support.crowds import OWNER

from bridge.models import Refresh, Repo

CLOSED = {"LICENSING_PLATFORM": "joomla", "LICENSING_REQUIRE_KEY": "true"}
HOUR = 3600


@pytest.fixture
def story(installation):
    return Story(installation)


@pytest.fixture
def key(story):
    story.product(**CLOSED)
    story.release("1.2.0")
    story.made.refresh(OWNER, "mod-weather")
    story.work()
    made = story.made.key(story.made.package(OWNER))
    story.clock.turn(hours=2)
    story.work()
    return made


def test_customers_notice_nothing(story, key):
    story.download("1.2.0", key.code)
    story.clock.turn(seconds=-HOUR)
    assert story.versions(query=f"?dlid={key.code}") == ["1.2.0"]
    assert story.versions(query=f"?dlid={key.code}&domain=new.example") == ["1.2.0"]
    assert story.download("1.2.0", key.code).status_code == 200
    story.made.parts.usage.flush()


def test_a_hook_that_waits_is_not_put_off_by_an_hour(story, key):
    story.hook()
    story.release("1.3.0")
    story.clock.turn(seconds=-HOUR)
    story.work()
    assert story.versions(query=f"?dlid={key.code}") == ["1.3.0", "1.2.0"]


def test_a_series_of_looks_goes_on(story, key):
    """CI uploads a minute after the release; the look that would find it is due by the clock of before."""
    release = story.release("1.3.0", zipped=False)
    story.hook()
    story.work()
    story.clock.turn(seconds=-HOUR)
    story.upload(release, "1.3.0")
    story.pass_time(seconds=330)
    assert story.versions(query=f"?dlid={key.code}") == ["1.3.0", "1.2.0"]


def test_a_claim_of_a_killed_worker_ends(story, key):
    from datetime import timedelta

    story.hook()
    with story.made.parts.open_session() as session:
        row = session.exec(select(Refresh)).one()
        row.claimed_until = story.clock() + timedelta(seconds=170)
    story.clock.turn(seconds=-HOUR)
    story.release("1.3.0")
    story.work()
    assert story.versions(query=f"?dlid={key.code}") == ["1.3.0", "1.2.0"]


def test_what_the_clock_wants_goes_on(story, key):
    """A lost hook, a changed variable and a new repo are found in their usual time, and not an hour later."""
    story.clock.turn(seconds=-HOUR)
    story.release("1.3.0")
    late = story.made.add_product(OWNER, "mod-late", **CLOSED)
    story.pass_time(seconds=660)
    assert story.versions(query=f"?dlid={key.code}") == ["1.3.0", "1.2.0"]
    assert story.repo(late).served
    story.world.set_variable(OWNER, "LICENSING_REQUIRE_KEY", "download", repo="mod-weather")
    story.pass_time(seconds=65)
    assert story.versions() == ["1.3.0", "1.2.0"]
    with story.made.parts.open_session(read_only=True) as session:
        moments = session.exec(select(Repo.next_refresh_at)).all()
    assert all((each - story.clock()).total_seconds() <= 620 for each in moments if each)


def test_a_small_step_is_no_reason_to_hurry(story, key):
    """Clocks of several machines differ by seconds: a claim of another one is not taken for one of the future."""
    from bridge.storage import refreshes

    story.hook()
    story.clock.turn(seconds=60)  # so that the other machine's clock does not hide that it is due
    with story.made.parts.open_session() as session:
        longest = story.made.parts.worker._longest_wait
        assert refreshes.claim(session, story.clock(), for_seconds=180, longest_wait=longest)
    story.clock.turn(seconds=-5)
    with story.made.parts.open_session() as session:
        assert refreshes.claim(session, story.clock(), for_seconds=180, longest_wait=longest) is None
