"""What operators and their machines ask: is it alive, is it well, what are the figures."""

import hmac

from flask import Blueprint, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from bridge.errors import UnavailableError
from bridge.services import figures
from bridge.web.doors import Doors


def blueprint(doors: Doors) -> Blueprint:
    """Health for everybody, metrics for whoever has the token."""
    site = Blueprint("operations", __name__)

    @site.get("/-/licensing/health")
    def health() -> tuple[Response, int]:
        try:
            with doors.open_session(read_only=True) as session:
                lag = figures.worker_lag_seconds(session, doors.clock())
        except UnavailableError:
            return jsonify(status="fail", database="away"), 503
        alive = lag is not None and lag < figures.WORKER_LATE_SECONDS
        return jsonify(status="pass" if alive else "warn", database="ok", worker="ok" if alive else "late"), 200

    @site.get("/-/licensing/metrics")
    def metrics() -> Response:
        token = doors.settings.web.metrics_token.get_secret_value()
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if not token or scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), token.encode()):
            abort(404)
        return Response(doors.figures.exposition(), content_type=CONTENT_TYPE_LATEST)

    return site
