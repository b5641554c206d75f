"""Keys as a table: whatever is taken in again changes nothing, and no cell of it is a formula."""

from sqlmodel import select
from support.offices import ACME, ACTOR, MODULE, SETTINGS, Office
from support.tables import counted, read, rows_of, written

from bridge.models import KeyCode, KeyDomain, LicenseKey, Site
from bridge.services import keys, packages
from bridge.services.packages import PackageInput, term_from_text

EXPORTED = {"customer_name": "=cmd|' /C calc'!A0", "customer_email": "zoë@example.com", "note": '\'=1\n"two";\tlines'}


def test_a_table_of_ours_changes_nothing_and_rebuilds_everything(office: Office):
    package = office.package("Standard, the “best”", max_sites=4)
    with office.session() as session:
        wanted = PackageInput(name="Local", term=term_from_text("annual"), repo_id=MODULE)
        local = packages.create(session, ACME, wanted, SETTINGS, ACTOR, office.now).id or 0
    office.key(package, **EXPORTED, labels=("a, b", "@c"), domains=("*.example.com", "münchen.example"), max_sites=0)
    office.key(local, legacy_code="42:old", payment_ref="+49 30", is_test=True)
    lost = office.key(package)
    with office.changing(lost) as (session, key):
        keys.revoke(session, key, "-1", office.issuer())
    office.master()
    text = written(office)
    before = counted(office)
    again = read(office, text)
    assert again.counts == {"issue": 0, "known": 3, "adopt": 0, "refused": 0}
    assert counted(office) == before
    with office.session() as session:
        for model in (Site, KeyDomain, KeyCode):
            for row in session.exec(select(model)):
                session.delete(row)
        session.flush()
        for row in session.exec(select(LicenseKey).where(LicenseKey.is_master == False)):  # noqa: E712
            session.delete(row)
    rebuilt = read(office, text)
    assert rebuilt.counts == {"issue": 3, "known": 0, "adopt": 0, "refused": 0}
    plain = [{name: cell for name, cell in row.items() if name != "id"} for row in rows_of(text)]
    assert [{n: cell for n, cell in row.items() if n != "id"} for row in rows_of(written(office))] == plain


def test_no_cell_of_an_export_is_a_formula_and_no_secret_is_in_it(office: Office):
    package = office.package("=Package")
    number = office.key(package, **EXPORTED)
    _, master = office.master()
    text = written(office)
    assert not [cell for row in rows_of(text) for cell in row.values() if cell[:1] in set("=+-@\t\r")]
    assert office.read(number).feed_token not in text
    assert office.codes(master)[0] not in text
    assert rows_of(text)[0]["customer_name"] == "'=cmd|' /C calc'!A0"


def test_an_export_takes_what_the_filters_leave(office: Office):
    one, two = office.package("One"), office.package("Two")
    for package in (one, one, two):
        office.key(package, customer_name="Zoë")
    assert len(rows_of(written(office))) == 3
    assert len(rows_of(written(office, package_id=two))) == 1
    assert rows_of(written(office, state="revoked")) == []
    assert len(rows_of(written(office, customer="ZOË", package_id=one))) == 2


def test_an_export_goes_on_while_keys_are_issued_and_deleted(office: Office, monkeypatch):
    monkeypatch.setattr("bridge.services.exports.PIECE", 2)
    package = office.package("Standard")
    office.issue(package, quantity=5)
    from bridge.services import exports
    from bridge.storage.key_search import Filter, Sight

    with office.session() as session:
        scope = exports.scope(session, Sight(ACME), Filter(), office.now)
    lines = exports.lines(lambda: office.session(read_only=True), scope)
    first = next(lines) + next(lines)
    office.issue(package, quantity=1)
    numbers = [row["id"] for row in rows_of(first + "".join(lines))]
    assert numbers == ["1", "2", "3", "4", "5", "6"]
