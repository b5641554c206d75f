"""A forgotten customer is nowhere any more, and the keys go on."""

import json
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlmodel import select
from support.databases import ONLY_SQLITE
from support.dumps_of_tables import dumped
from support.offices import ACME, ACTOR, MODULE, NOW, OTHER, Office

from bridge.errors import InvalidInputError
from bridge.models import Customer, CustomerPastKey, LicenseKey, Package, Replay, Site, UsageDay
from bridge.rules.customers import MARKER
from bridge.services import erasing, key_edits, keys, purchases, sites
from bridge.services.key_inputs import KeyInput
from bridge.services.purchases import Order
from bridge.services.sites import Newcomer
from bridge.storage import customers, erasures, licenses, usage
from bridge.storage import purchases as storage
from bridge.storage.usage import Use

NAME, MAIL, HOST = "Zenobia Quxford", "Zenobia@Quxford-Mail.example", "zenobias-shop.example"
SECRETS = ("zenobia", "quxford", "secret note", "angry reason")


def erase(office: Office, mail: str = MAIL, *, domains: bool = False) -> erasing.Erased:
    with office.session() as session:
        customer = customers.by_mail(session, ACME, mail)
        return erasing.erase(session, customer, domains=domains, actor=ACTOR, now=office.now)


def describe(office: Office, key_id: int, **changes: object) -> None:
    with office.changing(key_id) as (session, key):
        key_edits.describe(session, key, changes, "LIC", ACTOR, office.now)


def use(office: Office, key_id: int, host: str, count: int = 1, **more: str) -> None:
    with office.session() as session:
        usage.add(session, {Use(NOW.date(), MODULE, "feed", "valid", key_id, host, **more): count})


def arrive(office: Office, key_id: int, host: str) -> None:
    with office.session() as session:
        sites.arrive(session, Newcomer(key_id, host, 0, "free"), office.now, per_day=100)


def live(office: Office, key_id: int) -> int:
    """A key about which everything is known: history, sites, use, notes."""
    describe(office, key_id, note=f"secret note about {NAME}", labels=["vip", f"of {NAME}"], customer_name="Z.")
    describe(office, key_id, customer_name=NAME)
    arrive(office, key_id, HOST)
    arrive(office, key_id, f"old.{HOST}")
    use(office, key_id, HOST, 3)
    use(office, key_id, f"old.{HOST}", 4)
    use(office, key_id, "", 5)
    with office.changing(key_id) as (session, key):
        keys.assign(session, key, [HOST], ACTOR, office.now)
        sites.free(session, key, f"old.{HOST}", ACTOR, office.now)
    return key_id


@pytest.fixture
def zenobia(office) -> list[int]:
    """Her keys: two in use, one revoked."""
    package = office.package()
    found = [live(office, key) for key in office.issue(package, customer_name=NAME, customer_email=MAIL, quantity=2)]
    revoked = office.key(package, customer_email=MAIL.upper(), payment_ref=f"order of {MAIL}")
    with office.changing(revoked) as (session, key):
        keys.revoke(session, key, f"angry reason of {NAME}", office.issuer())
    return [*found, revoked]


def test_with_domains_nothing_of_the_person_is_left_in_any_table(office, zenobia):
    assert any(secret in dumped(office.engine) for secret in SECRETS)
    done = erase(office, domains=True)
    assert done.keys == 3
    assert [secret for secret in SECRETS if secret in dumped(office.engine)] == []


def test_without_domains_only_those_are_left_on_which_the_keys_go_on(office, zenobia):
    erase(office)
    left = [line for line in dumped(office.engine).splitlines() if any(secret in line for secret in SECRETS)]
    assert {line.partition(":")[0] for line in left if not line.startswith("search_")} == {"key_domain", "site"}
    assert all(HOST in line for line in left if not line.startswith("search_"))
    assert f"old.{HOST}" not in "\n".join(left)


def test_the_keys_go_on(office, zenobia):
    before = {key: (office.read(key), office.codes(key)) for key in zenobia}
    erase(office)
    for key, (row, codes) in before.items():
        now = office.read(key)
        same = {
            "package_id",
            "feed_token",
            "starts_at",
            "expires_at",
            "revoked_at",
            "max_sites",
            "created_at",
            "is_test",
        }
        assert now.model_dump(include=same) == row.model_dump(include=same)
        assert office.codes(key) == codes
        assert (now.customer_id, now.customer_name, now.customer_email, now.note) == (None, "", "", "")
    assert office.read(zenobia[0]).labels == ["vip"]
    assert (office.read(zenobia[2]).payment_ref, office.read(zenobia[2]).revoke_reason) == ("", "")
    with office.session(read_only=True) as session:
        assert licenses.domains_of(session, zenobia) == {zenobia[0]: [HOST], zenobia[1]: [HOST]}
        assert [(site.key_id, site.host) for site in session.exec(select(Site).order_by(Site.id))] == [
            (zenobia[0], HOST),
            (zenobia[1], HOST),
        ]


def test_counts_lose_their_sites_and_nothing_else(office, zenobia):
    use(office, zenobia[0], HOST, 7, version="1.0", php="8.3")
    other = office.key(customer_email="bob@x.com")
    use(office, other, "bob.example", 2)
    with office.session(read_only=True) as session:
        total = sum(row.count for row in session.exec(select(UsageDay)))
    erase(office)
    with office.session(read_only=True) as session:
        rows = session.exec(select(UsageDay)).all()
    assert sum(row.count for row in rows) == total
    assert {(row.key_id, row.site, row.version, row.php, row.count) for row in rows} == {
        (zenobia[0], "", "", "", 12),
        (zenobia[0], "", "1.0", "8.3", 7),
        (zenobia[1], "", "", "", 12),
        (other, "bob.example", "", "", 2),
    }


def test_the_trail_still_tells_what_was_done_and_by_whom(office, zenobia):
    before = [(row.at, row.actor, row.origin, row.action, row.subject) for row in office.trail()]
    done = erase(office)
    after = office.trail()
    assert [(row.at, row.actor, row.origin, row.action, row.subject) for row in after][: len(before)] == before
    last = after[-1]
    assert (last.action, last.subject, last.owner_id) == ("customer.erase", "customer:1", ACME)
    assert (last.before, last.after) == (None, {"keys": 3, "purchases": 0, "domains": False})
    edits = office.trail(f"key:{zenobia[0]}", "key.edit")
    assert edits[0].after == {"customer_name": MARKER, "note": MARKER, "labels": ["vip", MARKER]}
    (issued,) = office.trail(f"key:{zenobia[0]}", "key.issue")
    assert issued.after["expires"] == "2027-03-01T12:00:00+00:00"
    assert 0 < done.audit_rows < len(after)


def test_others_keep_everything(office, zenobia):
    package = office.package("Other")
    bob = office.key(package, customer_name="Bob", customer_email="bob@x.com", note="calls often", labels=["vip"])
    describe(office, bob, customer_name="Bobby")
    foreign = office.key(office.package("Far", owner_id=OTHER), customer_name=NAME, customer_email=MAIL)
    erase(office)
    assert (office.read(bob).customer_name, office.read(bob).note) == ("Bobby", "calls often")
    assert office.trail(f"key:{bob}", "key.edit")[0].before == {"customer_name": "Bob"}
    assert office.read(foreign).customer_email == MAIL
    with office.session(read_only=True) as session:
        left = session.exec(select(Customer)).all()
    assert {(each.owner_id, each.email) for each in left} == {(ACME, "bob@x.com"), (OTHER, MAIL)}


def test_a_second_time_there_is_nobody(office, zenobia):
    erase(office)
    with office.session() as session:
        assert customers.by_mail(session, ACME, MAIL) is None


def test_the_same_address_later_is_a_new_customer(office, zenobia):
    erase(office)
    fresh = office.key(office.package("Again"), customer_email=MAIL)
    with office.session(read_only=True) as session:
        assert session.exec(select(Customer.id)).all() == [office.read(fresh).customer_id]
    assert office.read(zenobia[0]).customer_id is None


def test_a_key_that_went_to_somebody_else_keeps_what_happened_since(office, zenobia):
    office.now += timedelta(days=1)
    describe(office, zenobia[0], customer_name="Bob", customer_email="bob@x.com", note="now Bob's")
    office.now += timedelta(days=1)
    describe(office, zenobia[0], note="Bob called", customer_name="Bobby")
    assert erase(office).keys == 2
    key = office.read(zenobia[0])
    assert (key.customer_name, key.customer_email, key.note) == ("Bobby", "bob@x.com", "Bob called")
    edits = office.trail(f"key:{zenobia[0]}", "key.edit")
    assert edits[-1].after == {"note": "Bob called", "customer_name": "Bobby"}
    assert edits[-2].before["customer_email"] == MARKER
    trail = json.dumps([[row.before, row.after] for row in office.trail(f"key:{zenobia[0]}")]).lower()
    assert "quxford" not in trail


def test_what_a_deleted_key_left_behind_is_forgotten_too(office, zenobia):
    with office.changing(zenobia[0]) as (session, key):
        key_edits.remove(session, key, ACTOR, office.now)
    assert erase(office, domains=True).keys == 2
    assert [secret for secret in SECRETS if secret in dumped(office.engine)] == []


def test_a_key_whose_address_was_taken_off_is_still_hers(office, zenobia):
    describe(office, zenobia[0], customer_email="")
    assert erase(office, domains=True).keys == 3
    assert [secret for secret in SECRETS if secret in dumped(office.engine)] == []


def test_a_customer_of_no_key_any_more_can_still_be_forgotten(office):
    key = office.key(customer_name=NAME, customer_email=MAIL)
    describe(office, key, customer_name="Bob", customer_email="bob@x.com")
    assert erase(office) == erasing.Erased(keys=0, purchases=0, audit_rows=1)
    assert "quxford" not in dumped(office.engine)
    assert office.read(key).customer_name == "Bob"


def test_a_mistyped_address_of_the_same_keys_goes_along(office):
    key = office.key(customer_name=NAME, customer_email="zenobia@quxfrod-mail.example")
    describe(office, key, customer_email=MAIL)
    erase(office)
    assert [secret for secret in (*SECRETS, "quxfrod") if secret in dumped(office.engine)] == []
    with office.session(read_only=True) as session:
        assert session.exec(select(CustomerPastKey)).all() == []


def test_what_was_ordered_stays_in_the_books_without_a_name(office):
    package = office.package()
    stated = KeyInput(
        customer_name=NAME, customer_email=MAIL, note="secret note", labels=("vip", NAME), domains=(HOST,), quantity=2
    )
    paid, unpaid = Order("shop", "R-1", stated), Order("shop", "R-2", stated, paid=False)
    with office.session() as session:
        for order in (paid, unpaid):
            purchases.sell(session, session.get_one(Package, package), order, office.issuer())
    done = erase(office, domains=True)
    assert (done.keys, done.purchases) == (2, 2)
    assert [secret for secret in SECRETS if secret in dumped(office.engine)] == []
    with office.session() as session:
        for order, count in ((paid, 2), (replace(unpaid, paid=True), 2)):  # told again: no second keys, no name
            found, new = purchases.sell(session, session.get_one(Package, package), order, office.issuer())
            assert (new, found.status, found.customer_name, found.customer_email) == (False, "paid", "", "")
            assert len(storage.slots_of(session, found.id)) == count
        assert session.exec(select(Customer)).all() == []
        rows = session.exec(select(LicenseKey).where(LicenseKey.package_id == package)).all()
    assert [(row.customer_name, row.note, row.labels) for row in rows][:2] == [("", "", ["vip"])] * 2
    assert len(rows) == 4


def test_who_ordered_and_never_paid_can_be_forgotten(office):
    stated, package_id = KeyInput(customer_name=NAME, customer_email=MAIL), office.package()
    with office.session() as session:
        package = session.get_one(Package, package_id)
        purchases.sell(session, package, Order("shop", "R-1", stated, paid=False), office.issuer())
    assert erase(office) == erasing.Erased(keys=0, purchases=1, audit_rows=0)
    assert "quxford" not in dumped(office.engine)


def test_remembered_answers_of_the_owner_go_and_others_stay(office, zenobia):
    with office.session() as session:
        for scope, owner_id, status in (("a", ACME, 201), ("b", OTHER, 201), ("c", ACME, 0)):
            session.add(
                Replay(
                    scope=scope, owner_id=owner_id, fingerprint="", status=status, body=NAME, headers="", created_at=NOW
                )
            )
    erase(office)
    with office.session(read_only=True) as session:
        assert set(session.exec(select(Replay.scope))) == {"b", "c"}  # c is under way: the erasing call itself


def test_the_wrong_address_confirms_nothing(office, zenobia):
    with office.session(read_only=True) as session:
        customer = customers.by_mail(session, ACME, MAIL)
        erasing.check_confirmed(customer, f" {MAIL.lower()} ")
        for wrong in ("", "bob@x.com", NAME, MAIL[:-1]):
            with pytest.raises(InvalidInputError, match="is not the customer's mail address"):
                erasing.check_confirmed(customer, wrong)


def test_a_failure_on_the_way_leaves_all_as_it_was(office, zenobia, monkeypatch):
    before = dumped(office.engine)
    monkeypatch.setattr(erasures, "remove", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        erase(office, domains=True)
    assert dumped(office.engine) == before


def test_two_at_once_forget_once(office, zenobia):
    start, results = threading.Barrier(2), []

    def forget() -> None:
        start.wait()
        try:
            results.append(erase(office).keys)
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=forget) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each for each in results if isinstance(each, int)] in ([3, 0], [0, 3], [3])
    assert "quxford" not in dumped(office.engine).replace("zenobias-shop", "")


def test_a_key_issued_meanwhile_is_either_forgotten_or_a_new_customers(office, zenobia):
    package, start, made = office.package("Meanwhile"), threading.Barrier(2), []

    def issue() -> None:
        start.wait()
        made.extend(office.issue(package, customer_name=NAME, customer_email=MAIL, quantity=5))

    thread = threading.Thread(target=issue)
    thread.start()
    start.wait()
    erase(office)
    thread.join()
    with office.session(read_only=True) as session:
        left = {each.id for each in session.exec(select(Customer))}
    assert len(made) == 5
    for key in map(office.read, made):
        assert (key.customer_id in left and key.customer_email == MAIL) or (key.customer_id, key.customer_name) == (
            None,
            "",
        )


def test_a_thousand_keys_take_hardly_more_statements_than_ten(office):
    """Each statement is bounded by the rows that it changes; none is said key by key."""
    said = []
    for quantity in (10, 1000):
        ids = office.issue(office.package(f"P{quantity}"), customer_name=NAME, customer_email=MAIL, quantity=quantity)
        with office.session() as session:
            lines = [Use(NOW.date(), MODULE, "feed", "valid", key, f"{site}.example") for key in ids for site in "xyz"]
            usage.add(session, dict.fromkeys(lines, 2))
        count = 0

        def note(*_: object) -> None:
            nonlocal count
            count += 1

        event.listen(office.engine, "before_cursor_execute", note)
        assert erase(office).keys == quantity
        event.remove(office.engine, "before_cursor_execute", note)
        said.append(count)
        with office.session(read_only=True) as session:
            assert session.execute(text("SELECT DISTINCT site, count FROM usage_day")).all() == [("", 6)]
            assert session.exec(select(LicenseKey).where(LicenseKey.customer_name != "").limit(1)).first() is None
    assert said[1] < said[0] + 20


@ONLY_SQLITE
def test_the_file_itself_holds_nothing_more(office, zenobia, database_url):
    file = Path(database_url.removeprefix("sqlite:///"))
    erasures.empty_log(office.engine)
    assert MAIL.encode() in file.read_bytes()
    erase(office, domains=True)
    erasures.empty_log(office.engine)
    for path in (file, file.with_name(f"{file.name}-wal")):
        found = path.read_bytes().lower() if path.exists() else b""
        assert [secret for secret in SECRETS if secret.encode() in found] == []
