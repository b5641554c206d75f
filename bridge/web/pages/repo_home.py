"""The first page of a repo: what is still to be done, and its keys."""

from contextlib import suppress
from typing import Any

from flask import Response

from bridge.errors import UnavailableError
from bridge.models import Owner, Repo
from bridge.rules.permissions import Action
from bridge.services import checklist
from bridge.services.products import Hosts, Product, load_product
from bridge.storage import key_search, licenses, refreshes
from bridge.storage.key_search import Filter
from bridge.web.pages import key_list
from bridge.web.pages.visits import Page, Visit

# Who looks at a repo wants to see what is: its variables are read again, if that was not done just now.
_FRESH_SECONDS = 60


def home(visit: Visit) -> Response:
    """The checklist until all is done, and the keys."""
    found = key_list.listed(visit)
    with visit.reading() as session:
        row, product = loaded(visit, session)
        packages = licenses.packages_of(session, row.owner_id, row.id)
        sold = [each for each in packages if not each.is_master]
        issued = any(_has_keys(visit, session, each.id or 0) for each in sold)
        steps = checklist.steps(session, product, row, sold, issued=issued)
        warned = [f"{each['variable']}: {each['sentence']}" for each in row.problems]
    refresh_if_old(visit, row)
    open_steps = [step for step in steps if not step.done]
    return visit.show("repo_home.html", steps=steps if open_steps else [], problems=warned, **found)


def _has_keys(visit: Visit, session: Any, package_id: int) -> bool:
    wanted = Filter(package_id=package_id)
    return bool(key_search.page_of_keys(session, visit.call.sight, wanted, visit.now, limit=1).rows)


def loaded(visit: Visit, session: Any) -> tuple[Repo, Product]:
    """The repo's row, and the product as it is put together now, also where it is not served."""
    settings = visit.doors.settings
    row = visit.repo(session)
    owner = session.get_one(Owner, row.owner_id)
    return row, load_product(session, row, owner, Hosts(settings.bridge.public_url, settings.gitea.public_url))


def refresh_if_old(visit: Visit, row: Repo) -> None:
    """Have the worker read the repo from Gitea again, since somebody looks at it. Without, it does so later."""
    seen = row.refreshed_at
    if visit.place is None or visit.posted or (seen and (visit.now - seen).total_seconds() < _FRESH_SECONDS):
        return
    full_name = f"{visit.place.owner_name}/{visit.place.repo_name}"
    with suppress(UnavailableError), visit.doors.open_session() as session:
        refreshes.enqueue_quietly(session, row.id, full_name, "somebody looks at its page", visit.now)


PAGES = (Page("repo_home", "", Action.KEYS_READ, home),)
