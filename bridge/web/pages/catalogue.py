"""Every page."""

from bridge.web.pages import (
    key,
    key_forms,
    key_help,
    key_issuing,
    key_list,
    packages,
    repo_addresses,
    repo_home,
    repo_settings,
)
from bridge.web.pages.visits import Page

ALL: tuple[Page, ...] = (
    *repo_home.PAGES,
    *key_list.PAGES,
    *key_issuing.PAGES,
    *key.PAGES,
    *key_forms.PAGES,
    *key_help.PAGES,
    *packages.PAGES,
    *repo_addresses.PAGES,
    *repo_settings.PAGES,
)
