"""A ZIP from a stranger, read within limits: what is stated is checked first, what is unpacked is counted."""

from __future__ import annotations

import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from feeds.manifest_errors import DamagedZip, DuplicateEntry, TooLarge
from feeds.zip_directory import LOCAL_HEADER, LOCAL_SIGNATURE, Entry, read_directory

_CHUNK_BYTES = 64 * 1024
_SPOOL_BYTES = 4 * 1024 * 1024
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a stranger's ZIP we are willing to look at. Bytes unless the name says otherwise.

    Limits marked "in all" hold for the ZIP together with all ZIPs inside it.
    """

    entries: int = 20_000
    """Files, in all."""
    directory_bytes: int = 4 * 1024**2
    """Tables of contents, in all."""
    path_chars: int = 512
    total_bytes: int = 4 * 1024**3
    """Unpacked size of one ZIP, as its directory states it."""
    ratio: int = 200
    """Unpacked to packed bytes, of one ZIP and of each file that is read, once ``ratio_floor_bytes`` are exceeded."""
    ratio_floor_bytes: int = 1024**2
    text_bytes: int = 1024**2
    """One manifest, language file, script or descriptor."""
    texts_bytes: int = 8 * 1024**2
    """Manifests, language files, scripts and descriptors, in all."""
    nested_zip_bytes: int = 64 * 1024**2
    """One ZIP inside the ZIP, itself."""
    nested_zips_bytes: int = 256 * 1024**2
    """ZIPs inside the ZIP, in all."""
    depth: int = 2
    """Levels of parts: a package may hold a package that holds extensions."""
    parts: int = 200
    """Extensions inside packages, in all."""


@dataclass(slots=True)
class _Spent:
    """What has been used up of the limits that count in all; shared by a ZIP and the ZIPs inside it."""

    entries: int = 0
    directory_bytes: int = 0
    texts_bytes: int = 0
    nested_zips_bytes: int = 0
    parts: int = 0


class Archive:
    """A ZIP whose directory has been checked. Reads from ``file`` (seekable), which stays the caller's to close.

    Raises the errors of ``feeds.manifest_errors``, and nothing else but the file's own OSError.
    """

    def __init__(self, file: IO[bytes], limits: Limits, *, spent: _Spent | None = None) -> None:
        self.limits = limits
        self._file = file
        self._spent = spent or _Spent()
        entries, directory_bytes = read_directory(
            file,
            entries=limits.entries - self._spent.entries,
            directory_bytes=limits.directory_bytes - self._spent.directory_bytes,
            path_chars=limits.path_chars,
        )
        self._spent.entries += len(entries)
        self._spent.directory_bytes += directory_bytes
        self._refuse_bombs(entries)
        self._entries = {entry.name: entry for entry in entries}
        self._twice = _names_twice(entries)
        self.names = tuple(sorted(name for name in self._entries if not name.endswith("/")))
        """Paths of the files (not the directories), sorted by code point."""

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read_text(self, name: str) -> bytes:
        """Unpack one small file: a manifest, a language file, a script, a descriptor."""
        entry = self._entry(name)
        self._refuse_more("text_bytes", entry.size, self.limits.text_bytes, name)
        self._spend("texts_bytes", entry.size, name)
        return b"".join(self._unpacked(entry))

    def count_part(self, name: str, level: int) -> None:
        """Note that a part of a package will be read, ``level`` packages deep. Raises TooLarge."""
        self._refuse_more("depth", level, self.limits.depth, name)
        self._spend("parts", 1, name)

    @contextmanager
    def nested(self, name: str) -> Iterator[Archive]:
        """Open a ZIP inside this one; more than 4 MiB of it go through a temporary file."""
        entry = self._entry(name)
        self._refuse_more("nested_zip_bytes", entry.size, self.limits.nested_zip_bytes, name)
        self._spend("nested_zips_bytes", entry.size, name)
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as copy:
            for chunk in self._unpacked(entry):
                copy.write(chunk)
            yield Archive(copy, self.limits, spent=self._spent)

    def _entry(self, name: str) -> Entry:
        if name in self._twice:
            raise DuplicateEntry(f"{name!r} is in the ZIP twice. Make the ZIP again with one of them.")
        return self._entries[name]

    def _spend(self, limit: str, amount: int, name: str) -> None:
        spent = getattr(self._spent, limit) + amount
        self._refuse_more(limit, spent, getattr(self.limits, limit), name)
        setattr(self._spent, limit, spent)

    def _refuse_more(self, limit: str, found: int, allowed: int, name: str) -> None:
        if found > allowed:
            raise TooLarge(limit, found, allowed, f"{name!r} is too much")

    def _refuse_bombs(self, entries: tuple[Entry, ...]) -> None:
        size, packed = sum(entry.size for entry in entries), sum(entry.packed for entry in entries)
        if size > self.limits.total_bytes:
            raise TooLarge("total_bytes", size, self.limits.total_bytes, "The ZIP unpacks to too much")
        self._refuse_ratio(size, packed, "The ZIP")

    def _refuse_ratio(self, size: int, packed: int, what: str) -> None:
        if size > self.limits.ratio_floor_bytes and size > packed * self.limits.ratio:
            ratio = size // max(1, packed)
            raise TooLarge("ratio", ratio, self.limits.ratio, f"{what} unpacks to a suspicious multiple of its size")

    def _unpacked(self, entry: Entry) -> Iterator[bytes]:
        """Yield the bytes of an entry, and raise at the first that contradicts the directory."""
        self._refuse_ratio(entry.size, entry.packed, repr(entry.name))
        seen, crc = 0, 0
        for chunk in _inflate(self._packed(entry), entry):
            seen += len(chunk)
            crc = zlib.crc32(chunk, crc)
            if seen > entry.size:
                raise DamagedZip(f"{entry.name!r} unpacks to more than the ZIP states. Make the ZIP again.")
            yield chunk
        if seen != entry.size or crc != entry.crc:
            raise DamagedZip(f"{entry.name!r} is damaged: size or checksum is wrong. Upload the ZIP again.")

    def _packed(self, entry: Entry) -> Iterator[bytes]:
        self._file.seek(entry.offset)
        header = self._file.read(LOCAL_HEADER.size)
        if len(header) < LOCAL_HEADER.size or not header.startswith(LOCAL_SIGNATURE):
            raise DamagedZip(f"{entry.name!r} is not where the ZIP says. Upload the ZIP again.")
        name_size, extra_size = LOCAL_HEADER.unpack(header)[-2:]
        name = self._file.read(name_size)
        if entry.name not in (name.decode("utf-8", "replace"), name.decode("cp437")):
            raise DamagedZip(f"{entry.name!r} has another name inside the ZIP. Make the ZIP again.")
        position, left = entry.offset + LOCAL_HEADER.size + name_size + extra_size, entry.packed
        while left:
            # Another entry may have been read between two chunks.
            self._file.seek(position)
            chunk = self._file.read(min(_CHUNK_BYTES, left))
            if not chunk:
                raise DamagedZip(f"The ZIP ends inside {entry.name!r}. Upload it again.")
            position, left = position + len(chunk), left - len(chunk)
            yield chunk


def _names_twice(entries: tuple[Entry, ...]) -> frozenset[str]:
    times = Counter(entry.name for entry in entries)
    return frozenset(name for name, count in times.items() if count > 1)


def _inflate(chunks: Iterator[bytes], entry: Entry) -> Iterator[bytes]:
    """Unpack in pieces of at most 64 KiB, however much a piece of input would inflate to."""
    if entry.method == _STORED:
        yield from chunks
        return
    if entry.method != _DEFLATED:
        raise DamagedZip(
            f"{entry.name!r} is packed by method {entry.method}, which sites cannot unpack. Use the usual 'deflate'."
        )
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for chunk in chunks:
            waiting = chunk
            while waiting and not unpacker.eof:
                yield unpacker.decompress(waiting, _CHUNK_BYTES)
                waiting = unpacker.unconsumed_tail
        while not unpacker.eof and (rest := unpacker.decompress(b"", _CHUNK_BYTES)):
            yield rest
    except zlib.error as error:
        raise DamagedZip(f"{entry.name!r} is damaged ({error}). Upload the ZIP again.") from None
