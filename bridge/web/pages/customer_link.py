"""The link to a customer's own page, for those who help: mailed to the customer, or shown to those who see keys."""

from typing import Any

from flask import Response

from bridge.models import Customer
from bridge.rules.permissions import Action
from bridge.services import link_mails
from bridge.web.api.errors import invalid
from bridge.web.pages import customers
from bridge.web.pages.visits import Page, Visit

_MADE = 201


def link(visit: Visit) -> Response:
    """Mail it, or show it; both are kept in the audit trail. It opens whole keys, so not everybody is shown it."""
    visit.require(Action.KEYS_RESEND, of_owner=True)
    customer = customers.find(visit)
    form = visit.form({})
    may_see = visit.may(Action.KEYS_CODE, of_owner=True)
    days = visit.doors.customers().links.days

    def send() -> Response:
        if form["how"] == "mail":
            return _mailed(visit, customer)
        if form["how"] != "show":
            raise invalid("how", "choose whether to mail the link or to see it")
        visit.require(Action.KEYS_CODE, of_owner=True)
        response = visit.show(
            "customer_link.html", customer=customer, link=_shown(visit, customer), days=days, status=_MADE
        )
        response.headers["Location"] = visit.to(f"customers/{customer.id}")
        return response

    if visit.posted and (done := visit.attempt(form, send)):
        return done
    return visit.show("customer_link.html", form=form, customer=customer, link="", may_see=may_see, days=days)


def _mailed(visit: Visit, customer: Any) -> Response:
    visit.call.require_mail()
    with visit.call.writing() as session:
        to = link_mails.of_customer(session, session.get_one(Customer, customer.id), visit.call.issuer)
    return visit.done(f"customers/{customer.id}", f"The link is on its way to {to}.")


def _shown(visit: Visit, customer: Any) -> str:
    with visit.call.writing() as session:
        row = session.get_one(Customer, customer.id)
        address = visit.doors.customers().links.address(row, visit.now)
        link_mails.note(session, row, "customer.link_show", visit.call.issuer)
    return address


PAGES = (
    Page(
        "owner_customer_link",
        "customers/<id>/link",
        Action.KEYS_RESEND,
        link,
        level="owner",
        posts=Action.KEYS_RESEND,
        anew=True,
    ),
)
