"""The first page of a repo: what is still to be done, and its keys."""

from flask import Response

from bridge.rules.permissions import Action
from bridge.web.pages.visits import Page, Visit


def home(visit: Visit) -> Response:
    """The first page."""
    return visit.show("repo_home.html")


PAGES = (Page("repo_home", "", Action.KEYS_READ, home),)
