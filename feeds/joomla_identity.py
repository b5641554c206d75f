"""Under which identity Joomla installs an extension: the row of ``#__extensions`` that an update must match.

Source: ``getElement`` of each class in Joomla 5.3 ``libraries/src/Installer/Adapter``, and ``InstallerAdapter``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from feeds.manifest_errors import BadManifest
from feeds.manifest_xml import Element

# Widths of the columns that the site stores them in: #__extensions and #__updates.
_ELEMENT_CHARS_MAX = 100
_FOLDER_CHARS_MAX = 20
_NOT_COMMAND = re.compile(r"[^A-Za-z0-9_.\-]")
_CLIENTS = ("site", "administrator", "api")


@dataclass(frozen=True, slots=True)
class Identity:
    """What, together, names one extension on a site. ``folder`` is a plugin's group, ``""`` for all others."""

    type: str
    element: str
    folder: str
    client: str


def identity(root: Element, path: str) -> Identity:
    """Compute the identity from the manifest's root and its path inside the ZIP. Raises BadManifest."""
    kind = root.attributes.get("type", "").lower()
    if kind not in _ELEMENTS:
        raise BadManifest(path, f"has type {kind[:40]!r}. Use one of: {', '.join(sorted(_ELEMENTS))}.")
    compute, hint = _ELEMENTS[kind]
    element = compute(root, path)
    if not element:
        raise BadManifest(path, f"does not name the {kind}. Add {hint}.")
    folder = root.attributes.get("group", "") if kind == "plugin" else ""
    if kind == "plugin" and not folder:
        raise BadManifest(path, 'does not say the plugin\'s group. Add group="…" to <extension>.')
    for what, text, most in (("element", element, _ELEMENT_CHARS_MAX), ("group", folder, _FOLDER_CHARS_MAX)):
        if len(text) > most:
            raise BadManifest(
                path, f"has the {what} {text[:most]!r}…, longer than the {most} characters Joomla stores."
            )
    return Identity(kind, element, folder, _client(kind, root, path))


def manifest_file_name(kind: str, element: str) -> str:
    """Under which name Joomla looks for an installed manifest, e.g. to offer a field for the download key.

    Source: Joomla 5.3 ``InstallerHelper::getInstallationXML``.
    """
    if kind == "template":
        return "templateDetails.xml"
    if kind == "language":
        return "install.xml"
    name = element.removeprefix("com_") if kind == "component" else element
    return f"{name.rsplit('/', 1)[-1]}.xml"


def _client(kind: str, root: Element, path: str) -> str:
    if kind == "component":
        return "administrator"
    if kind not in {"module", "template", "language"}:
        return "site"
    client = root.attributes.get("client", "") or "site"
    if client.lower() not in _CLIENTS:
        raise BadManifest(path, f"has client {client[:40]!r}. Use one of: {', '.join(_CLIENTS)}.")
    return client.lower()


def _command(text: str) -> str:
    """Filter as Joomla's ``InputFilter`` does for ``cmd``."""
    return _NOT_COMMAND.sub("", text).lstrip(".")


def _stated(root: Element) -> str:
    return _command(root.said("element") or root.said("name")).lower()


def _attribute_of_files(root: Element, name: str) -> str:
    files = root.find("files")
    return next((child.attributes[name] for child in files.children if child.attributes.get(name)), "") if files else ""


def _component(root: Element, _path: str) -> str:
    element = _stated(root)
    return element if not element or element.startswith("com_") else f"com_{element}"


def _module(root: Element, _path: str) -> str:
    return (root.said("element") or _attribute_of_files(root, "module")).lower()


def _package(root: Element, _path: str) -> str:
    name = _command(root.said("packagename"))
    return f"pkg_{name}" if name else ""


_ELEMENTS: dict[str, tuple[Callable[[Element, str], str], str]] = {
    "component": (_component, "<element>com_…</element> or <name>"),
    "module": (_module, '<element>mod_…</element>, or module="mod_…" to the module\'s file in <files>'),
    "plugin": (lambda root, _: _attribute_of_files(root, "plugin"), 'plugin="…" to the plugin\'s file in <files>'),
    "package": (_package, "<packagename>"),
    "library": (lambda root, _: root.said("libraryname"), "<libraryname>"),
    "file": (lambda _, path: path.rsplit("/", 1)[-1].removesuffix(".xml"), "a file name"),
    "template": (lambda root, _: _stated(root), "<element> or <name>"),
    "language": (lambda root, _: root.said("tag"), "<tag>, for example <tag>de-DE</tag>"),
}
