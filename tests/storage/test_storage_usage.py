"""Usage counts add up, heartbeats stay one row, and the audit trail keeps its order."""

from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import func, select
from support.offices import ACME, ACTOR, MODULE, NOW, PLUGIN

from bridge.models import Audit, Heartbeat, UsageDay
from bridge.storage import audits, tallies, usage
from bridge.storage.usage import Use

DAY = date(2026, 3, 1)
FACTS = {
    "day": DAY,
    "repo_id": MODULE,
    "kind": "feed",
    "code": "valid",
    "key_id": 3,
    "site": "a.example",
    "version": "1.2.0",
    "cms": "joomla 5.3",
    "php": "8.2",
}
USE = Use(**FACTS)


def counted(office, repo_id=MODULE):
    with office.session(read_only=True) as session:
        rows = session.exec(select(UsageDay).where(UsageDay.repo_id == repo_id, UsageDay.day >= DAY))
        return {row.code: row.count for row in rows}


def test_sites_are_forgotten_after_a_time_and_what_they_did_is_still_counted(office):
    other, elsewhere = USE._replace(site="b.example"), USE._replace(site="", version="1.3.0")
    recent = USE._replace(day=DAY + timedelta(days=1))
    with office.session() as session:
        usage.add(session, {USE: 2, other: 3, USE._replace(site=""): 4, elsewhere: 5, recent: 6})
    for _ in range(2):
        with office.session() as session:
            usage.forget_sites(session, DAY + timedelta(days=1))
        with office.session(read_only=True) as session:
            rows = session.exec(select(UsageDay.day, UsageDay.site, UsageDay.version, UsageDay.count)).all()
        assert sorted(map(tuple, rows)) == [
            (DAY, "", "1.2.0", 9),
            (DAY, "", "1.3.0", 5),
            (recent.day, "a.example", "1.2.0", 6),
        ]


def test_addresses_are_forgotten_after_a_time_and_names_of_machines_are_not(office):
    with office.session() as session:
        for actor, when in (("gitea:7", NOW), ("cli:root", NOW), ("gitea:7", NOW + timedelta(days=1))):
            audits.record(session, audits.Actor(actor, "198.51.100.4"), "key.edit", when, subject="key:1")
    with office.session() as session:
        audits.forget_addresses(session, NOW + timedelta(hours=1))
    with office.session(read_only=True) as session:
        assert [row.origin for row in audits.of_subject(session, "key:1")] == ["", "198.51.100.4", "198.51.100.4"]


def test_counts_of_the_same_line_add_up(office):
    for amount in (1, 2, 4):
        with office.session() as session:
            usage.add(session, {USE: amount})
    assert counted(office) == {"valid": 7}


@pytest.mark.parametrize(
    "change",
    [
        {"day": DAY + timedelta(days=1)},
        {"repo_id": PLUGIN},
        {"key_id": 0},
        {"site": ""},
        {"kind": "download"},
        {"code": "grace"},
        {"version": ""},
        {"cms": "joomla 6.0"},
        {"php": ""},
    ],
)
def test_whatever_differs_is_a_line_of_its_own(office, change):
    with office.session() as session:
        usage.add(session, {USE: 1, Use(**{**FACTS, **change}): 1})
        usage.add(session, {USE: 1})
    with office.session(read_only=True) as session:
        assert sorted(row.count for row in session.exec(select(UsageDay))) == [1, 2]


def test_nothing_to_count_writes_nothing(office):
    with office.session() as session:
        usage.add(session, {})
    assert counted(office) == {}


def test_counts_are_found_by_repo(office):
    with office.session() as session:
        usage.add(
            session, {USE: 5, Use(DAY, PLUGIN, "feed", "valid", key_id=3): 2, Use(DAY, MODULE, "feed", "missing"): 1}
        )
        usage.add(session, {Use(DAY - timedelta(days=1), MODULE, "download", "valid", key_id=3): 9})
    assert counted(office) == {"valid": 5, "missing": 1}


def test_counts_of_the_whole_installation_are_added_over_days_and_are_no_repo_s(office):
    with office.session() as session:
        for day in (DAY, DAY + timedelta(days=1)):
            usage.add(
                session, {USE: 100, tallies.use(day, "feed", "valid"): 2, tallies.use(day, "feed", "took", "1"): 3}
            )
        usage.add(session, {tallies.use(DAY, "download", "missing"): 1})
    with office.session(read_only=True) as session:
        assert [tuple(each) for each in tallies.read(session)] == [
            ("download", "missing", "", 1),
            ("feed", "took", "1", 6),
            ("feed", "valid", "", 4),
        ]


@pytest.mark.parametrize(("kind", "count"), [("gossip", 1), ("feed", 0), ("feed", -1)])
def test_a_count_that_cannot_be_is_refused(office, kind, count):
    with pytest.raises(IntegrityError), office.session() as session:
        usage.add(session, {Use(DAY, MODULE, kind, "valid"): count})


def test_a_count_may_outgrow_32_bits(office):
    for _ in range(2):
        with office.session() as session:
            usage.add(session, {USE: 2**32})
    assert counted(office) == {"valid": 2**33}


def test_a_heartbeat_is_one_row_that_moves_on(office):
    for minutes in range(3):
        with office.session() as session:
            usage.beat(session, "worker", NOW + timedelta(minutes=minutes))
    with office.session(read_only=True) as session:
        assert usage.last_beat(session, "worker") == NOW + timedelta(minutes=2)
        assert usage.last_beat(session, "nobody") is None
        assert session.exec(select(func.count()).select_from(Heartbeat)).one() == 1


def test_the_trail_of_one_thing_is_read_in_its_order(office):
    with office.session() as session:
        for number in range(5):
            subject = f"key:{number % 2}"
            audits.record(
                session, ACTOR, f"step {number}", NOW, subject=subject, owner_id=ACME, after={"n": [number, None]}
            )
    with office.session(read_only=True) as session:
        trail = audits.of_subject(session, "key:0")
    assert [(row.action, row.after, row.before) for row in trail] == [
        (f"step {number}", {"n": [number, None]}, None) for number in (0, 2, 4)
    ]
    assert {(row.actor, row.origin, row.at) for row in trail} == {("test", "here", NOW)}


def test_nothing_before_is_stored_as_null_and_not_as_the_word(office):
    with office.session() as session:
        audits.record(session, ACTOR, "x", NOW)
    with office.session(read_only=True) as session:
        query = select(func.count()).select_from(Audit).where(Audit.before.is_(None), Audit.after.is_(None))
        assert session.exec(query).one() == 1
