"""Asks over the public address as a stranger does: no token, no cookie, no redirect followed, and never for long."""

import json
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import HTTPError

CONNECT_SECONDS, ANSWER_SECONDS = 4.0, 8.0
_MOST_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class NoAnswerError(Exception):
    """Nobody answered; the message says in a few words why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. ``body`` as it came, not decompressed; ``begun_seconds`` is how long its first bytes took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    begun_seconds: float = 0.0
    took_seconds: float = 0.0

    def header(self, name: str) -> str:
        """A header in any case; empty when absent."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")

    def json(self) -> Any:
        """The body as JSON; ``None`` when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Visitor:
    """Sends requests; each on a connection of its own, as sites do. Safe to share among threads."""

    def ask(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> Reply:
        """Ask once. Raises ``NoAnswerError``."""
        sent = {"Accept-Encoding": "identity", "Accept": "*/*", "User-Agent": "gitea-license-bridge doctor"}
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.headers.clear()
                begun = time.monotonic()
                response = session.request(
                    method,
                    url,
                    headers={**sent, **(headers or {})},
                    timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                    allow_redirects=False,
                    stream=True,
                )
                with closing(response):
                    return _read(response, begun)
        except requests.exceptions.SSLError:
            raise NoAnswerError("its certificate is not trusted here") from None
        except requests.exceptions.ConnectTimeout:
            raise NoAnswerError("no connection in time") from None
        except (requests.exceptions.RequestException, HTTPError, OSError) as error:
            late = "timed out" in str(error).lower()
            raise NoAnswerError("no answer in time" if late else "no connection") from None


def _read(response: requests.Response, begun: float) -> Reply:
    body = bytearray()
    first = 0.0
    while chunk := response.raw.read(_CHUNK_BYTES, decode_content=False):
        first = first or time.monotonic() - begun
        body += chunk
        if len(body) > _MOST_BYTES:
            break
    took = time.monotonic() - begun
    return Reply(response.status_code, dict(response.headers), bytes(body), first or took, took)
