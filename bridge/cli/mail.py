"""``bridge mail``: what is sent to customers and sellers, in which words, and what became of it."""

import secrets
from typing import IO, Any

import click

from bridge.cli.common import Context, as_json, iso, pass_context, show_rows
from bridge.cli.payments_account import find_owner
from bridge.errors import InvalidInputError, NotFoundError, RefusedError
from bridge.mail.letters import message
from bridge.mail.smtp import MailServer
from bridge.models import Outbox, Owner
from bridge.rules.letters import kinds
from bridge.services import mail_templates
from bridge.storage import outbox

_COLUMNS = ("id", "owner", "kind", "status", "attempts", "next", "sent", "why")
_STATUSES = ("new", "leased", "sent", "dropped", "dead")
_owner = click.argument("owner", metavar="OWNER")
_kind = click.argument("kind", metavar="MAIL")
_language = click.argument("language", metavar="LANGUAGE")


@click.group()
def mail() -> None:
    """Mail keys and notices. Nothing is sent before mail.host is set; `bridge mail test` tries it."""


@mail.command()
@click.argument("owner", metavar="[OWNER]", required=False)
@click.option("--status", "statuses", type=click.Choice(_STATUSES), multiple=True, help="Only these.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="So many at most.")
@as_json
@pass_context
def queue(context: Context, owner: str | None, statuses: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List what is to be sent and what was, the newest first. Why something was not sent stands beside it."""
    with context.reading() as session:
        ids = [find_owner(session, owner).id] if owner else None
        rows = [_row(session, each) for each in outbox.page(session, ids, statuses=statuses, limit=limit)]
    if not context.settings.mail.is_on and not as_json:
        click.echo("No mail is sent: mail.host is not set. Buyers see their key on the page after the purchase only.")
    show_rows(rows, as_json=as_json, empty="Nothing was to be sent.", columns=_COLUMNS)


def _row(session: Any, row: Outbox) -> dict[str, Any]:
    return {
        "id": row.id,
        "owner": session.get_one(Owner, row.owner_id).name,
        "kind": row.kind,
        "status": row.status,
        "attempts": row.attempts,
        "next": iso(row.due_at),
        "sent": iso(row.sent_at),
        "why": row.last_error,
        "message_id": row.message_id,
        "purchase": row.purchase_id,
        "about": row.reference,
    }


@mail.command()
@click.argument("numbers", metavar="NUMBER...", type=int, nargs=-1, required=True)
@pass_context
def retry(context: Context, numbers: tuple[int, ...]) -> None:
    """Try mails again that were given up or not said any more; whether it is still so is looked at once more."""
    with context.writing() as session:
        count = outbox.again(session, context.parts.clock(), numbers)
    if not count:
        raise NotFoundError("none of these was given up; `bridge mail queue` shows what became of them")
    click.echo(f"{count} are tried again.")


@mail.command()
@_owner
@click.argument("kind", metavar="[MAIL]", required=False)
@click.argument("language", metavar="[LANGUAGE]", required=False)
@as_json
@pass_context
def show(context: Context, owner: str, kind: str | None, language: str | None, as_json: bool) -> None:
    """List the mails there are; or print the words of one, as `bridge mail set` reads them."""
    with context.reading() as session:
        found = find_owner(session, owner)
        if kind is not None:
            wanted = mail_templates.language_of(language or kinds.DEFAULT_LANGUAGE)
            wording = mail_templates.one(session, found.id, mail_templates.kind_of(kind), wanted)
            click.echo(wording.template.source, nl=False)
            return
        rows = [
            {
                "mail": str(each.kind),
                "language": each.language,
                "words": "own" if each.own else "usual",
                "subject": each.template.subject,
                "blanks": sorted(kinds.blanks(each.kind)),
            }
            for each in mail_templates.all_of(session, found.id)
        ]
    show_rows(rows, as_json=as_json, empty="", columns=("mail", "language", "words", "subject"))


@mail.command("set")
@_owner
@_kind
@_language
@click.argument("file", metavar="FILE", type=click.File("r", encoding="utf-8"))
@pass_context
def set_(context: Context, owner: str, kind: str, language: str, file: IO[str]) -> None:
    """Use other words for a mail: FILE holds `Subject: …`, an empty line, the text; - reads standard input.

    Blanks such as {package} are filled, nothing else happens to the text. A line whose blanks have nothing to say is
    left out. `bridge mail show OWNER MAIL LANGUAGE` prints what to begin with.
    """
    try:
        source = file.read(100_000)
    except UnicodeDecodeError:
        raise InvalidInputError("file", "the file is not UTF-8 text; save it as UTF-8") from None
    with context.writing() as session:
        found = find_owner(session, owner)
        wanted = (mail_templates.kind_of(kind), mail_templates.language_of(language))
        mail_templates.put(session, found, *wanted, source, context.actor, context.parts.clock())
    click.echo(f"The mail {kind} of {owner} has these words in {language} now.")


@mail.command()
@_owner
@_kind
@_language
@pass_context
def reset(context: Context, owner: str, kind: str, language: str) -> None:
    """Use the usual words for a mail again."""
    with context.writing() as session:
        found = find_owner(session, owner)
        wanted = (mail_templates.kind_of(kind), mail_templates.language_of(language))
        mail_templates.reset(session, found, *wanted, context.actor, context.parts.clock())
    click.echo(f"The mail {kind} of {owner} has the usual words in {language} again.")


@mail.command()
@_owner
@click.option("--kind", default="keys", show_default=True, help="Which mail.")
@click.option("--language", default="", help="In which language; by default the owner's.")
@click.option("--to", default="", help="Send it there. Without this option it is only printed.")
@pass_context
def test(context: Context, owner: str, kind: str, language: str, to: str) -> None:
    """Print a mail with made-up contents; or send it, to see that mail works."""
    settings = context.settings
    with context.reading() as session:
        found = find_owner(session, owner)
        wanted = mail_templates.language_of(language or mail_templates.language_of_owner(found))
        letter = mail_templates.sample(
            session, found, mail_templates.kind_of(kind), wanted, settings.mail_sender, to or "ann@customer.example"
        )
    if not to:
        click.echo(f"Subject: {letter.subject}\n\n{letter.text}", nl=False)
        return
    if not settings.mail.is_on:
        raise RefusedError("no mail is sent by this installation; set mail.host in the configuration")
    host = settings.mail_sender.rpartition("@")[2]
    sent = message(letter, f"<test.{secrets.token_hex(16)}@{host}>", context.parts.clock())
    MailServer(settings.mail, settings.mail_sender).send(sent)
    click.echo(f"{settings.mail.host} took the mail to {to}. Look whether it arrives, and where.")
