"""The doctor beside a real Gitea, behind a proxy on one origin: all is well, and what is broken is found."""

import contextlib
import time
from datetime import timedelta

import pytest
from support.bad_proxies import Proxy
from support.bridges import HOOK_SECRET
from support.clinics import serve_web
from support.zips import joomla_module

from bridge.parts import Edge, Parts, utc_now
from bridge.services.doctor import running
from bridge.services.doctor.findings import Level
from bridge.services.doctor.patient import HOOK_PATH, Wishes
from bridge.services.doctor.registry import CHECKS
from bridge.services.figures import HEARTBEAT
from bridge.settings import Settings
from bridge.storage import refreshes, usage
from gitea_client.levels import Level as Place

SCOPES = ("write:repository", "write:organization", "write:user", "read:admin")


class Ward:
    """The installation beside the real Gitea, with one product."""

    def __init__(self, gitea, directory, database_url, stack):
        self.gitea, self.client = gitea, gitea.client()
        self.proxy = Proxy()
        stack.callback(self.proxy.stop)
        self.vendor = gitea.person("vendor")
        self.org = gitea.org(self.vendor, "acme")
        self.settings = Settings(
            gitea={
                "url": gitea.base_url,
                "public_url": self.proxy.url,
                "token": gitea.admin_token,
                "webhook_secrets": [HOOK_SECRET],
                "max_requests_per_second": 1000,
            },
            bridge={"public_url": self.proxy.url, "owners": [self.org], "data_dir": directory / "data"},
            database={"url": database_url},
        )
        self.parts = Parts(self.settings, Edge())
        stack.callback(self.parts.close)
        web, web_parts = serve_web(self.settings)
        stack.callback(web_parts.close)
        stack.callback(web.stop)
        self.proxy.bridge_url, self.proxy.gitea_url = web.base_url, gitea.base_url
        self.hook = self.client.create_hook(Place.system(), self.proxy.url + HOOK_PATH, HOOK_SECRET)
        stack.callback(lambda: self.client.delete_hook(Place.system(), self.hook.id))
        self._publish()

    def _publish(self):
        self.repo = self.gitea.repo(self.vendor, org=self.org, name="mod-weather", private=True)
        for name, value in (("PLATFORM", "joomla"), ("REQUIRE_KEY", "true")):
            path = f"/repos/{self.org}/mod-weather/actions/variables/LICENSING_{name}"
            self.gitea.api("POST", path, token=self.vendor.token, json={"value": value})
        servers = [f"{self.proxy.url}/{self.org}/mod-weather/updates.xml"]
        for version in ("1.0.0", "1.1.0"):
            made = self.gitea.release(self.vendor, self.repo, f"v{version}")
            package = joomla_module("weather", version, update_servers=servers)
            self.gitea.upload(self.vendor, self.repo, made, f"mod_weather-{version}.zip", package)
            self._wait_for_a_hook()
            self.parts.catalog.refresh(self.repo[2])
        with self.parts.open_session() as session:
            usage.beat(session, HEARTBEAT, utc_now() + timedelta(hours=1))  # however slow the test is

    def _wait_for_a_hook(self):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with self.parts.open_session(read_only=True) as session:
                if refreshes.last_delivery(session) is not None:
                    return
            time.sleep(0.1)
        raise AssertionError("no delivery arrived")

    def examine(self, **wishes):
        patient = self.parts.patient(Wishes(**wishes))
        try:
            return running.examine(CHECKS, patient)
        finally:
            patient.close()

    def trouble(self, **wishes):
        """(check, code) of all that is not well."""
        bad = {Level.WARNING, Level.ERROR}
        return {(each.check, each.code) for each in self.examine(**wishes) if each.level in bad}


@pytest.fixture
def ward(gitea, sqlite_url, tmp_path):
    with contextlib.ExitStack() as stack:
        yield Ward(gitea, tmp_path, sqlite_url, stack)


@pytest.mark.slow
def test_all_is_well_beside_a_real_gitea_and_a_delivery_arrives(ward):
    found = ward.examine(deep=True, deliver=True)
    assert [each for each in found if each.level is not Level.OK] == []
    left = ward.gitea.api("GET", f"/orgs/{ward.org}/repos", token=ward.vendor.token)
    assert [each["name"] for each in left] == ["mod-weather"]


@pytest.mark.slow
def test_what_is_broken_beside_a_real_gitea_is_found(ward):
    client, repo = ward.client, Place.repo(*ward.repo[:2])
    client.delete_hook(Place.system(), ward.hook.id)
    assert ward.trouble(deliver=True) == {("hooks.installed", "missing"), ("hooks.fresh", "no_hook")}

    # A repo's own hook covers it, and is tried by Gitea's own test.
    own = client.create_hook(repo, ward.proxy.url + HOOK_PATH, HOOK_SECRET)
    assert ward.trouble(deliver=True) == set()
    client.delete_hook(repo, own.id)
    wrong = client.create_hook(repo, ward.proxy.url + HOOK_PATH, "another secret")
    assert ward.trouble(deliver=True) == {("hooks.fresh", "lost")}
    client.delete_hook(repo, wrong.id)
    client.create_hook(repo, ward.proxy.url + HOOK_PATH, HOOK_SECRET)

    ward.gitea.api("PATCH", f"/repos/{ward.org}/mod-weather", token=ward.vendor.token, json={"private": False})
    assert ward.trouble() == {("repo.assets", "open")}


@pytest.mark.slow
def test_scopes_are_read_off_a_real_gitea(ward):
    admin = ward.gitea.person("admin")
    ward.gitea.api(
        "PATCH", f"/admin/users/{admin.login}", json={"admin": True, "source_id": 0, "login_name": admin.login}
    )
    seen = {}
    for left_out in ("nothing", *SCOPES):
        kept = [scope for scope in SCOPES if scope != left_out]
        token = ward.gitea.token_of(admin.login, [*kept, "read:user"])
        ward.settings.gitea.token = type(ward.settings.gitea.token)(token)
        said = [each for each in ward.examine() if each.check == "gitea.scopes"]
        seen[left_out] = said[0].sentence if said[0].code == "missing" else said[0].code
    assert seen == {
        "nothing": "enough",
        "write:repository": "The token lacks the scopes read:repository, write:repository.",
        "write:organization": "The token lacks the scopes read:organization, write:organization.",
        "write:user": "The token lacks the scopes write:user.",
        "read:admin": "The token lacks the scopes read:admin.",
    }
