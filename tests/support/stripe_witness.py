"""Every request to a pretend Stripe shown to Stripe's own stripe-mock too; and every request that the bridge's code can send.

stripe-mock knows what Stripe's description allows, but no state; the pretend Stripe knows state, and takes anything.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from bridge import payments
from bridge.payments.pretend.loopback import Answer
from bridge.payments.pretend.stripe_api import PretendStripe
from bridge.payments.pretend.subscriptions import StripeWorld
from bridge.payments.stripe_objects import API_VERSION

# stripe-mock wants a key of this form, and knows none.
MOCK_KEY = "sk_test_123"
# What is newer than its description of Stripe: call, parameter, value; and why it is sent all the same.
NEWER = {
    ("POST /v1/webhook_endpoints", "api_version", API_VERSION): "the version that the client is pinned to, since its "
    "library reads that one; stripe-mock knows the versions up to its own",
}
_KEPT = ("Content-Type", "Stripe-Version", "Idempotency-Key")
_SENDING = {"post": "POST", "delete": "DELETE"}


@dataclass(frozen=True)
class Judged:
    """One request, and what stripe-mock said. ``call``: method and path, with ``…`` for ids.

    ``newer``: what it does not know yet, so that it was shown the request without that.
    """

    call: str
    target: str
    body: str
    status: int
    said: str
    newer: tuple[tuple[str, str, str], ...] = ()

    @property
    def expansions(self) -> list[str]:
        return [value for name, value in parse_qsl(urlsplit(self.target).query) if name.startswith("expand[")]


class Witness(PretendStripe):
    """Shows stripe-mock each request before it answers it itself."""

    def __init__(self, world: StripeWorld, key: str, mock_url: str) -> None:
        super().__init__(world, key)
        self.judged: list[Judged] = []
        self._mock_url = mock_url

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.judged.append(self.judge(method, target, headers, body.decode()))
        return super().answer(method, target, headers, body)

    def judge(self, method: str, target: str, headers: Mapping[str, str], body: str) -> Judged:
        """Ask stripe-mock, and the pretend Stripe not."""
        call = f"{method} {self._without_ids(urlsplit(target).path)}"
        passed = {name: headers[name] for name in _KEPT if name in headers} | {"Authorization": f"Bearer {MOCK_KEY}"}
        said = requests.request(method, self._mock_url + target, headers=passed, data=body, timeout=30)
        newer = [] if said.ok else [each for each in parse_qsl(body) if (call, *each) in NEWER]
        if newer:
            known = urlencode([each for each in parse_qsl(body) if each not in newer])
            said = requests.request(method, self._mock_url + target, headers=passed, data=known, timeout=30)
        message = "" if said.ok else str(said.json()["error"]["message"])
        return Judged(call, target, body, said.status_code, message, tuple((call, *each) for each in newer))

    def _without_ids(self, path: str) -> str:
        return "/".join("…" if part in self.world.things else part for part in path.split("/"))


def calls_in_code() -> set[str]:
    """The calls that the code names, in the words of `Judged.call`.

    A path counts as read wherever it stands, and as sent where it is handed to ``post`` or ``delete``.
    """
    found: set[str] = set()
    for file in Path(next(iter(payments.__path__))).glob("stripe*.py"):
        tree = ast.parse(file.read_text())
        sent = {id(path): method for path, method in _sent(tree)}
        inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            path = "" if id(node) in inner else _path(node)
            if path.startswith("/v"):
                found.add(f"{sent.get(id(node), 'GET')} {path}")
    return found


def _sent(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SENDING:
            yield from ((each, _SENDING[node.func.attr]) for each in node.args)


def _path(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""
