"""Every page."""

from bridge.web.pages import repo_home
from bridge.web.pages.visits import Page

ALL: tuple[Page, ...] = (*repo_home.PAGES,)
