"""``bridge mail``: an owner's words, a trial, what became of what was to be sent."""

import json

import pytest
from sqlmodel import select
from support.mail_sinks import MailSink

from bridge.models import Audit, Outbox
from bridge.storage import catalog, outbox


@pytest.fixture
def sink():
    made = MailSink()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def mailing(shell, sink):
    """A shell whose installation mails."""
    text = shell.config.read_text()
    shell.config.write_text(f'{text}[mail]\nhost = "127.0.0.1"\nport = {sink.port}\nsecurity = "none"\n')
    shell.installation.package("acme", "Pro")
    return shell


def _put(shell, once="one", **fields):
    """A mail of the owner; returns its number."""
    with shell.installation.parts.open_session() as session:
        owner = catalog.owner_by_name(session, "acme")
        outbox.put(session, once, "review", owner.id, shell.installation.clock())
        row = session.exec(select(Outbox).where(Outbox.dedupe_key == once)).one()
        for name, value in fields.items():
            setattr(row, name, value)
        session.add(row)
        session.flush()
        return row.id


def test_an_owners_words_are_shown_changed_used_and_taken_back(mailing, tmp_path):
    usual = mailing.ok("mail", "show", "acme", "keys", "de").out
    assert usual.startswith("Subject: Ihre Lizenz für {package}\n\n")
    file = tmp_path / "keys.txt"
    file.write_text(usual.replace("Guten Tag", "Servus"), encoding="utf-8")
    mailing.ok("mail", "set", "acme", "keys", "de", file)
    assert mailing.ok("mail", "show", "acme", "keys", "de").out == file.read_text(encoding="utf-8")
    assert "Servus Ann Example," in mailing.ok("mail", "test", "acme", "--language", "de").out
    rows = json.loads(mailing.ok("mail", "show", "acme", "--json").out)
    assert [row["mail"] for row in rows if row["words"] == "own"] == ["keys"]
    mailing.ok("mail", "reset", "acme", "keys", "de")
    assert mailing.ok("mail", "show", "acme", "keys", "de").out == usual
    assert mailing.run("mail", "reset", "acme", "keys", "de").code == 3
    with mailing.installation.parts.open_session(read_only=True) as session:
        actions = session.exec(select(Audit.action).where(Audit.action.startswith("mail."))).all()
    assert actions == ["mail.template_set", "mail.template_reset"]


@pytest.mark.parametrize(
    ("words", "text", "code", "said"),
    [
        (("acme", "keys", "en"), "Subject: x\n\n{nobody}", 2, "Line 3: {nobody} is not known"),
        (("acme", "keys", "en"), "no subject", 2, "The first line is the subject"),
        (("acme", "nothing", "en"), "Subject: x\n\ny", 2, "there is no mail 'nothing'; there are keys"),
        (("acme", "keys", "klingon!"), "Subject: x\n\ny", 2, "is no language code"),
        (("nobody", "keys", "en"), "Subject: x\n\ny", 3, "does not know the owner"),
    ],
)
def test_words_that_can_not_be_used_change_nothing(mailing, tmp_path, words, text, code, said):
    file = tmp_path / "mail.txt"
    file.write_text(text, encoding="utf-8")
    answer = mailing.run("mail", "set", *words, file)
    assert (answer.code, said in answer.err) == (code, True)
    rows = json.loads(mailing.ok("mail", "show", "acme", "--json").out)
    assert {row["words"] for row in rows} == {"usual"}


def test_a_trial_is_sent_and_holds_no_key(mailing, sink):
    assert "took the mail to me@example.com" in mailing.ok("mail", "test", "acme", "--to", "me@example.com").out
    (got,) = sink.received
    assert (got.to, "NO-KEY" in got.text()) == (["me@example.com"], True)


def test_where_no_mail_is_sent_it_is_said(shell):
    package = shell.installation.package("acme", "Pro")
    assert shell.run("mail", "test", "acme", "--to", "me@example.com").code == 4
    assert "No mail is sent: mail.host is not set." in shell.ok("mail", "queue").out
    key = shell.installation.key(package, customer_email="ann@example.com")
    answer = shell.run("key", "resend", key.id)
    assert (answer.code, "mail.host" in answer.err) == (4, True)


def test_what_was_given_up_is_listed_with_its_reason_and_tried_again(mailing):
    number = _put(mailing, status="dead", last_error="it was refused", due_at=None)
    _put(mailing, "two", status="sent", due_at=None)
    (row,) = json.loads(mailing.ok("mail", "queue", "acme", "--status", "dead", "--json").out)
    assert (row["id"], row["why"]) == (number, "it was refused")
    assert "No mail is sent" not in mailing.ok("mail", "queue").out
    mailing.ok("mail", "retry", number)
    (row,) = json.loads(mailing.ok("mail", "queue", "--status", "new", "--json").out)
    assert (row["id"], row["attempts"]) == (number, 0)
    assert mailing.run("mail", "retry", 99999).code == 3


def test_a_key_is_mailed_again_by_its_number(mailing):
    package = mailing.installation.package("acme", "Plus")
    key = mailing.installation.key(package, customer_email="ann@example.com")
    assert "The mail to ann@example.com is on its way." in mailing.ok("key", "resend", key.id).out
    (row,) = json.loads(mailing.ok("mail", "queue", "--json").out)
    assert (row["kind"], row["about"]) == ("keys", {"keys": [key.id]})
