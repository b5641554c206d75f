"""Checks of mail: is it on where something is sold, does the server let us in, what could not be sent."""

from collections.abc import Iterator

from bridge.errors import BridgeError
from bridge.mail.smtp import MailServer
from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.patient import Patient
from bridge.storage import outbox, payment_accounts

_PATIENCE_SECONDS = 8.0


def _server(patient: Patient) -> Iterator[Seen]:
    mail = patient.settings.mail
    if not mail.is_on:
        with patient.open_session(read_only=True) as session:
            sells = any(account.status != "disabled" for account in payment_accounts.all_of(session))
        yield seen("off_though_sold") if sells else seen("off")
        return
    hasty = mail.model_copy(update={"timeout_seconds": min(mail.timeout_seconds, _PATIENCE_SECONDS)})
    try:
        MailServer(hasty, patient.settings.mail_sender).try_out()
    except BridgeError as problem:
        yield seen("refuses", host=mail.host, port=mail.port, reason=problem)
        return
    yield seen("works", host=mail.host, port=mail.port, sender=patient.settings.mail_sender)


def _queue(patient: Patient) -> Iterator[Seen]:
    with patient.open_session(read_only=True) as session:
        counts = outbox.counts(session)
        given_up = outbox.page(session, None, statuses=("dead",), limit=1)
    if given_up:
        yield seen("given_up", count=counts["dead"], number=given_up[0].id, reason=given_up[0].last_error)
    else:
        yield seen("fine", waiting=counts.get("new", 0) + counts.get("leased", 0), sent=counts.get("sent", 0))


CHECKS = (
    Check(
        "mail.server",
        "Whether mails are sent, and whether the server lets this installation in. Nothing is sent for it.",
        "Keys that are sold reach their customers by mail; without it, only on the page after the purchase.",
        (
            ok("works", "The mail server {host}:{port} lets this installation in; mails come from {sender}."),
            ok("off", "No mail is sent (mail.host is not set), and nothing is sold through payment providers."),
            warning(
                "off_though_sold",
                "Keys are sold and not mailed: mail.host is not set. Buyers see them on the page after the sale only.",
                "Set the section [mail] in the configuration, restart, try it: `bridge mail test OWNER --to ADDRESS`.",
            ),
            error(
                "refuses",
                "No mail can be sent through {host}:{port}: {reason}.",
                "Mend what the reason names. What waits is sent then; nothing is lost within two days.",
            ),
        ),
        _server,
        ("database.schema",),
    ),
    Check(
        "mail.queue",
        "What could not be sent, and how much waits.",
        "A key that could not be mailed is a customer who waits.",
        (
            ok("fine", "{sent} mails were sent, {waiting} wait, none was given up."),
            warning(
                "given_up",
                "{count} mails were given up; the last one (number {number}): {reason}.",
                "Mend what the reason names, then `bridge mail retry {number}`; `bridge mail queue --status dead` lists"
                " them all.",
            ),
        ),
        _queue,
        ("database.schema",),
    ),
)
