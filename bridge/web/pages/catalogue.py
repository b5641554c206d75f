"""Every page."""

from bridge.web.pages import packages, repo_home
from bridge.web.pages.visits import Page

ALL: tuple[Page, ...] = (*repo_home.PAGES, *packages.PAGES)
