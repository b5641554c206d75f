"""How many releases are held back, and why: put together repo by repo, and anew only where something changed."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from bridge.models import Owner, Repo
from bridge.services.products import Hosts, load_product
from bridge.storage import catalog

# A repo takes some milliseconds. What is asked for every few seconds must not take longer than that at once.
MOST_AT_ONCE = 50


class HoldBacks:
    """What one process knows of them. Each question looks at some repos that changed, and at the others later."""

    def __init__(self, open_session: Callable[..., AbstractContextManager[Any]], hosts: Hosts) -> None:
        self._open_session = open_session
        self._hosts = hosts
        self._known: dict[int, tuple[tuple[int, int], Counter[str]]] = {}

    def by_code(self) -> Counter[str] | None:
        """Releases held back now by the code of their reason; ``None`` while some repos were never looked at."""
        with self._open_session(read_only=True) as session:
            stamps = catalog.served_stamps(session)
            self._known = {repo_id: known for repo_id, known in self._known.items() if repo_id in stamps}
            changed = [
                each for each, stamp in stamps.items() if each not in self._known or self._known[each][0] != stamp
            ]
            # Those that were never looked at go first: without them there is no answer.
            changed.sort(key=lambda repo_id: repo_id in self._known)
            for repo_id in changed[:MOST_AT_ONCE]:
                self._known[repo_id] = stamps[repo_id], self._look(session, repo_id)
        if len(self._known) < len(stamps):
            return None
        total: Counter[str] = Counter()
        for _, held in self._known.values():
            total += held
        return total

    def _look(self, session: Any, repo_id: int) -> Counter[str]:
        repo = session.get_one(Repo, repo_id)
        product = load_product(session, repo, session.get_one(Owner, repo.owner_id), self._hosts)
        # A release may be held back on two platforms, or from several editions, for the same reason.
        return Counter(code for _, code in {(held.release_id, held.code) for held in product.publication.held})
