"""All products of an owner, for the collection that one address serves."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from bridge.services.products import Product, Products
from bridge.storage import catalog

MOST_PRODUCTS = 200


def products_of(
    owner_name: str, products: Products, open_session: Callable[..., AbstractContextManager[Any]]
) -> list[Product] | None:
    """The owner's Joomla products by name, or ``None`` for an owner who has none and had none."""
    if "\0" in owner_name:
        return None  # PostgreSQL refuses to look for it; no owner of Gitea has such a name
    with open_session(read_only=True) as session:
        owner = catalog.owner_by_name(session, owner_name)
        repos = catalog.repos_of(session, owner.id) if owner else ()
        names = [repo.name for repo, _ in repos if repo.served][:MOST_PRODUCTS]
        if owner is None or not any(repo.once_served for repo, _ in repos):
            return None
    found = (products.find(owner.name, name) for name in names)
    return [product for product in found if product is not None and product.serves("joomla")]
