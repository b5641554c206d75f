"""A customer is forgotten whole or not at all, whatever happens meanwhile, down to the bytes of the file."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlmodel import select
from support.databases import ONLY_SQLITE
from support.dumps_of_tables import dumped
from support.offices import ACME, MODULE, NOW, OTHER
from support.persons import MAIL, NAME, SECRETS, erase

from bridge.errors import InvalidInputError
from bridge.models import Customer, LicenseKey, Replay
from bridge.services import erasing
from bridge.storage import customers, erasures, usage
from bridge.storage.usage import Use


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
