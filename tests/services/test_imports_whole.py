"""A table is taken in whole or not at all, once by however many, and in little memory."""

import io
import threading
import tracemalloc

import pytest
from sqlmodel import select
from support.offices import ACME, Office
from support.tables import bad, counted, edd_lines, read, table

from bridge.errors import ConflictError
from bridge.models import Package, Site
from bridge.services import imports


def test_sites_take_slots_as_if_they_had_come_one_by_one(office: Office):
    office.package("Standard", max_sites=1)
    sites = "dev.example.com example.com localhost other.example.org bad..host https://example.com/again"
    planned = read(office, table([{"code": "old-code", "package": "Standard", "sites": sites}]))
    assert "left out: 1" in planned.shown[0].sentence
    with office.session(read_only=True) as session:
        found = {site.host: (site.kind, site.slot) for site in session.exec(select(Site))}
    assert found == {
        "dev.example.com": ("staging", None),
        "example.com": ("production", 1),
        "localhost": ("local", None),
        "other.example.org": ("production", 2),
    }


def test_one_bad_row_among_a_thousand_is_named_and_the_others_are_proposed(office: Office):
    office.package("Standard")
    lines = list(edd_lines(1000))
    lines[500] = lines[500].replace("2027-01-01 23:59:59", "some day")
    planned = read(office, "".join(lines), do=False)
    assert bad(planned) == [
        (
            501,
            "Expiration Date",
            "Expiration Date is not a date; write 2027-03-31, 2027-03-31 12:00:00 or 2027-03-31T12:00:00Z",
        )
    ]
    assert planned.counts == {"issue": 999, "known": 0, "adopt": 0, "refused": 1}
    assert len(planned.shown) == 1000


def test_refused_rows_are_shown_before_others(office: Office):
    office.package("Standard")
    lines = list(edd_lines(1500))
    lines[1400] = lines[1400].replace("active,", "odd,")
    shown = read(office, "".join(lines), do=False).shown
    assert (len(shown), shown[-1].line, shown[-1].action) == (1000, 1401, "refused")


def test_a_package_that_goes_meanwhile_stops_the_import(office: Office):
    package = office.package("Standard")
    found = imports.open_table(io.BytesIO("".join(edd_lines(2)).encode()))
    asked = imports.Asked(ACME, None, office.now, "LIC")
    with office.session(read_only=True) as session:
        planned = imports.plan(session, found, asked)
    with office.session() as session:
        session.get_one(Package, package).active = False
    with planned, pytest.raises(ConflictError), office.session() as session:
        imports.apply(session, planned, asked, office.issuer())
    assert counted(office)["LicenseKey"] == 0


def test_two_imports_of_one_file_at_once_make_each_key_once(office: Office):
    office.package("Standard")
    text = "".join(edd_lines(60))
    plans = []
    for _ in range(3):  # all see that nothing is there
        found = imports.open_table(io.BytesIO(text.encode()))
        with office.session(read_only=True) as session:
            plans.append(imports.plan(session, found, imports.Asked(ACME, None, office.now, "LIC")))

    def run(planned) -> None:
        with planned, office.session() as session:
            imports.apply(session, planned, imports.Asked(ACME, None, office.now, "LIC"), office.issuer())

    threads = [threading.Thread(target=run, args=(planned,)) for planned in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted(office)["LicenseKey"] == 60
    assert sorted(planned.counts["issue"] for planned in plans) == [0, 0, 60]
    assert sorted(planned.counts["known"] for planned in plans) == [0, 60, 60]


def test_memory_does_not_grow_with_the_file(office: Office):
    office.package("Standard")
    peaks = []
    for count in (2_000, 12_000):
        file = io.BytesIO("".join(edd_lines(count)).encode())
        asked = imports.Asked(ACME, None, office.now, "LIC")
        tracemalloc.start()
        with office.session(read_only=True) as session:
            imports.plan(session, imports.open_table(file), asked).__exit__()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 10_000 * 250, peaks  # a mark a row, and no row
