"""Brings the bytes of a release's files into the store, hashes them and reads what they say of themselves."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.models import Asset
from bridge.storage.files import FileStore, StoredFile, StoreFullError
from feeds.manifest import ManifestError, read_extension
from gitea_client.client import GiteaClient
from gitea_client.errors import GiteaError

log = logging.getLogger(__name__)

# After a failure: soon at first, since most are a matter of seconds; hourly in the end, since some never heal.
RETRY_SECONDS = (15, 60, 300, 900, 3600)


@dataclass(frozen=True, slots=True)
class AssetLimits:
    """What one file, and all files of its owner together, may take in bytes. 0 for the owner: no limit."""

    asset_bytes: int
    owner_bytes: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """The outcome for one asset, to be stored on its row."""

    uuid: str
    file: StoredFile | None = None
    extensions: tuple[dict[str, Any], ...] = ()
    problem_code: str = ""
    problem: str = ""
    final: bool = True  # false: trying again may help


def fetch(gitea: GiteaClient, store: FileStore, asset: Asset, limits: AssetLimits, owner_bytes: int) -> Fetched:
    """Fetch one asset. Never raises for what Gitea, the ZIP or the disk do wrong: the outcome says it in a sentence."""
    if asset.size > limits.asset_bytes:
        return Fetched(
            asset.uuid,
            problem_code="too_large",
            problem=f"it has {asset.size} bytes, more than limits.asset_bytes ({limits.asset_bytes}) allows",
        )
    room = limits.owner_bytes - owner_bytes if limits.owner_bytes else limits.asset_bytes
    if asset.size > room:
        return _failed(asset, "store_full", "the owner's share of the store (limits.store_bytes_per_owner) is used up")
    try:
        with gitea.asset_stream(asset.uuid, expected_size=asset.size) as (_, chunks):
            file = store.put(chunks, most_bytes=asset.size)
        return _read(asset, file)
    except GiteaError as error:
        return _failed(asset, "not_readable", f"Gitea did not hand it out ({error}); the bridge tries again")
    except StoreFullError as error:
        log.warning("asset %s can't be stored: %s", asset.uuid, error)
        return _failed(asset, "store_full", "the bridge's disk is full; its administrator must make room")
    except OSError as error:
        log.warning("asset %s can't be stored: %s", asset.uuid, error)
        reason = error.strerror or type(error).__name__
        return _failed(
            asset, "not_stored", f"the bridge's store is out of order ({reason}); its administrator must look"
        )


def _read(asset: Asset, file: StoredFile) -> Fetched:
    try:
        with file.path.open("rb") as opened:
            extensions = read_extension(opened)
    except ManifestError as error:
        return Fetched(asset.uuid, file=file, problem_code=error.code, problem=str(error).rstrip("."))
    return Fetched(asset.uuid, file=file, extensions=tuple(each.to_dict() for each in extensions))


def _failed(asset: Asset, code: str, problem: str) -> Fetched:
    return Fetched(asset.uuid, problem_code=code, problem=problem, final=False)


def note(asset: Asset, fetched: Fetched, now: datetime) -> None:
    """Write the outcome on the asset's row."""
    asset.problem_code, asset.problem = fetched.problem_code or None, fetched.problem or None
    if fetched.file is not None:
        asset.fetched_at = now
        asset.sha256, asset.sha384, asset.sha512 = fetched.file.sha256, fetched.file.sha384, fetched.file.sha512
        asset.extensions = list(fetched.extensions)
        asset.retry_at, asset.attempts = None, 0
        return
    wait = RETRY_SECONDS[min(asset.attempts, len(RETRY_SECONDS) - 1)] if not fetched.final else RETRY_SECONDS[-1] * 24
    asset.attempts += 1
    asset.retry_at = now + timedelta(seconds=wait)
