"""A Joomla extension's ZIP: where its manifest lies, and what it and the files it names say.

Source: Joomla 5.3 ``Installer::findManifest``, ``InstallerHelper::unpack``, ``PackageAdapter::copyBaseFiles``.
"""

from __future__ import annotations

import re

from feeds.archive import Archive
from feeds.joomla_identity import Identity, identity, manifest_file_name
from feeds.joomla_language import Texts, without_markup
from feeds.manifest_errors import BadManifest, ManifestError, NotAnExtension, TooLarge, UnsafePath
from feeds.manifest_values import ExtensionManifest
from feeds.manifest_xml import Element, parse
from feeds.php_facts import read_php
from feeds.php_tokens import PhpSyntaxError

_VERSION_CHARS_MAX = 32
_USUAL_DLID_PREFIX = "dlid="
_MINIMUM_JOOMLA = ("minimumJoomla", "minimumJoomlaVersion")
_MINIMUM_PHP = ("minimumPhp", "minimumPHP", "minimumPhpVersion", "minimumPHPVersion")
_VERSION_LIKE = re.compile(r"[0-9]+(?:\.[0-9]+)*[A-Za-z0-9.\-]*")


def read_joomla(archive: Archive, base: str = "", *, level: int = 0) -> ExtensionManifest:
    """Read the extension below ``base`` (``""`` or ``dir/``), ``level`` packages deep, and the parts of a package.

    Raises NotAnExtension, BadManifest, and what reading the archive raises.
    """
    path, root = _find(archive, base)
    home = path[: path.rfind("/") + 1]
    who = identity(root, path)
    version = _version(root, path)
    texts = Texts(archive, home)
    name = texts.resolve(root.said("name"))
    minimum_joomla, minimum_php, script_notes = _minimums(archive, home, root.said("scriptfile"))
    children, child_notes = _children(archive, home, path, root, level) if who.type == "package" else ((), ())
    dlid = root.find("dlid")
    servers = root.find("updateservers")
    update_servers = tuple(server.text for server in servers.children if server.text) if servers else ()
    own_notes = _notes(who, path, root, name=name, update_servers=update_servers, is_part=level > 0)
    return ExtensionManifest(
        platform="joomla",
        type=who.type,
        element=who.element,
        folder=who.folder,
        client=who.client,
        version=version,
        name=name,
        description=texts.resolve(root.said("description")),
        author=without_markup(root.said("author")),
        author_url=root.said("authorUrl"),
        minimum_joomla=minimum_joomla,
        minimum_php=minimum_php,
        update_servers=update_servers,
        dlid_prefix=dlid.attributes.get("prefix", "") if dlid else None,
        dlid_suffix=dlid.attributes.get("suffix", "") if dlid else None,
        changelog_url=root.said("changelogurl"),
        manifest_path=path,
        children=children,
        notes=own_notes + script_notes + child_notes,
    )


def _find(archive: Archive, base: str) -> tuple[str, Element]:
    """Find the first ``*.xml`` with an ``<extension>`` root: in the top directory, else one level below it."""
    inside = [name for name in archive.names if name.startswith(base)]
    tops = {name[len(base) :].partition("/")[:2] for name in inside}
    if len(tops) == 1 and (only := tops.pop())[1]:
        base += "".join(only)
    candidates = [name for name in inside if name.endswith(".xml") and name.count("/", len(base)) <= 1]
    refusals: list[ManifestError] = []
    for path in sorted(candidates, key=lambda name: (name.count("/", len(base)), name)):
        try:
            root = parse(archive.read_text(path), path, "extension")
        except (BadManifest, TooLarge) as refusal:
            # Joomla passes over what it cannot read, and so do we while there is another candidate.
            refusals.append(refusal)
            continue
        if root:
            return path, root
    if refusals:
        raise refusals[0]
    raise NotAnExtension(
        "The ZIP holds no Joomla manifest (an XML file with <extension>, at the top or one directory below) "
        "and no Dolibarr descriptor (<dir>/core/modules/mod….class.php). Attach the installable ZIP to the release."
    )


def _version(root: Element, path: str) -> str:
    version = root.said("version")
    if not version or len(version) > _VERSION_CHARS_MAX:
        problem = "has no <version>" if not version else f"has a <version> longer than {_VERSION_CHARS_MAX} characters"
        raise BadManifest(path, f"{problem}. State it, for example <version>1.2.3</version>.")
    return version


def _minimums(archive: Archive, home: str, scriptfile: str) -> tuple[str, str, tuple[str, ...]]:
    if not scriptfile:
        return "", "", ()
    if home + scriptfile not in archive:
        return "", "", (f"The installer script {scriptfile!r} is named in the manifest, but not in the ZIP.",)
    source = archive.read_text(home + scriptfile).decode("utf-8", "replace")
    try:
        facts = read_php(source, (*_MINIMUM_JOOMLA, *_MINIMUM_PHP))
    except PhpSyntaxError as error:
        return "", "", (f"The installer script {scriptfile!r} cannot be read: {error}.",)
    minimums = []
    for names in (_MINIMUM_JOOMLA, _MINIMUM_PHP):
        stated = next((text for name in names if (text := facts.text(name))), "")
        minimums.append(stated if _VERSION_LIKE.fullmatch(stated) else "")
    return minimums[0], minimums[1], ()


def _children(
    archive: Archive, home: str, path: str, root: Element, level: int
) -> tuple[tuple[ExtensionManifest, ...], tuple[str, ...]]:
    files = root.find("files")
    if files is None or not files.children:
        raise BadManifest(path, "is a package without parts. List them in <files>.")
    folder = files.attributes.get("folder", "").strip("/")
    children: list[ExtensionManifest] = []
    notes: list[str] = []
    for listed in files.children:
        child_path = f"{home}{folder}/{listed.text}" if folder else home + listed.text
        archive.count_part(child_path, level + 1)
        child = _child(archive, path, child_path, listed.text, level + 1)
        children.append(child)
        notes.extend(_differences(listed, child))
        if child.update_servers:
            notes.append(
                f"The part {child.element!r} names update servers of its own; "
                "only the package should, or sites see two updates for it."
            )
    return tuple(children), tuple(notes)


def _child(archive: Archive, package: str, path: str, listed: str, level: int) -> ExtensionManifest:
    try:
        if listed and path in archive:
            with archive.nested(path) as part:
                return read_joomla(part, level=level)
        if listed and any(name.startswith(f"{path}/") for name in archive.names):
            return read_joomla(archive, f"{path}/", level=level)
    except (TooLarge, UnsafePath):
        raise
    except ManifestError as refusal:
        raise BadManifest(package, f"the part {listed!r} cannot be read: {refusal}") from refusal
    raise BadManifest(package, f"lists the part {listed!r}, which is not in the ZIP. Add the file, or correct <files>.")


def _differences(listed: Element, child: ExtensionManifest) -> tuple[str, ...]:
    """What the package says of a part and the part says otherwise. Joomla uses the former to uninstall it."""
    facts = (("type", child.type), ("id", child.element), ("group", child.folder))
    return tuple(
        f"The package calls the part {listed.text!r} {attribute} {stated!r}; its own manifest says {truth!r}."
        for attribute, truth in facts
        if (stated := listed.attributes.get(attribute, "")) and stated.lower() != truth.lower()
    )


def _notes(
    who: Identity, path: str, root: Element, *, name: str, update_servers: tuple[str, ...], is_part: bool
) -> tuple[str, ...]:
    notes: list[str] = []
    stated_name = root.said("name")
    if not name:
        notes.append(f"The name {stated_name!r} has no English text in the ZIP (a *.sys.ini file of en-GB).")
    module = next((child.attributes["module"] for child in _files(root) if child.attributes.get("module")), "")
    if who.type == "module" and module and module.lower() != who.element:
        notes.append(f"The manifest calls the module {who.element!r} in <element> and {module!r} in <files>.")
    if is_part:
        return tuple(notes)
    dlid = root.find("dlid")
    file_name, expected = path.rsplit("/", 1)[-1], manifest_file_name(who.type, who.element)
    if file_name != expected and (dlid or who.type == "package"):
        notes.append(
            f"The manifest is named {file_name!r}; Joomla looks for {expected!r} and, "
            "not finding it, offers no field for the download key."
        )
    if dlid is None:
        notes.append("The manifest has no <dlid>; Joomla will offer no field for the download key.")
    elif dlid.attributes.get("prefix", "") != _USUAL_DLID_PREFIX:
        notes.append(f"The prefix of <dlid> is not {_USUAL_DLID_PREFIX!r}; the download will not find the key.")
    if not update_servers:
        notes.append("The manifest names no update server; sites will not look for updates.")
    return tuple(notes)


def _files(root: Element) -> list[Element]:
    files = root.find("files")
    return files.children if files else []
