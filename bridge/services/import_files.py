"""A file with a table: its encoding, its separator, its header line, and its rows one after the other.

Whatever can't be read for sure is refused with a sentence instead of being guessed; memory does not grow with the file.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from bridge.errors import InvalidInputError
from bridge.rules.imports.forms import FORMS, BadHeader, Header, recognised

MOST_ROWS = 250_000
# A key may have 1,000 domains of 253 letters in one cell.
MOST_CELL = 300_000
_MOST_LINE = 1024 * 1024
_CHUNK = 1024 * 1024
_SEPARATORS = (",", ";", "\t")
_STATED_SEPARATOR = re.compile(r'"?sep=([,;\t])"?', re.IGNORECASE)
_BINARY = {
    b"PK\x03\x04": "a ZIP archive, or a table of Excel or LibreOffice",
    b"\xd0\xcf\x11\xe0": "a table of an old Excel",
    b"\x1f\x8b": "compressed with gzip",
    b"%PDF": "a PDF",
}
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# What nobody states: Western European, as spreadsheets on Windows write it, with Latin-1 within it.
_FALLBACK = "cp1252"

csv.field_size_limit(MOST_CELL)


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it stands in the file: the line it begins in, and its cells."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose header line was understood."""

    file: BinaryIO
    encoding: str
    separator: str
    header: Header
    size: int

    def records(self) -> Iterator[Record]:
        """Its rows from the first to the last, without empty ones. Raises ``InvalidInputError``."""
        found = _records(self.file, self.encoding, self.separator)
        for record in found:
            if not _STATED_SEPARATOR.fullmatch(self.separator.join(record.cells)):
                break  # that was the header line
        for number, record in enumerate(found):
            if number >= MOST_ROWS:
                raise _bad(f"the file has more than {MOST_ROWS:,} rows; split it")
            yield record

    def is_header(self, record: Record) -> bool:
        """Whether it is the header line once more, as in files that were put together."""
        return tuple(" ".join(cell.split()) for cell in record.cells) == self.header.names

    def read_so_far(self) -> int:
        """How many bytes were read."""
        return self.file.tell()


def open_table(file: BinaryIO, wanted: str = "auto") -> Table:
    """Read what the file is. Raises ``InvalidInputError`` for what is no table, or none that is known.

    ``wanted``: ``ours``, ``akeeba``, ``edd``, or ``auto`` by the header line.
    """
    size = file.seek(0, io.SEEK_END)
    if not size:
        raise _bad("the file is empty")
    encoding = _encoding(file)
    tried = [_first_record(file, encoding, separator) for separator in _SEPARATORS]
    # The one that parts the header line into most columns is the one that it was written with.
    best = max(range(len(tried)), key=lambda at: len(tried[at].cells))
    try:
        header = recognised(tried[best].cells, wanted)
    except BadHeader as error:
        raise _bad(f"line {tried[best].line}: {error}") from None
    if header is None:
        known = "; ".join(", ".join(column.name for column in form.columns[:4]) + ", …" for form in reversed(FORMS))
        raise _bad(f"line {tried[best].line}: no known table has that header line; known ones begin with {known}")
    return Table(file, encoding, _SEPARATORS[best], header, size)


def _first_record(file: BinaryIO, encoding: str, separator: str) -> Record:
    for record in _records(file, encoding, separator):
        if not _STATED_SEPARATOR.fullmatch(separator.join(record.cells)):
            return record
    raise _bad("the file has no rows")


def _records(file: BinaryIO, encoding: str, separator: str) -> Iterator[Record]:
    reader = csv.reader(_lines(file, encoding), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _bad(f"line {line}: {_in_words(str(error))}") from None
        if any(map(str.strip, cells)):
            yield Record(line, cells)


def _lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        while piece := text.readline(_MOST_LINE):
            if len(piece) == _MOST_LINE:
                raise _bad("a line of the file is longer than 1 MiB; a line break or a quotation mark may be missing")
            yield piece
    finally:
        if not file.closed:
            text.detach()  # or the file would be closed with it


def _in_words(error: str) -> str:
    if "field limit" in error:
        return f"a cell is longer than {MOST_CELL:,} characters; a quotation mark may be missing"
    if "unexpected end" in error:
        return "a quotation mark is opened here and never closed"
    if "expected after" in error:
        return "there is text behind a closing quotation mark; inside a cell, write each mark twice"
    return error


def _encoding(file: BinaryIO) -> str:
    """The encoding: by its mark, else UTF-8 where all of it is, else Western European. Nothing binary passes."""
    file.seek(0)
    start = file.read(4096)
    for magic, words in _BINARY.items():
        if start.startswith(magic):
            raise _bad(f"the file is {words}; save it as CSV and send that")
    marked = next((name for mark, name in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), None)
    if marked is None and b"\0" in start:
        # ASCII letters in UTF-16 have every other byte empty; which one tells the order.
        first, second = (start[at::2].count(0) * 4 > len(start) for at in (0, 1))
        marked = {(False, True): "utf-16-le", (True, False): "utf-16-be"}.get((first, second))
    if marked is not None:
        if not _decodes(file, marked):
            raise _bad(f"the file begins like text in {marked.upper()}, but is not; save it as CSV in UTF-8")
        return marked
    for encoding in ("utf-8", _FALLBACK):
        if _decodes(file, encoding):
            return encoding
    raise _bad("the file is text neither in UTF-8 nor in Latin-1; save it as CSV in UTF-8")


def _decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK):
            if "\0" in decoder.decode(chunk):
                raise _bad("the file holds NUL characters, so it is no table in text; save it as CSV in UTF-8")
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _bad(sentence: str) -> InvalidInputError:
    return InvalidInputError("file", sentence)
