"""Customers: listed with their keys, shown, exported, erased."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bridge.models import Customer, Package
from bridge.rules.permissions import Action
from bridge.services import customer_export, erasing
from bridge.storage import customer_search, licenses
from bridge.storage.customer_search import CustomerPage, Reach, Window
from bridge.web.api import cursors
from bridge.web.api import schemas_customers as shown
from bridge.web.api.errors import ApiError, invalid, not_found
from bridge.web.api.key_shapes import masked_mail, shapes
from bridge.web.api.operations import Call, Operation, Reply

# Larger exports are put together on the disk.
_IN_MEMORY = 1 << 20


@dataclass(frozen=True, slots=True)
class _Found:
    """A customer, the packages of the keys that are shown here (``None``: of all), and whose they are."""

    customer: Customer
    package_ids: Sequence[int] | None
    of_owner: bool
    beyond: bool  # has keys that are not of the repo at which it is asked for


def list_customers(call: Call) -> Reply:
    """One page: at a repo those with keys of its own packages."""
    asked: shown.CustomerQuery = call.query
    if asked.after and asked.before:
        raise invalid("before", "goes without after")
    after, before = (cursors.read(name, getattr(asked, name), asked.sort) for name in ("after", "before"))
    at_owner = call.repo_id is None
    with call.reading() as session:
        packages = None if call.repo_id is None else customer_search.own_packages(session, call.repo_id)
        reach = Reach(call.owner_id, packages, call.may(Action.KEYS_MAIL, of_owner=at_owner))
        window = Window(asked.sort, asked.limit, (asked.page - 1) * asked.limit, after, before)
        page = customer_search.page_of_customers(session, reach, asked.q, window)
        found = [_Found(each, packages, at_owner, beyond=False) for each in page.customers]
        around = _around(page, asked.sort)
        return Reply(_shapes(call, session, found), total=page.total, capped=page.capped, around=around)


def get(call: Call) -> Reply:
    """One customer."""
    with call.reading() as session:
        found = _find(call, session)
        call.require(Action.CUSTOMERS_READ, of_owner=found.of_owner)
        return Reply(_shapes(call, session, [found])[0])


def export(call: Call) -> Reply:
    """Everything that is stored about a customer, as a file."""
    with call.writing() as session:
        found = _find_whole(call, session, Action.CUSTOMERS_EXPORT)
        customer_export.note(session, found.customer, call.actor, call.now)
    with ExitStack() as closing:
        file = closing.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8"))
        with call.reading() as session:  # nobody who writes waits for the reading
            customer_export.write(session, _find(call, session).customer, file, call.now)
        file.seek(0)
        closing.pop_all()  # the answer closes it
    return Reply(None, file=file, filename=f"customer-{found.customer.id}.json")


def erase(call: Call) -> Reply:
    """Forget a customer; the keys go on."""
    wanted: shown.Erasure = call.body
    with call.writing() as session:
        found = _find_whole(call, session, Action.CUSTOMERS_ERASE)
        erasing.check_confirmed(found.customer, wanted.confirm)
        done = erasing.erase(session, found.customer, domains=wanted.domains, actor=call.actor, now=call.now)
        numbers = {"keys": done.keys, "purchases": done.purchases, "audit_rows": done.audit_rows}
        return Reply(shown.Erased(**numbers, domains=wanted.domains))


def _find(call: Call, session: Any) -> _Found:
    """The customer of the address, if any of its keys is seen from here."""
    customer = session.get(Customer, call.id("id"))
    if customer is None or customer.owner_id != call.owner_id:
        raise not_found()
    if call.repo_id is None:
        return _Found(customer, None, of_owner=True, beyond=False)
    held = customer_search.packages_held(session, customer.id or 0)
    own = [package.id or 0 for package in held if package.repo_id == call.repo_id]
    lent = _lent(call, session, held)
    if not own and not lent:
        raise not_found()
    # Whose mail address is shown must not be read off a key that is shown with its address masked.
    shown_here = own + lent if call.may(Action.CUSTOMERS_READ, of_owner=True) else own
    return _Found(customer, shown_here, of_owner=not own, beyond=len(own) < len(held))


def _lent(call: Call, session: Any, held: Sequence[Package]) -> list[int]:
    """Those of the packages that the owner lends to this repo."""
    of_owner = [package.id or 0 for package in held if package.repo_id is None]
    listed = licenses.repos_of_packages(session, of_owner)
    return [id_ for id_ in of_owner if id_ not in listed or call.repo_id in listed[id_]]


def _find_whole(call: Call, session: Any, action: Action) -> _Found:
    """The same, for what is done to all that the owner has of a person: half a person is nobody's wish."""
    found = _find(call, session)
    call.require(action, of_owner=found.of_owner)
    if found.beyond and not call.may(action, of_owner=True):
        raise ApiError(
            "forbidden", "the customer has keys beyond this repo too; the owner's people can do this, at the owner"
        )
    return found


def _shapes(call: Call, session: Any, found: Sequence[_Found]) -> list[shown.Customer]:
    made = []
    for each in found:
        customer_id = each.customer.id or 0
        total, keys = customer_search.first_keys(session, customer_id, each.package_ids, shown.MOST_KEYS_SHOWN)
        sees_mail = call.may(Action.KEYS_MAIL, of_owner=each.of_owner)
        made.append(
            shown.Customer(
                id=customer_id,
                name=each.customer.name,
                email=each.customer.email if sees_mail else masked_mail(each.customer.email),
                masked=not sees_mail,
                key_count=total,
                keys=shapes(call, session, keys),
                created_at=each.customer.created_at,
            )
        )
    return made


def _around(page: CustomerPage, sort: str) -> tuple[dict[str, str] | None, dict[str, str] | None]:
    """What leads to the page before and to the page after."""
    ends = [page.customers[at] for at in (0, -1)] if page.customers else []
    words = [cursors.written(customer_search.position(each, sort), sort) for each in ends]
    before = {"before": words[0]} if words else {}
    after = {"after": words[1]} if words else {}
    return before if page.more_before else None, after if page.more_after else None


OPERATIONS = (
    Operation(
        name="list_license_customers",
        method="GET",
        path="license-customers",
        action=Action.CUSTOMERS_READ,
        view=list_customers,
        summary="List customers with their keys",
        answer=list[shown.Customer],
        query=shown.CustomerQuery,
    ),
    Operation(
        name="get_license_customer",
        method="GET",
        path="license-customers/{id}",
        action=Action.CUSTOMERS_READ,
        view=get,
        summary="Show a customer",
        answer=shown.Customer,
    ),
    Operation(
        name="export_license_customer",
        method="POST",
        path="license-customers/{id}/export",
        action=Action.CUSTOMERS_EXPORT,
        view=export,
        summary="Write down everything that is stored about a customer",
        answer=shown.CustomerExport,
        anew=True,
        harmless=True,
    ),
    Operation(
        name="erase_license_customer",
        method="POST",
        path="license-customers/{id}/erase",
        action=Action.CUSTOMERS_ERASE,
        view=erase,
        summary="Forget a customer; the keys go on without a name",
        answer=shown.Erased,
        body=shown.Erasure,
        anew=True,
    ),
)
