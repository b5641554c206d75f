"""Machine tokens on both databases: what the database itself refuses, who wins a race, and what a list holds."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from support import races
from support.offices import ACME, MODULE, NOW, OTHER

from bridge.models import MachineToken
from bridge.models.tokens import MOST_LIVE_TOKENS
from bridge.rules.machine_tokens import State
from bridge.storage import tokens

HOUR = timedelta(hours=1)


def row(number: int, **fields: object) -> MachineToken:
    stated = {"owner_id": ACME, "name": "Shop", "digest": f"{number:064x}", "hint": "abcd", "scopes": ["keys:read"]}
    return MachineToken(**stated | {"maker_id": 5, "maker_login": "olga", "created_at": NOW} | fields)


def insert(office, *rows: MachineToken, now=NOW) -> list[bool]:
    with office.session() as session:
        return [tokens.insert(session, each, now) for each in rows]


@pytest.fixture(scope="module")
def processes():
    with races.several_processes() as started:
        yield started


def test_what_is_no_token_is_not_stored(office):
    insert(office, row(1), row(2))
    for statement, constraint in (
        ("UPDATE machine_token SET slot = 0", "ck_machine_token_slot"),
        (f"UPDATE machine_token SET slot = {MOST_LIVE_TOKENS + 1}", "ck_machine_token_slot"),
        ("UPDATE machine_token SET revoked_at = created_at", "ck_machine_token_slot"),
        ("UPDATE machine_token SET maker_id = 0", "ck_machine_token_maker"),
        ("UPDATE machine_token SET slot = 1", "owner_id"),
        ("UPDATE machine_token SET digest = 'x'", "digest"),
        ("UPDATE machine_token SET owner_id = 999", "foreign key"),
        ("UPDATE machine_token SET repo_id = 999", "foreign key"),
    ):
        with pytest.raises(IntegrityError) as caught, office.session() as session:
            session.execute(text(statement))
        assert constraint in str(caught.value.orig).lower()


def test_slots_are_given_again_and_each_owner_has_its_own(office):
    assert insert(office, *(row(number) for number in range(MOST_LIVE_TOKENS))) == [True] * MOST_LIVE_TOKENS
    assert insert(office, row(1000), row(1001, owner_id=OTHER)) == [False, True]
    with office.session() as session:
        found = tokens.by_digest(session, f"{41:064x}")
        assert (tokens.revoke(session, found.id, NOW), tokens.revoke(session, found.id, NOW)) == (True, False)
    assert insert(office, row(1002), row(1003)) == [True, False]


def test_expired_tokens_take_no_slot(office):
    ending = [row(number, expires_at=NOW + HOUR) for number in range(MOST_LIVE_TOKENS)]
    assert all(insert(office, *ending))
    assert insert(office, row(1000), now=NOW + HOUR - timedelta(seconds=1)) == [False]
    assert insert(office, row(1001), now=NOW + HOUR) == [True]


def test_many_at_once_for_the_last_three_slots(processes, office):
    """Without ``uq_machine_token_owner_id_slot``, 10 of 50 were let in on PostgreSQL."""
    assert all(insert(office, *(row(number) for number in range(MOST_LIVE_TOKENS - 3))))
    results = processes.race(
        races.make_token, office.url, races.split([(number, ACME, NOW) for number in range(1000, 1025)])
    )
    assert Counter(results) == {True: 3, False: 22}
    with office.session(read_only=True) as session:
        assert tokens.page(session, ACME, None, State.LIVE, NOW, with_owners=True)[0] == MOST_LIVE_TOKENS


def test_many_revoke_at_once_and_one_of_them_did_it(processes, office):
    insert(office, row(1))
    with office.session(read_only=True) as session:
        token_id = tokens.by_digest(session, f"{1:064x}").id
    results = processes.race(races.revoke_token, office.url, races.split([(token_id, NOW)] * 20))
    assert Counter(results) == {True: 1, False: 19}
    assert [row.action for row in office.trail(f"token:{token_id}")] == ["token.revoke"]


STATES = [
    # expires, used, revoked
    (None, None, None),
    (NOW + HOUR, None, None),
    (NOW, None, None),
    (NOW - HOUR, None, None),
    (NOW + HOUR, NOW + 2 * HOUR, None),
    (NOW + HOUR, NOW, None),
    (None, NOW + HOUR, None),
    (NOW - HOUR, None, NOW),
    (None, None, NOW),
]


@pytest.mark.parametrize("state", [None, *State])
def test_the_database_filters_as_the_rule_decides(office, state):
    with office.session() as session:
        for number, (expires, used, revoked) in enumerate(STATES):
            session.add(row(number, expires_at=expires, last_used_at=used, revoked_at=revoked, slot=None))
    with office.session(read_only=True) as session:
        everything = [tokens.by_digest(session, f"{number:064x}") for number in range(len(STATES))]
        expected = {
            each.id
            for each in everything
            if tokens.state_of(each, NOW) is state or (state is None and each.revoked_at is None)
        }
        total, found = tokens.page(session, ACME, None, state, NOW, with_owners=True)
    assert {each.id for each in found} == expected
    assert total == len(expected) > 0


def test_a_page_is_of_a_repo_or_of_the_owner(office):
    insert(office, row(1), row(2, repo_id=MODULE), row(3, owner_id=OTHER))

    def page(repo_id, with_owners):
        with office.session(read_only=True) as session:
            found = tokens.page(session, ACME, repo_id, None, NOW, with_owners=with_owners)[1]
        return [each.digest[-1] for each in found]

    assert page(None, with_owners=True) == ["2", "1"]
    assert page(MODULE, with_owners=True) == ["2", "1"]
    assert page(MODULE, with_owners=False) == ["2"]


def test_the_last_use_never_goes_back(office):
    insert(office, row(1))
    with office.session() as session:
        token_id = tokens.by_digest(session, f"{1:064x}").id
    for minute, expected in ((NOW, NOW), (NOW + HOUR, NOW + HOUR), (NOW, NOW + HOUR)):
        with office.session() as session:
            tokens.note_use(session, token_id, minute)
        with office.session(read_only=True) as session:
            assert tokens.by_id(session, token_id).last_used_at == expected
