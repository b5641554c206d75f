"""Requests as clients really send them."""

from typing import Any

from flask import Request


class SiteRequest(Request):
    """A query with bytes that are no UTF-8 is read with marks in their place; the framework would fail over it."""

    def __init__(self, environ: dict[str, Any], *args: Any, **options: Any) -> None:
        super().__init__(environ, *args, **options)
        if not self.query_string.isascii():
            self.query_string = self.query_string.decode("utf-8", "replace").encode()
