"""Packages: listed, made, shown, changed, deleted."""

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from bridge.errors import InvalidInputError
from bridge.models import Package, Repo
from bridge.rules.permissions import Action
from bridge.rules.terms import InvalidTerm, Term
from bridge.rules.variables import OwnerSettings
from bridge.services import package_removal, packages
from bridge.services.packages import PackageInput
from bridge.storage import catalog, licenses, removals
from bridge.web.api import schemas as shown
from bridge.web.api import tags
from bridge.web.api.errors import invalid, not_found
from bridge.web.api.fields import PageQuery
from bridge.web.api.key_shapes import level_of
from bridge.web.api.operations import Call, Operation, Reply

_PLAIN = (
    *("name", "active", "grace_days", "after_expiry", "max_sites"),
    *("local_sites", "unstated_domain", "renewal_url"),
)
_TERM = {"term", "term_days", "term_from", "term_until"}


def list_packages(call: Call) -> Reply:
    """One page. An owner has few packages, so all are read and one page is shown."""
    asked: PageQuery = call.query
    with call.reading() as session:
        found = _seen(call, session)
        first = (asked.page - 1) * asked.limit
        rows = found[first : first + asked.limit]
        return Reply([_shape(call, session, package) for package in rows], total=len(found))


def make(call: Call) -> Reply:
    """A new package of the owner, or of the repo."""
    wanted: shown.PackageMake = call.body
    with call.writing() as session:
        call.require(Action.PACKAGES_WRITE, of_owner=call.repo_id is None)
        base = PackageInput(name=wanted.name, term=_term(wanted, Term("annual")), repo_id=call.repo_id)
        stated = wanted.model_fields_set - {"term"}
        made = packages.create(
            session, call.owner_id, _merged(call, session, base, stated), _settings(call, session), call.actor, call.now
        )
        return Reply(_shape(call, session, made), etag=_tag(session, made))


def get(call: Call) -> Reply:
    """One package."""
    with call.reading() as session:
        package = _find(call, session)
        return Reply(_shape(call, session, package), etag=_tag(session, package))


def edit(call: Call) -> Reply:
    """Change a package for all who hold its keys."""
    wanted: shown.PackageEdit = call.body
    with call.writing() as session:
        package = _find(call, session)
        removals.hold_package(session, package)
        call.require(Action.PACKAGES_WRITE, of_owner=package.repo_id is None)
        tags.check(call.if_match, _tag(session, package))
        base = packages.as_input(session, package)
        if wanted.model_fields_set & _TERM:
            base = replace(base, term=_term(wanted, base.term))
        merged = _merged(call, session, base, wanted.model_fields_set - _TERM)
        packages.change(session, package, merged, _settings(call, session), call.actor, call.now)
        return Reply(_shape(call, session, package), etag=_tag(session, package))


def delete(call: Call) -> Reply:
    """Take away a package that nobody holds a key of."""
    with call.writing() as session:
        package = _find(call, session)
        call.require(Action.PACKAGES_DELETE, of_owner=package.repo_id is None)
        package_removal.remove(session, package, call.actor, call.now)
        return Reply(None)


def _seen(call: Call, session: Any) -> list[Package]:
    found = licenses.packages_of(session, call.owner_id, call.repo_id)
    if call.repo_id is None:
        return list(found)
    listed = licenses.repos_of_packages(session, [each.id or 0 for each in found])
    return [each for each in found if call.repo_id in listed.get(each.id or 0, {call.repo_id})]


def _find(call: Call, session: Any) -> Package:
    wanted = call.id("id")
    package = next((each for each in _seen(call, session) if each.id == wanted), None)
    if package is None:
        raise not_found()
    return package


def _merged(call: Call, session: Any, base: PackageInput, stated: set[str]) -> PackageInput:
    """The package as it would be. ``null`` means something for streams and editions, and nothing elsewhere."""
    wanted: shown.PackageMake | shown.PackageEdit = call.body
    changes: dict[str, Any] = {}
    for name in stated - _TERM:
        value = getattr(wanted, name)
        if name in {"streams", "editions"}:
            changes[name] = None if value is None else tuple(value)
        elif name == "repos":
            changes["repo_ids"] = tuple(_repo_id(call, session, each) for each in value or ())
        elif value is None:
            raise invalid(name, "can't be null; leave it out to keep it")
        elif name in _PLAIN:
            changes[name] = value
    return replace(base, **changes)


def _repo_id(call: Call, session: Any, name: str) -> int:
    found = catalog.repo_by_name(session, call.owner(session).name, name)
    if found is None or found[0].owner_id != call.owner_id:
        raise invalid("repos", "names a repo that the owner does not have")
    return found[0].id


def _term(wanted: shown.PackageMake | shown.PackageEdit, before: Term) -> Term:
    """The term as stated; with another kind, the numbers of the former one are gone."""
    stated, same = wanted.model_fields_set, wanted.term in {None, before.kind}
    kind = wanted.term or before.kind

    def value(field: str, old: Any) -> Any:
        return getattr(wanted, field) if field in stated else (old if same else None)

    try:
        return Term(
            kind,
            cast("int | None", value("term_days", before.days)),
            cast("datetime | None", value("term_from", before.starts)),
            cast("datetime | None", value("term_until", before.until)),
        )
    except InvalidTerm as error:
        raise InvalidInputError("term", str(error)) from None


def _settings(call: Call, session: Any) -> OwnerSettings:
    return OwnerSettings.from_dict(call.owner(session).settings)


def _shape(call: Call, session: Any, package: Package) -> shown.Package:
    listed = licenses.repos_of_packages(session, [package.id or 0]).get(package.id or 0, set())
    opened = {package.repo_id} if package.repo_id else listed
    if call.repo_id is not None and not call.standing.on_owner:
        opened &= {call.repo_id}  # the names of other repos, which may be private, are not for this repo's people
    return shown.Package(
        **{name: getattr(package, name) for name in _PLAIN},
        id=package.id or 0,
        level=level_of(package),
        repos=sorted(session.get_one(Repo, repo_id).name for repo_id in opened),
        master=package.is_master,
        term=cast("shown.TermKind", package.term_kind),
        term_days=package.term_days,
        term_from=package.term_from,
        term_until=package.term_until,
        streams=package.streams,
        editions=package.editions,
    )


def _tag(session: Any, package: Package) -> str:
    listed = licenses.repos_of_packages(session, [package.id or 0]).get(package.id or 0, set())
    return tags.tag([packages.summary(package), sorted(listed)])


OPERATIONS = (
    Operation(
        name="list_license_packages",
        method="GET",
        path="license-packages",
        action=Action.PACKAGES_READ,
        view=list_packages,
        summary="List packages; a repo's list shows those that the owner lends to it too",
        answer=list[shown.Package],
        query=PageQuery,
    ),
    Operation(
        name="make_license_package",
        method="POST",
        path="license-packages",
        action=Action.PACKAGES_WRITE,
        view=make,
        summary="Make a package of the owner, or of the repo",
        answer=shown.Package,
        status=201,
        body=shown.PackageMake,
    ),
    Operation(
        name="get_license_package",
        method="GET",
        path="license-packages/{id}",
        action=Action.PACKAGES_READ,
        view=get,
        summary="Show a package",
        answer=shown.Package,
    ),
    Operation(
        name="edit_license_package",
        method="PATCH",
        path="license-packages/{id}",
        action=Action.PACKAGES_WRITE,
        view=edit,
        summary="Change a package, for new keys and for those that were issued",
        answer=shown.Package,
        body=shown.PackageEdit,
    ),
    Operation(
        name="delete_license_package",
        method="DELETE",
        path="license-packages/{id}",
        action=Action.PACKAGES_DELETE,
        view=delete,
        summary="Delete a package without keys (site admins only)",
        answer=None,
        status=204,
        anew=True,
    ),
)
