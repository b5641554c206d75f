"""Whose the keys are: by owner and mail address, whoever comes first, and wherever the repo goes."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import select
from support.offices import ACME, ACTOR, FOREIGN, MODULE, OTHER, Office

from bridge.models import Customer, CustomerPastKey, CustomerWord, LicenseKey
from bridge.services import key_edits
from bridge.storage import customer_transfers, customers, licenses


def edit(office: Office, key_id: int, **changes: object) -> None:
    with office.changing(key_id) as (session, key):
        key_edits.describe(session, key, changes, "LIC", ACTOR, office.now)


def everybody(office: Office) -> list[tuple[int, str, str]]:
    with office.session(read_only=True) as session:
        return [(each.owner_id, each.email, each.name) for each in session.exec(select(Customer).order_by(Customer.id))]


def past(office: Office) -> set[tuple[int, int]]:
    with office.session(read_only=True) as session:
        return {(each.customer_id, each.key_id) for each in session.exec(select(CustomerPastKey))}


def words_of(office: Office, customer_id: int, *, of_mail: bool) -> set[str]:
    with office.session(read_only=True) as session:
        rows = session.exec(select(CustomerWord).where(CustomerWord.customer_id == customer_id))
        return {row.word for row in rows if row.of_mail is of_mail}


def test_keys_of_one_address_are_one_customers_in_whatever_case(office):
    package = office.package()
    first, second = office.issue(package, customer_name="Ann", customer_email="ann@x.com", quantity=2)
    third = office.key(package, customer_name="Ann Smith", customer_email="ANN@X.com")
    assert len({office.read(key).customer_id for key in (first, second, third)}) == 1
    assert everybody(office) == [(ACME, "ANN@X.com", "Ann Smith")]
    assert words_of(office, 1, of_mail=False) == {"ann smith", "smith"}
    assert words_of(office, 1, of_mail=True) == {"ann@x.com", "x.com", "com"}


def test_a_key_without_an_address_is_nobodys(office):
    assert office.read(office.key(customer_name="Ann")).customer_id is None
    assert everybody(office) == []


def test_two_owners_know_the_same_person_each_for_itself(office):
    ours = office.key(office.package(), customer_email="ann@x.com")
    theirs = office.key(office.package(owner_id=OTHER), customer_email="ann@x.com")
    assert office.read(ours).customer_id != office.read(theirs).customer_id
    assert [owner for owner, _, _ in everybody(office)] == [ACME, OTHER]


def test_a_later_key_without_a_name_leaves_the_name(office):
    package = office.package()
    office.key(package, customer_name="Ann", customer_email="ann@x.com")
    office.key(package, customer_email="ann@x.com")
    assert everybody(office) == [(ACME, "ann@x.com", "Ann")]


def test_another_address_makes_a_key_somebody_elses(office):
    package = office.package()
    key, bobs = office.key(package, customer_email="ann@x.com"), office.key(package, customer_email="bob@x.com")
    edit(office, key, customer_email="BOB@x.com", customer_name="Bob")
    assert office.read(key).customer_id == office.read(bobs).customer_id == 2
    assert past(office) == {(1, key)}
    edit(office, key, customer_email="")
    assert office.read(key).customer_id is None
    assert past(office) == {(1, key), (2, key)}


def test_what_is_not_about_the_customer_moves_nothing(office):
    key = office.key(customer_name="Ann", customer_email="ann@x.com")
    edit(office, key, note="x", max_sites=3)
    assert past(office) == set()
    edit(office, key, customer_name="Anna")
    assert everybody(office) == [(ACME, "ann@x.com", "Anna")]
    assert words_of(office, 1, of_mail=False) == {"anna"}
    assert past(office) == set()


def test_a_deleted_key_stays_a_past_one(office):
    key = office.key(customer_email="ann@x.com")
    with office.changing(key) as (session, row):
        key_edits.remove(session, row, ACTOR, office.now)
    assert past(office) == {(1, key)}
    assert everybody(office) == [(ACME, "ann@x.com", "")]


def test_many_at_once_make_one_customer(office):
    start, ids, errors = threading.Barrier(8), [], []

    def meet() -> None:
        start.wait()
        try:
            with office.session() as session:
                ids.append(customers.of_mail(session, ACME, "Ann@x.com", "Ann", office.now))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=meet) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(ids) == 8
    assert len(set(ids)) == 1
    assert len(everybody(office)) == 1


@pytest.mark.parametrize("known", [False, True])
def test_a_transferred_repo_takes_its_customers_along(office, known):
    local = office.package("Local", repo_id=MODULE)
    moved = office.key(local, customer_name="Ann", customer_email="Ann@x.com")
    nobodys = office.key(local)
    stays = office.key(office.package("Wide"), customer_email="ann@x.com")
    if known:
        office.key(office.package(owner_id=OTHER), customer_email="ann@X.com", customer_name="A.")
    office.now += timedelta(days=1)
    with office.session() as session:
        customer_transfers.hand_over(session, MODULE, OTHER, office.now)
        licenses.hand_over_repo_packages(session, MODULE, OTHER)
    with office.session(read_only=True) as session:
        key = session.get_one(LicenseKey, moved)
        customer = session.get_one(Customer, key.customer_id)
        assert (key.owner_id, customer.owner_id, customer.email_key) == (OTHER, OTHER, "ann@x.com")
        assert customer.name == ("A." if known else "Ann")
    assert office.read(nobodys).customer_id is None
    assert office.read(stays).customer_id == 1
    assert past(office) == {(1, moved)}
    assert "ann" in words_of(office, customer.id, of_mail=False)
    assert len(everybody(office)) == 2


def test_a_repo_without_customers_is_handed_over(office):
    with office.session() as session:
        customer_transfers.hand_over(session, FOREIGN, ACME, office.now)
    assert everybody(office) == []
