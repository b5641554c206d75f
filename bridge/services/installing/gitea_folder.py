"""Gitea's custom directory: our blocks in its templates and our script beside them, put in, compared, taken out."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import SettingsError
from bridge.services.installing import gitea_texts as texts
from bridge.services.installing.gitea_texts import Where

_FOR_ALL_TO_READ = 0o644


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not as it should be; ``text`` is what should be in it (``None``: no such file)."""

    path: Path
    text: str | None


@dataclass(frozen=True, slots=True)
class GiteaFolder:
    """Files keep their owner, mode and line ends; new ones belong to whom the directory belongs to."""

    root: Path

    def check(self) -> None:
        """Raise ``SettingsError`` where this is no directory."""
        if not self.root.is_dir():
            raise SettingsError(
                f"{self.root} is no directory; Gitea's custom directory is named under Site Administration,"
                " Configuration, as “Custom Root Path” (often /var/lib/gitea/custom)"
            )

    def missing(self, where: Where) -> list[Difference]:
        """What has to be written so that everything stands there. Raises ``SettingsError`` for what can't be read."""
        wanted: dict[str, str] = {texts.SCRIPT: texts.script()}
        for name, block in texts.blocks(where).items():
            for fault in texts.faults(block):  # an owner of a strange name
                raise SettingsError(f"{name} would keep Gitea from starting: {fault}")
            wanted[name] = texts.put(self._read(name) or "", block)
        return self._differences(wanted)

    def leftovers(self) -> list[Difference]:
        """What has to be written or deleted so that nothing of ours stands there."""
        wanted: dict[str, str | None] = {texts.SCRIPT: None}
        for name in texts.TEMPLATES:
            text = self._read(name)
            if text is not None and texts.blocks_in(text):
                wanted[name] = texts.take_out(text) or None
        return self._differences(wanted)

    def faults(self) -> Iterator[str]:
        """Where a block of ours would keep Gitea from starting, as sentences."""
        for name in texts.TEMPLATES:
            for block in texts.blocks_in(self._read(name) or ""):
                yield from (f"{self.root / name}: {fault}" for fault in texts.faults(block))

    def settle(self, difference: Difference) -> None:
        """Write or delete one file. Raises ``SettingsError`` where that is not allowed."""
        path = difference.path
        try:
            if difference.text is None:
                path.unlink(missing_ok=True)
                with suppress(OSError):  # something of somebody else is in it
                    path.parent.rmdir()
                return
            self._make_directories(path.parent)
            self._replace(path, difference.text)
        except OSError as error:
            raise SettingsError(
                f"{path}: {error.strerror}; run this as a user who may write there (often root, or Gitea's own)"
            ) from None

    def _differences(self, wanted: Mapping[str, str | None]) -> list[Difference]:
        return [Difference(self.root / name, text) for name, text in wanted.items() if self._read(name) != text]

    def _read(self, name: str) -> str | None:
        path = self.root / name
        try:
            text = path.read_bytes().decode("utf-8")  # line ends as they are
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise SettingsError(f"{path} is not UTF-8 text, so nothing was changed; mend or move it first") from None
        except OSError as error:
            raise SettingsError(f"{path}: {error.strerror}; run this as a user who may read it") from None
        if texts.is_torn(text):
            raise SettingsError(
                f"{path} has only one of the two marks around the bridge's part, so nobody can tell which lines are its"
                f" own; take out that mark and what belongs to it"
            )
        return text

    def _make_directories(self, directory: Path) -> None:
        for each in reversed([directory, *directory.parents]):
            if not each.exists():
                each.mkdir(mode=0o755)
                self._give_away(each)

    def _replace(self, path: Path, text: str) -> None:
        """Write beside the file and put it in its place at once: Gitea may start at any moment."""
        target = path.resolve()  # a link stays one
        kept = target.stat() if target.exists() else None
        if kept is not None and not os.access(target, os.W_OK):
            raise PermissionError(13, "it is read-only")
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), kept.st_mode & 0o7777 if kept else _FOR_ALL_TO_READ)
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            self._give_away(Path(name), kept)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _give_away(self, path: Path, like: os.stat_result | None = None) -> None:
        like = like or self.root.stat()
        with suppress(PermissionError):  # only root gives files away; for all others it is theirs
            os.chown(path, like.st_uid, like.st_gid)
