"""Ailments of Gitea, its token and its hooks."""

import functools
from datetime import timedelta

from ailments import CLOSED, Ailment, use_token
from pydantic import SecretStr
from sqlmodel import select
from support.bridges import HOOK_SECRET
from support.certificates import self_signed_server
from support.gitea_worlds import Scripted

from bridge.models import HookDelivery
from bridge.parts import utc_now
from bridge.services.doctor import deliveries
from bridge.services.doctor.patient import HOOK_PATH
from bridge.services.installing import gitea_texts
from bridge.services.installing.gitea_folder import GiteaFolder
from bridge.services.installing.gitea_texts import Where
from bridge.storage import refreshes


def _settings(section, **values):
    def breaks(clinic, _patch):
        for name, value in values.items():
            setattr(getattr(clinic.made.settings, section), name, value)

    return breaks


def _templates(*, make=True, written=True, broken=False):
    """A custom directory of a Gitea that reads another one: the pretended one reads none."""

    def breaks(clinic, _patch):
        settings = clinic.made.settings
        folder = GiteaFolder(settings.bridge.data_dir / "custom")
        settings.gitea.custom_dir = str(folder.root)
        if make:
            folder.root.mkdir()
        if make and written:
            where = Where.of(settings.bridge.public_url, settings.gitea.public_url, settings.bridge.owners)
            for each in folder.missing(where):
                folder.settle(each)
        if broken:
            path = folder.root / gitea_texts.TABS
            path.write_text(path.read_text().replace(".RepoLink}}", "Nonsense}}"))

    return breaks


def _version(text):
    def breaks(clinic, _patch):
        clinic.made.world.version = text

    return breaks


def _scripted(clinic, patch, answer):
    """Gitea's public address leads to something else."""
    server = Scripted(answer)
    patch.callback(functools.partial(server.__exit__, None, None, None))
    clinic.proxy.gitea_url = server.url


def _page(clinic, patch):
    _scripted(clinic, patch, lambda *_: (200, {"Content-Type": "text/html", "Content-Length": "5"}, [b"<p>hi"]))


def _other_gitea(clinic, patch):
    body = b'{"version": "1.24.1"}'
    _scripted(clinic, patch, lambda *_: (200, {"Content-Type": "application/json", "Content-Length": "21"}, [body]))


def _untrusted(section):
    def breaks(clinic, patch):
        url, stop = self_signed_server()
        patch.callback(stop)
        getattr(clinic.made.settings, section).public_url = url

    return breaks


def _clock(seconds):
    def breaks(clinic, _patch):
        clinic.made.parts.clock = lambda: utc_now() + timedelta(seconds=seconds)

    return breaks


def _blocked(clinic, _patch):
    clinic.made.world.person("root").prohibit_login = True


def _plain_person(clinic, _patch):
    clinic.made.world.add_user("bot")
    use_token(clinic, "bot")


def _hook(**changes):
    def breaks(clinic, _patch):
        (hook,) = clinic.made.world.hooks.values()
        for name, value in changes.items():
            setattr(hook, name, value)

    return breaks


def _no_hooks(clinic, _patch):
    clinic.made.world.hooks.clear()


def _second_hook(clinic, _patch):
    clinic.made.world.add_hook(clinic.web.base_url + HOOK_PATH, HOOK_SECRET)


def _no_deliveries(clinic, _patch):
    with clinic.made.parts.open_session() as session:
        refreshes.forget_deliveries(session, utc_now() + timedelta(days=1))


def _lost_release(clinic, _patch):
    _no_hooks(clinic, None)
    with clinic.made.parts.open_session() as session:
        for delivery in session.exec(select(HookDelivery)):
            delivery.received_at -= timedelta(hours=1)
    clinic.publish("1.1.0")


def _hook_leads_nowhere(clinic, patch):
    patch.setattr(deliveries, "_WAIT_SECONDS", 1.0)
    _hook(url=CLOSED + HOOK_PATH)(clinic, patch)


def _no_new_repos(clinic, _patch):
    clinic.made.world.faults.inject("status", 500, path="/api/v1/user/repos")


def _fault(kind, path):
    def breaks(clinic, _patch):
        clinic.made.world.faults.inject(kind, path=path)

    return breaks


DELIVER = {"deliver": True}
AILMENTS = (
    Ailment("gitea.internal", "unreachable", "set gitea.url", _settings("gitea", url=CLOSED)),
    Ailment("gitea.internal", "not_gitea", "Set gitea.url", _fault("html", "/api/v1/version")),
    Ailment("gitea.public", "unreachable", "Set gitea.public_url", _settings("gitea", public_url=CLOSED)),
    Ailment("gitea.public", "untrusted", "Install a certificate", _untrusted("gitea")),
    Ailment("gitea.public", "not_gitea", "Correct gitea.public_url", _page),
    Ailment("gitea.public", "another", "name the same Gitea", _other_gitea),
    Ailment("gitea.version", "too_old", "Upgrade Gitea to 1.23", _version("1.22.6")),
    Ailment("gitea.version", "newer", "newer version of the bridge", _version("1.28.0")),
    Ailment("gitea.clock", "skewed", "timesyncd", _clock(60)),
    Ailment("gitea.clock", "far", "Set the clock", _clock(400)),
    Ailment("gitea.token", "missing", "set gitea.token", _settings("gitea", token=SecretStr(""))),
    Ailment("gitea.token", "refused", "make a new one", _settings("gitea", token=SecretStr("0" * 40))),
    Ailment("gitea.token", "no_scope", "config.example.toml", lambda it, _: use_token(it, "root", "read:repository")),
    Ailment("gitea.token", "blocked", "sign in again", _blocked),
    Ailment("gitea.token", "not_admin", "Make bot a site administrator", _plain_person),
    Ailment(
        "gitea.scopes",
        "missing",
        "make a new one with them",
        lambda it, _: use_token(it, "root", "read:user", "write:repository", "read:organization"),
    ),
    Ailment("gitea.owners", "nobody", "List the owners", _settings("bridge", owners=[])),
    Ailment("gitea.owners", "absent", "Correct the name", _settings("bridge", owners=["acme", "nobody"])),
    Ailment("gitea.owners", "unreadable", "Owners team of acme", _plain_person),
    Ailment("gitea.templates", "unreadable", "--gitea-custom DIR", _templates(make=False)),
    Ailment("gitea.templates", "missing", "then restart Gitea", _templates(written=False)),
    Ailment("gitea.templates", "faulty", "writes it anew", _templates(broken=True)),
    Ailment("gitea.templates", "not_served", "Custom Root Path", _templates()),
    Ailment("hooks.installed", "no_secret", "bridge init", _settings("gitea", webhook_secrets=[])),
    Ailment("hooks.installed", "missing", "/-/licensing/hooks/gitea all events", _no_hooks),
    Ailment("hooks.installed", "default_only", "bridge init", _hook(is_system=False)),
    Ailment("hooks.installed", "inactive", "Tick Active", _hook(active=False)),
    Ailment("hooks.installed", "events", "Tick these events", _hook(events=["push", "create", "delete"])),
    Ailment("hooks.installed", "filtered", "Set the filter to *", _hook(branch_filter="main")),
    Ailment("hooks.installed", "twice", "Delete all but one", _second_hook),
    Ailment("hooks.last", "never", "bridge doctor --deliver", _no_deliveries),
    Ailment("hooks.last", "missed", "recent deliveries in Gitea", _lost_release),
    Ailment("hooks.fresh", "no_hook", "bridge init", _no_hooks, DELIVER),
    Ailment("hooks.fresh", "lost", "ALLOWED_HOST_LIST = external,127.0.0.1", _hook_leads_nowhere, DELIVER),
    Ailment("hooks.fresh", "not_sent", "scopes", _no_new_repos, DELIVER),
)
