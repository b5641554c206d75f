"""Customers of an owner: found, shown with all their keys, exported, forgotten."""

from typing import Any

from flask import Response

from bridge.rules.permissions import Action
from bridge.storage import customer_search
from bridge.web.api import schemas_customers as shown
from bridge.web.api.key_shapes import shapes
from bridge.web.pages import paging
from bridge.web.pages.visits import Page, Visit

CUSTOMERS_A_PAGE, KEYS_A_PAGE = 30, 50
SORTS = (("-id", "Newest"), ("id", "Oldest"), ("customer", "By name"), ("-customer", "By name, from the end"))
_KEPT = ("q", "sort")


def list_all(visit: Visit) -> Response:
    """One page of them."""
    asked = {name: visit.query.get(name, "").strip() for name in (*_KEPT, "after", "before")}
    query = {name: text for name, text in asked.items() if text}
    reply = visit.fill("list_license_customers", query={**query, "page": visit.page_number, "limit": CUSTOMERS_A_PAGE})
    kept = {name: asked[name] for name in _KEPT}
    return visit.show(
        "customers.html",
        asked=asked,
        customers=reply.payload,
        total=reply.total or 0,
        capped=reply.capped,
        sorts=SORTS,
        links=paging.around(visit, "customers", kept, reply),
    )


def show(visit: Visit) -> Response:
    """One customer with all keys."""
    customer = find(visit)
    return visit.show(
        "customer.html",
        customer=customer,
        keys=keys_of(visit, customer),
        links=key_pages(visit, customer),
        purchases=_purchases(visit, customer),
    )


def export(visit: Visit) -> Response:
    """Everything that is stored of the customer, as a file."""
    customer = find(visit)
    if not visit.posted:
        return visit.show("customer_export.html", form=visit.form({}), customer=customer)
    reply = visit.fill("export_license_customer", id=customer.id)
    with reply.file:
        response = Response(reply.file.read(), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{reply.filename}"'
    return response


def erase(visit: Visit) -> Response:
    """Forget the customer, by the mail address."""
    customer = find(visit)
    form = visit.form({})

    def send() -> Response:
        body = {"confirm": form["confirm"], "domains": form.has("domains")}
        done: Any = visit.fill("erase_license_customer", id=customer.id, body=body).payload
        keys = "1 key goes on" if done.keys == 1 else f"{done.keys} keys go on"
        return visit.done("customers", f"The customer is forgotten; {keys} without a name.")

    if visit.posted and (done := visit.attempt(form, send)):
        return done
    return visit.show("customer_erase.html", form=form, customer=customer)


def find(visit: Visit) -> shown.Customer:
    """The customer of the address."""
    found = visit.fill("get_license_customer", id=visit.id("id")).payload
    assert isinstance(found, shown.Customer)
    return found


def keys_of(visit: Visit, customer: shown.Customer) -> list[Any]:
    """A page of the customer's keys, the newest first."""
    offset = (visit.page_number - 1) * KEYS_A_PAGE
    with visit.reading() as session:
        _, pairs = customer_search.first_keys(session, customer.id, None, KEYS_A_PAGE, offset)
        return list(shapes(visit.call, session, pairs))


def key_pages(visit: Visit, customer: shown.Customer) -> paging.Links:
    """The ways to the customer's other keys, on the same page."""
    return paging.numbered(visit, visit.here, {}, customer.key_count, KEYS_A_PAGE)


def _purchases(visit: Visit, customer: shown.Customer) -> Any:
    """What the customer bought; ``None`` for those who may not see it."""
    if not visit.may_here(Action.PURCHASES_READ) or customer.masked:
        return None
    return visit.fill("list_license_purchases", query={"customer": customer.email, "limit": 20}).payload


PAGES = (
    Page("owner_customers", "customers", Action.CUSTOMERS_READ, list_all, level="owner"),
    Page("owner_customer", "customers/<id>", Action.CUSTOMERS_READ, show, level="owner"),
    # Its answer is a file, which leads nowhere; doing it again harms nothing.
    Page(
        "owner_customer_export",
        "customers/<id>/export",
        Action.CUSTOMERS_EXPORT,
        export,
        level="owner",
        posts=Action.CUSTOMERS_EXPORT,
        anew=True,
        once=False,
    ),
    Page(
        "owner_customer_erase",
        "customers/<id>/erase",
        Action.CUSTOMERS_ERASE,
        erase,
        level="owner",
        posts=Action.CUSTOMERS_ERASE,
        anew=True,
    ),
)
