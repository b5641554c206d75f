"""``bridge stats``: the numbers as tables, and as the API has them."""

import pytest

from bridge.storage import usage
from bridge.storage.usage import Use

REPO = "acme/mod-weather"


@pytest.fixture
def sold(shell):
    """A package with two keys, one revoked, and a site that checks and downloads."""
    made = shell.installation
    package = made.package("acme", "Standard")
    key = made.key(package)
    made.revoke(made.key(package).id)
    today, repo = made.clock.now.date(), made.world.repo("acme", "mod-weather").id
    with made.parts.open_session() as session:
        usage.add(
            session,
            {
                Use(today, repo, "feed", "valid", key.id, "a.com", cms="joomla 5.3", php="8.2"): 5,
                Use(today, repo, "download", "valid", key.id, "a.com", "1.0.0", "joomla 5.3"): 1,
                Use(today, repo, "download", "missing", version="1.0.0"): 3,
            },
        )
    return shell


def test_tables_show_keys_steps_versions_platforms_and_refusals(sold):
    out = sold.ok("stats", REPO, "--days", 3).out
    lines = [line.split() for line in out.splitlines()]
    assert ["Standard", "owner", "1", "0", "0", "0", "0", "1", "0", "2", "0", "1"] in [
        line[::-1][::-1] for line in lines
    ]
    assert [line[1:] for line in lines if line[:1] == ["all"]] == [["2", "0", "0", "1", "1", "1", "5", "1", "3"]]
    assert ["mod-weather", "1.0.0", "1", "1"] in lines
    assert ["joomla", "5.3", "1", "6"] in lines
    assert ["8.2", "1", "5"] in lines
    assert ["missing", "0", "3"] in lines
    assert "a.com" not in out


def test_json_is_what_the_api_answers(sold):
    found = sold.ok("stats", "acme", "--step", "month", "--json").json
    assert found["keys"]["states"] == {
        "active": 1, "grace": 0, "expired": 0, "not_started": 0, "suspended": 0, "revoked": 1,
    }  # fmt: skip
    assert (found["step"], len(found["steps"]), found["total"]["downloads"]) == ("month", 12, 1)


def test_an_owner_of_nothing_is_told_so(shell):
    out = shell.ok("stats", "acme").out
    for sentence in ("No package yet.", "Nothing was refused.", "No site said what it runs."):
        assert sentence in out


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("nobody",), 3, "does not know the owner nobody"),
        (("acme/nothing",), 3, "does not know acme/nothing"),
        (("acme", "--since", "yesterday"), 2, "--since 'yesterday' is not a day; write 2027-03-31"),
        (("acme", "--days", 0), 2, "from 1 to 1830"),
        (("acme", "--days", 400), 2, "take longer ones"),
        (("acme", "--until", "9999-12-31"), 2, "lies in the future"),
        (("acme", "--step", "hour"), 2, "hour"),
    ],
)
def test_nonsense_ends_in_a_sentence(calm_shell, words, code, sentence):
    ran = calm_shell.run("stats", *words)
    assert (ran.code, sentence in ran.err) == (code, True), ran.err
