"""Tables by their header line, and their cells: texts, dates, numbers, formulas."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.rules.imports import cells
from bridge.rules.imports.cells import BadCell
from bridge.rules.imports.forms import AKEEBA, EDD, FORMS, OURS, BadHeader, recognised

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAST, COMING = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
# As the exporters' sources have them: Software Licensing since 3.6, and before.
_EDD_NEW = (
    "License ID,License Key,License Status,Customer ID,Customer Email,Customer Name,User ID,Product Name,Price ID,"
    "Purchase Date,Expiration Date,Activation Limit,Activation Count,Activated URLs"
)
_EDD_OLD = (
    "Email,License Key,License Status,Product Name,Purchase Date,Expiration Date,Activation Limit,Activation Count,"
    "Activated URLs"
)
_AKEEBA = (
    "dlid,user_id,primary,dlid_title,published,name,email,level_title,akeebasubs_subscription_id,publish_up,"
    "publish_down,enabled,state,processor,processor_key"
)


EDD_NEW, EDD_OLD, AKEEBA_JOINED = (text.split(",") for text in (_EDD_NEW, _EDD_OLD, _AKEEBA))


@pytest.mark.parametrize(
    ("names", "form"),
    [
        (EDD_NEW, EDD),
        (EDD_OLD, EDD),
        ([name.upper() for name in EDD_NEW], EDD),
        (AKEEBA_JOINED, AKEEBA),
        ([column.name for column in OURS.columns], OURS),
        (["customer_email", "package"], OURS),
        (["Package ID"], OURS),
    ],
)
def test_a_table_is_known_by_its_header_line(names, form):
    header = recognised(names)
    assert header is not None
    assert header.form is form
    assert header.passed_over == ()


@pytest.mark.parametrize("names", [["a", "b"], [""], ["code"], ["License Key"], ["dlid"]])
def test_other_tables_are_not_known(names):
    assert recognised(names) is None


@pytest.mark.parametrize(
    ("names", "wanted", "words"),
    [
        ([*EDD_NEW, "Email"], "auto", "“Email” twice"),
        (["package", "package"], "auto", "“package” twice"),
        (["package", "colour"], "auto", "not known: “colour”"),
        (["code", "customer_email"], "ours", "needs a column “package” or “package_id”"),
        (["License Key", "Expiration Date"], "auto", "“Product Name” or “package” or “package_id”"),
        (["dlid"], "akeeba", "needs a column “publish_down”"),
    ],
)
def test_a_header_line_with_a_fault_is_refused(names, wanted, words):
    with pytest.raises(BadHeader, match=words):
        recognised(names, wanted)


def test_foreign_tables_may_have_columns_that_nobody_needs():
    header = recognised([*AKEEBA_JOINED, "net_amount", "vatnumber"])
    assert header is not None
    assert header.passed_over == ("net_amount", "vatnumber")


def test_each_field_of_a_form_has_one_column():
    for form in FORMS:
        fields = [column.field for column in form.columns if column.field]
        assert len(fields) == len(set(fields))


@given(st.text())
@example("'=cmd")
@example("''=cmd")
@example("'")
@example("'ok")
@example("=cmd|' /C calc'!A0")
@example("\t=1")
@settings(deadline=None)
def test_what_is_guarded_comes_back_exactly(text):
    written = cells.guarded(text)
    assert cells.unguarded(written) == text
    assert not written or written[0] not in "=+-@\t\r\n＝＋－＠"
    assert written == text or written == "'" + text


@pytest.mark.parametrize("text", ["plain", "'quoted'", "a=b", " =1", "", "it's"])
def test_what_is_no_formula_stays_as_it_is(text):
    assert cells.guarded(text) == cells.unguarded(text) == text


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("2027-03-31", datetime(2027, 3, 31, tzinfo=UTC)),
        ("2027-03-31 23:59:59", datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC)),
        ("2027-03-31T12:00:00+02:00", datetime(2027, 3, 31, 10, tzinfo=UTC)),
        ("2027-03-31T12:00:00.5Z", datetime(2027, 3, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("1711929599", datetime(2024, 3, 31, 23, 59, 59, tzinfo=UTC)),
        ("lifetime", None),
        ("Never", None),
        ("0", None),
        ("0000-00-00 00:00:00", None),
        ("9999-12-31 23:59:59", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_dates_are_read(cell, found):
    assert cells.moment(f" {cell} ") == found


@pytest.mark.parametrize(
    "cell",
    [
        "31.03.2027",
        "03/31/2027",
        "2027-02-30",
        "2027-13-01",
        "10000-01-01",
        "1999-12-31",
        "1970-01-01 00:00:00",
        "99999999999999",
        "-1",
        "9999-12-31T23:59:59-23:00",
        "2027-03-31 \0",
        "２０２７-03-31",
        "tomorrow",
    ],
)
def test_what_is_no_date_is_refused(cell):
    with pytest.raises(BadCell):
        cells.moment(cell)


@pytest.mark.parametrize(("cell", "found"), [("", None), ("0", 0), ("unlimited", 0), (" 5 ", 5)])
def test_numbers_are_read(cell, found):
    assert cells.count(cell, 10) == found


@pytest.mark.parametrize("cell", ["-1", "11", "1.5", "1e3", "٣", "many", "9" * 5000])
def test_what_is_no_number_is_refused(cell):
    with pytest.raises(BadCell):
        cells.count(cell, 10)


@pytest.mark.parametrize(
    "cell", ["https://a.example.com/x, http://b.example.com", "https://a.example.com/x - http://b.example.com"]
)
def test_both_ways_in_which_edd_lists_addresses_are_read(cell):
    assert cells.hosts(cell) == ("https://a.example.com/x", "http://b.example.com")
