"""Backups: one file with the database and, on request, the copies of release files; and back again.

The file is a tar archive: ``manifest.json`` first, then ``database``, then the store's files under ``store/``.
"""

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from bridge.errors import ConflictError, RefusedError, UnavailableError
from bridge.storage import dumps, schema
from bridge.storage.engine import open_engine
from bridge.storage.files import FileStore

FORMAT = 1
_MANIFEST, _DATABASE, _STORE = "manifest.json", "database", "store/"
_MOST_MANIFEST = 64 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    made_at: str
    schema: str
    database: str  # "sqlite" or "postgresql"
    sha256: str  # of the member "database"
    store_files: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. ``kept``: where the database that was there went."""

    manifest: Manifest
    kept: Path | None
    store_files: int


def backup(
    url: str, store_dir: Path, target: Path, now: datetime, *, store: bool, progress: Callable[[str], None]
) -> Manifest:
    """Write a backup of the running installation. Raises ``ConflictError`` where the file exists, ``UnavailableError``.

    The file is there whole, or not at all. It is readable by its owner only: it holds every license key.
    """
    if target.exists():
        raise ConflictError(f"{target} exists already; name another file")
    files = sorted(store_dir.glob("??/??/*")) if store else []
    with _disk_errors(), _beside(target) as directory:
        progress("the database")
        dump = directory / _DATABASE
        dumps.dump(url, dump)
        manifest = Manifest(FORMAT, now.isoformat(), _schema(url), dumps.kind(url), _digest(dump), len(files))
        whole = directory / "backup"
        with whole.open("xb") as file:
            whole.chmod(0o600)
            with tarfile.open(fileobj=file, mode="w") as archive:
                _add_bytes(archive, _MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
                archive.add(dump, _DATABASE, filter=_nobodys)
                for number, each in enumerate(files, 1):
                    progress(f"file {number} of {len(files)}")
                    archive.add(each, _STORE + each.name, filter=_nobodys)
            file.flush()
            os.fsync(file.fileno())
        os.link(whole, target)  # fails where somebody else was faster
    return manifest


def restore(url: str, store_dir: Path, source: Path, now: datetime, *, over: bool) -> Restored:
    """Make database and store what a backup says. Nobody may be serving meanwhile.

    Raises ``RefusedError`` for what is no backup, is damaged or does not fit, or where there is something already and
    ``over`` was not said; then nothing was changed.
    """
    with _disk_errors(), _archive(source) as archive:
        manifest = _manifest(archive)
        _check_fits(manifest, url)
        if not over and not dumps.is_empty(url):
            raise RefusedError("there is a database already; say --over to put the backup in its place")
        with tempfile.TemporaryDirectory(dir=_existing(store_dir.parent)) as directory:
            dump = Path(directory) / _DATABASE
            _extract(archive, dump)
            if _digest(dump) != manifest.sha256:
                raise RefusedError("the backup is damaged: its database is not the one that was written")
            count = _restore_store(archive, FileStore(store_dir))
            kept = dumps.load(url, dump, over=over, aside=f"before-{now:%Y%m%d-%H%M%S}")
    return Restored(manifest, kept, count)


def _check_fits(manifest: Manifest, url: str) -> None:
    if manifest.database != dumps.kind(url):
        raise RefusedError(f"this is a backup of {manifest.database}, and database.url names {dumps.kind(url)}")
    if not schema.knows(manifest.schema):
        raise RefusedError("this backup is of a newer version of the bridge; install that one to restore it")


def _schema(url: str) -> str:
    engine = open_engine(url)
    try:
        revision = schema.current(engine)
    finally:
        engine.dispose()
    if revision is None:
        raise UnavailableError("the database is empty; there is nothing to back up")
    return revision


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A directory on the disk of the target, gone afterwards."""
    with tempfile.TemporaryDirectory(dir=_existing(target.absolute().parent), prefix=".backup-") as name:
        yield Path(name)


def _existing(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise ConflictError(f"{error.filename2 or error.filename} exists already; name another file") from None
    except OSError as error:
        raise UnavailableError(f"{error.filename or 'the disk'}: {error.strerror}") from error


@contextmanager
def _archive(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:") as archive:
            yield archive
    except tarfile.TarError:
        raise RefusedError(f"{source} is no backup of the bridge, or was cut off") from None


def _manifest(archive: tarfile.TarFile) -> Manifest:
    first = archive.next()
    content = archive.extractfile(first) if first is not None and first.name == _MANIFEST and first.isfile() else None
    try:
        found: dict[str, Any] = json.loads(content.read(_MOST_MANIFEST) if content is not None else b"")
        if found["format"] != FORMAT:
            raise RefusedError(f"this backup has the form {found['format']}, which this version does not know")
        return Manifest(**found)
    except (ValueError, TypeError, KeyError):
        raise RefusedError("that is no backup of the bridge: it does not begin with a manifest") from None


def _extract(archive: tarfile.TarFile, target: Path) -> None:
    member = archive.next()
    content = archive.extractfile(member) if member is not None and member.name == _DATABASE else None
    if content is None:
        raise RefusedError("the backup holds no database")
    with target.open("xb") as file:
        target.chmod(0o600)
        for chunk in _chunks(content):
            file.write(chunk)


def _restore_store(archive: tarfile.TarFile, store: FileStore) -> int:
    """Files of the store come back under what they really are: their names in the archive are not trusted."""
    count = 0
    while (member := archive.next()) is not None:
        content = archive.extractfile(member) if member.isfile() and member.name.startswith(_STORE) else None
        if content is not None:
            store.put(_chunks(content), most_bytes=member.size)
            count += 1
    return count


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    with tempfile.SpooledTemporaryFile() as file:
        file.write(content)
        file.seek(0)
        archive.addfile(info, file)


def _nobodys(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the names of this machine's users."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    while chunk := content.read(_CHUNK):
        yield chunk


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
