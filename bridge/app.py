"""The web application: the doors, with the parts that they lead to."""

from flask import Flask

from bridge.parts import Parts
from bridge.services.throttling import MOST_UNKNOWN_KEYS, Throttle
from bridge.settings import Settings
from bridge.storage import schema
from bridge.web import create_web
from bridge.web.doors import Doors


def create_app(settings: Settings, parts: Parts | None = None, *, restarted: bool = False) -> Flask:
    """The web application. Raises ``DatabaseOutdatedError`` on another schema than this version needs.

    ``restarted``: another process asked already, and the database may be away by now.
    """
    parts = parts or Parts(settings)
    if not restarted:
        schema.require_current(parts.engine)
    doors = Doors(
        settings=settings,
        figures=parts.figures,
        products=parts.products,
        gate=parts.gate,
        usage=parts.usage,
        counters=parts.counters,
        unknown_keys=Throttle(parts.counters, "unknown-keys", MOST_UNKNOWN_KEYS),
        store=parts.store,
        lookups=parts.lookups,
        open_session=parts.open_session,
        clock=parts.clock,
        entropy=parts.entropy,
        gitea=lambda: parts.gitea,
        catalog=lambda: parts.catalog,
        people=lambda: parts.people,
        makers=lambda: parts.makers,
        visitors=lambda: parts.visitors,
        sign_in=lambda: parts.sign_in,
        themes=lambda: parts.themes,
        payments=lambda: parts.payment_door,
        sales=lambda: parts.payment_sales,
        thanks=lambda: parts.thanks,
        customers=lambda: parts.customers,
        patient=parts.patient,
    )
    return create_web(doors)
