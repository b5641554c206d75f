"""``bridge repo``: what is served, what is held back and why, and the settings that live in Gitea."""

from typing import Any

import click
from rich.progress import Progress

from bridge.cli import rebinding
from bridge.cli.common import Context, as_json, find_level, find_repo, iso, pass_context, show_rows, split_path
from bridge.errors import InvalidInputError, NotFoundError
from bridge.models import Owner
from bridge.rules.variables import OwnerSettings, read_repo_variables
from bridge.services import publisher, variables
from bridge.services.products import load_product
from bridge.storage import audits, catalog
from gitea_client.errors import NotFound
from gitea_client.levels import Level


@click.group()
def repo() -> None:
    """Show and set which repos are served, and how."""


repo.add_command(rebinding.rebind)


@repo.command("list")
@click.argument("owner", required=False)
@click.option("--all", "everything", is_flag=True, help="Also repos that are not served.")
@as_json
@pass_context
def list_(context: Context, owner: str | None, everything: bool, as_json: bool) -> None:
    """List the repos that the bridge knows, of one OWNER or of all."""
    with context.reading() as session:
        owner_id = find_level(session, owner)[0].id if owner else None
        found = catalog.repos_of(session, owner_id, served_only=not everything)
        rows = [publisher.overview(load_product(session, each, its, context.parts.hosts), each) for each, its in found]
    empty = "No repo is served yet. Set LICENSING_PLATFORM on one: `bridge repo set OWNER/REPO platform joomla`."
    columns = ("repo", "platform", "require_key", "newest", "held_back", "problems")
    show_rows(rows, as_json=as_json, empty=empty, columns=columns)


@repo.command()
@click.argument("path", metavar="OWNER/REPO")
@as_json
@pass_context
def show(context: Context, path: str, as_json: bool) -> None:
    """Show one repo: addresses, settings, releases on offer, and those held back with what to do about them."""
    with context.reading() as session:
        row, owner = find_repo(session, path)
        report = publisher.report(load_product(session, row, owner, context.parts.hosts), row)
    if as_json:
        show_rows([report], as_json=True, empty="")
        return
    _print_report(report)


def _print_report(report: dict[str, Any]) -> None:
    click.secho(report["repo"], bold=True)
    click.echo(f"  platform {report['platform']}, key {report['require_key']}, streams {', '.join(report['streams'])}")
    click.echo(f"  feed {report['feed_url']}")
    for warning in report["warnings"]:
        click.secho("  ! ", fg="yellow", nl=False)
        click.echo(warning)
    click.echo("Releases on offer:" if report["offers"] else "No release is on offer yet.")
    for offer in report["offers"]:
        edition = f" ({offer['edition']})" if offer["edition"] else ""
        click.echo(f"  {offer['version']:12} {offer['stream']:8} {offer['platform']}{edition}  {offer['file']}")
    if report["held"]:
        click.echo("Held back:")
    for held in report["held"]:
        click.echo(f"  {held['tag']} for {held['platform']}: {held['reason']}.")
    if report["who_gets_what"] and report["offers"]:
        click.echo("Who gets what, as a key of all streams sees it, by the least stability that a site wants:")
        show_rows(report["who_gets_what"], as_json=False, empty="")
    if report["hints"]:
        click.echo("Hints about the newest release:")
    for hint in report["hints"]:
        click.echo(f"  {hint}")


@repo.command()
@click.argument("paths", metavar="OWNER/REPO...", nargs=-1)
@click.option("--owner", help="All repos of this owner, also those the bridge does not know yet.")
@pass_context
def refresh(context: Context, paths: tuple[str, ...], owner: str | None) -> None:
    """Read repos from Gitea now, instead of waiting for a hook or the clock."""
    gitea = context.parts.gitea
    if not paths and not owner:
        raise InvalidInputError("repo", "name the repos, or an owner: bridge repo refresh --owner acme")
    found = [gitea.repo(*split_path(path)) for path in paths]
    if owner:
        found += gitea.search_owner_repos(gitea.owner(owner).id)
    with Progress(transient=True) as progress:
        for each in progress.track(found, description="Reading from Gitea"):
            if not context.settings.serves(each.owner.login):
                message = f"{each.owner.login} is not served; add it to bridge.owners in the configuration"
                raise InvalidInputError("owner", message)
            seen = context.parts.catalog.refresh(each.id)
            state = "complete" if seen.complete else "something is held back, see `bridge repo show`"
            progress.console.print(f"{each.full_name}: {state}", highlight=False)


_NAMES = {
    "platform": "LICENSING_PLATFORM",
    "require-key": "LICENSING_REQUIRE_KEY",
    "streams": "LICENSING_STREAMS",
    "feed": "LICENSING_FEED",
}


def _refuse_nonsense(context: Context, path: str, variable: str, value: str | None) -> None:
    """An invalid value would be written, reported, and leave the old one in force: better said before."""
    if value is None:
        return
    with context.reading() as session:
        known = catalog.repo_by_name(session, *split_path(path))
        owner = session.get(Owner, known[0].owner_id) if known else None
        settings = OwnerSettings.from_dict(owner.settings) if owner else OwnerSettings()
    problems = read_repo_variables({variable: value}, settings, None).problems
    if problems:
        raise InvalidInputError("value", f"{problems[0].variable}: {problems[0].sentence}")


@repo.command("set")
@click.argument("path", metavar="OWNER/REPO")
@click.argument("name", type=click.Choice(sorted(_NAMES)))
@click.argument("value", required=False)
@click.option("--unset", is_flag=True, help="Take the setting out, so that its default holds.")
@pass_context
def set_(context: Context, path: str, name: str, value: str | None, unset: bool) -> None:
    r"""Write a setting of a repo into Gitea, where it lives, and put it in force at once.

    \b
    platform      joomla, dolibarr, both or none
    require-key   true: feed and download; download: download only; false: no key
    streams       narrows the owner's streams, for example "stable, rc"
    feed          TOML, see docs/settings.md
    """
    if (value is None) != unset:
        raise InvalidInputError("value", "give either a value or --unset")
    owner, repo_name = split_path(path)
    gitea, parts = context.parts.gitea, context.parts
    try:
        found = gitea.repo(owner, repo_name)
    except NotFound:
        raise NotFoundError(f"Gitea has no repo {path}, or the bridge's token can't see it") from None
    _refuse_nonsense(context, path, _NAMES[name], value)
    level = Level.repo(found.owner.login, found.name)
    before = gitea.repo_variables(found.owner.login, found.name).get(_NAMES[name])
    variables.write(gitea, level, _NAMES[name], value)
    parts.catalog.refresh(found.id)
    with context.writing() as session:
        row, its_owner = find_repo(session, found.full_name)
        old = {_NAMES[name]: before.value if before else None}
        audits.record(
            session,
            context.actor,
            "settings.write",
            parts.clock(),
            owner_id=its_owner.id,
            repo_id=row.id,
            subject=f"repo:{row.id}",
            before=old,
            after={_NAMES[name]: value},
        )
        report = publisher.report(load_product(session, row, its_owner, parts.hosts), row)
    click.echo(
        f"{report['repo']}: platform {report['platform']}, key {report['require_key']} (read {iso(row.refreshed_at)})."
    )
    for warning in report["warnings"]:
        click.secho("! ", fg="yellow", nl=False)
        click.echo(warning)
