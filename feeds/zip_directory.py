"""The table of contents of a ZIP, read in bounded memory and checked before anything is unpacked.

The standard library's ``zipfile`` builds an object per entry before anyone can count them, and trusts what it is told;
uploads come from strangers, so the directory is measured first and each line of it judged as it is read.
Format: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 to 4.3.16 (ends).
"""

from __future__ import annotations

import re
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from feeds.manifest_errors import DamagedZip, EncryptedZip, NotAZip, TooLarge, UnsafePath

LOCAL_HEADER = struct.Struct("<4s5H3L2H")
LOCAL_SIGNATURE = b"PK\x03\x04"
_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_SIGNATURE = b"PK\x06\x06"
_LOCATOR64_SIZE = 20
_ENTRY = struct.Struct("<4s6H3L5H2L")
_ENTRY_SIGNATURE = b"PK\x01\x02"
_COMMENT_MAX = 0xFFFF
_IN_ZIP64 = 0xFFFFFFFF
_FLAGS_ENCRYPTED = 0x1 | 0x40 | 0x2000
_FLAG_UTF8 = 0x800
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or directory of a ZIP. Sizes in bytes, as the directory states them; ``offset`` in the file."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class _End:
    """Where the directory lies: ``start`` in the file, ``shift`` = bytes that stand before the ZIP proper."""

    count: int
    size: int
    start: int
    shift: int


def read_directory(
    file: IO[bytes], *, entries: int, directory_bytes: int, path_chars: int
) -> tuple[tuple[Entry, ...], int]:
    """List the entries of a seekable file, in the directory's order, and tell the directory's length in bytes.

    Raises NotAZip, DamagedZip (also for entries that overlap), EncryptedZip, UnsafePath, or TooLarge when there are
    more entries, a longer directory or a longer path than allowed.
    """
    end = _find_end(file)
    if end.count > entries:
        raise TooLarge("entries", end.count, entries, "The ZIP holds too many files")
    if end.size > directory_bytes:
        raise TooLarge("directory_bytes", end.size, directory_bytes, "The ZIP's table of contents is too long")
    file.seek(end.start)
    table = file.read(end.size)
    if len(table) != end.size:
        raise DamagedZip("The ZIP ends inside its table of contents. Upload it again.")
    found: list[Entry] = []
    for entry in _walk(table, end.shift):
        if len(found) == entries:
            raise TooLarge("entries", entries + 1, entries, "The ZIP holds too many files")
        if len(entry.name) > path_chars:
            raise TooLarge("path_chars", len(entry.name), path_chars, f"The path {entry.name[:60]!r}… is too long")
        found.append(entry)
    if len(found) != end.count:
        raise DamagedZip(f"The ZIP promises {end.count} files and lists {len(found)}. Make it again.")
    _refuse_overlaps(found, end.start)
    return tuple(found), end.size


def _find_end(file: IO[bytes]) -> _End:
    length = file.seek(0, 2)
    if length == 0:
        raise NotAZip("The file is empty (0 bytes). Upload it again.")
    file.seek(0)
    looks_like_a_zip = file.read(4) in (LOCAL_SIGNATURE, _END_SIGNATURE)
    tail_start = max(0, length - _END.size - _COMMENT_MAX)
    file.seek(tail_start)
    tail = file.read(_END.size + _COMMENT_MAX)
    at = tail.rfind(_END_SIGNATURE)
    while at >= 0:
        if at + _END.size <= len(tail):
            record = _END.unpack_from(tail, at)
            # Exactly at the end: a signature inside the comment is none.
            if at + _END.size + record[7] == len(tail):
                return _judge_end(file, tail_start + at, record)
        at = tail.rfind(_END_SIGNATURE, 0, at)
    if looks_like_a_zip:
        raise DamagedZip("The ZIP has no end: it was cut off, or something was appended to it. Upload it again.")
    raise NotAZip("The file is not a ZIP. Upload the extension as a .zip.")


def _judge_end(file: IO[bytes], position: int, record: tuple[int, ...]) -> _End:
    _, disk, directory_disk, here, count, size, offset, _ = record
    if _COMMENT_MAX in (here, count) or _IN_ZIP64 in (size, offset):
        wide_at = position - _LOCATOR64_SIZE - _END64.size
        file.seek(max(0, wide_at))
        raw = file.read(_END64.size)
        if wide_at >= 0 and raw.startswith(_END64_SIGNATURE):
            _, _, _, _, disk, directory_disk, here, count, size, offset = _END64.unpack(raw)
            position = wide_at
    if disk or directory_disk or here != count:
        raise DamagedZip("The ZIP is one part of a split archive. Make it in one piece.")
    start = position - size
    shift = start - offset
    if start < 0 or shift < 0:
        raise DamagedZip("The ZIP's end points outside the file: it was cut off. Upload it again.")
    return _End(count, size, start, shift)


def _walk(table: bytes, shift: int) -> Iterator[Entry]:
    at = 0
    while at < len(table):
        if len(table) - at < _ENTRY.size or not table.startswith(_ENTRY_SIGNATURE, at):
            raise DamagedZip("The ZIP's table of contents is damaged. Make it again.")
        line = _ENTRY.unpack_from(table, at)
        _, _, _, flags, method, _, _, crc, packed, size, name_size, extra_size, comment_size, _, _, mode, offset = line
        at += _ENTRY.size
        name_bytes, extra = table[at : at + name_size], table[at + name_size : at + name_size + extra_size]
        at += name_size + extra_size + comment_size
        if at > len(table):
            raise DamagedZip("The ZIP's table of contents is damaged. Make it again.")
        if flags & _FLAGS_ENCRYPTED:
            raise EncryptedZip("The ZIP has a password; no site could install it. Make it without one.")
        size, packed, offset = _widen(extra, [size, packed, offset])
        name = _decode(name_bytes, flags)
        _refuse_unsafe(name, mode >> 16)
        yield Entry(name, method, crc, packed, size, offset + shift)


def _widen(extra: bytes, values: list[int]) -> list[int]:
    """Replace values that did not fit 32 bits by those of the ZIP64 extra field (APPNOTE 4.5.3)."""
    at = 0
    while _IN_ZIP64 in values and at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            wide = iter(struct.unpack_from(f"<{min(length, len(extra) - at - 4) // 8}Q", extra, at + 4))
            return [next(wide, value) if value == _IN_ZIP64 else value for value in values]
        at += 4 + length
    return values


def _decode(name: bytes, flags: int) -> str:
    try:
        return name.decode("utf-8" if flags & _FLAG_UTF8 else "cp437")
    except UnicodeDecodeError:
        raise DamagedZip(f"The file name {name[:60]!r} is not the UTF-8 it claims to be. Make the ZIP again.") from None


def _refuse_unsafe(name: str, mode: int) -> None:
    # A site may unpack on Windows, hence both slashes.
    parts = name.replace("\\", "/").split("/")
    shown = ascii(name[:80])
    if not name or "\0" in name:
        raise UnsafePath(f"The file name {shown} is empty or holds a NUL byte. Make the ZIP again.")
    if not parts[0] or _DRIVE.match(name):
        raise UnsafePath(f"The path {shown} is absolute. Use paths inside the extension only.")
    if ".." in parts:
        raise UnsafePath(f"The path {shown} leaves the directory it is unpacked into. Remove the '..'.")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UnsafePath(f"{shown} is a link or a device. Put plain files into the ZIP.")


def _refuse_overlaps(entries: list[Entry], directory_start: int) -> None:
    """No byte may serve two files: that is how a small ZIP unpacks to a huge one without nesting."""
    free_from = 0
    for entry in sorted(entries, key=lambda entry: entry.offset):
        if entry.offset < free_from:
            raise DamagedZip(f"The file {entry.name[:80]!a} overlaps another one in the ZIP. Make it again.")
        free_from = entry.offset + LOCAL_HEADER.size + entry.packed
    if free_from > directory_start:
        raise DamagedZip("The ZIP promises more bytes than it has: it was cut off. Upload it again.")
