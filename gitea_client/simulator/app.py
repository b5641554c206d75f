"""A world of the simulator, shown over HTTP as Gitea shows itself."""

from __future__ import annotations

import time
from typing import Any

from flask import Flask, Response, g, jsonify, redirect, request
from werkzeug.exceptions import HTTPException

from gitea_client.simulator import (
    api_accounts,
    api_applications,
    api_releases,
    api_repos,
    api_settings,
    downloads,
    human,
    oauth,
    styles,
    userinfo,
)
from gitea_client.simulator.auth import act_as, identify, world
from gitea_client.simulator.errors import Redirected, Refusal
from gitea_client.simulator.faults import Fault, hang_up
from gitea_client.simulator.state import DEFAULT_VERSION
from gitea_client.simulator.world import World

_HTML = "<!doctype html><title>Sorry</title><p>This page is not what you asked for.</p>"


def create_simulator(pretended: World, *, version: str = DEFAULT_VERSION) -> Flask:
    """Return a WSGI app that answers for a world as Gitea of that version would (1.23 and 1.26 are checked)."""
    pretended.version = version
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined] # Flask's own provider has it; its base class does not
    app.extensions["pretend_gitea"] = pretended
    app.context_processor(_style)
    app.before_request(_strike)
    app.before_request(_recognize)
    app.after_request(_as_go_does)
    app.teardown_request(_let_go)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(Redirected, _redirected)
    app.register_error_handler(HTTPException, _unrouted)
    for part in (api_accounts, api_applications, api_repos, api_releases, api_settings, oauth):
        app.register_blueprint(part.api)
    for part in (downloads, human, userinfo, oauth, styles):
        app.register_blueprint(part.pages)
    return app


def _style() -> dict[str, str]:
    return {"version": world().version, "theme_file": styles.file_of(styles.chosen_theme())}


def _strike() -> Any:
    fault = world().faults.striking(request.path, "down", "status", "html", "slow", "redirect", "broken-json")
    return _answer_of(fault) if fault is not None else None


def _answer_of(fault: Fault) -> Any:
    if fault.kind == "down":
        hang_up(request.environ)
        return Response(status=502)
    if fault.kind == "slow":
        time.sleep(float(fault.value))
        return None
    if fault.kind == "html":
        return Response(_HTML, mimetype="text/html")
    if fault.kind == "redirect":
        return redirect(str(fault.value), 302)
    if fault.kind == "broken-json":
        return Response('{"id": 1, "name', mimetype="application/json")
    answer = jsonify({"message": "", "url": ""})
    answer.status_code = int(fault.value)
    if fault.retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(fault.retry_after_seconds)
    return answer


def _recognize() -> None:
    world().lock.acquire()
    g.holds_lock = True
    # Storage stands outside Gitea and knows no tokens.
    g.caller = None if request.path.startswith("/storage/") else act_as(identify())


def _let_go(_error: BaseException | None) -> None:
    if g.pop("holds_lock", default=False):
        world().lock.release()


def _as_go_does(answer: Response) -> Response:
    if answer.mimetype == "application/json":
        answer.headers["Content-Type"] = "application/json;charset=utf-8"
        answer.headers["Cache-Control"] = "max-age=0, private, must-revalidate, no-transform"
    return answer


def _refused(refusal: Refusal) -> Any:
    if request.path.startswith("/api/"):
        return jsonify(refusal.body(world().public_url)), refusal.status
    return Response(f"{refusal.message}\n", refusal.status, mimetype="text/plain")


def _redirected(to: Redirected) -> Response:
    linked = request.method in {"GET", "HEAD"}
    words = {301: "Moved Permanently", 307: "Temporary Redirect"}[to.status]
    answer = Response(f'<a href="{to.path}">{words}</a>.\n\n' if linked else "", to.status, mimetype="text/html")
    answer.autocorrect_location_header = False
    answer.headers["Location"] = to.path
    return answer


def _unrouted(error: HTTPException) -> Any:
    if error.code == 404:  # noqa: PLR2004 -- a status
        return Response("404 page not found\n", 404, mimetype="text/plain")
    return error
