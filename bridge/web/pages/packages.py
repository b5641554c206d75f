"""Packages: listed, made, changed, deleted. The same pages at a repo and at its owner."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response

from bridge.models import Package, Repo
from bridge.rules import terms
from bridge.rules.permissions import Action
from bridge.rules.variables import OwnerSettings, RepoSettings
from bridge.storage import catalog, key_search, licenses, payment_accounts
from bridge.storage.key_search import Filter
from bridge.web.api import schemas as shown
from bridge.web.api.errors import invalid
from bridge.web.pages import payments
from bridge.web.pages.forms import Form
from bridge.web.pages.visits import Page, Visit, at_each

TERMS = (
    ("annual", "one year"),
    ("monthly", "one month"),
    ("lifetime", "lifetime: it never ends"),
    ("days", "a number of days"),
    ("custom", "between two dates"),
)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A package in the list: what is sold, when it would end if bought today, and how many keys there are of it."""

    package: shown.Package
    ends_at: datetime | None
    over: bool
    keys: int
    may_write: bool
    may_delete: bool


def list_all(visit: Visit) -> Response:
    """The owner's packages and the repo's, stacked."""
    found = all_of(visit)
    with visit.reading() as session:
        lines = [_line(visit, session, each) for each in found]
        prices = _prices(visit, session)
    return visit.show("packages.html", lines=lines, streams=_streams(visit), prices=prices)


def _prices(visit: Visit, session: Any) -> dict[int, list[str]]:
    """What sells each package, in words; nothing for those who may not see what is sold."""
    found: dict[int, list[str]] = {}
    may_see = visit.may(Action.PURCHASES_READ, of_owner=True)
    for account in payment_accounts.all_of(session, visit.call.owner_id) if may_see else ():
        for row in payment_accounts.maps_of(session, account.id or 0):
            price = payments.price_text(row)
            said = f"{row.match_value} ({price})" if price else row.match_value
            found.setdefault(row.package_id, []).append(f"{said} at {account.source}")
    return found


def make(visit: Visit) -> Response:
    """A new package of this level."""
    form = visit.form(
        {"name": "", "term": "annual", "which_streams": "all", "which_editions": "all", "grace_days": 3,
         "max_sites": 0, "unstated_domain": "accept", "local_sites": "free", "after_expiry": "nothing", "active": True}
    )  # fmt: skip

    def send() -> Response:
        made = visit.fill("make_license_package", body=_body(visit, form)).payload
        assert isinstance(made, shown.Package)
        return visit.done("packages", f"The package “{made.name}” was made.", back=(f"packages/{made.id}", "Change it"))

    if visit.posted and (done := visit.attempt(form, send)):
        return done
    return visit.show("package.html", form=form, package=None, **_choices(visit))


def edit(visit: Visit) -> Response:
    """One package: what it says, and changing it for all who hold its keys."""
    reply = visit.fill("get_license_package", id=visit.id("id"))
    package: Any = reply.payload
    if visit.posted:
        visit.require(Action.PACKAGES_WRITE, of_owner=package.level == "owner")
    form = visit.form(_values(package), reply.etag)

    def send() -> Response:
        visit.fill("edit_license_package", id=package.id, body=_body(visit, form), version=form.version)
        return visit.done("packages", f"The package “{form['name']}” was changed, for its keys too.")

    if visit.posted and (done := visit.attempt(form, send)):
        return done
    if form.conflict:
        form.version = reply.etag
    with visit.reading() as session:
        line = _line(visit, session, package)
    return visit.show("package.html", form=form, package=package, line=line, **_choices(visit))


def delete(visit: Visit) -> Response:
    """Take away a package that nobody holds a key of, by its name."""
    package: Any = visit.fill("get_license_package", id=visit.id("id")).payload
    visit.require(Action.PACKAGES_DELETE, of_owner=package.level == "owner")
    form = visit.form({})

    def send() -> Response:
        if form["confirm"] != package.name:
            raise invalid("confirm", f"write the package's name, {package.name}, to delete it")
        visit.fill("delete_license_package", id=package.id)
        return visit.done("packages", f"The package “{package.name}” was deleted.")

    if visit.posted and (done := visit.attempt(form, send)):
        return done
    with visit.reading() as session:
        line = _line(visit, session, package)
    return visit.show("package_delete.html", form=form, package=package, line=line)


def all_of(visit: Visit) -> list[shown.Package]:
    """Every package that is seen from here, also where there are more than are listed at once."""
    found: list[shown.Package] = []
    page = 1
    while True:
        reply = visit.fill("list_license_packages", query={"page": page, "limit": 50})
        assert isinstance(reply.payload, list)
        found += reply.payload
        if len(found) >= (reply.total or 0) or not reply.payload:
            return found
        page += 1


def _line(visit: Visit, session: Any, package: shown.Package) -> Line:
    row = session.get_one(Package, package.id)
    try:
        ends_at, over = terms.first_window(licenses.package_value(row).term, visit.now)[1], False
    except terms.InvalidTerm:
        ends_at, over = None, True
    of_owner = package.level == "owner"
    found = key_search.page_of_keys(session, visit.call.sight, Filter(package_id=package.id), visit.now, limit=1)
    return Line(
        package,
        ends_at,
        over,
        found.total,
        visit.may(Action.PACKAGES_WRITE, of_owner=of_owner) and not package.master,
        visit.may(Action.PACKAGES_DELETE, of_owner=of_owner) and not package.master,
    )


def _choices(visit: Visit) -> Mapping[str, Any]:
    """What there is to choose from: the owner's streams and repos, and the editions that a repo names."""
    with visit.reading() as session:
        owner = visit.owner(session)
        repos = [repo for repo, _ in catalog.repos_of(session, owner.id)]
        seen = [repo for repo in repos if visit.standing.on_owner or repo.id == visit.call.repo_id]
        editions = sorted({edition for repo in seen for edition in _editions(repo)})
        return {
            "streams": _streams(visit),
            "editions": [("", "the plain one"), *((each, each) for each in editions)] if editions else [],
            "repos": [(repo.name, repo.name) for repo in seen] if visit.page.level == "owner" else [],
            "terms": TERMS,
        }


def _editions(repo: Repo) -> list[str]:
    return list(RepoSettings.from_dict(repo.settings).feed.editions) if repo.settings else []


def _streams(visit: Visit) -> list[tuple[str, str]]:
    with visit.reading() as session:
        settings = visit.owner(session).settings
    known = OwnerSettings.from_dict(settings).streams if settings else OwnerSettings().streams
    return [
        (each.name, each.name if each.name == each.stability else f"{each.name} ({each.stability})") for each in known
    ]


def _values(package: shown.Package) -> dict[str, object]:
    values = package.model_dump(include={
        "name", "term", "term_days", "term_from", "grace_days", "max_sites", "unstated_domain", "local_sites",
        "after_expiry", "active", "renewal_url", "repos", "streams", "editions",
    })  # fmt: skip
    return values | {
        "term_until": package.term_until - _ONE_DAY if package.term_until else None,
        "which_streams": "all" if package.streams is None else "some",
        "which_editions": "all" if package.editions is None else "some",
    }


def _body(visit: Visit, form: Form) -> dict[str, Any]:
    """The form in the words of the operation. What was left empty is left out, and keeps its default or what it was."""
    body: dict[str, Any] = {
        "name": form["name"],
        "active": form.has("active"),
        "grace_days": form.number("grace_days"),
        "max_sites": form.number("max_sites") or 0,
        **{name: form[name] or None for name in ("term", "unstated_domain", "local_sites", "after_expiry")},
        "renewal_url": form["renewal_url"],
    }
    if form["term"] == "days":
        body["term_days"] = form.number("term_days")
    if form["term"] == "custom":
        until = form.day("term_until")
        # People mean the last day to be part of it.
        body |= {"term_from": form.day("term_from"), "term_until": until + _ONE_DAY if until else None}
    body = {name: value for name, value in body.items() if value is not None}
    body["streams"] = form.all("streams") if form["which_streams"] == "some" else None
    if form["which_editions"] == "some":
        body["editions"] = form.chosen("editions")
    elif form["which_editions"]:
        body["editions"] = None
    if visit.page.level == "owner":
        body["repos"] = form.all("repos")
    return body


PAGES: tuple[Page, ...] = at_each(
    ("repo", "owner"),
    Page("packages", "packages", Action.PACKAGES_READ, list_all),
    Page("package_new", "packages/new", Action.PACKAGES_WRITE, make, posts=Action.PACKAGES_WRITE),
    Page("package", "packages/<id>", Action.PACKAGES_READ, edit, posts=Action.PACKAGES_WRITE),
    Page(
        "package_delete",
        "packages/<id>/delete",
        Action.PACKAGES_DELETE,
        delete,
        posts=Action.PACKAGES_DELETE,
        anew=True,
    ),
)
