"""The files of an installation: written whole or not at all, and for nobody else to read."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import SettingsError
from bridge.services.installing.values import Record

_PRIVATE_FILE, _PRIVATE_DIRECTORY = 0o600, 0o700
_KEPT_DIGESTS = 4


@dataclass(frozen=True, slots=True)
class Files:
    """Where the configuration lies, and its secrets beside it."""

    config: Path

    @property
    def secrets(self) -> Path:
        """The directory of secrets: one for each configuration, also where two lie in one directory."""
        name = "secrets" if self.config.stem == "config" else f"secrets-{self.config.stem}"
        return self.config.parent / name

    @property
    def _record(self) -> Path:
        return self.secrets / "installed.json"

    def secret(self, name: str) -> Path:
        """The file of one secret."""
        return self.secrets / name

    def reference(self, name: str) -> str:
        """How the configuration names the file of a secret: from its own directory."""
        return f"{self.secrets.name}/{name}"

    def read_text(self) -> str:
        """The configuration as it is; empty where there is none."""
        try:
            return self.config.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def read_secret(self, path: Path) -> str:
        """A secret; empty where it was lost. Raises ``SettingsError`` where it can't be read."""
        try:
            return path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise SettingsError(f"{path}: {reason}; run this as the user that the bridge runs as") from None

    def write_config(self, text: str) -> None:
        """Put a new configuration in the old one's place, and remember that it was not written by hand."""
        record = self.record()
        # Remembered first: a run that ends between the two leaves the old file, which is remembered as well.
        digests = [*record.digests, _digest(text)][-_KEPT_DIGESTS:]
        self.write_record(Record(record.hooks, record.application_id, tuple(digests)))
        _replace(self.config, text)

    def write_secret(self, name: str, text: str) -> None:
        """Write one secret."""
        self.make_directories()
        _replace(self.secret(name), text.rstrip("\n") + "\n")

    def make_directories(self) -> None:
        """The directory of secrets, and that of the configuration where it is missing."""
        self.config.parent.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        self.secrets.mkdir(mode=_PRIVATE_DIRECTORY, exist_ok=True)
        self.secrets.chmod(_PRIVATE_DIRECTORY)

    def changed_by_hand(self) -> bool:
        """Whether the configuration is another than what was written here."""
        text = self.read_text()
        return bool(text) and _digest(text) not in self.record().digests

    def record(self) -> Record:
        """What was put into Gitea, and what was written. Empty where nothing is known."""
        try:
            data = json.loads(self._record.read_text(encoding="utf-8"))
            return Record.from_json(data)
        except (OSError, ValueError, KeyError, TypeError):
            return Record()

    def write_record(self, record: Record) -> None:
        """Remember."""
        self.make_directories()
        _replace(self._record, json.dumps(record.to_json(), indent=1) + "\n")

    def remove(self) -> list[Path]:
        """Delete the configuration and its secrets; returns what is gone. Foreign files in their directory stay."""
        names = ("gitea-token", "webhook-secrets", "oauth-client-secret", "database-url", self._record.name)
        return _removed([self.config, *(self.secret(name) for name in names)], self.secrets)


def _removed(paths: Iterable[Path], directory: Path) -> list[Path]:
    gone = []
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()
            gone.append(path)
    with suppress(OSError):  # something of somebody else is in it, or it was never there
        directory.rmdir()
    return gone


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _replace(path: Path, text: str) -> None:
    """Write beside the file, flush to the disk, and put it in its place at once."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), _PRIVATE_FILE)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; run this as a user who may write there") from None


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
