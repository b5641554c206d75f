"""What a person decides about payments: what sells what, whose an old sale is, what is read again, whether to wait."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from bridge.models import LicenseKey, PaymentAccount
from bridge.payments.provider import Price
from bridge.rules.permissions import Action
from bridge.services import payment_accounts as accounts
from bridge.services import payment_earlier
from bridge.services import purchases as sold
from bridge.storage import key_search, licenses, payment_accounts, payment_events
from bridge.web.api.errors import invalid
from bridge.web.pages.forms import Form, whole
from bridge.web.pages.payments import find
from bridge.web.pages.visits import Page, Visit

Send = Callable[[Any, PaymentAccount, Form], str]


def _form(
    visit: Visit,
    what: str,
    first: Mapping[str, object],
    send: Send,
    before: Callable[[Form], None] = lambda _form: None,
    **context: Any,
) -> Response:
    """A form about an account: shown, sent, or shown again with what is wrong. ``before``: done first, without rows."""
    form = visit.form(first)
    with visit.reading() as session:
        row = find(visit, session)

    def sent() -> Response:
        before(form)
        with visit.call.writing() as session:
            said = send(session, find(visit, session), form)
        return visit.done(f"payments/{row.source}", said)

    if visit.posted and (done := visit.attempt(form, sent, match="value", source="ref")):
        return done
    return visit.show("payment_form.html", what=what, form=form, account=row, **context)


def map_value(visit: Visit) -> Response:
    """Which package a price, product, payment link or word is."""
    with visit.reading() as session:
        row = find(visit, session)
        packages = [each for each in licenses.packages_of(session, row.owner_id) if not each.is_master]

    def asked(form: Form) -> Price | None:
        """What the provider says of it, asked before anything is opened for writing."""
        return visit.doors.sales().price_of(row, form["value"], form["price"])

    def send(session: Any, account: PaymentAccount, form: Form) -> str:
        package = next((each for each in packages if str(each.id) == form["package"]), None)
        if package is None:
            raise invalid("package", "choose the package that is sold")
        price = before[0] if before else None
        mode = form["quantity"] if form["quantity"] in {"keys", "sites"} else ""
        again = accounts.put_map(
            session, account, form["value"], package, quantity_mode=mode, price=price, actor=visit.actor, now=visit.now
        )
        more = f" Events that are read again: {again}." if again else ""
        return f"{form['value']} is the package “{package.name}” now.{more}"

    first = {"value": visit.query.get("value", ""), "package": "", "price": ""}
    before: list[Price | None] = []
    return _form(visit, "map", first, send, lambda form: before.append(asked(form)), packages=packages)


def unmap(visit: Visit) -> Response:
    """Map a value to nothing any more."""

    def send(session: Any, account: PaymentAccount, form: Form) -> str:
        known = {row.match_value for row in payment_accounts.maps_of(session, account.id or 0)}
        if form["value"] not in known:
            raise invalid("value", "that is not mapped; somebody may have taken it out meanwhile")
        accounts.drop_map(session, account, form["value"], visit.actor, visit.now)
        return f"{form['value']} is not mapped any more. What was sold stays."

    return _form(visit, "unmap", {"value": visit.query.get("value", "")}, send)


def bind(visit: Visit) -> Response:
    """Whose key a subscription or sale is that was there before."""

    def send(session: Any, account: PaymentAccount, form: Form) -> str:
        ref, key = form["ref"], _key(visit, session, form["key"])
        sold.adopt(session, key, account.source, ref, visit.call.issuer, subscription=payment_earlier.renews(ref))
        payment_earlier.read_again(session, account, ref, visit.now)
        return f"The key #{key.id} is the one of {ref} now: what is paid there extends it."

    return _form(visit, "bind", {"ref": visit.query.get("ref", "")}, send)


def accept(visit: Visit) -> Response:
    """Issue keys for a sale from before the account was connected."""

    def send(session: Any, account: PaymentAccount, form: Form) -> str:
        payment_earlier.accept(session, account, form["ref"], visit.actor, visit.now)
        return f"{form['ref']} is read within a second, as the worker runs; its keys are made then."

    return _form(visit, "accept", {"ref": visit.query.get("ref", "")}, send)


def replay(visit: Visit) -> Response:
    """Read events again: those that are named, or all that failed, or all that were ignored."""

    def send(session: Any, account: PaymentAccount, form: Form) -> str:
        which = form["which"]
        if which in {"failed", "ignored"}:
            statuses = ("failed", "dead") if which == "failed" else ("ignored",)
            count = payment_events.replay_all(session, visit.now, account.id or 0, statuses)
        else:
            chosen = [_event(session, account, text) for text in form.words("events")]
            if not chosen:
                raise invalid("events", "write the numbers of the events, as the list shows them")
            count = payment_events.replay(session, visit.now, {each.id or 0 for each in chosen})
        return f"{count} event{' is' if count == 1 else 's are'} read again within a second, as the worker runs."

    return _form(visit, "replay", {"which": "named", "events": visit.query.get("events", "")}, send)


def pause(visit: Visit) -> Response:
    """Answer the provider that we are away, or take deliveries again."""
    with visit.reading() as session:
        paused = find(visit, session).status == "paused"

    def send(session: Any, account: PaymentAccount, form: Form) -> str:
        wanted = form["paused"] == "yes"
        accounts.pause(session, account, wanted, visit.actor, visit.now)
        return "It is paused; the provider tries again for three days." if wanted else "It takes deliveries again."

    return _form(visit, "pause", {"paused": "no" if paused else "yes"}, send)


def _event(session: Any, account: PaymentAccount, text: str) -> Any:
    number = whole(text)
    found = payment_events.by_id(session, number) if number else None
    if found is None or found.account_id != account.id:
        raise invalid("events", f"{text} is no event of this account")
    return found


def _key(visit: Visit, session: Any, text: str) -> LicenseKey:
    """A key of the owner, by its number or by what only one has in it."""
    number = whole(text.removeprefix("#"))
    if number is not None:
        found = key_search.seen_key(session, visit.call.sight, number)
        if found is not None:
            return found[0]
    fits: Any = visit.fill("list_license_keys", query={"q": text, "limit": 2}).payload if len(text) > 3 else []  # noqa: PLR2004
    if len(fits) != 1:
        raise invalid("key", "write the key, or its number; " + ("several fit" if fits else "none fits"))
    found = key_search.seen_key(session, visit.call.sight, fits[0].id)
    assert found is not None, "it was listed just now"
    return found[0]


def _page(name: str, view: Callable[[Visit], Response], **more: Any) -> Page:
    action = Action.PURCHASES_WRITE
    path = f"payments/<source>/{name}"
    return Page(f"owner_payment_{name}", path, action, view, level="owner", posts=action, anew=True, **more)


PAGES = (
    # The provider is asked on the way; doing it again changes nothing.
    _page("map", map_value, once=False),
    _page("unmap", unmap),
    _page("bind", bind),
    _page("accept", accept),
    _page("replay", replay),
    _page("pause", pause),
)
