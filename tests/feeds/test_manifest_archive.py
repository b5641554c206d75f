"""ZIPs from strangers: refused with a reason, in bounded memory, whatever they hold."""

import io
import stat
import struct
import zipfile

import pytest
from support import zips
from support.zip_surgery import MANIFEST, end_record, patched, read

from feeds.manifest import (
    BadManifest,
    DamagedZip,
    DuplicateEntry,
    EncryptedZip,
    NotAnExtension,
    NotAZip,
    TooLarge,
    UnsafePath,
)


def with_mode(mode):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zips.entry("a.xml"), MANIFEST)
        archive.writestr(zips.entry("other", mode), "target")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"", NotAZip, "empty"),
        (b"P", NotAZip, "not a ZIP"),
        (b"<html>Sign in</html>", NotAZip, "not a ZIP"),
        (b"\x1f\x8b" + b"\0" * 100, NotAZip, "not a ZIP"),
        (b"PK\x03\x04" + b"\0" * 40, DamagedZip, "cut off"),
        (zips.joomla_module()[:200], DamagedZip, "cut off"),
        (zips.joomla_module()[:-1], DamagedZip, "cut off"),
        (zips.joomla_module() + b"\n", DamagedZip, "appended"),
        (zips.make_zip({}), NotAnExtension, "no Joomla manifest"),
        (zips.make_zip({"readme.txt": "x"}), NotAnExtension, "no Dolibarr descriptor"),
        (zips.make_zip({"a.xml": MANIFEST}, method=zipfile.ZIP_BZIP2), DamagedZip, "method 12"),
    ],
)
def test_what_is_no_sound_zip_of_an_extension_is_refused(data, error, says):
    with pytest.raises(error, match=says) as refusal:
        read(data)
    assert type(refusal.value) is error


def test_every_refusal_has_its_own_stable_code():
    kinds = (NotAZip, DamagedZip, EncryptedZip, TooLarge, UnsafePath, DuplicateEntry, NotAnExtension, BadManifest)
    assert [kind.code for kind in kinds] == [
        "not_a_zip",
        "damaged_zip",
        "encrypted_zip",
        "too_large",
        "unsafe_path",
        "duplicate_entry",
        "not_an_extension",
        "bad_manifest",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"#!/bin/sh\nexit\n" + zips.make_zip({"a.xml": MANIFEST}),
        zips.make_zip({"a.xml": MANIFEST}, comment=b"made by PK\x05\x06 hand" + b"x" * 60_000),
        zips.make_zip({"a.xml": MANIFEST}, method=zipfile.ZIP_STORED),
        zips.make_zip({"dir/": "", "a.xml": MANIFEST, "Grüße.txt": "x"}),
    ],
    ids=["bytes before it", "long comment with a signature", "stored", "directories and umlauts"],
)
def test_unusual_but_sound_zips_are_read(data):
    assert [found.element for found in read(data)] == ["a"]


def test_a_zip64_file_is_read():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open(zips.entry("a.xml"), "w", force_zip64=True) as member:
        member.write(MANIFEST.encode())
    data = buffer.getvalue()
    end = end_record(data)
    _, _, _, _, count, size, offset, _ = struct.unpack_from("<4s4H2LH", data, end)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert [found.element for found in read(data[:end] + wide + locator + last)] == ["a"]
    with pytest.raises(DamagedZip):
        read(data[:end] + last)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("../evil.php", "leaves the directory"),
        ("a/../../evil.php", "leaves the directory"),
        ("a/..", "leaves the directory"),
        ("..\\evil.php", "leaves the directory"),
        ("a\\..\\b", "leaves the directory"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share", "absolute"),
        ("C:/windows/x", "absolute"),
        ("c:x", "absolute"),
    ],
)
def test_paths_that_leave_the_extension_are_refused(path, says):
    with pytest.raises(UnsafePath, match=says):
        read(zips.make_zip({"a.xml": MANIFEST, path: "x"}))


def test_a_nul_byte_in_a_path_is_refused():
    data = zips.make_zip({"a.xml": MANIFEST, "evilX.php": "x"}).replace(b"evilX", b"evil\0")
    with pytest.raises(UnsafePath, match="NUL"):
        read(data)


@pytest.mark.parametrize("path", ["a..b/c", "...", "a/.../b", "dir/C:x", "sp ace/ü"])
def test_odd_but_harmless_paths_are_accepted(path):
    assert read(zips.make_zip({"a.xml": MANIFEST, path: "x"}))[0].element == "a"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind):
    with pytest.raises(UnsafePath, match="link or a device"):
        read(with_mode(kind | 0o777))


@pytest.mark.parametrize("mode", [0, 0o644, stat.S_IFREG | 0o600, stat.S_IFDIR | 0o755])
def test_plain_files_and_directories_are_accepted(mode):
    assert read(with_mode(mode))[0].element == "a"


@pytest.mark.parametrize("flag", [0x1, 0x41, 0x2000])
def test_a_password_is_refused(flag):
    data = zips.make_zip({"a.xml": MANIFEST})
    directory = struct.unpack_from("<L", data, end_record(data) + 16)[0]
    with pytest.raises(EncryptedZip, match="password"):
        read(patched(data, directory + 8, "<H", flag))


@pytest.mark.parametrize(
    ("position", "layout", "value", "says"),
    [
        (24, "<L", 5, "more than the ZIP states"),
        (24, "<L", 500, "size or checksum"),
        (16, "<L", 1, "size or checksum"),
        (20, "<L", 3, "size or checksum"),
        (20, "<L", 0xFFFF, "overlaps another"),
        (42, "<L", 1, "not where the ZIP says"),
        (28, "<H", 4, "table of contents is damaged"),
    ],
    ids=["smaller", "larger", "crc", "packed less", "packed more", "offset", "name length"],
)
def test_a_directory_that_lies_is_found_out(position, layout, value, says):
    data = zips.make_zip({"a.xml": MANIFEST, "b": "x" * 100})
    directory = struct.unpack_from("<L", data, end_record(data) + 16)[0]
    with pytest.raises(DamagedZip, match=says):
        read(patched(data, directory + position, layout, value))


def test_a_file_that_reaches_into_the_table_of_contents_is_refused():
    data = zips.make_zip({"a.xml": MANIFEST})
    directory = struct.unpack_from("<L", data, end_record(data) + 16)[0]
    with pytest.raises(DamagedZip, match="more bytes than it has"):
        read(patched(data, directory + 20, "<L", 0xFFFF))


def test_a_file_with_two_names_is_refused():
    data = zips.make_zip({"a.xml": MANIFEST})
    with pytest.raises(DamagedZip, match="another name"):
        read(data.replace(b"a.xml", b"b.xml", 1))


@pytest.mark.parametrize(
    ("limits", "limit", "found"),
    [
        ({"entries": 2}, "entries", 3),
        ({"directory_bytes": 100}, "directory_bytes", 145),
        ({"path_chars": 4}, "path_chars", 5),
        ({"total_bytes": 400}, "total_bytes", 469),
        ({"text_bytes": 60}, "text_bytes", 69),
        ({"texts_bytes": 60}, "texts_bytes", 69),
        ({"ratio": 2, "ratio_floor_bytes": 100}, "ratio", 7),
    ],
)
def test_each_limit_names_itself_and_the_values(limits, limit, found):
    data = zips.make_zip({"a.xml": MANIFEST, "b": "x" * 200, "c": "y" * 200})
    with pytest.raises(TooLarge, match=f"limit {limit}") as refusal:
        read(data, **limits)
    assert (refusal.value.limit, refusal.value.found, refusal.value.allowed) == (limit, found, limits[limit])


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        ({"nested_zip_bytes": 300}, "nested_zip_bytes"),
        ({"nested_zips_bytes": 700}, "nested_zips_bytes"),
        ({"entries": 5}, "entries"),
        ({"directory_bytes": 250}, "directory_bytes"),
        ({"parts": 1}, "parts"),
        ({"depth": 0}, "depth"),
    ],
)
def test_limits_count_what_is_inside_the_parts_of_a_package(limits, limit):
    package = zips.joomla_package({"one.zip": zips.joomla_module("one"), "two.zip": zips.joomla_module("two")})
    assert len(read(package)[0].children) == 2
    with pytest.raises(TooLarge) as refusal:
        read(package, **limits)
    assert refusal.value.limit == limit


def test_a_part_listed_again_and_again_is_counted_each_time():
    package = zips.joomla_package({"m.zip": zips.joomla_module()}, listed="<file>m.zip</file>" * 201)
    with pytest.raises(TooLarge) as refusal:
        read(package)
    assert refusal.value.limit == "parts"
