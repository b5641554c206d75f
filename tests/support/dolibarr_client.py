"""A small Dolibarr 24: what it makes of an answer to its version check, and which ZIP files it agrees to deploy."""

import re
from collections.abc import Iterable

from support.php_versions import version_compare

_LONGEST_VERSION_BYTES = 29


def filter_version(status: int, body: bytes) -> str | None:
    """Return the version the client reads ("" for none), or None when it reports a failed check.

    ``status`` is taken and not looked at, exactly as the client does it.
    """
    if len(body) > _LONGEST_VERSION_BYTES:
        return None
    return re.sub(r"[^a-zA-Z0-9_.-]", "", body.decode("utf-8", "replace"))


def offers_update(status: int, body: bytes, installed: str) -> bool:
    """Say whether the modules page would announce an update."""
    version = filter_version(status, body)
    return version is not None and version_compare(version, installed) > 0


def deployable(filename: str, zip_names: Iterable[str]) -> str | None:
    """Return the directory the upload form would install from this ZIP, or None when it refuses."""
    name = re.sub(r"\s*\(\d+\)\.zip$", ".zip", filename, flags=re.IGNORECASE)
    if not re.search(r"^(module[a-zA-Z0-9]*_|theme_|).*\-([0-9][0-9\.]*)(\s\(\d+\)\s)?\.zip$", name, re.IGNORECASE):
        return None
    module = re.sub(r"\-[0-9][0-9.]*\.zip$", "", re.sub(r"^module_", "", name), flags=re.IGNORECASE)
    inside = tuple(zip_names)
    wanted = (f"{module}/", f"htdocs/{module}/")
    return module if any(path.startswith(wanted) for path in inside) else None
