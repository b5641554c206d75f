"""What is read from Joomla extensions: one table per question."""

import io

import pytest
from support import zips

from feeds.manifest import (
    BadManifest,
    DuplicateEntry,
    ExtensionManifest,
    NotAnExtension,
    read_extension,
)


def read(data: bytes) -> ExtensionManifest:
    (manifest,) = read_extension(io.BytesIO(data))
    return manifest


def raw(attributes: str, body: str, *, path: str = "acme.xml") -> bytes:
    return zips.make_zip({path: f"<extension {attributes}><name>Acme</name><version>1.0</version>{body}</extension>"})


@pytest.mark.parametrize(
    ("data", "kind", "element", "folder", "client"),
    [
        (zips.joomla_component("acme"), "component", "com_acme", "", "administrator"),
        (zips.joomla_module("acme"), "module", "mod_acme", "", "site"),
        (zips.joomla_module("acme", client="administrator"), "module", "mod_acme", "", "administrator"),
        (zips.joomla_plugin("acme", group="content"), "plugin", "acme", "content", "site"),
        (zips.joomla_template("acme"), "template", "acme", "", "site"),
        (zips.joomla_template("acme", client="administrator"), "template", "acme", "", "administrator"),
        (zips.joomla_library("acme/core"), "library", "acme/core", "", "site"),
        (zips.joomla_file("acme"), "file", "acme", "", "site"),
        (zips.joomla_language("de-DE"), "language", "de-DE", "", "site"),
        (zips.joomla_package({"m.zip": zips.joomla_module()}), "package", "pkg_acme", "", "site"),
    ],
)
def test_each_type_has_the_identity_that_the_installer_stores(data, kind, element, folder, client):
    found = read(data)
    assert (found.platform, found.type, found.element, found.folder, found.client, found.version) == (
        "joomla",
        kind,
        element,
        folder,
        client,
        "1.2.3",
    )


@pytest.mark.parametrize(
    ("attributes", "body", "element"),
    [
        # <name> is "Acme" throughout.
        ('type="component"', "", "com_acme"),
        ('type="COMPONENT"', "<element>.Com_Shop Pro!</element>", "com_shoppro"),
        ('type="component"', "<element>Ünï.x-1_y</element>", "com_n.x-1_y"),
        ('type="module"', "<element>mod_A</element><files><filename module='mod_b'>b</filename></files>", "mod_a"),
        ('type="module"', "<files><folder>x</folder><filename module='Mod_B'>b</filename></files>", "mod_b"),
        ('type="plugin" group="g"', "<files><filename plugin='AcmeSeo'>a</filename></files>", "AcmeSeo"),
        ('type="plugin" group="g"', "<element>no</element><files><folder plugin='a'>a</folder></files>", "a"),
        (
            'type="plugin" group="g"',
            "<files><folder plugin='first'>a</folder><filename plugin='second'>a</filename></files>",
            "first",
        ),
        (
            'type="plugin" group="g"',
            "<files><filename plugin='first'>a</filename><folder plugin='second'>a</folder></files>",
            "first",
        ),
        ('type="library"', "<libraryname>Acme/Core</libraryname>", "Acme/Core"),
        ('type="file"', "<element>ignored</element>", "acme"),
        ('type="template"', "<element>My Theme</element>", "mytheme"),
        ('type="template"', "", "acme"),
        ('type="language" client="site"', "<tag>de-DE</tag>", "de-DE"),
    ],
)
def test_the_element_is_computed_as_the_installer_does(attributes, body, element):
    assert read(raw(attributes, body)).element == element


@pytest.mark.parametrize(
    ("packagename", "element"), [("acme", "pkg_acme"), ("Acme Pro", "pkg_AcmePro"), ("pkg_acme", "pkg_pkg_acme")]
)
def test_a_package_is_pkg_and_its_filtered_name_in_its_own_case(packagename, element):
    assert read(zips.joomla_package({"m.zip": zips.joomla_module()}, name=packagename)).element == element


@pytest.mark.parametrize(
    ("kind", "stated", "client"),
    [
        ("module", "", "site"),
        ("module", "Administrator", "administrator"),
        ("template", "api", "api"),
        ("component", "site", "administrator"),
        ("library", "administrator", "site"),
    ],
)
def test_the_client_is_the_stated_one_only_where_the_installer_looks_at_it(kind, stated, client):
    body = "<element>mod_a</element><libraryname>a</libraryname>"
    assert read(raw(f'type="{kind}" client="{stated}"', body)).client == client


@pytest.mark.parametrize(
    ("attributes", "body", "says"),
    [
        ('type="widget"', "", "type 'widget'"),
        ("", "", "type ''"),
        ('type="plugin"', "<files><folder plugin='a'>a</folder></files>", "group"),
        ('type="plugin" group="system"', "<element>a</element>", "plugin="),
        ('type="module"', "<files><filename>b</filename></files>", "module="),
        ('type="module" client="admin"', "<element>mod_a</element>", "client 'admin'"),
        ('type="module" client=" site "', "<element>mod_a</element>", "client ' site '"),
        ('type="module" client="0"', "<element>mod_a</element>", "client '0'"),
        ('type="language" client="both"', "<tag>de-DE</tag>", "client 'both'"),
        ('type="library"', "", "<libraryname>"),
        ('type="language"', "", "<tag>"),
        ('type="package"', "<packagename>!!</packagename>", "<packagename>"),
        ('type="package"', "<packagename>a</packagename><files/>", "without parts"),
        ('type="component"', f"<element>{'a' * 97}</element>", "100 characters"),
        (f'type="plugin" group="{"g" * 21}"', "<files><folder plugin='a'>a</folder></files>", "20 characters"),
    ],
)
def test_a_manifest_that_joomla_could_not_install_is_refused_with_what_to_change(attributes, body, says):
    with pytest.raises(BadManifest, match=r"acme\.xml") as refusal:
        read(raw(attributes, body))
    assert says in str(refusal.value)
    assert refusal.value.code == "bad_manifest"


@pytest.mark.parametrize(("version", "says"), [("", "no <version>"), ("1." + "0" * 31, "longer than 32")])
def test_a_missing_or_endless_version_is_refused(version, says):
    with pytest.raises(BadManifest, match=says):
        read(zips.joomla_module(version=version))


@pytest.mark.parametrize("version", ["1.2.3", "1.0.0-rc.1", "v1.2", "99.99"])
def test_the_version_is_what_the_manifest_states_unchanged(version):
    assert read(zips.joomla_module(version=version)).version == version


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["b.xml", "c.xml"], "b.xml"),
        (["z.xml", "sub/a.xml"], "z.xml"),
        (["acme-1.0/m.xml"], "acme-1.0/m.xml"),
        (["acme-1.0/z.xml", "acme-1.0/sub/a.xml"], "acme-1.0/z.xml"),
        (["acme-1.0/sub/a.xml"], "acme-1.0/sub/a.xml"),
        (["docs/readme.txt", "src/m.xml"], "src/m.xml"),
        (["__MACOSX/._x.txt", "src/m.xml"], "src/m.xml"),
    ],
)
def test_the_manifest_is_found_where_joomla_looks(paths, found):
    manifest = "<extension type='file'><name>A</name><version>1</version></extension>"
    assert read(zips.make_zip(dict.fromkeys(paths, manifest))).manifest_path == found


@pytest.mark.parametrize("path", ["a/b/c/m.xml", "x/readme.txt", "m.XML", "m.xml.txt"])
def test_a_manifest_elsewhere_is_none(path):
    files = {path: "<extension type='file'><name>A</name><version>1</version></extension>", "a/x": "", "b/y": ""}
    with pytest.raises(NotAnExtension, match="no Joomla manifest"):
        read(zips.make_zip(files))


def test_other_xml_files_before_the_manifest_are_passed_over():
    files = {"a.xml": "<config/>", "b.xml": "not xml", "c.xml": "<!DOCTYPE x><x/>", "d.xml": "<install type='module'/>"}
    data = zips.joomla_module("acme", files=files)
    assert read(data).manifest_path == "mod_acme.xml"


def test_only_broken_xml_is_reported_as_such():
    with pytest.raises(BadManifest, match=r"acme\.xml: is not well-formed"):
        read(zips.make_zip({"acme.xml": "<extension type='module'>"}))


def test_a_manifest_that_is_there_twice_is_refused():
    one, two = (f"<extension type='file'><name>A</name><version>{n}</version></extension>" for n in (1, 2))
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zips.make_zip([("a.xml", one), ("a.xml", two)])
    with pytest.raises(DuplicateEntry, match="twice"):
        read(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252", "iso-8859-15", "UTF-8"])
def test_manifests_in_the_usual_encodings_are_read(encoding):
    assert read(zips.joomla_module(title="Größe", encoding=encoding)).name == "Größe"


@pytest.mark.parametrize("encoding", ["utf-7", "shift_jis", "rot13", "no-such-encoding"])
def test_other_encodings_are_refused(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><extension type="file"><version>1</version></extension>'
    with pytest.raises(BadManifest, match="UTF-8"):
        read(zips.make_zip({"a.xml": text}))


def test_a_manifest_that_lies_about_its_encoding_is_refused():
    text = '<?xml version="1.0" encoding="utf-8"?><extension type="file"><name>Größe</name></extension>'
    with pytest.raises(BadManifest, match="not well-formed"):
        read(zips.make_zip({"a.xml": text.encode("iso-8859-1")}))


BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 if n else str()};" * 10}">' for n in range(9))
    + "]><extension type='file'><version>&a8;</version></extension>"
)


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        (BILLION_LAUGHS, "DOCTYPE"),
        (
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><extension><version>&e;</version></extension>',
            "DOCTYPE",
        ),
        ('<!DOCTYPE extension SYSTEM "http://example.com/x.dtd"><extension type="file"/>', "DOCTYPE"),
        ("<extension type='file'><version>&undefined;</version></extension>", "not well-formed"),
        ("<extension>" + "<a>" * 40 + "</a>" * 40 + "</extension>", "32 levels"),
        ("<extension>" + "<a/>" * 20_001 + "</extension>", "20000 elements"),
    ],
)
def test_xml_that_could_hurt_is_refused(manifest, says):
    with pytest.raises(BadManifest, match=says):
        read(zips.make_zip({"a.xml": manifest}))
