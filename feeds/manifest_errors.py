"""Why a ZIP was refused: one class per reason, each a sentence for the publisher and a stable code for programs."""
# ruff: noqa: N818 - exceptions are named for what happened, and nothing here is caught without reading its name

from __future__ import annotations

from typing import ClassVar


class ManifestError(ValueError):
    """A ZIP that cannot be served; ``str()`` is a sentence that says what is wrong and what to do."""

    code: ClassVar[str] = "manifest_error"


class NotAZip(ManifestError):
    """The file is empty, or something else than a ZIP."""

    code = "not_a_zip"


class DamagedZip(ManifestError):
    """A ZIP that is truncated, contradicts itself, or is packed in a way the sites cannot unpack."""

    code = "damaged_zip"


class EncryptedZip(ManifestError):
    """A ZIP with a password: no site could install it."""

    code = "encrypted_zip"


class TooLarge(ManifestError):
    """A limit was exceeded: ``limit`` names the field of ``Limits``, ``found`` and ``allowed`` are its values."""

    code = "too_large"

    def __init__(self, limit: str, found: int, allowed: int, what: str) -> None:
        super().__init__(f"{what}: {found} where at most {allowed} is allowed (limit {limit}). Make the ZIP smaller.")
        self.limit = limit
        self.found = found
        self.allowed = allowed


class UnsafePath(ManifestError):
    """An entry that would leave the directory it is unpacked into, or is not a plain file or directory."""

    code = "unsafe_path"


class DuplicateEntry(ManifestError):
    """A file we have to read stands in the ZIP twice, so that two readers may see two different ones."""

    code = "duplicate_entry"


class NotAnExtension(ManifestError):
    """A sound ZIP that holds neither a Joomla manifest nor a Dolibarr descriptor."""

    code = "not_an_extension"


class BadManifest(ManifestError):
    """A manifest or descriptor that cannot be used; ``where`` is its path inside the ZIP."""

    code = "bad_manifest"

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what


class DoubtfulManifest(BadManifest):
    """A file that may be meant as a manifest, and may not: it counts only when the ZIP holds no good one."""
