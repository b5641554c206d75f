"""``bridge web``: the web workers, under gunicorn."""

from pathlib import Path
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from bridge.app import create_app
from bridge.cli.common import Context, pass_context
from bridge.cli.discretion import DiscreetLogger
from bridge.cli.locks import use_database
from bridge.cli.stopping import GRACE_SECONDS, end_with_parent
from bridge.parts import Parts
from bridge.settings import Settings
from bridge.settings.logs import set_up_logging


@click.command()
@pass_context
def web(context: Context) -> None:
    """Run the web workers only (behind a load balancer, or beside `bridge worker`)."""
    set_up_logging(context.settings.log)
    _ = context.parts
    context.close()
    use_database(context.settings)
    Gunicorn(context.settings).run()


class Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
    """gunicorn with one thread a worker: threads of one process would queue for SQLite."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn what the configuration says."""
        settings = self._settings
        options: dict[str, Any] = {
            "bind": settings.web.bind,
            "workers": settings.web.workers,
            "worker_class": "sync",
            "timeout": 120,
            "graceful_timeout": GRACE_SECONDS - 5,
            "forwarded_allow_ips": "127.0.0.1,::1",
            "limit_request_line": 8190,
            # A file on a disk can stall the heartbeat of a busy worker; memory can't.
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108  gunicorn makes it safe
            "loglevel": "warning",
            "logger_class": DiscreetLogger,
            "post_fork": lambda _server, _worker: end_with_parent(),
            "worker_exit": _close_parts,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Build the application in each worker, after the fork."""
        set_up_logging(self._settings.log)
        parts = Parts(self._settings)
        # `bridge web` has asked for the schema. A worker that starts in place of a dead one while the database is away
        # must live, since gunicorn ends all of them when one can't start.
        app = create_app(self._settings, parts, restarted=True)
        app.extensions["bridge"] = parts
        return app


def _close_parts(_server: Any, gunicorn_worker: Any) -> None:
    """Write the counts of the last second before the worker ends."""
    app = getattr(gunicorn_worker, "wsgi", None)
    if app is not None:
        app.extensions["bridge"].close()
