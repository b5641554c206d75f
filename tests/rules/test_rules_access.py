"""The price list of the house: facts on the left, code on the right, and which refusal wins where two apply."""

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from bridge.rules.access import (
    NO_SITE,
    ORDER,
    Code,
    Decision,
    Key,
    Product,
    SiteClaim,
    Wanted,
    decide,
    owned_limit,
    rank,
    spoken_domain,
)
from bridge.rules.keys import KeyFacts
from bridge.rules.packages import Package
from bridge.rules.terms import Term

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY, MS = timedelta(days=1), timedelta(milliseconds=1)
OWNER, REPO = 7, 70

GOOD = {
    "key": Key(1, OWNER, KeyFacts(starts_at=NOW - DAY, expires_at=NOW + DAY)),
    "package": Package(2, OWNER, "Standard", Term("annual")),
    "product": Product(OWNER, REPO),
    "wanted": Wanted("stable", NOW - DAY),
    "site": SiteClaim("example.com"),
}


def facts(**changes):
    return {"key": {"facts": dataclasses.replace(GOOD["key"].facts, **changes)}}


def merged(*changes):
    """The good case, changed by each table of ``{part: {field: value}}``; fields of the key's facts add up."""
    parts = dict(GOOD)
    for change in changes:
        for part, fields in change.items():
            new = dict(fields)
            if "facts" in new:
                ours, base = new["facts"], GOOD["key"].facts
                differing = {
                    f.name: getattr(ours, f.name)
                    for f in dataclasses.fields(ours)
                    if getattr(ours, f.name) != getattr(base, f.name)
                }
                new["facts"] = dataclasses.replace(parts["key"].facts, **differing)
            parts[part] = dataclasses.replace(parts[part], **new)
    return parts


def asked(*changes):
    return decide(**merged(*changes), now=NOW)


EXPIRED = facts(expires_at=NOW - 10 * DAY)
# What makes each refusal apply, in the order of refusals.
REFUSALS = {
    "foreign key": ({"key": {"owner_id": 8}}, Code.UNKNOWN),
    "replaced code": ({"key": {"code_valid_until": NOW}}, Code.UNKNOWN),
    "other repo": ({"package": {"repo_id": 71}}, Code.WRONG_PRODUCT),
    "repo not listed": ({"package": {"repo_ids": frozenset({71, 72})}}, Code.WRONG_PRODUCT),
    "plain edition not in the package": ({"package": {"editions": frozenset({"pro"})}}, Code.WRONG_PRODUCT),
    "test key": ({"key": {"is_test": True}}, Code.TEST_KEY),
    "revoked": (facts(revoked_at=NOW - DAY), Code.REVOKED),
    "suspended": (facts(suspended_at=NOW - DAY), Code.SUSPENDED),
    "not started": (facts(starts_at=NOW + MS), Code.NOT_STARTED),
    "expired": (EXPIRED, Code.EXPIRED),
    "other streams": ({"package": {"streams": frozenset({"beta"})}}, Code.STREAM_NOT_GRANTED),
    "no domain": ({"site": {"host": None, "invalid": "it has a space"}}, Code.DOMAIN_INVALID),
    "domain unstated": ({"site": {"host": None}, "package": {"unstated_domain": "refuse"}}, Code.DOMAIN_REQUIRED),
    "other domain": ({"key": {"domains": ("example.org", "*.example.com")}}, Code.DOMAIN_NOT_ALLOWED),
    "sites full": ({"site": {"over_limit": True}}, Code.SITE_LIMIT),
    "withdrawn": ({"wanted": {"withdrawn": True}}, Code.RELEASE_WITHDRAWN),
}
# Of what a site says of its domain, only one thing can be so; the last two can meet.
_ABOUT_DOMAINS = ("no domain", "domain unstated", "other domain", "sites full")
EXCLUSIVE = set(itertools.combinations(_ABOUT_DOMAINS, 2)) - {("other domain", "sites full")}
PAIRS = [pair for pair in itertools.combinations(REFUSALS, 2) if pair not in EXCLUSIVE]


def test_a_good_key_is_valid():
    assert asked() == Decision(True, Code.VALID, "")


@pytest.mark.parametrize("fact", REFUSALS)
def test_each_fact_alone_refuses_with_its_code_and_a_sentence(fact):
    change, code = REFUSALS[fact]
    decision = asked(change)
    assert (decision.allowed, decision.code) == (False, code)
    assert decision.detail


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_where_two_refusals_apply_the_earlier_wins(first, second):
    assert asked(REFUSALS[second][0], REFUSALS[first][0]).code is REFUSALS[first][1]


def test_the_published_order_is_the_order_of_the_lines():
    codes = list(dict.fromkeys(code for _, code in REFUSALS.values()))
    assert [code for code in ORDER if code not in {Code.MISSING, Code.MALFORMED}] == codes
    assert {*ORDER, Code.VALID, Code.GRACE} == set(Code)


def at(start=None, end=None, **changes):
    return facts(**({"starts_at": start} if start else {}), **({"expires_at": end} if end else {}), **changes)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (at(start=NOW - MS), Code.VALID),
        (at(start=NOW), Code.VALID),
        (at(start=NOW + MS), Code.NOT_STARTED),
        (at(end=NOW + MS), Code.VALID),
        (at(end=NOW), Code.GRACE),
        (at(end=NOW - MS), Code.GRACE),
        (at(end=NOW - 3 * DAY + MS), Code.GRACE),
        (at(end=NOW - 3 * DAY), Code.EXPIRED),
        (at(end=NOW - 3 * DAY - MS), Code.EXPIRED),
        ({"key": {"code_valid_until": NOW + MS}}, Code.VALID),
        ({"key": {"code_valid_until": NOW}}, Code.UNKNOWN),
        ({"key": {"code_valid_until": NOW - MS}}, Code.UNKNOWN),
        # Revoked and suspended are facts, not dates: a moment that lies ahead by a slow clock counts at once.
        (facts(revoked_at=NOW + DAY), Code.REVOKED),
        (facts(suspended_at=NOW + DAY), Code.SUSPENDED),
    ],
)
def test_a_millisecond_decides(change, code):
    decision = asked(change)
    assert decision.code is code
    assert decision.allowed == (code in {Code.VALID, Code.GRACE})


def test_no_grace_ends_with_the_expiry_itself():
    without = {"package": {"grace": timedelta(0)}}
    assert asked(at(end=NOW), without).code is Code.EXPIRED
    assert asked(at(end=NOW + MS), without).code is Code.VALID


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"package": {"repo_id": REPO}}, True),
        ({"package": {"repo_ids": frozenset({REPO, 71})}}, True),
        ({"package": {"editions": frozenset({"", "pro"})}}, True),
        ({"package": {"editions": frozenset({"pro"})}, "product": {"edition": "pro"}}, True),
        ({"package": {"editions": frozenset({"pro"})}, "product": {"edition": "lite"}}, False),
        ({"product": {"edition": "pro"}}, True),
        ({"key": {"is_test": True}, "product": {"allow_test_keys": True}}, True),
        ({"package": {"streams": frozenset({"stable"})}}, True),
        ({"package": {"streams": frozenset({"stable"})}, "wanted": {"stream": "rc"}}, False),
        ({"package": {"streams": frozenset({"rc"})}, "wanted": {"stream": "stable"}}, False),
        ({"package": {"streams": frozenset({"Stable"})}}, False),
        ({"package": {"active": False}}, True),
        ({"key": {"domains": ("example.com",)}}, True),
        ({"key": {"domains": ("*.example.com",)}, "site": {"host": "shop.example.com"}}, True),
        ({"key": {"domains": ("*.example.com",)}}, False),
        ({"key": {"domains": ("example.com",)}, "site": {"host": "shop.example.com"}}, False),
        ({"key": {"domains": ("example.com",)}, "site": {"host": None}}, True),
        ({"package": {"unstated_domain": "refuse"}}, True),
    ],
)
def test_what_a_package_and_a_key_are_for(change, allowed):
    assert asked(change).allowed is allowed


def test_a_feed_is_decided_without_a_release():
    parts = merged({"package": {"streams": frozenset({"rc"})}}) | {"wanted": None}
    assert decide(**parts, now=NOW) == Decision(True, Code.VALID, "")
    assert decide(**(merged(EXPIRED) | {"wanted": None}), now=NOW).code is Code.EXPIRED


OWNED = {"package": {"after_expiry": "owned"}}
END = NOW - 10 * DAY


@pytest.mark.parametrize(
    ("seen", "code"),
    [(END - MS, Code.VALID), (END, Code.EXPIRED), (END + MS, Code.EXPIRED), (END + DAY, Code.EXPIRED)],
)
def test_an_expired_key_keeps_what_was_released_before_its_expiry_where_the_package_says_so(seen, code):
    assert asked(EXPIRED, OWNED, {"wanted": {"first_seen_at": seen}}).code is code
    assert asked(EXPIRED, {"wanted": {"first_seen_at": seen}}).code is Code.EXPIRED


def test_an_expired_key_that_owns_has_a_feed_and_the_limit_is_its_expiry():
    parts = merged(EXPIRED, OWNED) | {"wanted": None}
    assert decide(**parts, now=NOW).allowed
    assert owned_limit(parts["key"], parts["package"], NOW) == END
    assert owned_limit(GOOD["key"], parts["package"], NOW) is None
    assert owned_limit(parts["key"], GOOD["package"], NOW) is None


@pytest.mark.parametrize("fact", ["revoked", "suspended", "other streams", "other domain", "sites full", "withdrawn"])
def test_owning_opens_nothing_that_is_closed_for_another_reason(fact):
    change, code = REFUSALS[fact]
    assert asked(EXPIRED, OWNED, {"wanted": {"first_seen_at": END - DAY}}, change).code is code


def test_dates_that_matter_to_a_customer_are_told():
    assert asked(facts(starts_at=NOW + 30 * DAY)).detail == "the key starts on 2026-03-31"
    assert asked(EXPIRED).detail == "the key expired on 2026-02-19"
    assert asked(at(end=NOW - DAY)).detail == "the key expired; it keeps working until 2026-03-03"


@pytest.mark.parametrize(
    ("domains", "stated", "counts"),
    [
        ((), None, None),
        ((), "a.example", "a.example"),
        (("a.example",), None, "a.example"),
        (("a.example",), "b.example", "b.example"),
        (("a.example", "b.example"), None, None),
        (("*.example.com",), None, None),
    ],
)
def test_a_key_of_one_domain_speaks_for_it(domains, stated, counts):
    assert spoken_domain(dataclasses.replace(GOOD["key"], domains=domains), stated) == counts


def test_the_best_of_several_decisions_is_the_one_that_got_furthest():
    refusals = [Decision(False, code) for code in ORDER]
    allowed = [Decision(True, Code.GRACE), Decision(True, Code.VALID)]
    assert sorted([*allowed, *refusals], key=rank) == [*refusals, *allowed]


def test_an_unstated_domain_is_no_claim():
    assert decide(**(merged() | {"site": NO_SITE}), now=NOW) == Decision(True, Code.VALID, "")
