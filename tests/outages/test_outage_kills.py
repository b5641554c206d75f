"""``kill -9`` at any moment, under load: what was promised is kept."""

import hashlib
import os
import random
import time
from collections import Counter

import pytest
import requests
from support.crowds import OWNER, PATH, REPO, Crowd, content_of
from support.served import until

# Counts are flushed every 0.8 s; the rest is for a busy machine, on which flushing takes its time as well.
LOST_SECONDS = 1.0 + 1.0
# How often each is killed; starting all of `serve` again takes ten times as long as starting one web worker.
WEIGHTS = {"web worker": 5, "worker": 3, "serve": 1, "web": 1}
VICTIMS = tuple(WEIGHTS)


@pytest.fixture
def crowd(installation):
    """A closed product with one release, sold to one customer with many sites."""
    variables = {"LICENSING_PLATFORM": "joomla", "LICENSING_REQUIRE_KEY": "true"}
    installation.add_product(OWNER, REPO, **variables)
    installation.refresh(OWNER, REPO)
    package = installation.package(OWNER, "Standard", term="lifetime")
    made = Crowd(installation, installation.key(package), package)
    made.publish("1.0.0")
    installation.refresh(OWNER, REPO)
    return made


def victims(rounds, seed):
    """Whom to kill, each kind once to begin with, and after how long."""
    dice = random.Random(seed)
    chosen = [each for each in VICTIMS if each in os.environ.get("BRIDGE_CHAOS_VICTIMS", ",".join(VICTIMS)).split(",")]
    weights = [WEIGHTS[each] for each in chosen]
    kinds = [*chosen, *dice.choices(chosen, weights=weights, k=max(0, rounds - len(chosen)))]
    return [(kind, dice.uniform(0.2, 1.5), dice) for kind in kinds[:rounds]]


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_whoever_is_killed_nothing_that_was_promised_is_lost(installation, crowd, start, rounds, seed, figure):
    limits = {"keys_per_owner_and_day": 1_000_000, "new_sites_per_key_and_day": 1_000_000}
    served = start(limits=limits)
    crowd.base = served.base
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
    last, polls = f"1.{rounds}.0", []
    until(lambda: last in listed(crowd, served, polls), f"the release {last} in the feed")
    served.stop()
    found = content_of(installation)
    figure("kills", dict(Counter(kind for _, kind in kills)))
    figure("answers", dict(book.answers))
    figure("without an answer, asked again", dict(book.unanswered))
    figure("longest until replaced, s", round(away, 1))
    assert book.wrong == []
    assert all(book.answers[each] > 0 for each in ("feed", "download", "key", "site", "hook"))
    assert {id_: code for id_, code in book.keys.items() if found["keys"].get(id_) != code} == {}
    assert book.hosts <= found["hosts"]
    assert book.hooks <= found["hooks"]
    told = len(book.feeds_at) + len(polls)
    lost = told - found["feeds"]
    figure("feeds that were not counted", f"{max(0, lost)} of {told}")
    assert lost <= last_seconds(book.feeds_at, [moment for moment, kind in kills if kind != "worker"])
    unfinished = list(installation.settings.store_dir.glob("tmp/*"))
    assert len(unfinished) <= len([kind for _, kind in kills if kind in {"worker", "serve"}])
    whole = [file.name for file in installation.settings.store_dir.glob("??/??/*") if digest(file) == file.name]
    assert len(whole) == rounds + 1  # every release's, and no half one


def listed(crowd, served, polls):
    """The keyed feed as it is now."""
    answer = requests.get(f"{served.base}{PATH}/updates.xml?dlid={crowd.key.code}", timeout=30)
    polls.append(answer.status_code)
    return answer.text


def last_seconds(moments, kills):
    """How many of the moments lie in the last seconds before one of the kills."""
    return sum(1 for moment in moments if any(-LOST_SECONDS <= moment - kill <= 0.1 for kill in kills))


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()
