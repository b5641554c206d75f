"""Drives an installation through time: what happens in Gitea, what the worker makes of it, what a site then sees."""

import contextlib
import hashlib
import hmac
import itertools
import json
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from sqlalchemy import func
from sqlmodel import select
from support.bridges import HOOK_SECRET, Installation
from support.zips import joomla_module

from bridge.models import Asset, Owner, Refresh, Repo
from bridge.services import publisher
from bridge.services.products import load_product

HOOK_DOOR = "/-/licensing/hooks/gitea"


class Story:
    """One repo of one owner, ``acme/mod-weather`` unless told otherwise, with a bridge beside it."""

    def __init__(self, made: Installation) -> None:
        self.made = made
        self.world = made.world
        self.clock = made.clock
        # Each look at the clock is a second later, so no answer comes from memory alone.
        made.parts.products._monotonic = itertools.count().__next__
        self.client = made.client()

    # What a vendor does

    def product(self, path: str = "acme/mod-weather", *, private: bool = True, **variables: str) -> int:
        """A product with an open feed, known to the bridge. Returns the repo's id."""
        owner, name = path.split("/")
        repo_id = self.made.add_product(owner, name, private=private, **({"LICENSING_PLATFORM": "joomla"} | variables))
        self.made.refresh(owner, name)
        return repo_id

    def release(self, version: str, path: str = "acme/mod-weather", *, zipped: bool = True, **more: Any) -> Any:
        """Publish ``v<version>`` in Gitea; the bridge hears nothing of it."""
        files = {f"mod_weather-{version}.zip": joomla_module("weather", version)} if zipped else {}
        return self.world.publish_release(*path.split("/"), f"v{version}", files=files, **more)

    def upload(self, release: Any, version: str, name: str | None = None) -> Any:
        """Add a file as CI does: nobody is told."""
        return self.world.upload(release, name or f"mod_weather-{version}.zip", joomla_module("weather", version))

    # What the machinery does

    def hook(
        self, path: str = "acme/mod-weather", *, repo_id: int | None = None, event: str = "release", **more: Any
    ) -> str:
        """Deliver a signed hook of a repo; returns its id."""
        owner, name = path.split("/")
        delivery = more.pop("delivery", None) or str(uuid.uuid4())
        repository = {
            "id": repo_id or self.world.repo(owner, name).id,
            "name": name,
            "owner": {"login": owner},
        }
        body = json.dumps({"action": "published", "repository": repository, **more}).encode()
        headers = {
            "X-Gitea-Delivery": delivery,
            "X-Gitea-Event": event,
            "X-Gitea-Signature": hmac.new(HOOK_SECRET.encode(), body, hashlib.sha256).hexdigest(),
        }
        answer = self.client.post(HOOK_DOOR, data=body, headers=headers, content_type="application/json")
        assert answer.status_code == 204, answer.text
        return delivery

    def work(self, **ahead: float) -> None:
        """Turn the clock (``seconds=``, ``minutes=`` …) and let the worker do what is due."""
        self.clock.turn(**ahead)
        self.made.parts.worker.run_once()

    def pass_time(self, **ahead: float) -> None:
        """Let time go by with the worker at work: the clock stops wherever something is due."""
        end = self.clock() + timedelta(**ahead)
        self.made.parts.worker.run_once()
        while self.clock() < end:
            self.clock.now = min(end, self._next_due())
            self.made.parts.worker.run_once()

    def _next_due(self) -> datetime:
        moments = [Refresh.due_at, Repo.next_refresh_at, Repo.next_settings_at]
        second = self.clock() + timedelta(seconds=1)
        with self.made.parts.open_session(read_only=True) as session:
            due = [session.exec(select(func.min(each)).where(each >= second)).one() for each in moments]
        return min((each for each in due if each is not None), default=second + timedelta(days=365))

    # What is to be seen

    def versions(self, path: str = "acme/mod-weather", *, query: str = "") -> list[str]:
        """The versions in the feed, in its order. The feed must be there and well-formed."""
        answer = self.client.get(f"/{path}/updates.xml{query}")
        assert answer.status_code == 200
        return [each.text or "" for each in ET.fromstring(answer.data).iter("version")]

    def status(self, address: str) -> int:
        return self.client.get(address).status_code

    def download(self, version: str, code: str, path: str = "acme/mod-weather") -> Any:
        return self.client.get(f"/{path}/downloads/v{version}/mod_weather-{version}.zip?dlid={code}")

    def report(self, repo_id: int) -> dict[str, Any]:
        """What ``bridge repo show`` tells."""
        with self.made.parts.open_session(read_only=True) as session:
            row = session.get_one(Repo, repo_id)
            product = load_product(session, row, session.get_one(Owner, row.owner_id), self.made.parts.hosts)
            return publisher.report(product, row)

    def held(self, repo_id: int) -> dict[str, str]:
        """Code by tag of what is held back."""
        return {each["tag"]: each["code"] for each in self.report(repo_id)["held"]}

    def repo(self, repo_id: int) -> Repo | None:
        with self.made.parts.open_session(read_only=True) as session:
            found: Repo | None = session.get(Repo, repo_id)
            return found

    def waiting(self, repo_id: int) -> Refresh | None:
        """The repo's place in the queue."""
        with self.made.parts.open_session(read_only=True) as session:
            found: Refresh | None = session.get(Refresh, repo_id)
            return found

    def assets(self) -> dict[str, Asset]:
        """All assets by name; of several with one name the youngest."""
        with self.made.parts.open_session(read_only=True) as session:
            rows = session.exec(select(Asset).order_by(Asset.gitea_id)).all()
        return {row.name: row for row in rows}


@contextlib.contextmanager
def counted(made: Installation) -> Iterator[list[tuple[str, str]]]:
    """Collect (method, path) of every request that reaches the pretend Gitea."""
    server = made.gitea._server
    app, seen, lock = server.app, [], threading.Lock()

    def counting(environ: dict[str, Any], start: Any) -> Any:
        with lock:
            seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        return app(environ, start)

    server.app = counting
    try:
        yield seen
    finally:
        server.app = app
