"""ExtensionManifest: what a ZIP says of itself, as one value for both platforms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionManifest:
    """What one extension says of itself. Text is plain text; what is not stated is ``""``, ``None`` or ``()``.

    Both platforms:
      ``platform`` is ``joomla`` or ``dolibarr``; ``manifest_path`` is the path of the manifest inside its ZIP.
      ``type`` is Joomla's (``component module plugin template package library file language``) or ``module``.
      ``version`` is the stated one, unchanged; ``""`` (Dolibarr only) when it stands neither in the descriptor nor in
      a VERSION file. ``name`` is ``""`` when it is a language key that the ZIP does not translate to English.
      ``author`` and ``author_url`` are Dolibarr's ``editor_name`` and ``editor_url``, too.
      ``notes`` are hints for the publisher, one sentence each; none of them keeps the extension from being served.
    Joomla: ``element``, ``folder`` and ``client`` (``site administrator api``) as the installer writes them into the
      site's table. ``dlid_prefix`` and ``dlid_suffix`` are ``None`` without a ``<dlid>``. ``children`` are the parts
      of a package. ``minimum_joomla`` and ``minimum_php`` come from the installer script.
    Dolibarr: ``module`` (also in ``element``) is the directory inside the ZIP. Versions stated as arrays are joined
      by dots; ``url_last_version`` is PHP source, not a URL.
    """

    platform: str
    type: str
    element: str
    version: str
    manifest_path: str
    folder: str = ""
    client: str = ""
    name: str = ""
    description: str = ""
    author: str = ""
    author_url: str = ""
    minimum_joomla: str = ""
    minimum_php: str = ""
    update_servers: tuple[str, ...] = ()
    dlid_prefix: str | None = None
    dlid_suffix: str | None = None
    changelog_url: str = ""
    children: tuple[ExtensionManifest, ...] = ()
    notes: tuple[str, ...] = ()
    module: str = ""
    numero: int | None = None
    rights_class: str = ""
    php_min: str = ""
    php_max: str = ""
    dolibarr_min: str = ""
    dolibarr_max: str = ""
    url_last_version: str = ""

    @property
    def editor_name(self) -> str:
        """Dolibarr's word for ``author``."""
        return self.author

    @property
    def editor_url(self) -> str:
        """Dolibarr's word for ``author_url``."""
        return self.author_url

    @property
    def children_with_update_servers(self) -> tuple[str, ...]:
        """Elements of the parts, at any depth, that name update servers of their own; only the package should."""
        found: list[str] = []
        for child in self.children:
            if child.update_servers:
                found.append(child.element)
            found.extend(child.children_with_update_servers)
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Give all fields as JSON types; ``from_dict`` is the way back."""
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        return facts | {
            "update_servers": list(self.update_servers),
            "notes": list(self.notes),
            "children": [child.to_dict() for child in self.children],
        }

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> ExtensionManifest:
        """Rebuild what ``to_dict`` gave, possibly by an older or newer program: unknown fields are passed over.

        Raises TypeError when a required field is missing.
        """
        known = {field.name: facts[field.name] for field in fields(cls) if field.name in facts}
        known["update_servers"] = tuple(facts.get("update_servers", ()))
        known["notes"] = tuple(facts.get("notes", ()))
        known["children"] = tuple(cls.from_dict(child) for child in facts.get("children", ()))
        return cls(**known)
