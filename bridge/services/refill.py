"""Fills this machine's store: what another machine fetched, or what was lost here, is brought in by its digest.

A machine with a directory of its own has the rows of the database, but not the bytes behind them. They come from the
object storage where there is one, else from Gitea, and count only if they are the very bytes that the database names.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from bridge.storage import stored_assets
from bridge.storage.files import FileStore
from bridge.storage.stored_assets import Stored
from gitea_client.client import GiteaClient
from gitea_client.errors import GiteaError

log = logging.getLogger(__name__)

_MOST_AT_ONCE = 20
_AGAIN_AFTER = timedelta(minutes=5)
# A file is here before its row is written, and a backup that was put back may lack rows for a while.
STRAY_SECONDS = 86_400.0


class Refill:
    """Of one process. Where the directory is shared, several may bring in the same file: it is the same file."""

    def __init__(
        self,
        gitea: GiteaClient,
        store: FileStore,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
    ) -> None:
        self._gitea = gitea
        self._store = store
        self._open_session = open_session
        self._clock = clock
        self._failed: dict[str, datetime] = {}

    def run(self) -> bool:
        """Bring in some files that are missing here. Whether there may be more to do at once."""
        with self._open_session(read_only=True) as session:
            stored = stored_assets.bytes_on_offer(session)
        now = self._clock()
        self._failed = {sha256: at for sha256, at in self._failed.items() if timedelta(0) <= now - at < _AGAIN_AFTER}
        missing = [each for each in stored if each.sha256 not in self._failed and not self._store.has(each.sha256)]
        for each in missing[:_MOST_AT_ONCE]:
            if not self._bring(each):
                self._failed[each.sha256] = now
        return len(missing) > _MOST_AT_ONCE

    def drop_strays(self, now_seconds: float) -> None:
        """Remove files from this machine that no row names any more; another machine has forgotten them."""
        old = self._store.digests(older_than=now_seconds - STRAY_SECONDS)
        with self._open_session(read_only=True) as session:
            named = stored_assets.all_digests(session)
        for sha256 in old - named:
            self._store.remove_here(sha256)

    def _bring(self, wanted: Stored) -> bool:
        try:
            if self._store.recover(wanted.sha256, most_bytes=wanted.size):
                return True
            with self._gitea.asset_stream(wanted.uuid, expected_size=wanted.size) as (_, chunks):
                file = self._store.put(chunks, most_bytes=wanted.size)
        except (GiteaError, OSError) as error:
            log.warning("file %s can't be brought into this machine's store: %s", wanted.sha256, error)
            return False
        if file.sha256 != wanted.sha256:
            log.error("Gitea gave other bytes for file %s than before; they are not served", wanted.sha256)
            self._store.remove_here(file.sha256)
            return False
        log.info("file %s was brought into this machine's store", wanted.sha256)
        return True
