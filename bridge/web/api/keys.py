"""Keys: listed, issued, shown, changed, deleted."""

from typing import Any, cast

from bridge.errors import InvalidInputError
from bridge.models import LicenseKey, Package
from bridge.rules.domains import normalize_host
from bridge.rules.hosts import InvalidDomain
from bridge.rules.permissions import Action, within_grace
from bridge.rules.terms import ExpiryEdit, InvalidTerm, Term
from bridge.services import key_edits, keys
from bridge.services.key_inputs import KeyInput
from bridge.storage import key_search, licenses
from bridge.storage.key_search import Filter
from bridge.web.api import cursors, purchases, tags
from bridge.web.api import schemas_keys as shown
from bridge.web.api.errors import ApiError, invalid, not_found
from bridge.web.api.key_shapes import reveals_master, shape, shapes
from bridge.web.api.operations import Call, Operation, Reply

_DESCRIBING = ("customer_name", "customer_email", "note", "labels", "max_sites")
# What each field of a change needs. Extending by the grace needs less, see ``_edit_expiry``.
_NEEDS = dict.fromkeys((*_DESCRIBING, "package_id", "suspended"), Action.KEYS_EDIT) | {"domains": Action.KEYS_DOMAINS}
_NEVER_NULL = ("package_id", "customer_name", "customer_email", "domains", "note", "labels", "suspended")


def find(call: Call, session: Any, *, hold: bool = False) -> tuple[LicenseKey, Package]:
    """The key of the address, if it is seen from here; with ``hold`` nobody else changes it meanwhile."""
    found = key_search.seen_key(session, call.sight, call.id("id"))
    if found is None:
        raise not_found()
    if hold:
        licenses.hold(session, found[0])
        return found[0], session.get_one(Package, found[0].package_id)
    return found


def find_for(call: Call, session: Any, action: Action) -> tuple[LicenseKey, Package]:
    """The same, for a change that the caller must be allowed."""
    key, package = find(call, session, hold=True)
    call.require(action, of_owner=package.repo_id is None)
    if call.if_match:
        tags.check(call.if_match, tags.key_tag(session, key))
    return key, package


def list_keys(call: Call) -> Reply:
    """One page."""
    asked: shown.KeyQuery = call.query
    wanted = Filter(
        state=asked.state or "",
        package_id=asked.package,
        customer=asked.customer,
        host=host_asked(asked.domain),
        text=asked.q,
        expires_before=asked.expires_before,
        sort=asked.sort,
    )
    if asked.after and asked.before:
        raise invalid("before", "goes without after")
    after, before = (cursors.read(name, getattr(asked, name), asked.sort) for name in ("after", "before"))
    offset = (asked.page - 1) * asked.limit
    with call.reading() as session:
        found = key_search.page_of_keys(
            session, call.sight, wanted, call.now, limit=asked.limit, offset=offset, after=after, before=before
        )
        around = cursors.around(found, asked.sort)
        return Reply(shapes(call, session, found.rows), total=found.total, capped=found.capped, around=around)


def issue(call: Call) -> Reply:
    """New keys of a package."""
    wanted: shown.KeyIssue = call.body
    sold = purchases.is_sale(wanted)
    stated = KeyInput(
        customer_name=wanted.customer_name,
        customer_email=wanted.customer_email,
        domains=tuple(wanted.domains),
        starts_at=wanted.starts_at,
        expires_at=wanted.expires_at,
        term=_term(wanted),
        max_sites=wanted.max_sites,
        note=wanted.note,
        labels=tuple(wanted.labels),
        quantity=wanted.quantity,
        is_test=wanted.test,
    )
    with call.writing() as session:
        if sold:
            package = package_for(call, session, wanted.package_id, Action.PURCHASES_WRITE)
            return purchases.sell(call, session, package, stated)
        package = package_for(call, session, wanted.package_id, Action.KEYS_ISSUE)
        issued = keys.issue(session, package, stated, call.issuer)
        return Reply(shown.IssuedKeys(keys=shapes(call, session, [(key, package) for key in issued])))


def _term(wanted: shown.KeyIssue) -> Term | None:
    if wanted.term is None and wanted.term_days is None:
        return None
    try:
        return Term(wanted.term or "days", wanted.term_days)
    except InvalidTerm as error:
        raise InvalidInputError("term", str(error)) from None


def get(call: Call) -> Reply:
    """One key."""
    with call.reading() as session:
        key, package = find(call, session)
        if not reveals_master(call, key):
            return Reply(shape(call, session, key, package), etag=tags.key_tag(session, key))
    with call.writing() as session:
        key, package = find(call, session)
        return Reply(shape(call, session, key, package), etag=tags.key_tag(session, key))


def edit(call: Call) -> Reply:
    """Change a key, or only show what it would be."""
    wanted: shown.KeyEdit = call.body
    stated = wanted.model_fields_set - {"dry_run"}
    for name in _NEVER_NULL:
        if name in stated and getattr(wanted, name) is None:
            raise invalid(name, "can't be null; leave it out to keep it")
    with call.writing() as session:
        key, package = find(call, session, hold=True)
        tags.check(call.if_match, tags.key_tag(session, key))
        for name in sorted(stated & _NEEDS.keys()):
            call.require(_NEEDS[name], of_owner=package.repo_id is None)
        _apply(call, session, key, package, stated)
        package = session.get_one(Package, key.package_id)
        if wanted.dry_run:
            # As a list shows it: nothing is kept of a dry run, so no master's code may be revealed by one.
            reply = Reply(shapes(call, session, [(key, package)])[0], etag=tags.key_tag(session, key))
            session.rollback()
            return reply
        return Reply(shape(call, session, key, package), etag=tags.key_tag(session, key))


def _apply(call: Call, session: Any, key: LicenseKey, package: Package, stated: set[str]) -> None:
    wanted: shown.KeyEdit = call.body
    actor, now = call.actor, call.now
    if "package_id" in stated:
        target = package_for(call, session, cast("int", wanted.package_id), Action.KEYS_EDIT)
        key_edits.move(session, key, target, actor, now)
    changes = {name: getattr(wanted, name) for name in _DESCRIBING if name in stated}
    if changes:
        key_edits.describe(session, key, changes, call.doors.settings.bridge.key_prefix, actor, now)
    if "domains" in stated:
        keys.assign(session, key, wanted.domains or (), actor, now)
    if stated & {"expires_at", "expiry_mode"}:
        _edit_expiry(call, session, key, package, stated)
    if "suspended" in stated:
        keys.suspend(session, key, bool(wanted.suspended), actor, now)


def _edit_expiry(call: Call, session: Any, key: LicenseKey, package: Package, stated: set[str]) -> None:
    wanted: shown.KeyEdit = call.body
    if (wanted.expiry_mode == "paid") == ("expires_at" in stated):
        raise invalid("expires_at", "goes with the modes extend and fix, and not with paid")
    of_owner = package.repo_id is None
    by_grace = wanted.expiry_mode == "extend" and within_grace(
        key.expires_at, licenses.package_value(package).grace, wanted.expires_at
    )
    if not (by_grace and call.may(Action.KEYS_EXTEND_BY_GRACE, of_owner=of_owner)):
        call.require(Action.KEYS_EDIT, of_owner=of_owner)
    if wanted.expires_at is not None and wanted.expires_at <= key.starts_at:
        raise InvalidInputError("expires", "the expiry must lie after the start")
    edit = None if wanted.expiry_mode == "paid" else ExpiryEdit(wanted.expiry_mode, wanted.expires_at)
    keys.set_expiry(session, key, edit, call.actor, call.now)


def delete(call: Call) -> Reply:
    """Take a key away for good."""
    with call.writing() as session:
        key, _ = find_for(call, session, Action.KEYS_DELETE)
        key_edits.remove(session, key, call.actor, call.now)
        return Reply(None)


def package_for(call: Call, session: Any, package_id: int, action: Action) -> Package:
    """A package that is named in a body, and that the caller may do this with."""
    package = licenses.package_by_id(session, package_id)
    seen = package is not None and package.owner_id == call.owner_id
    if package is None or not seen or (call.repo_id is not None and package.repo_id not in {None, call.repo_id}):
        raise ApiError("invalid", "there is no such package here", {"package_id": "names no package that is seen here"})
    call.require(action, of_owner=package.repo_id is None)
    return package


def host_asked(text: str) -> str:
    """A domain to look for, as it is stored; none where none is stated."""
    if not text:
        return ""
    try:
        return normalize_host(text)
    except InvalidDomain as error:
        raise invalid("domain", f"is not a domain: {error}") from None


OPERATIONS = (
    Operation(
        name="list_license_keys",
        method="GET",
        path="license-keys",
        action=Action.KEYS_READ,
        view=list_keys,
        summary="List keys",
        answer=list[shown.Key],
        query=shown.KeyQuery,
    ),
    Operation(
        name="issue_license_keys",
        method="POST",
        path="license-keys",
        action=Action.KEYS_ISSUE,
        view=issue,
        summary="Issue keys of a package; with a source and a payment_ref, as a purchase",
        answer=shown.IssuedKeys,
        status=201,
        also=200,
        body=shown.KeyIssue,
    ),
    Operation(
        name="get_license_key",
        method="GET",
        path="license-keys/{id}",
        action=Action.KEYS_READ,
        view=get,
        summary="Show a key",
        answer=shown.Key,
    ),
    Operation(
        name="edit_license_key",
        method="PATCH",
        path="license-keys/{id}",
        action=Action.KEYS_DOMAINS,
        view=edit,
        summary="Change a key, or with dry_run only show what it would be",
        answer=shown.Key,
        body=shown.KeyEdit,
    ),
    Operation(
        name="delete_license_key",
        method="DELETE",
        path="license-keys/{id}",
        action=Action.KEYS_DELETE,
        view=delete,
        summary="Delete a key for good (site admins only)",
        answer=None,
        status=204,
        anew=True,
    ),
)
