"""The check of what `bridge init --gitea-custom` put into Gitea's own pages."""

from collections.abc import Iterator
from pathlib import Path

from bridge.errors import SettingsError
from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.patient import Patient
from bridge.services.doctor.visitor import NoAnswerError
from bridge.services.installing import gitea_texts, looking
from bridge.services.installing.gitea_folder import GiteaFolder
from bridge.services.installing.gitea_texts import Where

_SCRIPT_URL = "/assets/licensing/menus.js"


def _templates(patient: Patient) -> Iterator[Seen]:
    directory = patient.settings.gitea.custom_dir
    if not directory:
        yield seen("unused")
        return
    settings = patient.settings
    owners = [name for name in settings.bridge.owners if name != "*"]
    where = Where.of(settings.bridge.public_url, settings.gitea.public_url, looking.spelled(patient.gitea, owners))
    folder = GiteaFolder(Path(directory))
    try:
        folder.check()
        faults, missing = list(folder.faults()), folder.missing(where)
    except SettingsError as problem:
        yield seen("unreadable", reason=str(problem))
        return
    if faults:
        yield seen("faulty", faults="; ".join(faults), directory=directory)
    elif missing:
        yield seen("missing", names=", ".join(str(each.path) for each in missing), directory=directory)
    elif not _is_served(patient):
        yield seen("not_served", directory=directory, address=settings.gitea.public_url + _SCRIPT_URL)
    else:
        yield seen("complete", directory=directory)


def _is_served(patient: Patient) -> bool:
    try:
        reply = patient.visitor.ask(patient.settings.gitea.public_url + _SCRIPT_URL)
    except NoAnswerError:
        return False
    return reply.body == gitea_texts.script().encode()


CHECKS = (
    Check(
        "gitea.templates",
        "Whether the tab and links that `bridge init --gitea-custom` puts into Gitea's templates are there, are such"
        " that Gitea can start with them, and are in the directory that it reads.",
        "Gitea does not start at all with a template that it can't read, and an upgrade may take files away.",
        (
            ok(
                "unused", "Gitea's pages have no links to the bridge; `bridge init --gitea-custom DIR` puts them there."
            ),
            ok("complete", "Gitea's templates in {directory} lead to the bridge's pages."),
            error(
                "unreadable",
                "Gitea's templates can't be looked at: {reason}.",
                "Name the right one with `bridge init --gitea-custom DIR`, and run this as a user who may read it.",
            ),
            error(
                "faulty",
                "Gitea may not start again with the bridge's part of its templates: {faults}.",
                "Somebody changed it. `bridge init --gitea-custom {directory}` writes it anew.",
            ),
            warning(
                "missing",
                "Of Gitea's templates, these lack the bridge's part or have an old one: {names}.",
                "Run `bridge init --gitea-custom {directory}`, then restart Gitea.",
            ),
            warning(
                "not_served",
                "The files in {directory} are not what Gitea hands out at {address}.",
                "Restart Gitea. If that is not it, it reads another directory: its page Site Administration,"
                " Configuration names it as “Custom Root Path”.",
            ),
        ),
        _templates,
        ("gitea.internal",),
    ),
)
