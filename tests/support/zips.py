"""Sample ZIPs of every kind of extension, with the same bytes each time.

Each builder takes the extension's plain name and version; the element is derived as Joomla does (``mod_<name>`` …).
Options of all Joomla builders:
  title: the text of ``<name>``, may be a language key · ini: {key: English text}, put into a ``*.sys.ini`` of en-GB
  dlid: the prefix, or None for no ``<dlid>`` · dlid_suffix · update_servers: addresses · changelog_url
  minimum_joomla, minimum_php: put into an installer script · description, author, author_url
  extra: XML put into ``<extension>`` as it is · files: {path: content} put into the ZIP · top: directory around it all
  attributes: further attributes of ``<extension>`` · encoding of the manifest
"""

import io
import stat
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

FIXED_DATE = (2026, 1, 2, 3, 4, 6)

Content = str | bytes
Files = Mapping[str, Content]


def make_zip(
    files: Files | Sequence[tuple[str, Content]], *, comment: bytes = b"", method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Pack files in the given order; the same files give the same bytes. Pairs may name a path twice."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = comment
        for path, content in files.items() if isinstance(files, Mapping) else files:
            archive.writestr(entry(path), content, compress_type=method)
    return buffer.getvalue()


def entry(path: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    """An entry with a fixed date and the given Unix mode."""
    info = zipfile.ZipInfo(path, FIXED_DATE)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def joomla_component(name: str = "acme", version: str = "1.2.3", **options: Any) -> bytes:
    body = f"<element>com_{name}</element><administration><files folder='admin'><folder>src</folder></files></administration>"
    return _joomla("component", name, version, body, f"{name}.xml", {"admin/src/x.php": "<?php\n"}, **options)


def joomla_module(name: str = "acme", version: str = "1.2.3", *, client: str = "site", **options: Any) -> bytes:
    body = f'<files><filename module="mod_{name}">mod_{name}.php</filename></files>'
    attributes = {"client": client} if client else {}
    options["attributes"] = attributes | options.get("attributes", {})
    return _joomla("module", name, version, body, f"mod_{name}.xml", {f"mod_{name}.php": "<?php\n"}, **options)


def joomla_plugin(name: str = "acme", version: str = "1.2.3", *, group: str = "system", **options: Any) -> bytes:
    body = f'<files><folder plugin="{name}">services</folder><folder>src</folder></files>'
    options["attributes"] = {"group": group} | options.get("attributes", {})
    return _joomla("plugin", name, version, body, f"{name}.xml", {"services/provider.php": "<?php\n"}, **options)


def joomla_template(name: str = "acme", version: str = "1.2.3", *, client: str = "site", **options: Any) -> bytes:
    options = {"title": name, **options}
    options["attributes"] = {"client": client} | options.get("attributes", {})
    return _joomla("template", name, version, "", "templateDetails.xml", {"index.php": "<?php\n"}, **options)


def joomla_library(name: str = "acme", version: str = "1.2.3", **options: Any) -> bytes:
    body = f"<libraryname>{escape(name)}</libraryname><files><folder>src</folder></files>"
    return _joomla(
        "library", name, version, body, f"{name.rpartition('/')[2]}.xml", {"src/x.php": "<?php\n"}, **options
    )


def joomla_file(name: str = "acme", version: str = "1.2.3", **options: Any) -> bytes:
    body = "<fileset><files folder='cli' target='cli'><file>x.php</file></files></fileset>"
    return _joomla("file", name, version, body, f"{name}.xml", {"cli/x.php": "<?php\n"}, **options)


def joomla_language(tag: str = "de-DE", version: str = "1.2.3", *, client: str = "site", **options: Any) -> bytes:
    options["attributes"] = {"client": client} | options.get("attributes", {})
    return _joomla("language", tag, version, f"<tag>{tag}</tag>", "install.xml", {f"{tag}.ini": 'A="B"\n'}, **options)


def joomla_package(
    children: Mapping[str, bytes] | Sequence[tuple[str, bytes]] = (),
    *,
    name: str = "acme",
    version: str = "1.2.3",
    folder: str = "packages",
    listed: str | None = None,
    manifest_name: str | None = None,
    **options: Any,
) -> bytes:
    """A package of ``{file name: ZIP}``. ``listed`` replaces the ``<file>`` elements that would name them."""
    parts = dict(children)
    lines = "".join(f"<file>{escape(part)}</file>" for part in parts) if listed is None else listed
    at_folder = f" folder={quoteattr(folder)}" if folder else ""
    body = f"<packagename>{name}</packagename><files{at_folder}>{lines}</files>"
    inside = {f"{folder}/{part}" if folder else part: content for part, content in parts.items()}
    return _joomla("package", name, version, body, manifest_name or f"pkg_{name}.xml", inside, **options)


def _joomla(
    kind: str,
    name: str,
    version: str,
    body: str,
    manifest_name: str,
    inside: Files,
    *,
    title: str | None = None,
    ini: Mapping[str, str] | None = None,
    dlid: str | None = "dlid=",
    dlid_suffix: str = "",
    update_servers: Sequence[str] = (),
    changelog_url: str = "",
    minimum_joomla: str = "",
    minimum_php: str = "",
    description: str = "",
    author: str = "",
    author_url: str = "",
    extra: str = "",
    files: Files | None = None,
    top: str = "",
    attributes: Mapping[str, str] | None = None,
    encoding: str = "utf-8",
) -> bytes:
    texts = {
        "name": f"Acme {name}" if title is None else title,
        "version": version,
        "description": description,
        "author": author,
        "authorUrl": author_url,
        "changelogurl": changelog_url,
        "scriptfile": "script.php" if minimum_joomla or minimum_php else "",
    }
    lines = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in texts.items() if text)
    servers = "".join(f"<server type='extension'>{escape(address)}</server>" for address in update_servers)
    stated = "".join(f" {key}={quoteattr(value)}" for key, value in (attributes or {}).items())
    manifest = f'<?xml version="1.0" encoding="{encoding}"?>\n<extension type="{kind}"{stated}>{lines}'
    if servers:
        manifest += f"<updateservers>{servers}</updateservers>"
    if dlid is not None:
        manifest += f"<dlid prefix={quoteattr(dlid)} suffix={quoteattr(dlid_suffix)}/>"
    packed: dict[str, Content] = {manifest_name: f"{manifest}{body}{extra}</extension>\n".encode(encoding), **inside}
    if texts["scriptfile"]:
        packed["script.php"] = installer_script(minimum_joomla, minimum_php)
    if ini:
        packed[f"language/en-GB/{name}.sys.ini"] = "".join(f'{key}="{text}"\n' for key, text in ini.items())
    return make_zip({top + path: content for path, content in (packed | dict(files or {})).items()})


def installer_script(minimum_joomla: str, minimum_php: str) -> str:
    """The usual installer script: a class with protected properties."""
    return (
        "<?php\nuse Joomla\\CMS\\Installer\\InstallerScript;\n\\defined('_JEXEC') or die;\n"
        "class PlgSystemAcmeInstallerScript extends InstallerScript\n{\n"
        f"    protected $minimumJoomla = '{minimum_joomla}';\n    protected $minimumPhp = '{minimum_php}';\n}}\n"
    )


def dolibarr_module(
    name: str = "acmestock",
    version: str = "1.2.3",
    *,
    directory: str | None = None,
    htdocs: bool = False,
    numero: int = 500123,
    body: str = "",
    version_php: str | None = None,
    version_file: str | None = None,
    files: Files | None = None,
) -> bytes:
    """A Dolibarr module. ``version_php`` replaces the quoted version by any PHP, ``body`` goes into the constructor."""
    home = ("htdocs/" if htdocs else "") + (name if directory is None else directory)
    home = f"{home}/" if home else ""
    class_name = f"mod{name.capitalize()}"
    packed: dict[str, Content] = {
        f"{home}core/modules/{class_name}.class.php": descriptor(
            class_name, repr(version) if version_php is None else version_php, numero=numero, body=body
        ),
        f"{home}admin/setup.php": "<?php\n",
    }
    if version_file is not None:
        packed[f"{home}VERSION"] = version_file
    return make_zip(packed | dict(files or {}))


def descriptor(class_name: str, version_php: str, *, numero: int = 500123, body: str = "") -> str:
    """The PHP of a module descriptor, as Dolibarr's module builder shapes it."""
    return f"""<?php
/* Copyright (C) 2026 Acme */
include_once DOL_DOCUMENT_ROOT.'/core/modules/DolibarrModules.class.php';

/** Description and activation class */
class {class_name} extends DolibarrModules
{{
\tpublic function __construct($db)
\t{{
\t\tglobal $langs, $conf;
\t\t$this->db = $db;
\t\t$this->numero = {numero}; // TODO reserve an id
\t\t$this->rights_class = '{class_name[3:].lower()}';
\t\t$this->name = preg_replace('/^mod/i', '', get_class($this));
\t\t$this->description = "Counts the <b>stock</b>";
\t\t$this->editor_name = 'Acme';
\t\t$this->editor_url = 'https://acme.example';
\t\t$this->version = {version_php};
\t\t//$this->url_last_version = 'https://www.example.com/versionmodule.txt';
\t\t$this->phpmin = array(7, 4); // Minimum version of PHP
\t\t$this->need_dolibarr_version = array(11, -3);
\t\t$this->rights[0][0] = $this->numero . '01';
{body}
\t}}
}}
"""
