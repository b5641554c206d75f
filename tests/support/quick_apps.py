"""Applications in a fraction of the time: tests build thousands of them, with the same few hundred addresses."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

_compile: Any = Rule._compile_builder


def remember_builders() -> None:
    """Let what builds a rule's address be compiled once in a process.

    Werkzeug compiles it for each rule of each application, which takes longer than everything else about them. It
    depends on the rule's own words only, unless there are defaults.
    """
    known: dict[tuple[object, ...], Callable[..., Any]] = {}

    def compiled(rule: Any, append_unknown: bool = True) -> Callable[..., Any]:
        if rule.defaults:
            built: Callable[..., Any] = _compile(rule, append_unknown)
            return built
        words = (rule.rule, tuple(rule._trace), append_unknown)
        if words not in known:
            known[words] = _compile(rule, append_unknown)
        return known[words]

    Rule._compile_builder = compiled  # type: ignore[method-assign]
