"""What happened at repos, counted from lines of usage: the same on both databases, and found by an index."""

import random
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import event
from support.offices import ACME, FOREIGN, MODULE, NOW, OTHER, PLUGIN, Office

from bridge.services import stats, stats_usage
from bridge.storage import pages, usage
from bridge.storage.usage import Use

TODAY = NOW.date()


def day(back: int) -> date:
    return TODAY - timedelta(days=back)


def use(back: int = 0, kind: str = "feed", code: str = "valid", repo: int = MODULE, **more) -> Use:
    return Use(day(back), repo, kind, code, **more)


def add(office: Office, *uses: Use, times: int = 1) -> None:
    with office.session() as session:
        usage.add(session, dict.fromkeys(uses, times))


def counted(office: Office, repo_id: int | None = MODULE, owner_id: int = ACME, step="day", **asked):
    with office.session(read_only=True) as session:
        span = stats.span_of(step, NOW, **asked)
        return stats.gather(session, owner_id, repo_id, span, step, NOW).usage


def test_each_kind_is_counted_in_its_step_and_quiet_steps_are_there_too(office):
    for number, kind in enumerate(("feed", "version", "validate", "changelog", "collection", "download"), 1):
        add(office, use(2, kind), times=number)
    add(office, use(2, "feed", "expired"), use(0, "download", "missing"), use(0, "download", "grace"), times=10)
    add(office, use(3, "feed"), use(2, "feed", repo=PLUGIN), times=100)
    found = counted(office, days=3)
    assert [(sum(step.checks.values()), step.downloads, step.refused) for step in found.steps] == [
        (25, 6, 10),
        (0, 0, 0),
        (0, 10, 10),
    ]
    assert found.total.checks == {"feed": 11, "version": 2, "validate": 3, "changelog": 4, "collection": 5}
    assert (found.total.downloads, found.total.refused) == (16, 20)
    assert [(each.code, each.checks, each.downloads) for each in found.refusals] == [
        ("expired", 10, 0),
        ("missing", 0, 10),
    ]


def test_an_owner_counts_all_repos_and_nobody_elses(office):
    add(office, use(), use(repo=PLUGIN), use(repo=FOREIGN))
    assert counted(office, None).total.checks["feed"] == 2
    assert counted(office, FOREIGN, OTHER).total.checks["feed"] == 1
    # A repo of another owner has no numbers under this one's name.
    assert counted(office, FOREIGN).total.checks["feed"] == 0


def test_sites_are_domains_of_keys_and_keys_that_state_none(office):
    add(
        office,
        use(1, key_id=1, site="a.com"),
        use(0, key_id=1, site="a.com"),
        use(0, key_id=1, site="b.com"),
        use(0, key_id=1),
        use(0, key_id=2),
        use(0, "download", key_id=2),
        use(0, key_id=3, site="a.com", code="grace"),
        use(0, key_id=4, code="expired"),
        use(0),
        use(5, key_id=5),
    )
    found = counted(office, days=3)
    assert [(step.sites, step.keys) for step in found.steps] == [(0, 0), (1, 1), (4, 3)]
    assert (found.total.sites, found.total.keys) == (4, 3)
    weeks = counted(office, step="week", since=day(6))
    assert [(step.span.since, step.sites) for step in weeks.steps] == [(day(6), 5)]


def test_versions_show_adoption_and_downloads_by_step(office):
    add(
        office,
        use(40, "download", key_id=1, site="a.com", version="1.0"),
        use(2, key_id=1, site="a.com"),
        use(2, "download", key_id=2, version="1.0"),
        use(1, "download", key_id=2, version="1.10"),
        use(1, "download", key_id=3, version="1.9"),
        use(1, "download", version="1.9"),  # without a key: nobody's site
        use(1, "download", key_id=3, version="2.0", code="expired"),
        use(1, "validate", key_id=4, version="1.10"),  # asked about, not downloaded
        use(50, "download", key_id=5, version="1.0"),  # not seen in the range
    )
    add(office, use(0, "download", key_id=6, version="1.0", repo=PLUGIN), times=3)
    found = counted(office, None, days=3).versions
    assert [(each.repo, each.version, each.sites, each.downloads, each.by_step) for each in found.shown] == [
        ("mod-weather", "1.10", 1, 1, [0, 1, 0]),
        ("mod-weather", "1.9", 1, 2, [0, 2, 0]),
        ("mod-weather", "1.0", 1, 1, [1, 0, 0]),
        ("plg-seo", "1.0", 1, 3, [0, 0, 3]),
    ]
    assert (found.unknown_sites, found.other.lines) == (1, 0)


def test_a_download_counts_for_a_year_before_the_range(office):
    known, forgotten = use(366, "download", key_id=1, version="1.0"), use(367, "download", key_id=2, version="1.0")
    add(office, known, forgotten, use(0, key_id=1), use(0, key_id=2))
    found = counted(office, days=1).versions
    assert ([each.sites for each in found.shown], found.unknown_sites) == ([1], 1)


def test_what_sites_run_is_what_they_stated_last(office):
    add(
        office,
        use(1, key_id=1, site="a.com", cms="joomla 5.2", php="8.1"),
        use(0, key_id=1, site="a.com", cms="joomla 5.10", php="8.1"),
        use(0, key_id=2, cms="joomla 5.2"),
        use(0, key_id=3),
        use(0, cms="joomla 5.2", php="7.4"),
        use(0, code="missing", cms="dolibarr 22.0"),
    )
    found = counted(office, days=3)
    assert [(each.name, each.sites, each.requests) for each in found.platforms.shown] == [
        ("joomla 5.2", 1, 3),
        ("joomla 5.10", 1, 1),
        ("dolibarr 22.0", 0, 1),
    ]
    assert (found.platforms.unknown.sites, found.platforms.unknown.times) == (1, 1)
    assert [(each.name, each.sites, each.requests) for each in found.php.shown] == [("8.1", 1, 2), ("7.4", 0, 1)]
    assert (found.php.unknown.sites, found.php.unknown.times) == (2, 3)


def test_long_lists_are_cut_and_the_rest_is_one_sum(office, monkeypatch):
    monkeypatch.setattr(stats_usage, "MOST_SHOWN", 2)
    for number in range(5):
        add(
            office,
            use(0, "download", key_id=number + 1, version=f"1.{number}", cms=f"joomla 5.{number}", php=f"8.{number}"),
            times=number + 1,
        )
    found = counted(office, days=1)
    assert [(each.version, each.downloads) for each in found.versions.shown] == [("1.4", 5), ("1.3", 4)]
    other = found.versions.other
    assert (other.lines, other.sites, other.times) == (3, 3, 6)
    for spread in (found.platforms, found.php):
        assert [each.requests for each in spread.shown] == [5, 4]
        assert (spread.other.lines, spread.other.sites, spread.other.times) == (3, 3, 6)


def test_the_longest_range_in_the_most_steps(office):
    add(office, use(0, key_id=1), use(365, key_id=1), use(1829, key_id=1))
    assert [(len(found.steps), found.total.checks["feed"]) for found in (
        counted(office, days=366), counted(office, days=1830, step="week"), counted(office, days=1830, step="month")
    )] == [(366, 2), (262, 3), (62, 3)]  # fmt: skip


@pytest.fixture
def busy(office):
    """Random lines of many keys, sites and versions, and the lines themselves."""
    rng, lines = random.Random(11), {}
    for _ in range(3000):
        key = rng.randrange(40)
        code = rng.choice(("valid", "valid", "grace", "expired", "site_limit"))
        site = rng.choice(("", "a.com", "b.com")) if key and code in {"valid", "grace"} else ""
        kind = rng.choice(("feed", "version", "validate", "download"))
        version = rng.choice(("1.0", "1.1-rc1", "1.1", "")) if kind in {"validate", "download"} else ""
        repo, cms, php = (
            rng.choice((MODULE, PLUGIN)),
            rng.choice(("", "joomla 5.3", "joomla 5.10")),
            rng.choice(("", "8.2")),
        )
        line = Use(day(rng.randrange(60)), repo, kind, code, key, site, version, cms, php)
        lines[line] = rng.randrange(1, 9)
    with office.session() as session:
        usage.add(session, lines)
    return office, lines


def test_counting_in_the_database_agrees_with_counting_one_by_one(busy):
    office, lines = busy
    for step, asked in (("day", {"days": 20}), ("week", {"since": day(33)}), ("month", {})):
        found = counted(office, None, step=step, **asked)
        for each in [*found.steps, found.total]:
            inside = {line: n for line, n in lines.items() if each.span.since <= line.day <= each.span.until}
            good = {line for line in inside if line.code in {"valid", "grace"} and line.key_id}
            sites = {(line.key_id, line.site) for line in good if line.site}
            keys = {line.key_id for line in good}
            assert (each.sites, each.keys) == (len(sites) + len(keys - {key for key, _ in sites}), len(keys))
            assert each.downloads == sum(
                n for line, n in inside.items() if line.kind == "download" and line.code in {"valid", "grace"}
            )
            assert each.refused == sum(n for line, n in inside.items() if line.code not in {"valid", "grace"})
            for kind in ("feed", "version", "validate"):
                assert each.checks[kind] == sum(n for line, n in inside.items() if line.kind == kind)
        assert sum(each.sites for each in found.platforms.shown) + found.platforms.unknown.sites == found.total.sites


def test_at_a_repo_versions_add_up_to_its_sites(busy):
    office, _ = busy
    found = counted(office, PLUGIN, days=15)
    assert sum(each.sites for each in found.versions.shown) + found.versions.unknown_sites == found.total.sites > 30


def test_every_question_is_answered_by_an_index(busy):
    office, _ = busy
    asked = []
    with office.session() as session:
        session.connection().exec_driver_sql("ANALYZE")
    is_sqlite = office.engine.dialect.name == "sqlite"

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        if "FROM usage_day" in statement or "JOIN usage_day" in statement:
            asked.append((statement, parameters))

    event.listen(office.engine, "before_cursor_execute", note)
    try:
        counted(office, None, days=3)
    finally:
        event.remove(office.engine, "before_cursor_execute", note)
    assert len(asked) == 7
    with office.session(read_only=True) as session:
        connection = session.connection()
        if not is_sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")
        for statement, parameters in asked:
            words = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
            plan = "\n".join(str(row) for row in connection.exec_driver_sql(words + statement, parameters))
            # By repo and day, or by day alone where the planner finds that few lines are of other repos.
            assert re.search(
                r"SEARCH usage_day USING .*INDEX \S+ \(.*day>\? AND day<\?\)|Index Cond: .*day >=.* AND .*day <=", plan
            ), plan
            assert "SCAN usage_day" not in plan, plan
            assert "Seq Scan on usage_day" not in plan, plan


def test_what_a_key_did_is_added_up_by_day_and_answer(office):
    add(office, *(use(1, key_id=7, site=f"site{number}.example") for number in range(60)), times=2)
    add(office, use(0, code="expired", key_id=7), use(0, "download", "expired", key_id=7), times=5)
    add(office, use(0, key_id=7, repo=PLUGIN), use(0, key_id=8), use(30, key_id=7))
    with office.session(read_only=True) as session:
        of_module = pages.usage_by_day(session, 7, day(29), MODULE)
        everywhere = pages.usage_by_day(session, 7, day(29), None)
    assert sorted(of_module) == [(day(1), "valid", 120), (day(0), "expired", 10)]
    assert sorted(everywhere) == [(day(1), "valid", 120), (day(0), "expired", 10), (day(0), "valid", 1)]
