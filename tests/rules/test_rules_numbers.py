"""What counts as lost, as a renewal, and as a site that runs something."""

from datetime import date

import pytest

from bridge.rules.numbers import Stated, is_hold, is_renewal, lost, spread


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


@pytest.mark.parametrize(
    ("expiry", "paid_grace", "revoked", "grace_days", "on", "why"),
    [
        ("2026-03-01", None, None, 3, "2026-03-04", "expired"),
        ("2026-03-01", None, None, 0, "2026-03-01", "expired"),
        ("2026-03-01", "2026-03-10", None, 3, "2026-03-10", "expired"),
        ("2026-03-01", "2026-03-02", None, 3, "2026-03-04", "expired"),
        ("2026-03-01", None, "2026-03-02", 3, "2026-03-02", "revoked"),
        ("2026-03-01", None, "2026-03-04", 3, "2026-03-04", "revoked"),
        ("2026-03-01", None, "2026-03-05", 3, "2026-03-04", "expired"),
        ("2026-03-01", "2026-03-10", "2026-03-05", 3, "2026-03-05", "revoked"),
        (None, None, "2026-03-05", 3, "2026-03-05", "revoked"),
        (None, "2026-03-10", "2026-03-12", 3, "2026-03-12", "revoked"),
        ("9998-01-01", None, "2026-03-05", 1_000_000, "2026-03-05", "revoked"),
    ],
)
def test_a_key_is_lost_when_it_is_revoked_or_its_grace_ends(expiry, paid_grace, revoked, grace_days, on, why):
    assert lost(day(expiry), day(paid_grace), day(revoked), grace_days) == (day(on), why)


def test_a_key_without_end_is_not_lost():
    assert lost(None, None, None, 3) is None


@pytest.mark.parametrize(
    ("before", "after", "is_one"),
    [
        ({"expires": "2026-03-01T00:00:00+00:00"}, {"expires": "2027-03-01T00:00:00+00:00"}, True),
        ({"expires": "2026-03-01T00:00:00+00:00"}, {"expires": None}, True),
        ({"expires": None}, {"expires": "2027-03-01T00:00:00+00:00"}, False),
        ({"expires": None}, {"expires": None}, False),
        ({"expires": "2027-03-01T00:00:00+00:00"}, {"expires": "2026-03-01T00:00:00+00:00"}, False),
        # The same moment as two databases spell it, and a later one that a comparison of letters would call earlier.
        ({"expires": "2026-02-28T20:30:00-03:30"}, {"expires": "2026-03-01T00:00:00+00:00"}, False),
        ({"expires": "2026-03-01T00:00:00+00:00"}, {"expires": "2026-02-28T21:30:00-03:30"}, True),
        (None, {"expires": None}, False),
        ({"expires": "2026-03-01T00:00:00+00:00"}, None, False),
        ({}, {"expires": None}, False),
        ({"paid_until": "2026-03-01T00:00:00+00:00"}, {"paid_until": "2027-03-01T00:00:00+00:00"}, True),
        ({"paid_until": "2027-03-01T00:00:00+00:00"}, {"paid_until": "2026-03-01T00:00:00+00:00"}, False),
        ({"paid_until": None}, {"paid_until": "2027-03-01T00:00:00+00:00"}, False),
        ({"hold": None}, {"hold": "revoke"}, False),
    ],
)
def test_a_renewal_gives_more_time(before, after, is_one):
    assert is_renewal(before, after) is is_one


def said(key_id=1, site="", last="2026-03-01", version="", cms="", php="", repo_id=70):
    return Stated(key_id, repo_id, site, version, cms, php, date.fromisoformat(last))


def test_money_takes_a_key_back_by_a_hold_that_revokes():
    assert is_hold({"hold": "revoke", "reason": "refunded"})
    assert not any(map(is_hold, (None, {}, {"hold": None}, {"hold": "suspend"})))


SINCE = date(2026, 2, 1)


def versions(*rows):
    return {version: count for (_, version), count in spread(rows, SINCE).versions.items()}


def test_the_last_download_says_what_a_site_runs_even_where_it_lies_before_the_range():
    early, late = said(site="a", version="1.0", last="2026-01-01"), said(site="a", version="1.1", last="2026-01-15")
    check = said(site="a", last="2026-03-01")
    assert versions(early, late, check) == {"1.1": 1}
    assert versions(said(site="a", version="1.1"), said(site="a", version="1.0", last="2026-03-02")) == {"1.0": 1}


def test_a_site_that_only_downloaded_before_the_range_is_not_counted():
    assert versions(said(site="a", version="1.0", last="2026-01-31")) == {}
    assert versions(said(site="a", version="1.0", last="2026-02-01")) == {"1.0": 1}


def test_of_several_on_one_day_the_newest_counts():
    rows = [said(site="a", version=each) for each in ("1.9", "1.10-rc1", "1.10", "1.2")]
    assert versions(*rows) == {"1.10": 1}
    found = spread([said(site="a", cms=each, php=each[-4:]) for each in ("joomla 5.10", "joomla 5.9")], SINCE)
    assert found.cms == {"joomla 5.10": 1}


def test_a_key_without_any_domain_is_one_site_and_its_only_domain_takes_what_came_without():
    assert versions(said(version="1.0"), said(version="1.1", last="2026-03-02")) == {"1.1": 1}
    assert versions(said(version="1.0"), said(site="a", last="2026-03-02")) == {"1.0": 1}
    assert versions(said(version="1.0"), said(site="a", version="1.1"), said(site="b")) == {"1.1": 1, "": 1}
    assert versions(said(1, version="1.0"), said(2, version="1.0")) == {"1.0": 2}


def test_a_site_has_a_version_at_each_repo_but_runs_one_platform():
    rows = [
        said(site="a", version="1.0", cms="joomla 5.3", php="8.2", repo_id=70),
        said(site="a", version="2.0", cms="joomla 6.0", last="2026-03-02", repo_id=71),
    ]
    found = spread(rows, SINCE)
    assert found.versions == {(70, "1.0"): 1, (71, "2.0"): 1}
    assert (found.cms, found.php) == ({"joomla 6.0": 1}, {"8.2": 1})


def test_what_was_never_said_is_not_known():
    found = spread([said(site="a"), said(key_id=2)], SINCE)
    assert (found.versions, found.cms, found.php) == ({(70, ""): 2}, {"": 2}, {"": 2})
