"""``bridge package``: the tiers that are sold."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import click

from bridge.cli.common import Context, as_json, find_level, find_repo, pass_context, read_moment, show_rows
from bridge.errors import NotFoundError
from bridge.models import Owner, Package, Repo
from bridge.rules.variables import OwnerSettings
from bridge.services import packages
from bridge.services.packages import PackageInput, term_from_text
from bridge.storage import licenses

_COLUMNS = ("id", "level", "name", "term", "streams", "max_sites", "active", "master")
_ALL = "all"


@click.group()
def package() -> None:
    """Create, change and list license packages."""


def _choices(command: Any) -> Any:
    """The options that create and edit share."""
    options = (
        click.option("--term", help="lifetime, annual, monthly, “30 days”, or custom with --from and --until."),
        click.option("--from", "starts", help="First day of a custom term."),
        click.option("--until", help="Last day of a custom term."),
        click.option("--streams", help="Streams by name, separated by commas, or “all”."),
        click.option("--editions", help="Editions by name, separated by commas, or “all”."),
        click.option("--max-sites", type=int, help="How many sites a key may be used on; 0 for unlimited."),
        click.option("--grace-days", type=int, help="Days after the expiry on which a key still works."),
        click.option("--after-expiry", type=click.Choice(["nothing", "owned"]), help="What is left after the grace."),
        click.option("--local-sites", type=click.Choice(["free", "count"]), help="Whether erp.lan takes up a site."),
        click.option("--unstated-domain", type=click.Choice(["accept", "refuse"]), help="Stock Joomla states none."),
        click.option("--renewal-url", help="Where customers renew."),
        click.option("--active/--inactive", default=None, help="An inactive package issues no keys; its keys work on."),
        click.option("--repo", "repos", multiple=True, metavar="OWNER/REPO", help="Only these repos of the owner."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@package.command()
@click.argument("target", metavar="OWNER|OWNER/REPO")
@click.argument("name")
@_choices
@as_json
@pass_context
def create(context: Context, /, target: str, name: str, as_json: bool, **stated: Any) -> None:
    """Create the package NAME of an owner (its keys open all repos) or of one repo."""
    with context.writing() as session:
        owner, repo = find_level(session, target)
        base = PackageInput(name=name, term=term_from_text("annual"), repo_id=repo.id if repo else None)
        wanted = _merged(session, base, stated)
        made = packages.create(session, owner.id, wanted, _settings(owner), context.actor, context.parts.clock())
        row = _row(session, made, owner)
    show_rows([row], as_json=as_json, empty="", columns=_COLUMNS)


@package.command()
@click.argument("package_id", type=int)
@click.option("--name", help="A new name.")
@_choices
@as_json
@pass_context
def edit(context: Context, /, package_id: int, name: str | None, as_json: bool, **stated: Any) -> None:
    """Change a package, for new keys and for those that were issued. What is not named stays as it is."""
    with context.writing() as session:
        found = licenses.package_by_id(session, package_id)
        if found is None:
            raise NotFoundError(f"there is no package number {package_id}; `bridge package list OWNER` shows them")
        owner = session.get_one(Owner, found.owner_id)
        base = packages.as_input(session, found)
        wanted = _merged(session, replace(base, name=name) if name else base, stated)
        packages.change(session, found, wanted, _settings(owner), context.actor, context.parts.clock())
        row = _row(session, found, owner)
    show_rows([row], as_json=as_json, empty="", columns=_COLUMNS)


@package.command("list")
@click.argument("target", metavar="OWNER|OWNER/REPO")
@as_json
@pass_context
def list_(context: Context, target: str, as_json: bool) -> None:
    """List the packages of an owner, or those that stack up on one repo."""
    with context.reading() as session:
        owner, repo = find_level(session, target)
        found = licenses.packages_of(session, owner.id, repo.id if repo else None)
        rows = [_row(session, each, owner) for each in found]
    empty = f"No package yet. Create one: `bridge package create {target} Standard --term annual --streams stable`."
    show_rows(rows, as_json=as_json, empty=empty, columns=_COLUMNS)


def _settings(owner: Owner) -> OwnerSettings:
    return OwnerSettings.from_dict(owner.settings)


def _merged(session: Any, base: PackageInput, stated: dict[str, Any]) -> PackageInput:
    changes: dict[str, Any] = {
        name: stated[name]
        for name in (
            "max_sites",
            "grace_days",
            "after_expiry",
            "local_sites",
            "unstated_domain",
            "renewal_url",
            "active",
        )
        if stated[name] is not None
    }
    if stated["term"]:
        changes["term"] = term_from_text(stated["term"], _day(stated["starts"]), _day(stated["until"]))
    for name in ("streams", "editions"):
        if stated[name]:
            changes[name] = None if stated[name] == _ALL else tuple(each.strip() for each in stated[name].split(","))
    if stated["repos"]:
        changes["repo_ids"] = tuple(find_repo(session, path)[0].id for path in stated["repos"])
    return replace(base, **changes)


def _day(text: str | None) -> Any:
    """A date stays a date, since the last day of a term is meant whole."""
    moment: datetime | None = read_moment(text)
    return moment.date() if moment is not None and text is not None and "T" not in text else moment


def _row(session: Any, package: Package, owner: Owner) -> dict[str, Any]:
    repo = session.get(Repo, package.repo_id) if package.repo_id else None
    streams = {"streams": package.streams if package.streams is not None else _ALL}
    return packages.summary(package) | streams | {"level": f"{owner.name}/{repo.name}" if repo else owner.name}
