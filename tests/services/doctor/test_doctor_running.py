"""How checks are made: in the order of their needs, many at once, and whatever happens it is a finding."""

import threading

import pytest

from bridge.errors import UnavailableError
from bridge.services.doctor import running
from bridge.services.doctor.findings import Check, Level, error, ok, seen, warning
from bridge.services.doctor.visitor import NoAnswerError
from gitea_client.errors import Unreachable

OUTCOMES = (ok("well", "All is {how}."), warning("odd", "Odd.", "Look."), error("bad", "Bad.", "Mend {what}."))


def check(name, run, *needs):
    return Check(name, "looks", "why", OUTCOMES, run, needs)


def says(code, **values):
    return lambda _: [seen(code, **values)]


def raises(problem):
    def run(_):
        yield seen("well", how="well so far")
        raise problem

    return run


def test_findings_come_in_the_order_of_the_table_with_their_blanks_filled():
    table = [check("a.late", says("well", how="well"), "a.early"), check("a.early", says("odd"))]
    found = running.examine(table, None)
    assert [(each.check, each.sentence) for each in found] == [("a.late", "All is well."), ("a.early", "Odd.")]


def test_what_a_failed_check_stands_in_the_way_of_is_skipped_and_says_so():
    table = [
        check("a.first", says("bad", what="it")),
        check("a.second", says("well", how="well"), "a.first"),
        check("a.third", says("well", how="well"), "a.second"),
        check("a.other", says("well", how="well")),
    ]
    found = running.examine(table, None)
    assert [each.level for each in found] == [Level.ERROR, Level.SKIPPED, Level.SKIPPED, Level.OK]
    assert "because of a.first" in found[1].sentence


def test_a_warning_stands_in_nobodys_way():
    table = [check("a.first", says("odd")), check("a.second", says("well", how="well"), "a.first")]
    assert running.examine(table, None)[1].level is Level.OK


@pytest.mark.parametrize(
    ("problem", "code", "words"),
    [
        (UnavailableError("the database is away"), "unfinished", "the database is away"),
        (Unreachable("no connection"), "unfinished", "no connection"),
        (NoAnswerError("no answer in time"), "unfinished", "no answer in time"),
        (KeyError("target"), "failed", "KeyError"),
        (RecursionError("deep"), "failed", "RecursionError"),
    ],
)
def test_an_error_is_a_finding(problem, code, words):
    (found,) = running.examine([check("a.first", raises(problem))], None)
    assert (found.code, found.level) == (code, Level.ERROR)
    assert words in found.sentence
    assert found.fix


def test_checks_that_need_nothing_are_made_at_once():
    meeting = threading.Barrier(3, timeout=10)

    def run(_):
        meeting.wait()
        yield seen("well", how="well")

    found = running.examine([check(f"a.{name}", run) for name in "xyz"], None)
    assert [each.level for each in found] == [Level.OK] * 3


def test_each_check_is_reported_when_it_is_made():
    told = []
    table = [check("a.second", says("odd"), "a.first"), check("a.first", says("odd"))]
    running.examine(table, None, lambda made, findings: told.append((made.name, len(findings))))
    assert told == [("a.first", 1), ("a.second", 1)]


@pytest.mark.parametrize(
    ("codes", "worst"),
    [(("well",), Level.OK), (("well", "odd"), Level.WARNING), (("odd", "bad"), Level.ERROR), ((), Level.OK)],
)
def test_the_worst_finding_decides(codes, worst):
    made = check("a.first", lambda _: [seen(code, how="well", what="it") for code in codes])
    found = running.examine([made], None)
    assert running.worst(found) is worst
    assert sum(running.counted(found).values()) == len(codes)
