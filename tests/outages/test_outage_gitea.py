"""Gitea is gone for a day, or slow: customers notice nothing, and afterwards everything is caught up."""

import statistics
import threading
import time
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
import requests
from support.catalog_worlds import Story
from support.crowds import OWNER, PATH, REPO
from support.served import until
from support.zips import joomla_module

CLOSED = {"LICENSING_PLATFORM": "joomla", "LICENSING_REQUIRE_KEY": "true"}
VALIDATE = f"/api/v1/repos{PATH}/license-keys/validate"
STEP_SECONDS = 900


@pytest.fixture
def story(installation):
    made = Story(installation)
    transport = installation.parts.gitea._transport
    # Pauses between attempts, and the breaker's, pass with the clock that the tests turn.
    transport._sleep = lambda seconds: None
    transport.breaker._clock = lambda: made.clock().timestamp()
    return made


def a_day_of_customers(story, key, expected, steps):
    """Each kind of question, once every quarter of an hour: how many were asked, and which were answered otherwise."""
    asked, wrong = 0, []
    for number in range(steps):
        story.work(seconds=STEP_SECONDS)
        answers = {
            "feed": story.versions(query=f"?dlid={key.code}&domain=site{number % 5}.example") == expected,
            "personal": b"<version>" in story.client.get(f"{PATH}/updates/{key.token}.xml").data,
            "changelog": story.status(f"{PATH}/changelog.xml") == 200,
            "download": story.download("1.2.0", key.code).status_code == 200,
            "validation": story.client.post(VALIDATE, json={"key": key.code}).get_json()["valid"],
        }
        asked += len(answers)
        wrong += [(number, name) for name, right in answers.items() if not right]
    return asked, wrong


def test_a_day_without_gitea_fails_nobody_and_is_caught_up(story, figure):
    """What happened meanwhile told nobody: the deliveries of that day are lost, Gitea sends them once."""
    for path in ("acme/mod-weather", "acme/mod-gone"):
        story.product(path, **CLOSED)
        story.release("1.2.0", path)
        story.made.refresh(*path.split("/"))
    key = story.made.key(story.made.package(OWNER))
    story.work()
    story.world.faults.inject("down")
    story.release("1.3.0")  # in the last moment, and its hook is lost
    story.world.set_variable(OWNER, "LICENSING_REQUIRE_KEY", "download", repo="mod-gone")
    asked, wrong = a_day_of_customers(story, key, ["1.2.0"], 24 * 3600 // STEP_SECONDS)
    figure("questions of customers in a day without Gitea", asked)
    figure("of them failed", len(wrong))
    assert wrong == []
    late = story.made.key(story.made.package(OWNER, "Late"))  # by the command line, which needs no Gitea
    assert story.download("1.2.0", late.code).status_code == 200
    story.world.faults.clear()
    story.world.delete_repo(OWNER, "mod-gone")
    begin = story.clock()
    while story.versions(query=f"?dlid={key.code}") != ["1.3.0", "1.2.0"]:
        story.work(seconds=5)
        assert story.clock() - begin < timedelta(minutes=15)
    figure("until the lost release is in the feed, s", (story.clock() - begin).total_seconds())
    story.pass_time(seconds=900)
    assert story.download("1.3.0", key.code).status_code == 200
    assert story.versions("acme/mod-gone", query=f"?dlid={key.code}") == []  # deleted in Gitea


def seconds_of(url, times):
    with requests.Session() as session:
        found = []
        for _ in range(times):
            begin = time.perf_counter()
            answer = session.get(url, timeout=60)
            found.append(time.perf_counter() - begin)
            assert answer.status_code == 200
            assert len(list(ET.fromstring(answer.content))) == 1
        return found


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_gitea_that_takes_ten_seconds_slows_no_feed(installation, start, figure):
    """Compared within one run. Meanwhile the worker reads the repo, and people's calls of the API wait for Gitea."""
    made = installation
    made.add_product(OWNER, REPO, **CLOSED)
    made.publish(OWNER, REPO, "1.0.0", {"mod_weather.zip": joomla_module("weather", "1.0.0")})
    key = made.key(made.package(OWNER, term="lifetime"))
    served = start(worker={"settings_seconds": 1, "reconcile_seconds": 5})
    until(served.well, "health")
    url = f"{served.base}{PATH}/updates.xml?dlid={key.code}"
    seconds_of(url, 50)
    usual = seconds_of(url, 200)
    made.world.faults.inject("slow", 10)
    headers = {"Authorization": f"token {made.world.add_token('root')}"}  # nobody has asked about this one before
    waiting: list[float] = []

    def call():
        begin = time.monotonic()
        requests.get(f"{served.base}/api/v1/orgs/{OWNER}/license-keys", headers=headers, timeout=60)
        waiting.append(time.monotonic() - begin)

    threads = [threading.Thread(target=call, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    slow = seconds_of(url, 200)
    for thread in threads:
        thread.join(60)
    figure("median of a feed, ms", round(statistics.median(usual) * 1000, 2))
    figure("the same while Gitea takes 10 s, ms", round(statistics.median(slow) * 1000, 2))
    figure("slowest then, ms", round(max(slow) * 1000, 1))
    figure("a call of the API then, s", round(max(waiting), 1))
    assert max(waiting) > 5  # it did wait for Gitea
    assert statistics.median(slow) < 3 * statistics.median(usual) + 0.05
    assert max(slow) < 5  # half of what Gitea takes
