"""A page to try the API: Swagger UI over our own description, served by us.

The page is on Gitea's own origin, so a script in it could do whatever its reader may do in Gitea. Hence: scripts are
files of this server only, none inline and none evaluated; nothing in the address changes what is loaded; whoever is
entered as a token is forgotten with the page.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, abort, render_template, send_file

from bridge.web.doors import Doors

ADDRESS = "/-/licensing/api"
# What React styles, it styles through the DOM, which no policy forbids; `style=""` in markup and `<style>` stay off.
# The icons of swagger-ui.css are `data:` images.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_SECONDS = 300


def blueprint(doors: Doors) -> Blueprint:
    """The page and its files, for everybody, as the description is."""
    del doors  # it tells nothing that is remembered
    site = Blueprint("tryout", __name__)

    @site.get(ADDRESS)
    def page() -> Response:
        return _guarded(Response(render_template("tryout.html"), content_type="text/html; charset=utf-8"))

    @site.get(f"{ADDRESS}/<file>")
    def asset(file: str) -> Response:
        path = assets().get(file)
        if path is None:
            abort(404)
        # Looked up again each time, but not sent again: a file and the page it belongs to may not differ for long.
        return _guarded(send_file(path, mimetype=_TYPES[path.suffix], max_age=_SECONDS))

    return site


@cache
def assets() -> dict[str, Path]:
    """The files of the page by name: a closed list. Nothing of the package that ships Swagger UI is imported."""
    shipped = find_spec("flask_openapi3_swagger")
    assert shipped is not None
    swagger = Path(shipped.origin or "").parent / "templates" / "swagger"
    own = Path(__file__).parent / "static"
    return {
        "swagger-ui.css": swagger / "css" / "swagger-ui.css",
        "swagger-ui-bundle.js": swagger / "js" / "swagger-ui-bundle.js",
        "tryout.css": own / "tryout.css",
        "tryout.js": own / "tryout.js",
    }


def _guarded(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={_SECONDS}"
    response.headers["Content-Security-Policy"] = CSP
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
