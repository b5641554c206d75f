"""``bridge init`` beside a pretend Gitea: what it makes, that it makes it once, and that it completes what is missing."""

import stat
import tomllib

import pytest
from click.testing import CliRunner
from support.init_grounds import place, run

from bridge.cli.root import bridge
from bridge.settings import load

__all__ = ["place", "run"]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_one_command_makes_all_of_it(place, run):
    token = place.token_file()
    code, out, err = run(place, *place.words(token))
    assert (code, err) == (0, "")
    assert place.hooks() == [("system", place.hook_url)]
    (hook,) = place.world.hooks.values()
    assert hook.active
    assert set(hook.events) == {"release", "repository", "push", "create", "delete"}
    (app,) = place.world.applications.values()
    assert (app.redirect_uris, app.confidential) == ([f"{place.url}/-/licensing/oauth/callback"], True)
    settings = load(place.config)
    assert settings.gitea.token.get_secret_value() == token.read_text()
    assert settings.gitea.webhook_secrets[0].get_secret_value() == hook.secret
    assert (settings.oauth.client_id, settings.oauth.client_secret.get_secret_value()) == (
        app.client_id,
        app.client_secret,
    )
    assert settings.bridge.owners == ["acme"]
    assert settings.hook_address == place.hook_url
    assert "delivery from Gitea arrived" in out
    assert f"#{place.bind}#" in out, "what the copies of the proxy's files are fitted with"
    assert run(place, "db", "check")[0] == 0
    assert len(place.world.repos) == 3, "the repo that was made for the proof is gone"


def test_no_secret_is_readable_by_others_or_printed(place, run):
    token = place.token_file()
    _, out, err = run(place, *place.words(token))
    directory = place.config.parent
    files = [each for each in directory.rglob("*") if each.is_file() and "data" not in each.parts]
    assert len(files) == 5
    assert {mode(each) for each in files} == {0o600}
    assert (mode(directory), mode(directory / "secrets"), mode(directory / "data")) == (0o700, 0o700, 0o750)
    secrets = [each.read_text().strip() for each in files if each.parent.name == "secrets" and each.suffix == ""]
    assert len(secrets) == 3
    for secret in secrets:
        assert secret not in out + err + place.config.read_text()


def test_a_dry_run_prints_the_plan_of_the_real_one_and_changes_nothing(place, run):
    words, before = place.words(), place.state()
    code, dry, _ = run(place, *words, "--dry-run")
    assert (code, place.state(), place.config.parent.exists()) == (0, before, False)
    assert "Nothing was changed." in dry
    _, real, _ = run(place, *words)

    def plan(out):
        lines = out.partition("The plan:\n")[2].partition("\n\n")[0].splitlines()
        assert len(lines) == 7
        return lines

    assert plan(dry) == plan(real)


def test_a_second_run_changes_nothing(place, run):
    run(place, *place.words())
    before, config = place.state(), place.config.read_bytes()
    repos = place.world.next_id("repo")
    code, out, err = run(place, "init", "--yes")
    assert (code, err) == (0, "")
    after = place.state()
    assert (after, place.config.read_bytes()) == (before, config)
    assert out.count("(nothing to do)") == 3
    assert place.world.next_id("repo") == repos + 2, "it saw a delivery arrive once more"


@pytest.mark.parametrize("lost", ["oauth-client-secret", "webhook-secrets", "gitea-token"])
def test_what_an_interrupted_run_lost_is_made_anew(place, run, lost):
    token = place.token_file()
    run(place, *place.words(token))
    (hook,), (app,) = place.world.hooks.values(), place.world.applications.values()
    (place.config.parent / "secrets" / lost).unlink()
    more = [f"--token-file={token}"] if lost == "gitea-token" else []
    code, _, err = run(place, "init", "--yes", *more)
    assert (code, err) == (0, "")
    assert (len(place.world.hooks), len(place.world.applications)) == (1, 1)
    assert (hook.id in place.world.hooks) is (lost != "webhook-secrets")
    assert (app.id in place.world.applications) is (lost != "oauth-client-secret")
    settings = load(place.config)
    (hook,), (app,) = place.world.hooks.values(), place.world.applications.values()
    assert settings.gitea.webhook_secrets[0].get_secret_value() == hook.secret
    assert settings.oauth.client_secret.get_secret_value() == app.client_secret


@pytest.mark.parametrize("after", range(7))
def test_a_run_that_ends_after_any_step_is_completed_by_the_next(place, run, monkeypatch, after):
    from bridge.services.installing.running import Hands

    done, real = [], Hands.do

    def dying(self, step):
        if len(done) == after:
            raise KeyboardInterrupt
        done.append(step)
        return real(self, step)

    token = place.token_file()
    with monkeypatch.context() as patched:
        patched.setattr(Hands, "do", dying)
        assert run(place, *place.words(token))[0] == 130
    code, _, err = run(place, *place.words(token))
    assert (code, err, len(done)) == (0, "", after)
    assert place.hooks() == [("system", place.hook_url)]
    (hook,), (app,) = place.world.hooks.values(), place.world.applications.values()
    settings = load(place.config)
    assert settings.gitea.webhook_secrets[0].get_secret_value() == hook.secret
    assert settings.oauth.client_secret.get_secret_value() == app.client_secret


def test_a_lost_configuration_is_no_second_hook(place, run):
    import shutil

    token = place.token_file()
    run(place, *place.words(token))
    shutil.rmtree(place.config.parent)
    assert run(place, *place.words(token))[0] == 0
    assert place.hooks() == [("system", place.hook_url)]
    assert len(place.world.applications) == 1


def test_a_hook_and_an_app_that_were_deleted_in_gitea_are_made_again(place, run):
    run(place, *place.words())
    secret = load(place.config).gitea.webhook_secrets[0]
    place.world.hooks.clear()
    place.world.applications.clear()
    assert run(place, "init", "--yes")[0] == 0
    (hook,), (app,) = place.world.hooks.values(), place.world.applications.values()
    assert hook.secret == secret.get_secret_value()
    assert load(place.config).oauth.client_id == app.client_id


@pytest.mark.parametrize(
    ("field", "value", "why"), [("active", False, "switched off"), ("events", ["push"], "release")]
)
def test_a_hook_of_its_own_that_was_spoilt_is_replaced_and_never_changed(place, run, field, value, why):
    run(place, *place.words())
    (hook,) = place.world.hooks.values()
    setattr(hook, field, value)
    code, out, _ = run(place, "init", "--yes")
    assert (code, why in out) == (0, True)
    (new,) = place.world.hooks.values()
    assert (new.id > hook.id, new.active, len(new.events)) == (True, True, 5)


def test_another_address_of_the_bridge_moves_hook_and_app(place, run):
    run(place, *place.words())
    code, _, err = run(
        place, "init", "--yes", "--hook-url", f"http://localhost:{place.port}", "--public-url", "https://l.example"
    )
    assert (code, err) == (0, "")
    assert place.hooks() == [("system", f"http://localhost:{place.port}/-/licensing/hooks/gitea")]
    (app,) = place.world.applications.values()
    assert app.redirect_uris == ["https://l.example/-/licensing/oauth/callback"]


def test_the_questions_are_asked_with_defaults_and_the_token_is_not_shown(place):
    token = place.token_file().read_text()
    answers = [place.url, "", "", "acme, dora", "", token, "y"]
    words = ["--config", str(place.config), "init", "--bind", place.bind]
    ran = CliRunner().invoke(bridge, words, input="\n".join(answers) + "\n")
    assert ran.exit_code == 0, ran.output
    assert token not in ran.output
    assert load(place.config).bridge.owners == ["acme", "dora"]
    again = CliRunner().invoke(bridge, ["--config", str(place.config), "init"], input="\n" * 8)
    assert again.exit_code == 0, again.output
    assert f"[{place.url}]" in again.output
    assert "[acme, dora]" in again.output


def test_everybody_is_served_on_purpose_only(place):
    token = place.token_file().read_text()
    words = ["--config", str(place.config), "init", "--bind", place.bind]
    ran = CliRunner().invoke(bridge, words, input=f"{place.url}\n\n\n*\nn\n")
    assert ran.exit_code == 1
    assert not place.config.exists()
    ran = CliRunner().invoke(bridge, words, input=f"{place.url}\n\n\n*\ny\n\n{token}\ny\n")
    assert ran.exit_code == 0, ran.output
    assert load(place.config).bridge.owners == ["*"]
    assert "anyone can offer products" in ran.output


def test_a_file_that_somebody_changed_is_asked_about_and_keeps_its_comments(place, run):
    run(place, *place.words())
    text = place.config.read_text().replace("[bridge]\n", '[bridge]\n# our own words\nkey_prefix = "ACME"\n')
    place.config.write_text(text)
    assert run(place, "init", "--yes")[0] == 0, "nothing is missing, so nothing is touched"
    assert place.config.read_text() == text
    code, _, err = run(place, "init", "--yes", "--owner", "dora")
    assert (code, "changed by hand" in err, "--overwrite" in err) == (4, True, True)
    assert place.config.read_text() == text
    assert run(place, "init", "--yes", "--owner", "dora", "--overwrite")[0] == 0
    assert place.config.read_text() == text.replace('["acme"]', '["dora"]')


def test_a_file_that_was_written_before_is_completed_and_means_the_same(place, run):
    place.config.parent.mkdir()
    token = place.token_file().read_text()
    place.config.write_text(
        f'[gitea]\nurl = "{place.url}"  # inside\ntoken = "{token}"\nwebhook_secrets = ["x1", "x2"]\n'
        f'[bridge]\nowners = [\n  "acme",\n]\ndata_dir = "{place.directory / "d"}"\n[web]\nbind = "{place.bind}"\n'
    )
    before = load(place.config)
    assert run(place, "init", "--yes")[0] == 4
    assert not place.world.hooks
    assert run(place, "init", "--yes", "--overwrite")[0] == 0
    after = load(place.config)
    assert after.oauth.client_id
    after.oauth = before.oauth
    assert after == before
    (hook,) = place.world.hooks.values()
    assert hook.secret == "x1"
    assert "# inside" in place.config.read_text()


def test_what_is_no_toml_is_left_alone(place, run):
    place.config.parent.mkdir()
    place.config.write_text("[gitea\n")
    code, _, err = run(place, *place.words())
    assert (code, "not valid TOML" in err, place.config.read_text()) == (6, True, "[gitea\n")


def test_a_new_file_says_everything_that_was_decided(place, run):
    run(place, *place.words(public_url="https://l.example", gitea_public_url="https://git.example/git"))
    said = tomllib.loads(place.config.read_text())
    assert said["gitea"]["public_url"] == "https://git.example/git"
    assert said["bridge"]["public_url"] == "https://l.example"
    assert said["bridge"]["data_dir"] == str(place.config.parent / "data")
