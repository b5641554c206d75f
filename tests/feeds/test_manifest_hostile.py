"""Bombs, floods and fuzz: memory stays small, and nothing but ManifestError comes out."""

import io
import random
import struct
import tempfile
import time
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import zips
from support.zip_surgery import MANIFEST, MIB, end_record, patched, read

from feeds.archive import Archive
from feeds.manifest import (
    BadManifest,
    DamagedZip,
    Limits,
    ManifestError,
    NotAnExtension,
    NotAZip,
    TooLarge,
    read_extension,
)


def test_a_bomb_in_one_file_is_refused_before_it_is_unpacked():
    with pytest.raises(TooLarge, match="suspicious"):
        read(zips.make_zip({"a.xml": MANIFEST, "zeros": b"\0" * (4 * MIB)}))


def test_a_bomb_that_hides_its_size_is_stopped_while_it_is_unpacked():
    data = zips.make_zip({"a.xml": b"<!--" + b" " * (8 * MIB)})
    directory = struct.unpack_from("<L", data, end_record(data) + 16)[0]
    hidden = patched(data, directory + 24, "<L", 1000)
    tracemalloc.start()
    try:
        with pytest.raises(DamagedZip, match="more than the ZIP states"):
            read(hidden)
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


def test_a_bomb_inside_a_part_is_refused():
    bomb = zips.make_zip({"a.xml": MANIFEST, "zeros": b"\0" * (4 * MIB)})
    with pytest.raises(TooLarge) as refusal:
        read(zips.joomla_package({"bomb.zip": bomb}))
    assert refusal.value.limit == "ratio"


def test_files_that_share_their_bytes_are_refused():
    data = zips.make_zip({"a.xml": MANIFEST})
    end = end_record(data)
    size, offset = struct.unpack_from("<2L", data, end + 12)
    line = data[offset : offset + size]
    table = line * 50
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 50, 50, len(table), offset, 0)
    with pytest.raises(DamagedZip, match="overlaps"):
        read(data[:offset] + table + last)


def test_zips_inside_zips_without_end_are_left_after_two():
    """A ZIP quine unpacks to itself for ever; six levels stand for it."""
    package = zips.joomla_package({"m.zip": b"x" * 2000}, folder="")
    for _ in range(5):
        package = zips.joomla_package({"m.zip": package}, folder="")
    with pytest.raises(TooLarge) as refusal:
        read(package)
    assert refusal.value.limit == "depth"


def peak_of(data_or_file, error):
    file = io.BytesIO(data_or_file) if isinstance(data_or_file, bytes) else data_or_file
    tracemalloc.start()
    try:
        with pytest.raises(error):
            read_extension(file)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def crowded(count, name):
    """A ZIP of empty files with long names, written by hand because zipfile takes long for it."""
    names = [name % number for number in range(count)]
    encoded = [text.encode() for text in names]
    files, table = bytearray(), bytearray()
    for text in encoded:
        table += (
            struct.pack(
                "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0x800, 0, 0, 33, 0, 0, 0, len(text), 0, 0, 0, 0, 0, len(files)
            )
            + text
        )
        files += struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0x800, 0, 0, 33, 0, 0, 0, len(text), 0) + text
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, min(count, 65535), min(count, 65535), len(table), len(files), 0)
    return bytes(files + table + end)


@pytest.mark.parametrize(
    ("count", "name", "error"),
    [
        (20_000, "d/" + "x" * 140 + "%d", NotAnExtension),
        (20_000, "\N{PILE OF POO}" + "x" * 140 + "%d", NotAnExtension),
        (20_001, "%d", TooLarge),
        (12_000, "d/" + "x" * 400 + "%d", TooLarge),
    ],
    ids=["as many as allowed", "with wide characters", "too many", "too long a table"],
)
def test_a_huge_table_of_contents_does_not_fill_the_memory(count, name, error):
    assert peak_of(crowded(count, name), error) < 32 * MIB


def test_a_table_of_contents_longer_than_promised_is_not_believed():
    data = crowded(30_000, "%d")
    lying = patched(data, end_record(data) + 8, "<2H", 3, 3)
    with pytest.raises(TooLarge, match="too many files"):
        read(lying)


def test_a_file_of_2_gib_is_judged_in_little_memory_and_time():
    """A stored file of zeros in a sparse file: nothing of it is read, and the manifest beside it is."""
    size = 2 * 1024**3
    name = b"big.bin"
    manifest = zips.make_zip({"a.xml": MANIFEST}, method=zipfile.ZIP_STORED)
    at = struct.unpack_from("<L", manifest, end_record(manifest) + 16)[0]
    line = manifest[at : end_record(manifest)]
    big = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, size, size, len(name), 0) + name
    big_line = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, size, size, len(name), 0, 0, 0, 0, 0, at)
    with tempfile.TemporaryFile() as file:
        file.write(manifest[:at] + big)
        file.seek(size, 1)
        start = file.tell()
        table = line + big_line + name
        file.write(table + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, len(table), start, 0))
        started = time.process_time()
        tracemalloc.start()
        try:
            (found,) = read_extension(file)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert found.element == "a"
        assert peak < MIB
        assert time.process_time() - started < 2


def test_a_sparse_file_of_2_gib_without_a_zip_in_it_is_refused():
    with tempfile.TemporaryFile() as file:
        file.truncate(2 * 1024**3)
        assert peak_of(file, NotAZip) < MIB


def test_a_large_part_goes_through_a_temporary_file():
    noise = random.Random(7).randbytes(24 * MIB)
    part = zips.joomla_module(files={"noise.bin": noise})
    package = zips.joomla_package({"m.zip": part})
    with tempfile.TemporaryFile() as file:
        file.write(package)
        tracemalloc.start()
        try:
            (found,) = read_extension(file)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert found.children[0].element == "mod_acme"
    assert peak < 16 * MIB


@pytest.mark.parametrize(
    "manifest",
    [
        "<extension " + " ".join(f'a{n}=""' for n in range(90_000)) + "/>",
        "<extension>" + "<a b='c'/>" * 19_990 + "</extension>",
        "<extension>" + "&#65;" * 200_000 + "</extension>",
    ],
    ids=["attributes", "elements", "character references"],
)
def test_a_swollen_manifest_stays_within_the_memory(manifest):
    files = {"a.xml": manifest, "noise": random.Random(7).randbytes(20_000)}
    assert peak_of(zips.make_zip(files), BadManifest) < 32 * MIB


SEEDS = (
    zips.joomla_package({"m.zip": zips.joomla_module(minimum_php="8.1"), "p.zip": zips.joomla_plugin()}),
    zips.dolibarr_module(),
    zips.joomla_module(ini={"MOD_ACME": "Acme"}, title="MOD_ACME"),
)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_manifest_errors(data):
    for candidate in (data, b"PK\x03\x04" + data, data + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 46, 0, 0)):
        with pytest.raises(ManifestError):
            read(candidate)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_a_mutated_zip_is_read_or_refused_and_nothing_else(seed, data):
    changed = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        near_the_end = data.draw(st.booleans())
        position = data.draw(st.integers(max(0, len(changed) - 600) if near_the_end else 0, len(changed) - 1))
        changed[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 40))
    try:
        found = read(bytes(changed[: len(changed) - cut] if data.draw(st.booleans()) else changed))
    except ManifestError:
        return
    assert found
    assert all(manifest.element for manifest in found)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text("abcü/\U0001f600", min_size=1, max_size=6).map("x".__add__), st.binary(max_size=3000), max_size=6
    ),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_what_the_standard_library_packs_is_unpacked_the_same(files, method):
    archive = Archive(io.BytesIO(zips.make_zip(files, method=method)), Limits())
    assert {name: archive.read_text(name) for name in archive.names} == {
        name: content for name, content in files.items() if not name.endswith("/")
    }


def test_more_output_than_a_chunk_from_one_piece_of_input_is_unpacked_whole():
    content = b"".join(struct.pack(">L", n % 997) for n in range(100_000))
    assert len(zlib.compress(content)) < 64 * 1024 < len(content)
    archive = Archive(io.BytesIO(zips.make_zip({"x": content})), Limits())
    assert archive.read_text("x") == content
