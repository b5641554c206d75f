"""Installed beside a real Gitea by three commands, at work, and taken out again: Gitea is as it was."""

import json
import time

import pytest
import requests
from support import joomla_client
from support.gitea_worlds import unique
from support.installed import PATIENCE_SECONDS, Installed
from support.journey import eventually
from support.zips import joomla_module

pytestmark = [pytest.mark.live, pytest.mark.slow]


def everything(gitea, *owners):
    """What an installer could leave behind: hooks, applications, repos."""
    client = gitea.client()
    hooks = gitea.api("GET", "/admin/hooks?type=all")
    for owner in owners:
        hooks += gitea.api("GET", f"/orgs/{owner}/hooks")
    ours = client.search_owner_repos(client.me().id)
    return hooks, client.oauth_applications(), sorted(repo.full_name for repo in ours)


def test_three_commands_then_a_release_appears_and_uninstall_leaves_gitea_as_it_was(gitea, tmp_path):
    vendor = gitea.person("vendor")
    org = gitea.org(vendor, "acme")
    repo = gitea.repo(vendor, org=org, private=True, name="mod-weather")
    path = f"/repos/{org}/mod-weather/actions/variables/LICENSING_"
    for name, value in (("PLATFORM", "joomla"), ("REQUIRE_KEY", "false")):
        gitea.api("POST", f"{path}{name}", token=vendor.token, json={"value": value})
    before = everything(gitea, org)
    bridge = Installed(tmp_path, gitea.base_url, gitea.admin_token)
    began = time.monotonic()
    said = bridge.init("--owner", org)
    assert "A delivery from Gitea arrived" in said
    assert gitea.admin_token not in said
    with bridge.serving():
        assert time.monotonic() - began < 300
        release = gitea.release(vendor, repo, "v1.2.0")
        gitea.upload(vendor, repo, release, "mod_weather-1.2.0.zip", joomla_module("weather", "1.2.0"))

        def offered():
            feed = requests.get(f"http://127.0.0.1:{bridge.port}/{org}/mod-weather/updates.xml", timeout=10)
            return joomla_client.check(feed.content, installed="1.0.0").version == "1.2.0"

        eventually(offered, PATIENCE_SECONDS, bridge.log.read_text)
        # Once more while it runs: nothing is made twice, and the delivery arrives at the bridge itself.
        again = bridge.init("--owner", org)
        assert again.count("(nothing to do)") == 3
        assert "A delivery from Gitea arrived" in again
        assert len(everything(gitea, org)[0]) == len(before[0]) + 1
    assert "hook repository" not in bridge.log.read_text(), "the repo made for the proof is not read"
    bridge.run("uninstall", "--yes", "--purge", "database", "--purge", "config")
    assert everything(gitea, org) == before
    assert not bridge.config.exists()
    assert gitea.api("GET", f"/repos/{org}/mod-weather/actions/variables", token=vendor.token)


def test_an_org_owners_token_and_a_personal_accounts(gitea, tmp_path):
    vendor = gitea.person("vendor", scopes=["write:repository", "write:organization", "write:user"])
    everybody = gitea.token_of(vendor.login, ["all"])
    vendor.token, narrow = everybody, vendor.token
    org = gitea.org(vendor, "acme")
    repo = gitea.repo(vendor)
    bridge = Installed(tmp_path, gitea.base_url, narrow)
    said = bridge.init("--owner", org, "--owner", vendor.login)
    assert "A delivery from Gitea arrived" in said
    assert "no site administrator" in said
    hooks = gitea.api("GET", f"/orgs/{org}/hooks") + gitea.api("GET", f"/repos/{'/'.join(repo[:2])}/hooks")
    assert [hook["active"] for hook in hooks] == [True, True]
    bridge.run("uninstall", "--yes")
    assert gitea.api("GET", f"/orgs/{org}/hooks") == []
    assert gitea.api("GET", f"/repos/{'/'.join(repo[:2])}/hooks") == []
    assert gitea.client(everybody).oauth_applications() == ()


def test_a_repos_own_test_proves_its_hook(gitea, tmp_path):
    vendor = gitea.person("vendor")
    gitea.repo(vendor)
    bridge = Installed(tmp_path, gitea.base_url, vendor.token)
    said = bridge.init("--owner", vendor.login)
    assert "by the webhook's own test" in said
    assert "A delivery from Gitea arrived" in said


def test_an_address_that_gitea_may_not_send_to_gets_its_line(gitea, tmp_path):
    bridge = Installed(tmp_path, gitea.base_url, gitea.admin_token)
    org = gitea.org(gitea.person(), unique("acme"))
    # The Gitea of these tests sends to loopback only.
    said = bridge.init("--owner", org, "--hook-url", "http://192.168.77.1:8080", "--wait", "2", code=7)
    assert "    [webhook]\n    ALLOWED_HOST_LIST = external,192.168.77.1\n" in said
    bridge.run("uninstall", "--yes")


def test_a_dry_run_leaves_a_real_gitea_alone(gitea, tmp_path):
    org = gitea.org(gitea.person(), unique("acme"))
    before = json.dumps(everything(gitea, org), default=str)
    bridge = Installed(tmp_path, gitea.base_url, gitea.admin_token)
    assert "Nothing was changed." in bridge.init("--owner", org, "--dry-run")
    assert json.dumps(everything(gitea, org), default=str) == before
    assert not bridge.config.parent.exists()
