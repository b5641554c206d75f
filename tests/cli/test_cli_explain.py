"""``bridge explain``: the whole decision, step by step, for each code, and what the customer gets."""

from datetime import timedelta

import pytest

from bridge.models import LicenseKey
from bridge.rules.access import ORDER
from bridge.services import keys
from bridge.services.explain import QUESTIONS

REPO = "acme/mod-weather"


@pytest.fixture(scope="module")
def situations(shared):
    """A key for each code: its text, and the further words of the command."""
    made, _ = shared
    now = made.clock.now
    long_ago = now - timedelta(days=400)
    made.add_product("acme", "other", LICENSING_PLATFORM="joomla")
    made.refresh("acme", "other")
    made.add_product("beta", "foreign", LICENSING_PLATFORM="joomla")
    made.refresh("beta", "foreign")
    stable = made.package("acme", "Stable", streams=("stable",))
    other = made.package("acme", "Other", repo="other")
    strict = made.package("acme", "Strict", unstated_domain="refuse")
    owning = made.package("acme", "Owning", after_expiry="owned")
    full = made.key(stable, max_sites=1)
    made.client().get(f"/{REPO}/updates.xml?dlid={full.code}&domain=first.com")
    revoked, suspended = made.key(stable), made.key(stable)
    made.revoke(revoked.id)
    with made.parts.open_session() as session:
        keys.suspend(session, session.get_one(LicenseKey, suspended.id), True, made.issuer().actor, now)
    good = made.key(stable).code
    return {
        "valid": (good,),
        "grace": (made.key(stable, starts_at=long_ago, expires_at=now - timedelta(days=1)).code,),
        "malformed": ("LIC-AAAAA-AAAAA-AAAAA-AAAAA-AAAAA",),
        "unknown": (made.key(made.package("beta", "Foreign")).code,),
        "wrong_product": (made.key(other).code,),
        "test_key": (made.key(stable, is_test=True).code,),
        "revoked": (revoked.code,),
        "suspended": (suspended.code,),
        "not_started": (made.key(stable, starts_at=now + timedelta(days=9)).code,),
        "expired": (made.key(stable, starts_at=long_ago, expires_at=now - timedelta(days=9)).code,),
        "expired and owning nothing": (made.key(owning, starts_at=long_ago, expires_at=now - timedelta(days=9)).code,),
        "stream_not_granted": (good, "--stream", "rc"),
        "domain_invalid": (good, "--domain", "no domain"),
        "domain_required": (made.key(strict).code,),
        "domain_not_allowed": (made.key(stable, domains=("mine.com",)).code, "--domain", "yours.com"),
        "site_limit": (full.code, "--domain", "second.com"),
    }


CODES = {
    "valid", "grace", "malformed", "unknown", "wrong_product", "test_key", "revoked", "suspended", "not_started",
    "expired", "stream_not_granted", "domain_invalid", "domain_required", "domain_not_allowed", "site_limit",
}  # fmt: skip


def explained(calm_shell, situations, code):
    key, *options = situations[code]
    return calm_shell.ok("explain", key, REPO, *options, "--json").json[0]


@pytest.mark.parametrize("code", sorted(CODES))
def test_the_steps_lead_to_the_code_and_no_further(calm_shell, situations, code):
    said = explained(calm_shell, situations, code)
    assert said["code"] == code
    assert said["allowed"] is (code in {"valid", "grace"})
    reached = len(ORDER) if said["allowed"] else ORDER.index(code)
    assert [step["passed"] for step in said["steps"]] == [
        True if index < reached else False if index == reached else None for index in range(len(ORDER))
    ]
    assert [step["question"] for step in said["steps"]] == [QUESTIONS[each] for each in ORDER]


def test_only_what_cannot_be_asked_here_is_missing():
    assert {*ORDER} - CODES == {"missing", "release_withdrawn"}


@pytest.mark.parametrize(
    ("code", "gets"),
    [
        ("valid", "the feed with the streams of the package, and the download"),
        ("stream_not_granted", "the feed of the key, but not this release"),
        ("revoked", "an empty feed and no download"),
        ("expired and owning nothing", "the feed of the key, but not this release"),
    ],
)
def test_it_says_what_the_customer_gets(calm_shell, situations, code, gets):
    assert explained(calm_shell, situations, code)["gets"] == gets


def test_it_is_about_the_newest_release_that_the_key_opens_and_names_newer_ones(calm_shell, situations):
    said = explained(calm_shell, situations, "valid")
    assert said["release"] == "1.0.0 (stable)"
    assert said["withheld"] == [{"release": "1.1.0-rc1 (rc)", "code": "stream_not_granted"}]
    assert explained(calm_shell, situations, "revoked")["release"] == "1.1.0-rc1 (rc)"


def test_it_takes_no_seat_however_often_it_is_asked(calm_shell, situations):
    code = situations["valid"][0]
    for domain in ("a.com", "b.com"):
        assert calm_shell.ok("explain", code, REPO, "--domain", domain, "--json").json[0]["allowed"]
    assert calm_shell.ok("site", "list", code, "--json").json == []


def test_people_read_it_as_questions_with_answers(calm_shell, situations):
    out = calm_shell.ok("explain", *situations["site_limit"][:1], REPO, *situations["site_limit"][1:]).out
    assert "  NO  Is there a slot for this site?" in out
    assert "  -   Is the release still offered?" in out
    assert "site_limit: all sites of the key are taken; free one first" in out
    assert "Site second.com (would be new)." in out
    on_record = calm_shell.ok("explain", situations["site_limit"][0], REPO, "--domain", "first.com").out
    assert "Site first.com (on record)." in on_record
    assert "Newer, but not for this key: 1.1.0-rc1 (rc): stream_not_granted." in on_record


def test_a_key_is_named_by_its_number_too(calm_shell, situations):
    number = calm_shell.ok("key", "show", situations["valid"][0], "--json").json[0]["id"]
    assert calm_shell.ok("explain", number, REPO, "--json").json[0]["code"] == "valid"
    assert (
        calm_shell.ok("explain", f"#{number}", REPO, "--stream", "nightly").out.count("No such release is on offer.")
        == 1
    )
