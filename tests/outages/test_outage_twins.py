"""Two ``bridge serve`` beside each other over one PostgreSQL: each job is done once, and a change counts in both."""

import hashlib
import hmac
import json
import threading
import time
import uuid
from collections import Counter
from datetime import UTC, datetime

import pytest
import requests
from support.bridges import HOOK_SECRET
from support.catalog_worlds import HOOK_DOOR, counted
from support.crowds import OWNER, PATH, REPO
from support.databases import ONLY_POSTGRES
from support.served import until
from support.zips import joomla_module

from bridge.parts import Edge, Parts

CLOSED = {"LICENSING_PLATFORM": "joomla", "LICENSING_REQUIRE_KEY": "true"}
REPOS = [REPO, *(f"mod-{number}" for number in range(7))]
# A revoked key is refused at the next request; the rest is for a machine that does other things as well.
REVOKED_SECONDS, BUSY_SECONDS = 1.0, 5.0


def deliver(made, bases, name):
    """The same delivery at each address, as a sender that tries again would."""
    repository = {"id": made.world.repo(OWNER, name).id, "name": name, "owner": {"login": OWNER}}
    body = json.dumps({"action": "published", "repository": repository}).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Gitea-Delivery": str(uuid.uuid4()),
        "X-Gitea-Event": "release",
        "X-Gitea-Signature": hmac.new(HOOK_SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }
    for base in bases:
        assert requests.post(f"{base}{HOOK_DOOR}", data=body, headers=headers, timeout=60).status_code == 204


@ONLY_POSTGRES
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_machines_do_each_job_once_and_obey_at_once(installation, start, figure):
    made = installation
    made.clock.now = datetime.now(UTC)  # theirs is the real one
    for name in REPOS:
        made.add_product(OWNER, name, **CLOSED)
        made.publish(OWNER, name, "1.0.0", {"mod.zip": joomla_module("weather", "1.0.0")})
    package = made.package(OWNER, term="lifetime")
    key = made.key(package)
    quiet = {"refresh_steps_seconds": [0.0], "settings_seconds": 3600, "reconcile_seconds": 3600}
    twins = [start(worker=quiet) for _ in range(2)]
    for each in twins:
        until(each.well, "health")
    bases = [each.base for each in twins]
    with counted(made) as seen:
        for name in REPOS:
            file = joomla_module("weather", "1.1.0")
            made.world.publish_release(OWNER, name, "v1.1.0", files={"mod.zip": file})
            deliver(made, bases, name)
        for base in bases:
            for name in REPOS:
                feed = f"{base}/{OWNER}/{name}/updates.xml?dlid={key.code}"
                until(lambda feed=feed: b"<version>1.1.0" in requests.get(feed, timeout=60).content, feed)
        time.sleep(1)
    asked = Counter(path for method, path in seen if method == "GET")
    lists = {name: asked[f"/api/v1/repos/{OWNER}/{name}/releases"] for name in REPOS}
    figure("reads of a repo after a delivery that came to both", sorted(set(lists.values())))
    assert set(lists.values()) == {1}, lists
    slowest = max(revoked_after(made, package, bases) for _ in range(5))
    figure("until a revoked key is refused by both, s", round(slowest, 3))
    assert slowest < REVOKED_SECONDS + BUSY_SECONDS


def revoked_after(made, package, bases):
    """Seconds from the commit until every process of both refuses the key."""
    key = made.key(package)
    urls = [f"{base}{PATH}/downloads/v1.1.0/mod.zip?dlid={key.code}" for base in bases]
    for url in urls * 4:  # both workers of both have seen it
        assert requests.get(url, timeout=60).status_code == 200
    made.revoke(key.id)
    begin = time.monotonic()
    last = begin
    for url in urls * 4:
        while requests.get(url, timeout=60).status_code != 403:
            last = time.monotonic()
    return last - begin


def test_what_the_clock_wants_is_done_by_one_of_several_workers(installation):
    """Four workers find the same things due at the same moment."""
    made = installation
    for name in REPOS:
        made.add_product(OWNER, name, **CLOSED)
        made.refresh(OWNER, name)
    others = [Parts(made.settings, Edge(clock=made.clock)) for _ in range(3)]
    workers = [made.parts.worker, *(each.worker for each in others)]
    for seconds in (61, 700):
        made.clock.turn(seconds=seconds)
        barrier = threading.Barrier(len(workers))

        def keep_time(worker, barrier=barrier):
            barrier.wait()
            worker.keep_time()

        with counted(made) as seen:
            threads = [threading.Thread(target=keep_time, args=(each,)) for each in workers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        asked = Counter(path for _, path in seen)
        reads = {asked[f"/api/v1/repos/{OWNER}/{name}/actions/variables"] for name in REPOS}
        assert reads == {1}
        assert asked["/api/v1/repos/search"] == 1  # the sweep
    for each in others:
        each.close()
