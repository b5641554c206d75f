"""``bridge serve``, ``web`` and ``worker``: the processes."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from bridge.app import Parts, create_app
from bridge.cli.common import Context, pass_context
from bridge.cli.discretion import DiscreetLogger
from bridge.cli.exits import EXIT_UNAVAILABLE
from bridge.cli.locks import be_the_only_server, use_database
from bridge.cli.metrics import serve_metrics
from bridge.cli.stopping import StopSignals
from bridge.settings import Settings
from bridge.settings.logs import set_up_logging

_GRACE_SECONDS = 15
_POLL_SECONDS = 0.5
_RESTART_SECONDS = 1.0
_MOST_FAILED_STARTS = 20
_PR_SET_PDEATHSIG = 1
# How much the background worker leaves the processor to those whom somebody waits for, as `nice` counts it.
_GIVES_WAY = 5


@click.command()
@pass_context
def serve(context: Context) -> None:
    """Run everything: web workers and the background worker, supervised, until Ctrl-C or SIGTERM."""
    set_up_logging(context.settings.log)
    _ = context.parts  # a wrong configuration or schema stops the start here, with one message
    be_the_only_server(context.settings)
    commands = [[sys.executable, "-m", "bridge.cli", *context.config_words, name] for name in ("web", "worker")]
    context.close()
    stop_metrics = serve_metrics(context.settings)
    status = _supervise(commands)
    stop_metrics()
    sys.exit(status)


@click.command()
@pass_context
def web(context: Context) -> None:
    """Run the web workers only (behind a load balancer, or beside `bridge worker`)."""
    set_up_logging(context.settings.log)
    _ = context.parts
    context.close()
    use_database(context.settings)
    _Gunicorn(context.settings).run()


@click.command()
@pass_context
def worker(context: Context) -> None:
    """Run the background worker only. Several may run; each job is done once."""
    set_up_logging(context.settings.log)
    with suppress(OSError):  # where the system forbids even that
        os.nice(_GIVES_WAY)
    asked_to_stop = StopSignals()
    use_database(context.settings)
    running = context.parts.worker
    thread = threading.Thread(target=running.run, name="worker")
    thread.start()
    while thread.is_alive() and not asked_to_stop.within(_POLL_SECONDS):
        pass
    running.stop()
    thread.join()


def _supervise(commands: list[list[str]]) -> int:
    """Keep the processes alive. One that dies is started again; one that can't start ends the whole.

    One that was killed leaves its port to workers that end a moment later, so its successor may need several starts.
    """
    asked_to_stop = StopSignals()
    failed_starts = [_MOST_FAILED_STARTS] * len(commands)  # the first start has no excuse
    running = [_start(command) for command in commands]
    status = 0
    while status == 0 and not asked_to_stop.within(_POLL_SECONDS):
        for index, process in enumerate(running):
            code = process.poll()
            if code is None:
                continue
            # A positive code: it ended by itself with an error that it has printed. Signals are negative. A database
            # that is away now was there when all this started, so it is waited for.
            failed_starts[index] = failed_starts[index] + 1 if code > 0 and code != EXIT_UNAVAILABLE else 0
            if failed_starts[index] > _MOST_FAILED_STARTS:
                status = code
                break
            click.echo(f"{commands[index][-1]} ended ({code}) and is started again", err=True)
            asked_to_stop.within(_RESTART_SECONDS)
            running[index] = _start(commands[index])
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    return status


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start one of the processes; it stops by itself, as on SIGTERM, should this one be killed."""
    return subprocess.Popen(  # noqa: S603  our own command, no shell
        command,
        preexec_fn=_end_with_parent,  # noqa: PLW1509  the call takes no lock that a thread could hold
    )


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
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
            "graceful_timeout": _GRACE_SECONDS - 5,
            "forwarded_allow_ips": "127.0.0.1,::1",
            "limit_request_line": 8190,
            # A file on a disk can stall the heartbeat of a busy worker; memory can't.
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108  gunicorn makes it safe
            "loglevel": "warning",
            "logger_class": DiscreetLogger,
            "post_fork": lambda _server, _worker: _end_with_parent(),
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


def _end_with_parent() -> None:
    """Let a process finish what it does and end when its parent was killed; else it would go on holding the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _close_parts(_server: Any, gunicorn_worker: Any) -> None:
    """Write the counts of the last second before the worker ends."""
    app = getattr(gunicorn_worker, "wsgi", None)
    if app is not None:
        app.extensions["bridge"].close()
