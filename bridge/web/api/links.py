"""Which calls follow from an answer: the links of the description, found by the operations' addresses and models.

What was made or listed at an address can be asked for below it: ``POST license-keys`` leads to everything at
``license-keys/{id}``. Where a body names a thing by number, whatever makes such a thing leads there too.
"""

from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from bridge.web.api.catalogue import ALL, address
from bridge.web.api.operations import Level, Operation

# Fields of bodies that hold the number of a thing, and the address where such things are.
_NUMBERS = {"package_id": "license-packages"}


def links(operation: Operation, level: Level, name_of: Callable[[Operation, Level], str]) -> dict[str, Any]:
    """What follows from an operation's answer, by the name of the operation that follows."""
    found = {}
    for other in (each for each in ALL if level in each.levels):
        filled = _filled(operation, other, level)
        if filled is not None:
            name = name_of(other, level)
            found[name] = {"operationId": name, **filled}
    return found


def _filled(operation: Operation, other: Operation, level: Level) -> dict[str, Any] | None:
    """How the other's address and body are filled from the answer; None where it does not follow."""
    blanks, body = {}, {}
    if other.path.startswith(f"{operation.path}/{{"):
        new = [blank for blank in _blanks(other.path) if blank not in _blanks(operation.path)]
        # By its number only where one thing is named: of two, the answer must know each by name.
        names = ("id",) if len(new) == 1 else ()
        blanks = {blank: _pointer(operation.answer, blank, *names) for blank in new}
    elif other.method == "POST" and not _blanks(other.path):
        numbers = {name for name, path in _NUMBERS.items() if operation.path == path} & set(other.body.model_fields)
        body = {name: _pointer(operation.answer, "id") for name in numbers}
    if not (blanks or body) or None in {*blanks.values(), *body.values()}:
        return None
    parameters = {f"path.{blank}": f"$request.path.{blank}" for blank in _blanks(address(operation, level))}
    parameters |= {f"path.{blank}": str(pointer) for blank, pointer in blanks.items()}
    return {"parameters": parameters} | ({"requestBody": body} if body else {})


def _blanks(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _pointer(answer: Any, *names: str) -> str | None:
    """Where the answer holds a field of one of these names."""
    for where, model in _models(answer, ""):
        for name in names:
            if name in model.model_fields:
                return f"$response.body#{where}/{name}"
    return None


def _models(answer: Any, where: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """The model of an answer, then of the first item of each list in it, with the JSON pointers to them."""
    if get_origin(answer) is list:
        yield from _models(get_args(answer)[0], f"{where}/0")
    elif isinstance(answer, type) and issubclass(answer, BaseModel):
        yield where, answer
        for name, field in answer.model_fields.items():
            if get_origin(field.annotation) is list:
                yield from _models(field.annotation, f"{where}/{name}")
