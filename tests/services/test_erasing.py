"""A forgotten customer is nowhere any more, and the keys go on."""

import json
from dataclasses import replace
from datetime import timedelta

from sqlmodel import select
from support.dumps_of_tables import dumped
from support.offices import ACME, ACTOR, OTHER
from support.persons import HOST, MAIL, NAME, SECRETS, describe, erase, use

from bridge.models import Customer, CustomerPastKey, LicenseKey, Package, Site, UsageDay
from bridge.rules.customers import MARKER
from bridge.services import erasing, key_edits, purchases
from bridge.services.key_inputs import KeyInput
from bridge.services.purchases import Order
from bridge.storage import customers, licenses
from bridge.storage import purchases as storage


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
