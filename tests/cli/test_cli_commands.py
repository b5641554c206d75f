"""Each command by hand: what it prints, what it leaves, and with which code and sentence it ends."""

import click
import pytest

from bridge.cli.root import bridge
from bridge.storage import audits


def commands(group=bridge, path=()):
    """Every command with its path."""
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


ALL = list(commands())


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_command_and_option_is_explained(path, command):
    assert command.help
    assert command.get_short_help_str()
    silent = [
        each.name for each in command.params if isinstance(each, click.Option) and not (each.help and each.help.strip())
    ]
    assert silent == []


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_help_needs_no_configuration(calm_shell, tmp_path, path):
    ran = calm_shell.run(*path, "--help", config=tmp_path / "none.toml")
    assert ran.code == 0
    assert "Usage: " in ran.out


@pytest.fixture
def sold(shell):
    """A package of stable releases and a key of it."""
    package = shell.ok("package", "create", "acme", "Standard", "--streams", "stable", "--max-sites", 1, "--json").json[
        0
    ]
    key = shell.ok("key", "issue", "acme", "Standard", "--name", "Ann", "--email", "ann@x.com", "--json").json[0]
    return package, key


def test_a_package_is_created_listed_and_edited(shell):
    made = shell.ok("package", "create", "acme", "Pro", "--term", "30 days", "--editions", "pro, lite", "--json").json[
        0
    ]
    assert (made["name"], made["term"], made["editions"], made["streams"]) == ("Pro", "days 30", ["pro", "lite"], "all")
    edited = shell.ok(
        "package", "edit", made["id"], "--max-sites", 5, "--inactive", "--repo", "acme/mod-weather", "--json"
    )
    assert (edited.json[0]["max_sites"], edited.json[0]["active"], edited.json[0]["term"]) == (5, False, "days 30")
    listed = shell.ok("package", "list", "acme", "--json").json
    assert [(row["name"], row["master"]) for row in listed] == [("Master", True), ("Pro", False)]
    assert "Pro" in shell.ok("package", "list", "acme/mod-weather").out


def test_a_custom_term_is_given_by_its_days(shell):
    words = ("--term", "custom", "--from", "2099-06-01", "--until", "2099-06-30")
    made = shell.ok("package", "create", "acme", "June", *words, "--json").json[0]
    assert (made["from"], made["until"]) == ("2099-06-01T00:00:00+00:00", "2099-07-01T00:00:00+00:00")


def test_a_list_of_one_state_is_filled_from_however_far_behind(shell, sold):
    first, others = sold[1]["id"], shell.ok("key", "issue", "acme", "Standard", "--quantity", 3, "--json").json
    last = others[-1]["id"]
    shell.ok("key", "revoke", last)
    rows = shell.ok("key", "list", "acme", "--state", "revoked", "--limit", 1, "--json").json
    assert [row["id"] for row in rows] == [last]
    rows = shell.ok("key", "list", "acme", "--state", "active", "--after", first, "--limit", 2, "--json").json
    assert [row["id"] for row in rows] == [others[0]["id"], others[1]["id"]]


def test_a_list_of_a_repo_shows_what_opens_it(shell, sold):
    elsewhere = shell.ok("package", "create", "acme", "Elsewhere", "--json").json[0]["id"]
    shell.installation.add_product("acme", "other", LICENSING_PLATFORM="joomla")
    shell.installation.refresh("acme", "other")
    shell.ok("package", "edit", elsewhere, "--repo", "acme/other")
    key = shell.ok("key", "issue", "acme", "Elsewhere", "--term", "lifetime", "--json").json[0]
    assert key["expires"] is None
    assert key["id"] not in {row["id"] for row in shell.ok("key", "list", "acme/mod-weather", "--json").json}
    assert key["id"] in {row["id"] for row in shell.ok("key", "list", "acme/other", "--json").json}


def test_a_key_is_issued_listed_shown_and_found_by_number_and_code(shell, sold):
    key = sold[1]
    assert key["state"] == "active"
    assert key["customer"] == "Ann <ann@x.com>"
    assert [row["id"] for row in shell.ok("key", "list", "acme", "--customer", "ANN", "--json").json] == [key["id"]]
    assert shell.ok("key", "list", "acme", "--state", "revoked", "--json").json == []
    assert shell.run("key", "list", "acme", "--state", "lost").code == 2
    found = [
        shell.ok("key", "list", "acme", *words, "--json").json
        for words in (("--search", "nn@x"), ("--domain", "x.org"))
    ]
    assert [[row["id"] for row in rows] for rows in found] == [[key["id"]], []]
    for name in (key["id"], f"#{key['id']}", key["code"], key["code"].lower()):
        shown = shell.ok("key", "show", name, "--json").json[0]
        assert shown["id"] == key["id"]
    assert [
        each.startswith("https://git.example.com/acme/mod-weather/updates/ft") for each in shown["personal_feeds"]
    ] == [True]
    assert key["code"] in shell.ok("key", "show", key["id"]).out


def test_keys_can_be_revoked_replaced_extended_assigned_and_suspended(shell, sold):
    number, code = sold[1]["id"], sold[1]["code"]
    assert (
        shell.ok("key", "extend", number, "--fix", "2099-01-01").out
        == f"Key #{number} expires on 2099-01-01 00:00 UTC.\n"
    )
    assert shell.ok("key", "extend", number, "--never").out == f"Key #{number} never expires.\n"
    assert "expires on 20" in shell.ok("key", "extend", number, "--undo").out
    assert "expires on 20" in shell.ok("key", "extend", number, "--term").out
    assert "expires on 2099" in shell.ok("key", "extend", number, "--to", "2099-01-01").out
    assert shell.ok("key", "assign", number, "WWW.a.com", "*.b.com").out == f"Key #{number} works on a.com, *.b.com.\n"
    assert shell.ok("key", "assign", number, "--any").out == f"Key #{number} works on any domain.\n"
    assert shell.ok("key", "suspend", number).out == f"Key #{number} is suspended.\n"
    assert shell.ok("key", "show", number, "--json").json[0]["state"] == "suspended"
    assert shell.ok("key", "suspend", number, "--resume").out == f"Key #{number} goes on.\n"
    fresh = shell.ok("key", "replace", number, "--overlap", "24h").out.strip()
    assert shell.ok("key", "show", code, "--json").json[0]["code"] == fresh != code
    token = shell.ok("key", "replace", number, "--feed-token").out.strip()
    assert token in shell.ok("key", "show", number, "--json").json[0]["personal_feeds"][0]
    assert shell.ok("key", "revoke", number, "--reason", "refund").out == f"Key #{number} is revoked.\n"
    assert "It was revoked on 20" in shell.ok("key", "revoke", number).out
    assert "issue a new one" in shell.run("key", "extend", number, "--term").err
    assert shell.ok("key", "show", number, "--json").json[0]["state"] == "revoked"


def test_a_revoked_master_key_names_its_successor(shell):
    master = next(row for row in shell.ok("key", "list", "acme", "--json").json if row["master"])
    said = shell.ok("key", "revoke", master["id"]).out
    successor = next(
        row for row in shell.ok("key", "list", "acme", "--state", "active", "--json").json if row["master"]
    )
    assert said == f"Key #{master['id']} is revoked. Its successor is #{successor['id']}: {successor['code']}\n"


def test_a_site_is_listed_and_freed(shell, sold):
    number, code = sold[1]["id"], sold[1]["code"]
    assert shell.ok("site", "list", number, "--json").json == []
    assert "No site has stated its domain" in shell.ok("site", "list", number).out
    shell.installation.clock.turn(minutes=5)  # behind the moment at which the command issued the key
    shell.installation.client().get(f"/acme/mod-weather/updates.xml?dlid={code}&domain=shop.com")
    assert [(row["site"], row["counts"]) for row in shell.ok("site", "list", code, "--json").json] == [
        ("shop.com", True)
    ]
    assert shell.ok("site", "free", number, "https://WWW.shop.com/").out == "Freed: shop.com.\n"
    assert shell.ok("site", "list", number, "--json").json == []


def test_repos_are_listed_shown_and_refreshed(shell):
    assert [row["repo"] for row in shell.ok("repo", "list", "--json").json] == ["acme/mod-weather"]
    assert "acme/mod-weather" in shell.ok("repo", "list", "acme").out
    report = shell.ok("repo", "show", "acme/mod-weather", "--json").json[0]
    assert [offer["version"] for offer in report["offers"]] == ["1.1.0-rc1", "1.0.0"]
    assert "1.0.0" in shell.ok("repo", "show", "acme/mod-weather").out
    assert "acme/mod-weather: complete" in shell.ok("repo", "refresh", "acme/mod-weather").out
    assert "acme/mod-weather: complete" in shell.ok("repo", "refresh", "--owner", "acme").out


def test_a_setting_is_written_into_gitea_and_shown_in_force(shell):
    assert "key download" in shell.ok("repo", "set", "acme/mod-weather", "require-key", "download").out
    gitea = shell.installation.parts.gitea
    assert gitea.repo_variables("acme", "mod-weather")["LICENSING_REQUIRE_KEY"].value == "download"
    assert shell.ok("repo", "show", "acme/mod-weather", "--json").json[0]["require_key"] == "download"
    shell.ok("repo", "set", "acme/mod-weather", "require-key", "--unset")
    assert "LICENSING_REQUIRE_KEY" not in gitea.repo_variables("acme", "mod-weather")
    assert "platform none" in shell.ok("repo", "set", "acme/mod-weather", "platform", "none").out
    assert shell.ok("repo", "list", "--json").json == []
    assert "No repo is served yet" in shell.ok("repo", "list").out


def test_the_database_is_upgraded_once_and_checked(shell, tmp_path):
    config = tmp_path / "new.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path / "new" / "x.db"}"\n')
    ran = shell.run("db", "check", config=config)
    assert (ran.code, "run `bridge db upgrade`" in ran.err) == (6, True)
    assert shell.run("db", "upgrade", config=config).out.startswith("The database is at 2026")
    assert shell.run("db", "upgrade", config=config).out.startswith("Nothing to do: the database is at 2026")
    assert "as this version needs it" in shell.run("db", "check", config=config).out


# The words of a command, its exit code, and what its sentence must hold.
MISTAKES = [
    (("key", "show", "LIC-AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"), 2, "that is not a key"),
    (("key", "issue", "acme", "Standard", "--quantity", "0"), 2, "from 1 to 1000"),
    (("key", "issue", "acme", "Standard", "--expires", "soon"), 2, "write 2027-03-31"),
    (("key", "issue", "acme", "Standard", "--quantity", "many"), 2, "is not a valid integer"),
    (("key", "extend", "1"), 2, "exactly one of"),
    (("key", "extend", "1", "--never", "--undo"), 2, "exactly one of"),
    (("key", "assign", "1"), 2, "name the domains, or --any"),
    (("key", "assign", "2", "no domain"), 2, "is not a domain"),
    (("key", "replace", "2", "--overlap", "1h"), 2, "is not one of"),
    (("key", "list"), 2, "Missing argument"),
    (("key", "nothing"), 2, "No such command"),
    (("site", "free", "2", "no domain"), 2, "is not a domain"),
    (("repo", "set", "acme/mod-weather", "platform"), 2, "a value or --unset"),
    (("repo", "set", "acme", "platform", "joomla"), 2, "write OWNER/REPO"),
    (("repo", "set", "acme/mod-weather", "platform", "drupal"), 2, "joomla"),
    (("repo", "refresh"), 2, "name the repos, or an owner"),
    (("package", "create", "acme", "X", "--term", "weekly"), 2, "weekly"),
    (("package", "create", "acme", "X", "--streams", "nightly"), 2, "no stream “nightly”"),
    (("package", "edit", "one"), 2, "not a valid integer"),
    (("key", "show", "999"), 3, "no key number 999; `bridge key list OWNER`"),
    (("key", "show", "UNKNOWN-CODE"), 3, "no key with that code"),
    (("key", "issue", "acme", "None"), 3, "`bridge package list acme` shows them"),
    (("key", "list", "nobody"), 3, "does not know the owner nobody"),
    (("key", "list", "acme/nothing"), 3, "`bridge repo refresh acme/nothing`"),
    (("package", "edit", "999"), 3, "no package number 999"),
    (("site", "free", "2", "never.com"), 3, "`bridge site list`"),
    (("repo", "show", "acme/nothing"), 3, "does not know acme/nothing"),
    (("repo", "set", "acme/nothing", "platform", "joomla"), 3, "Gitea has no repo acme/nothing"),
    (("explain", "1", "acme/nothing"), 3, "does not know acme/nothing"),
    (("package", "create", "acme", "standard"), 4, "choose another name"),
    (("package", "edit", "1", "--max-sites", "1"), 4, "can't be edited"),
    (("key", "issue", "acme", "Master"), 4, "made by the bridge"),
    (("key", "suspend", "1"), 4, "can't be suspended"),
    (("key", "extend", "1", "--never"), 4, "never expires"),
]


@pytest.mark.parametrize(("words", "code", "sentence"), MISTAKES, ids=[" ".join(words) for words, *_ in MISTAKES])
def test_a_mistake_ends_with_its_code_and_a_sentence_that_says_what_to_do(calm_shell, words, code, sentence):
    ran = calm_shell.run(*words)
    assert (ran.code, sentence in ran.err) == (code, True), ran
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_a_gitea_that_is_away_or_refuses_the_token_has_a_code_of_its_own(shell, tmp_path):
    text = shell.config.read_text()
    token = next(line for line in text.splitlines() if line.startswith("token"))
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace(token, 'token = "0000000000000000000000000000000000000000"'))
    ran = shell.run("repo", "refresh", "acme/mod-weather", config=wrong)
    assert (ran.code, "Check gitea.token" in ran.err) == (6, True)
    shell.installation.gitea.stop()
    ran = shell.run("repo", "refresh", "acme/mod-weather")
    assert (ran.code, "Is gitea.url right, and is it running?" in ran.err) == (5, True)


def test_a_database_that_is_away_has_a_code_of_its_own(shell, tmp_path):
    config = tmp_path / "away.toml"
    config.write_text(f'[database]\nurl = "postgresql://bridge@/x?host={tmp_path}"\n')
    for words in (("key", "list", "acme"), ("db", "check"), ("db", "upgrade"), ("repo", "list")):
        ran = shell.run(*words, config=config)
        assert (ran.code, "the database does not answer" in ran.err) == (5, True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[web]\nworkrs = 3\n", "did you mean web.workers?"),
        ('[database]\nurl = "mysql://x"\n', "must begin with sqlite:/// or postgresql://"),
        ('[database]\nurl = "postgresql://b:x@db:port/x"\n', "database.url: can't be read"),
    ],
)
def test_a_configuration_that_cannot_be_used_has_a_code_of_its_own(shell, tmp_path, text, sentence):
    config = tmp_path / "bad.toml"
    config.write_text(text)
    ran = shell.run("repo", "list", config=config)
    assert (ran.code, sentence in ran.err) == (6, True)


def test_a_change_is_in_the_trail_under_the_name_of_who_made_it(shell, sold):
    with shell.installation.parts.open_session(read_only=True) as session:
        trail = audits.of_subject(session, f"key:{sold[1]['id']}")
    assert [(row.action, row.actor.startswith("cli:")) for row in trail] == [("key.issue", True)]
