"""What a ZIP says of itself: the public face of the manifest readers for Joomla and Dolibarr."""

from __future__ import annotations

from typing import IO

from feeds.archive import Archive, Limits
from feeds.dolibarr_descriptor import read_dolibarr
from feeds.joomla_manifest import read_joomla
from feeds.manifest_errors import (
    BadManifest,
    DamagedZip,
    DoubtfulManifest,
    DuplicateEntry,
    EncryptedZip,
    ManifestError,
    NotAnExtension,
    NotAZip,
    TooLarge,
    UnsafePath,
)
from feeds.manifest_values import ExtensionManifest

__all__ = [
    "BadManifest",
    "DamagedZip",
    "DuplicateEntry",
    "EncryptedZip",
    "ExtensionManifest",
    "Limits",
    "ManifestError",
    "NotAZip",
    "NotAnExtension",
    "TooLarge",
    "UnsafePath",
    "read_extension",
]

_LIMITS = Limits()


def read_extension(file: IO[bytes], *, limits: Limits = _LIMITS) -> tuple[ExtensionManifest, ...]:
    """Read all extensions a seekable ZIP installs: normally one, and one for each platform or Dolibarr module else.

    Nothing is unpacked to a named file and nothing executed; memory stays below 32 MiB whatever the file holds.
    Raises a ManifestError that says what is wrong; an OSError of the file itself passes through.
    """
    archive = Archive(file, limits)
    modules: tuple[ExtensionManifest, ...] = ()
    doubt: DoubtfulManifest | None = None
    try:
        modules = read_dolibarr(archive)
    except DoubtfulManifest as misplaced:
        doubt = misplaced
    except NotAnExtension:
        pass
    try:
        return (read_joomla(archive), *modules)
    except (NotAnExtension, DoubtfulManifest, TooLarge):
        if modules:
            return modules
        if doubt:
            raise doubt from None
        raise
