"""``bridge key``: what customers hold."""

from typing import Any

import click

from bridge.cli import transfer
from bridge.cli.common import Context, as_json, find_key, find_level, iso, pass_context, read_moment, show_rows
from bridge.errors import InvalidInputError, NotFoundError, RefusedError
from bridge.models import LicenseKey, Package
from bridge.rules.domains import normalize_host
from bridge.rules.hosts import InvalidDomain
from bridge.rules.keys import State
from bridge.rules.terms import ExpiryEdit
from bridge.services import key_edits, keys, resending
from bridge.services.key_inputs import KeyInput
from bridge.services.keys import OVERLAPS
from bridge.services.packages import term_from_text
from bridge.storage import catalog, licenses
from bridge.storage.key_search import Filter, Position, Sight, page_of_keys

_COLUMNS = ("id", "code", "state", "package", "customer", "expires", "domains")


@click.group()
def key() -> None:
    """Issue, show, change and revoke license keys. KEY is a key's number or its code."""


@key.command()
@click.argument("target", metavar="OWNER|OWNER/REPO")
@click.argument("package", metavar="PACKAGE")
@click.option("--name", "customer_name", default="", help="Customer's name.")
@click.option("--email", "customer_email", default="", help="Customer's mail address.")
@click.option("--domain", "domains", multiple=True, help="Assign to this domain (*.example.com for all below it).")
@click.option("--starts", help="First day, instead of today.")
@click.option("--expires", help="Expiry, instead of the package's term.")
@click.option("--term", help="Instead of the package's: lifetime, annual, monthly or '30 days'.")
@click.option("--max-sites", type=int, help="Instead of the package's.")
@click.option("--quantity", type=int, default=1, show_default=True, help="Several keys at once, one a site.")
@click.option("--note", default="", help="For yourself.")
@click.option("--payment-ref", default="", help="Invoice or order.")
@click.option("--label", "labels", multiple=True, help="For searching.")
@click.option("--code", "legacy_code", default="", help="A code of your own, from a former system.")
@as_json
@pass_context
def issue(context: Context, /, target: str, package: str, as_json: bool, **stated: Any) -> None:
    """Issue keys of PACKAGE (its number, or its name on that level)."""
    stated["starts_at"], stated["expires_at"] = read_moment(stated.pop("starts")), read_moment(stated.pop("expires"))
    stated["term"] = term_from_text(stated["term"]) if stated["term"] else None
    with context.writing() as session:
        found = _package(session, target, package)
        issued = keys.issue(session, found, KeyInput(**stated), context.issuer)
        rows = _rows(context, session, [(each, found) for each in issued])
    show_rows(rows, as_json=as_json, empty="", columns=_COLUMNS)


@key.command("list")
@click.argument("target", metavar="OWNER|OWNER/REPO")
@click.option("--search", "text", default="", help="Part of a name, mail address, note, reference, domain or code.")
@click.option("--customer", default="", help="Part of a name or mail address.")
@click.option("--domain", default="", help="Only keys that are assigned to this domain or used on it.")
@click.option("--state", type=click.Choice([each.value for each in State]), help="Only keys in this state.")
@click.option("--after", "after_id", type=int, default=0, help="Continue after this number.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="So many.")
@as_json
@pass_context
def list_(
    context: Context,
    target: str,
    text: str,
    customer: str,
    domain: str,
    state: str | None,
    after_id: int,
    limit: int,
    as_json: bool,
) -> None:
    """List the keys of an owner, or those that open one repo."""
    wanted = Filter(state or "", customer=customer, host=_host(domain), text=text, sort="id")
    after = Position(None, after_id) if after_id > 0 else None
    with context.reading() as session:
        owner, repo = find_level(session, target)
        sight = Sight(owner.id, repo.id if repo else None, *[True] * 4)  # who is on the server may read all of it
        found = page_of_keys(session, sight, wanted, context.parts.clock(), limit=limit, after=after)
        rows = _rows(context, session, found.rows)
    empty = f"No key matches. Issue one: `bridge key issue {target} PACKAGE --email ann@example.com`."
    show_rows(rows, as_json=as_json, empty=empty, columns=_COLUMNS)


def _host(domain: str) -> str:
    try:
        return normalize_host(domain) if domain else ""
    except InvalidDomain as error:
        raise InvalidInputError("domain", f"{domain!r} is not a domain: {error}") from None


@key.command()
@click.argument("text", metavar="KEY")
@as_json
@pass_context
def show(context: Context, text: str, as_json: bool) -> None:
    """Show one key with all that is known of it."""
    with context.reading() as session:
        found = find_key(context, session, text)
        row = _rows(context, session, [(found, session.get_one(Package, found.package_id))])[0]
        row["personal_feeds"] = _personal_feeds(context, session, found)
    if as_json:
        show_rows([row], as_json=True, empty="")
        return
    for name, value in row.items():
        click.echo(f"{name.replace('_', ' '):16} {', '.join(value) if isinstance(value, list) else value or '-'}")


@key.command()
@click.argument("text", metavar="KEY")
@click.option("--reason", default="", help="Why, for the audit trail.")
@pass_context
def revoke(context: Context, text: str, reason: str) -> None:
    """Revoke a key for good. A master key gets its successor at once."""
    with context.writing() as session:
        found = find_key(context, session, text)
        already = found.revoked_at
        successor = keys.revoke(session, found, reason, context.issuer)
        code = _code(session, successor) if successor else ""
    when = f" It was revoked on {already:%Y-%m-%d} already." if already else ""
    click.echo(
        f"Key #{found.id} is revoked.{when}" + (f" Its successor is #{successor.id}: {code}" if successor else "")
    )


@key.command()
@click.argument("text", metavar="KEY")
@click.option("--overlap", type=click.Choice(list(OVERLAPS)), default="0", show_default=True, help="Old code works on.")
@click.option("--feed-token", is_flag=True, help="Replace the address of the personal feed instead of the code.")
@pass_context
def replace(context: Context, text: str, overlap: str, feed_token: bool) -> None:
    """Give a key a new code; sites and purchase stay."""
    with context.writing() as session:
        found = find_key(context, session, text)
        if feed_token:
            fresh = keys.replace_feed_token(session, found, context.issuer)
        else:
            fresh = keys.replace_code(session, found, OVERLAPS[overlap], context.issuer)
    click.echo(fresh)


@key.command()
@click.argument("text", metavar="KEY")
@pass_context
def resend(context: Context, text: str) -> None:
    """Mail a key to its customer once more; three times an hour at most."""
    if not context.settings.mail.is_on:
        raise RefusedError("no mail is sent by this installation; set mail.host in the configuration")
    with context.writing() as session:
        found = find_key(context, session, text)
        licenses.hold(session, found)
        to = resending.of_key(session, found, session.get_one(Package, found.package_id), context.issuer)
    click.echo(f"The mail to {to} is on its way.")


@key.command()
@click.argument("text", metavar="KEY")
@click.option("--to", help="At least until this day; a later payment still counts.")
@click.option("--fix", help="Exactly until this day, whatever is paid.")
@click.option("--never", is_flag=True, help="Without end.")
@click.option("--term", is_flag=True, help="One more term of its package.")
@click.option("--undo", is_flag=True, help="Take an earlier edit back.")
@pass_context
def extend(context: Context, text: str, to: str | None, fix: str | None, never: bool, term: bool, undo: bool) -> None:
    """Change when a key expires."""
    if sum((to is not None, fix is not None, never, term, undo)) != 1:
        raise InvalidInputError("expiry", "name exactly one of --to, --fix, --never, --term, --undo")
    with context.writing() as session:
        found = find_key(context, session, text)
        now = context.parts.clock()
        if term:
            key_edits.renew(session, found, session.get_one(Package, found.package_id), context.actor, now)
        else:
            edit = ExpiryEdit("fix", read_moment(fix)) if fix else ExpiryEdit("extend", read_moment(to))
            keys.set_expiry(session, found, None if undo else edit, context.actor, now)
        expiry = licenses.expiry_of(found)
    click.echo(f"Key #{found.id} " + (f"expires on {expiry:%Y-%m-%d %H:%M} UTC." if expiry else "never expires."))


@key.command()
@click.argument("text", metavar="KEY")
@click.argument("domains", nargs=-1)
@click.option("--any", "anywhere", is_flag=True, help="Any domain.")
@pass_context
def assign(context: Context, text: str, domains: tuple[str, ...], anywhere: bool) -> None:
    """Assign a key to exactly these DOMAINS."""
    if bool(domains) == anywhere:
        raise InvalidInputError("domains", "name the domains, or --any")
    with context.writing() as session:
        found = find_key(context, session, text)
        patterns = keys.assign(session, found, domains, context.actor, context.parts.clock())
    click.echo(f"Key #{found.id} works on {', '.join(patterns) or 'any domain'}.")


@key.command()
@click.argument("text", metavar="KEY")
@click.option("--resume", is_flag=True, help="Let it go on.")
@pass_context
def suspend(context: Context, text: str, resume: bool) -> None:
    """Hold a key back for a while."""
    with context.writing() as session:
        found = find_key(context, session, text)
        keys.suspend(session, found, not resume, context.actor, context.parts.clock())
    click.echo(f"Key #{found.id} {'goes on' if resume else 'is suspended'}.")


def _package(session: Any, target: str, text: str) -> Package:
    owner, repo = find_level(session, target)
    found = licenses.package_by_name(session, owner.id, repo.id if repo else None, text)
    if found is None and text.isascii() and text.isdigit():
        found = licenses.package_by_id(session, int(text))
    if found is None or found.owner_id != owner.id:
        raise NotFoundError(f"{target} has no package “{text}”; `bridge package list {target}` shows them")
    return found


def _rows(context: Context, session: Any, found: Any) -> list[dict[str, Any]]:
    ids = [each.id for each, _ in found]
    codes, domains = licenses.codes_of(session, ids), licenses.domains_of(session, ids)
    now = context.parts.clock()
    return [
        {
            "id": each.id,
            "code": codes[each.id][0].code,
            "state": keys.state_of(each, package, now),
            "package": package.name,
            "package_id": package.id,
            "master": each.is_master,
            "customer": " ".join(
                filter(None, (each.customer_name, f"<{each.customer_email}>" if each.customer_email else ""))
            ),
            "starts": iso(each.starts_at),
            "expires": iso(licenses.expiry_of(each)),
            "domains": domains.get(each.id, []),
            "max_sites": package.max_sites if each.max_sites is None else each.max_sites,
            "note": each.note,
            "labels": each.labels,
            "payment_ref": each.payment_ref,
        }
        for each, package in found
    ]


def _code(session: Any, key: LicenseKey) -> str:
    return licenses.codes_of(session, [key.id or 0])[key.id or 0][0].code


def _personal_feeds(context: Context, session: Any, key: LicenseKey) -> list[str]:
    package = session.get_one(Package, key.package_id)
    listed = licenses.repos_of_packages(session, [package.id]).get(package.id, set())
    wanted = {package.repo_id} if package.repo_id else listed
    base = context.settings.bridge.public_url
    return [
        f"{base}/{owner.name}/{repo.name}/updates/{key.feed_token}.xml"
        for repo, owner in catalog.repos_of(session, key.owner_id, served_only=True)
        if not wanted or repo.id in wanted
    ]


key.add_command(transfer.import_keys)
key.add_command(transfer.export_keys)
