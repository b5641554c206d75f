"""Keys of other systems taken in: what is made, what is known, what is refused."""

from datetime import UTC

import pytest
from sqlmodel import select
from support.offices import ACME, ACTOR, MODULE, OTHER, SETTINGS, Office
from support.tables import bad, counted, edd_code, edd_lines, keys_by_code, read, table

from bridge.errors import InvalidInputError, RefusedError
from bridge.models import Package, Purchase, Site
from bridge.services import keys, packages
from bridge.services.key_inputs import KeyInput
from bridge.services.packages import PackageInput, term_from_text
from bridge.storage import customers


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
        of_repo = packages.create(session, ACME, wanted, SETTINGS, ACTOR, office.now).id
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


def test_the_daily_limit_of_issued_keys_does_not_hold_nor_is_it_used_up(office: Office):
    package = office.package("Standard")
    read(office, "".join(edd_lines(20)))
    read(office, "code,package\r\n" + "".join(f"code-{n},Standard\r\n" for n in range(20)))  # made today, by its dates
    with office.session() as session:
        found = session.get_one(Package, package)
        assert keys.issue(session, found, KeyInput(), office.issuer(most_a_day=1))
        with pytest.raises(RefusedError):
            keys.issue(session, found, KeyInput(), office.issuer(most_a_day=1))


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
