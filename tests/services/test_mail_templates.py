"""An owner's words for a mail, while several change them."""

from threading import Thread

from sqlmodel import select
from support.databases import ONLY_POSTGRES
from support.offices import ACME, ACTOR, NOW, Office

from bridge.models import MailTemplate, Owner
from bridge.rules.payments.messages import Message
from bridge.services import mail_templates

WORDS = "Subject: Hello {customer}\n\nHere: {keys}\n"


def write(office: Office, words: str) -> None:
    with office.session() as session:
        mail_templates.held(session, ACME, Message.KEYS, "en")
        mail_templates.put(session, session.get_one(Owner, ACME), Message.KEYS, "en", words, ACTOR, NOW)


@ONLY_POSTGRES  # SQLite has one writer at a time
def test_who_holds_words_sees_what_another_saved_since_they_were_looked_at(office: Office):
    write(office, WORDS)
    with office.session() as session:
        seen = session.exec(select(MailTemplate)).one()
        write(office, f"{WORDS}more\n")
        assert seen.source == WORDS
        assert mail_templates.held(session, ACME, Message.KEYS, "en").template.source == f"{WORDS}more\n"


@ONLY_POSTGRES
def test_who_holds_words_lets_nobody_change_them(office: Office):
    with office.session() as session:
        assert not mail_templates.held(session, ACME, Message.KEYS, "en").own
        other = Thread(target=write, args=(office, WORDS))
        other.start()
        other.join(0.3)
        assert other.is_alive()
        assert not mail_templates.one(session, ACME, Message.KEYS, "en").own
    other.join(20)
    with office.session(read_only=True) as session:
        assert mail_templates.one(session, ACME, Message.KEYS, "en").template.source == WORDS
