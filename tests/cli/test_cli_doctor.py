"""``bridge doctor`` by hand: what it prints, and how it ends."""

import pytest
from support.clinics import clinic
from support.shells import Shell

from bridge.services.doctor.registry import CHECKS, GROUPS
from bridge.storage import usage


@pytest.fixture
def ward(sqlite_url, tmp_path, wide_screen, monkeypatch, capsys):
    """A healthy installation and a command line with its configuration."""
    with clinic(sqlite_url, tmp_path) as made:
        settings = made.made.settings
        config = tmp_path / "config.toml"
        config.write_text(
            f'[gitea]\nurl = "{settings.gitea.url}"\npublic_url = "{made.proxy.url}"\n'
            f'token = "{settings.gitea.token.get_secret_value()}"\n'
            f'webhook_secrets = ["{settings.gitea.webhook_secrets[0].get_secret_value()}"]\n'
            f"max_requests_per_second = 1000\n"
            f'[bridge]\npublic_url = "{made.proxy.url}"\nowners = {settings.bridge.owners}\n'.replace("'", '"')
            + f'data_dir = "{settings.bridge.data_dir}"\n[database]\nurl = "{settings.database.url}"\n[web]\nworkers = 8\n'
        )
        yield made, Shell(made.made, config, monkeypatch, capsys)


def test_all_is_well_and_says_so(ward):
    ran = ward[1].run("doctor")
    assert ran.code == 0, ran.out
    assert "0 to mend, 0 to look at" in ran.out
    for title in GROUPS.values():
        assert title in ran.out
    assert "Joomla 4.4: 1.0.0" in ran.out


def test_what_is_to_be_mended_ends_with_seven_and_warnings_only_when_asked(ward):
    made, shell = ward
    made.publish("1.1.0", minimum_php="8.3")
    assert shell.run("doctor", "acme/mod-weather").code == 0
    strict = shell.run("doctor", "--strict")
    assert strict.code == 7
    assert "→ Nothing, if it is meant so" in strict.out
    made.proxy.to_gitea = lambda path: path.endswith("/version.txt")
    ran = shell.run("doctor")
    assert ran.code == 7
    assert "/acme/mod-weather/version.txt does not reach the bridge: Gitea answered (404)" in ran.out
    assert "→ Take the proxy's configuration from deploy/" in ran.out


def test_json_holds_every_finding(ward):
    _, shell = ward
    ran = shell.run("doctor", "--json", "--deep")
    assert (ran.code, ran.err) == (0, "")
    document = ran.json
    assert document["result"] == "ok"
    assert {each["check"] for each in document["findings"]} == {check.name for check in CHECKS}
    assert set(document["findings"][0]) == {"check", "code", "level", "subject", "sentence", "fix"}
    assert document["counts"]["ok"] == len(document["findings"])


def test_a_ticket_does_not_outlive_its_doctor(ward):
    made, shell = ward
    shell.run("doctor", "--json")
    with made.made.parts.open_session(read_only=True) as session:
        assert [name for name, _ in usage.beats(session, "")] == ["worker"]


def test_where_nothing_is_there_yet_it_says_what_to_do_and_makes_nothing(ward, tmp_path):
    _, shell = ward
    config = tmp_path / "new.toml"
    config.write_text(
        f'[gitea]\nurl = "http://127.0.0.1:9"\n[bridge]\npublic_url = "http://127.0.0.1:9"\ndata_dir = "{tmp_path}/new"\n'
    )
    ran = shell.run("doctor", config=config)
    assert ran.code == 7
    assert "bridge db upgrade" in ran.out
    assert "Not looked at, because of database.schema" in ran.out
    assert not (tmp_path / "new" / "bridge.db").exists()


@pytest.mark.parametrize(("words", "code"), [(("acme",), 2), (("acme/mod-weather", "--config"), 2)])
def test_what_is_no_repo_is_refused(ward, words, code):
    assert ward[1].run("doctor", *words).code == code


def test_repo_show_tells_who_gets_what(ward):
    made, shell = ward
    made.publish("1.1.0", minimum_php="8.3")
    shown = shell.run("repo", "show", "acme/mod-weather")
    assert "Who gets what" in shown.out
    assert "PHP 8.1 to 8.2: 1.0.0, PHP 8.3 to 8.4: 1.1.0" in shown.out
    rows = shell.run("repo", "show", "acme/mod-weather", "--json").json[0]["who_gets_what"]
    assert [row["joomla"] for row in rows] == ["4.4", "5.4", "6.0"]
    assert set(rows[0]) == {"joomla", "stable", "rc", "dev"}
