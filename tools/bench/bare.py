"""The yardstick: a Flask application with one route and nothing else, under the bridge's own gunicorn settings."""

import sys
from types import SimpleNamespace
from typing import Any

from flask import Flask

from bridge.cli.web_server import Gunicorn
from bridge.settings import Settings
from bridge.settings.schema import WebSettings


class _Bare(Gunicorn):
    """What ``bridge web`` runs, with another application inside: settings that change there change here."""

    def load(self) -> Any:
        """The application with one route."""
        app = Flask("bare", static_folder=None)
        app.extensions["bridge"] = SimpleNamespace(close=lambda: None)  # what a stopping worker closes

        @app.get("/")
        def hello() -> str:
            return "hello\n"

        return app


if __name__ == "__main__":
    port, workers = int(sys.argv[1]), int(sys.argv[2])
    _Bare(Settings(web=WebSettings(bind=f"127.0.0.1:{port}", workers=workers))).run()
