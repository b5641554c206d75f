"""A Dolibarr module's ZIP: where its descriptor lies, and what it says. The PHP is lexed, never executed.

Source: Dolibarr 24 ``htdocs/admin/modules.php`` (action install) and ``DolibarrModules.class.php``.
"""

from __future__ import annotations

import re

from feeds.archive import Archive
from feeds.joomla_language import without_markup
from feeds.manifest_errors import BadManifest, DoubtfulManifest, NotAnExtension, TooLarge
from feeds.manifest_values import ExtensionManifest
from feeds.php_facts import PhpFacts, read_php
from feeds.php_literals import NotLiteralError, PhpValue, php_string
from feeds.php_tokens import PhpSyntaxError

_MODULES_MAX = 20
_VERSION_CHARS_MAX = 32
_DESCRIPTOR = re.compile(r"(?:htdocs/)?(?!htdocs/)([^/]+)/core/modules/(mod[^/]+)\.class\.php")
_MISPLACED = re.compile(r"(?:.*/)?core/modules/mod[^/]+\.class\.php")
_DIRECTORY = re.compile(r"[A-Za-z0-9_\-]+")
_VERSION = re.compile(r"v?[0-9][A-Za-z0-9_.+\-]*")
_WANTED = (
    "numero",
    "name",
    "rights_class",
    "description",
    "editor_name",
    "editor_url",
    "version",
    "url_last_version",
    "phpmin",
    "phpmax",
    "need_dolibarr_version",
    "max_dolibarr_version",
)


def read_dolibarr(archive: Archive) -> tuple[ExtensionManifest, ...]:
    """Read the modules of a ZIP, one for each ``<dir>/`` or ``htdocs/<dir>/`` with a descriptor; normally one.

    Raises NotAnExtension; DoubtfulManifest when a descriptor lies where Dolibarr would not find it; BadManifest.
    """
    found: dict[str, list[str]] = {}
    for path in archive.names:
        if match := _DESCRIPTOR.fullmatch(path):
            found.setdefault(match[1], []).append(path)
    if len(found) > _MODULES_MAX:
        raise TooLarge("modules", len(found), _MODULES_MAX, "The ZIP holds too many Dolibarr modules")
    if not found:
        misplaced = next((path for path in archive.names if _MISPLACED.fullmatch(path)), "")
        if misplaced:
            raise DoubtfulManifest(
                misplaced, "is not below <dir>/ or htdocs/<dir>/ at the top of the ZIP, where Dolibarr looks. Move it."
            )
        raise NotAnExtension("The ZIP holds no Dolibarr descriptor (<dir>/core/modules/mod….class.php).")
    return tuple(_read(archive, directory, paths) for directory, paths in sorted(found.items()))


def _read(archive: Archive, directory: str, paths: list[str]) -> ExtensionManifest:
    path = _main_descriptor(directory, paths)
    if not _DIRECTORY.fullmatch(directory):
        raise BadManifest(path, f"lies in {directory!r}. Name the directory by letters, digits, '_' and '-' only.")
    source = _decode(archive.read_text(path))
    try:
        facts = read_php(source, _WANTED)
    except PhpSyntaxError as error:
        raise BadManifest(path, f"is not sound PHP: {error}. Correct it.") from None
    class_name = _class_name(path)
    if class_name.lower() not in {name.lower() for name in facts.classes}:
        raise BadManifest(path, f"does not declare the class {class_name!r}, which Dolibarr loads from it.")
    version, version_notes = _version(archive, path, facts)
    numero = facts.values.get("numero")
    return ExtensionManifest(
        platform="dolibarr",
        type="module",
        element=directory,
        module=directory,
        version=version,
        name=without_markup(facts.text("name")),
        description=without_markup(facts.text("description")),
        author=without_markup(facts.text("editor_name")),
        author_url=facts.text("editor_url"),
        numero=_whole(numero),
        rights_class=facts.text("rights_class"),
        php_min=_joined(facts.values.get("phpmin")),
        php_max=_joined(facts.values.get("phpmax")),
        dolibarr_min=_joined(facts.values.get("need_dolibarr_version")),
        dolibarr_max=_joined(facts.values.get("max_dolibarr_version")),
        url_last_version=facts.sources.get("url_last_version", ""),
        manifest_path=path,
        notes=_notes(directory, paths, class_name, facts) + version_notes,
    )


def _main_descriptor(directory: str, paths: list[str]) -> str:
    """Of several descriptors in one directory, the one named like the directory; else the first."""
    named = (path for path in paths if _class_name(path).lower() == f"mod{directory.lower()}")
    return next(named, paths[0])


def _class_name(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(".class.php")


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("iso-8859-1")


def _version(archive: Archive, path: str, facts: PhpFacts) -> tuple[str, tuple[str, ...]]:
    """Give the stated version, else that of a VERSION file beside the module or at the top; else ``""``."""
    stated = facts.text("version")
    if _VERSION.fullmatch(stated) and len(stated) <= _VERSION_CHARS_MAX:
        if stated.startswith("v"):
            return stated, (f"The version {stated!r} begins with 'v'; Dolibarr takes any number for newer.",)
        return stated, ()
    home = path.partition("core/modules/")[0]
    for name in (f"{home}VERSION", "VERSION"):
        if name in archive:
            line = _decode(archive.read_text(name)).strip().partition("\n")[0].strip().removeprefix("v")
            if _VERSION.fullmatch(line) and len(line) <= _VERSION_CHARS_MAX:
                return line, (f"The version was read from {name!r}: the descriptor does not state it as a literal.",)
    return "", ("The descriptor does not state a version number as a literal, and the ZIP has no VERSION file.",)


def _whole(value: PhpValue) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _joined(value: PhpValue) -> str:
    """Write ``array(7, 1)`` as ``7.1``. A negative part means "from a pre-release on" and is left out with the rest."""
    parts = list(value.values()) if isinstance(value, dict) else [value]
    texts: list[str] = []
    for part in parts:
        try:
            text = php_string(part)
        except NotLiteralError:
            return ""
        if not re.fullmatch(r"[0-9]+(?:\.[0-9]+)*", text):
            break
        texts.append(text)
    return ".".join(texts)


def _notes(directory: str, paths: list[str], class_name: str, facts: PhpFacts) -> tuple[str, ...]:
    notes: list[str] = []
    if len(paths) > 1:
        notes.append(f"The directory {directory!r} holds {len(paths)} descriptors; {class_name!r} was read.")
    if class_name.lower() != f"mod{directory.lower()}":
        notes.append(f"The directory {directory!r} is not named like the class {class_name!r}.")
    if "url_last_version" not in facts.sources:
        notes.append("The descriptor has no url_last_version; Dolibarr cannot tell that there is a newer version.")
    return tuple(notes)
