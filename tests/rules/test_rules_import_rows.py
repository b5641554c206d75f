"""Rows of EDD, of Akeeba and of our own, and what is wrong in them."""

from datetime import UTC, datetime

import pytest

from bridge.rules.imports.forms import AKEEBA, EDD, OURS
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
