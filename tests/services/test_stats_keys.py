"""Keys counted by state, package and step: the same as counting them one by one, on both databases."""

import random
from collections import Counter
from datetime import date, datetime, timedelta

from sqlmodel import select
from support.offices import ACME, ACTOR, FOREIGN, MODULE, NOW, OTHER, PLUGIN, Office

from bridge.models import LicenseKey, Package
from bridge.rules.terms import ExpiryEdit
from bridge.services import key_edits, keys, stats
from bridge.services.stats import Moves
from bridge.storage import audits

DAY = timedelta(days=1)


def counted(office: Office, repo_id: int | None = None, owner_id: int = ACME, step="day", **asked):
    """The keys' numbers at a place."""
    with office.session(read_only=True) as session:
        span = stats.span_of(step, office.now, **asked)
        return stats.gather(session, owner_id, repo_id, span, step, office.now).keys


def states(held) -> dict[str, int]:
    return {state: number for state, number in held.states.items() if number}


def moved(steps, which="all") -> dict[str, dict[str, int]]:
    """What befell keys, by the first day of its step; quiet steps left out."""
    found = {}
    for step in steps:
        moves = getattr(step, which)
        if moves != Moves():
            found[step.span.since.isoformat()] = {
                name: getattr(moves, name) for name in Moves.__slots__ if getattr(moves, name)
            }
    return found


def test_states_agree_with_the_rules_over_random_keys(office):
    office.master()
    packages = [office.package(f"P{grace}", grace_days=grace) for grace in (0, 3, 30, 1_000_000)]
    rng = random.Random(7)

    def moment(chance: float) -> datetime | None:
        return NOW + timedelta(days=rng.uniform(-40, 40)) if rng.random() < chance else None

    with office.session() as session:
        for number in range(400):
            session.add(
                LicenseKey(
                    owner_id=ACME,
                    package_id=rng.choice(packages),
                    is_test=rng.random() < 0.1,
                    feed_token=f"ft{number}",
                    starts_at=NOW - timedelta(days=rng.uniform(-5, 60)),
                    expires_at=moment(0.8),
                    edit_kind=rng.choice((None, None, "extend", "fix")),
                    edit_until=moment(0.8),
                    suspended_at=moment(0.1),
                    revoked_at=moment(0.1),
                    payment_hold=rng.choice((None,) * 8 + ("suspend", "revoke")),
                    paid_grace_until=moment(0.3),
                    created_at=NOW,
                )
            )
    with office.session(read_only=True) as session:
        rows = session.exec(select(LicenseKey).where(LicenseKey.is_master.is_(False), LicenseKey.is_test.is_(False)))
        expected: dict[int, Counter] = {package: Counter() for package in packages}
        for key in rows:
            expected[key.package_id][keys.state_of(key, session.get_one(Package, key.package_id), NOW)] += 1
    found = counted(office)
    assert {number: states(each.held) for number, each in found.packages.items()} == expected
    assert states(found.all) == sum(expected.values(), Counter())
    assert len(states(found.all)) == 6


def test_at_a_repo_the_owners_keys_that_open_it_are_seen_and_told_apart(office):
    office.master()
    for name, number, more in (
        ("All", 1, {}),
        ("Here", 2, {"repo_id": MODULE}),
        ("There", 4, {"repo_id": PLUGIN}),
        ("Listed", 8, {"repo_ids": (MODULE,)}),
        ("Elsewhere", 16, {"repo_ids": (PLUGIN,)}),
    ):
        office.issue(office.package(name, **more), quantity=number)
    office.issue(office.package("Theirs", owner_id=OTHER), quantity=32)
    here, everywhere = counted(office, MODULE), counted(office)
    assert (states(here.all), states(here.lent)) == ({"active": 11}, {"active": 9})
    assert {each.package.name: states(each.held) for each in here.packages.values()} == {
        "All": {"active": 1}, "Here": {"active": 2}, "Listed": {"active": 8},
    }  # fmt: skip
    assert (here.moves.new, here.lent_moves.new) == (11, 9)
    assert (states(everywhere.all), states(everywhere.lent)) == ({"active": 31}, {})
    assert (everywhere.moves.new, everywhere.lent_moves.new) == (31, 0)
    assert states(counted(office, FOREIGN, OTHER).all) == {"active": 32}


def test_a_key_counts_on_the_day_in_utc_on_which_it_was_issued(office):
    package = office.package()
    for text in ("2026-02-27T23:59:59.999999+00:00", "2026-02-28T00:00:00+00:00", "2026-03-01T00:30:00+01:00"):
        office.now = datetime.fromisoformat(text)
        office.issue(package)
    office.now = NOW
    assert moved(counted(office).steps) == {"2026-02-27": {"new": 1}, "2026-02-28": {"new": 2}}
    assert counted(office, since=date(2026, 2, 28)).moves.new == 2
    assert counted(office, until=date(2026, 2, 27)).moves.new == 1


def test_renewals_are_extensions_and_a_key_counts_once_a_step(office):
    package = office.package()
    one, two, three, shortened, taken_back = office.issue(package, quantity=5)
    office.now = NOW + DAY
    for key_id in (one, one, two):
        with office.changing(key_id) as (session, key):
            key_edits.renew(session, key, session.get_one(Package, package), ACTOR, office.now)
    with office.changing(three) as (session, key):
        keys.set_expiry(session, key, ExpiryEdit("extend", None), ACTOR, office.now)
    with office.changing(shortened) as (session, key):
        keys.set_expiry(session, key, ExpiryEdit("fix", NOW + 9 * DAY), ACTOR, office.now)
    with office.changing(taken_back) as (session, key):
        keys.set_expiry(session, key, None, ACTOR, office.now)
    office.now = NOW + 2 * DAY
    with office.changing(one) as (session, key):
        key_edits.renew(session, key, session.get_one(Package, package), ACTOR, office.now)
    found = counted(office, since=(NOW + DAY).date())
    assert moved(found.steps) == {"2026-03-02": {"renewed": 3}, "2026-03-03": {"renewed": 1}}
    assert moved(counted(office, since=(NOW + DAY).date(), step="month").steps) == {"2026-03-02": {"renewed": 3}}
    assert found.packages[package].moves.renewed == 4
    assert counted(office, PLUGIN, since=(NOW + DAY).date()).lent_moves.renewed == 4


def test_a_key_is_lost_at_the_end_of_its_grace_or_when_it_is_revoked(office):
    package, generous = office.package(grace_days=3), office.package("Generous", grace_days=10)

    def key(package_id: int, expires: datetime, revoked: datetime | None = None, **facts) -> None:
        key_id = office.issue(package_id, starts_at=NOW - 99 * DAY, expires_at=expires)[0]
        with office.changing(key_id) as (session, row):
            row.revoked_at = revoked
            for name, value in facts.items():
                setattr(row, name, value)
            session.add(row)

    key(package, NOW - 10 * DAY)  # lost on 22 February
    key(generous, NOW - 12 * DAY)  # on 27 February
    key(generous, NOW - 9 * DAY)  # still in its grace
    key(package, NOW - 2 * DAY)  # likewise
    key(package, NOW - 10 * DAY, paid_grace_until=NOW - 4 * DAY)  # on 25 February
    key(package, NOW - 10 * DAY, revoked=NOW - 8 * DAY)  # revoked in its grace, on 21 February
    key(package, NOW - 10 * DAY, revoked=NOW - DAY)  # lost before, on 22 February
    key(package, NOW + 10 * DAY, revoked=NOW - DAY)  # on 28 February
    key(package, NOW - 60 * DAY)  # before the range
    key(package, NOW - 10 * DAY, suspended_at=NOW - 50 * DAY)  # held back, not lost
    key(package, NOW + 9 * DAY, edit_kind="fix", edit_until=NOW - 5 * DAY, paid_grace_until=NOW + DAY)  # on 27 February
    lifetime = office.issue(office.package("Ever", term="lifetime"))[0]
    with office.changing(lifetime) as (session, row):
        row.revoked_at = NOW
        session.add(row)
    found = counted(office)
    lost = {day: {name: n for name, n in moves.items() if name != "new"} for day, moves in moved(found.steps).items()}
    assert lost == {
        "2026-02-21": {"revoked": 1},
        "2026-02-22": {"expired": 2},
        "2026-02-25": {"expired": 1},
        "2026-02-27": {"expired": 2},
        "2026-02-28": {"revoked": 1},
        "2026-03-01": {"revoked": 1},
    }
    assert (found.packages[generous].moves.expired, found.packages[generous].moves.revoked) == (1, 0)


def test_what_payments_did_counts_as_they_told_the_trail(office):
    package = office.package()
    paid, refunded, forgiven, both = office.issue(package, starts_at=NOW - 99 * DAY, quantity=4)

    def payment(key_id: int, back: int, before: dict, after: dict, **facts) -> None:
        with office.changing(key_id) as (session, key):
            for name, value in facts.items():
                setattr(key, name, value)
            session.add(key)
            audits.record(
                session, ACTOR, "key.payment", NOW - back * DAY, subject=f"key:{key_id}", owner_id=ACME,
                before=before, after=after,
            )  # fmt: skip

    later = {"paid_until": (NOW + 365 * DAY).isoformat()}
    payment(paid, 5, {"paid_until": NOW.isoformat()}, later)
    payment(refunded, 6, {"hold": None}, {"hold": "revoke"})
    payment(refunded, 5, {"hold": "revoke"}, {"hold": None})
    payment(refunded, 4, {"hold": None}, {"hold": "revoke"}, payment_hold="revoke", payment_reason="refunded")
    payment(forgiven, 4, {"hold": None}, {"hold": "revoke"})
    payment(forgiven, 3, {"hold": "revoke"}, {"hold": None})
    payment(both, 3, {"hold": None}, {"hold": "revoke"}, payment_hold="revoke", revoked_at=NOW - 2 * DAY)
    found = counted(office, until=(NOW - DAY).date())
    assert moved(found.steps) == {
        "2026-02-24": {"renewed": 1},
        "2026-02-25": {"revoked": 1},
        "2026-02-27": {"revoked": 1},
    }


def test_expiring_are_active_keys_whose_end_is_near(office):
    package = office.package()
    for days, more in ((1, {}), (29.99, {}), (30, {}), (99, {}), (5, {"is_test": True})):
        office.issue(package, expires_at=NOW + days * DAY, **more)
    office.issue(package, starts_at=NOW - 9 * DAY, expires_at=NOW - DAY)  # in its grace
    pushed = office.issue(package, expires_at=NOW + DAY)[0]
    with office.changing(pushed) as (session, key):
        keys.set_expiry(session, key, ExpiryEdit("extend", NOW + 300 * DAY), ACTOR, NOW)
    found = counted(office)
    assert (found.all.expiring, found.packages[package].held.expiring) == (2, 2)


def test_an_owner_who_sells_nothing_has_zeros(office):
    found = counted(office, owner_id=OTHER)
    assert (states(found.all), found.packages, found.sites_on_record, moved(found.steps)) == ({}, {}, 0, {})
    assert len(found.steps) == 30
