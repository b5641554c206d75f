"""What is changed about a key: one form, one address. Each is an operation of the API, filled in by hand."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from flask import Response

from bridge.rules.permissions import Action
from bridge.web.api import schemas_keys as shown
from bridge.web.api import tags
from bridge.web.api.errors import invalid
from bridge.web.pages import key as keys
from bridge.web.pages import packages
from bridge.web.pages.forms import Form, whole
from bridge.web.pages.visits import Page, Visit, at_each

_FIELDS = {"name": "customer_name", "email": "customer_email"}


def _form(
    visit: Visit,
    what: str,
    first: Callable[[shown.Key], Mapping[str, object]],
    send: Callable[[shown.Key, Form], Response],
    **context: Any,
) -> Response:
    """A form about the key: shown, sent, or shown again with what is wrong."""
    found, version = keys.read(visit)
    visit.require(visit.page.action, of_owner=found.package.level == "owner")
    form = visit.form(first(found), version)

    def sent() -> Response:
        tags.check(form.version, version)  # also where the operation compares nothing, as with sites
        return send(found, form)

    if visit.posted and (done := visit.attempt(form, sent, expires_at="until")):
        return done
    if form.conflict:
        form.version = version
    return visit.show("key_form.html", what=what, form=form, key=found, may=keys.Permissions(visit, found), **context)


def expiry(visit: Visit) -> Response:
    """Extend, fix, never, or as paid."""

    def send(key: shown.Key, form: Form) -> Response:
        here = f"keys/{key.id}"
        if form["how"] == "term":
            visit.fill("renew_license_key", id=key.id, version=form.version)
        else:
            visit.fill("edit_license_key", id=key.id, body=_expiry(visit, key, form), version=form.version)
        now, _ = keys.read(visit)
        end = f"{now.expires_at:%Y-%m-%d}" if now.expires_at else "never"
        return visit.done(here, f"It now expires {end}.", back=(f"{here}/expiry", "Change it back"))

    first = lambda key: {"how": "extend", "until": key.expires_at}  # noqa: E731
    return _form(visit, "expiry", first, send, later=keys.later(visit))


def _expiry(visit: Visit, key: shown.Key, form: Form) -> dict[str, Any]:
    how, until = form["how"], form.day("until")
    if how in {"extend", "fix"} and until is None:
        raise invalid("until", "write the day on which it expires, such as 2027-03-31")
    chosen: dict[str, dict[str, Any]] = {
        "extend": {"expiry_mode": "extend", "expires_at": until},
        "fix": {"expiry_mode": "fix", "expires_at": until},
        "year": {"expiry_mode": "extend", "expires_at": keys.one_year_on(key, visit.now) if how == "year" else None},
        "never": {"expiry_mode": "extend", "expires_at": None},
        "paid": {"expiry_mode": "paid"},
    }
    if how not in chosen:
        raise invalid("how", "choose what shall happen to the expiry")
    return chosen[how]


def domains(visit: Visit) -> Response:
    """Which domains it is assigned to."""

    def send(key: shown.Key, form: Form) -> Response:
        visit.fill("edit_license_key", id=key.id, body={"domains": form.words("domains")}, version=form.version)
        count = len(keys.read(visit)[0].domains)
        said = f"It now works on {count} domain{'' if count == 1 else 's'}." if count else "It now works on any domain."
        return visit.done(f"keys/{key.id}", said, back=(f"keys/{key.id}/domains", "Change it back"))

    return _form(visit, "domains", lambda key: {"domains": "\n".join(key.domains)}, send)


def describe(visit: Visit) -> Response:
    """Customer, note, labels, the limit of sites."""

    def first(key: shown.Key) -> Mapping[str, object]:
        mail = "" if "…" in key.customer_email else key.customer_email
        return {
            "customer_name": key.customer_name, "customer_email": mail, "note": key.note,
            "labels": ", ".join(key.labels), "max_sites": key.max_sites_override,
        }  # fmt: skip

    def send(key: shown.Key, form: Form) -> Response:
        body = {
            "customer_name": form["customer_name"], "customer_email": form["customer_email"], "note": form.raw("note"),
            "labels": form.lines("labels"), "max_sites": form.number("max_sites"),
        }  # fmt: skip
        visit.fill("edit_license_key", id=key.id, body=body, version=form.version)
        return visit.done(f"keys/{key.id}", "Saved.")

    return _form(visit, "describe", first, send)


def suspend(visit: Visit) -> Response:
    """Hold it back, or let it go on."""

    def send(key: shown.Key, form: Form) -> Response:
        hold = form["suspended"] == "yes"
        visit.fill("edit_license_key", id=key.id, body={"suspended": hold}, version=form.version)
        words = ("It is suspended: sites get nothing.", "Let it go on") if hold else ("It goes on.", "Suspend it")
        return visit.done(f"keys/{key.id}", words[0], back=(f"keys/{key.id}/suspend", words[1]))

    return _form(visit, "suspend", lambda key: {"suspended": "no" if key.suspended_at else "yes"}, send)


def revoke(visit: Visit) -> Response:
    """Stop it for good."""

    def send(key: shown.Key, form: Form) -> Response:
        _confirm(key, form)
        reason = {"reason": form.raw("reason")}
        answer: Any = visit.fill("revoke_license_key", id=key.id, body=reason, version=form.version).payload
        if answer.successor is not None:
            said = "The master key was revoked. This is its successor: put it where the old one was."
            return visit.done(f"keys/{answer.successor.id}", said)
        return visit.done(f"keys/{key.id}", "It is revoked, everywhere within a second.")

    return _form(visit, "revoke", lambda _key: {}, send)


def replace_code(visit: Visit) -> Response:
    """A new code; sites and dates stay."""

    def send(key: shown.Key, form: Form) -> Response:
        visit.fill("replace_license_key", id=key.id, body={"overlap": form["overlap"]}, version=form.version)
        return visit.done(f"keys/{key.id}", "The key has a new code. Tell the customer.")

    return _form(visit, "code", lambda _key: {"overlap": "24h"}, send)


def replace_feed(visit: Visit) -> Response:
    """A new personal feed address; the old one stops at once."""

    def send(key: shown.Key, form: Form) -> Response:
        visit.fill("replace_feed_token", id=key.id, version=form.version)
        return visit.done(f"keys/{key.id}", "The personal feed has a new address. The old one is empty now.")

    return _form(visit, "feed", lambda _key: {}, send)


def move(visit: Visit) -> Response:
    """Another package, after a look at what that changes."""
    known = packages.all_of(visit)
    preview: list[shown.Key] = []

    def send(key: shown.Key, form: Form) -> Response:
        body = {"package_id": whole(form["package_id"]) or 0}
        before = visit.fill("edit_license_key", id=key.id, body=body | {"dry_run": True}, version=form.version).payload
        preview.append(cast("shown.Key", before))
        if form["step"] != "do":
            raise _OnlyLooking
        visit.fill("edit_license_key", id=key.id, body=body, version=form.version)
        back = (f"keys/{key.id}/package", "Change it back")
        return visit.done(f"keys/{key.id}", f"It is a key of “{preview[-1].package.name}” now.", back=back)

    offered = [each for each in known if each.active and not each.master]
    first = lambda key: {"package_id": key.package.id}  # noqa: E731
    try:
        return _form(visit, "package", first, send, packages=offered, preview=preview)
    except _OnlyLooking:
        visit.posted, found = False, keys.read(visit)
        form = visit.form({}, found[1])
        may = keys.Permissions(visit, found[0])
        context: dict[str, Any] = {"packages": offered, "preview": preview}
        context["all_packages"] = {each.id: each for each in known}
        return visit.show("key_form.html", what="package", form=form, key=found[0], may=may, **context)


class _OnlyLooking(Exception):  # noqa: N818  no error: the visitor wants to see it first
    pass


def free_site(visit: Visit) -> Response:
    """End a site's activation."""
    number = visit.id("site")

    def send(key: shown.Key, form: Form) -> Response:
        del form
        visit.fill("free_license_key_site", id=key.id, site=number)
        return visit.done(f"keys/{key.id}", "The site was freed; another may take its place.")

    sites: Any = visit.fill("list_license_key_sites", id=visit.id("id"), query={"limit": 50}).payload
    site = next((each for each in sites if each.id == number), None)
    return _form(visit, "site", lambda _key: {}, send, site=site)


def resend(visit: Visit) -> Response:
    """Mail it to its customer once more."""

    def send(key: shown.Key, form: Form) -> Response:
        del form
        sent: Any = visit.fill("resend_license_key", id=key.id).payload
        return visit.done(f"keys/{key.id}", f"The key is on its way to {sent.to}.")

    return _form(visit, "resend", lambda _key: {}, send)


def delete(visit: Visit) -> Response:
    """Take it away for good; site admins only."""

    def send(key: shown.Key, form: Form) -> Response:
        _confirm(key, form)
        visit.fill("delete_license_key", id=key.id)
        return visit.done(visit.keys_path, "The key was deleted.")

    return _form(visit, "delete", lambda _key: {}, send)


def _confirm(key: shown.Key, form: Form) -> None:
    """Ask by name: whoever stops a key writes its last five symbols."""
    if form["confirm"].upper() != key.code[-5:].upper():
        raise invalid("confirm", f"write the last five symbols of the key, {key.code[-5:]}, to confirm")


def _page(name: str, path: str, action: Action, view: Callable[[Visit], Response], **more: Any) -> Page:
    return Page(f"key_{name}", f"keys/<id>/{path}", action, view, posts=action, **more)


PAGES = at_each(
    ("repo", "owner"),
    # Support may extend by the grace, and domains have an action of their own; the operation asks for the rest.
    _page("expiry", "expiry", Action.KEYS_EXTEND_BY_GRACE, expiry),
    _page("domains", "domains", Action.KEYS_DOMAINS, domains),
    _page("describe", "describe", Action.KEYS_EDIT, describe),
    _page("suspend", "suspend", Action.KEYS_EDIT, suspend),
    _page("revoke", "revoke", Action.KEYS_REVOKE, revoke, anew=True),
    _page("code", "code", Action.KEYS_REPLACE, replace_code, anew=True),
    _page("feed", "feed", Action.KEYS_REPLACE, replace_feed, anew=True),
    _page("move", "package", Action.KEYS_EDIT, move, once=False),
    _page("site_free", "sites/<site>/free", Action.SITES_FREE, free_site, anew=True),
    _page("resend", "resend", Action.KEYS_RESEND, resend),
    _page("delete", "delete", Action.KEYS_DELETE, delete, anew=True),
)
