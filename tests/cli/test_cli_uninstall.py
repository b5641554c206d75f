"""``bridge uninstall``: Gitea is as it was, and what stays is said."""

import pytest
from click.testing import CliRunner
from support.init_grounds import place, run

from bridge.cli.root import bridge

__all__ = ["place", "run"]

WRITING = ("write:repository", "write:organization", "write:user")


@pytest.mark.parametrize(("login", "owner"), [("root", "acme"), ("olga", "acme"), ("dora", "dora")])
def test_gitea_is_as_it_was(place, run, login, owner):
    before = place.state()
    token = place.token_file(login, ("all",) if login == "root" else WRITING)
    run(place, *place.words(token, owner=owner))
    assert place.state() != before
    code, out, err = run(place, "uninstall", "--yes")
    assert (code, err, place.state()) == (0, "", before)
    for told in ("variables of repos and owners stay", "database with all licenses stays", "configuration stays"):
        assert told in out
    assert place.config.exists()
    assert (place.config.parent / "data" / "bridge.db").exists()


def test_a_dry_run_takes_nothing_out(place, run):
    run(place, *place.words())
    before = place.state()
    code, out, _ = run(place, "uninstall", "--dry-run", "--purge", "all")
    assert (code, place.state(), "Nothing was changed." in out) == (0, before, True)
    assert place.config.exists()


def test_what_is_gone_already_is_no_error(place, run):
    run(place, *place.words())
    place.world.hooks.clear()
    place.world.applications.clear()
    code, out, _ = run(place, "uninstall", "--yes")
    assert code == 0
    assert "there is no webhook of the bridge in gitea" in out.lower()
    assert run(place, "uninstall", "--yes")[0] == 0


def test_init_after_uninstall_installs_again(place, run):
    run(place, *place.words())
    run(place, "uninstall", "--yes")
    assert run(place, "init", "--yes")[0] == 0
    assert place.hooks() == [("system", place.hook_url)]
    assert len(place.world.applications) == 1


def test_a_hook_of_a_repo_that_is_deleted_meanwhile(place, run):
    run(place, *place.words(place.token_file("dora", WRITING), owner="dora"))
    place.world.delete_repo("dora", "solo")
    assert run(place, "uninstall", "--yes")[0] == 0
    assert not place.world.applications


def test_a_token_that_may_no_longer_look_at_the_hook_says_what_to_do_by_hand(place, run):
    run(place, *place.words())
    weak = place.token_file(scopes=("read:repository", "read:organization", "write:user"))
    code, out, _ = run(place, "uninstall", "--yes", f"--token-file={weak}")
    assert (code, "delete it in Gitea by hand" in out, len(place.world.hooks)) == (7, True, 1)
    assert run(place, "uninstall", "--yes", f"--token-file={place.token_file()}")[0] == 0
    assert not place.world.hooks


def test_purging_deletes_what_is_named_and_only_that(place, run):
    run(place, *place.words())
    place.world.set_variable("acme", "LICENSING_PLATFORM", "joomla", repo="mod-weather")
    place.world.set_variable("acme", "LICENSING_STREAMS", "stable")
    place.world.set_variable("acme", "OTHERS", "stay", repo="mod-weather")
    run(place, "uninstall", "--yes", "--purge", "variables")
    repo = place.world.repo("acme", "mod-weather")
    assert list(place.world.variables[0, repo.id]) == ["OTHERS"]
    assert not place.world.variables[repo.owner_id, 0]
    assert place.config.exists()
    data = place.config.parent / "data"
    (data / "foreign").write_text("stays")
    run(place, "uninstall", "--yes", "--purge", "database")
    assert [each.name for each in data.iterdir()] == ["foreign"]
    run(place, "uninstall", "--yes", "--purge", "config")
    assert [each.name for each in place.config.parent.iterdir()] == ["data"]


def test_purging_asks_for_each_by_its_name(place, run):
    run(place, *place.words())
    words = ["--config", str(place.config), "uninstall", "--purge", "database", "--purge", "config"]
    ran = CliRunner().invoke(bridge, words, input="y\nconfig\nyes\n")
    assert "database was not confirmed" in str(ran.exception)
    assert place.config.exists()
    assert place.world.hooks
    ran = CliRunner().invoke(bridge, words, input="y\nconfig\ndatabase\n")
    assert ran.exit_code == 0, ran.output
    assert list(place.config.parent.iterdir()) == []


def test_the_database_of_a_bridge_that_runs_is_not_deleted(place, run):
    from bridge.cli import locks
    from bridge.settings import load

    run(place, *place.words())
    locks.use_database(load(place.config))
    try:
        code, _, err = run(place, "uninstall", "--yes", "--purge", "database")
    finally:
        for lock in locks._held:
            lock.close()
        locks._held.clear()
    assert (code, "stop `bridge serve` first" in err) == (4, True)
    assert (place.config.parent / "data" / "bridge.db").exists()


def test_without_gitea_nothing_can_be_taken_out_of_it(place, run):
    run(place, *place.words())
    place.world.faults.inject("down", path="/api")
    code, _, err = run(place, "uninstall", "--yes")
    assert (code, "does not answer" in err) == (5, True)


def test_gitea_s_own_templates_get_a_part_of_ours_and_lose_it_again(place, run, tmp_path):
    custom = tmp_path / "custom"
    assert run(place, *place.words(), "--gitea-custom", str(custom))[0] != 0, "there is no such directory"
    custom.mkdir()
    theirs = custom / "templates" / "custom" / "footer.tmpl"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("<p>ours</p>\n")
    code, out, _ = run(place, *place.words(), "--gitea-custom", str(custom))
    assert (code, "Restart Gitea" in out) == (7, True)
    tab = (custom / "templates" / "custom" / "extra_tabs.tmpl").read_text()
    assert '{{if eq .Repository.OwnerName "acme"}}' in tab
    code, out, _ = run(place, "init", "--yes")
    assert (code, "lead to the bridge's pages already" in out) == (0, True), "it remembers the directory"
    code, out, _ = run(place, "uninstall", "--yes")
    assert (code, "Restart Gitea" in out) == (7, True)
    assert [each for each in custom.rglob("*") if each.is_file()] == [theirs]
    assert theirs.read_text() == "<p>ours</p>\n"
    assert run(place, "uninstall", "--yes")[0] == 0
