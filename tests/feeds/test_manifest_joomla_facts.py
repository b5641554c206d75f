"""What is read of names, texts, scripts and the parts of packages of Joomla extensions."""

import io
import json

import pytest
from support import zips

from feeds.manifest import (
    BadManifest,
    ExtensionManifest,
    TooLarge,
    read_extension,
)


def read(data: bytes) -> ExtensionManifest:
    (manifest,) = read_extension(io.BytesIO(data))
    return manifest


@pytest.mark.parametrize(
    ("title", "ini", "name"),
    [
        ("Acme SEO", {}, "Acme SEO"),
        ("Akeeba", {}, "Akeeba"),
        ("PLG_SYSTEM_ACME", {"PLG_SYSTEM_ACME": "System - Acme"}, "System - Acme"),
        ("plg_system_acme", {"PLG_SYSTEM_ACME": "System - Acme"}, "System - Acme"),
        ("PLG_SYSTEM_ACME", {"OTHER": "x"}, ""),
        ("mod_acme", {}, ""),
        ("ACME_SEO", {}, ""),
        ("ACME_SEO", {"ACME_SEO": r"Acme \"SEO\""}, 'Acme "SEO"'),
        ("ACME_SEO", {"ACME_SEO": 'Acme "_QQ_"SEO"_QQ_"'}, 'Acme "SEO"'),
        ("ACME_SEO", {"ACME_SEO": "<b>Acme</b> &amp; Co"}, "Acme & Co"),
        ("<b>Acme</b>  SEO\n", {}, "Acme SEO"),
    ],
)
def test_the_name_is_plain_english_or_nothing(title, ini, name):
    assert read(zips.joomla_module(title=title, ini=ini)).name == name


@pytest.mark.parametrize(
    ("path", "content", "name"),
    [
        ("language/en-GB/en-GB.mod_acme.sys.ini", b'MOD_ACME = "Acme" ; a comment\r\n', "Acme"),
        ("language/en-GB.mod_acme.sys.ini", b'\xef\xbb\xbfMOD_ACME="Acme"', "Acme"),
        ("language/en-GB/mod_acme.sys.ini", b'MOD_ACME="Gr\xf6\xdfe"', "Größe"),
        ("language/en-GB/mod_acme.sys.ini", b';MOD_ACME="no"\n', ""),
        ("language/en-GB/mod_acme.ini", b'MOD_ACME="not the sys file"', ""),
        ("language/de-DE/mod_acme.sys.ini", b'MOD_ACME="deutsch"', ""),
    ],
)
def test_language_keys_are_looked_up_in_the_english_sys_files(path, content, name):
    assert read(zips.joomla_module(title="MOD_ACME", files={path: content})).name == name


def test_the_description_is_plain_text():
    found = read(zips.joomla_module(description="<p>Does <script>x</script>\n&amp; more</p>"))
    assert found.description == "Does x & more"


@pytest.mark.parametrize(
    ("script", "joomla", "php"),
    [
        (zips.installer_script("4.4", "8.1"), "4.4", "8.1"),
        ("<?php return new class implements I { private string $minimumJoomla = '5.0.0'; };", "5.0.0", ""),
        ("<?php class A { function __construct() { $this->minimumPhp = '8.2'; } }", "", "8.2"),
        (
            "<?php class A { private $minimumPHPVersion = JOOMLA_MINIMUM_PHP; private $minimumJoomlaVersion='4.0'; }",
            "4.0",
            "",
        ),
        ("<?php class A { const PHP = '8'; protected $minimumPhp = self::PHP . '.1'; }", "", "8.1"),
        ("<?php class A { protected $minimumPhp = 8.1; }", "", "8.1"),
        ("<?php class A { protected $minimumPhp = phpversion(); }", "", ""),
        ("<?php class A { protected $minimumPhp = '<b>'; }", "", ""),
        ("<?php // $minimumPhp = '8.1';\n/* protected $minimumPhp = '8.1'; */", "", ""),
        ("no php at all: protected $minimumPhp = '8.1';", "", ""),
    ],
)
def test_minimums_come_from_the_literals_of_the_installer_script(script, joomla, php):
    found = read(zips.joomla_module(extra="<scriptfile>script.php</scriptfile>", files={"script.php": script}))
    assert (found.minimum_joomla, found.minimum_php) == (joomla, php)


@pytest.mark.parametrize(
    ("files", "says"),
    [({}, "not in the ZIP"), ({"script.php": "<?php $a = 'open"}, "cannot be read")],
)
def test_an_installer_script_that_is_missing_or_broken_is_a_note(files, says):
    found = read(zips.joomla_module(extra="<scriptfile>script.php</scriptfile>", files=files))
    assert any("script.php" in note and says in note for note in found.notes)


def test_addresses_and_download_key_are_read_as_stated():
    found = read(
        zips.joomla_module(
            update_servers=["https://u.example/a/b/updates.xml?a=1&b=2", "https://two.example/x.xml"],
            dlid="dlid=",
            dlid_suffix="&dummy=my.zip",
            changelog_url="https://u.example/changelog.xml",
            author="Acme & Co",
            author_url="https://acme.example",
        )
    )
    assert found.update_servers == ("https://u.example/a/b/updates.xml?a=1&b=2", "https://two.example/x.xml")
    assert (found.dlid_prefix, found.dlid_suffix) == ("dlid=", "&dummy=my.zip")
    assert found.changelog_url == "https://u.example/changelog.xml"
    assert (found.author, found.author_url) == ("Acme & Co", "https://acme.example")
    assert found.notes == ()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zips.joomla_module(dlid=None), "no <dlid>"),
        (zips.joomla_module(dlid="key="), "prefix"),
        (zips.joomla_module(update_servers=[]), "no update server"),
        (zips.joomla_module(title="MOD_ACME"), "'MOD_ACME' has no English text"),
        (zips.joomla_module(extra="<element>mod_other</element>"), "'mod_other' in <element> and 'mod_acme'"),
        (zips.joomla_package({"m.zip": zips.joomla_module()}, manifest_name="acme.xml"), "'pkg_acme.xml'"),
    ],
)
def test_what_the_publisher_should_know_is_a_note(data, says):
    assert any(says in note for note in read(data).notes)


def test_a_package_knows_its_parts_at_any_depth():
    inner = zips.joomla_package({"p.zip": zips.joomla_plugin("inner", "0.9")}, name="inner")
    outer = zips.joomla_package(
        {"com.zip": zips.joomla_component("shop", "2.0"), "pkg.zip": inner, "lang.zip": zips.joomla_language("fr-FR")}
    )
    found = read(outer)
    assert [(part.type, part.element, part.version) for part in found.children] == [
        ("component", "com_shop", "2.0"),
        ("package", "pkg_inner", "1.2.3"),
        ("language", "fr-FR", "1.2.3"),
    ]
    assert [(part.element, part.version) for part in found.children[1].children] == [("inner", "0.9")]


def test_a_part_may_be_a_directory():
    files = {
        "packages/m/mod_a.xml": "<extension type='module'><version>3</version><element>mod_a</element></extension>"
    }
    found = read(zips.joomla_package(listed="<folder>m</folder>", files=files))
    assert [(part.element, part.version) for part in found.children] == [("mod_a", "3")]


def test_parts_with_update_servers_of_their_own_are_named():
    chatty = zips.joomla_plugin("chatty", update_servers=["https://old.example/x.xml"])
    inner = zips.joomla_package({"c.zip": chatty}, name="inner")
    found = read(zips.joomla_package({"inner.zip": inner, "m.zip": zips.joomla_module()}))
    assert found.children_with_update_servers == ("chatty",)
    assert any("'chatty' names update servers" in note for note in found.children[0].notes)
    assert not any("no update server" in note for note in found.children[1].notes)


def test_a_package_that_lies_about_a_part_is_noted():
    listed = '<file type="module" id="mod_old">m.zip</file><file type="plugin" id="acme" group="content">p.zip</file>'
    parts = {"m.zip": zips.joomla_module("new"), "p.zip": zips.joomla_plugin("acme", group="system")}
    notes = read(zips.joomla_package(parts, listed=listed)).notes
    assert any("'mod_old'" in note and "'mod_new'" in note for note in notes)
    assert any("'content'" in note and "'system'" in note for note in notes)
    assert not any("type" in note for note in notes)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (b"", "empty"),
        (b"not a zip", "not a ZIP"),
        (zips.joomla_module()[:-30], "cut off"),
        (zips.make_zip({"readme.txt": "x"}), "no Joomla manifest"),
        (zips.dolibarr_module(), "no Joomla manifest"),
        (zips.joomla_module(version=""), "no <version>"),
    ],
)
def test_a_part_that_cannot_be_read_is_named(part, says):
    with pytest.raises(BadManifest, match=r"pkg_acme\.xml: the part 'm\.zip'") as refusal:
        read(zips.joomla_package({"m.zip": part}))
    assert says in str(refusal.value)


@pytest.mark.parametrize("listed", ["<file>missing.zip</file>", "<file>../pkg_acme.xml</file>", "<file/>"])
def test_a_part_that_is_not_there_is_named(listed):
    with pytest.raises(BadManifest, match="not in the ZIP"):
        read(zips.joomla_package({"m.zip": zips.joomla_module()}, listed=listed))


def test_packages_nest_two_levels_and_no_more():
    data = zips.joomla_module()
    for level in range(3):
        assert read(data).version == "1.2.3"
        data = zips.joomla_package({"part.zip": data}, name=f"level{level}")
    with pytest.raises(TooLarge) as refusal:
        read(data)
    assert (refusal.value.limit, refusal.value.found, refusal.value.allowed) == ("depth", 3, 2)


def test_all_facts_survive_json():
    data = zips.joomla_package(
        {"m.zip": zips.joomla_module(minimum_joomla="5.0")}, update_servers=["https://u.example/x.xml"], dlid=None
    )
    found = read(data)
    stored = json.loads(json.dumps(found.to_dict() | {"from_a_newer_program": 1}))
    assert ExtensionManifest.from_dict(stored) == found
