"""An owner's own words for its mails: looked at before they count, and tried without sending anything to anybody."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.errors import InvalidInputError, NotFoundError
from bridge.mail.letters import Letter
from bridge.models import Owner
from bridge.rules.letters import kinds, templates
from bridge.rules.letters.templates import InvalidTemplate, Template
from bridge.rules.payments.messages import Message
from bridge.services import mail_settings
from bridge.storage import audits, catalog, mail_templates
from bridge.storage.audits import Actor

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a mail. ``own``: the owner wrote them."""

    kind: Message
    language: str
    template: Template
    own: bool


def kind_of(text: str) -> Message:
    """A kind of mail by its name. Raises ``InvalidInputError``."""
    try:
        return Message(text)
    except ValueError:
        raise InvalidInputError("kind", f"there is no mail {text!r}; there are {', '.join(Message)}") from None


def language_of(text: str) -> str:
    """A language code as `LICENSING_SELLER` has it. Raises ``InvalidInputError``."""
    if _LANGUAGE.fullmatch(text) is None:
        raise InvalidInputError("language", f"{text!r} is no language code; write for example de or de-AT")
    return text


def language_of_owner(owner: Owner) -> str:
    """The language in which an owner's mails are written."""
    return mail_settings.voice_of(owner, []).language


def all_of(session: Any, owner_id: int) -> Iterator[Wording]:
    """Every mail, in each language that there is of it."""
    own = {(row.kind, row.language): row.source for row in mail_templates.of_owner(session, owner_id)}
    for kind in Message:
        for language in dict.fromkeys([*kinds.LANGUAGES, *(each for name, each in own if name == kind)]):
            yield _wording(kind, language, own.get((kind, language)))


def one(session: Any, owner_id: int, kind: Message, language: str) -> Wording:
    """The words that a mail has in a language: the owner's, or the usual ones."""
    rows = {row.language: row.source for row in mail_templates.of_owner(session, owner_id, kind)}
    return _wording(kind, language, rows.get(language))


def held(session: Any, owner_id: int, kind: Message, language: str) -> Wording:
    """The words as they are until this transaction ends: whoever else wants to change them waits."""
    catalog.hold_owner(session, owner_id)
    return one(session, owner_id, kind, language)


def _wording(kind: Message, language: str, source: str | None) -> Wording:
    template, own = mail_settings.words_of(kind, language, source)
    return Wording(kind, language, template, own)


def put(session: Any, owner: Owner, kind: Message, language: str, source: str, actor: Actor, now: datetime) -> Template:
    """Use an owner's words from now on. Raises ``InvalidInputError`` that says which line is wrong, and how."""
    try:
        template = templates.parse(source, kinds.blanks(kind))
    except InvalidTemplate as error:
        raise InvalidInputError("template", str(error)) from None
    mail_templates.put(session, owner.id, kind, language, template.source, now)
    _note(session, owner, "mail.template_set", kind, language, actor, now)
    return template


def reset(session: Any, owner: Owner, kind: Message, language: str, actor: Actor, now: datetime) -> None:
    """Use the usual words again. Raises ``NotFoundError`` where the owner had none of its own."""
    if not mail_templates.drop(session, owner.id, kind, language):
        raise NotFoundError(f"the mail {kind} has the usual words in {language} already")
    _note(session, owner, "mail.template_reset", kind, language, actor, now)


def _note(session: Any, owner: Owner, action: str, kind: Message, language: str, actor: Actor, now: datetime) -> None:
    after = {"kind": str(kind), "language": language}
    audits.record(session, actor, action, now, subject=f"owner:{owner.id}", owner_id=owner.id, after=after)


def sample(session: Any, owner: Owner, kind: Message, language: str, sender: str, to: str = "") -> Letter:
    """A mail with made-up contents, to be looked at."""
    words = kinds.words(language)
    template = one(session, owner.id, kind, language).template
    voice = mail_settings.voice_of(owner, [])
    values = {
        "customer": "Ann Example",
        "seller": voice.name,
        "support": voice.support or "help@shop.example",
        "package": "Example",
        "keys": "    SAMPLE-ONLY-THIS-IS-NO-KEY\nExample: " + words.until.format(date="1.1.2030"),
        "how_to_enter": f"{words.joomla}\n\n{words.dolibarr}",
        "page": "https://shop.example/-/licensing/thanks/sample",
        "my_page": "https://shop.example/-/licensing/my/sample",
        "state": words.free_again,
        "expires": "1.1.2030",
        "renewal_url": voice.renewal_url or "https://shop.example/renew",
        "purchase": "sample",
        "email": "ann@customer.example",
        "what": "-",
    }
    filled = templates.filled(template, values)
    html = templates.as_html(filled.text, language, [values["page"], values["my_page"], values["renewal_url"]])
    return Letter(to, filled.subject, filled.text, html, language, sender, voice.name)
