"""The entry for gunicorn: ``gunicorn bridge.wsgi:app()``. ``bridge serve`` does this for you."""

import atexit

from flask import Flask

from bridge.app import create_app
from bridge.parts import Parts
from bridge.settings import load
from bridge.settings.logs import set_up_logging


def app() -> Flask:
    """Build the application from the configuration; what is in memory is written when the process ends."""
    settings = load()
    set_up_logging(settings.log)
    parts = Parts(settings)
    atexit.register(parts.close)
    return create_app(settings, parts)
