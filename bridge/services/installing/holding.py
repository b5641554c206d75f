"""What a configuration already says, also one that is unfinished or has lost a secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from bridge.services.installing.files import Files
from bridge.settings.editing import Value, read_raw

TOKEN, SECRETS, CLIENT_SECRET, DATABASE = "gitea-token", "webhook-secrets", "oauth-client-secret", "database-url"
# The file of each secret, and which key holds it.
SECRET_FILES = {
    "gitea.token": TOKEN,
    "gitea.webhook_secrets": SECRETS,
    "oauth.client_secret": CLIENT_SECRET,
    "database.url": DATABASE,
}


@dataclass(frozen=True, slots=True)
class Held:
    """Keys as they stand in the file, and its secrets wherever they are kept; what is lost is empty."""

    files: Files
    raw: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)

    @classmethod
    def by(cls, files: Files) -> Self:
        """Read them. Raises ``SettingsError`` for a file that is no TOML or can't be read."""
        raw = read_raw(files.config)
        return cls(files, raw, {key: _secret(files, raw, key) for key in SECRET_FILES})

    @property
    def fresh(self) -> bool:
        """Whether there is no configuration yet."""
        return not self.raw

    def value(self, key: str) -> Any:
        """A key as it stands, or ``None``."""
        return _value(self.raw, key)

    def text(self, key: str) -> str:
        """A key that is a text, or nothing."""
        value = self.value(key)
        return value.rstrip("/") if isinstance(value, str) else ""

    @property
    def owners(self) -> tuple[str, ...]:
        """Who is served."""
        value = self.value("bridge.owners")
        return tuple(map(str, value)) if isinstance(value, list) else ()

    @property
    def hook_secret(self) -> str:
        """What webhooks are signed with: the first secret, where several are kept."""
        return (self.secrets["gitea.webhook_secrets"].split() or [""])[0]

    def secret_keys(self, key: str) -> dict[str, Value]:
        """What the configuration must say once the secret lies in a file of its own."""
        wanted: dict[str, Value] = {f"{key}_file": self.files.reference(SECRET_FILES[key])}
        if self.value(key) is not None:
            wanted[key] = None
        return {name: value for name, value in wanted.items() if self.value(name) != value}


def _value(raw: Mapping[str, Any], key: str) -> Any:
    section, _, name = key.partition(".")
    part = raw.get(section)
    return part.get(name) if isinstance(part, Mapping) else None


def _secret(files: Files, raw: Mapping[str, Any], key: str) -> str:
    stands = _value(raw, key)
    if isinstance(stands, list):
        return "\n".join(map(str, stands))
    if isinstance(stands, str):
        return stands
    named = _value(raw, f"{key}_file")
    if isinstance(named, str):
        return files.read_secret(files.config.parent / named)
    # Before the configuration is written, its secrets are: those of a run that ended in between are taken up again.
    return "" if raw else files.read_secret(files.secret(SECRET_FILES[key]))
