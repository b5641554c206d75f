"""What Dolibarr is told: the number, the document, the line to copy, and which release fits."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import dolibarr_client
from support import feed_samples as samples

from feeds.dolibarr import (
    LicenseNote,
    descriptor_line,
    dolibarr_json,
    error_body,
    newest_that_fits,
    package_filename,
    version_txt,
)
from feeds.entries import InvalidEntry

ADDRESS = f"{samples.HOST}/acmestock/version.txt"


def test_version_txt_is_frozen():
    """Dolibarr shows this body as the new version, character by character."""
    assert version_txt("2.5.6") == samples.golden("version.txt")


def test_dolibarr_json_is_frozen():
    """Vendor code and scripts read it by key; a person reads it in this order."""
    assert dolibarr_json(samples.dolibarr_release(), license_note=samples.LICENSE_NOTE) == samples.golden(
        "dolibarr.json"
    )


def test_dolibarr_json_without_a_release_is_frozen():
    """Vendor code finds the same keys where there is nothing to tell."""
    assert dolibarr_json(None, module="acmestock") == samples.golden("dolibarr_nothing.json")


def test_the_line_to_copy_is_frozen():
    """Authors paste it into a constructor: it must be one PHP statement for every Dolibarr since 17."""
    line = descriptor_line(ADDRESS, key_constant="ACMESTOCK_DLID")
    assert f"{line}\n".encode() == samples.golden("descriptor_line.txt")


@pytest.mark.rule(50)
@pytest.mark.parametrize("version", ["1", "2.5.6", "20.0.0.1", "1." + "0" * 27])
def test_a_plain_version_is_the_whole_body(version):
    assert version_txt(version) == version.encode()
    assert dolibarr_client.filter_version(200, version_txt(version)) == version


@pytest.mark.rule(50)
@pytest.mark.parametrize("version", ["v1.3.0", "1.3.0-rc1", "1.3.0-dev", "", "1.3.0\n", "1..3", "1." + "0" * 28, "١.٣"])
def test_anything_but_plain_digits_is_refused(version):
    with pytest.raises(InvalidEntry) as caught:
        version_txt(version)
    assert caught.value.rule == 50


@pytest.mark.rule(51)
def test_no_release_is_an_empty_body():
    assert version_txt(None) == b""
    assert not dolibarr_client.offers_update(200, version_txt(None), "0.1")


@pytest.mark.rule(51)
@pytest.mark.parametrize(
    "sentence", ["", "404 page not found", "9.9.9", "502 Bad Gateway", "x" * 29, "ä" * 15, "\x0b9", " "]
)
def test_no_error_is_taken_for_a_version(sentence):
    body = error_body(sentence)
    assert not dolibarr_client.offers_update(404, body, "0.0.1")
    assert body == b"" or len(body) >= 30


@pytest.mark.rule(51)
@settings(max_examples=100, deadline=None)
@given(st.text(st.characters() | st.sampled_from("0123456789."), max_size=40))
def test_whatever_an_error_says_dolibarr_offers_nothing(sentence):
    assert not dolibarr_client.offers_update(500, error_body(sentence), "0")


def test_a_long_error_stays_as_it_is_and_a_short_one_says_what_it_is():
    long = "This license key is not known here. Please check it."
    assert error_body(long) == long.encode()
    assert error_body("Not found.") == b"Not found. This answer is not a version number."


@pytest.mark.rule(53)
@pytest.mark.parametrize(
    ("version", "filename"),
    [
        ("1.2.3", "module_acmestock-1.2.3.zip"),
        ("1.2", "module_acmestock-1.2.0.zip"),
        ("1", "module_acmestock-1.0.0.zip"),
        ("1.2.3.4", "module_acmestock-1.2.3.zip"),
        ("1.2.3-rc1", "module_acmestock-1.2.3.zip"),
        ("2.0beta2", "module_acmestock-2.0.0.zip"),
    ],
)
def test_a_package_has_the_name_dolibarr_deploys(version, filename):
    assert package_filename("acmestock", version) == filename
    assert dolibarr_client.deployable(filename, ["acmestock/core/modules/modAcmeStock.class.php"]) == "acmestock"


@pytest.mark.rule(53)
@pytest.mark.parametrize(
    "filename", ["acmestock-main.zip", "module_acmestock-2.5.6-rc1.zip", "module_other-2.5.6.zip", ""]
)
def test_a_release_under_another_file_name_is_refused(filename):
    with pytest.raises(InvalidEntry) as caught:
        samples.dolibarr_release(download=samples.download(filename=filename))
    assert caught.value.rule == 53


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"module": "../acme"}, 53),
        ({"version": "v2"}, 19),
        ({"dolibarr_min": "17.x"}, 54),
        ({"php_max": ">8"}, 54),
        ({"released_at": datetime(2026, 11, 2)}, 54),  # noqa: DTZ001 - the missing zone is the case
    ],
)
def test_a_release_with_unusable_facts_is_refused(facts, rule):
    with pytest.raises(InvalidEntry) as caught:
        samples.dolibarr_release(**facts)
    assert caught.value.rule == rule


def test_a_date_is_told_in_utc():
    berlin = timezone(timedelta(hours=1))
    document = json.loads(
        dolibarr_json(samples.dolibarr_release(released_at=datetime(2026, 1, 1, 0, 30, tzinfo=berlin)))
    )
    assert document["released_at"] == "2025-12-31T23:30:00Z"


def test_a_license_is_mentioned_only_when_a_key_was_stated():
    silent = json.loads(dolibarr_json(samples.dolibarr_release()))
    told = json.loads(dolibarr_json(None, license_note=LicenseNote("expired", "2026-01-31", "Ended.\nPlease renew.")))
    assert "license" not in silent
    assert told["license"] == {"status": "expired", "expires": "2026-01-31", "message": "Ended. Please renew."}
    assert list(told) == [*silent, "license"]


def test_the_document_survives_text_that_is_no_unicode():
    document = json.loads(dolibarr_json(samples.dolibarr_release(name="Größe \ud800 & <b>")))
    assert document["name"] == "Größe  & <b>"


def test_the_line_to_copy_cannot_be_broken_out_of():
    line = descriptor_line("https://acme.example/o'b\\x/version.txt", key_constant="X_1")
    assert line.startswith("$this->url_last_version = 'https://acme.example/o\\'b\\\\x/version.txt?dlid=' . urlencode(")


@pytest.mark.parametrize("constant", ["", "acme", "A-B", "A'); system('x", "1A", "A\n"])
def test_only_a_constants_name_goes_into_the_line(constant):
    with pytest.raises(InvalidEntry) as caught:
        descriptor_line(ADDRESS, key_constant=constant)
    assert caught.value.rule == 55


def release(version, dolibarr=("", ""), php=("", "")):
    limits = {"dolibarr_min": dolibarr[0], "dolibarr_max": dolibarr[1], "php_min": php[0], "php_max": php[1]}
    return samples.dolibarr_release(version, **limits)


RELEASES = (
    release("4.0.0", ("22.0", ""), ("8.2", "")),
    release("3.0.0", ("18.0", "24.0"), ("8.0", "8.4")),
    release("2.0.0", ("11.-3", "17.0"), ("7.1", "8.1")),
)


@pytest.mark.parametrize(
    ("dolibarr", "php", "version"),
    [
        ("", "", "4.0.0"),
        ("24.0.0", "8.3.1", "4.0.0"),
        ("24.0.0", "8.1.30", "3.0.0"),
        ("22.0.0-beta", "8.3.1", "3.0.0"),
        ("22.0.0-rc2", "8.3.1", "3.0.0"),
        ("22.0.0", "8.2.0", "4.0.0"),
        ("24.0.7", "8.0", "3.0.0"),
        ("25.0.0", "8.1", None),
        ("18.0.0", "8.4.99", "3.0.0"),
        ("18.0.0", "8.5.0", None),
        ("18.0.0-alpha", "8.0.0", None),
        ("17.0.4", "7.4.33", "2.0.0"),
        ("17.1.0", "7.4.33", None),
        ("11.0.0", "7.1.0", "2.0.0"),
        ("11.-3", "7.1", "2.0.0"),
        ("11.-4", "7.1", None),
        ("10.0.9", "7.4", None),
        ("18.0.0", "8.1.2-1ubuntu2.14", "3.0.0"),
        ("18.0.0", "8.0.0RC1", None),
        ("nonsense", "<script>", "4.0.0"),
        ("9" * 5000, "8.2", "4.0.0"),
        ("18", "", "3.0.0"),
    ],
)
def test_the_newest_release_that_runs_on_both_versions_is_chosen(dolibarr, php, version):
    chosen = newest_that_fits(RELEASES, dolibarr, php)
    assert (chosen and chosen.version) == version


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ("19.0.0-alpha", False),
        ("19.0.0-dev", False),
        ("19.0.0-beta", False),
        ("19.0.0-beta1", False),
        ("19.0.0-rc", False),
        ("19.0.0", True),
    ],
)
def test_pre_releases_of_dolibarr_come_before_the_release(asked, fits):
    chosen = newest_that_fits([release("1.0.0", ("19.0.0", ""))], asked)
    assert (chosen is not None) == fits


@pytest.mark.parametrize(
    ("asked", "fits"),
    [("19.0.-4", False), ("19.0.0-beta", False), ("19.0.0-beta1", True), ("19.0.0-rc", True), ("19.0.0", True)],
)
def test_a_limit_may_begin_at_a_numbered_beta(asked, fits):
    chosen = newest_that_fits([release("1.0.0", ("19.0.0.-3", ""))], asked)
    assert (chosen is not None) == fits


def test_of_no_releases_none_fits():
    assert newest_that_fits([], "20.0", "8.2") is None
