"""What Gitea's variables hold: good, absent and mistaken; and that no mistake ever opens anything."""

import json

import pytest

from bridge.rules.streams import DEFAULT_STREAMS, parse_streams
from bridge.rules.variables import (
    Edition,
    FeedRules,
    OwnerSettings,
    PlatformRule,
    Problem,
    RepoSettings,
    Seller,
    read_owner_variables,
    read_repo_variables,
)

OWNER = OwnerSettings(streams=parse_streams("stable, lts=stable, rc+, beta"))
FEED_TEXT = r"""
name = "Acme Shop"
description = '''
Sells things.
Twice.'''
infourl = "https://acme.example/shop?x=1"
key_constant = "ACMESTOCK_DLID"
[asset]
joomla = "pkg_*.zip"
dolibarr = "module_*.zip"
[streams.LTS]
tags = ["v3.*", "lts/*"]
[streams.rc]
tags = "*-pre*"
[edition.pro]
asset = "*-pro.zip"
require_key = true
[edition.free-2]
asset = "*-free.zip"
[[platform]]
version_range = ">=2.0 <3"
target_platform = '5\.[0-9]+'
php_minimum = "8.1"
[[platform]]
php_minimum = "7.4"
"""
FEED = FeedRules(
    name="Acme Shop",
    description="Sells things.\nTwice.",
    infourl="https://acme.example/shop?x=1",
    platforms=(PlatformRule(">=2.0 <3", r"5\.[0-9]+", "8.1"), PlatformRule("*", "", "7.4")),
    asset_patterns={"joomla": "pkg_*.zip", "dolibarr": "module_*.zip"},
    stream_tags={"lts": ("v3.*", "lts/*"), "rc": ("*-pre*",)},
    editions={"pro": Edition("pro", "*-pro.zip", "true"), "free-2": Edition("free-2", "*-free.zip", None)},
    key_constant="ACMESTOCK_DLID",
)


def repo(last_good: RepoSettings | None = None, **values: str):
    return read_repo_variables({f"LICENSING_{name}": text for name, text in values.items()}, OWNER, last_good)


def owner(last_good: OwnerSettings | None = None, **values: str):
    return read_owner_variables({f"LICENSING_{name}": text for name, text in values.items()}, last_good)


def test_a_repo_without_variables_is_not_served_and_asks_for_a_key_on_download() -> None:
    read = repo()
    assert read.problems == ()
    assert read.settings == RepoSettings(None, "download", OWNER.streams, FeedRules(), ())


@pytest.mark.parametrize(
    ("text", "platform"), [("joomla", "joomla"), (" Dolibarr\n", "dolibarr"), ("BOTH", "both"), ("none", "none")]
)
def test_the_platform_is_read_in_any_case(text: str, platform: str) -> None:
    assert repo(PLATFORM=text).settings.platform == platform


@pytest.mark.parametrize(("text", "require_key"), [("true", "true"), ("Download ", "download"), (" FALSE", "false")])
def test_require_key_is_read_in_any_case(text: str, require_key: str) -> None:
    assert repo(REQUIRE_KEY=text).settings.require_key == require_key


@pytest.mark.parametrize("text", ["", " ", "yes", "1", "no", "false;", "fаlse", "true false"])
def test_a_mistaken_require_key_asks_for_a_key_and_says_so(text: str) -> None:
    read = repo(PLATFORM="joomla", REQUIRE_KEY=text)
    assert read.settings.require_key == "true"
    assert read.settings.platform == "joomla"
    assert [problem.variable for problem in read.problems] == ["LICENSING_REQUIRE_KEY"]
    assert "write true, download or false" in read.problems[0].sentence


@pytest.mark.parametrize("good", ["true", "download", "false"])
def test_a_mistake_keeps_the_last_good_value_reading_after_reading(good: str) -> None:
    settings = repo(REQUIRE_KEY=good).settings
    for _ in range(3):
        read = repo(settings, REQUIRE_KEY="fa1se")
        settings = read.settings
        assert settings.require_key == good
        assert read.problems


def test_a_default_is_no_last_good_value() -> None:
    settings = repo(PLATFORM="joomla").settings
    assert repo(settings, REQUIRE_KEY="treu").settings.require_key == "true"


def test_a_variable_that_was_deleted_falls_back_to_its_default_at_once() -> None:
    settings = repo(PLATFORM="joomla", REQUIRE_KEY="true", STREAMS="stable", FEED='name = "x"').settings
    assert repo(settings) == repo()


def test_a_mistake_in_one_variable_leaves_the_others_alone() -> None:
    last = repo(PLATFORM="joomla", REQUIRE_KEY="false", STREAMS="stable").settings
    read = repo(last, PLATFORM="jomla", REQUIRE_KEY="true", STREAMS="stable, rc")
    assert (read.settings.platform, read.settings.require_key) == ("joomla", "true")
    assert [stream.name for stream in read.settings.streams] == ["stable", "rc"]
    assert [problem.variable for problem in read.problems] == ["LICENSING_PLATFORM"]


def test_a_mistaken_platform_without_a_last_good_one_is_not_served() -> None:
    assert repo(PLATFORM="jomla").settings.platform is None


def test_mistaken_streams_keep_the_last_choice_or_the_stable_ones() -> None:
    assert [s.name for s in repo(STREAMS="gold").settings.streams] == ["stable", "lts"]
    last = repo(STREAMS="stable, rc+, beta").settings
    assert repo(last, STREAMS="gold").settings.streams == last.streams


def test_a_last_choice_never_outlives_what_the_owner_takes_away() -> None:
    last = repo(STREAMS="stable, rc+, beta").settings
    smaller = OwnerSettings(streams=parse_streams("stable, rc"))
    read = read_repo_variables({"LICENSING_STREAMS": "gold"}, smaller, last)
    assert read.settings.streams == parse_streams("stable, rc")


def test_the_whole_feed_variable_is_read() -> None:
    read = repo(FEED=FEED_TEXT)
    assert read.problems == ()
    assert read.settings.feed == FEED


def test_an_empty_feed_variable_says_nothing() -> None:
    assert repo(FEED="# later\n").settings.feed == FeedRules()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "not valid TOML"),
        ("nme = 'x'", "“nme” is not a key"),
        ("name = 3", "“name” must be text in quotes"),
        ("name = 'a\\nb'\nname = 'c'", "not valid TOML"),
        ('name = "a\\nb"', "must be one line"),
        (f"name = '{'x' * 101}'", "longer than 100"),
        ("infourl = 'javascript:alert(1)'", "“infourl” must be an http or https address"),
        ("infourl = 'ftp://a.example'", "must be an http or https address"),
        ("infourl = 'https://a.example/\"><script>'", "must be an http or https address"),
        ("infourl = 'https://user:pw@a.example/'", "must be an http or https address"),
        ("key_constant = 'acme'", 'key_constant = "ACMESTOCK_DLID"'),
        ("asset = 'x'", "“asset” must be a table"),
        ("[asset]\nwordpress = 'x'", "“asset.wordpress” is not a key"),
        ("[asset]\njoomla = ['a', 'b']", "“asset.joomla” must be one pattern"),
        ("[asset]\njoomla = ''", "must be a pattern"),
        ("[streams.lts]\ntag = 'v3.*'", "“streams.lts.tags” must hold a pattern"),
        ("[streams.lts]\ntags = 3", '[streams.lts] with tags = "v3.*"'),
        ("[edition.Pro]\nasset = 'x'", "“Pro” is not an edition's name"),
        ("[edition.pro]\nrequire_key = true", "“edition.pro.asset” must hold a pattern"),
        ("[edition.pro]\nasset = 'x'\nrequire_key = 'yes'", "must be true, download or false"),
        ("[edition.pro]\nasset = 'x'\nprice = 3", "“edition.pro.price” is not a key"),
        ("[platform]\nphp_minimum = '8'", "must be written as [[platform]]"),
        ("[[platform]]\nversion_range = '^2'\nphp_minimum = '8'", "“platform 1.version_range” cannot be read"),
        ("[[platform]]\ntarget_platform = '5.1'", "stands for any sign"),
        ("[[platform]]\nphp_minimum = '>=8'", "“platform 1.php_minimum” will not do"),
        ("[[platform]]\nversion_range = '*'", "or php_minimum must be given"),
        ("[[platform]]\nphp = '8'", "or php_minimum must be given"),
        ("description = '" + "x" * 70_000 + "'", "longer than 64 KiB"),
        ("x = " + "[" * 5000, "not valid TOML"),
    ],
)
def test_a_mistake_in_the_feed_variable_is_named_with_its_key(text: str, words: str) -> None:
    (problem,) = repo(FEED=text).problems
    assert problem.variable == "LICENSING_FEED"
    assert words in problem.sentence


def test_a_mistaken_feed_keeps_the_last_good_one_or_asks_for_a_key_everywhere() -> None:
    last = repo(FEED=FEED_TEXT, REQUIRE_KEY="false").settings
    kept = repo(last, FEED="nme = 1", REQUIRE_KEY="false").settings
    assert (kept.feed, kept.require_key) == (FEED, "false")
    settings = None
    for _ in range(3):
        settings = repo(settings, FEED="nme = 1", REQUIRE_KEY="false").settings
        assert (settings.feed, settings.require_key) == (FeedRules(), "true")
    assert repo(settings, FEED="", REQUIRE_KEY="false").settings.require_key == "false"


def test_tags_for_a_stream_nobody_has_are_reported_but_break_nothing() -> None:
    read = repo(FEED='name = "x"\n[streams.gold]\ntags = "g*"')
    assert read.settings.feed.name == "x"
    assert read.problems == (
        Problem("LICENSING_FEED", "[streams.gold] names no stream of the owner; use one of stable, lts, rc, beta."),
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("LICENSING_REQUIREKEY", "use LICENSING_REQUIRE_KEY"),
        ("LICENSING_TEAMS", "belongs to the owner"),
        ("licensing_plattform", "use LICENSING_PLATFORM"),
    ],
)
def test_a_variable_with_a_mistaken_name_is_reported(name: str, words: str) -> None:
    (problem,) = read_repo_variables({name: "true"}, OWNER, None).problems
    assert problem.variable == name.upper()
    assert words in problem.sentence


def test_variables_of_others_are_none_of_our_business() -> None:
    assert read_repo_variables({"DEPLOY_KEY": "x", "licensing_platform": "both"}, OWNER, None).problems == ()


SELLER_TEXT = """
name = "Acme"
support = "help@acme.example"
renewal_url = "https://acme.example/renew"
sender = "keys@acme.example"
language = "de-CH"
"""
SELLER = Seller("Acme", "help@acme.example", "https://acme.example/renew", "keys@acme.example", "de-CH")


def test_an_owner_without_variables_has_the_defaults() -> None:
    read = owner()
    assert read.problems == ()
    assert read.settings == OwnerSettings(DEFAULT_STREAMS, Seller(), (), ())


def test_all_variables_of_an_owner_are_read() -> None:
    read = owner(
        STREAMS="stable, rc", SELLER=SELLER_TEXT, TEAMS="Sales: manager, helpdesk : Support,\n auditors:viewer"
    )
    assert read.problems == ()
    assert read.settings.streams == parse_streams("stable, rc")
    assert read.settings.seller == SELLER
    assert read.settings.teams == (("sales", "manager"), ("helpdesk", "support"), ("auditors", "viewer"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nme = 'x'", "“nme” is not a key"),
        ("support = 'call me'", "“support” must be a mail address"),
        ("renewal_url = 'javascript:1'", "“renewal_url” must be an http"),
        ("sender = 'a@b.example, c@d.example'", "“sender” must be a bare mail address"),
        ('sender = "a@b.example\\r\\nBcc: x@y.example"', "must be one line"),
        ("sender = 'Acme <a@b.example>'", "must be a bare mail address"),
        ("language = 'German'", "“language” must be a language code"),
    ],
)
def test_a_mistake_in_the_seller_variable_is_named_with_its_key(text: str, words: str) -> None:
    (problem,) = owner(SELLER=text).problems
    assert problem.variable == "LICENSING_SELLER"
    assert words in problem.sentence
    assert 'name = "Acme"' in problem.sentence


@pytest.mark.parametrize(
    "text", ["", "sales", "sales: boss", ": manager", "sales: manager, SALES: viewer", "a b: viewer", "sales: owner"]
)
def test_mistaken_teams_give_nobody_a_role(text: str) -> None:
    read = owner(TEAMS=text)
    assert read.settings.teams == ()
    assert [problem.variable for problem in read.problems] == ["LICENSING_TEAMS"]


def test_mistakes_of_an_owner_keep_the_last_good_values() -> None:
    last = owner(STREAMS="stable, rc", SELLER=SELLER_TEXT, TEAMS="sales: manager").settings
    read = owner(last, STREAMS="gold", SELLER="x", TEAMS="sales: boss")
    assert read.settings == last
    assert len(read.problems) == 3


def test_mistaken_streams_of_an_owner_leave_the_stable_one() -> None:
    assert owner(STREAMS="stable, gold").settings.streams == parse_streams("stable")


def test_settings_survive_a_trip_through_json() -> None:
    settings = repo(PLATFORM="both", REQUIRE_KEY="true", STREAMS="stable, rc+", FEED=FEED_TEXT).settings
    assert RepoSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    owners = owner(STREAMS="lts=stable, rc+", SELLER=SELLER_TEXT, TEAMS="sales: manager").settings
    assert OwnerSettings.from_dict(json.loads(json.dumps(owners.to_dict()))) == owners
    assert RepoSettings.from_dict(RepoSettings().to_dict()) == RepoSettings()
