"""A crowd that uses a running bridge over HTTP, and keeps a book of what it was promised.

Whatever was answered with success must be there afterwards, whoever was killed meanwhile. That a request gets no answer,
or 503, is no fault: its sender tries again. A wrong answer is one.
"""

import hashlib
import hmac
import itertools
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

import requests
from sqlmodel import func, select
from support.bridges import HOOK_SECRET, Installation, IssuedKey
from support.zips import joomla_module

from bridge.models import HookDelivery, KeyCode, LicenseKey, Site, UsageDay
from bridge.storage import tallies

OWNER, REPO = "acme", "mod-weather"
PATH = f"/{OWNER}/{REPO}"
# A code that is a key's no more would be 403; these say only that nobody is there now.
_LATER = {429, 502, 503}


@dataclass
class Book:
    """What was promised, and what went wrong."""

    answers: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    keys: dict[int, str] = field(default_factory=dict)  # number and code of each key that was answered with 201
    hosts: set[str] = field(default_factory=set)  # sites that were let in
    hooks: set[str] = field(default_factory=set)  # deliveries that were answered with 204
    feeds_at: list[float] = field(default_factory=list)  # when each counted feed was answered, by the monotonic clock


class Crowd:
    """Threads that ask without pause between ``start`` and ``stop``."""

    def __init__(self, made: Installation, key: IssuedKey, package_id: int, base: str = "") -> None:
        self.made = made
        self.book = Book()
        self.base = base
        self.key = key
        self._package_id = package_id
        self._stop = threading.Event()
        self.files: dict[str, str] = {}  # digest of each version's file
        self._numbers = itertools.count(1)
        self._threads: list[threading.Thread] = []

    def publish(self, version: str) -> None:
        """A release in Gitea; the bridge hears of it by a hook, or by the clock."""
        file = joomla_module("weather", version, files={"media/photo": random.Random(version).randbytes(200_000)})
        self.files[hashlib.sha256(file).hexdigest()] = version
        self.made.world.publish_release(OWNER, REPO, f"v{version}", files={"mod_weather.zip": file})

    def start(self) -> None:
        jobs = [self.read_feed, self.read_feed, self.download, self.buy, self.arrive, self.tell]
        self._threads = [threading.Thread(target=self._run, args=(job,), daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self, job: Callable[[requests.Session], None]) -> None:
        with requests.Session() as session:
            while not self._stop.is_set():
                try:
                    job(session)
                except requests.RequestException:  # nobody there, or cut off in the middle: the site notices
                    self.book.unanswered[job.__name__] += 1
                    self._stop.wait(0.2)
                except Exception as error:
                    self.book.wrong.append(f"{job.__name__}: {error!r}")
                self._stop.wait(0.03)

    def _expect(self, job: str, answer: requests.Response, *good: int) -> bool:
        """Whether it is a success; what is neither that nor “later” is wrong."""
        if answer.status_code in good:
            self.book.answers[job] += 1
            return True
        if answer.status_code in _LATER and job != "feed":
            if "Retry-After" not in answer.headers:
                self.book.wrong.append(f"{job}: {answer.status_code} without Retry-After")
            self.book.unanswered[job] += 1
            time.sleep(0.02)
        else:
            self.book.wrong.append(f"{job}: {answer.status_code} {answer.text[:100]}")
        return False

    def read_feed(self, session: requests.Session) -> None:
        """A keyed feed is 200 and full, and what it lists has a digest that Gitea's file has."""
        answer = session.get(f"{self.base}{PATH}/updates.xml?dlid={self.key.code}", timeout=30)
        if self._expect("feed", answer, 200):
            self.book.feeds_at.append(time.monotonic())
            listed = {each.text for each in ET.fromstring(answer.content).iter("sha256")}
            if not listed or not listed <= self.files.keys():
                self.book.wrong.append(f"feed: lists {listed or 'nothing'}")

    def download(self, session: requests.Session) -> None:
        """The newest file, whole."""
        version = random.choice(list(self.files.values()))
        link = f"{self.base}{PATH}/downloads/v{version}/mod_weather.zip?dlid={self.key.code}"
        answer = session.get(link, timeout=30)
        if answer.status_code == 404:  # published in Gitea a moment ago
            return
        if self._expect("download", answer, 200):
            if len(answer.content) < int(answer.headers["Content-Length"]):
                self.book.unanswered["download"] += 1  # cut off, which every client notices
            elif self.files.get(hashlib.sha256(answer.content).hexdigest()) != version:
                self.book.wrong.append(f"download: half or other bytes of {version}")

    def buy(self, session: requests.Session) -> None:
        """A new key."""
        token = self.made.settings.gitea.token.get_secret_value()
        wanted = {"package_id": self._package_id, "customer_email": f"c{next(self._numbers)}@example.com"}
        headers = {"Authorization": f"token {token}"}
        answer = session.post(f"{self.base}/api/v1/orgs/{OWNER}/license-keys", json=wanted, headers=headers, timeout=30)
        if self._expect("key", answer, 201):
            self.book.keys |= {each["id"]: each["code"] for each in answer.json()["keys"]}

    def arrive(self, session: requests.Session) -> None:
        """A site that was never here."""
        host = f"site{next(self._numbers)}.example.org"
        validate = f"{self.base}/api/v1/repos{PATH}/license-keys/validate"
        answer = session.post(validate, json={"key": self.key.code, "domain": host, "activate": True}, timeout=30)
        if self._expect("site", answer, 200):
            if answer.json()["valid"]:
                self.book.hosts.add(host)
            else:
                self.book.wrong.append(f"site: refused {answer.text[:100]}")

    def tell(self, session: requests.Session) -> None:
        """A delivery of Gitea's."""
        delivery = str(uuid.uuid4())
        repo_id = self.made.world.repo(OWNER, REPO).id
        repository = {"id": repo_id, "name": REPO, "owner": {"login": OWNER}}
        body = json.dumps({"action": "published", "repository": repository}).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Gitea-Delivery": delivery,
            "X-Gitea-Event": "release",
            "X-Gitea-Signature": hmac.new(HOOK_SECRET.encode(), body, hashlib.sha256).hexdigest(),
        }
        answer = session.post(f"{self.base}/-/licensing/hooks/gitea", data=body, headers=headers, timeout=30)
        if self._expect("hook", answer, 204):
            self.book.hooks.add(delivery)
        self._stop.wait(0.3)


def content_of(made: Installation) -> dict[str, Any]:
    """What the database holds of all that."""
    with made.parts.open_session(read_only=True) as session:
        codes = select(LicenseKey.id, KeyCode.code).join(KeyCode, KeyCode.key_id == LicenseKey.id)
        feeds = select(func.coalesce(func.sum(UsageDay.count), 0)).where(UsageDay.kind == "feed")
        feeds = feeds.where(UsageDay.repo_id != tallies.NO_REPO)
        return {
            "keys": dict(session.exec(codes).all()),
            "hosts": set(session.exec(select(Site.host))),
            "hooks": set(session.exec(select(HookDelivery.delivery_id))),
            "feeds": int(session.exec(feeds).one()),
        }
