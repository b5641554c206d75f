"""The bytes of release assets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from gitea_client.calls import ANONYMOUS, Caller
from gitea_client.errors import BadAnswer, GiteaError, Unreachable
from gitea_client.transport import Request, chunks_of

_BYTES = {"Accept": "*/*", "Accept-Encoding": "identity"}
_ELSEWHERE = (302, 303, 307)


class AssetCalls(Caller):
    """The part of ``GiteaClient`` that downloads."""

    @contextmanager
    def asset_stream(self, uuid: str, *, expected_size: int | None = None) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Lend ``(size, chunks)`` of an asset, ``size`` in bytes.

        Reading all chunks either yields exactly ``size`` bytes or raises: ``BadAnswer`` when fewer or more came,
        ``Unreachable`` when they came too slowly. Pass the size that the release states: a page sent in place of the
        file (a proxy's, also with 200) is then refused. Object storage that Gitea redirects to gets no token.
        """
        request = _file_request(uuid)
        with self._transport.opened(request, self._token) as response:
            if response.status_code == HTTPStatus.OK:
                yield _measured(response, request, expected_size)
                return
            target = _storage_address(response, self._transport.base_url)
        with self._transport.opened_elsewhere(target, request) as response:
            yield _measured(response, request, expected_size)

    def asset_open_to_strangers(self, uuid: str) -> bool:
        """Whether Gitea hands the asset to somebody who is not signed in, asked as such a person."""
        request = _file_request(uuid, first_byte_only=True)
        with self._transport.opened(request, ANONYMOUS) as response:
            if response.status_code in _ELSEWHERE:
                return not _is_sign_in(response.headers.get("Location", ""))
            # 416: an empty file has no first byte to give, but would be given.
            return response.status_code in {200, 206, 416}


def _file_request(uuid: str, *, first_byte_only: bool = False) -> Request:
    path = ("attachments", uuid)
    if first_byte_only:
        headers = {**_BYTES, "Range": "bytes=0-0"}
        return Request(method="GET", path=path, headers=headers, ok={200, 206, 416, 401, 403, 404, *_ELSEWHERE})
    return Request(method="GET", path=path, headers=_BYTES, ok={200, *_ELSEWHERE})


def _storage_address(response: requests.Response, base_url: str) -> str:
    location = response.headers.get("Location", "")
    parts = urlsplit(location)
    to_storage = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    if not to_storage or _is_sign_in(location):
        raise BadAnswer("a redirect that is none to a file", status=response.status_code)
    if urlsplit(base_url).scheme == "https" and parts.scheme == "http":
        raise BadAnswer("a redirect from https to http", status=response.status_code)
    return location


def _is_sign_in(location: str) -> bool:
    return urlsplit(location).path.endswith("/user/login")


def _measured(response: requests.Response, request: Request, expected: int | None) -> tuple[int, Iterator[bytes]]:
    length = response.headers.get("Content-Length", "")
    if (
        not (length.isascii() and length.isdigit())
        or response.headers.get("Content-Encoding", "identity") != "identity"
    ):
        raise BadAnswer("a file without its length").at("GET", request.address)
    size = int(length)
    if expected is not None and size != expected:
        raise BadAnswer(f"a file of {size} bytes instead of {expected}").at("GET", request.address)
    return size, _exactly(size, response, request)


def _exactly(size: int, response: requests.Response, request: Request) -> Iterator[bytes]:
    seen = 0
    try:
        for chunk in chunks_of(response):
            seen += len(chunk)
            yield chunk
    except Unreachable as error:
        if not error.connection_failed:
            raise error.at("GET", request.address) from None
        # The connection ended early: what came so far is not the file.
        raise BadAnswer(f"a file cut off after {seen} of {size} bytes").at("GET", request.address) from None
    except GiteaError as error:
        raise error.at("GET", request.address) from None
    if seen != size:
        raise BadAnswer(f"a file of {seen} bytes instead of {size}").at("GET", request.address)
