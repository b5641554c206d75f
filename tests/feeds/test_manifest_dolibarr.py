"""What is read from Dolibarr modules: one table per question."""

import io
import json

import pytest
from support import zips

from feeds.manifest import BadManifest, ExtensionManifest, NotAnExtension, TooLarge, read_extension


def read(data: bytes) -> ExtensionManifest:
    (manifest,) = read_extension(io.BytesIO(data))
    return manifest


def test_a_module_as_the_module_builder_shapes_it():
    found = read(zips.dolibarr_module("acmestock", "1.2.3"))
    assert found == ExtensionManifest(
        platform="dolibarr",
        type="module",
        element="acmestock",
        module="acmestock",
        version="1.2.3",
        name="Acmestock",
        description="Counts the stock",
        author="Acme",
        author_url="https://acme.example",
        numero=500123,
        rights_class="acmestock",
        php_min="7.4",
        dolibarr_min="11",
        manifest_path="acmestock/core/modules/modAcmestock.class.php",
        notes=("The descriptor has no url_last_version; Dolibarr cannot tell that there is a newer version.",),
    )
    assert (found.editor_name, found.editor_url) == ("Acme", "https://acme.example")
    assert ExtensionManifest.from_dict(json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.parametrize(
    ("data", "module"),
    [
        (zips.dolibarr_module("acmestock"), "acmestock"),
        (zips.dolibarr_module("acmestock", htdocs=True), "acmestock"),
        (zips.dolibarr_module("acmestock", directory="acme_stock-2"), "acme_stock-2"),
        (zips.dolibarr_module("acmestock", files={"README.md": "x", "acmestock/a.xml": "<not><closed>"}), "acmestock"),
        (zips.dolibarr_module("acmestock", files={"htdocs/core/modules/modX.class.php": "<?php"}), "acmestock"),
    ],
)
def test_the_module_is_the_directory_inside_the_zip(data, module):
    assert read(data).module == module


@pytest.mark.parametrize("directory", ["", "a/b", "htdocs/htdocs", "release/htdocs/acmestock"])
def test_a_descriptor_that_dolibarr_would_not_find_is_refused(directory):
    with pytest.raises(BadManifest, match="<dir>/ or htdocs/<dir>/"):
        read(zips.dolibarr_module(directory=directory))


@pytest.mark.parametrize("directory", ["acme stock", "acme.stock", "äcme"])
def test_a_directory_that_cannot_be_a_module_is_refused(directory):
    with pytest.raises(BadManifest, match="letters, digits"):
        read(zips.dolibarr_module(directory=directory))


@pytest.mark.parametrize(
    ("version_php", "version_file", "version"),
    [
        ("'1.2.3'", None, "1.2.3"),
        ('"1.2.3"', "9.9", "1.2.3"),
        ("'1.' . '2'", None, "1.2"),
        ("1.10", None, "1.1"),
        ("7", None, "7"),
        ("'1.0.0-rc1'", None, "1.0.0-rc1"),
        ("'v1.2.3'", None, "v1.2.3"),
        ("'  1.2.3 '", None, "1.2.3"),
        ("file_get_contents(__DIR__.'/../../VERSION')", "v2.0.1\n", "2.0.1"),
        ("self::$v", "\ufeff2.0.1 \r\nsecond line", "2.0.1"),
        ("self::getVersion()", None, ""),
        ("self::getVersion()", "", ""),
        ("self::getVersion()", "unreleased", ""),
        ("'experimental'", None, ""),
        ("'development'", "3.0", "3.0"),
        ("'dolibarr'", None, ""),
        ("DOL_VERSION", None, ""),
        ("'" + "1" * 33 + "'", None, ""),
        ("system('echo 1.2.3')", None, ""),
    ],
)
def test_the_version_is_a_literal_or_stands_in_a_version_file_or_is_unknown(version_php, version_file, version):
    assert read(zips.dolibarr_module(version_php=version_php, version_file=version_file)).version == version


def test_a_version_file_at_the_top_of_the_zip_counts_too():
    assert read(zips.dolibarr_module(version_php="f()", files={"VERSION": "4.5.6"})).version == "4.5.6"


def test_a_version_in_a_class_constant_is_read():
    source = zips.descriptor("modAcme", "self::VERSION").replace("{\n", "{\n\tconst VERSION = '5.0.1';\n", 1)
    assert read(zips.make_zip({"acme/core/modules/modAcme.class.php": source})).version == "5.0.1"


@pytest.mark.parametrize(
    ("php", "version"),
    [
        ("array(7, 1)", "7.1"),
        ("[8, 0, 2]", "8.0.2"),
        ("[7]", "7"),
        ("array(16, -1)", "16"),
        ("'8.1'", "8.1"),
        ("8.1", "8.1"),
        ("array('7', '4')", "7.4"),
        ("f()", ""),
        ("array()", ""),
        ("[[7], 1]", ""),
    ],
)
def test_required_versions_are_joined_by_dots(php, version):
    body = f"$this->phpmax = {php}; $this->max_dolibarr_version = {php};"
    found = read(zips.dolibarr_module(body=body))
    assert (found.php_max, found.dolibarr_max) == (version, version)


def test_the_address_of_the_last_version_is_kept_as_php():
    php = "'https://u.example/version.txt?dlid=' . urlencode(getDolGlobalString('ACMESTOCK_DLID'))"
    found = read(zips.dolibarr_module(body=f"$this->url_last_version = {php};"))
    assert found.url_last_version == php
    assert found.notes == ()


@pytest.mark.parametrize(
    ("encoding", "editor"), [("utf-8", "Société"), ("utf-8-sig", "Société"), ("iso-8859-1", "Société")]
)
def test_descriptors_in_the_usual_encodings_are_read(encoding, editor):
    source = zips.descriptor("modAcme", "'1.0'").replace("'Acme'", f"'{editor}'").encode(encoding)
    assert read(zips.make_zip({"acme/core/modules/modAcme.class.php": source})).author == editor


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (b"<?php class modAcme { $x = 'open", "not sound PHP"),
        (b"<?php class modOther {}", "does not declare the class 'modAcme'"),
        (b"class modAcme {}", "does not declare"),
        (b"", "does not declare"),
    ],
)
def test_a_descriptor_that_is_none_is_refused(source, says):
    with pytest.raises(BadManifest, match=says):
        read(zips.make_zip({"acme/core/modules/modAcme.class.php": source}))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zips.dolibarr_module("acme", directory="acme-main"), "'acme-main' is not named like the class"),
        (zips.dolibarr_module("acme", "v1.0"), "begins with 'v'"),
        (zips.dolibarr_module("acme", version_php="f()"), "no VERSION file"),
        (zips.dolibarr_module("acme", version_php="f()", version_file="1.0"), "'acme/VERSION'"),
        (
            zips.dolibarr_module("acme", files={"acme/core/modules/modA.class.php": ""}),
            "2 descriptors; 'modAcme' was read",
        ),
    ],
)
def test_what_the_publisher_should_know_is_noted(data, says):
    assert any(says in note for note in read(data).notes)


def test_several_modules_in_one_zip_are_all_read():
    files = {f"{name}/core/modules/mod{name}.class.php": zips.descriptor(f"mod{name}", "'1.0'") for name in ("b", "a")}
    found = read_extension(io.BytesIO(zips.make_zip(files)))
    assert [manifest.module for manifest in found] == ["a", "b"]


def test_very_many_modules_are_refused():
    files = {f"m{n}/core/modules/modM{n}.class.php": "<?php" for n in range(21)}
    with pytest.raises(TooLarge, match="too many Dolibarr modules"):
        read(zips.make_zip(files))


def test_a_zip_for_both_platforms_is_read_as_both():
    manifest = "<extension type='file'><name>A</name><version>1.2.3</version></extension>"
    found = read_extension(io.BytesIO(zips.dolibarr_module(files={"acme.xml": manifest})))
    assert [(each.platform, each.version) for each in found] == [("joomla", "1.2.3"), ("dolibarr", "1.2.3")]


def test_a_joomla_extension_that_carries_a_misplaced_descriptor_is_still_one():
    data = zips.joomla_module(files={"vendor/x/core/modules/modY.class.php": "<?php"})
    assert [each.platform for each in read_extension(io.BytesIO(data))] == ["joomla"]


def test_a_descriptor_by_another_name_is_none():
    with pytest.raises(NotAnExtension):
        read(zips.make_zip({"acme/core/modules/acme.class.php": "<?php class modAcme {}"}))
