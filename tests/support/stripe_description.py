"""What Stripe's published description says of expansions, which stripe-mock itself does not check."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


class Description:
    """Stripe's OpenAPI, asked about one thing."""

    def __init__(self, spec: Schema) -> None:
        self._spec = spec

    def can_expand(self, method: str, path: str, expansion: str) -> bool:
        """Whether every word of an expansion, e.g. ``data.product``, is one that Stripe lets be expanded there."""
        operation = self._spec["paths"][path][method.lower()]
        schemas = list(self._meant(operation["responses"]["200"]["content"]["application/json"]["schema"]))
        for word in expansion.split("."):
            having = [each for each in schemas if word in each.get("x-expandableFields", ())]
            schemas = [found for each in having for found in self._meant(each["properties"][word])]
        return bool(schemas)

    def path_of(self, call: str) -> str:
        """The description's own spelling of a path in which ids are ``…``."""
        wanted = call.split("/")
        return next(
            path
            for path in self._spec["paths"]
            if [("…" if word.startswith("{") else word) for word in path.split("/")] == wanted
        )

    def _meant(self, schema: Schema) -> Iterator[Schema]:
        """The objects that a schema may stand for, through its references, its choices and its lists."""
        if "$ref" in schema:
            yield from self._meant(self._spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
            return
        choices = (*schema.get("anyOf", ()), *schema.get("x-expansionResources", {}).get("oneOf", ()))
        for choice in choices:
            yield from self._meant(choice)
        if "items" in schema:
            yield from self._meant(schema["items"])
        if "properties" in schema:
            yield schema
