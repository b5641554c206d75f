"""Secrets at rest: encrypted with a key that is not in the database, so that a dump of it gives nothing away.

The key file holds one Fernet key a line, the one in force first; the others still open what they closed. Once all
secrets are `rotated` and the old lines are gone (`bridge payments rotate-key`), a file that was stolen is worthless.
"""

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bridge.errors import SettingsError


class Vault:
    """Closes and opens secrets. The file is read when it is first needed, and made where there is none."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ring: MultiFernet | None = None

    def close_up(self, secret: str) -> str:
        """Encrypt; "" stays "", which is no secret."""
        return self._open_ring().encrypt(secret.encode()).decode() if secret else ""

    def open_up(self, closed: str) -> str:
        """Decrypt. Raises ``SettingsError`` where the key file is another than the one that it was closed with."""
        if not closed:
            return ""
        try:
            return self._decrypted(closed)
        except InvalidToken:
            raise SettingsError(
                f"payments.key_file: {self._file} does not open the secrets in the database; put back the file that was"
                " there when they were stored (a backup holds the database only), or connect the accounts again"
            ) from None

    def _decrypted(self, closed: str) -> str:
        """With the keys as they were read; they may have been renewed since."""
        try:
            return self._open_ring().decrypt(closed.encode()).decode()
        except InvalidToken:
            self._ring = None
            return self._open_ring().decrypt(closed.encode()).decode()

    def rotated(self, closed: str) -> str:
        """The same secret, closed with the key in force."""
        return self._open_ring().rotate(closed.encode()).decode() if closed else ""

    def add_key(self) -> None:
        """Put a new key in force; what the earlier ones closed is still opened."""
        self._write([Fernet.generate_key().decode(), *self._read()])
        self._ring = None

    def drop_old_keys(self) -> None:
        """Forget all keys but the one in force."""
        self._write(self._read()[:1])
        self._ring = None

    def _open_ring(self) -> MultiFernet:
        if self._ring is None:
            if not self._file.exists():
                self._make()
            try:
                self._ring = MultiFernet([Fernet(line) for line in self._read()])
            except ValueError:
                raise SettingsError(
                    f"payments.key_file: {self._file} is not a key file: one Fernet key a line; remove it to have a new"
                    " one made, and connect the accounts again"
                ) from None
        return self._ring

    def _read(self) -> list[str]:
        try:
            return self._file.read_text(encoding="ascii").split()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not a key file"
            raise SettingsError(
                f"payments.key_file: {self._file}: {reason}; the bridge's user needs to read it"
            ) from None

    def _make(self) -> None:
        """Two processes may come here at once: the link decides whose key it is, and both read that one."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._fresh_file([Fernet.generate_key().decode()])
        with contextlib.suppress(FileExistsError):
            os.link(fresh, self._file)
        fresh.unlink()

    def _write(self, keys: Sequence[str]) -> None:
        self._fresh_file(keys).replace(self._file)

    def _fresh_file(self, keys: Sequence[str]) -> Path:
        """A file of this content, beside the real one, for its owner's eyes only."""
        number, name = tempfile.mkstemp(dir=self._file.parent, prefix=f".{self._file.name}.")
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write("".join(f"{key}\n" for key in keys))
            file.flush()
            os.fsync(number)
        return Path(name)
