"""Requests as clients really send them."""

import time
from typing import Any

from flask import Request


class SiteRequest(Request):
    """A query with bytes that are no UTF-8 is read with marks in their place; the framework would fail over it.

    What the views find out about a request is noted on it, for the log: ``kind`` as it is counted, ``code`` of the
    decision or refusal, ``place`` (``owner/repo``, or the owner) once it is known to exist, the key's number.
    """

    kind = ""
    code = ""
    place = ""
    key_id = 0

    def __init__(self, environ: dict[str, Any], *args: Any, **options: Any) -> None:
        self.began = time.perf_counter()
        super().__init__(environ, *args, **options)
        if not self.query_string.isascii():
            self.query_string = self.query_string.decode("utf-8", "replace").encode()
