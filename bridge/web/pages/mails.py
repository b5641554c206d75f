"""The words of an owner's mails: which there are, and other words for one, with a look at what comes of them."""

from collections.abc import Iterable

from flask import Response

from bridge.errors import InvalidInputError
from bridge.mail.letters import Letter
from bridge.rules.letters import kinds
from bridge.rules.payments.messages import TO_CUSTOMER, Message
from bridge.rules.permissions import Action
from bridge.services import mail_templates
from bridge.services.mail_templates import Wording
from bridge.web.api import tags
from bridge.web.api.errors import invalid
from bridge.web.pages.forms import Form, OnlyLooking
from bridge.web.pages.visits import Page, Visit


def list_all(visit: Visit) -> Response:
    """Every mail in each language; with ``?language=`` in one more."""
    form = visit.form({"language": visit.query.get("language", "")})
    more: list[str] = []

    def add() -> Response:
        if form["language"]:
            more.append(mail_templates.language_of(form["language"]))
        return Response()

    refused = visit.attempt(form, add) is None
    with visit.reading() as session:
        owner_id = visit.call.owner_id
        found = list(mail_templates.all_of(session, owner_id))
        for language in set(more) - {each.language for each in found}:
            found += [mail_templates.one(session, owner_id, kind, language) for kind in Message]
    status = 422 if refused else 0
    return visit.show("mails.html", form=form, mails=_sorted(found), to_customer=TO_CUSTOMER, status=status)


def edit(visit: Visit) -> Response:
    """One mail: its words, what they become, and other words."""
    kind, language = _wanted(visit)
    stands, *looks = _as_it_stands(visit, kind, language)
    form = visit.form({"source": stands.template.source}, tags.tag(stands.template.source))
    if visit.posted:
        visit.require(Action.SETTINGS_WRITE, of_owner=True)
        if done := visit.attempt(form, lambda: _changed(visit, kind, language, form, looks), template="source"):
            return done
    if form.conflict:
        stands, *looks = _as_it_stands(visit, kind, language)
        form.version = tags.tag(stands.template.source)
    return visit.show(
        "mail.html",
        form=form,
        stands=stands,
        letter=looks[-1],
        is_look=len(looks) > 1,
        blanks=[(name, kinds.BLANKS[name]) for name in kinds.BLANKS if name in kinds.blanks(kind)],
        writable=visit.may(Action.SETTINGS_WRITE, of_owner=True),
    )


def _as_it_stands(visit: Visit, kind: Message, language: str) -> tuple[Wording, Letter]:
    """The words of a mail, and what they become."""
    with visit.reading() as session:
        owner = visit.owner(session)
        return mail_templates.one(session, owner.id, kind, language), _sample(visit, session, kind, language)


def _changed(visit: Visit, kind: Message, language: str, form: Form, looks: list[Letter]) -> Response:
    """Use other words, or the usual ones again; or only look what would come of them."""
    step = form["step"]
    if step not in {"look", "do", "reset"}:
        raise invalid("source", "choose whether to look or to save")
    with visit.call.writing() as session:
        owner = visit.owner(session)
        stands = mail_templates.held(session, owner.id, kind, language)
        tags.check(form.version, tags.tag(stands.template.source))
        if step == "reset":
            mail_templates.reset(session, owner, kind, language, visit.actor, visit.now)
            return visit.done("settings/mails", f"The mail “{kind}” has the usual words in {language} again.")
        mail_templates.put(session, owner, kind, language, form.raw("source"), visit.actor, visit.now)
        if step == "look":
            looks.append(_sample(visit, session, kind, language))
            raise OnlyLooking
    back = (f"settings/mails/{kind}/{language}", "Look at it")
    return visit.done("settings/mails", f"The mail “{kind}” has these words in {language} now.", back=back)


def _sample(visit: Visit, session: object, kind: Message, language: str) -> Letter:
    """The mail with made-up contents."""
    return mail_templates.sample(
        session, visit.owner(session), kind, language, visit.doors.settings.mail_sender, "ann@customer.example"
    )


def _wanted(visit: Visit) -> tuple[Message, str]:
    try:
        return mail_templates.kind_of(visit.names["kind"]), mail_templates.language_of(visit.names["language"])
    except InvalidInputError:
        raise visit.not_found() from None


def _sorted(found: Iterable[Wording]) -> list[Wording]:
    return sorted(found, key=lambda each: (list(Message).index(each.kind), each.language))


PAGES = (
    Page("owner_mails", "settings/mails", Action.SETTINGS_READ, list_all, level="owner"),
    Page(
        "owner_mail",
        "settings/mails/<kind>/<language>",
        Action.SETTINGS_READ,
        edit,
        level="owner",
        posts=Action.SETTINGS_WRITE,
    ),
)
