"""The HTTP side: views of a few lines that read a request, ask a service and answer. Status numbers live here only."""

from urllib.parse import urlsplit

from flask import Flask

from bridge.web import (
    api,
    downloads,
    errors,
    feeds,
    hooks,
    my,
    operations,
    pages,
    payments,
    request_lines,
    thanks,
    tryout,
)
from bridge.web.doors import Doors
from bridge.web.pages import guarding, rendering
from bridge.web.probes import Probes
from bridge.web.requests import SiteRequest

MOST_BODY_BYTES = 1024 * 1024


def create_web(doors: Doors) -> Flask:
    """The application with all its doors, below the path of the public address."""
    app = Flask("bridge.web", static_folder=None)
    app.request_class = SiteRequest
    app.config["MAX_CONTENT_LENGTH"] = MOST_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MOST_BODY_BYTES  # what was looked at as a file comes back as a field
    app.url_map.merge_slashes = False  # a tag may hold them, and a redirect would be one request more
    guarding.register(app)
    rendering.register(app)
    request_lines.register(app, doors)
    prefix = urlsplit(doors.settings.bridge.public_url).path.rstrip("/") or None
    for part in (feeds, downloads, hooks, operations, api, tryout, pages, payments, thanks, my):
        app.register_blueprint(part.blueprint(doors), url_prefix=prefix)
    errors.register(app)
    app.wsgi_app = Probes(app.wsgi_app, doors)  # type: ignore[method-assign]  # Flask's own way to stand before it
    return app
