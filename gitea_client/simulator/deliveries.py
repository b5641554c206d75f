"""How a pretend Gitea sends webhooks: signed, in the background, once."""

from __future__ import annotations

import hashlib
import hmac
import logging
import queue
import threading
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

import requests

from gitea_client.simulator.models import Hook

TIMEOUT_SECONDS = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One delivery and its outcome: the status that came back, or None when nothing did."""

    hook_id: int
    uuid: str
    event: str
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    hook: Hook
    event: str
    uuid: str
    body: bytes
    headers: dict[str, str]


class Deliverer:
    """Sends what it is given, one after the other, on a thread of its own that starts with the first delivery.

    Nothing is ever sent twice, whatever comes back. ``history`` keeps the outcomes.
    """

    def __init__(self) -> None:
        self.history: list[Sent] = []
        self._jobs: queue.Queue[_Job | None] = queue.Queue()
        self._idle = threading.Condition()
        self._open_jobs = 0
        self._thread: threading.Thread | None = None

    def send(self, hook: Hook, event: str, payload: str, *, target: str | None) -> str:
        """Queue a delivery; returns its uuid."""
        delivery_id = str(uuid.uuid4())
        body, headers = signed_request(hook, event, payload, delivery_id, target)
        with self._idle:
            self._open_jobs += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pretend-gitea-hooks", daemon=True)
                self._thread.start()
        self._jobs.put(_Job(hook=hook, event=event, uuid=delivery_id, body=body, headers=headers))
        return delivery_id

    def settle(self, timeout_seconds: float) -> bool:
        """Wait until all that was queued is sent; False when that took too long."""
        with self._idle:
            return self._idle.wait_for(lambda: self._open_jobs == 0, timeout_seconds)

    def close(self) -> None:
        """Send what is queued and stop."""
        with self._idle:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join(TIMEOUT_SECONDS * 2)

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (job := self._jobs.get()) is not None:
                status = _post(session, job)
                with self._idle:
                    self.history.append(Sent(hook_id=job.hook.id, uuid=job.uuid, event=job.event, status=status))
                    self._open_jobs -= 1
                    self._idle.notify_all()


def signed_request(
    hook: Hook, event: str, payload: str, delivery_id: str, target: str | None
) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a delivery.

    The signature is over the JSON, also where a form wraps it, and empty where there is no secret.
    """
    raw, key = payload.encode(), hook.secret.encode()
    sha256 = hmac.new(key, raw, hashlib.sha256).hexdigest() if key else ""
    sha1 = hmac.new(key, raw, hashlib.sha1).hexdigest() if key else ""
    headers = {
        "User-Agent": "Go-http-client/1.1",
        "X-Gitea-Signature": sha256,
        "X-Gogs-Signature": sha256,
        "X-Hub-Signature": f"sha1={sha1}",
        "X-Hub-Signature-256": f"sha256={sha256}",
    }
    for brand in ("Gitea", "Gogs", "GitHub"):
        headers |= {f"X-{brand}-Delivery": delivery_id, f"X-{brand}-Event": event, f"X-{brand}-Event-Type": event}
    if target is not None:
        headers |= dict.fromkeys(
            ("X-Gitea-Hook-Installation-Target-Type", "X-GitHub-Hook-Installation-Target-Type"), target
        )
    if hook.content_type == "form":
        return urlencode({"payload": payload}).encode(), {
            **headers,
            "Content-Type": "application/x-www-form-urlencoded",
        }
    return raw, {**headers, "Content-Type": "application/json"}


def _post(session: requests.Session, job: _Job) -> int | None:
    try:
        answer = session.post(job.hook.url, data=job.body, headers=job.headers, timeout=TIMEOUT_SECONDS)
    except requests.exceptions.RequestException:
        _log.info("a pretend delivery did not arrive")
        return None
    with answer:
        return answer.status_code
