"""What is wrong with a configuration, in sentences that name the place, the key, the fault and a valid example.

No sentence repeats a value: it may be a secret that stands in the wrong line.
"""

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bridge.errors import SettingsError
from bridge.settings.schema import Settings

_PREFIX = "BRIDGE_"
# Keys whose default is empty, or no help to somebody who wrote something else.
_EXAMPLES: dict[str, Any] = {
    "gitea.url": "http://127.0.0.1:3000",
    "gitea.public_url": "https://git.example.com",
    "gitea.token": "0123456789abcdef0123456789abcdef01234567",
    "gitea.webhook_secrets": ["a long random text"],
    "gitea.hook_url": "http://127.0.0.1:8080",
    "bridge.public_url": "https://git.example.com",
    "bridge.owners": ["acme"],
    "bridge.key_prefix": "ACME",
    "oauth.client_id": "0f5d4ac2-6d31-4d4f-9d7c-1d5a3c1f6b20",
    "oauth.client_secret": "gto_and a long random text",
    "database.url": "postgresql://bridge@localhost/bridge",
    "web.metrics_bind": "127.0.0.1:9090",
    "web.metrics_token": "a long random text",
    "payments.key_file": "/etc/bridge/payments.key",
    "payments.stripe_url": "http://127.0.0.1:12111",
    "payments.paypal_url": "http://127.0.0.1:12112",
}
_WORDS = {
    "string_pattern_mismatch": "is not of the right form",
    "dict_type": "must be a section",
    "model_type": "must be a section",
    "model_attributes_type": "must be a section",
}


def explain(error: ValidationError, file: Path) -> str:
    """One line for each fault."""
    return "\n".join(_line(fault, file) for fault in error.errors(include_input=False, include_url=False))


def _line(fault: Any, file: Path) -> str:
    key = ".".join(str(part) for part in fault["loc"][:2])
    place = origin(key, file)
    section, _, name = key.partition(".")
    if fault["type"] == "extra_forbidden":
        kind = "key" if name else "section"
        return f"{place}: {key}: there is no such {kind}; config.example.toml lists them all{_closest(key)}"
    message = _WORDS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    if not key:  # two keys contradict each other; the message names them and an example
        return f"{place}: {message}"
    if not name:
        return f"{place}: {section}: {message}; a valid start is: [{section}]"
    return f"{place}: {key}: {message[:1].lower()}{message[1:]}; a valid line is: {_example(key, place)}"


def origin(key: str, file: Path) -> str:
    """Where a key was given: its environment variable goes before the file."""
    variable = _PREFIX + key.upper().replace(".", "_", 1)
    return f"environment variable {variable}" if variable in os.environ else str(file)


def refuse_misspelt_variables(names: Iterable[str]) -> None:
    """Raise ``SettingsError`` for a variable that almost names a section.

    Others that begin alike are left alone: container platforms set variables such as BRIDGE_PORT by themselves.
    """
    sections = list(Settings.model_fields)
    for variable in names:
        if not variable.startswith(_PREFIX):
            continue
        section, _, key = variable.removeprefix(_PREFIX).lower().partition("_")
        near = difflib.get_close_matches(section, sections, n=1, cutoff=0.75)
        if key and near and section not in sections:
            meant = f"{_PREFIX}{near[0].upper()}_{key.upper()}"
            raise SettingsError(
                f"environment variable {variable}: there is no section {section}; did you mean {meant}?"
            )


def section_as_variable(names: Iterable[str]) -> str:
    """What is wrong with a variable such as BRIDGE_GITEA, which names a section and no key."""
    for section in Settings.model_fields:
        variable = _PREFIX + section.upper()
        if variable in names:
            key = next(key for key in known_keys() if key.startswith(f"{section}."))
            example = _example(key, f"environment variable {_PREFIX}{key.upper().replace('.', '_')}")
            return f"environment variable {variable}: names no key, only a section; a valid line is: {example}"
    return "an environment variable that begins with BRIDGE_ can't be read; config.example.toml lists the keys"


def known_keys() -> dict[str, Any]:
    """Every key with its default."""
    return {
        f"{section}.{key}": field.get_default(call_default_factory=True)
        for section, holder in Settings.model_fields.items()
        for key, field in holder.annotation.model_fields.items()  # type: ignore[union-attr]
    }


def _closest(key: str) -> str:
    candidates = list(known_keys()) if "." in key else list(Settings.model_fields)
    near = difflib.get_close_matches(key, candidates, n=1)
    return f"; did you mean {near[0] if '.' in key else f'[{near[0]}]'}?" if near else ""


def _example(key: str, place: str) -> str:
    value = _EXAMPLES.get(key, known_keys().get(key))
    if place.startswith("environment"):
        plain = ",".join(map(str, value)) if isinstance(value, list) else value
        return f"{place.rpartition(' ')[2]}={str(plain).lower() if isinstance(value, bool) else plain}"
    name = key.partition(".")[2]
    if isinstance(value, bool):
        return f"{name} = {str(value).lower()}"
    if isinstance(value, list):
        return f"{name} = [{', '.join(_toml(each) for each in value)}]"
    return f"{name} = {_toml(value)}"


def _toml(value: Any) -> str:
    return str(value) if isinstance(value, int | float) else f'"{value}"'
