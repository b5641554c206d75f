"""Tables of other programs and ours: header lines, cells, rows."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.rules.imports import cells
from bridge.rules.imports.cells import BadCell
from bridge.rules.imports.forms import AKEEBA, EDD, FORMS, OURS, BadHeader, recognised
from bridge.rules.imports.rows import BadRow, read_row

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


EDD_ROW = {
    "row_ref": "12",
    "code": "cfcd208495d565ef66e7dff9f98764da",
    "state": "active",
    "customer_email": "ann@example.com",
    "product": "Weather Pro",
    "starts_at": "2025-01-01 10:00:00",
    "expires_at": "1798761600",
    "max_sites": "",
    "sites": "https://a.example.com/, b.example.com",
}
AKEEBA_ROW = {
    "code": "0f343b0931126a20f133d67c2b018a3b",
    "user_id": "42",
    "primary": "1",
    "published": "1",
    "product": "Pro",
    "row_ref": "7",
    "starts_at": "2025-01-01 00:00:00",
    "expires_at": "2027-01-01 00:00:00",
    "enabled": "1",
    "state": "C",
}


def edd(**more):
    return read_row(EDD, EDD_ROW | more, NOW)


def akeeba(**more):
    return read_row(AKEEBA, AKEEBA_ROW | more, NOW)


def ours(**values):
    return read_row(OURS, {"packages": "Standard"} | values, NOW)


def faults(read, **more):
    with pytest.raises(BadRow) as error:
        read(**more)
    return {fault.column: fault.sentence for fault in error.value.faults}


def test_a_row_of_edd():
    row = edd()
    assert (row.products, row.max_sites, row.payment_ref) == (("Weather Pro",), 0, "edd-license-12")
    assert (row.starts_at, row.created_at, row.expires_at) == (datetime(2025, 1, 1, 10, tzinfo=UTC),) * 2 + (COMING,)
    assert row.sites == ("https://a.example.com/", "b.example.com")
    assert not row.suspended


@pytest.mark.parametrize(
    ("state", "suspended"),
    [("active", False), ("inactive", False), ("disabled", True), ("Disabled", True), ("", False)],
)
def test_states_of_edd(state, suspended):
    assert edd(state=state).suspended is suspended


def test_what_edd_calls_expired_must_be_over():
    assert edd(state="expired", expires_at="2026-02-01").expires_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert list(faults(edd, state="expired")) == ["License Status"]
    assert list(faults(edd, state="expired", expires_at="lifetime")) == ["License Status"]


def test_a_column_of_ones_own_goes_before_the_products_name():
    assert edd(packages="Standard\nPro").products == ("Standard", "Pro")
    assert (edd(package_id="3").products, edd(package_id="3").package_id) == ((), 3)


def test_everything_that_is_wrong_in_a_row_is_told_by_column():
    found = faults(edd, code="", state="odd", expires_at="soon", max_sites="-1", subscription="order-1")
    assert set(found) == {"License Key", "License Status", "Expiration Date", "Activation Limit", "subscription"}


def test_a_main_download_id_is_entered_as_it_is_and_an_addon_with_the_users_number():
    assert akeeba().code == AKEEBA_ROW["code"]
    assert akeeba(primary="0").code == "42:" + AKEEBA_ROW["code"]
    assert list(faults(akeeba, primary="0", user_id="ann")) == ["user_id"]


@pytest.mark.parametrize(
    ("more", "suspended"),
    [
        ({}, False),
        ({"published": "0"}, True),
        ({"enabled": "0"}, True),
        ({"enabled": "0", "expires_at": "2026-02-01"}, False),  # it is switched off because it is over
        ({"enabled": "0", "starts_at": "2026-04-01"}, False),  # or because it has not begun
    ],
)
def test_what_is_switched_off_in_akeeba_is_suspended(more, suspended):
    assert akeeba(**more).suspended is suspended


@pytest.mark.parametrize(("state", "words"), [("N", "never paid"), ("P", "waits"), ("X", "cancelled"), ("Q", "known")])
def test_what_was_not_paid_is_refused(state, words):
    assert words in faults(akeeba, state=state)["state"]


def test_the_processors_key_is_a_subscription_or_a_reference():
    assert akeeba(processor_key="I-ABCDEF123456").subscription == "I-ABCDEF123456"
    assert akeeba(processor_key="sub_1AbcDEF").subscription == "sub_1AbcDEF"
    assert (akeeba(processor_key="TX9").payment_ref, akeeba(processor_key="TX9").subscription) == ("TX9", "")
    assert akeeba().payment_ref == "akeebasubs-7"


def test_a_number_of_a_level_stands_in_for_its_title():
    assert akeeba(product="", level_id="3").products == ("3",)


def test_a_row_of_ours():
    row = ours(
        labels="one, two\r\nthree",
        note="'=1+1",
        domains="a.example.com *.b.example.com",
        expires_at="2025-06-01",
        expiry_edit="",
        edit_kind="fix",
        edit_until="never",
        state="revoked",
        revoked_at="2025-02-01",
        test="yes",
    )
    assert (row.labels, row.note) == (("one, two", "three"), "=1+1")
    assert row.domains == ("a.example.com", "*.b.example.com")
    assert (row.edit_kind, row.edit_until, row.revoked, row.is_test) == ("fix", None, True, True)


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"packages": ""}, "package"),
        ({"package_id": "0"}, "package_id"),
        ({"package_id": "9" * 20}, "package_id"),
        ({"edit_kind": "fix"}, "expiry_edit_until"),
        ({"edit_until": "2027-01-01"}, "expiry_edit_until"),
        ({"edit_kind": "later", "edit_until": "2027-01-01"}, "expiry_edit"),
        ({"starts_at": "2027-01-01", "expires_at": "2026-01-01"}, "expires_at"),
        ({"created_at": "2027-01-01"}, "created_at"),
        ({"revoked_at": "2027-01-01"}, "revoked_at"),
        ({"test": "perhaps"}, "test"),
        ({"state": "gone"}, "state"),
    ],
)
def test_faults_of_a_row_of_ours(values, column):
    assert column in faults(ours, **values)
