"""``bridge explain``: why a key does or does not get what its customer expects."""

import click

from bridge.cli.common import Context, as_json, find_level, iso, key_number, pass_context, show_rows
from bridge.errors import NotFoundError
from bridge.services.explain import Explanation
from bridge.services.explain import explain as walk
from bridge.services.gate import Stated
from bridge.storage import licenses

_MARKS = {True: "yes", False: "NO", None: "-"}


@click.command()
@click.argument("key", metavar="KEY")
@click.argument("path", metavar="OWNER/REPO")
@click.option("--domain", help="As a site would state it.")
@click.option("--stream", default="", help="Ask about the newest release of this stream.")
@click.option("--edition", default="", help="Ask about this edition.")
@as_json
@pass_context
def explain(
    context: Context, key: str, path: str, domain: str | None, stream: str, edition: str, as_json: bool
) -> None:
    """Show the whole decision for KEY on OWNER/REPO, step by step. Takes no slot and stores nothing."""
    parts = context.parts
    with context.reading() as session:
        owner, repo = find_level(session, path)
        code = _code(session, key)
    product = parts.products.find(owner.name, repo.name) if repo else None
    if product is None:
        raise NotFoundError(f"{path} is not served; `bridge repo show {path}` says why")
    explained = walk(parts.gate, product, Stated(key=code, domain=domain), stream, edition)
    if as_json:
        show_rows([_as_dict(explained)], as_json=True, empty="")
        return
    _print(explained)


def _code(session: object, text: str) -> str:
    """A number stands for the key's present code; anything else is taken as a customer would send it."""
    number = key_number(text)
    codes = licenses.codes_of(session, [number]) if number is not None else {}  # type: ignore[arg-type]
    return codes[number][0].code if number in codes else text


def _print(explained: Explanation) -> None:
    verdict = explained.verdict
    for step in explained.steps:
        click.secho(f"  {_MARKS[step.passed]:4}", fg={True: "green", False: "red", None: None}[step.passed], nl=False)
        click.echo(step.question)
    detail = f": {verdict.decision.detail}" if verdict.decision.detail else ""
    click.secho(f"{verdict.decision.code}{detail}", bold=True)
    if verdict.key is not None and verdict.package is not None:
        expires = iso(verdict.key.facts.expires_at) or "never"
        click.echo(f"Key #{verdict.key.id} of package “{verdict.package.name}”, expires {expires}.")
    if verdict.host:
        click.echo(f"Site {verdict.host}{' (on record)' if verdict.site_id else ' (would be new)'}.")
    click.echo(f"Asked about release {explained.release}." if explained.release else "No such release is on offer.")
    for release, code in explained.withheld:
        click.echo(f"Newer, but not for this key: {release}: {code}.")
    click.echo(f"The customer gets {explained.gets}.")


def _as_dict(explained: Explanation) -> dict[str, object]:
    decision = explained.verdict.decision
    return {
        "allowed": decision.allowed,
        "code": decision.code,
        "detail": decision.detail,
        "release": explained.release,
        "withheld": [{"release": release, "code": code} for release, code in explained.withheld],
        "gets": explained.gets,
        "steps": [{"question": step.question, "passed": step.passed, "code": step.code} for step in explained.steps],
    }
