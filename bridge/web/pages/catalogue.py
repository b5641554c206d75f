"""Every page."""

from bridge.web.pages import (
    customer_keys,
    customers,
    key,
    key_forms,
    key_help,
    key_issuing,
    key_list,
    numbers,
    owner_home,
    packages,
    repo_addresses,
    repo_home,
    repo_settings,
)
from bridge.web.pages.visits import Page

ALL: tuple[Page, ...] = (
    *repo_home.PAGES,
    *owner_home.PAGES,
    *key_list.PAGES,
    *key_issuing.PAGES,
    *key.PAGES,
    *key_forms.PAGES,
    *key_help.PAGES,
    *packages.PAGES,
    *customers.PAGES,
    *customer_keys.PAGES,
    *numbers.PAGES,
    *repo_addresses.PAGES,
    *repo_settings.PAGES,
)
