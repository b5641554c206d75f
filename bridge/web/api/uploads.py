"""Bodies that are files: kept on disk beyond a megabyte, with a digest that is made while they come in."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from flask import Request

from bridge.web.api.errors import ApiError

_IN_MEMORY = 1024 * 1024
_PIECE = 1 << 16
_CSV = frozenset({"text/csv", "application/csv"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent. ``digest``: its SHA-256."""

    file: IO[bytes]
    digest: str


@contextmanager
def taken(request: Request, most: int) -> Iterator[Upload]:
    """The body as a table of at most so many bytes, closed in the end. Raises ``ApiError``.

    A larger one is refused by the framework, whether it says its length or not.
    """
    if request.mimetype not in _CSV:
        raise ApiError("unsupported_media_type", "send the table as it is, with Content-Type: text/csv")
    request.max_content_length = most
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        while piece := request.stream.read(_PIECE):
            digest.update(piece)
            file.write(piece)
        yield Upload(file, digest.hexdigest())
