"""The API described as OpenAPI 3.1, made from the operations themselves."""

from importlib.metadata import version
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bridge.rules.references import REFERENCE
from bridge.web.api.catalogue import ALL, address
from bridge.web.api.fields import NoBody, Refusal
from bridge.web.api.links import links
from bridge.web.api.operations import Level, Operation
from bridge.web.api.reading import MOST_ID

_REF = "#/components/schemas/{model}"
_OF: dict[Level, str] = {"repos": "repo", "orgs": "org", "users": "user"}
_NAMES = {
    "owner": "The owner's name in Gitea",
    "repo": "The repo's name in Gitea",
    "id": "Its number",
    "site": "The site's number",
    "source": "Where it was sold, as stated with the purchase",
    "ref": "The purchase's reference there",
}
_ALWAYS = (400, 404, 405, 422, 500, 503)
_WITH_TOKEN = (401, 403, 429)
_WITH_BODY = (409, 413, 415)
_MEANINGS = {
    400: "A token stood in the query",
    401: "No token, or one that nobody knows, or that is over",
    403: "Known, but not allowed; or the token lacks a scope",
    404: "Not there, or hidden from this token",
    405: "The address answers other methods",
    409: "The state of things forbids it",
    412: "Changed since it was read",
    413: "More than 1 MiB, or 64 MiB of a table",
    415: "Not JSON, or not CSV where that is asked for",
    422: "A field is wrong",
    429: "Too often; see Retry-After",
    500: "Our fault",
    503: "Gitea or the database is away; try again in a minute",
}
_DONE = {200: "Done", 201: "Made", 202: "Taken on; it is done in a moment", 204: "Gone"}
_AGAIN = "It was there already, and is as it was"


def description(server: str = "/") -> dict[str, Any]:
    """The whole description. ``server``: the public address of the bridge."""
    schemas = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for operation in ALL:
        for level in operation.levels:
            at = paths.setdefault(address(operation, level), {})
            at[operation.method.lower()] = _operation(operation, level)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gitea License Bridge",
            "version": version("gitea-license-bridge"),
            "description": (
                "Packages, license keys, purchases, customers, numbers and settings, for people's Gitea tokens and"
                " tokens of machines. See docs/api.md."
            ),
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": schemas, "responses": _refusals(), "securitySchemes": _security()},
    }


def _schemas() -> dict[str, Any]:
    """Every model once: what is taken as it is checked, what is given as it is written."""
    wanted: dict[type[BaseModel], JsonSchemaMode] = {Refusal: "serialization"}
    for operation in ALL:
        if operation.body is not NoBody:
            wanted[operation.body] = "validation"
        for model in (_model(operation.answer), operation.refusal):
            if model is not None:
                wanted[model] = "serialization"
    _, found = models_json_schema(list(wanted.items()), ref_template=_REF)
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _model(answer: Any) -> type[BaseModel] | None:
    if answer is None:
        return None
    inner = answer.__args__[0] if hasattr(answer, "__args__") else answer
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _operation(operation: Operation, level: Level) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": _name(operation, level),
        "summary": operation.summary,
        "tags": [operation.path.split("/")[0]],
        "parameters": [*_path_parameters(operation, level), *_query_parameters(operation), *_headers(operation)],
        "responses": _responses(operation),
    }
    following = links(operation, level, _name)
    if following:
        made["responses"][str(operation.status)]["links"] = following
    if operation.body is not NoBody:
        schema = {"$ref": _REF.format(model=operation.body.__name__)}
        required = any(field.is_required() for field in operation.body.model_fields.values())
        made["requestBody"] = {"required": required, "content": {"application/json": {"schema": schema}}}
    if operation.upload:
        made["requestBody"] = {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
    if operation.public:
        made["security"] = []
    else:
        made["security"] = [{name: []} for name in _security()] + ([{}] if operation.by_code else [])
    return made


def _name(operation: Operation, level: Level) -> str:
    return f"{_OF[level]}_{operation.name}"


def _path_parameters(operation: Operation, level: Level) -> list[dict[str, Any]]:
    blanks = [part[1:-1] for part in address(operation, level).split("/") if part.startswith("{")]
    number = {"type": "integer", "minimum": 1, "maximum": MOST_ID}
    name = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$"}
    reference = {"type": "string", "pattern": f"^{REFERENCE}$"}
    schemas = {"owner": name, "repo": name}
    return [
        {
            "name": blank,
            "in": "path",
            "required": True,
            "description": _NAMES[blank],
            "schema": schemas.get(blank, reference if blank in operation.texts else number),
        }
        for blank in blanks
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    schema = operation.query.model_json_schema(ref_template=_REF)
    parameters = []
    for name, field in schema.get("properties", {}).items():
        plain = {key: value for key, value in _not_null(field).items() if key not in {"title", "description"}}
        words = {"description": field["description"]} if "description" in field else {}
        parameters.append({"name": name, "in": "query", "required": False, **words, "schema": plain})
    return parameters


def _not_null(field: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is not stated is left out; no text of a query means ``null``."""
    kinds = [each for each in field.get("anyOf", []) if each != {"type": "null"}]
    rest = {key: value for key, value in field.items() if key != "anyOf" and (key, value) != ("default", None)}
    return rest | kinds[0] if kinds else rest


def _headers(operation: Operation) -> list[dict[str, Any]]:
    if operation.method != "PATCH":
        return []
    words = "The ETag of what you have seen; if it was changed since, the answer is 412"
    return [{"name": "If-Match", "in": "header", "required": False, "description": words, "schema": {"type": "string"}}]


def _responses(operation: Operation) -> dict[str, Any]:
    done: dict[str, Any] = {"description": _DONE[operation.status]}
    if operation.answer is str:
        done["content"] = {"text/csv": {"schema": {"type": "string"}}}
    elif operation.answer is not None:
        schema = TypeAdapter(operation.answer).json_schema(mode="serialization", ref_template=_REF)
        schema = {key: value for key, value in schema.items() if key in {"type", "items"}}
        reference = {"$ref": _REF.format(model=operation.answer.__name__)} if schema.get("type") != "array" else schema
        done["content"] = {"application/json": {"schema": reference}}
    headers = _answer_headers(operation)
    if headers:
        done["headers"] = headers
    statuses = [*_ALWAYS, 429]
    if not operation.public:
        statuses += _WITH_TOKEN
    if operation.method != "GET":
        statuses += _WITH_BODY
    if operation.method == "PATCH":
        statuses.append(412)
    refusals: dict[str, Any] = {str(each): {"$ref": f"#/components/responses/{each}"} for each in sorted(set(statuses))}
    if operation.refusal is not None:
        schema = {"$ref": _REF.format(model=operation.refusal.__name__)}
        refusals["422"] = {"description": _MEANINGS[422], "content": {"application/json": {"schema": schema}}}
    also = {} if operation.also is None else {str(operation.also): done | {"description": _AGAIN}}
    return {**also, str(operation.status): done, **refusals}


def _refusals() -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": _REF.format(model="Refusal")}}}
    return {str(status): {"description": words, "content": content} for status, words in _MEANINGS.items()}


def _answer_headers(operation: Operation) -> dict[str, Any]:
    if "page" in operation.query.model_fields:
        total = {"description": "How many there are on all pages", "schema": {"type": "integer"}}
        return {"X-Total-Count": total, "Link": {"description": "The other pages", "schema": {"type": "string"}}}
    return {}


def _security() -> dict[str, Any]:
    words = "An access token of Gitea, or a machine token of ours"
    return {
        "bearer": {"type": "http", "scheme": "bearer", "description": words},
        "token": {"type": "apiKey", "in": "header", "name": "Authorization", "description": f"{words}, after “token ”"},
        "basic": {"type": "http", "scheme": "basic", "description": f"{words} as the password; never a password"},
    }
