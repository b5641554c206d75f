"""``bridge stats``: the numbers of an owner or a repo."""

from datetime import date
from typing import Any

import click

from bridge.cli.common import Context, as_json, find_level, pass_context, show_rows
from bridge.errors import InvalidInputError
from bridge.rules.spans import STEPS, Step
from bridge.services import stats as counting
from bridge.web.api.stats import shape

_MOVES = ("new", "renewed", "expired", "revoked")


@click.command()
@click.argument("target", metavar="OWNER|OWNER/REPO")
@click.option("--days", type=int, help="So many days up to the last one.")
@click.option("--since", help="First day (UTC), instead of --days.")
@click.option("--until", help="Last day, included, instead of today.")
@click.option("--step", type=click.Choice(STEPS), default="day", show_default=True, help="One line a step.")
@as_json
@pass_context
def stats(
    context: Context, target: str, days: int | None, since: str | None, until: str | None, step: Step, as_json: bool
) -> None:
    """Show the numbers of an owner or a repo: keys, sites, checks, downloads, versions, refusals.

    Without a beginning: 30 days, 12 weeks or 12 months, by the step. --json prints what the API answers.
    """
    now = context.parts.clock()
    span = counting.span_of(step, now, _day("since", since), _day("until", until), days)
    with context.reading() as session:
        owner, repo = find_level(session, target)
        found = counting.gather(session, owner.id, repo.id if repo else None, span, step, now)
    answer = shape(found)
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
        return
    click.secho(f"{target}, {span.since} to {span.until} (days of UTC)", bold=True)
    _print(answer.model_dump(mode="json"))


def _print(answer: dict[str, Any]) -> None:
    for title, rows, empty in (
        ("Keys now, and what befell them", [_package(each) for each in answer["packages"]], "No package yet."),
        ("By step", [_step(each) for each in [*answer["steps"], answer["total"] | {"since": "all"}]], ""),
        ("Versions", _versions(answer["versions"]), "No site is known, and nothing was downloaded."),
        ("Platforms", _running(answer["platforms"]), "No site said what it runs."),
        ("PHP", _running(answer["php"]), "No site said what it runs."),
        ("Refusals", answer["refusals"], "Nothing was refused."),
    ):
        click.secho(f"\n{title}", bold=True)
        show_rows(rows, as_json=False, empty=empty)


def _package(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "package": row["name"],
        "level": row["level"],
        **row["states"],
        "expiring": row["expiring"],
        **{name: row["moves"][name] for name in ("new", "renewed")},
        "lost": row["moves"]["expired"] + row["moves"]["revoked"],
    }


def _step(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "since": row["since"],
        **{name: row["keys"][name] for name in _MOVES},
        "sites": row["active_sites"],
        "keys": row["active_keys"],
        "checks": sum(row["checks"].values()),
        **{name: row[name] for name in ("downloads", "refused")},
    }


def _versions(found: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("repo", "version", "sites", "downloads")
    rows = [{name: each[name] for name in names} for each in found["shown"]]
    other = found["other"]
    if other["versions"]:
        rows.append({"repo": "", "version": f"{other['versions']} others"} | {n: other[n] for n in names[2:]})
    if found["unknown_sites"]:
        rows.append({"repo": "", "version": "not known", "sites": found["unknown_sites"], "downloads": ""})
    return rows


def _running(found: dict[str, Any]) -> list[dict[str, Any]]:
    rows, other, unknown = list(found["shown"]), found["other"], found["unknown"]
    if other["names"]:
        rows.append({"name": f"{other.pop('names')} others", **other})
    if unknown["sites"] or unknown["requests"]:
        rows.append({"name": "not stated", **unknown})
    return rows


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(option, f"--{option} {text!r} is not a day; write 2027-03-31") from None
