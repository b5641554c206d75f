"""What every part of the client needs: one call, one value, one list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from gitea_client.answers import Answer
from gitea_client.errors import BadAnswer, TooManyPages
from gitea_client.levels import sudo_name
from gitea_client.shapes import list_of, object_of
from gitea_client.transport import API, Request, Token, Transport

Value = TypeVar("Value")
PAGE_SIZE = 50
MAX_PAGES = 200
ANONYMOUS = Token(None)


class Caller:
    """Asks Gitea's API with one token through a transport that may be shared."""

    _transport: Transport
    _token: Token
    _acting_as: str | None = None

    def _call(
        self,
        method: str,
        *path: str,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        ok: Collection[int] = (200,),
        as_user: str | None = None,
        anonymous: bool = False,
    ) -> Answer:
        """Ask below ``/api/v1``. ``as_user`` acts as that person, which only a site admin's token may."""
        login = None if anonymous else as_user if as_user is not None else self._acting_as
        headers = {} if login is None else {"Sudo": sudo_name(login)}
        request = Request(
            method=method, path=(*API, *path), params=params or {}, json=json, ok=frozenset(ok), headers=headers
        )
        return self._transport.ask(request, ANONYMOUS if anonymous else self._token)

    def _ask_page(self, method: str, *path: str) -> Answer:
        """Ask one of the few pages outside the API that answer with JSON."""
        if self._acting_as is not None:
            raise ValueError("only the API knows Sudo: a page would answer with the site admin's own rights")
        return self._transport.ask(Request(method=method, path=path), self._token)

    def _value(self, read: Callable[[Any], Value], *path: str, as_user: str | None = None) -> Value:
        """GET one object."""
        answer = self._call("GET", *path, as_user=as_user)
        with _located("GET", path):
            return read(answer.json())

    def _list(
        self,
        read: Callable[[Any], Value],
        *path: str,
        params: Mapping[str, Any] | None = None,
        as_user: str | None = None,
        identity: str = "id",
        inside: str | None = None,
    ) -> tuple[Value, ...]:
        """GET all pages of a list, each item once, told apart by its field ``identity``.

        ``inside`` names the field that holds the list, where the answer is an object.
        """
        pages = (
            self._call("GET", *path, params={**(params or {}), "limit": PAGE_SIZE, "page": page}, as_user=as_user)
            for page in range(1, MAX_PAGES + 1)
        )
        with _located("GET", path):
            return tuple(read(item) for item in _items(pages, identity, inside))


def _items(pages: Iterator[Answer], identity: str, inside: str | None) -> Iterator[Any]:
    # A server may cap pages below what was asked for, so "fewer than 50" is no end. The end is the total where Gitea
    # tells it, else a page shorter than the first. Some lists ignore ``page`` and repeat: nothing new is the end too.
    seen: set[Hashable] = set()
    first_size: int | None = None
    for answer in pages:
        data = answer.json()
        items = list_of(object_of(data, "a page").get(inside) if inside else data, "items")
        fresh = [item for item in items if _key(item, identity) not in seen]
        seen.update(_key(item, identity) for item in fresh)
        yield from {_key(item, identity): item for item in fresh}.values()
        first_size = len(items) if first_size is None else first_size
        if not fresh or (answer.total is not None and len(seen) >= answer.total):
            return
        if answer.total is None and len(items) < first_size:
            return
    raise TooManyPages(f"the list did not end within {MAX_PAGES} pages")


def _key(item: Any, identity: str) -> Hashable:
    value = object_of(item, "an item").get(identity)
    if not isinstance(value, (int, str)):
        raise BadAnswer(f"an item without {identity!r}")
    return value


class _located:  # noqa: N801 -- reads as the verb it is in a with statement
    """Tell a ``BadAnswer`` or ``TooManyPages`` raised inside which request it belongs to."""

    def __init__(self, method: str, path: Sequence[str]) -> None:
        self._where = (method, "/" + "/".join((*API, *path)))

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (BadAnswer, TooManyPages)):
            error.at(*self._where)
