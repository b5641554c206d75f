"""Tables as programs write them: encodings, separators, headers, and what is none."""

import io

import pytest
from support.offices import Office
from support.tables import EDD, bad, edd_lines, read, table

from bridge.errors import InvalidInputError
from bridge.services import imports

HEAD = "code,package\r\n"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\r\n \r\n", "no rows"),
        (b"PK\x03\x04\x14\0\x06\0", "ZIP"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (HEAD.encode() + b"a\0b,Standard", "NUL"),
        (HEAD.encode() + b"\x81\x8d,Standard", "neither in UTF-8 nor in Latin-1"),
        (b"\xff\xfe" + HEAD.encode("utf-16-le") + b"\x00\xd8", "UTF-16"),
        (b"\xef\xbb\xbf" + HEAD.encode() + b"\xff", "UTF-8"),
        (HEAD.encode() + b'"old-code,Standard\r\n', "never closed"),
        (HEAD.encode() + b'"old"-code,Standard\r\n', "behind a closing"),
        (HEAD.encode() + b"x" * 10_000_000, "longer than 1 MiB"),
        (HEAD.encode() + b'"' + b"x\n" * 5_000_000 + b'",Standard', "longer than 300,000"),
        (b"name,colour\r\n", "no known table"),
        (b"code,package,code\r\n", "twice"),
        (b"{}", "no known table"),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole(office: Office, raw, words):
    with pytest.raises(InvalidInputError, match=words) as error:
        read(office, raw)
    assert error.value.field == "file"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_tables_of_every_spreadsheet_are_read(tmp_path_factory, encoding, separator, newline):
    text = table([{"customer_name": 'Zoë "Z", of;\tX', "package": "Straße"}], separator).replace("\r\n", newline)
    found = imports.open_table(io.BytesIO(text.encode(encoding)))
    (record,) = found.records()
    assert (record.line, record.cells) == (2, ['Zoë "Z", of;\tX', "Straße"])
    assert found.separator == separator


def test_a_first_line_that_names_the_separator_is_passed_over():
    found = imports.open_table(io.BytesIO(b"sep=;\r\ncode;package\r\nold-code;Standard\r\n"))
    assert [(each.line, each.cells) for each in found.records()] == [(3, ["old-code", "Standard"])]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("old-code", ""),
        ("old-code,Standard,,,x", ""),
        (EDD, ""),
        ("ab,Standard,,", "code"),
        ("LIC-00000-00000-00000-00000-00001,Standard,,", "code"),
        ("old-code,Standard,no mail,", "customer_email"),
        ("old-code,Standard,a@b.c,*.com", "domains"),
        ("old-code,Standard,a@b.c," + "a.example.com " * 1001, "domains"),
        ("old-code,Standard," + "x" * 10_000 + "@b.c,", "customer_email"),
        ("old-code," + "S" * 10_000 + ",,", "package"),
        ("old-code,Standard,a\x07@b.c,", "customer_email"),
        ("code,package,customer_email,domains", ""),
    ],
)
def test_bad_rows_are_named_by_line_and_column(office: Office, row, column):
    office.package("Standard")
    planned = read(office, f"code,package,customer_email,domains\r\nfine-code,Standard,,\r\n{row}\r\n", do=False)
    refused = [(line, where) for line, where, _ in bad(planned)]
    assert refused == [(3, column)]
    assert planned.counts["issue"] == 1


def test_too_many_rows_are_refused(office: Office, monkeypatch):
    monkeypatch.setattr("bridge.services.import_files.MOST_ROWS", 3)
    office.package("Standard")
    assert read(office, "".join(edd_lines(3)), do=False).rows == 3
    with pytest.raises(InvalidInputError, match="split it"):
        read(office, "".join(edd_lines(4)))
