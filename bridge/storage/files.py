"""The content-addressed store of asset bytes: a file is there whole, under its SHA-256, or not at all."""

import errno
import hashlib
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bridge.errors import UnavailableError

log = logging.getLogger(__name__)


class StoreFullError(UnavailableError):
    """The disk, or the owner's share of it, is full."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What was written: digests in lower-case hex, size in bytes."""

    path: Path
    size: int
    sha256: str
    sha384: str
    sha512: str


class Behind(Protocol):
    """A store behind this one that machines share. Everything raises ``OSError`` where it is away."""

    def save(self, sha256: str, file: Path) -> None:
        """Put a file there."""

    def chunks(self, sha256: str) -> Iterator[bytes] | None:
        """The bytes, or ``None`` where there are none."""

    def remove(self, sha256: str) -> None:
        """Forget the bytes."""


class FileStore:
    """Files under ``root/ab/cd/<sha256>``; unfinished ones under ``root/tmp``, on the same disk.

    With a store ``behind`` it, this one is the cache that is delivered from: what is put here is put there first.
    """

    def __init__(self, root: Path, behind: Behind | None = None) -> None:
        self._root = root
        self._behind = behind
        self._tmp = root / "tmp"

    def path(self, sha256: str) -> Path:
        """Where a file of this digest stands, if it is here."""
        return self._root / sha256[:2] / sha256[2:4] / sha256

    def relative(self, sha256: str) -> str:
        """The same, below the store, for a proxy that delivers it."""
        return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def has(self, sha256: str) -> bool:
        """Whether the bytes are here."""
        return self.path(sha256).is_file()

    def put(self, chunks: Iterable[bytes], *, most_bytes: int) -> StoredFile:
        """Write a stream and give it its name once it is durable.

        Raises ``StoreFullError`` when it does not fit, and whatever the stream raises; then nothing is left behind.
        """
        return self._put(chunks, most_bytes, self._behind)

    def recover(self, sha256: str, *, most_bytes: int) -> bool:
        """Bring a file in from the store behind; whether it was there, whole. Raises as ``put`` does."""
        chunks = self._behind.chunks(sha256) if self._behind else None
        if chunks is None:
            return False
        file = self._put(chunks, most_bytes, None)
        if file.sha256 != sha256:
            log.error("the store behind has other bytes under %s; they are not served", sha256)
            self.remove_here(file.sha256)
        return file.sha256 == sha256

    def _put(self, chunks: Iterable[bytes], most_bytes: int, behind: Behind | None) -> StoredFile:
        try:
            self._tmp.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._tmp)
            unfinished = Path(name)
            try:
                digests, size = _write(handle, chunks, most_bytes)
                if behind is not None:
                    behind.save(digests[0], unfinished)
                return StoredFile(self._name(unfinished, digests[0]), size, *digests)
            finally:
                unfinished.unlink(missing_ok=True)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise StoreFullError(
                    "the disk of the store is full; make room, the file is fetched again then"
                ) from error
            raise

    def _name(self, unfinished: Path, sha256: str) -> Path:
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.chmod(0o640)  # the proxy's user, in the bridge's group, may deliver it
        unfinished.replace(target)
        for directory in (target.parent, target.parent.parent, self._root):  # they may be new themselves
            _sync_directory(directory)
        return target

    def remove(self, sha256: str) -> None:
        """Forget the bytes, also in the store behind."""
        self.remove_here(sha256)
        if self._behind is not None:
            try:
                self._behind.remove(sha256)
            except OSError as error:
                log.warning("file %s stays in the store behind: %s", sha256, error)

    def remove_here(self, sha256: str) -> None:
        """Forget this machine's copy."""
        self.path(sha256).unlink(missing_ok=True)

    def digests(self, *, older_than: float) -> set[str]:
        """The files that are here since before a moment (modification time, seconds since the epoch)."""
        found = set()
        for file in self._root.glob("??/??/*"):
            try:
                if file.stat().st_mtime < older_than:
                    found.add(file.name)
            except FileNotFoundError:
                continue  # somebody removed it just now
        return found

    def sweep(self, older_than: float) -> int:
        """Remove unfinished files that a killed process left, by modification time (seconds since the epoch)."""
        removed = 0
        for file in self._tmp.glob("*") if self._tmp.is_dir() else ():
            try:
                if file.stat().st_mtime < older_than:
                    file.unlink()
                    removed += 1
            except FileNotFoundError:
                continue  # its writer was faster
        return removed


def _write(handle: int, chunks: Iterable[bytes], most_bytes: int) -> tuple[tuple[str, str, str], int]:
    """Write, hash and count the stream; it is on the disk when this returns (SHA-256, -384 and -512, bytes)."""
    sha256, sha384, sha512 = hashlib.sha256(), hashlib.sha384(), hashlib.sha512()
    size = 0
    with os.fdopen(handle, "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > most_bytes:
                raise StoreFullError(f"the file is larger than the {most_bytes} bytes that are left for it")
            for digest in (sha256, sha384, sha512):
                digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return (sha256.hexdigest(), sha384.hexdigest(), sha512.hexdigest()), size


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
