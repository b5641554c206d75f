"""Tables taken in: what is made, what is known, what is refused, and that a table of ours changes nothing."""

import io
import threading
import tracemalloc
from datetime import UTC

import pytest
from sqlmodel import func, select
from support.offices import ACME, MODULE, OTHER, SETTINGS, Office
from support.tables import EDD, edd_code, edd_lines, read, rows_of, table, written

from bridge.errors import ConflictError, InvalidInputError
from bridge.models import Audit, Customer, KeyCode, KeyDomain, LicenseKey, Package, Purchase, Site
from bridge.services import imports, keys, packages
from bridge.services.key_inputs import KeyInput
from bridge.services.packages import PackageInput, term_from_text
from bridge.storage import customers, licenses

MODELS = (LicenseKey, KeyCode, KeyDomain, Site, Audit, Customer, Purchase)


def counted(office: Office) -> dict[str, int]:
    with office.session(read_only=True) as session:
        return {model.__name__: session.exec(select(func.count()).select_from(model)).one() for model in MODELS}


def keys_by_code(office: Office, code: str) -> list[LicenseKey]:
    with office.session(read_only=True) as session:
        return list(licenses.keys_by_code(session, code))


def bad(planned: imports.Plan) -> list[tuple[int, str, str]]:
    return [(each.line, each.column, each.sentence) for each in planned.shown if each.action == "refused"]


def test_licenses_of_edd_work_here_under_their_own_codes(office: Office):
    package = office.package("Standard", max_sites=5)
    planned = read(office, "".join(edd_lines(3)))
    assert planned.counts == {"issue": 3, "known": 0, "adopt": 0, "refused": 0}
    (key,) = keys_by_code(office, edd_code(1))
    assert (key.package_id, key.customer_name, key.customer_email) == (package, "Ann 1", "ann1@example.com")
    assert (key.max_sites, key.payment_ref) == (3, "edd-license-1")
    assert (key.starts_at.year, key.created_at.year, key.expires_at.year) == (2024, 2024, 2027)
    with office.session(read_only=True) as session:
        site = session.exec(select(Site).where(Site.key_id == key.id)).one()
        assert (site.host, site.kind, site.slot) == ("shop1.example.com", "production", 1)
        assert customers.by_mail(session, ACME, "ANN1@example.com").id == key.customer_id
    assert {each.key_id for each in planned.shown} == {1, 2, 3}


def test_each_key_and_the_import_leave_a_row_in_the_trail(office: Office):
    package = office.package("Standard")
    read(office, "".join(edd_lines(2)))
    rows = office.trail(action="key.import")
    assert [row.subject for row in rows] == ["key:1", "key:2"]
    assert rows[0].after == {"package": package, "expires": "2027-01-01T23:59:59+00:00", "domains": [], "line": 2}
    (whole,) = office.trail(action="keys.import")
    assert whole.after == {"table": "edd", "rows": 2, "issue": 2, "known": 0, "adopt": 0, "refused": 0}
    assert not any(edd_code(n) in str(row.model_dump()) for n in (0, 1) for row in office.trail())


def test_again_with_the_same_file_makes_nothing_new(office: Office):
    office.package("Standard")
    text = "".join(edd_lines(3))
    read(office, text)
    before = counted(office)
    again = read(office, text)
    assert again.counts == {"issue": 0, "known": 3, "adopt": 0, "refused": 0}
    assert [(each.key_id, each.state) for each in again.shown] == [(n, "active") for n in (1, 2, 3)]
    assert counted(office) == before


def test_an_import_changes_no_key_that_is_there(office: Office):
    office.package("Standard")
    read(office, "".join(edd_lines(1)))
    changed = "".join(edd_lines(1)).replace("2027-01-01", "2030-01-01").replace("Ann 0", "Eve")
    assert read(office, changed).counts["known"] == 1
    assert (office.read(1).expires_at.year, office.read(1).customer_name) == (2027, "Ann 0")


def test_nothing_is_written_while_it_is_planned(office: Office):
    office.package("Standard")
    before = counted(office)
    assert read(office, "".join(edd_lines(5)), do=False).counts["issue"] == 5
    assert counted(office) == before


def test_one_code_may_open_several_packages(office: Office):
    one, two, three = (office.package(name) for name in ("One", "Two", "Three"))
    planned = read(
        office, table([{"code": "old-code-1", "package": "One\nTwo"}, {"code": "old-code-1", "package": "Three"}])
    )
    assert planned.counts["issue"] == 3
    assert {key.package_id for key in keys_by_code(office, "old-code-1")} == {one, two, three}
    assert len({office.read(n).feed_token for n in (1, 2, 3)}) == 3


def test_a_download_id_with_two_levels_of_akeeba(office: Office):
    pro, core = office.package("Pro"), office.package("Core")
    row = {"dlid": "0f343b0931126a20f133d67c2b018a3b", "user_id": "42", "primary": "0", "publish_down": "2027-01-01"}
    text = table([row | {"level_title": "Pro"}, row | {"level_title": "Core"}])
    assert read(office, text).counts["issue"] == 2
    found = keys_by_code(office, "42:0f343b0931126a20f133d67c2b018a3b")
    assert {key.package_id for key in found} == {pro, core}


def test_products_are_mapped_to_packages_and_may_be_several(office: Office):
    one, two = office.package("One"), office.package("Two")
    text = "".join(edd_lines(1, product="Weather, the “Pro” one".replace(",", "")))
    assert "there is no package" in bad(read(office, text))[0][2]
    mapped = {"weather  the “pro” ONE": (one, two)}
    assert read(office, text, mapped=mapped).counts["issue"] == 2
    with pytest.raises(InvalidInputError, match="no package 99"):
        read(office, text, mapped={"x": (99,)})


def test_names_are_looked_up_where_the_import_stands(office: Office):
    of_owner = office.package("Standard")
    with office.session() as session:
        wanted = PackageInput(name="Standard", term=term_from_text("annual"), repo_id=MODULE)
        of_repo = packages.create(session, ACME, wanted, SETTINGS, *_by(office)).id
    at_owner, at_repo = (
        read(office, "code,package\r\nsome-code,Standard\r\n", do=False, repo_id=repo).shown[0].package_id
        for repo in (None, MODULE)
    )
    assert (at_owner, at_repo) == (of_owner, of_repo)
    named = read(office, "code,package,repo\r\nsome-code,Standard,mod-weather\r\n", do=False)
    assert named.shown[0].package_id == of_repo
    numbered = read(office, f"code,package,package_id\r\nsome-code,Standard,{of_repo}\r\n", do=False)
    assert numbered.shown[0].package_id == of_repo
    wrong = read(office, f"code,package,package_id\r\nsome-code,Other,{of_repo}\r\n", do=False)
    assert bad(wrong)[0][1] == "package_id"


def _by(office: Office):
    issuer = office.issuer()
    return issuer.actor, office.now


def test_packages_of_others_masters_and_inactive_ones_are_refused(office: Office):
    foreign = office.package("Foreign", owner_id=OTHER)
    master, _ = office.master()
    office.package("Old")
    with office.session() as session:
        session.exec(select(Package).where(Package.name == "Old")).one().active = False
    text = table([{"package_id": n, "package": name} for n, name in ((foreign, ""), (master, ""), ("", "Old"))])
    sentences = [sentence for *_, sentence in bad(read(office, text))]
    assert ["no package" in sentences[0], "master" in sentences[1], "not active" in sentences[2]] == [True] * 3


def test_a_masters_code_is_not_taken_and_anothers_code_is_anothers(office: Office):
    office.package("Standard")
    _, master = office.master()
    foreign = office.key(office.package("Foreign", owner_id=OTHER), legacy_code="shared-code")
    text = table([{"code": code, "package": "Standard"} for code in (office.codes(master)[0], "shared-code")])
    planned = read(office, text)
    assert bad(planned) == [(2, "code", "code is the code of a master key")]
    assert planned.counts["issue"] == 1
    assert foreign in {key.id for key in keys_by_code(office, "shared-code")}


def test_rows_without_a_code_get_one_and_are_known_by_their_reference(office: Office):
    office.package("Standard")
    rows = [{"package": "Standard", "customer_email": f"{n}@example.com", "payment_ref": f"R-{n}"} for n in range(3)]
    planned = read(office, table(rows))
    assert planned.counts["issue"] == 3
    assert all(office.codes(n)[0].startswith("LIC-") for n in (1, 2, 3))
    assert read(office, table(rows)).counts == {"issue": 0, "known": 3, "adopt": 0, "refused": 0}


def test_rows_with_neither_are_known_by_what_they_say(office: Office):
    office.package("Standard")
    rows = [{"package": "Standard", "customer_email": f"{n}@example.com"} for n in range(2)]
    assert read(office, table(rows)).counts["issue"] == 2
    assert office.read(1).payment_ref.startswith("import:")
    assert read(office, table(rows)).counts["known"] == 2
    twice = read(office, table([rows[0], rows[0]]), do=False)
    assert bad(twice)[0][:2] == (3, "payment_ref")


def test_the_same_code_twice_in_a_file_is_one_key_or_a_contradiction(office: Office):
    office.package("Standard")
    row = {"code": "old-code", "package": "Standard", "expires_at": "2027-01-01"}
    planned = read(office, table([row, row, row | {"expires_at": "2028-01-01"}]), do=False)
    assert [each.action for each in planned.shown] == ["issue", "known", "refused"]
    assert "line 2" in planned.shown[2].sentence


def test_old_codes_that_were_replaced_are_known(office: Office):
    office.package("Standard")
    read(office, "".join(edd_lines(1)))
    with office.changing(1) as (session, key):
        keys.replace_code(session, key, keys.OVERLAPS["0"], office.issuer())
    assert read(office, "".join(edd_lines(1))).counts["known"] == 1


def test_a_subscription_is_bound_to_its_key_and_makes_none(office: Office):
    office.package("Standard")
    row = {"code": "old-code", "package": "Standard", "expires_at": "2027-01-01", "subscription": "sub_1AbcDEF"}
    assert read(office, table([row])).counts == {"issue": 1, "known": 0, "adopt": 0, "refused": 0}
    with office.session(read_only=True) as session:
        purchase = session.exec(select(Purchase)).one()
        assert (purchase.source, purchase.ref, purchase.subscription) == ("stripe", "sub_1AbcDEF", True)
    before = counted(office)
    assert read(office, table([row])).counts["known"] == 1
    assert counted(office) == before
    other = read(office, table([row | {"subscription": "I-ABCDEFGHIJ12"}]), do=False)
    assert bad(other)[0][1] == "subscription"


def test_a_key_that_is_there_is_adopted(office: Office):
    office.package("Standard")
    row = {"code": "old-code", "package": "Standard", "expires_at": "2027-01-01", "subscription": ""}
    read(office, table([row]))
    planned = read(office, table([row | {"subscription": "I-ABCDEFGHIJ12"}]))
    assert planned.counts == {"issue": 0, "known": 0, "adopt": 1, "refused": 0}
    with office.session(read_only=True) as session:
        assert session.exec(select(Purchase.source)).one() == "paypal"
    assert counted(office)["LicenseKey"] == 1
    assert [row.after["adopt"] for row in office.trail(action="keys.import")] == [0, 1]


def test_what_the_caller_may_not_do_is_told_apart(office: Office):
    office.package("Standard")
    planned = read(office, "".join(edd_lines(1)), do=False, allowed=lambda _: False)
    assert (planned.forbidden, "keys.import" in bad(planned)[0][2]) == (True, True)
    row = {"code": "old-code", "package": "Standard", "subscription": "sub_1AbcDEF"}
    planned = read(office, table([row]), do=False, may_sell=lambda _: False)
    assert (planned.forbidden, "purchases.write" in bad(planned)[0][2]) == (True, True)


def test_the_daily_limit_of_issued_keys_does_not_hold(office: Office):
    office.package("Standard")
    read(office, "".join(edd_lines(20)))
    with office.session() as session:  # nor do keys with a date of their own count in it
        package = session.exec(select(Package)).first()
        assert keys.issue(session, package, KeyInput(), office.issuer(most_a_day=1))


def test_dates_without_a_start_and_terms(office: Office):
    office.package("Standard", "annual")
    rows = [
        {"code": "past-code", "package": "Standard", "expires_at": "2020-01-01"},
        {"code": "term-code", "package": "Standard", "expires_at": ""},
        {"code": "ever-code", "package": "Standard", "expires_at": "never"},
    ]
    planned = read(office, table(rows))
    assert [each.state for each in planned.shown] == ["expired", "active", "active"]
    ends = [office.read(n).expires_at for n in (1, 2, 3)]
    assert [end and end.astimezone(UTC).year for end in ends] == [2020, 2027, None]


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


EXPORTED = {"customer_name": "=cmd|' /C calc'!A0", "customer_email": "zoë@example.com", "note": '\'=1\n"two";\tlines'}


def test_a_table_of_ours_changes_nothing_and_rebuilds_everything(office: Office):
    package = office.package("Standard, the “best”", max_sites=4)
    with office.session() as session:
        wanted = PackageInput(name="Local", term=term_from_text("annual"), repo_id=MODULE)
        local = packages.create(session, ACME, wanted, SETTINGS, *_by(office)).id or 0
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
