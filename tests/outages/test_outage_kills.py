"""``kill -9`` at any moment, under load: what was promised is kept."""

import random
import time

import pytest
from support.crowds import OWNER, REPO, Crowd, content_of
from support.served import until

# Counts are flushed every 0.8 s; the rest is for a busy machine, on which flushing takes its time as well.
LOST_SECONDS = 1.0 + 1.0
VICTIMS = ("web worker", "worker", "serve", "web")


@pytest.fixture
def crowd(installation):
    """A closed product with one release, sold to one customer with many sites."""
    variables = {"LICENSING_PLATFORM": "joomla", "LICENSING_REQUIRE_KEY": "true"}
    installation.add_product(OWNER, REPO, **variables)
    installation.refresh(OWNER, REPO)
    package = installation.package(OWNER, "Standard", term="lifetime")
    made = Crowd(installation, lambda: "", installation.key(package), package)
    made.publish("1.0.0")
    installation.refresh(OWNER, REPO)
    return made


def victims(rounds, seed):
    """Whom to kill, each kind as often as the others to begin with, and after how long."""
    dice = random.Random(seed)
    kinds = [*VICTIMS, *dice.choices(VICTIMS, weights=(5, 3, 1, 1), k=max(0, rounds - len(VICTIMS)))]
    return [(kind, dice.uniform(0.2, 1.5), dice) for kind in kinds[:rounds]]


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_whoever_is_killed_nothing_that_was_promised_is_lost(installation, crowd, start, rounds, seed, figure):
    limits = {"keys_per_owner_and_day": 1_000_000, "new_sites_per_key_and_day": 1_000_000}
    served = start(limits=limits)
    crowd._base = lambda: served.base
    until(served.well, "health")
    book, kills, away = crowd.book, [], 0.0
    crowd.start()
    for number, (kind, pause, dice) in enumerate(victims(rounds, seed), 1):
        crowd.publish(f"1.{number}.0")
        time.sleep(pause)
        kills.append((begin := time.monotonic(), kind))
        served.kill(kind, dice.choice)
        away = max(away, time.monotonic() - begin)
    time.sleep(1)
    crowd.stop()
    last = f"1.{rounds}.0"
    until(lambda: last in listed(crowd, served), f"the release {last} in the feed")
    served.stop()
    found = content_of(installation)
    figure("kills", len(kills))
    figure("answers", dict(book.answers))
    figure("without an answer, to be asked again", dict(book.unanswered))
    figure("longest until replaced, s", round(away, 1))
    assert book.wrong == []
    assert all(book.answers[each] > 0 for each in ("feed", "download", "key", "site", "hook"))
    assert {id_: code for id_, code in book.keys.items() if found["keys"].get(id_) != code} == {}
    assert book.hosts <= found["hosts"]
    assert book.hooks <= found["hooks"]
    told = len(book.feeds_at)
    lost = told - found["feeds"]
    most = sum(
        1
        for moment in book.feeds_at
        if any(-LOST_SECONDS <= moment - kill <= 0.1 for kill, kind in kills if kind != "worker")
    )
    figure("feeds that were not counted", f"{max(0, lost)} of {told}")
    assert lost <= most
    assert sorted(file for file in (installation.settings.store_dir).glob("tmp/*")) == [] or rounds
    whole(installation.settings.store_dir)


def listed(crowd, served):
    import requests

    answer = requests.get(f"{served.base}/{OWNER}/{REPO}/updates.xml?dlid={crowd._key.code}", timeout=30)
    return answer.text


def whole(store):
    """Every file of the store has the digest that is its name."""
    import hashlib

    files = list(store.glob("??/??/*"))
    assert files
    assert [file for file in files if hashlib.sha256(file.read_bytes()).hexdigest() != file.name] == []
